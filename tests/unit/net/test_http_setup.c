/*
 * Requests that cannot be: nothing is sent for them.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/http_fixture.h"

static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};

struct bad_case {
	struct http_request request;
	const char *header; /* one of the request's; NULL: none */
	const char *text;
};

static void test_bad_requests(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, routes);
	static const struct bad_case cases[] = {
		{{.method = ""}, NULL, "bad HTTP method ''"},
		{{.method = "GET /x"}, NULL, "bad HTTP method 'GET /x'"},
		{{.method = "GET\r\nX: y"}, NULL, "bad HTTP method 'GET\\r\\nX: y'"},
		{{0}, "No colon", "bad HTTP header 'No colon'"},
		{{0}, ": empty", "bad HTTP header ''"},
		{{0}, "Two words: x", "bad HTTP header 'Two words'"},
		{{0}, "Tab\t: x", "bad HTTP header 'Tab\\t'"},
		{{0}, "X: s3cret\r\nInjected: y", "bad HTTP header 'X'"},
		{{0}, "X: s3cret\nInjected: y", "bad HTTP header 'X'"},
		{{.bearer_token = "a\r\nX: y"}, NULL, "line break in the bearer token"},
		{{.user_agent = "a\nX: y"}, NULL, "line break in the user agent"},
		{{.proxy = "nonsense"}, NULL, "proxy: no scheme (like \"http://\") in 'nonsense'"},
		{{.proxy = "https://proxy:1/"}, NULL,
			"proxy: unknown scheme 'https' in 'https://proxy:1/'"},
		{{.proxy = "http://u:s3cret@proxy:0/"}, NULL,
			"proxy: port must be a number from 1 to 65535 in 'http://u:***@proxy:0/'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *headers[] = {cases[i].header, NULL};
		struct http_request request = cases[i].request;
		struct http_answer answer;

		request.url = http_fixture_url(fixture, "http", "one.example", server, "/");
		request.headers = headers;
		answer = http_fixture_run(fixture, request);
		assert_true(str_starts(str_of(answer.response.text), cases[i].text));
		assert_lacks(answer.response.text, "s3cret");
		assert_int_equal(answer.response.status, HTTP_LOCAL);
		assert_string_equal(answer.response.url, request.url->text);
	}
	assert_int_equal(http_server_connections(server), 0);
	http_server_free(&server);
}

static void test_bad_scheme(void **state)
{
	struct http_fixture *fixture = *state;
	struct url url;
	struct http_answer answer;

	assert_int_equal(url_parse(str_of("ftp://one.example/"), fixture->arena, &url, NULL), 0);
	answer = http_fixture_run(fixture, (struct http_request){.url = &url});
	assert_int_equal(answer.response.status, HTTP_LOCAL);
	assert_has(answer.response.text, "unknown scheme 'ftp'");
}

static void test_bad_authorities(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_request request = {
		.url = http_fixture_url(fixture, "https", "one.example", server, "/"),
		.ca_file = "/nonexistent.pem",
	};
	struct http_answer answer = http_fixture_run(fixture, request);

	assert_int_equal(answer.response.status, HTTP_LOCAL);
	assert_has(answer.response.text, "'/nonexistent.pem'");
	request.reuse_connection = true;
	answer = http_fixture_run(fixture, request);
	assert_int_equal(answer.response.status, HTTP_LOCAL);
	assert_has(answer.response.text, "'/nonexistent.pem'");
	http_server_free(&server);
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_bad_requests),
		HTTP_TEST(test_bad_scheme),
		HTTP_TEST(test_bad_authorities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
