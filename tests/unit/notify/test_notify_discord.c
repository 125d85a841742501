/*
 * Messages to Discord: what is in them, within its limits, and what it answers.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/http_client.h"
#include "notify/notify_fixture.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

#define HOOK "https://discord.com/api/webhooks/123/s3cr3t-t0ken_"

static json_t *payload_of(
	struct notify_fixture *f, const char *yaml, const struct notification *notification)
{
	const struct receiver *receiver = notify_fixture_receiver(f, yaml);
	struct notify_message message = notify_fixture_compose(f, receiver, notification);
	json_t *payload = json_loadb(message.body.ptr, message.body.len, 0, NULL);
	const json_t *mentions = json_object_get(payload, "allowed_mentions");

	assert_non_null(payload);
	assert_string_equal(message.url, HOOK);
	assert_true(json_is_array(json_object_get(mentions, "parse")));
	assert_int_equal(json_array_size(json_object_get(mentions, "parse")), 0);
	assert_int_equal(json_array_size(json_object_get(payload, "embeds")), 1);
	return payload;
}

static const json_t *embed_of(const json_t *payload)
{
	return json_array_get(json_object_get(payload, "embeds"), 0);
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text) {
		fail_msg("no text '%s'", key);
	}
	return text;
}

static const char *field_of(const json_t *payload, const char *name)
{
	const json_t *fields = json_object_get(embed_of(payload), "fields");

	for (size_t i = 0; i < json_array_size(fields); i++) {
		if (strcmp(text_at(json_array_get(fields, i), "name"), name) == 0) {
			return text_at(json_array_get(fields, i), "value");
		}
	}
	fail_msg("no field '%s'", name);
	return NULL;
}

static void tells_everything_of_an_alert(void **state)
{
	struct notify_fixture *f = *state;
	json_t *payload = payload_of(
		f, "discord: " HOOK, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	const json_t *embed = embed_of(payload);

	assert_string_equal(text_at(embed, "title"), "\\[CRITICAL] disk full (db-01)");
	assert_string_equal(text_at(embed, "description"), "/var is 98 % full\nand grows");
	assert_string_equal(text_at(embed, "url"), "https://wiki.example.com/disk?a=1&b=2");
	assert_int_equal(json_integer_value(json_object_get(embed, "color")), 0xd32f2f);
	assert_string_equal(text_at(embed, "timestamp"), "2025-07-01T03:14:00.000Z");
	assert_string_equal(
		text_at(json_object_get(embed, "footer"), "text"), "sre-toolkit, alert 42");
	assert_string_equal(field_of(payload, "severity"), "critical");
	assert_string_equal(field_of(payload, "source"), "db-01");
	assert_string_equal(field_of(payload, "mount"), "/var");
	assert_string_equal(field_of(payload, "dc"), "north");
	json_decref(payload);
}

static void has_a_color_for_each_purpose(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		enum severity severity;
		int color;
		const char *title;
	} cases[] = {
		{NOTIFICATION_TRIGGER, SEVERITY_WARNING, 0xf9a825, "\\[WARNING] disk full (db-01)"},
		{NOTIFICATION_TRIGGER, SEVERITY_INFO, 0x439fe0, "\\[INFO] disk full (db-01)"},
		{NOTIFICATION_RESOLVE, SEVERITY_CRITICAL, 0x2e7d32,
			"\\[RESOLVED] disk full (db-01)"},
		{NOTIFICATION_ACKNOWLEDGE, SEVERITY_CRITICAL, 0x439fe0,
			"\\[ACKNOWLEDGED] disk full (db-01)"},
		{NOTIFICATION_SUMMARY, SEVERITY_CRITICAL, 0xd32f2f,
			"\\[STORM] 212 alerts in 1 min"},
		{NOTIFICATION_NOTICE, SEVERITY_WARNING, 0xf9a825,
			"\\[NOTICE] receiver 'chat' is dead"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notification *notification =
			notify_fixture_notification(f, cases[i].purpose);
		json_t *payload;

		notification->severity = cases[i].severity;
		payload = payload_of(f, "discord: " HOOK, notification);
		assert_int_equal(json_integer_value(json_object_get(embed_of(payload), "color")),
			cases[i].color);
		assert_string_equal(text_at(embed_of(payload), "title"), cases[i].title);
		json_decref(payload);
	}
}

static void obeys_no_markdown(void **state)
{
	static const struct {
		const char *message, *description;
	} cases[] = {
		{"**b** _i_ ~~s~~ `c` ||x||",
			"\\*\\*b\\*\\* \\_i_ \\~\\~s\\~\\~ \\`c\\` \\|\\|x\\|\\|"},
		{"[text](https://evil.example/)", "\\[text](https://evil.example/)"},
		{"https://host/a_b_c", "https://host/a_b_c"},
		{"a__b__", "a_\\_b_\\_"},
		{"<@123> <!here> <t:1:R>", "\\<@123> \\<!here> \\<t:1:R>"},
		{"# h\n> q\n- l\n  - m\n-# s", "\\# h\n\\> q\n\\- l\n  \\- m\n\\-# s"},
		{"a # b > c - d", "a # b > c - d"},
		{"C:\\dir", "C:\\\\dir"},
	};
	struct notify_fixture *f = *state;
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *const alerts[] = {alert};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notification *notification =
			notify_fixture_notification(f, NOTIFICATION_TRIGGER);
		json_t *payload;

		alert->message = cases[i].message;
		notification->alerts = alerts;
		payload = payload_of(f, "discord: " HOOK, notification);
		assert_string_equal(
			text_at(embed_of(payload), "description"), cases[i].description);
		json_decref(payload);
	}
}

static void shows_a_group_up_to_a_number(void **state)
{
	struct notify_fixture *f = *state;
	struct notification *group = notify_fixture_group(f, 50);
	json_t *payload = payload_of(f, "discord: " HOOK, group);
	const char *description = text_at(embed_of(payload), "description");

	assert_true(str_starts(str_of(description), "• \\[CRITICAL] disk 0 (db-01)\n/var is"));
	assert_non_null(strstr(description, "• \\[CRITICAL] disk 19 (db-01)\n"));
	assert_true(str_ends(str_of(description), "\nand 30 more"));
	json_decref(payload);
	payload = payload_of(f, "{discord: '" HOOK "', text: '{{count}}'}", group);
	assert_string_equal(text_at(embed_of(payload), "description"), "50");
	json_decref(payload);
}

/* Discord refuses the whole message for an address that it does not like. */
static void a_runbook_that_is_no_link_is_a_field(void **state)
{
	static const char *const runbooks[] = {"https://wiki/ä", "https://wiki/a|b",
		"https://wiki/a b", "ftp://wiki/", "https://"};
	struct notify_fixture *f = *state;
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *const alerts[] = {alert};

	for (size_t i = 0; i < ARRAY_LEN(runbooks); i++) {
		struct notification *notification =
			notify_fixture_notification(f, NOTIFICATION_TRIGGER);
		json_t *payload;

		alert->runbook = runbooks[i];
		notification->alerts = alerts;
		payload = payload_of(f, "discord: " HOOK, notification);
		assert_null(json_object_get(embed_of(payload), "url"));
		assert_int_equal(strncmp(field_of(payload, "runbook"), runbooks[i], 6), 0);
		json_decref(payload);
	}
}

static size_t check_text(const char *what, const json_t *object, const char *key, size_t max)
{
	const size_t size = notify_size(str_of(text_at(object, key)), NOTIFY_UTF16);

	if (size == 0 || size > max) {
		fail_msg("%s: %s of %zu", what, key, size);
	}
	return size;
}

static void keeps_to_all_limits(void **state)
{
	struct notify_fixture *f = *state;
	size_t count = 0;
	const struct nasty_notification *nasty = notify_fixture_nasty(f, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *payload = payload_of(f, "discord: " HOOK, nasty[i].notification);
		const json_t *embed = embed_of(payload);
		const json_t *fields = json_object_get(embed, "fields");
		size_t total =
			check_text(nasty[i].what, embed, "title", 256) +
			check_text(nasty[i].what, json_object_get(embed, "footer"), "text", 2048);

		if (json_object_get(embed, "description")) {
			total += check_text(nasty[i].what, embed, "description", 4096);
		}
		assert_in_range(json_array_size(fields), 1, 25);
		for (size_t k = 0; k < json_array_size(fields); k++) {
			const json_t *field = json_array_get(fields, k);

			total += check_text(nasty[i].what, field, "name", 256);
			total += check_text(nasty[i].what, field, "value", 1024);
		}
		assert_true(total <= 6000);
		json_decref(payload);
	}
}

static void understands_answers(void **state)
{
	// clang-format off
	static const struct {
		long status;
		const char *body;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		int64_t retry_after_ms;
	} cases[] = {
		{204, "", DELIVERY_ARRIVED, CHANNEL_OK, -1},
		{200, "{\"id\": \"1\"}", DELIVERY_ARRIVED, CHANNEL_OK, -1},
		{400, "{\"code\": 50035, \"message\": \"Invalid Form Body\"}", DELIVERY_REFUSED, CHANNEL_REJECTED, -1},
		{401, "{\"code\": 50027, \"message\": \"Invalid Webhook Token\"}", DELIVERY_REFUSED, CHANNEL_REVOKED, -1},
		{404, "{\"code\": 10015, \"message\": \"Unknown Webhook\"}", DELIVERY_REFUSED, CHANNEL_REVOKED, -1},
		{404, "{\"code\": 10003, \"message\": \"Unknown Channel\"}", DELIVERY_REFUSED, CHANNEL_ARCHIVED, -1},
		{400, "{\"code\": 50083}", DELIVERY_REFUSED, CHANNEL_ARCHIVED, -1},
		{404, "not JSON", DELIVERY_REFUSED, CHANNEL_REVOKED, -1},
		{429, "{\"retry_after\": 0.3005, \"global\": false}", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 301},
		{429, "{\"retry_after\": 1e300}", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, 86400000},
		{429, "{\"retry_after\": -1}", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, -1},
		{429, "{\"retry_after\": \"1\"}", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, -1},
		{429, "[1]", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, -1},
		{502, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, -1},
	};
	// clang-format on
	struct notify_fixture *f = *state;
	const struct notify_run run = {.arena = f->arena};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf body = STRBUF_INIT;
		const struct http_response response = {
			.http_status = cases[i].status, .body = &body};
		struct delivery_result result;

		strbuf_adds(&body, cases[i].body);
		notify_http_judge(&response, NOTIFY_NOW_MS, f->arena, &result);
		notify_discord.judge(&run, &response, &result);
		if (result.outcome != cases[i].outcome || result.fault != cases[i].fault ||
			result.retry_after_ms != cases[i].retry_after_ms) {
			fail_msg("%ld %s: %s, %s, %d", cases[i].status, cases[i].body,
				delivery_outcome_name(result.outcome),
				channel_fault_name(result.fault), (int)result.retry_after_ms);
		}
		strbuf_release(&body);
	}
}

static void a_header_goes_before_the_body(void **state)
{
	struct notify_fixture *f = *state;
	const struct notify_run run = {.arena = f->arena};
	struct strbuf headers = STRBUF_INIT;
	struct strbuf body = STRBUF_INIT;
	const struct http_response response = {
		.http_status = 429, .body = &body, .headers = &headers};
	struct delivery_result result;

	strbuf_adds(&headers, "HTTP/1.1 429 Slow\r\nRetry-After: 2\r\n\r\n");
	strbuf_adds(&body, "{\"retry_after\": 1.5}");
	notify_http_judge(&response, NOTIFY_NOW_MS, f->arena, &result);
	notify_discord.judge(&run, &response, &result);
	assert_int_equal(result.retry_after_ms, 2000);
	strbuf_release(&headers);
	strbuf_release(&body);
}

static void knows_its_addresses(void **state)
{
	// clang-format off
	static const struct {
		const char *address;
		const char *shown; /* NULL: it is wrong, and this is why: */
		const char *fault;
	} cases[] = {
		{HOOK, "https://discord.com/api/webhooks/123/***", NULL},
		{"https://discordapp.com/api/webhooks/123/s3cr3t", "https://discordapp.com/api/webhooks/123/***", NULL},
		{"https://ptb.discord.com/api/v10/webhooks/123/s3cr3t", "https://ptb.discord.com/api/v10/webhooks/123/***", NULL},
		{"https://discord.com/api/webhooks/123/s3cr3t?thread_id=7", "https://discord.com/api/webhooks/123/***", NULL},
		{"http://127.0.0.1:8080/api/webhooks/123/s3cr3t", "http://127.0.0.1:8080/api/webhooks/123/***", NULL},
		{"http://relay.example.com/s3cr3t", "http://relay.example.com/***", NULL},
		{"s3cr3t", NULL, "no scheme"},
		{"http://discord.com/api/webhooks/123/s3cr3t", NULL, "must begin with https://"},
		{"https://discord.com/channels/1/s3cr3t", NULL, "does not go on with /api/webhooks/"},
		{"https://discord.gg/s3cr3t", NULL, "does not go on with /api/webhooks/"},
		{"https://discord.com/api/v10/channels/s3cr3t", NULL, "does not go on with /api/webhooks/"},
		{"https://discord.com/api", NULL, "does not go on with /api/webhooks/"},
		{"https://discord.com/api/webhooks", NULL, "is not complete"},
		{"https://discord.com/api/webhooks/123", NULL, "is not complete"},
		{"https://discord.com/api/webhooks/123/", NULL, "is not complete"},
		{"https://discord.com/api/webhooks/abc/s3cr3t", NULL, "has no number"},
		{"https://discord.com/api/webhooks/123/s3cr3t/slack", NULL, "has something behind its token"},
	};
	// clang-format on
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *yaml = arena_printf(f->arena, "discord: '%s'", cases[i].address);

		if (cases[i].shown) {
			const struct receiver *receiver = notify_fixture_receiver(f, yaml);

			assert_string_equal(
				receiver->kind->target(receiver->opts, f->arena), cases[i].shown);
		} else {
			const char *fault = notify_fixture_fault(f, yaml);

			if (!strstr(fault, cases[i].fault) || strstr(fault, "s3cr3t")) {
				fail_msg("%s: %s", yaml, fault);
			}
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_everything_of_an_alert),
		TEST(has_a_color_for_each_purpose),
		TEST(obeys_no_markdown),
		TEST(shows_a_group_up_to_a_number),
		TEST(a_runbook_that_is_no_link_is_a_field),
		TEST(keeps_to_all_limits),
		TEST(understands_answers),
		TEST(a_header_goes_before_the_body),
		TEST(knows_its_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
