/*
 * Messages to ntfy: what is in them, within its limits, and what a server answers.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/http_client.h"
#include "notify/notify_fixture.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"

#define TOPIC "https://ntfy.example.com/base/my-topic_1"

static json_t *payload_of(
	struct notify_fixture *f, const char *yaml, const struct notification *notification)
{
	const struct receiver *receiver = notify_fixture_receiver(f, yaml);
	struct notify_message message = notify_fixture_compose(f, receiver, notification);
	json_t *payload = json_loadb(message.body.ptr, message.body.len, 0, NULL);

	assert_non_null(payload);
	assert_string_equal(message.url, "https://ntfy.example.com/base/");
	assert_true(message.body.len <= 8192);
	return payload;
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text) {
		fail_msg("no text '%s'", key);
	}
	return text;
}

static void tells_everything_of_an_alert(void **state)
{
	struct notify_fixture *f = *state;
	json_t *payload =
		payload_of(f, "ntfy: " TOPIC, notify_fixture_notification(f, NOTIFICATION_TRIGGER));

	assert_string_equal(text_at(payload, "topic"), "my-topic_1");
	assert_string_equal(text_at(payload, "title"), "[CRITICAL] disk full (db-01)");
	assert_string_equal(text_at(payload, "message"), "/var is 98 % full\n"
							 "and grows\n"
							 "used: 98 %\n"
							 "mount: /var\n"
							 "team: db\n"
							 "dc: north\n"
							 "since: 02:14 UTC");
	assert_string_equal(text_at(payload, "click"), "https://wiki.example.com/disk?a=1&b=2");
	json_decref(payload);
}

static void is_as_loud_as_it_is_bad(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		enum severity severity;
		int priority;
		const char *tag;
	} cases[] = {
		{NOTIFICATION_TRIGGER, SEVERITY_CRITICAL, 5, "rotating_light"},
		{NOTIFICATION_TRIGGER, SEVERITY_WARNING, 4, "warning"},
		{NOTIFICATION_TRIGGER, SEVERITY_INFO, 3, "information_source"},
		{NOTIFICATION_REMINDER, SEVERITY_CRITICAL, 5, "rotating_light"},
		{NOTIFICATION_SUMMARY, SEVERITY_CRITICAL, 5, "rotating_light"},
		{NOTIFICATION_RESOLVE, SEVERITY_CRITICAL, 3, "white_check_mark"},
		{NOTIFICATION_ACKNOWLEDGE, SEVERITY_CRITICAL, 2, "eyes"},
		{NOTIFICATION_DIGEST, SEVERITY_CRITICAL, 2, "newspaper"},
		{NOTIFICATION_NOTICE, SEVERITY_WARNING, 3, "warning"},
		{NOTIFICATION_TEST, SEVERITY_CRITICAL, 3, "test_tube"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notification *notification =
			notify_fixture_notification(f, cases[i].purpose);
		json_t *payload;

		notification->severity = cases[i].severity;
		payload = payload_of(f, "ntfy: " TOPIC, notification);
		assert_int_equal(json_integer_value(json_object_get(payload, "priority")),
			cases[i].priority);
		assert_string_equal(
			json_string_value(json_array_get(json_object_get(payload, "tags"), 0)),
			cases[i].tag);
		json_decref(payload);
	}
}

static void templates_have_their_way(void **state)
{
	struct notify_fixture *f = *state;
	const struct notification *trigger = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	json_t *payload = payload_of(
		f, "{ntfy: '" TOPIC "', title: '{{source}}', text: '{{label.team}}'}", trigger);

	assert_string_equal(text_at(payload, "title"), "db-01");
	assert_string_equal(text_at(payload, "message"), "db");
	json_decref(payload);
	/* To ntfy, no message is "triggered". */
	payload = payload_of(f, "{ntfy: '" TOPIC "', text: '{{label.nothing}}'}", trigger);
	assert_string_equal(text_at(payload, "message"), "[CRITICAL] disk full (db-01)");
	json_decref(payload);
}

static void keeps_to_its_limits(void **state)
{
	struct notify_fixture *f = *state;
	size_t count = 0;
	const struct nasty_notification *nasty = notify_fixture_nasty(f, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *payload = payload_of(f, "ntfy: " TOPIC, nasty[i].notification);

		assert_in_range(strlen(text_at(payload, "message")), 1, 4096);
		assert_in_range(strlen(text_at(payload, "title")), 1, 250);
		json_decref(payload);
	}
}

static void logs_in(void **state)
{
	static const struct {
		const char *yaml, *header;
	} cases[] = {
		{"ntfy: " TOPIC, NULL},
		{"{ntfy: '" TOPIC "', token: tk_s3cr3t}", "Bearer tk_s3cr3t"},
		{"{ntfy: '" TOPIC "', username: eve, password: s3cr3t}", "Basic ZXZlOnMzY3IzdA=="},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notify_message message =
			notify_fixture_compose(f, notify_fixture_receiver(f, cases[i].yaml),
				notify_fixture_notification(f, NOTIFICATION_TRIGGER));
		const char *header = pairs_get(&message.headers, "Authorization");
		struct strbuf shown = STRBUF_INIT;

		if (cases[i].header) {
			assert_string_equal(header, cases[i].header);
		} else {
			assert_null(header);
		}
		notify_message_show(&message, &shown);
		assert_null(strstr(shown.buf, "s3cr3t"));
		assert_null(strstr(shown.buf, "ZXZl"));
		strbuf_release(&shown);
	}
}

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *yaml, *fault;
	} cases[] = {
		{"ntfy: my-topic", "no scheme"},
		{"ntfy: ftp://ntfy.sh/x", "unknown scheme"},
		{"ntfy: https://ntfy.sh", "does not end in a topic"},
		{"ntfy: https://ntfy.sh/", "does not end in a topic"},
		{"ntfy: https://ntfy.sh/a/", "does not end in a topic"},
		{"ntfy: https://ntfy.sh/a.b", "does not end in a topic"},
		{"ntfy: https://ntfy.sh/a?auth=x", "does not end in a topic"},
		{"{ntfy: 'https://ntfy.sh/a#b'}", "does not end in a topic"},
		{"ntfy: "
		 "https://ntfy.sh/0123456789012345678901234567890123456789012345678901234567890"
		 "1234",
			"does not end in a topic"},
		{"ntfy: https://u:s3cr3t@ntfy.sh/a", "has a user or password"},
		{"{ntfy: 'https://ntfy.sh/a', token: s3cr3t, username: b}", "not both"},
		{"{ntfy: 'https://ntfy.sh/a', username: b}", "password is missing"},
		{"{ntfy: 'https://ntfy.sh/a', password: s3cr3t}", "username is missing"},
		{"{ntfy: 'https://ntfy.sh/a', username: 'b:c', password: s3cr3t}", "has a ':'"},
		{"{ntfy: 'https://ntfy.sh/a', token: \"s3cr3t\\nx\"}", "line break"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = notify_fixture_fault(f, cases[i].yaml);

		if (!strstr(fault, cases[i].fault) || strstr(fault, "s3cr3t")) {
			fail_msg("%s: %s", cases[i].yaml, fault);
		}
	}
	assert_string_equal(
		notify_ntfy.target(notify_fixture_receiver(f, "ntfy: " TOPIC)->opts, f->arena),
		TOPIC);
}

static void understands_answers(void **state)
{
	// clang-format off
	static const struct {
		long status;
		const char *yaml;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		const char *text;
	} cases[] = {
		{200, "ntfy: " TOPIC, DELIVERY_ARRIVED, CHANNEL_OK, "answered 200: {}"},
		{400, "ntfy: " TOPIC, DELIVERY_REFUSED, CHANNEL_REJECTED, "answered 400: {}"},
		{401, "{ntfy: '" TOPIC "', token: x}", DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 401: {}: the token or password is wrong"},
		{403, "{ntfy: '" TOPIC "', token: x}", DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 403: {}: it may not write to this topic"},
		{403, "ntfy: " TOPIC, DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 403: {}: the topic wants a token or a login"},
		{413, "ntfy: " TOPIC, DELIVERY_REFUSED, CHANNEL_REJECTED, "answered 413: {}"},
		{429, "ntfy: " TOPIC, DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, "answered 429: {}"},
		{507, "ntfy: " TOPIC, DELIVERY_RETRY, CHANNEL_UNAVAILABLE, "answered 507: {}"},
	};
	// clang-format on
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf body = STRBUF_INIT;
		const struct http_response response = {
			.http_status = cases[i].status, .body = &body};
		const struct notify_run run = {
			.arena = f->arena, .receiver = notify_fixture_receiver(f, cases[i].yaml)};
		struct delivery_result result;

		strbuf_adds(&body, "{}");
		notify_http_judge(&response, NOTIFY_NOW_MS, f->arena, &result);
		notify_ntfy.judge(&run, &response, &result);
		assert_int_equal(result.outcome, cases[i].outcome);
		assert_int_equal(result.fault, cases[i].fault);
		assert_string_equal(result.text, cases[i].text);
		strbuf_release(&body);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_everything_of_an_alert),
		TEST(is_as_loud_as_it_is_bad),
		TEST(templates_have_their_way),
		TEST(keeps_to_its_limits),
		TEST(logs_in),
		TEST(says_what_is_wrong),
		TEST(understands_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
