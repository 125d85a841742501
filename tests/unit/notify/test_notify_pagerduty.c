/*
 * Events as PagerDuty gets them, whatever an alert is, and what its answers mean.
 */
#include "notify/incident.h"
#include "notify/json_at.h"
#include "notify/kind_fixture.h"
#include "notify/notify_http.h"

#define KEY "0123456789abcdef0123456789ABCDEF"
#define BIT(severity) (1U << SEVERITY_##severity)

static void test_trigger(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver =
		receiver_of(arena, "{pagerduty: " KEY ", component: disk, class: capacity}");
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	pairs_set(&sample.alert.labels, arena, str_of("group"), str_of("databases"));
	pairs_set(&sample.alert.labels, arena, str_of("class"), str_of("overruled"));
	sample.alert.hidden = 212;
	sample.alert.hidden_since_ms = SAMPLE_STARTED_MS;
	message = message_of(arena, receiver, &sample.notification);
	assert_string_equal(message.method, "POST");
	assert_string_equal(message.url, "https://events.pagerduty.com/v2/enqueue");
	assert_string_equal(pairs_get(&message.headers, "Content-Type"), "application/json");
	assert_null(message.next);
	root = body_of(&message);
	assert_string_equal(text_at(root, "routing_key"), KEY);
	assert_string_equal(text_at(root, "event_action"), "trigger");
	assert_string_equal(text_at(root, "dedup_key"),
		"sre:1e51dd833afe7fa4b4ae8abd98438e27bee1c2c3-critical");
	assert_string_equal(text_at(root, "client"), "sre-toolkit");
	assert_string_equal(text_at(root, "payload.summary"), "[CRITICAL] disk full (db-01)");
	assert_string_equal(text_at(root, "payload.source"), "db-01");
	assert_string_equal(text_at(root, "payload.severity"), "critical");
	assert_string_equal(text_at(root, "payload.timestamp"), "2025-07-01T03:24:59.000Z");
	assert_string_equal(text_at(root, "payload.component"), "disk");
	assert_string_equal(text_at(root, "payload.group"), "databases");
	assert_string_equal(text_at(root, "payload.class"), "capacity");
	assert_string_equal(text_at(root, "payload.custom_details.message"),
		"/var is at 97 %\nsince the upgrade");
	assert_string_equal(text_at(root, "payload.custom_details.hidden"), "+212 since 03:10 UTC");
	assert_string_equal(text_at(root, "payload.custom_details.fields.used"), "97 %");
	assert_string_equal(text_at(root, "payload.custom_details.labels.team"), "db");
	assert_null(json_at(root, "payload.custom_details.note"));
	assert_string_equal(text_at(root, "links.0.href"), "https://wiki.example.com/disk?a=1&b=2");
	json_decref(root);
}

static void test_purposes(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		const char *actions; /* of its events */
		const char *severity;
	} cases[] = {
		{NOTIFICATION_TRIGGER, "trigger resolve ", "critical"},
		{NOTIFICATION_REMINDER, "trigger resolve ", "critical"},
		{NOTIFICATION_RESEND, "trigger resolve ", "critical"},
		{NOTIFICATION_RESOLVE, "resolve ", NULL},
		{NOTIFICATION_ACKNOWLEDGE, "acknowledge ", NULL},
		{NOTIFICATION_NOTICE, "trigger ", "critical"},
		{NOTIFICATION_TEST, "trigger resolve ", "info"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");
		struct notify_message message;
		struct sample sample;
		const char *actions = "";
		json_t *root;

		sample_init(&sample, arena, cases[i].purpose);
		sample.notification.told = BIT(WARNING);
		sample.notification.title = "receiver 'slack' is dead";
		sample.notification.text = "it answered 404";
		message = message_of(arena, receiver, &sample.notification);
		for (const struct notify_message *m = &message; m; m = m->next) {
			root = body_of(m);
			actions = arena_printf(
				arena, "%s%s ", actions, text_at(root, "event_action"));
			assert_string_equal(text_at(root, "routing_key"), KEY);
			assert_true((json_at(root, "payload") != NULL) ==
				    (m == &message && cases[i].severity));
			json_decref(root);
		}
		assert_string_equal(actions, cases[i].actions);
		if (cases[i].severity) {
			root = body_of(&message);
			assert_string_equal(text_at(root, "payload.severity"), cases[i].severity);
			json_decref(root);
		}
	}
}

static void test_notice(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");
	struct notification notification = {
		.key = "k",
		.purpose = NOTIFICATION_NOTICE,
		.severity = SEVERITY_WARNING,
		.title = "receiver 'slack' is dead",
		.text = "it answered 404: no_service",
		.time_ms = SAMPLE_NOW_MS,
	};
	struct notify_message message = message_of(arena, receiver, &notification);
	json_t *root = body_of(&message);

	(void)state;
	assert_string_equal(text_at(root, "payload.summary"), "[NOTICE] receiver 'slack' is dead");
	assert_string_equal(text_at(root, "payload.source"), "sre-toolkit");
	assert_string_equal(text_at(root, "payload.custom_details.message"), notification.text);
	json_decref(root);
}

static void test_not_for_many(void **state)
{
	static const enum notification_purpose purposes[] = {
		NOTIFICATION_SUMMARY, NOTIFICATION_DIGEST};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		const struct notification notification = {.purpose = purposes[i]};
		struct notify_message message;
		struct err err = {0};

		assert_int_equal(
			receiver->kind->compose(receiver, &notification, arena, &message, &err),
			-1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

static size_t chars(const char *text)
{
	size_t count = 0;

	for (; *text; text++) {
		count += (*text & 0xc0) != 0x80;
	}
	return count;
}

/* The cut falls inside a character of several bytes, and only whole ones are left. */
static void test_long_title(void **state)
{
	static const char *const pieces[] = {"x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x94\xa5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.title = repeated(arena, pieces[i], 2 << 20);
		sample.alert.source = repeated(arena, pieces[i], 1 << 20);
		message = message_of(arena, receiver, &sample.notification);
		assert_in_range(message.body.len, 1, 512000);
		root = body_of(&message);
		assert_int_equal(chars(text_at(root, "payload.summary")), 1024);
		assert_int_equal(chars(text_at(root, "payload.source")), 1024);
		json_decref(root);
	}
}

/* Just as much as is taken, one byte more, far more: nothing is dropped, and what was cut is said.
 */
static void test_size(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");
	struct notify_message message;
	struct sample sample;
	json_t *root;
	size_t room;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.message = "x";
	message = message_of(arena, receiver, &sample.notification);
	room = 512000 - message.body.len + 1;

	sample.alert.message = repeated(arena, "x", room);
	message = message_of(arena, receiver, &sample.notification);
	assert_int_equal(message.body.len, 512000);
	root = body_of(&message);
	assert_null(json_at(root, "payload.custom_details.note"));
	json_decref(root);

	sample.alert.message = repeated(arena, "x", room + 1);
	message = message_of(arena, receiver, &sample.notification);
	assert_in_range(message.body.len, 60000, 512000);
	root = body_of(&message);
	assert_has(text_at(root, "payload.custom_details.note"), "texts are cut at 65536 bytes");
	assert_int_equal(strlen(text_at(root, "payload.custom_details.message")), 65536);
	assert_string_equal(text_at(root, "payload.custom_details.fields.used"), "97 %");
	json_decref(root);
}

static void test_many_fields(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");
	const char *value = repeated(arena, "\xe2\x80\xa8", 8192);
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	for (int i = 0; i < 64; i++) {
		pairs_set(&sample.alert.fields, arena, str_of(arena_printf(arena, "field %d", i)),
			str_of(value));
		pairs_set(&sample.alert.labels, arena, str_of(arena_printf(arena, "label %d", i)),
			str_of(value));
	}
	message = message_of(arena, receiver, &sample.notification);
	assert_in_range(message.body.len, 1, 512000);
	root = body_of(&message);
	/* shortened, and all there */
	assert_int_equal(json_object_size(json_at(root, "payload.custom_details.fields")), 65);
	assert_int_equal(json_object_size(json_at(root, "payload.custom_details.labels")), 65);
	json_decref(root);

	/* names too long to be told all */
	for (int i = 0; i < 2000; i++) {
		pairs_set(&sample.alert.fields, arena,
			str_of(arena_printf(arena, "%d %.1000s", i, value)), str_of("x"));
	}
	message = message_of(arena, receiver, &sample.notification);
	assert_in_range(message.body.len, 1, 512000);
	root = body_of(&message);
	assert_has(text_at(root, "payload.custom_details.note"),
		"of 2065 fields and 65 labels the first ");
	json_decref(root);
}

static void test_nasty(void **state)
{
	static const char nasty[] = "\"}, \"routing_key\": \"\\ <!channel> \xe2\x80\xae";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.title = nasty;
	sample.alert.source = nasty;
	sample.alert.message = "";
	pairs_set(&sample.alert.fields, arena, str_of(nasty), str_of(nasty));
	sample.alert.runbook = repeated(arena, "https://example.com/", 3000);
	message = message_of(arena, receiver, &sample.notification);
	root = body_of(&message);
	assert_string_equal(text_at(root, "routing_key"), KEY);
	assert_string_equal(text_at(root, "payload.source"), nasty);
	assert_null(json_at(root, "payload.custom_details.message"));
	assert_null(json_at(root, "links"));
	assert_string_equal(text_at(root, "payload.custom_details.runbook"), sample.alert.runbook);
	json_decref(root);
}

static void test_secret(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{pagerduty: " KEY "}");
	struct sample sample;
	const char *shown;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TEST);
	shown = shown_of(arena, receiver, &sample.notification);
	assert_has(shown, "\"routing_key\": \"***\", \"event_action\": \"trigger\"");
	assert_has(shown, "\"routing_key\": \"***\", \"event_action\": \"resolve\"");
	assert_lacks(shown, KEY);
}

static void test_options(void **state)
{
	static const struct {
		const char *yaml, *fault;
	} cases[] = {
		{"{pagerduty: short}", "a routing key has 32 characters; this one has 5"},
		{"{pagerduty: " KEY "0}", "a routing key has 32 characters; this one has 33"},
		{"{pagerduty: ''}", "a routing key has 32 characters; this one has 0"},
		{"{pagerduty: 0123456789abcdef-0123456789abcde}",
			"character 17 of this one is none"},
		{"{pagerduty: " KEY ", region: mars}", "mars"},
		{"{pagerduty: " KEY ", url: 'ftp://example.com'}", "url: "},
		{"{pagerduty: " KEY ", url: 'nonsense'}", "url: "},
		{"{pagerduty: " KEY ", url: 'https://me:s3cret@example.com/'}",
			"url: 'https://example.com/' has a user or password"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = receiver_fault(arena, cases[i].yaml);

		assert_has(fault, cases[i].fault);
		assert_lacks(fault, "0123456789");
		assert_lacks(fault, "s3cret");
	}
}

static const char *target_of(struct arena *arena, const char *yaml)
{
	const struct receiver *receiver = receiver_of(arena, yaml);

	return receiver->kind->target(receiver->opts, arena);
}

static void test_target(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(target_of(arena, "{pagerduty: " KEY "}"),
		"https://events.pagerduty.com/v2/enqueue");
	assert_string_equal(target_of(arena, "{pagerduty: " KEY ", region: eu}"),
		"https://events.eu.pagerduty.com/v2/enqueue");
	assert_string_equal(
		target_of(arena, "{pagerduty: " KEY ", region: eu, url: 'http://proxy/pd'}"),
		"http://proxy/pd");
}

static void test_answers(void **state)
{
#define ANSWER(head, body) "HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body
	static const struct {
		const char *answer;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		int64_t retry_after_ms;
		const char *text;
	} cases[] = {
		{ANSWER("202 Accepted",
			 "{\"status\": \"success\", \"message\": \"Event processed\"}"),
			DELIVERY_ARRIVED, CHANNEL_OK, -1, "answered 202"},
		{ANSWER("400 Bad Request",
			 "{\"status\": \"invalid event\", \"message\": \"Event object is "
			 "invalid\", "
			 "\"errors\": [\"'summary' is missing\", 7, \"'source' is missing\"]}"),
			DELIVERY_REFUSED, CHANNEL_REJECTED, -1,
			"answered 400: Event object is invalid; 'summary' is missing; "
			"'source' is missing"},
		{ANSWER("400 Bad Request", "{\"errors\": [\"Invalid routing key " KEY "\"]}"),
			DELIVERY_REFUSED, CHANNEL_REVOKED, -1,
			"answered 400: Invalid routing key ***"},
		{ANSWER("400 Bad Request", "<html>"), DELIVERY_REFUSED, CHANNEL_REJECTED, -1,
			"answered 400: <html>"},
		{ANSWER("400 Bad Request", "{\"errors\": {\"a\": 1}}"), DELIVERY_REFUSED,
			CHANNEL_REJECTED, -1, "answered 400: {"},
		{ANSWER("400 Bad Request", ""), DELIVERY_REFUSED, CHANNEL_REJECTED, -1,
			"answered 400"},
		{ANSWER("403 Forbidden", ""), DELIVERY_REFUSED, CHANNEL_REVOKED, -1,
			"answered 403"},
		{ANSWER("429 Too Many Requests", "{\"message\": \"later\"}"), DELIVERY_THROTTLED,
			CHANNEL_RATE_LIMITED, 30000, "answered 429"},
		{ANSWER("429 Too Many Requests\r\nRetry-After: 5", ""), DELIVERY_THROTTLED,
			CHANNEL_RATE_LIMITED, 5000, "answered 429"},
		{ANSWER("503 Unavailable", ""), DELIVERY_RETRY, CHANNEL_UNAVAILABLE, -1,
			"answered 503"},
	};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_route routes[] = {
			{"/v2/enqueue", HTTP_SEND_CLOSE, cases[i].answer}, {NULL}};
		struct http_server *server = http_fixture_server(fixture, routes);
		const char *url =
			http_fixture_url(fixture, "http", "one.example", server, "/v2/enqueue")
				->text;
		const struct receiver *receiver = receiver_of(fixture->arena,
			arena_printf(fixture->arena, "{pagerduty: " KEY ", proxy: none, url: '%s'}",
				url));
		struct delivery_result result;
		struct sample sample;

		sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
		result = send_of(fixture, receiver, &sample.notification);
		assert_int_equal(result.outcome, cases[i].outcome);
		assert_int_equal(result.fault, cases[i].fault);
		assert_int_equal(result.retry_after_ms, cases[i].retry_after_ms);
		assert_has(result.text, cases[i].text);
		assert_lacks(result.text, KEY);
		assert_lacks(result.body, KEY);
		assert_has(http_server_request(server), "\"routing_key\": \"" KEY "\"");
		http_server_free(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trigger),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_not_for_many),
		cmocka_unit_test(test_long_title),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_many_fields),
		cmocka_unit_test(test_nasty),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_target),
		cmocka_unit_test_setup_teardown(test_answers, http_fixture_start, http_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
