/*
 * Requests as they go out, and good answers as they come in.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "support/http_fixture.h"

#define OK_HELLO "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Thing:  a b \r\n\r\nhello\n"

static void test_response(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"/hello", HTTP_SEND, OK_HELLO}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	const struct url *url = http_fixture_url(fixture, "http", "one.example", server, "/hello");
	struct address address = http_server_address(server);
	struct http_answer answer = http_fixture_run(fixture, (struct http_request){.url = url});
	struct str value;

	assert_int_equal(answer.response.status, HTTP_OK);
	assert_string_equal(answer.response.text, "");
	assert_string_equal(answer.response.phase, "");
	assert_int_equal(answer.response.http_status, 200);
	assert_string_equal(answer.response.http_version, "1.1");
	assert_string_equal(answer.response.url, url->text);
	assert_int_equal(answer.response.redirects, 0);
	assert_true(address_eq(&answer.response.remote, &address));
	assert_string_equal(answer.body, "hello\n");
	assert_int_equal(answer.response.body_size, 6);
	assert_null(answer.response.chain);
	assert_null(answer.response.tls_version);
	assert_true(str_starts(str_of(answer.headers), "HTTP/1.1 200 OK\r\n"));
	assert_true(http_header_find(str_of(answer.headers), "x-THING", &value));
	assert_true(str_is(value, "a b"));
	assert_false(http_header_find(str_of(answer.headers), "X-Thin", &value));
	http_server_free(&server);
}

static void test_phases(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"*", HTTP_SEND, OK_HELLO}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_answer answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/")});
	const struct http_phases *phases = &answer.response.phases;

	assert_true(phases->lookup_us > 0);
	assert_true(phases->connect_us > 0);
	assert_int_equal(phases->tls_us, 0);
	assert_true(phases->first_byte_us > 0);
	assert_true(phases->transfer_us >= 0);
	assert_true(phases->total_us >= phases->lookup_us + phases->connect_us +
						phases->first_byte_us + phases->transfer_us);
	http_server_free(&server);
}

/* What is said for one request, from its line to its body. */
static const char *said(struct http_fixture *fixture, struct http_request request, const char *host,
	const char *path)
{
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_answer answer;

	request.url = http_fixture_url(fixture, "http", host, server, path);
	answer = http_fixture_run(fixture, request);
	if (answer.response.status != HTTP_OK) {
		fail_msg("%s", answer.response.text);
	}
	http_server_free(&server);
	return answer.body;
}

static void test_request(void **state)
{
	struct http_fixture *fixture = *state;
	const char *text = said(fixture, (struct http_request){0}, "One.example", "/a/b?c=d%20e");

	assert_true(str_starts(str_of(text), "GET /a/b?c=d%20e HTTP/1.1\r\nHost: one.example:"));
	assert_has(text, "\r\nUser-Agent: sre-toolkit/");
	assert_has(text, "\r\nAccept: */*\r\n");
	assert_lacks(text, "Authorization");
	assert_lacks(text, "Content");
	assert_lacks(text, "Expect");

	text = said(fixture, (struct http_request){.version = HTTP_VERSION_1_0}, "a.example", "/");
	assert_has(text, "GET / HTTP/1.0\r\n");
}

static void test_headers(void **state)
{
	struct http_fixture *fixture = *state;
	static const char *const headers[] = {"X-One: 1", "x-two:2",
		"X-Empty:", "Host: other.example", "Accept: text/plain", "User-Agent: me", NULL};
	const char *text =
		said(fixture, (struct http_request){.headers = headers}, "one.example", "/");

	assert_has(text, "\r\nX-One: 1\r\n");
	assert_has(text, "\r\nx-two:2\r\n");
	assert_has(text, "\r\nX-Empty:\r\n");
	assert_has(text, "\r\nHost: other.example\r\n");
	assert_has(text, "\r\nAccept: text/plain\r\n");
	assert_has(text, "\r\nUser-Agent: me\r\n");
	assert_lacks(text, "*/*");
	assert_lacks(text, "one.example");
	assert_lacks(text, "sre-toolkit");

	text = said(fixture,
		(struct http_request){
			.headers = (const char *const[]){"accept:", "User-Agent: ", NULL}},
		"one.example", "/");
	assert_lacks(text, "ccept");
	assert_lacks(text, "User-Agent");
	assert_has(text, "\r\nHost: one.example:");
}

static void test_methods(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct {
		const char *method, *body;
		const char *start, *part; /* of what is said */
	} cases[] = {
		{"POST", "a=b", "POST / HTTP/1.1\r\n", "\r\nContent-Length: 3\r\n\r\na=b"},
		{"POST", NULL, "POST / HTTP/1.1\r\n", "\r\nContent-Length: 0\r\n\r\n"},
		{"PUT", "x", "PUT / HTTP/1.1\r\n", "\r\nContent-Length: 1\r\n\r\nx"},
		{"PUT", NULL, "PUT / HTTP/1.1\r\n", "\r\nContent-Length: 0\r\n\r\n"},
		{"PATCH", "{}", "PATCH / HTTP/1.1\r\n", "\r\n\r\n{}"},
		{"DELETE", NULL, "DELETE / HTTP/1.1\r\n", "\r\n\r\n"},
		{"OPTIONS", NULL, "OPTIONS / HTTP/1.1\r\n", "\r\n\r\n"},
		{"PROPFIND", "<x/>", "PROPFIND / HTTP/1.1\r\n", "\r\n\r\n<x/>"},
		{"GET", "q", "GET / HTTP/1.1\r\n", "\r\nContent-Length: 1\r\n\r\nq"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *text = said(fixture,
			(struct http_request){.method = cases[i].method,
				.body = str_of(cases[i].body ? cases[i].body : "")},
			"one.example", "/");

		if (!str_starts(str_of(text), cases[i].start) ||
			!str_ends(str_of(text), cases[i].part)) {
			fail_msg("case %zu: '%s'", i, text);
		}
		assert_lacks(text, "Expect");
		assert_lacks(text, "Content-Type");
	}
}

/* Larger than curl's buffers, and still without a second's wait for "100 Continue". */
static void test_large_body(void **state)
{
	struct http_fixture *fixture = *state;
	enum { SIZE = 300000 };
	char *body = xmalloc(SIZE);
	const char *text;

	memset(body, 'z', SIZE);
	text = said(fixture, (struct http_request){.method = "POST", .body = str_n(body, SIZE)},
		"one.example", "/");
	assert_has(text, "\r\nContent-Length: 300000\r\n");
	assert_true(str_ends(str_of(text), "zzzz"));
	free(body);
}

static void test_credentials(void **state)
{
	struct http_fixture *fixture = *state;
	const char *text;

	text = said(fixture, (struct http_request){.username = "me", .password = "p:w@d"},
		"one.example", "/");
	assert_has(text, "\r\nAuthorization: Basic bWU6cDp3QGQ=\r\n");
	text = said(fixture, (struct http_request){.username = "me"}, "one.example", "/");
	assert_has(text, "\r\nAuthorization: Basic bWU6\r\n");
	text = said(fixture, (struct http_request){0}, "me:p%3Aw%40d@one.example", "/");
	assert_has(text, "\r\nAuthorization: Basic bWU6cDp3QGQ=\r\n");
	assert_lacks(text, "@");
	text = said(fixture, (struct http_request){.username = "you"}, "me:pw@one.example", "/");
	assert_has(text, "\r\nAuthorization: Basic eW91Og==\r\n");
	text = said(fixture, (struct http_request){.bearer_token = "t0ken"}, "one.example", "/");
	assert_has(text, "\r\nAuthorization: Bearer t0ken\r\n");
}

static void test_answers(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct {
		const char *method;
		struct http_route route;
		long http_status;
		const char *version, *body;
	} cases[] = {
		{"GET", {"*", HTTP_SEND, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"},
			404, "1.1", "no"},
		{"GET", {"*", HTTP_SEND, "HTTP/1.1 599 \r\nContent-Length: 0\r\n\r\n"}, 599, "1.1",
			""},
		{"GET", {"*", HTTP_SEND, "HTTP/1.1 204 No Content\r\n\r\n"}, 204, "1.1", ""},
		{"GET",
			{"*", HTTP_SEND,
				"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n"},
			200, "1.1", "abcde"},
		{"GET", {"*", HTTP_SEND_CLOSE, "HTTP/1.0 200 OK\r\n\r\nto the end"}, 200, "1.0",
			"to the end"},
		{"GET", {"*", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\n\nbare newlines"}, 200, "1.1",
			"bare newlines"},
		{"GET",
			{"*", HTTP_SEND,
				"HTTP/1.1 100 Continue\r\nX-Not: this\r\n\r\n"
				"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!"},
			200, "1.1", "!"},
		{"HEAD", {"*", HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"},
			200, "1.1", ""},
		{"GET", {"*", HTTP_DRIP, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nd"}, 200,
			"1.1", "d"},
		{"GET",
			{"*", HTTP_SEND,
				"HTTP/1.1 302 Found\r\nLocation: /x\r\n"
				"Content-Length: 2\r\n\r\ngo"},
			302, "1.1", "go"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_route routes[] = {cases[i].route, {NULL}};
		struct http_server *server = http_fixture_server(fixture, routes);
		struct http_answer answer = http_fixture_run(fixture,
			(struct http_request){.method = cases[i].method,
				.url = http_fixture_url(fixture, "http", "127.0.0.1", server, "/"),
				.size_max = 1000});

		assert_string_equal(answer.response.text, "");
		assert_int_equal(answer.response.status, HTTP_OK);
		assert_int_equal(answer.response.http_status, cases[i].http_status);
		assert_string_equal(answer.response.http_version, cases[i].version);
		assert_string_equal(answer.body, cases[i].body);
		assert_lacks(answer.headers, "X-Not");
		http_server_free(&server);
	}
}

static void test_body_max(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"*", HTTP_SEND, OK_HELLO}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_request request = {
		.url = http_fixture_url(fixture, "http", "127.0.0.1", server, "/"),
		.timeout_ms = 10000,
		.body_max = 2,
	};
	struct http_answer answer = http_fixture_run(fixture, request);

	assert_int_equal(answer.response.status, HTTP_OK);
	assert_string_equal(answer.body, "he");
	assert_int_equal(answer.response.body_size, 6);

	request.body_max = 0;
	(void)http_fixture_begin(fixture, &request, &answer);
	http_fixture_loop(fixture);
	assert_string_equal(answer.body, "");
	assert_int_equal(answer.response.body_size, 6);
	http_server_free(&server);
}

/* Where to connect to and from, other than what the name says. */
static void test_connect_to(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_server_new(
		fixture->loop, &(struct http_server_options){.ip = "127.0.0.7", .routes = routes});
	struct address address = http_server_address(server);
	struct address source;
	struct http_answer answer;

	assert_true(address_parse(str_of("127.0.0.9"), 0, &source));
	answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "missing.example", server, "/"),
			.connect_to = &address,
			.source = &source});
	assert_int_equal(answer.response.status, HTTP_OK);
	assert_true(address_eq(&answer.response.remote, &address));
	assert_has(answer.body, "\r\nHost: missing.example:");
	assert_int_equal(dns_server_questions(fixture->names), 0);
	http_server_free(&server);
}

static void test_ipv6(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_server_new(
		fixture->loop, &(struct http_server_options){.ip = "::1", .routes = routes});
	struct http_answer answer = http_fixture_run(
		fixture, (struct http_request){
				 .url = http_fixture_url(fixture, "http", "[::1]", server, "/"),
				 .family = ADDRESS_IPV6});

	assert_int_equal(answer.response.status, HTTP_OK);
	assert_has(answer.body, "\r\nHost: [::1]:");
	http_server_free(&server);
}

/* Connections are new each time, or kept when that is wanted. */
static void test_reuse(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {
		{"/close", HTTP_SEND_CLOSE, OK_HELLO}, {"*", HTTP_SEND, OK_HELLO}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_request request = {
		.url = http_fixture_url(fixture, "http", "one.example", server, "/")};
	struct http_request closing = {
		.url = http_fixture_url(fixture, "http", "one.example", server, "/close"),
		.reuse_connection = true};

	for (int i = 0; i < 3; i++) {
		assert_int_equal(http_fixture_run(fixture, request).response.status, HTTP_OK);
	}
	assert_int_equal(http_server_connections(server), 3);

	request.reuse_connection = true;
	for (int i = 0; i < 3; i++) {
		struct http_answer answer = http_fixture_run(fixture, request);

		assert_int_equal(answer.response.status, HTTP_OK);
		assert_string_equal(answer.body, "hello\n");
	}
	assert_int_equal(http_server_connections(server), 4);

	/* The server closes the kept connection after this one; the next gets a new one. */
	assert_int_equal(http_fixture_run(fixture, closing).response.status, HTTP_OK);
	assert_int_equal(http_fixture_run(fixture, request).response.status, HTTP_OK);
	assert_int_equal(http_server_connections(server), 5);

	/* And who wants a new one still does. */
	request.reuse_connection = false;
	assert_int_equal(http_fixture_run(fixture, request).response.status, HTTP_OK);
	assert_int_equal(http_server_connections(server), 6);
	http_server_free(&server);
}

static void test_many(void **state)
{
	struct http_fixture *fixture = *state;
	enum { COUNT = 400 };
	static const struct http_route routes[] = {{"*", HTTP_SEND_CLOSE, OK_HELLO}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_answer *answers = xcalloc(COUNT, sizeof(*answers));
	struct http_request request = {
		.url = http_fixture_url(fixture, "http", "one.example", server, "/"),
		.timeout_ms = 20000,
		.body_max = 100,
	};

	for (size_t i = 0; i < COUNT; i++) {
		(void)http_fixture_begin(fixture, &request, &answers[i]);
	}
	http_fixture_loop(fixture);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(answers[i].response.status, HTTP_OK);
		assert_string_equal(answers[i].body, "hello\n");
	}
	assert_int_equal(http_server_connections(server), COUNT);
	assert_int_equal(dns_server_questions(fixture->names), 2);
	free(answers);
	http_server_free(&server);
}

/* Through a proxy, which is asked for the whole URL. */
static void test_proxy(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *proxy = http_fixture_server(fixture, routes);
	const char *proxy_url = arena_printf(
		fixture->arena, "http://me:pw@proxy.example:%u", http_server_port(proxy));
	struct address address = http_server_address(proxy);
	struct http_answer answer;
	struct url url;

	assert_int_equal(
		url_parse(str_of("http://missing.example/x"), fixture->arena, &url, NULL), 0);
	answer = http_fixture_run(fixture, (struct http_request){.url = &url, .proxy = proxy_url});
	assert_string_equal(answer.response.text, "");
	assert_int_equal(answer.response.status, HTTP_OK);
	assert_true(str_starts(str_of(answer.body), "GET http://missing.example/x HTTP/1.1\r\n"));
	assert_has(answer.body, "\r\nProxy-Authorization: Basic bWU6cHc=\r\n");
	assert_true(address_eq(&answer.response.remote, &address));
	http_server_free(&proxy);
}

static void test_environment_is_ignored(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_answer answer;

	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/")});
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(answer.response.status, HTTP_OK);
	http_server_free(&server);
}

static void test_header_find(void **state)
{
	(void)state;
	static const struct {
		const char *headers, *name, *value; /* NULL: none */
	} cases[] = {
		{"", "A", NULL},
		{"HTTP/1.1 200 OK\r\nA: 1\r\nB:2\r\n\r\n", "a", "1"},
		{"HTTP/1.1 200 OK\r\nA: 1\r\nB:2\r\n\r\n", "B", "2"},
		{"HTTP/1.1 200 OK\r\nA: 1\r\nA: 2\r\n\r\n", "A", "1"},
		{"HTTP/1.1 200 OK\r\nAA: 1\r\n\r\n", "A", NULL},
		{"HTTP/1.1 200 OK\r\nA:\r\n\r\n", "A", ""},
		{"HTTP/1.1 200 OK\r\nA: b: c\r\n\r\n", "A", "b: c"},
		{"A", "A", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str value;
		bool is_found = http_header_find(str_of(cases[i].headers), cases[i].name, &value);

		assert_int_equal(is_found, cases[i].value != NULL);
		if (is_found) {
			assert_true(str_is(value, cases[i].value));
		}
	}
}

static void test_header_names(void **state)
{
	static const struct {
		struct str name;
		bool is_good;
	} cases[] = {
		{{"X-Thing", 7}, true},
		{{"a!#$%&'*+-.^_`|~9", 17}, true},
		{{"", 0}, false},
		{{"a b", 3}, false},
		{{"a:", 2}, false},
		{{"a\r\nb", 4}, false},
		{{"a\0", 2}, false},
		{{"\xc3\xa4", 2}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		assert_int_equal(
			http_header_name_check(cases[i].name, &err), cases[i].is_good ? 0 : -1);
		assert_int_equal(err.code, cases[i].is_good ? ERR_NONE : ERR_INPUT);
		assert_null(strpbrk(err.msg, "\r\n"));
	}
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_response),
		HTTP_TEST(test_phases),
		HTTP_TEST(test_request),
		HTTP_TEST(test_headers),
		HTTP_TEST(test_methods),
		HTTP_TEST(test_large_body),
		HTTP_TEST(test_credentials),
		HTTP_TEST(test_answers),
		HTTP_TEST(test_body_max),
		HTTP_TEST(test_connect_to),
		HTTP_TEST(test_ipv6),
		HTTP_TEST(test_reuse),
		HTTP_TEST(test_many),
		HTTP_TEST(test_proxy),
		HTTP_TEST(test_environment_is_ignored),
		cmocka_unit_test(test_header_find),
		cmocka_unit_test(test_header_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
