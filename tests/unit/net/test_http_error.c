/*
 * What servers do wrong, and what is said about it.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "support/http_fixture.h"

static void test_bad_answers(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct {
		struct http_route route;
		enum http_status status;
		long http_status;
		const char *text; /* "@" stands for the server's address */
		const char *body; /* what there is of it */
	} cases[] = {
		{{"*", HTTP_BANNER, "SSH-2.0-OpenSSH_9.2\r\n"}, HTTP_PROTOCOL, 0,
			"answer of @ is not HTTP", "SSH-2.0-OpenSSH_9.2\r\n"},
		{{"*", HTTP_SEND, "garbage"}, HTTP_PROTOCOL, 0, "answer of @ is not HTTP",
			"garbage"},
		{{"*", HTTP_SEND_CLOSE, "\x16\x03\x01\x02"}, HTTP_PROTOCOL, 0,
			"answer of @ is not HTTP", "\x16\x03\x01\x02"},
		{{"*", HTTP_SEND_CLOSE, ""}, HTTP_CLOSED, 0,
			"@ closed the connection without an answer", ""},
		{{"*", HTTP_SEND_RESET, ""}, HTTP_CLOSED, 0, "connection reset by @", ""},
		{{"*", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
			HTTP_CLOSED, 200, "@ closed the connection before the answer was complete",
			"abc"},
		{{"*", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Le"}, HTTP_CLOSED, 200,
			"@ closed the connection in the headers of the answer", ""},
		{{"*", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\r\n"}, HTTP_CLOSED, 200,
			"@ closed the connection in the headers of the answer", ""},
		{{"*", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\n\nabc"}, HTTP_OK, 200, "", "abc"},
		{{"*", HTTP_SEND,
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
			 "X-Sum: 1\r\n\r\n"},
			HTTP_OK, 200, "", "abc"},
		{{"*", HTTP_SEND_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
			HTTP_CLOSED, 200, "connection reset by @", "abc"},
		{{"*", HTTP_SEND_CLOSE,
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"},
			HTTP_CLOSED, 200, "@ closed the connection before the answer was complete",
			"abc"},
		{{"*", HTTP_SEND,
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"},
			HTTP_PROTOCOL, 200, "bad answer of @: ", "abc"},
		{{"*", HTTP_SEND_CLOSE, "HTTP/1.1 99999 Huh\r\n\r\n"}, HTTP_PROTOCOL, 0,
			"bad answer of @: ", ""},
		{{"*", HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"}, HTTP_PROTOCOL,
			200, "bad answer of @: ", ""},
		{{"*", HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\nx"},
			HTTP_TOO_LARGE, 200, "answer of @ has more than 100000 bytes", ""},
		{{"*", HTTP_FLOOD_BODY, "HTTP/1.1 200 OK\r\n\r\n"}, HTTP_TOO_LARGE, 200,
			"answer of @ has more than 100000 bytes", "xxxxxxxx"},
		{{"*", HTTP_FLOOD_HEADERS, "HTTP/1.1 200 OK\r\n"}, HTTP_TOO_LARGE, 200,
			"answer of @ has more than 65536 bytes of headers", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_route routes[] = {cases[i].route, {NULL}};
		struct http_server *server = http_fixture_server(fixture, routes);
		struct http_answer answer = http_fixture_run(
			fixture, (struct http_request){.url = http_fixture_url(fixture, "http",
							       "one.example", server, "/"),
					 .size_max = 100000,
					 .timeout_ms = 5000});
		struct strbuf text = STRBUF_INIT;

		for (const char *c = cases[i].text; *c; c++) {
			if (*c == '@') {
				strbuf_addf(&text, "127.0.0.1:%u", http_server_port(server));
			} else {
				strbuf_addc(&text, *c);
			}
		}
		if (answer.response.status != cases[i].status ||
			!str_starts(str_of(answer.response.text), text.buf)) {
			fail_msg("case %zu: %d '%s'", i, answer.response.status,
				answer.response.text);
		}
		assert_int_equal(answer.response.http_status, cases[i].http_status);
		assert_true(str_starts(str_of(answer.body), cases[i].body));
		assert_true(answer.response.remote.sa_len > 0);
		strbuf_release(&text);
		http_server_free(&server);
	}
}

/* One header line longer than curl takes: an endless one. */
static void test_endless_line(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {
		{"*", HTTP_FLOOD_BODY, "HTTP/1.1 200 OK\r\nX: "}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_answer answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/")});

	assert_int_equal(answer.response.status, HTTP_TOO_LARGE);
	assert_has(answer.response.text, "bytes of headers");
	http_server_free(&server);
}

static void test_no_connection(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"*", HTTP_ECHO, NULL}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct address unused;
	static const struct {
		const char *host;
		enum http_status status;
		enum lookup_status lookup_status;
		const char *text, *phase;
	} cases[] = {
		{"refused.example", HTTP_CONNECT_REFUSED, LOOKUP_OK,
			"connection refused by 127.0.0.2:", "connecting to 127.0.0.2:"},
		{"missing.example.", HTTP_DNS_FAILED, LOOKUP_NOT_FOUND,
			"name 'missing.example.' has no address", "looking up 'missing.example.'"},
		{"failing.example", HTTP_DNS_FAILED, LOOKUP_SERVER_FAILURE,
			"name server failed (SERVFAIL) about 'failing.example'",
			"looking up 'failing.example'"},
		{"224.0.0.1", HTTP_CONNECT_UNREACHABLE, LOOKUP_OK,
			"cannot reach 224.0.0.1:", "connecting to 224.0.0.1:"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct http_answer answer = http_fixture_run(
			fixture, (struct http_request){.url = http_fixture_url(fixture, "http",
							       cases[i].host, server, "/")});

		assert_has(answer.response.text, cases[i].text);
		assert_int_equal(answer.response.status, cases[i].status);
		assert_int_equal(answer.response.lookup_status, cases[i].lookup_status);
		assert_has(answer.response.phase, cases[i].phase);
		assert_int_equal(answer.response.http_status, 0);
		assert_null(answer.response.http_version);
	}
	assert_true(address_parse(str_of("192.0.2.99"), 0, &unused));
	assert_int_equal(http_fixture_run(fixture,
				 (struct http_request){.url = http_fixture_url(fixture, "http",
							       "one.example", server, "/"),
					 .source = &unused})
				 .response.status,
		HTTP_LOCAL);
	http_server_free(&server);
}

/* HTTP/2 was asked for, and the server knows only 1.1. */
static void test_version(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {
		{"*", HTTP_SEND_CLOSE, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"},
		{NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_answer answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/"),
			.version = HTTP_VERSION_2});

	assert_int_equal(answer.response.status, HTTP_PROTOCOL);
	assert_has(answer.response.text, "HTTP/2");
	http_server_free(&server);
}

static void test_proxy(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {
		{"*", HTTP_SEND, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"}, {NULL}};
	struct http_server *proxy = http_fixture_server(fixture, routes);
	static const char *const refused[] = {
		"http://refused.example:%u", "socks5://127.0.0.2:%u", "http://missing.example:%u"};
	struct http_answer answer;
	struct url url;

	assert_int_equal(
		url_parse(str_of("https://missing.example/"), fixture->arena, &url, NULL), 0);
	answer = http_fixture_run(
		fixture, (struct http_request){.url = &url,
				 .proxy = arena_printf(fixture->arena, "http://127.0.0.1:%u",
					 http_server_port(proxy))});
	assert_int_equal(answer.response.status, HTTP_PROXY_FAILED);
	assert_has(answer.response.text, "proxy 'http://127.0.0.1:");
	assert_has(answer.response.text, "' answered 403 to CONNECT");
	assert_true(str_starts(
		str_of(http_server_request(proxy)), "CONNECT missing.example:443 HTTP/1.1\r\n"));

	/* What answers is no SOCKS proxy. */
	answer = http_fixture_run(
		fixture, (struct http_request){.url = &url,
				 .timeout_ms = 300,
				 .proxy = arena_printf(fixture->arena, "socks5://127.0.0.1:%u",
					 http_server_port(proxy))});
	assert_true(answer.response.status == HTTP_PROXY_FAILED ||
		    answer.response.status == HTTP_TIMEOUT);

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct strbuf text = STRBUF_INIT;
		const char *mark = strstr(refused[i], "%u");

		strbuf_add(&text, refused[i], (size_t)(mark - refused[i]));
		strbuf_addf(&text, "%u", http_server_port(proxy));
		answer = http_fixture_run(
			fixture, (struct http_request){.url = &url, .proxy = text.buf});
		assert_int_equal(answer.response.status, HTTP_PROXY_FAILED);
		assert_has(answer.response.text, text.buf);
		strbuf_release(&text);
	}
	http_server_free(&proxy);
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_bad_answers),
		HTTP_TEST(test_endless_line),
		HTTP_TEST(test_no_connection),
		HTTP_TEST(test_version),
		HTTP_TEST(test_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
