/*
 * Deadlines in each phase, and exchanges freed in each.
 */
#include <sys/socket.h>

#include <unistd.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/http_fixture.h"

enum { TIMEOUT_MS = 1000, LOOK_MS = 20 };

static const struct http_route silence[] = {{"*", HTTP_SEND, ""}, {NULL}};
/* Of which there is enough for half a minute. */
#define SOME "....................................................................................."
#define MUCH SOME SOME SOME SOME SOME SOME
static const struct http_route drip[] = {
	{"*", HTTP_DRIP,
		"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" MUCH MUCH MUCH MUCH MUCH MUCH},
	{NULL}};
static const struct http_route half[] = {
	{"*", HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}, {NULL}};

struct phase_case {
	const char *scheme, *host;
	const struct http_route *routes;
	const char *phase; /* a part of it */
};

static const struct phase_case phase_cases[] = {
	{"http", "silent.example", silence, "looking up 'silent.example'"},
	{"https", "silent.example", silence, "looking up 'silent.example'"},
	{"http", "one.example", silence, "waiting for the answer of 127.0.0.1:"},
	{"https", "one.example", silence, "TLS handshake of 127.0.0.1:"},
	{"http", "one.example", drip, "reading the answer of 127.0.0.1:"},
	{"http", "one.example", half, "reading the answer of 127.0.0.1:"},
};

static void test_timeouts(void **state)
{
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(phase_cases); i++) {
		const struct phase_case *c = &phase_cases[i];
		struct http_server *server = http_fixture_server(fixture, c->routes);
		int64_t begun_ms = time_mono_ms();
		struct http_answer answer = http_fixture_run(fixture,
			(struct http_request){
				.url = http_fixture_url(fixture, c->scheme, c->host, server, "/"),
				.skip_verify = true,
				.timeout_ms = TIMEOUT_MS});
		const struct http_phases *phases = &answer.response.phases;

		assert_in_range(time_mono_ms() - begun_ms, TIMEOUT_MS, 60 * TIMEOUT_MS);
		assert_int_equal(answer.response.status, HTTP_TIMEOUT);
		assert_has(answer.response.phase, c->phase);
		assert_has(answer.response.text, "1 s");
		assert_true(phases->total_us >= TIMEOUT_MS * 1000);
		/* The time that was waited stands where it was waited. */
		assert_true(phases->lookup_us + phases->connect_us + phases->tls_us +
				    phases->first_byte_us + phases->transfer_us >
			    TIMEOUT_MS * 900);
		http_server_free(&server);
	}
}

static void test_timeout_keeps_what_came(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, half);
	struct http_answer answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/"),
			.timeout_ms = TIMEOUT_MS});

	assert_int_equal(answer.response.status, HTTP_TIMEOUT);
	assert_int_equal(answer.response.http_status, 200);
	assert_string_equal(answer.response.http_version, "1.1");
	assert_string_equal(answer.body, "half");
	assert_has(answer.headers, "Content-Length: 10");
	http_server_free(&server);
}

/* A listener whose queue is full: the kernel drops what comes. */
static void test_timeout_connecting(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, silence);
	struct address address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fillers[8];
	struct http_answer answer;

	assert_true(address_parse(str_of("127.0.0.3"), http_server_port(server), &address));
	assert_int_equal(bind(listener, &address.sa.any, address.sa_len), 0);
	assert_int_equal(listen(listener, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fillers[i], &address.sa.any, address.sa_len);
	}
	answer = http_fixture_run(
		fixture, (struct http_request){
				 .url = http_fixture_url(fixture, "http", "127.0.0.3", server, "/"),
				 .timeout_ms = TIMEOUT_MS});
	assert_int_equal(answer.response.status, HTTP_TIMEOUT);
	assert_int_equal(answer.response.lookup_status, LOOKUP_OK);
	assert_has(answer.response.phase, "connecting to 127.0.0.3:");
	assert_has(answer.response.text, "no answer from 127.0.0.3:");
	assert_true(answer.response.phases.connect_us >= TIMEOUT_MS * 900);
	for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
		(void)close(fillers[i]);
	}
	(void)close(listener);
	http_server_free(&server);
}

/* The deadline is one for all requests of an exchange. */
static void test_deadline_covers_redirects(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"/silence", HTTP_SEND, ""},
		{"*", HTTP_DRIP,
			"HTTP/1.1 302 Found\r\nLocation: /silence\r\nContent-Length: 0\r\n\r\n"},
		{NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	int64_t begun_ms = time_mono_ms();
	struct http_answer answer = http_fixture_run(fixture,
		(struct http_request){
			.url = http_fixture_url(fixture, "http", "one.example", server, "/"),
			.redirects_max = 5,
			.timeout_ms = 4000});

	assert_int_equal(answer.response.status, HTTP_TIMEOUT);
	assert_int_equal(answer.response.redirects, 1);
	assert_has(answer.response.url, "/silence");
	assert_has(answer.response.phase, "waiting for the answer of ");
	assert_in_range(time_mono_ms() - begun_ms, 4000, 20000);
	http_server_free(&server);
}

struct freeing {
	struct http_exchange *exchange;
	struct strbuf phase;
	const char *awaited; /* a part of the phase in which it is freed */
	struct loop *loop;
	struct timer *timer;
};

static void on_look(void *arg)
{
	struct freeing *freeing = arg;

	strbuf_clear(&freeing->phase);
	http_exchange_add_phase(freeing->exchange, &freeing->phase);
	if (!strstr(freeing->phase.buf, freeing->awaited)) {
		timer_set(freeing->timer, LOOK_MS);
		return;
	}
	http_exchange_free(&freeing->exchange);
	assert_null(freeing->exchange);
	loop_stop(freeing->loop);
}

static void test_freed(void **state)
{
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(phase_cases); i++) {
		const struct phase_case *c = &phase_cases[i];
		struct http_server *server = http_fixture_server(fixture, c->routes);
		struct http_request request = {
			.url = http_fixture_url(fixture, c->scheme, c->host, server, "/"),
			.skip_verify = true,
			.timeout_ms = 10000,
		};
		struct freeing freeing = {
			.phase = STRBUF_INIT, .awaited = c->phase, .loop = fixture->loop};
		struct http_answer answer;

		freeing.timer = timer_add(fixture->loop, LOOK_MS, on_look, &freeing);
		freeing.exchange = http_fixture_begin(fixture, &request, &answer);
		http_fixture_loop(fixture);
		assert_false(answer.is_done);
		assert_null(freeing.exchange);
		strbuf_release(&freeing.phase);
		timer_free(&freeing.timer);
		http_server_free(&server);
	}
}

static void test_freed_at_once(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_server *server = http_fixture_server(fixture, silence);
	static const char *const hosts[] = {"one.example", "127.0.0.1", "silent.example"};

	for (size_t i = 0; i < 2 * ARRAY_LEN(hosts); i++) {
		struct http_request request = {
			.url = http_fixture_url(fixture, "http", hosts[i / 2], server, "/"),
			.method = "BAD METHOD",
			.timeout_ms = 10000,
		};
		struct http_answer answer;
		struct http_exchange *exchange;

		if (i % 2 == 0) {
			request.method = NULL;
			request.reuse_connection = true;
		}
		exchange = http_fixture_begin(fixture, &request, &answer);
		http_exchange_free(&exchange);
		http_exchange_free(&exchange);
		http_fixture_loop(fixture);
		assert_false(answer.is_done);
	}
	http_server_free(&server);
}

/* From inside a callback: free another exchange, start a new one. */
struct reentrant {
	struct http_fixture *fixture;
	const struct http_request *request;
	struct http_exchange *victim;
	struct http_answer again;
	int calls;
};

static void on_reentrant(void *arg, const struct http_response *response)
{
	struct reentrant *reentrant = arg;

	assert_int_equal(response->status, HTTP_OK);
	reentrant->calls++;
	http_exchange_free(&reentrant->victim);
	(void)http_fixture_begin(reentrant->fixture, reentrant->request, &reentrant->again);
}

static void test_reentrant(void **state)
{
	struct http_fixture *fixture = *state;
	static const struct http_route routes[] = {{"/silence", HTTP_SEND, ""},
		{"*", HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	struct http_request request = {
		.url = http_fixture_url(fixture, "http", "one.example", server, "/"),
		.timeout_ms = 10000,
	};
	struct http_request slow = {
		.url = http_fixture_url(fixture, "http", "one.example", server, "/silence"),
		.timeout_ms = 10000,
	};
	struct reentrant reentrant = {.fixture = fixture, .request = &request};

	reentrant.victim = http_start(fixture->client, &slow, on_reentrant, &reentrant);
	(void)http_start(fixture->client, &request, on_reentrant, &reentrant);
	http_fixture_loop(fixture);
	assert_int_equal(reentrant.calls, 1);
	assert_int_equal(reentrant.again.response.status, HTTP_OK);
	http_server_free(&server);
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_timeouts),
		HTTP_TEST(test_timeout_keeps_what_came),
		HTTP_TEST(test_timeout_connecting),
		HTTP_TEST(test_deadline_covers_redirects),
		HTTP_TEST(test_freed),
		HTTP_TEST(test_freed_at_once),
		HTTP_TEST(test_reentrant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
