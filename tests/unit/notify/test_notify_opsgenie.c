/*
 * Requests as Opsgenie gets them, whatever an alert is, and what its answers mean.
 */
#include "base/utf8.h"
#include "notify/incident.h"
#include "notify/json_at.h"
#include "notify/kind_fixture.h"
#include "notify/notify_text.h"

#define KEY "00000000-1111-2222-3333-444444444444"
#define ALIAS "sre:1e51dd833afe7fa4b4ae8abd98438e27bee1c2c3-critical"
#define BIT(severity) (1U << SEVERITY_##severity)

static void test_create(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver =
		receiver_of(arena, "{opsgenie: " KEY ", tags: [prod], teams: [ops, db]}");
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	message = message_of(arena, receiver, &sample.notification);
	assert_string_equal(message.method, "POST");
	assert_string_equal(message.url, "https://api.opsgenie.com/v2/alerts");
	assert_string_equal(pairs_get(&message.headers, "Authorization"), "GenieKey " KEY);
	assert_string_equal(pairs_get(&message.headers, "Content-Type"), "application/json");
	assert_null(message.next);
	root = body_of(&message);
	assert_string_equal(text_at(root, "message"), "[CRITICAL] disk full (db-01)");
	assert_string_equal(text_at(root, "alias"), ALIAS);
	assert_string_equal(text_at(root, "description"), "/var is at 97 %\nsince the upgrade");
	assert_string_equal(text_at(root, "priority"), "P1");
	assert_string_equal(text_at(root, "source"), "sre-toolkit");
	assert_string_equal(text_at(root, "entity"), "db-01");
	assert_string_equal(text_at(root, "tags.0"), "prod");
	assert_string_equal(text_at(root, "tags.1"), "team:db");
	assert_string_equal(text_at(root, "responders.0.type"), "team");
	assert_string_equal(text_at(root, "responders.1.name"), "db");
	assert_string_equal(text_at(root, "details.used"), "97 %");
	assert_string_equal(text_at(root, "details.team"), "db");
	assert_string_equal(text_at(root, "details.alert_id"), "42");
	assert_string_equal(text_at(root, "details.runbook"), sample.alert.runbook);
	assert_null(json_at(root, "details.not_shown"));
	json_decref(root);
}

static void test_priorities(void **state)
{
	static const struct {
		const char *yaml;
		enum severity severity;
		const char *priority;
	} cases[] = {
		{"{opsgenie: k}", SEVERITY_CRITICAL, "P1"},
		{"{opsgenie: k}", SEVERITY_WARNING, "P3"},
		{"{opsgenie: k}", SEVERITY_INFO, "P5"},
		{"{opsgenie: k, priorities: {critical: P2}}", SEVERITY_CRITICAL, "P2"},
		{"{opsgenie: k, priorities: {critical: P2}}", SEVERITY_INFO, "P5"},
		{"{opsgenie: k, priorities: {info: P4, warning: P1}}", SEVERITY_WARNING, "P1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.severity = cases[i].severity;
		message =
			message_of(arena, receiver_of(arena, cases[i].yaml), &sample.notification);
		root = body_of(&message);
		assert_string_equal(text_at(root, "priority"), cases[i].priority);
		json_decref(root);
	}
}

static void test_purposes(void **state)
{
#define ALERTS "https://api.opsgenie.com/v2/alerts"
#define OF(severity) "/sre%3A1e51dd833afe7fa4b4ae8abd98438e27bee1c2c3-" severity
	static const struct {
		enum notification_purpose purpose;
		const char *urls[3];
		const char *priority;
	} cases[] = {
		{NOTIFICATION_TRIGGER, {ALERTS, ALERTS OF("warning") "/close?identifierType=alias"},
			"P1"},
		{NOTIFICATION_REMINDER,
			{ALERTS, ALERTS OF("warning") "/close?identifierType=alias"}, "P1"},
		{NOTIFICATION_RESOLVE, {ALERTS OF("warning") "/close?identifierType=alias"}, NULL},
		{NOTIFICATION_ACKNOWLEDGE,
			{ALERTS OF("warning") "/acknowledge?identifierType=alias"}, NULL},
		{NOTIFICATION_NOTICE, {ALERTS}, "P1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct receiver *receiver = receiver_of(arena, "{opsgenie: " KEY "}");
		const struct notify_message *m;
		struct notify_message message;
		struct sample sample;
		size_t count = 0;

		sample_init(&sample, arena, cases[i].purpose);
		sample.notification.told = BIT(WARNING);
		sample.notification.title = "receiver 'slack' is dead";
		sample.notification.text = "it answered 404";
		message = message_of(arena, receiver, &sample.notification);
		for (m = &message; m; m = m->next, count++) {
			json_t *root = body_of(m);

			assert_non_null(cases[i].urls[count]);
			assert_string_equal(m->url, cases[i].urls[count]);
			assert_string_equal(
				pairs_get(&m->headers, "Authorization"), "GenieKey " KEY);
			assert_true((json_at(root, "priority") != NULL) ==
				    (m == &message && cases[i].priority));
			assert_string_equal(text_at(root, "source"), "sre-toolkit");
			json_decref(root);
		}
		assert_null(cases[i].urls[count]);
	}
}

static void test_test(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{opsgenie: " KEY "}");
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TEST);
	message = message_of(arena, receiver, &sample.notification);
	root = body_of(&message);
	assert_string_equal(text_at(root, "priority"), "P5");
	json_decref(root);
	assert_non_null(message.next);
	assert_has(message.next->url, "/v2/alerts/sre%3Atest%3A");
	assert_has(message.next->url, "/close?identifierType=alias");
	assert_null(message.next->next);
}

static void test_acknowledge(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{opsgenie: " KEY "}");
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_ACKNOWLEDGE);
	message = message_of(arena, receiver, &sample.notification);
	root = body_of(&message);
	assert_string_equal(text_at(root, "user"), "alice");
	assert_string_equal(text_at(root, "note"), "[ACKNOWLEDGED] disk full (db-01)");
	json_decref(root);
	sample.alert.acked_by = NULL;
	message = message_of(arena, receiver, &sample.notification);
	root = body_of(&message);
	assert_null(json_at(root, "user"));
	json_decref(root);
}

static void test_not_for_many(void **state)
{
	const struct notification notification = {.purpose = NOTIFICATION_DIGEST};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{opsgenie: " KEY "}");
	struct notify_message message;
	struct err err = {0};

	(void)state;
	assert_int_equal(
		receiver->kind->compose(receiver, &notification, arena, &message, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

static size_t units(const char *text)
{
	assert_true(utf8_is_valid(str_of(text)));
	return notify_size(str_of(text), NOTIFY_UTF16);
}

static size_t details_size(json_t *details)
{
	const char *name;
	json_t *value;
	size_t size = 0;

	json_object_foreach(details, name, value)
	{
		size += units(name) + units(json_string_value(value));
	}
	return size;
}

static void test_limits(void **state)
{
	static const char *const pieces[] = {"x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x94\xa5"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct receiver *receiver = receiver_of(arena, "{opsgenie: " KEY "}");
		const char *large = repeated(arena, pieces[i], 1 << 20);
		const char *value = repeated(arena, pieces[i], 8 << 10);
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.title = large;
		sample.alert.source = large;
		sample.alert.message = large;
		for (int j = 0; j < 64; j++) {
			pairs_set(&sample.alert.fields, arena,
				str_of(arena_printf(arena, "field %d", j)), str_of(value));
			pairs_set(&sample.alert.labels, arena,
				str_of(arena_printf(arena, "label %d", j)), str_of(value));
		}
		message = message_of(arena, receiver, &sample.notification);
		root = body_of(&message);
		assert_in_range(units(text_at(root, "message")), 128, 130);
		assert_in_range(units(text_at(root, "description")), 14998, 15000);
		assert_in_range(units(text_at(root, "entity")), 510, 512);
		assert_int_equal(json_array_size(json_at(root, "tags")), 20);
		assert_in_range(units(text_at(root, "tags.1")), 48, 50);
		assert_in_range(details_size(json_at(root, "details")), 1000, 8000);
		assert_non_null(json_at(root, "details.field 63"));
		json_decref(root);

		for (int j = 0; j < 300; j++) {
			pairs_set(&sample.alert.fields, arena,
				str_of(arena_printf(arena, "%d%.120s", j, value)), str_of("x"));
		}
		message = message_of(arena, receiver, &sample.notification);
		root = body_of(&message);
		assert_in_range(details_size(json_at(root, "details")), 1000, 8000);
		assert_has(text_at(root, "details.not_shown"), " more did not fit");
		json_decref(root);
	}
}

static void test_options(void **state)
{
	static const struct {
		const char *yaml, *fault;
	} cases[] = {
		{"{opsgenie: ''}", "opsgenie: the key is empty"},
		{"{opsgenie: \"s3cret\\nX-Evil: 1\"}", "character 7 of the key"},
		{"{opsgenie: 's3cret key'}", "character 7 of the key"},
		{"{opsgenie: k, region: mars}", "mars"},
		{"{opsgenie: k, priorities: {critical: P6}}", "P6"},
		{"{opsgenie: k, priorities: {dire: P1}}", "dire"},
		{"{opsgenie: k, url: 'gopher://x'}", "url: "},
		{"{opsgenie: k, tags: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]}",
			"tags: at most 20, not 21"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = receiver_fault(arena, cases[i].yaml);

		assert_has(fault, cases[i].fault);
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
	assert_string_equal(target_of(arena, "{opsgenie: k}"), ALERTS);
	assert_string_equal(target_of(arena, "{opsgenie: k, region: eu}"),
		"https://api.eu.opsgenie.com/v2/alerts");
	assert_string_equal(target_of(arena, "{opsgenie: k, url: 'http://proxy/og'}"),
		"http://proxy/og/v2/alerts");
	assert_string_equal(target_of(arena, "{opsgenie: k, url: 'http://proxy/og/'}"),
		"http://proxy/og/v2/alerts");
}

static void test_secret(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{opsgenie: " KEY "}");
	struct sample sample;
	const char *shown;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TEST);
	shown = shown_of(arena, receiver, &sample.notification);
	assert_has(shown, "Authorization: GenieKey ***\n");
	assert_lacks(shown, KEY);
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
		{ANSWER("202 Accepted", "{\"result\": \"Request will be processed\"}"),
			DELIVERY_ARRIVED, CHANNEL_OK, -1, "answered 202"},
		{ANSWER("422 Unprocessable", "{\"message\": \"Not processable.\", \"errors\": "
					     "{\"message\": \"can not be empty\", \"x\": 1}}"),
			DELIVERY_REFUSED, CHANNEL_REJECTED, -1,
			"answered 422: Not processable.; message: can not be empty"},
		{ANSWER("401 Unauthorized", "{\"message\": \"Could not authenticate " KEY "\"}"),
			DELIVERY_REFUSED, CHANNEL_REVOKED, -1,
			"answered 401: Could not authenticate ***"},
		{ANSWER("403 Forbidden", "[]"), DELIVERY_REFUSED, CHANNEL_REVOKED, -1,
			"answered 403: []"},
		{ANSWER("422 Unprocessable", ""), DELIVERY_REFUSED, CHANNEL_REJECTED, -1,
			"answered 422"},
		{ANSWER("429 Too Many Requests\r\nX-RateLimit-Period-In-Sec: 60", ""),
			DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 60000, "answered 429"},
		{ANSWER("429 Too Many Requests\r\nX-RateLimit-Period-In-Sec: 999999999", ""),
			DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, -1, "answered 429"},
		{ANSWER("429 Too Many Requests\r\nRetry-After: 5\r\n"
			"X-RateLimit-Period-In-Sec: 60",
			 ""),
			DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 5000, "answered 429"},
		{ANSWER("500 Oops", "{}"), DELIVERY_RETRY, CHANNEL_UNAVAILABLE, -1, "answered 500"},
	};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_route routes[] = {
			{"/v2/alerts", HTTP_SEND_CLOSE, cases[i].answer}, {NULL}};
		struct http_server *server = http_fixture_server(fixture, routes);
		const struct receiver *receiver = receiver_of(fixture->arena,
			arena_printf(fixture->arena, "{opsgenie: " KEY ", proxy: none, url: '%s'}",
				http_fixture_url(fixture, "http", "one.example", server, "")
					->text));
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
		http_server_free(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_test),
		cmocka_unit_test(test_acknowledge),
		cmocka_unit_test(test_not_for_many),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_secret),
		cmocka_unit_test_setup_teardown(test_answers, http_fixture_start, http_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
