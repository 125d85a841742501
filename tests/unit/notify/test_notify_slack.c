/*
 * Messages to Slack: what is in them, within its limits, and what it answers.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/http_client.h"
#include "notify/notify_fixture.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

#define HOOK "https://hooks.slack.com/services/T0AB/B1CD/s3cr3tK3y"

static json_t *payload_of(
	struct notify_fixture *f, const char *yaml, const struct notification *notification)
{
	const struct receiver *receiver = notify_fixture_receiver(f, yaml);
	struct notify_message message = notify_fixture_compose(f, receiver, notification);
	json_t *payload = json_loadb(message.body.ptr, message.body.len, 0, NULL);

	assert_non_null(payload);
	assert_string_equal(message.method, "POST");
	assert_string_equal(message.url, HOOK);
	assert_string_equal(pairs_get(&message.headers, "Content-Type"), "application/json");
	return payload;
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static const json_t *attachment_at(const json_t *payload, size_t i)
{
	const json_t *attachment = json_array_get(json_object_get(payload, "attachments"), i);

	assert_non_null(attachment);
	return attachment;
}

static const json_t *block_at(const json_t *payload, size_t i)
{
	const json_t *block =
		json_array_get(json_object_get(attachment_at(payload, 0), "blocks"), i);

	assert_non_null(block);
	return block;
}

static size_t blocks_count(const json_t *payload)
{
	return json_array_size(json_object_get(attachment_at(payload, 0), "blocks"));
}

static const char *section_text(const json_t *payload, size_t i)
{
	const json_t *block = block_at(payload, i);

	assert_string_equal(text_at(block, "type"), "section");
	assert_string_equal(text_at(json_object_get(block, "text"), "type"), "plain_text");
	return text_at(json_object_get(block, "text"), "text");
}

static const char *context_text(const json_t *payload, size_t i)
{
	const json_t *block = block_at(payload, i);

	assert_string_equal(text_at(block, "type"), "context");
	return text_at(json_array_get(json_object_get(block, "elements"), 0), "text");
}

static const char *field_of(const json_t *payload, const char *title)
{
	const json_t *fields = json_object_get(attachment_at(payload, 1), "fields");

	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);

		if (strcmp(text_at(field, "title"), title) == 0) {
			return text_at(field, "value");
		}
	}
	fail_msg("no field '%s'", title);
	return NULL;
}

static void tells_everything_of_an_alert(void **state)
{
	struct notify_fixture *f = *state;
	json_t *payload =
		payload_of(f, "slack: " HOOK, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	const json_t *facts = attachment_at(payload, 1);

	assert_string_equal(text_at(payload, "text"), "[CRITICAL] disk full (db-01)");
	assert_string_equal(text_at(attachment_at(payload, 0), "color"), "danger");
	assert_string_equal(
		text_at(attachment_at(payload, 0), "fallback"), "[CRITICAL] disk full (db-01)");
	assert_int_equal(blocks_count(payload), 2);
	assert_string_equal(section_text(payload, 0), "/var is 98 % full\nand grows");
	assert_string_equal(
		context_text(payload, 1), "<https://wiki.example.com/disk?a=1&amp;b=2|runbook>");
	assert_string_equal(text_at(facts, "color"), "danger");
	assert_string_equal(field_of(payload, "severity"), "critical");
	assert_string_equal(field_of(payload, "source"), "db-01");
	assert_string_equal(field_of(payload, "used"), "98 %");
	assert_string_equal(field_of(payload, "team"), "db");
	assert_string_equal(field_of(payload, "since"), "02:14 UTC");
	assert_string_equal(text_at(facts, "footer"), "sre-toolkit, alert 42");
	assert_int_equal(
		json_integer_value(json_object_get(facts, "ts")), NOTIFY_NOW_MS / 1000 - 7);
	json_decref(payload);
}

static void has_a_color_for_each_purpose(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		enum severity severity;
		const char *color, *text;
	} cases[] = {
		{NOTIFICATION_TRIGGER, SEVERITY_CRITICAL, "danger", "[CRITICAL] disk full (db-01)"},
		{NOTIFICATION_TRIGGER, SEVERITY_WARNING, "warning", "[WARNING] disk full (db-01)"},
		{NOTIFICATION_TRIGGER, SEVERITY_INFO, "#439fe0", "[INFO] disk full (db-01)"},
		{NOTIFICATION_RESOLVE, SEVERITY_CRITICAL, "good", "[RESOLVED] disk full (db-01)"},
		{NOTIFICATION_ACKNOWLEDGE, SEVERITY_CRITICAL, "#439fe0",
			"[ACKNOWLEDGED] disk full (db-01)"},
		{NOTIFICATION_REMINDER, SEVERITY_CRITICAL, "danger",
			"[CRITICAL] disk full (db-01)"},
		{NOTIFICATION_SUMMARY, SEVERITY_CRITICAL, "danger", "[STORM] 212 alerts in 1 min"},
		{NOTIFICATION_NOTICE, SEVERITY_WARNING, "warning",
			"[NOTICE] receiver 'chat' is dead"},
		{NOTIFICATION_TEST, SEVERITY_CRITICAL, "#439fe0", "[TEST] disk full (db-01)"},
		{NOTIFICATION_DIGEST, SEVERITY_INFO, "#439fe0",
			"[DIGEST] 3 open, 90 fired, 87 resolved since 2025-06-30 03:14 UTC"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notification *notification =
			notify_fixture_notification(f, cases[i].purpose);
		json_t *payload;

		notification->severity = cases[i].severity;
		payload = payload_of(f, "slack: " HOOK, notification);
		assert_string_equal(text_at(payload, "text"), cases[i].text);
		assert_string_equal(text_at(attachment_at(payload, 0), "color"), cases[i].color);
		assert_string_equal(text_at(attachment_at(payload, 1), "color"), cases[i].color);
		json_decref(payload);
	}
}

static void says_what_a_purpose_is_about(void **state)
{
	struct notify_fixture *f = *state;
	json_t *reminder = payload_of(
		f, "slack: " HOOK, notify_fixture_notification(f, NOTIFICATION_REMINDER));
	json_t *storm =
		payload_of(f, "slack: " HOOK, notify_fixture_notification(f, NOTIFICATION_SUMMARY));
	json_t *digest =
		payload_of(f, "slack: " HOOK, notify_fixture_notification(f, NOTIFICATION_DIGEST));

	assert_non_null(strstr(section_text(reminder, 0), "still firing after 1 h"));
	assert_non_null(strstr(section_text(storm, 0), "web &lt;1&gt; &amp; *2* (50)"));
	assert_non_null(strstr(section_text(digest, 0), "open now: 3"));
	json_decref(reminder);
	json_decref(storm);
	json_decref(digest);
}

static void shows_a_group_up_to_a_number(void **state)
{
	static const struct {
		size_t alerts;
		int64_t total;
		size_t blocks;
		const char *more;
	} cases[] = {
		{2, 2, 2, NULL},
		{48, 48, 48, NULL},
		{49, 49, 49, "and 1 more"},
		{50, 50, 49, "and 2 more"},
		{51, 51, 49, "and 3 more"},
		{100, 5000, 49, "and 4952 more"},
		{3, 9, 4, "and 6 more"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notification *group = notify_fixture_group(f, cases[i].alerts);
		json_t *payload;

		group->alerts_total = cases[i].total;
		payload = payload_of(f, "slack: " HOOK, group);
		assert_int_equal(blocks_count(payload), cases[i].blocks);
		assert_true(str_starts(str_of(section_text(payload, 1)),
			"[CRITICAL] disk 1 (db-01)\n/var is 98 % full"));
		if (cases[i].more) {
			assert_string_equal(
				context_text(payload, cases[i].blocks - 1), cases[i].more);
		}
		assert_string_equal(field_of(payload, "group"), "team=db");
		json_decref(payload);
	}
}

static void long_texts_go_on_in_further_blocks(void **state)
{
	struct notify_fixture *f = *state;
	struct notification *notification = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *const alerts[] = {alert};
	struct strbuf message = STRBUF_INIT;
	json_t *payload;

	for (int i = 0; message.len < 12000; i++) {
		strbuf_addf(&message, "line %d <of many>\n", i);
	}
	alert->message = message.buf;
	alert->runbook = NULL;
	notification->alerts = alerts;
	payload = payload_of(f, "slack: " HOOK, notification);
	assert_int_equal(blocks_count(payload), 3);
	assert_true(str_starts(str_of(section_text(payload, 0)), "line 0 &lt;of many&gt;\n"));
	assert_true(str_ends(str_of(section_text(payload, 0)), "&lt;of many&gt;"));
	assert_true(str_starts(str_of(section_text(payload, 1)), "line "));
	assert_true(str_ends(str_of(section_text(payload, 2)), "…"));
	strbuf_release(&message);
	json_decref(payload);
}

static void templates_have_their_way(void **state)
{
	struct notify_fixture *f = *state;
	static const char yaml[] =
		"{slack: '" HOOK
		"', title: '<!here> {{title}}', text: '{{#alerts}}{{id}}&{{/alerts}}'}";
	json_t *payload = payload_of(f, yaml, notify_fixture_group(f, 3));

	assert_string_equal(text_at(payload, "text"), "&lt;!here&gt; disk 0");
	assert_string_equal(section_text(payload, 0), "1&amp;2&amp;3&amp;");
	json_decref(payload);
}

static void a_runbook_cannot_break_out_of_its_link(void **state)
{
	struct notify_fixture *f = *state;
	struct notification *notification = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *const alerts[] = {alert};
	struct strbuf long_url = STRBUF_INIT;
	json_t *payload;

	notification->alerts = alerts;
	alert->runbook = "https://w/a|b><!channel>";
	payload = payload_of(f, "slack: " HOOK, notification);
	assert_string_equal(context_text(payload, 1), "<https://w/a%7Cb%3E%3C!channel%3E|runbook>");
	json_decref(payload);

	strbuf_adds(&long_url, "https://w/");
	strbuf_addn(&long_url, '&', 5000);
	alert->runbook = long_url.buf;
	payload = payload_of(f, "slack: " HOOK, notification);
	assert_true(str_starts(str_of(context_text(payload, 1)), "https://w/&amp;"));
	json_decref(payload);
	strbuf_release(&long_url);
}

/* Limits */

struct limits {
	const char *what;
	size_t blocks_text;
};

static size_t units(const char *text)
{
	return notify_size(str_of(text), NOTIFY_UTF16);
}

/* Nothing that Slack would obey, but for the link that we make. */
static void check_escaped(const char *what, const char *text)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;"};

	for (const char *c = text; *c; c++) {
		bool is_entity = *c != '&';

		for (size_t i = 0; i < ARRAY_LEN(entities) && !is_entity; i++) {
			is_entity = str_starts(str_of(c), entities[i]);
		}
		if (!is_entity || *c == '<' || *c == '>') {
			fail_msg("%s: not escaped: %.40s", what, c);
		}
	}
}

static void check_text(struct limits *limits, const json_t *object, size_t max)
{
	const char *text = text_at(object, "text");
	const bool is_link = strcmp(text_at(object, "type"), "mrkdwn") == 0;

	if (units(text) == 0 || units(text) > max) {
		fail_msg("%s: a text of %zu", limits->what, units(text));
	}
	limits->blocks_text += units(text);
	if (is_link) {
		assert_true(str_starts(str_of(text), "<https://"));
		assert_true(json_is_true(json_object_get(object, "verbatim")));
	} else {
		check_escaped(limits->what, text);
	}
}

static void check_block(struct limits *limits, const json_t *block)
{
	const json_t *elements = json_object_get(block, "elements");

	if (strcmp(text_at(block, "type"), "section") == 0) {
		check_text(limits, json_object_get(block, "text"), 3000);
		return;
	}
	assert_string_equal(text_at(block, "type"), "context");
	assert_in_range(json_array_size(elements), 1, 10);
	for (size_t i = 0; i < json_array_size(elements); i++) {
		check_text(limits, json_array_get(elements, i), 3000);
	}
}

static void check_fields(const struct limits *limits, const json_t *fields)
{
	assert_true(json_array_size(fields) > 0);
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);

		assert_in_range(units(text_at(field, "title")), 1, 200);
		assert_true(units(text_at(field, "value")) <= 2000);
		check_escaped(limits->what, text_at(field, "title"));
		check_escaped(limits->what, text_at(field, "value"));
	}
}

/* Slack refuses blocks beside any of the older members. */
static void check_members(const json_t *attachment)
{
	if (json_object_get(attachment, "blocks")) {
		assert_int_equal(json_object_size(attachment), 3);
		assert_non_null(json_object_get(attachment, "color"));
		assert_non_null(json_object_get(attachment, "fallback"));
	}
}

static void keeps_to_all_limits(void **state)
{
	struct notify_fixture *f = *state;
	size_t count = 0;
	const struct nasty_notification *nasty = notify_fixture_nasty(f, &count);

	for (size_t i = 0; i < count; i++) {
		struct limits limits = {.what = nasty[i].what};
		json_t *payload = payload_of(f, "slack: " HOOK, nasty[i].notification);

		assert_in_range(units(text_at(payload, "text")), 1, 4000);
		check_escaped(limits.what, text_at(payload, "text"));
		assert_in_range(blocks_count(payload), 1, 50);
		for (size_t k = 0; k < blocks_count(payload); k++) {
			check_block(&limits, block_at(payload, k));
		}
		assert_true(limits.blocks_text < 12000);
		assert_int_equal(json_array_size(json_object_get(payload, "attachments")), 2);
		check_members(attachment_at(payload, 0));
		check_members(attachment_at(payload, 1));
		check_fields(&limits, json_object_get(attachment_at(payload, 1), "fields"));
		json_decref(payload);
	}
}

/* Answers */

static void understands_answers(void **state)
{
	// clang-format off
	static const struct {
		long status;
		const char *body;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		const char *text;
	} cases[] = {
		{200, "ok", DELIVERY_ARRIVED, CHANNEL_OK, "answered 200: ok"},
		{200, "ok\n", DELIVERY_ARRIVED, CHANNEL_OK, "answered 200: ok"},
		{200, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, "answered 200, which is not 'ok'"},
		{200, "<html>", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, "answered 200: <html>, which is not 'ok'"},
		{200, "o", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, NULL},
		{200, "invalid_token", DELIVERY_REFUSED, CHANNEL_REVOKED, NULL},
		{400, "invalid_payload", DELIVERY_REFUSED, CHANNEL_REJECTED, "answered 400: invalid_payload"},
		{400, "no_text", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{400, "too_many_attachments", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{400, "invalid_blocks", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{400, "user_not_found", DELIVERY_REFUSED, CHANNEL_REVOKED, NULL},
		{403, "action_prohibited", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{403, "invalid_token", DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 403: invalid_token: the webhook is not valid any more"},
		{403, "team_disabled", DELIVERY_REFUSED, CHANNEL_REVOKED, NULL},
		{404, "channel_not_found", DELIVERY_REFUSED, CHANNEL_ARCHIVED, NULL},
		{404, "no_service", DELIVERY_REFUSED, CHANNEL_REVOKED, NULL},
		{404, "no_service_id", DELIVERY_REFUSED, CHANNEL_REVOKED, NULL},
		{404, "no_active_hooks", DELIVERY_REFUSED, CHANNEL_REVOKED, NULL},
		{404, "no_team", DELIVERY_REFUSED, CHANNEL_REVOKED, NULL},
		{410, "channel_is_archived", DELIVERY_REFUSED, CHANNEL_ARCHIVED, NULL},
		{500, "rollup_error", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, "answered 500: rollup_error"},
		{503, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, NULL},
		{429, "{\"retry_after\":7,\"ok\":false,\"error\":\"rate_limited\"}", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, NULL},
		{429, "", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, NULL},
	};
	// clang-format on
	struct notify_fixture *f = *state;
	const struct notify_run run = {.arena = f->arena};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf body = STRBUF_INIT;
		struct strbuf headers = STRBUF_INIT;
		const struct http_response response = {
			.http_status = cases[i].status, .body = &body, .headers = &headers};
		struct delivery_result result;

		strbuf_adds(&body, cases[i].body);
		notify_http_judge(&response, NOTIFY_NOW_MS, f->arena, &result);
		notify_slack.judge(&run, &response, &result);
		if (result.outcome != cases[i].outcome || result.fault != cases[i].fault) {
			fail_msg("%ld %s: %s, %s", cases[i].status, cases[i].body,
				delivery_outcome_name(result.outcome),
				channel_fault_name(result.fault));
		}
		if (cases[i].text) {
			assert_string_equal(result.text, cases[i].text);
		}
		assert_int_equal(result.retry_after_ms, cases[i].body[0] == '{' ? 7000 : -1);
		assert_int_equal(result.may_have_arrived,
			cases[i].status == 200 && result.outcome == DELIVERY_RETRY);
		strbuf_release(&body);
	}
}

static void a_wrong_address_is_told_without_it(void **state)
{
	struct notify_fixture *f = *state;
	const char *fault =
		notify_fixture_fault(f, "slack: https://hooks.slack.com/services/T1/s3cr3t");
	const struct receiver *receiver = notify_fixture_receiver(f, "slack: " HOOK);

	assert_non_null(strstr(fault, "is not complete"));
	assert_null(strstr(fault, "s3cr3t"));
	assert_string_equal(receiver->kind->target(receiver->opts, f->arena),
		"https://hooks.slack.com/services/T0AB/B1CD/***");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_everything_of_an_alert),
		TEST(has_a_color_for_each_purpose),
		TEST(says_what_a_purpose_is_about),
		TEST(shows_a_group_up_to_a_number),
		TEST(long_texts_go_on_in_further_blocks),
		TEST(templates_have_their_way),
		TEST(a_runbook_cannot_break_out_of_its_link),
		TEST(keeps_to_all_limits),
		TEST(understands_answers),
		TEST(a_wrong_address_is_told_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
