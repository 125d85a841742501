/*
 * Where redirects lead, and what goes along.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "net/http_redirect.h"
#include "support/http_fixture.h"

static void test_rules(void **state)
{
	(void)state;
	static const struct {
		long status;
		const char *before, *after;
	} methods[] = {
		{301, "GET", "GET"},
		{301, "POST", "GET"},
		{301, "PUT", "PUT"},
		{302, "POST", "GET"},
		{302, "DELETE", "DELETE"},
		{302, "HEAD", "HEAD"},
		{303, "POST", "GET"},
		{303, "PUT", "GET"},
		{303, "HEAD", "HEAD"},
		{303, "GET", "GET"},
		{307, "POST", "POST"},
		{308, "POST", "POST"},
		{308, "PATCH", "PATCH"},
	};
	static const long no_redirects[] = {200, 300, 304, 305, 306, 309, 400};

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		assert_true(http_redirect_is_status(methods[i].status));
		assert_string_equal(http_redirect_method(methods[i].status, methods[i].before),
			methods[i].after);
	}
	for (size_t i = 0; i < ARRAY_LEN(no_redirects); i++) {
		assert_false(http_redirect_is_status(no_redirects[i]));
	}
}

static void test_headers(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		bool may_carry, is_about_body;
	} cases[] = {
		{"Accept: x", true, false},
		{"accept-language: de", true, false},
		{"User-Agent : x", true, false},
		{"Content-Type: x", true, true},
		{"content-length: 3", false, true},
		{"Transfer-Encoding: chunked", false, true},
		{"Authorization: x", false, false},
		{"Cookie: x", false, false},
		{"Proxy-Authorization: x", false, false},
		{"Host: x", false, false},
		{"X-Api-Key: x", false, false},
		{"Accept-Token: x", false, false},
		{"PRIVATE-TOKEN: x", false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			http_redirect_may_carry(str_of(cases[i].header)), cases[i].may_carry);
		assert_int_equal(http_redirect_is_about_body(str_of(cases[i].header)),
			cases[i].is_about_body);
	}
}

#define TO(status, location)                                                                       \
	"HTTP/1.1 " status " Go\r\nLocation: " location "\r\nContent-Length: 4\r\n\r\ngone"

static const struct http_route chain[] = {
	{"/1", HTTP_SEND, TO("301", "/2")},
	{"/2", HTTP_SEND, TO("302", "3?x=y#frag")},
	{"/3?x=y", HTTP_SEND, TO("307", "../echo")},
	{"/loop", HTTP_SEND, TO("302", "/loop")},
	{"/ftp", HTTP_SEND, TO("302", "ftp://one.example/")},
	{"/file", HTTP_SEND, TO("302", "file:///etc/passwd")},
	{"/bad", HTTP_SEND, TO("302", "http://:80/")},
	{"/port", HTTP_SEND, TO("302", "http://one.example:70000/")},
	{"/empty", HTTP_SEND, TO("302", "")},
	{"/none", HTTP_SEND, "HTTP/1.1 302 Go\r\nContent-Length: 4\r\n\r\ngone"},
	{"/flood", HTTP_FLOOD_BODY, "HTTP/1.1 302 Go\r\nLocation: /echo\r\n\r\n"},
	{"/303", HTTP_SEND, TO("303", "/echo")},
	{"/308", HTTP_SEND, TO("308", "/echo")},
	{"/echo", HTTP_ECHO, NULL},
	{NULL},
};

static void test_followed(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, chain);
	struct http_answer answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/1"),
			.redirects_max = 3});

	assert_string_equal(answer.response.text, "");
	assert_int_equal(answer.response.status, HTTP_OK);
	assert_int_equal(answer.response.http_status, 200);
	assert_int_equal(answer.response.redirects, 3);
	assert_true(str_ends(str_of(answer.response.url), "/echo"));
	assert_true(str_starts(str_of(answer.body), "GET /echo HTTP/1.1\r\n"));
	assert_lacks(answer.body, "gone");
	assert_lacks(answer.headers, "Location");
	assert_int_equal(http_server_connections(server), 4);
	http_server_free(&server);
}

static void test_not_followed(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, chain);
	static const struct {
		const char *path;
		int redirects_max;
		enum http_status status;
		long http_status;
		const char *text;
	} cases[] = {
		{"/1", 0, HTTP_OK, 301, ""},
		{"/none", 5, HTTP_OK, 302, ""},
		{"/1", 2, HTTP_TOO_MANY_REDIRECTS, 307, "more than 2 redirects"},
		{"/loop", 20, HTTP_TOO_MANY_REDIRECTS, 302, "more than 20 redirects"},
		{"/ftp", 5, HTTP_BAD_REDIRECT, 302, "unknown scheme 'ftp'"},
		{"/file", 5, HTTP_BAD_REDIRECT, 302, "no host in 'file:///etc/passwd'"},
		{"/bad", 5, HTTP_BAD_REDIRECT, 302, "no host in 'http://:80/'"},
		{"/port", 5, HTTP_BAD_REDIRECT, 302, "port must be a number from 1 to 65535"},
		{"/empty", 5, HTTP_BAD_REDIRECT, 302, "nothing in ''"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_answer answer = http_fixture_run(fixture,
			(struct http_request){.url = http_fixture_url(fixture, "http",
						      "one.example", server, cases[i].path),
				.redirects_max = cases[i].redirects_max});

		assert_has(answer.response.text, cases[i].text);
		assert_int_equal(answer.response.status, cases[i].status);
		assert_int_equal(answer.response.http_status, cases[i].http_status);
	}
	http_server_free(&server);
}

/* The endless body of a redirect is not waited for. */
static void test_flood(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, chain);
	struct http_answer answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/flood"),
			.redirects_max = 1});

	assert_int_equal(answer.response.status, HTTP_OK);
	assert_true(str_starts(str_of(answer.body), "GET /echo "));
	http_server_free(&server);
}

static void test_methods(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, chain);
	static const char *const headers[] = {"Content-Type: text/x", "X-Kept: yes", NULL};
	struct http_request request = {
		.url = http_fixture_url(fixture, "http", "one.example", server, "/303"),
		.method = "POST",
		.body = {"data", 4},
		.headers = headers,
		.redirects_max = 1,
	};
	struct http_answer answer = http_fixture_run(fixture, request);

	assert_true(str_starts(str_of(answer.body), "GET /echo "));
	assert_lacks(answer.body, "Content-");
	assert_lacks(answer.body, "data");
	assert_has(answer.body, "X-Kept: yes");

	request.url = http_fixture_url(fixture, "http", "one.example", server, "/308");
	answer = http_fixture_run(fixture, request);
	assert_true(str_starts(str_of(answer.body), "POST /echo "));
	assert_has(answer.body, "Content-Type: text/x");
	assert_true(str_ends(str_of(answer.body), "\r\n\r\ndata"));
	http_server_free(&server);
}

/* What may be secret stays with the origin it was given for. */
static void test_origins(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *other = http_fixture_server(fixture, chain);
	const char *to_other = arena_printf(fixture->arena,
		"HTTP/1.1 302 Go\r\nLocation: http://one.example:%u/echo\r\n"
		"Content-Length: 0\r\n\r\n",
		http_server_port(other));
	const struct http_route routes[] = {{"/other", HTTP_SEND, to_other},
		{"/same", HTTP_SEND, TO("302", "/echo")}, {"/echo", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	static const char *const headers[] = {
		"X-Api-Key: s3cret", "Cookie: s3cret", "Accept: text/x", "Host: own.example", NULL};
	struct http_request request = {
		.url = http_fixture_url(fixture, "http", "one.example", server, "/same"),
		.headers = headers,
		.username = "me",
		.password = "s3cret",
		.redirects_max = 5,
	};
	struct http_answer answer = http_fixture_run(fixture, request);

	assert_has(answer.body, "X-Api-Key: s3cret");
	assert_has(answer.body, "Cookie: s3cret");
	assert_has(answer.body, "Authorization: Basic bWU6czNjcmV0");
	assert_has(answer.body, "Host: own.example");

	request.url = http_fixture_url(fixture, "http", "one.example", server, "/other");
	answer = http_fixture_run(fixture, request);
	assert_lacks(answer.body, "s3cret");
	assert_lacks(answer.body, "Authorization");
	assert_lacks(answer.body, "own.example");
	assert_has(answer.body, "Accept: text/x");

	request.username = NULL;
	request.bearer_token = "s3cret";
	answer = http_fixture_run(fixture, request);
	assert_lacks(answer.body, "s3cret");

	request.bearer_token = NULL;
	request.url = http_fixture_url(fixture, "http", "me:s3cret@one.example", server, "/other");
	answer = http_fixture_run(fixture, request);
	assert_lacks(answer.body, "Authorization");
	http_server_free(&server);
	http_server_free(&other);
}

/* Nor does it come back with the way back. */
static void test_there_and_back(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_route away[] = {{"*", HTTP_SEND, NULL}, {NULL}};
	struct http_route first[] = {{"/start", HTTP_SEND, NULL}, {"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *there, *start;
	struct http_answer answer;

	start = http_fixture_server(fixture, first);
	away[0].bytes = arena_printf(fixture->arena,
		"HTTP/1.1 302 Go\r\nLocation: http://one.example:%u/end\r\n"
		"Content-Length: 0\r\n\r\n",
		http_server_port(start));
	there = http_fixture_server(fixture, away);
	first[0].bytes = arena_printf(fixture->arena,
		"HTTP/1.1 302 Go\r\nLocation: http://one.example:%u/\r\n"
		"Content-Length: 0\r\n\r\n",
		http_server_port(there));
	answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", start, "/start"),
			.username = "me",
			.password = "s3cret",
			.redirects_max = 5});
	assert_int_equal(answer.response.redirects, 2);
	assert_true(str_starts(str_of(answer.body), "GET /end "));
	assert_lacks(answer.body, "Authorization");
	http_server_free(&start);
	http_server_free(&there);
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_headers),
		HTTP_TEST(test_followed),
		HTTP_TEST(test_not_followed),
		HTTP_TEST(test_flood),
		HTTP_TEST(test_methods),
		HTTP_TEST(test_origins),
		HTTP_TEST(test_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
