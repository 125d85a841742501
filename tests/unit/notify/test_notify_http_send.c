/*
 * Messages over HTTP: one request, several in their order, one to each of several places.
 */
#include "notify/kind_fixture.h"
#include "notify/notify_http.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
#define BUSY "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy"
#define BAD "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad"
#define SLOW_DOWN "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n"
#define SILENCE ""

enum { PLACES_MAX = 3 };

struct places {
	struct http_server *servers[PLACES_MAX];
	struct http_route routes[PLACES_MAX][2];
	const char *urls[PLACES_MAX + 1]; /* of the kind's message */
};

/* What the made-up kind has as its options. */
static int places_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	const struct places *places = receiver->opts;
	struct notify_message *message = ret_message;

	(void)notification;
	(void)err;
	for (size_t i = 0; places->urls[i]; i++) {
		if (i > 0) {
			message->next = arena_alloc(arena, sizeof(*message));
			message = message->next;
		}
		*message = (struct notify_message){.method = "POST", .url = places->urls[i]};
		message->body = str_of(arena_printf(arena, "part %zu s3cret", i + 1));
		pairs_set(&message->headers, arena, str_of("X-Part"),
			str_of(arena_printf(arena, "%zu", i + 1)));
	}
	notify_message_add_secret(ret_message, "s3cret");
	return 0;
}

static const struct notifier_kind in_order = {
	.compose = places_compose,
	.start = notify_http_start,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

static const struct notifier_kind everywhere = {
	.compose = places_compose,
	.start = notify_http_start_everywhere,
	.interrupted = notify_http_interrupted,
	.release = notify_http_release,
};

struct places_case {
	const char *name;
	const struct notifier_kind *kind;
	const char *answers[PLACES_MAX]; /* "refused": nothing listens; NULL: no more */
	enum delivery_outcome outcome;
	enum channel_fault fault;
	int code;
	int64_t retry_after_ms;
	bool may_have_arrived;
	const char *text;            /* part of it */
	size_t requests[PLACES_MAX]; /* that came */
};

// clang-format off
static const struct places_case cases[] = {
	{"one", &in_order, {OK}, DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 200: ok", {1}},
	{"all of them", &in_order, {ACCEPTED, OK, OK}, DELIVERY_ARRIVED, CHANNEL_OK, 202, -1, false, "answered 202", {1, 1, 1}},
	{"the first fails", &in_order, {BUSY, OK}, DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 503, 7000, false, "answered 503: busy", {1, 0}},
	{"the second fails", &in_order, {OK, BUSY, OK}, DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 503, 7000, true, "request 2 of 3: answered 503: busy", {1, 1, 0}},
	{"the last is refused", &in_order, {OK, OK, BAD}, DELIVERY_REFUSED, CHANNEL_REJECTED, 400, -1, true, "request 3 of 3: answered 400: bad", {1, 1, 1}},
	{"the second is throttled", &in_order, {OK, SLOW_DOWN}, DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 429, 9000, true, "request 2 of 2", {1, 1}},
	{"nobody there", &in_order, {"refused", OK}, DELIVERY_RETRY, CHANNEL_UNREACHABLE, 0, -1, false, "connection refused", {0, 0}},
	{"silence", &in_order, {SILENCE, OK}, DELIVERY_RETRY, CHANNEL_UNREACHABLE, 0, -1, true, "timed out after 1s while waiting for the answer", {1, 0}},
	{"silence after the first", &in_order, {OK, SILENCE}, DELIVERY_RETRY, CHANNEL_UNREACHABLE, 0, -1, true, "request 2 of 2: timed out after 1s", {1, 1}},

	{"one place", &everywhere, {OK}, DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 200: ok", {1}},
	{"one place, busy", &everywhere, {BUSY}, DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 503, 7000, false, "answered 503: busy", {1}},
	{"every place", &everywhere, {OK, OK, OK}, DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 200: ok at 3 of 3", {1, 1, 1}},
	{"only the last", &everywhere, {BUSY, "refused", OK}, DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 200: ok at 1 of 3; http://one.example:", {1, 0, 1}},
	{"only the first", &everywhere, {OK, BAD}, DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "answered 400: bad", {1, 1}},
	{"none", &everywhere, {BAD, BUSY}, DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 503, 7000, false, "answered 400: bad", {1, 1}},
	{"none will", &everywhere, {BAD, BAD}, DELIVERY_REFUSED, CHANNEL_REJECTED, 400, -1, false, "answered 400: bad", {1, 1}},
	{"one later, one never", &everywhere, {BAD, SLOW_DOWN}, DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 429, 9000, false, "answered 429", {1, 1}},
	{"one is silent", &everywhere, {SILENCE, OK}, DELIVERY_ARRIVED, CHANNEL_OK, 200, -1, false, "timed out after 1s while waiting for the answer", {1, 1}},
	{"one is silent, one refuses", &everywhere, {SILENCE, BAD}, DELIVERY_RETRY, CHANNEL_UNREACHABLE, 0, -1, true, "timed out after 1s", {1, 1}},
};
// clang-format on

static void places_start(
	struct places *places, struct http_fixture *fixture, const char *const *answers)
{
	*places = (struct places){0};
	for (size_t i = 0; i < PLACES_MAX && answers[i]; i++) {
		if (strcmp(answers[i], "refused") == 0) {
			places->urls[i] = "http://refused.example:1/";
			continue;
		}
		places->routes[i][0] = (struct http_route){"*", HTTP_SEND, answers[i]};
		places->servers[i] = http_fixture_server(fixture, places->routes[i]);
		places->urls[i] =
			http_fixture_url(fixture, "http", "one.example", places->servers[i], "/x")
				->text;
	}
}

static void places_end(struct places *places)
{
	for (size_t i = 0; i < PLACES_MAX; i++) {
		http_server_free(&places->servers[i]);
	}
}

static void run_case(struct http_fixture *fixture, const struct places_case *c)
{
	struct places places;
	struct sample sample;
	struct receiver receiver = {
		.kind = c->kind, .opts = &places, .timeout_ms = 1000, .proxy = "none"};
	struct delivery_result result;

	places_start(&places, fixture, c->answers);
	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	if (!strstr(c->text, "timed out")) {
		receiver.timeout_ms = 20000;
	}
	result = send_of(fixture, &receiver, &sample.notification);
	assert_int_equal(result.outcome, c->outcome);
	assert_int_equal(result.fault, c->fault);
	assert_int_equal(result.code, c->code);
	assert_int_equal(result.retry_after_ms, c->retry_after_ms);
	assert_int_equal(result.may_have_arrived, c->may_have_arrived);
	assert_has(result.text, c->text);
	for (size_t i = 0; i < PLACES_MAX; i++) {
		if (places.servers[i]) {
			assert_int_equal(http_server_requests(places.servers[i]), c->requests[i]);
		}
		if (c->requests[i]) {
			assert_has(http_server_request(places.servers[i]),
				arena_printf(fixture->arena, "\r\n\r\npart %zu s3cret", i + 1));
		}
	}
	places_end(&places);
}

static void test_places(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].name);
		run_case(*state, &cases[i]);
	}
}

/* The message is where it belongs: whoever does not answer is not waited for until the deadline. */
static void test_grace(void **state)
{
	static const char *const answers[PLACES_MAX] = {SILENCE, OK};
	struct http_fixture *fixture = *state;
	struct places places;
	struct sample sample;
	const struct receiver receiver = {
		.kind = &everywhere, .opts = &places, .timeout_ms = 600000, .proxy = "none"};
	struct delivery_result result;

	places_start(&places, fixture, answers);
	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	result = send_of(fixture, &receiver, &sample.notification);
	assert_int_equal(result.outcome, DELIVERY_ARRIVED);
	assert_has(result.text, "given up while waiting for the answer");
	places_end(&places);
}

static void test_bad_urls(void **state)
{
	struct http_fixture *fixture = *state;
	struct places places = {.urls = {"http://", "nonsense"}};
	struct sample sample;
	struct receiver receiver = {
		.kind = &everywhere, .opts = &places, .timeout_ms = 20000, .proxy = "none"};
	struct delivery_result result;

	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	for (int i = 0; i < 2; i++) {
		result = send_of(fixture, &receiver, &sample.notification);
		assert_int_equal(result.outcome, DELIVERY_REFUSED);
		assert_int_equal(result.fault, CHANNEL_MISCONFIGURED);
		receiver.kind = &in_order;
	}
}

static void count_done(void *arg, struct notify_run *run)
{
	(void)run;
	++*(int *)arg;
}

/* At any moment, with several requests under way. */
static void test_freed_early(void **state)
{
	static const char *const answers[PLACES_MAX] = {SILENCE, OK, SILENCE};
	struct http_fixture *fixture = *state;
	const struct notify_env env = {.loop = fixture->loop, .http = fixture->client};
	struct places places;
	struct sample sample;
	const struct receiver receiver = {
		.kind = &everywhere, .opts = &places, .timeout_ms = 20000, .proxy = "none"};
	struct notify_run *run;
	int done = 0;

	places_start(&places, fixture, answers);
	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	run = notify_start(&env, &receiver, &sample.notification, count_done, &done);
	notify_run_free(&run);
	assert_null(run);
	http_fixture_loop(fixture);
	assert_int_equal(done, 0);
	places_end(&places);
}

static void test_shown(void **state)
{
	struct http_fixture *fixture = *state;
	struct places places = {.urls = {"http://one/", "http://two/"}};
	struct sample sample;
	const struct receiver receiver = {.kind = &everywhere, .opts = &places};

	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	assert_string_equal(shown_of(fixture->arena, &receiver, &sample.notification),
		"POST http://one/\nX-Part: 1\n\npart 1 ***\n"
		"\n"
		"POST http://two/\nX-Part: 2\n\npart 2 ***\n");
}

static void test_senders(void **state)
{
	const struct notifier_kind other = {.compose = places_compose};

	(void)state;
	assert_true(notify_http_is_sender(&in_order));
	assert_true(notify_http_is_sender(&everywhere));
	assert_false(notify_http_is_sender(&other));
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_places),
		HTTP_TEST(test_grace),
		HTTP_TEST(test_bad_urls),
		HTTP_TEST(test_freed_early),
		HTTP_TEST(test_shown),
		cmocka_unit_test(test_senders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
