#include <stdlib.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/proxy.h"

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
	"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

static void reads_the_environment(void **state)
{
	// clang-format off
	static const struct {
		const char *environment[3]; /* "name=value" */
		const char *url;
		const char *expected;
	} cases[] = {
		{{NULL}, "http://a.example/", NULL},
		{{"http_proxy=http://p:1"}, "http://a.example/", "http://p:1"},
		{{"http_proxy=http://p:1"}, "https://a.example/", NULL},
		{{"HTTP_PROXY=http://p:1"}, "http://a.example/", NULL},
		{{"https_proxy=http://p:1"}, "https://a.example/", "http://p:1"},
		{{"HTTPS_PROXY=http://p:1"}, "https://a.example/", "http://p:1"},
		{{"HTTPS_PROXY=http://p:1", "https_proxy=http://q:1"}, "https://a.example/", "http://q:1"},
		{{"HTTPS_PROXY=http://p:1", "https_proxy="}, "https://a.example/", "http://p:1"},
		{{"https_proxy="}, "https://a.example/", NULL},
		{{"https_proxy=p:3128"}, "https://a.example/", "http://p:3128"},
		{{"all_proxy=socks5://p"}, "https://a.example/", "socks5://p"},
		{{"ALL_PROXY=socks5://p"}, "http://a.example/", "socks5://p"},
		{{"all_proxy=socks5://p", "https_proxy=http://q:1"}, "https://a.example/", "http://q:1"},
		{{"http_proxy=http://p:1", "no_proxy=example"}, "http://a.example/", NULL},
		{{"http_proxy=http://p:1", "NO_PROXY=example"}, "http://a.example/", NULL},
		{{"http_proxy=http://p:1", "NO_PROXY=example", "no_proxy=other"}, "http://a.example/", "http://p:1"},
		{{"http_proxy=http://p:1", "no_proxy=::1"}, "http://[::1]:8080/", NULL},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct url url;
		const char *proxy;

		for (size_t k = 0; k < ARRAY_LEN(variables); k++) {
			assert_int_equal(unsetenv(variables[k]), 0);
		}
		for (size_t k = 0; k < 3 && cases[i].environment[k]; k++) {
			struct str rest = str_of(cases[i].environment[k]);
			struct str name;

			(void)str_split(&rest, '=', &name);
			assert_int_equal(setenv(str_dup(name, arena), rest.ptr, 1), 0);
		}
		assert_int_equal(url_parse(str_of(cases[i].url), arena, &url, NULL), 0);
		proxy = proxy_from_environment(&url, arena);
		if (cases[i].expected) {
			assert_non_null(proxy);
			assert_string_equal(proxy, cases[i].expected);
		} else {
			assert_null(proxy);
		}
		arena_free(arena);
	}
}

static void knows_who_needs_none(void **state)
{
	static const struct {
		const char *host, *list;
		bool is_avoided;
	} cases[] = {
		{"a.example", "", false},
		{"a.example", "a.example", true},
		{"a.example", "A.Example", true},
		{"a.example.", "example", true},
		{"a.example", ".example", true},
		{"a.example", "example", true},
		{"aexample", "example", false},
		{"example", "a.example", false},
		{"a.example", "x, y ,\texample", true},
		{"a.example", "x y example", true},
		{"a.example", "*", true},
		{"10.0.0.1", "*", true},
		{"a.example", "*.example", false}, /* no patterns; curl has none either */
		{"a.example", ".", false},
		{"a.example", ",,", false},
		{"10.0.0.1", "10.0.0.1", true},
		{"10.0.0.1", "0.0.1", false},
		{"10.0.0.1", "10.0.0.0/8", true},
		{"11.0.0.1", "10.0.0.0/8", false},
		{"10.1.0.1", "10.0.0.0/12", true},
		{"10.16.0.1", "10.0.0.0/12", false},
		{"10.0.0.1", "0.0.0.0/0", true},
		{"10.0.0.1", "10.0.0.1/32", true},
		{"10.0.0.2", "10.0.0.1/32", false},
		{"10.0.0.1", "10.0.0.0/33", false},
		{"10.0.0.1", "10.0.0.0/x", false},
		{"10.0.0.1", "10.0.0.0/", false},
		{"10.0.0.1", "::/0", false},
		{"2001:db8::1", "2001:db8::/32", true},
		{"2001:db9::1", "2001:db8::/32", false},
		{"2001:db8::1", "2001:db8:0::1", true},
		{"::1", "[::1]", true},
		{"10.example", "10.0.0.0/8", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (proxy_is_avoided(cases[i].host, str_of(cases[i].list)) != cases[i].is_avoided) {
			fail_msg("%s in '%s'", cases[i].host, cases[i].list);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_environment),
		cmocka_unit_test(knows_who_needs_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
