/*
 * URLs good and bad, and what is shown of them.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/url.h"

static void assert_text(const char *got, const char *expected)
{
	if (!expected) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, expected);
}

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		struct url url;
	} cases[] = {
		{"http://example.com", {"http://example.com/", "http", "example.com", 80, false,
					       NULL, NULL, "/", NULL}},
		{"HTTP://Example.COM/Path", {"http://example.com/Path", "http", "example.com", 80,
						    false, NULL, NULL, "/Path", NULL}},
		{"https://example.com:8443/a?b=c&d#frag",
			{"https://example.com:8443/a?b=c&d", "https", "example.com", 8443, true,
				NULL, NULL, "/a", "b=c&d"}},
		{"http://example.com:80/", {"http://example.com:80/", "http", "example.com", 80,
						   true, NULL, NULL, "/", NULL}},
		{"http://example.com:/", {"http://example.com/", "http", "example.com", 80, false,
						 NULL, NULL, "/", NULL}},
		{"http://me:s%40cret%3A@example.com/",
			{"http://example.com/", "http", "example.com", 80, false, "me",
				"s@cret:", "/", NULL}},
		{"http://me@example.com/", {"http://example.com/", "http", "example.com", 80, false,
						   "me", NULL, "/", NULL}},
		{"http://:token@example.com/", {"http://example.com/", "http", "example.com", 80,
						       false, "", "token", "/", NULL}},
		{"http://[2001:DB8::1]:8080/", {"http://[2001:db8::1]:8080/", "http", "2001:db8::1",
						       8080, true, NULL, NULL, "/", NULL}},
		{"http://[fe80::1%25lo]/", {"http://[fe80::1%25lo]/", "http", "fe80::1%lo", 80,
						   false, NULL, NULL, "/", NULL}},
		{"http://192.0.2.1/?", {"http://192.0.2.1/?", "http", "192.0.2.1", 80, false, NULL,
					       NULL, "/", ""}},
		{"http://example.com/a/../b/./c", {"http://example.com/b/c", "http", "example.com",
							  80, false, NULL, NULL, "/b/c", NULL}},
		{"http://example.com/gr\xc3\xb6\xc3\x9f"
		 "e",
			{"http://example.com/gr%c3%b6%c3%9fe", "http", "example.com", 80, false,
				NULL, NULL, "/gr%c3%b6%c3%9fe", NULL}},
		{"http://example.com/a@b:c", {"http://example.com/a@b:c", "http", "example.com", 80,
						     false, NULL, NULL, "/a@b:c", NULL}},
		{"http://example.com?x=/y", {"http://example.com/?x=/y", "http", "example.com", 80,
						    false, NULL, NULL, "/", "x=/y"}},
		{"tcp://mail.example.com:25",
			{"tcp://mail.example.com:25/", "tcp", "mail.example.com", 25, true, NULL,
				NULL, "/", NULL}},
		{"tcp://mail.example.com", {"tcp://mail.example.com/", "tcp", "mail.example.com", 0,
						   false, NULL, NULL, "/", NULL}},
		{"metrics+http://localhost:9100/metrics",
			{"metrics+http://localhost:9100/metrics", "metrics+http", "localhost", 9100,
				true, NULL, NULL, "/metrics", NULL}},
		{"dns://example.com?type=AAAA&server=[::1]:53",
			{"dns://example.com/?type=AAAA&server=[::1]:53", "dns", "example.com", 0,
				false, NULL, NULL, "/", "type=AAAA&server=[::1]:53"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct url *expected = &cases[i].url;
		struct url url;
		struct err err = {0};

		if (url_parse(str_of(cases[i].text), arena, &url, &err) < 0) {
			fail_msg("'%s': %s", cases[i].text, err.msg);
		}
		assert_text(url.text, expected->text);
		assert_text(url.scheme, expected->scheme);
		assert_text(url.host, expected->host);
		assert_int_equal(url.port, expected->port);
		assert_int_equal(url.has_port, expected->has_port);
		assert_text(url.user, expected->user);
		assert_text(url.password, expected->password);
		assert_text(url.path, expected->path);
		assert_text(url.query, expected->query);
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *message;
	} cases[] = {
		{"", "URL is empty"},
		{"example.com", "no scheme (like \"http://\") in 'example.com'"},
		{"example.com:80/", "no scheme (like \"http://\") in 'example.com:80/'"},
		{"http:/example.com/", "no scheme (like \"http://\") in 'http:/example.com/'"},
		{"://example.com/", "bad scheme in '://example.com/'"},
		{"ht_tp://example.com/", "bad scheme in 'ht_tp://example.com/'"},
		{"1http://example.com/", "bad scheme in '1http://example.com/'"},
		{"http://", "no host in 'http://'"},
		{"http:///path", "no host in 'http:///path'"},
		{"http://?query", "no host in 'http://?query'"},
		{"http://#frag", "no host in 'http://#frag'"},
		{"http://:80/", "no host in 'http://:80/'"},
		{"http://user@/", "no host in 'http://user@/'"},
		{"file:///etc/passwd", "no host in 'file:///etc/passwd'"},
		{"http://localhost:70000/",
			"port must be a number from 1 to 65535 in 'http://localhost:70000/'"},
		{"http://localhost:0/",
			"port must be a number from 1 to 65535 in 'http://localhost:0/'"},
		{"http://localhost:http/",
			"port must be a number from 1 to 65535 in 'http://localhost:http/'"},
		{"http://localhost:-1/",
			"port must be a number from 1 to 65535 in 'http://localhost:-1/'"},
		{"http://localhost:99999999999999999999/",
			"port must be a number from 1 to 65535 in "
			"'http://localhost:99999999999999999999/'"},
		{"http://[::1/", "bad IPv6 address in 'http://[::1/'"},
		{"http://[::g]/", "bad IPv6 address in 'http://[::g]/'"},
		{"http://[]/", "bad IPv6 address in 'http://[]/'"},
		{"http://[fe80::1%25a/b]/", "bad IPv6 address in 'http://[fe80::1%25a/b]/'"},
		{"http://a..b/", "bad host name in 'http://a..b/'"},
		{"http://a_b!/", "bad host name in 'http://a_b!/'"},
		{"http://300.1.1.1/", "bad host name in 'http://300.1.1.1/'"},
		{"http://a%20b/", "bad host name in 'http://a%20b/'"},
		{"http://a%2fb/", "bad host name in 'http://a%2fb/'"},
		{"http://10.1/", "an IPv4 address is four numbers in 'http://10.1/'"},
		{"http://0x7f.0.0.1/", "an IPv4 address is four numbers in 'http://0x7f.0.0.1/'"},
		{"http://a b/", "space in 'http://a b/'"},
		{"http://a/ b", "space in 'http://a/ b'"},
		{"http://a/\nb", "control byte in 'http://a/\\nb'"},
		{"http://a/\x1b[31m", "control byte in 'http://a/\\x1b[31m'"},
		{"http://a/\x7f", "control byte in 'http://a/\\x7f'"},
		{"http://us%0aer@a/", "percent-encoded control byte in 'http://us%0aer@a/'"},
		{"http://u:%00@a/", "percent-encoded control byte in 'http://u:***@a/'"},
		{"http://u:secret@a:0/",
			"port must be a number from 1 to 65535 in 'http://u:***@a:0/'"},
		{"http://u:sec/ret@a/",
			"port must be a number from 1 to 65535 in 'http://u:***@a/'"},
		{"http://u:sec@ret@a b/", "space in 'http://u:***@a b/'"},
		{"u:secret@a/", "no scheme (like \"http://\") in 'u:***@a/'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct url url;
		struct err err = {0};

		if (url_parse(str_of(cases[i].text), arena, &url, &err) == 0) {
			fail_msg("'%s' was taken as '%s'", cases[i].text, url.text);
		}
		assert_int_equal(err.code, ERR_INPUT);
		assert_string_equal(err.msg, cases[i].message);
	}
}

static void test_nul_and_length(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	static char longest[URL_LEN_MAX + 1];
	struct url url;
	struct err err = {0};

	assert_int_equal(url_parse(str_n("http://a/\0b", 11), arena, &url, &err), -1);
	assert_string_equal(err.msg, "control byte in 'http://a/\\x00b'");
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "http://h/", 9);
	assert_int_equal(url_parse(str_n(longest, URL_LEN_MAX), arena, &url, &err), 0);
	assert_int_equal(url_parse(str_n(longest, URL_LEN_MAX + 1), arena, &url, &err), -1);
	assert_true(str_starts(str_of(err.msg), "more than 8192 bytes in 'http://h/xxx"));
	assert_true(str_ends(str_of(err.msg), "xxx...'"));
}

static void test_resolve(void **state)
{
	(void)state;
	static const struct {
		const char *base, *reference, *expected; /* NULL: refused */
	} cases[] = {
		{"http://a/b/c?q", "d", "http://a/b/d"},
		{"http://a/b/c", "/d", "http://a/d"},
		{"http://a/b/c", "../d", "http://a/d"},
		{"http://a/b/c", "../../../d", "http://a/d"},
		{"http://a/b/c?q", "?x=y", "http://a/b/c?x=y"},
		{"http://a:81/b", "//c/d", "http://c/d"},
		{"http://a:81/b", "/d?e=/f", "http://a:81/d?e=/f"},
		{"http://a/b", "https://c:444/d", "https://c:444/d"},
		{"http://a/b", "HTTPS://C/d", "https://c/d"},
		{"http://a/b", "ftp://c/d", "ftp://c/d"},
		{"http://a/b", "/with space", "http://a/with%20space"},
		{"http://a/b", "/gr\xc3\xb6n", "http://a/gr%c3%b6n"},
		{"http://a/b", "/x#frag", "http://a/x"},
		{"http://[::1]:80/b", "/x", "http://[::1]:80/x"},
		{"http://a/b", "http://", NULL},
		{"http://a/b", "http://x:70000/", NULL},
		{"http://a/b", "http://x y/", NULL},
		{"http://a/b", "/a\nb", NULL},
		{"http://a/b", "", NULL},
		{"http://a/b", "javascript:alert(1)", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct url base, url;
		struct err err = {0};
		int rc;

		assert_int_equal(url_parse(str_of(cases[i].base), arena, &base, &err), 0);
		rc = url_resolve(&base, str_of(cases[i].reference), arena, &url, &err);
		if (!cases[i].expected) {
			if (rc == 0) {
				fail_msg("'%s' was taken as '%s'", cases[i].reference, url.text);
			}
			assert_int_equal(err.code, ERR_INPUT);
			continue;
		}
		if (rc < 0) {
			fail_msg("'%s': %s", cases[i].reference, err.msg);
		}
		assert_string_equal(url.text, cases[i].expected);
	}
}

static void test_resolve_nul(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct url base, url;
	struct err err = {0};

	assert_int_equal(url_parse(str_of("http://a/"), arena, &base, &err), 0);
	assert_int_equal(url_resolve(&base, str_n("/a\0b", 4), arena, &url, &err), -1);
}

static void test_check_scheme(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	static const char *const schemes[] = {"http", "https", "tcp", NULL};
	struct url url;
	struct err err = {0};

	assert_int_equal(url_parse(str_of("tcp://a:1"), arena, &url, &err), 0);
	assert_int_equal(url_check_scheme(&url, schemes, &err), 0);
	assert_int_equal(url_parse(str_of("htpps://a/"), arena, &url, &err), 0);
	assert_int_equal(url_check_scheme(&url, schemes, &err), -1);
	assert_string_equal(
		err.msg, "unknown scheme 'htpps' in 'htpps://a/'; did you mean 'https'?");
	assert_int_equal(url_parse(str_of("gopher://u:secret@a/"), arena, &url, &err), 0);
	assert_int_equal(url_check_scheme(&url, schemes, &err), -1);
	assert_string_equal(err.msg, "unknown scheme 'gopher' in 'gopher://a/'");
}

static void test_same_origin(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool is_same;
	} cases[] = {
		{"http://a/x", "http://A:80/y?z", true},
		{"http://a/", "http://a./", true},
		{"https://a/", "https://a:443/", true},
		{"http://a/", "https://a/", false},
		{"http://a/", "http://a:81/", false},
		{"http://a/", "http://b/", false},
		{"http://a:443/", "https://a/", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct url a, b;

		assert_int_equal(url_parse(str_of(cases[i].a), arena, &a, NULL), 0);
		assert_int_equal(url_parse(str_of(cases[i].b), arena, &b, NULL), 0);
		assert_int_equal(url_same_origin(&a, &b), cases[i].is_same);
	}
}

static void test_masked(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"", ""},
		{"http://a/", "http://a/"},
		{"http://u@a/", "http://u@a/"},
		{"http://u:p@a/", "http://u:***@a/"},
		{"http://u:@a/", "http://u:***@a/"},
		{"http://u:p@q@a/", "http://u:***@a/"},
		{"http://a:80/x@y", "http://a:80/x@y"},
		{"http://a/x:y@z", "http://a/x:y@z"},
		{"http://u:p/w@a/", "http://u:***@a/"},
		{"http://u:p?w@a/", "http://u:***@a/"},
		{"u:p@a", "u:***@a"},
		{"a\nb", "a\\nb"},
		{"http://[::1]:80/x@y", "http://[::1]:80/x@y"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		url_add_masked(str_of(cases[i].text), &out);
		assert_string_equal(out.buf, cases[i].shown);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul_and_length),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_resolve_nul),
		cmocka_unit_test(test_check_scheme),
		cmocka_unit_test(test_same_origin),
		cmocka_unit_test(test_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
