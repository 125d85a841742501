/*
 * Messages over HTTP: what is sent, what each answer means, and how far it got if there is none.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "notify/notify_http.h"
#include "notify/receiver.h"
#include "support/http_fixture.h"

static const struct http_route routes[] = {
	{"/ok", HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"/chatty", HTTP_SEND,
		"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{\"much\": \"that nobody wants\"}."},
	{"/202", HTTP_SEND, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"},
	{"/301", HTTP_SEND, "HTTP/1.1 301 Moved\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n"},
	{"/400", HTTP_SEND, "HTTP/1.1 400 Bad\r\nContent-Length: 15\r\n\r\ninvalid_payload"},
	{"/401", HTTP_SEND, "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"},
	{"/403", HTTP_SEND, "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"},
	{"/404", HTTP_SEND, "HTTP/1.1 404 No\r\nContent-Length: 11\r\n\r\nno_service\n"},
	{"/408", HTTP_SEND, "HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"},
	{"/410", HTTP_SEND, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"},
	{"/413", HTTP_SEND, "HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n"},
	{"/429", HTTP_SEND, "HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n"},
	{"/429/7", HTTP_SEND, "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"},
	{"/500", HTTP_SEND, "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"},
	{"/503/date", HTTP_SEND,
		"HTTP/1.1 503 Busy\r\nretry-after: Tue, 01 Jul 2025 03:14:37 GMT\r\n"
		"Content-Length: 0\r\n\r\n"},
	{"/half/200", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"},
	{"/half/404", HTTP_SEND_CLOSE, "HTTP/1.1 404 No\r\nContent-Length: 90\r\n\r\nno"},
	{"/half/headers", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\r\nContent-"},
	{"/nothing", HTTP_SEND_CLOSE, ""},
	{"/reset", HTTP_SEND_RESET, ""},
	{"/smtp", HTTP_SEND_CLOSE, "220 mail ESMTP\r\n"},
	{"/silent", HTTP_SEND, ""},
	{"/echo-secret", HTTP_SEND,
		"HTTP/1.1 404 No\r\nContent-Length: 21\r\n\r\nno such key: s3cr3t/x"},
	{"*", HTTP_ECHO, NULL},
	{NULL},
};

struct fixture {
	struct http_fixture *http;
	struct http_server *server;
	struct notify_env env;
	struct receiver receiver; /* the last run's */
	struct notify_run *run;
	struct delivery_result sent;
	const char *url;
	bool was_judged;
};

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	void *http = NULL;

	assert_int_equal(http_fixture_start(&http), 0);
	f->http = http;
	f->server = http_fixture_server(f->http, routes);
	f->env = (struct notify_env){
		.loop = f->http->loop, .resolver = f->http->resolver, .http = f->http->client};
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	(void)unsetenv("ALL_PROXY");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	void *http = f->http;

	notify_run_free(&f->run);
	http_server_free(&f->server);
	assert_int_equal(http_fixture_end(&http), 0);
	free(f);
	return 0;
}

static const char *a_target(const void *opts, struct arena *arena)
{
	(void)opts;
	(void)arena;
	return "";
}

static int a_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	const struct fixture *f = receiver->opts;
	struct strbuf json = STRBUF_INIT;

	(void)notification;
	(void)err;
	*ret_message = (struct notify_message){0};
	strbuf_adds(&json, "{\"text\": \"ä\"}");
	notify_http_set_json(ret_message, arena, f->url, &json);
	notify_http_set_bearer(ret_message, arena, "s3cr3t");
	strbuf_release(&json);
	return 0;
}

static void a_judge(const struct notify_run *run, const struct http_response *response,
	struct delivery_result *result)
{
	struct fixture *f = run->receiver->opts;

	f->was_judged = true;
	if (str_is(notify_http_body(response), "no_service")) {
		result->fault = CHANNEL_ARCHIVED;
	}
}

static const struct notifier_kind a_kind = {
	.variant = {.name = "a"},
	.target = a_target,
	.compose = a_compose,
	.start = notify_http_start,
	.judge = a_judge,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

static void done(void *arg, struct notify_run *run)
{
	struct fixture *f = arg;

	f->sent = run->result;
	loop_stop(f->http->loop);
}

static void send_to(struct fixture *f, struct receiver receiver, const char *url)
{
	static const struct notification notification = {.key = "k"};

	f->url = url;
	f->was_judged = false;
	notify_run_free(&f->run);
	f->receiver = receiver;
	f->receiver.kind = &a_kind;
	f->receiver.opts = f;
	f->receiver.name = "a";
	f->receiver.timeout_ms = receiver.timeout_ms ? receiver.timeout_ms : 30000;
	f->run = notify_start(&f->env, &f->receiver, &notification, done, f);
	assert_int_equal(loop_run(f->http->loop, NULL), 0);
}

static const char *url_of(struct fixture *f, const char *path)
{
	return arena_printf(
		f->http->arena, "http://127.0.0.1:%u%s", http_server_port(f->server), path);
}

static void sends_what_was_composed(void **state)
{
	struct fixture *f = *state;

	send_to(f, (struct receiver){0}, url_of(f, "/202?a=b"));
	assert_int_equal(f->sent.outcome, DELIVERY_ARRIVED);
	assert_has(http_server_request(f->server), "POST /202?a=b HTTP/1.1\r\n");
	assert_has(http_server_request(f->server), "\r\nContent-Type: application/json\r\n");
	assert_has(http_server_request(f->server), "\r\nAuthorization: Bearer s3cr3t\r\n");
	assert_has(http_server_request(f->server), "\r\n\r\n{\"text\": \"ä\"}");
}

static void each_answer_has_its_meaning(void **state)
{
	// clang-format off
	static const struct {
		const char *path;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		int code;
		int64_t retry_after_ms;
		bool may_have_arrived;
		const char *text;
	} cases[] = {
		{"/ok", DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 200: ok"},
		{"/chatty", DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 200"},
		{"/202", DELIVERY_ARRIVED, CHANNEL_OK, 202, -1, false, "answered 202"},
		{"/301", DELIVERY_REFUSED, CHANNEL_REJECTED, 301, -1, false, "answered 301, a redirect, which is not followed, to /ok"},
		{"/400", DELIVERY_REFUSED, CHANNEL_REJECTED, 400, -1, false, "answered 400: invalid_payload"},
		{"/401", DELIVERY_REFUSED, CHANNEL_REVOKED, 401, -1, false, "answered 401"},
		{"/403", DELIVERY_REFUSED, CHANNEL_REVOKED, 403, -1, false, "answered 403"},
		{"/404", DELIVERY_REFUSED, CHANNEL_ARCHIVED, 404, -1, false, "answered 404: no_service"},
		{"/408", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 408, -1, false, "answered 408"},
		{"/410", DELIVERY_REFUSED, CHANNEL_REVOKED, 410, -1, false, "answered 410"},
		{"/413", DELIVERY_REFUSED, CHANNEL_REJECTED, 413, -1, false, "answered 413"},
		{"/429", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 429, -1, false, "answered 429"},
		{"/429/7", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 429, 7000, false, "answered 429"},
		{"/500", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 500, -1, false, "answered 500"},
		{"/503/date", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 503, 30000, false, "answered 503"},
		{"/half/200", DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 200: ok"},
		{"/half/404", DELIVERY_REFUSED, CHANNEL_REVOKED, 404, -1, false, "answered 404: no"},
		{"/nothing", DELIVERY_RETRY, CHANNEL_UNREACHABLE, 0, -1, true, NULL},
		{"/reset", DELIVERY_RETRY, CHANNEL_UNREACHABLE, 0, -1, true, NULL},
		{"/smtp", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 0, -1, true, NULL},
		{"/echo-secret", DELIVERY_REFUSED, CHANNEL_REVOKED, 404, -1, false, "answered 404: no such key: ***/x"},
	};
	// clang-format on
	struct fixture *f = *state;

	time_fake(time_mono_ms(), 1751339647000); /* 2025-07-01T03:14:07Z */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		send_to(f, (struct receiver){0}, url_of(f, cases[i].path));
		if (f->sent.outcome != cases[i].outcome || f->sent.fault != cases[i].fault ||
			f->sent.code != cases[i].code ||
			f->sent.retry_after_ms != cases[i].retry_after_ms ||
			f->sent.may_have_arrived != cases[i].may_have_arrived) {
			fail_msg("%s: %s, %s, %d, %d, %d, '%s'", cases[i].path,
				delivery_outcome_name(f->sent.outcome),
				channel_fault_name(f->sent.fault), f->sent.code,
				(int)f->sent.retry_after_ms, f->sent.may_have_arrived,
				f->sent.text);
		}
		assert_int_equal(f->was_judged, f->sent.code != 0);
		if (cases[i].text) {
			assert_string_equal(f->sent.text, cases[i].text);
		}
	}
	time_fake_end();
}

static void half_a_status_line_is_none(void **state)
{
	struct fixture *f = *state;

	send_to(f, (struct receiver){0}, url_of(f, "/half/headers"));
	assert_int_not_equal(f->sent.outcome, DELIVERY_REFUSED);
	assert_true(f->sent.outcome == DELIVERY_ARRIVED || f->sent.may_have_arrived);
}

static void says_how_far_it_got(void **state)
{
	struct fixture *f = *state;

	send_to(f, (struct receiver){.timeout_ms = 200}, url_of(f, "/silent"));
	assert_int_equal(f->sent.outcome, DELIVERY_RETRY);
	assert_int_equal(f->sent.fault, CHANNEL_UNREACHABLE);
	assert_true(f->sent.may_have_arrived);
	assert_has(
		f->sent.text, "timed out after 200ms while waiting for the answer of 127.0.0.1:");

	send_to(f, (struct receiver){.timeout_ms = 100}, "http://silent.example/");
	assert_int_equal(f->sent.outcome, DELIVERY_RETRY);
	assert_false(f->sent.may_have_arrived);
	assert_string_equal(
		f->sent.text, "timed out after 100ms while looking up 'silent.example'");
}

static void nobody_there_is_unreachable(void **state)
{
	static const char *const urls[] = {
		"http://refused.example:1/", "http://missing.example/", "https://127.0.0.1:%u/ok"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		const char *url = i < 2 ? urls[i]
					: arena_printf(f->http->arena, "https://127.0.0.1:%u/ok",
						  http_server_port(f->server));

		/* the last one waits for a greeting that never comes */
		send_to(f, (struct receiver){.timeout_ms = i < 2 ? 0 : 300}, url);
		assert_int_equal(f->sent.outcome, DELIVERY_RETRY);
		assert_int_equal(f->sent.fault, CHANNEL_UNREACHABLE);
		assert_false(f->sent.may_have_arrived);
		assert_int_equal(f->sent.code, 0);
		assert_true(f->sent.text[0] != '\0');
	}
}

static void our_own_mistakes_are_ours(void **state)
{
	struct fixture *f = *state;

	send_to(f, (struct receiver){0}, "nonsense");
	assert_int_equal(f->sent.outcome, DELIVERY_REFUSED);
	assert_int_equal(f->sent.fault, CHANNEL_MISCONFIGURED);
	send_to(f, (struct receiver){.proxy = "ftp://p/"}, url_of(f, "/ok"));
	assert_int_equal(f->sent.outcome, DELIVERY_REFUSED);
	assert_int_equal(f->sent.fault, CHANNEL_MISCONFIGURED);
	send_to(f, (struct receiver){.ca_file = "/nonexistent"}, "https://127.0.0.1:1/");
	assert_int_equal(f->sent.outcome, DELIVERY_RETRY);
}

/* The proxy gets a request for a host that nobody could look up. */
static void goes_through_a_proxy(void **state)
{
	struct fixture *f = *state;
	const char *proxy = arena_printf(
		f->http->arena, "http://u:pa55word@127.0.0.1:%u", http_server_port(f->server));

	send_to(f, (struct receiver){.proxy = proxy}, "http://missing.example/ok");
	assert_int_equal(f->sent.outcome, DELIVERY_ARRIVED);
	assert_has(http_server_request(f->server), "POST http://missing.example/ok HTTP/1.1\r\n");

	assert_int_equal(setenv("http_proxy", proxy, 1), 0);
	send_to(f, (struct receiver){0}, "http://missing.example/202");
	assert_int_equal(f->sent.outcome, DELIVERY_ARRIVED);
	send_to(f, (struct receiver){.proxy = "none"}, "http://missing.example/202");
	assert_int_equal(f->sent.outcome, DELIVERY_RETRY);

	assert_int_equal(setenv("http_proxy", "http://u:pa55word@127.0.0.1:1", 1), 0);
	send_to(f, (struct receiver){0}, "http://missing.example/202");
	assert_int_equal(f->sent.fault, CHANNEL_UNREACHABLE);
	assert_has(f->sent.text, "proxy");
	assert_lacks(f->sent.text, "pa55word");
	assert_int_equal(unsetenv("http_proxy"), 0);
}

static void may_be_dropped_on_its_way(void **state)
{
	static const struct notification notification = {.key = "k"};
	struct fixture *f = *state;
	const struct receiver receiver = {
		.name = "a", .kind = &a_kind, .opts = f, .timeout_ms = 1000};

	f->url = url_of(f, "/silent");
	f->run = notify_start(&f->env, &receiver, &notification, done, f);
	notify_run_free(&f->run);
	assert_null(f->run);
}

static void basic_hides_all_of_it(void **state)
{
	struct arena *arena = arena_new();
	struct notify_message message = {.method = "POST", .url = ""};
	struct strbuf shown = STRBUF_INIT;

	(void)state;
	notify_http_set_basic(&message, arena, "eve", "p:w");
	assert_string_equal(pairs_get(&message.headers, "Authorization"), "Basic ZXZlOnA6dw==");
	notify_message_show(&message, &shown);
	assert_string_equal(shown.buf, "POST\nAuthorization: Basic ***\n");
	strbuf_release(&shown);
	arena_free(arena);
}

static void reads_retry_after(void **state)
{
	// clang-format off
	static const struct {
		const char *value;
		int64_t expected_ms;
	} cases[] = {
		{"0", 0}, {"1", 1000}, {"120", 120000}, {" 120 ", 120000},
		{"86400", 86400000}, {"86401", 86400000}, {"99999999999999999", -1}, {"9223372036854775", 86400000},
		{"-1", -1}, {"+1", -1}, {"1.5", -1}, {"1s", -1}, {"", -1}, {"soon", -1},
		{"Tue, 01 Jul 2025 03:14:07 GMT", 0},
		{"Tue, 01 Jul 2025 03:14:08 GMT", 1000},
		{"Tue, 01 Jul 2025 03:13:00 GMT", 0},
		{"Wed, 21 Oct 2015 07:28:00 GMT", 0},
		{"Tue, 01 jul 2025 04:14:07 GMT", 3600000},
		{"Tuesday, 01-Jul-25 04:14:07 GMT", 3600000},
		{"Tue Jul  1 04:14:07 2025", 3600000},
		{"Fri, 01 Jan 2100 00:00:00 GMT", 86400000},
		{"Tue, 01 Jul 2025 03:14:08 CET", -1},
		{"Tue, 01 Jul 2025 03:14:08", -1},
		{"Tue, 41 Jul 2025 03:14:08 GMT", -1},
		{"Tue, 01 Foo 2025 03:14:08 GMT", -1},
		{"Tue, 01 Jul 025 03:14:08 GMT", -1},
		{"Tue, 01 Jul 2025 24:14:08 GMT", -1},
		{"Tue, 01 Jul 2025 03:14 GMT", -1},
		{"Tue, 01 Jul 2025 03:14:08:09 GMT", -1},
		{"Tue, 01 Jul 2025 03:14:08 GMT GMT", -1},
		{",,,,", -1},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = notify_retry_after_ms(str_of(cases[i].value), 1751339647000);

		if (ms != cases[i].expected_ms) {
			fail_msg("'%s' gives %lld", cases[i].value, (long long)ms);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sends_what_was_composed),
		TEST(each_answer_has_its_meaning),
		TEST(half_a_status_line_is_none),
		TEST(says_how_far_it_got),
		TEST(nobody_there_is_unreachable),
		TEST(our_own_mistakes_are_ours),
		TEST(goes_through_a_proxy),
		TEST(may_be_dropped_on_its_way),
		cmocka_unit_test(basic_hides_all_of_it),
		cmocka_unit_test(reads_retry_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
