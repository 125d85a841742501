/*
 * Messages to Microsoft Teams: what is in them, within its limit, and what a workflow answers.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/http_client.h"
#include "notify/notify_fixture.h"
#include "notify/notify_http.h"
#include "notify/notify_kinds.h"

#define HOOK                                                                                       \
	"https://a.westus.logic.azure.com:443/workflows/12/triggers/manual/paths/invoke"           \
	"?api-version=1&sp=%2Ftriggers&sv=1.0&sig=s3cr3t"

static json_t *payload_of(
	struct notify_fixture *f, const char *yaml, const struct notification *notification)
{
	const struct receiver *receiver = notify_fixture_receiver(f, yaml);
	struct notify_message message = notify_fixture_compose(f, receiver, notification);
	json_t *payload = json_loadb(message.body.ptr, message.body.len, 0, NULL);

	assert_non_null(payload);
	assert_string_equal(message.url, HOOK);
	assert_true(message.body.len <= 28 * 1024);
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

static const json_t *card_of(const json_t *payload)
{
	const json_t *attachments = json_object_get(payload, "attachments");

	assert_string_equal(text_at(payload, "type"), "message");
	assert_int_equal(json_array_size(attachments), 1);
	assert_string_equal(text_at(json_array_get(attachments, 0), "contentType"),
		"application/vnd.microsoft.card.adaptive");
	return json_object_get(json_array_get(attachments, 0), "content");
}

static const json_t *element_at(const json_t *payload, size_t i, const char *type)
{
	const json_t *element = json_array_get(json_object_get(card_of(payload), "body"), i);

	assert_string_equal(text_at(element, "type"), type);
	return element;
}

static const char *title_of(const json_t *payload)
{
	return text_at(
		json_array_get(json_object_get(element_at(payload, 0, "Container"), "items"), 0),
		"text");
}

static const char *fact_of(const json_t *payload, size_t element, const char *title)
{
	const json_t *facts = json_object_get(element_at(payload, element, "FactSet"), "facts");

	for (size_t i = 0; i < json_array_size(facts); i++) {
		if (strcmp(text_at(json_array_get(facts, i), "title"), title) == 0) {
			return text_at(json_array_get(facts, i), "value");
		}
	}
	fail_msg("no fact '%s'", title);
	return NULL;
}

static void tells_everything_of_an_alert(void **state)
{
	struct notify_fixture *f = *state;
	json_t *payload =
		payload_of(f, "teams: " HOOK, notify_fixture_notification(f, NOTIFICATION_TRIGGER));
	const json_t *card = card_of(payload);
	const json_t *action = json_array_get(json_object_get(card, "actions"), 0);

	assert_string_equal(text_at(card, "type"), "AdaptiveCard");
	assert_string_equal(text_at(card, "version"), "1.4");
	assert_string_equal(text_at(element_at(payload, 0, "Container"), "style"), "attention");
	assert_string_equal(title_of(payload), "\\[CRITICAL] disk full (db-01)");
	assert_string_equal(text_at(element_at(payload, 1, "TextBlock"), "text"),
		"/var is 98 % full\n\nand grows");
	assert_string_equal(fact_of(payload, 2, "severity"), "critical");
	assert_string_equal(fact_of(payload, 2, "source"), "db-01");
	assert_string_equal(fact_of(payload, 2, "mount"), "/var");
	assert_string_equal(fact_of(payload, 2, "team"), "db");
	assert_string_equal(fact_of(payload, 2, "alert"), "42");
	assert_string_equal(text_at(action, "url"), "https://wiki.example.com/disk?a=1&b=2");
	json_decref(payload);
}

static void has_a_style_for_each_purpose(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		enum severity severity;
		const char *style, *title;
	} cases[] = {
		{NOTIFICATION_TRIGGER, SEVERITY_WARNING, "warning",
			"\\[WARNING] disk full (db-01)"},
		{NOTIFICATION_TRIGGER, SEVERITY_INFO, "accent", "\\[INFO] disk full (db-01)"},
		{NOTIFICATION_RESOLVE, SEVERITY_CRITICAL, "good", "\\[RESOLVED] disk full (db-01)"},
		{NOTIFICATION_ACKNOWLEDGE, SEVERITY_CRITICAL, "accent",
			"\\[ACKNOWLEDGED] disk full (db-01)"},
		{NOTIFICATION_SUMMARY, SEVERITY_CRITICAL, "attention",
			"\\[STORM] 212 alerts in 1 min"},
		{NOTIFICATION_NOTICE, SEVERITY_WARNING, "warning",
			"\\[NOTICE] receiver 'chat' is dead"},
		{NOTIFICATION_DIGEST, SEVERITY_INFO, "accent",
			"\\[DIGEST] 3 open, 90 fired, 87 resolved since 2025-06-30 03:14 UTC"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notification *notification =
			notify_fixture_notification(f, cases[i].purpose);
		json_t *payload;

		notification->severity = cases[i].severity;
		payload = payload_of(f, "teams: " HOOK, notification);
		assert_string_equal(
			text_at(element_at(payload, 0, "Container"), "style"), cases[i].style);
		assert_string_equal(title_of(payload), cases[i].title);
		json_decref(payload);
	}
}

static void obeys_no_markdown(void **state)
{
	static const struct {
		const char *message, *text;
	} cases[] = {
		{"**b** _i_ `c` ~x~", "\\*\\*b\\*\\* \\_i_ \\`c\\` \\~x\\~"},
		{"[text](https://evil.example/)", "\\[text](https://evil.example/)"},
		{"<at>everyone</at>", "\\<at>everyone\\</at>"},
		{"https://host/a_b", "https://host/a_b"},
		{"- a\n + b\n# c\n> d", "\\- a\n\n \\+ b\n\n\\# c\n\n\\> d"},
		{"C:\\x", "C:\\\\x"},
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
		payload = payload_of(f, "teams: " HOOK, notification);
		assert_string_equal(
			text_at(element_at(payload, 1, "TextBlock"), "text"), cases[i].text);
		json_decref(payload);
	}
}

static void a_runbook_that_is_no_link_is_a_fact(void **state)
{
	struct notify_fixture *f = *state;
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *const alerts[] = {alert};
	struct notification *notification = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	json_t *payload;

	alert->runbook = "https://wiki/ä";
	notification->alerts = alerts;
	payload = payload_of(f, "teams: " HOOK, notification);
	assert_null(json_object_get(card_of(payload), "actions"));
	assert_string_equal(fact_of(payload, 2, "runbook"), "https://wiki/ä");
	json_decref(payload);
}

static void keeps_to_its_limit(void **state)
{
	struct notify_fixture *f = *state;
	size_t count = 0;
	const struct nasty_notification *nasty = notify_fixture_nasty(f, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *payload = payload_of(f, "teams: " HOOK, nasty[i].notification);

		assert_true(title_of(payload)[0] != '\0');
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
		const char *text;
	} cases[] = {
		{202, "", DELIVERY_ARRIVED, CHANNEL_OK, "answered 202"},
		{200, "1", DELIVERY_ARRIVED, CHANNEL_OK, NULL},
		{200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, NULL},
		{200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413 with ContextId x", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 502", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, NULL},
		{400, "{\"error\": {\"code\": \"TriggerInputSchemaMismatch\", \"message\": \"x\"}}", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{400, "{\"error\": {\"code\": \"WorkflowTriggerIsNotEnabled\", \"message\": \"x\"}}", DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 400: the workflow is turned off"},
		{401, "{\"error\": {\"code\": \"DirectApiAuthorizationRequired\"}}", DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 401: the signature (sig=) of the address is wrong"},
		{404, "{\"error\": {\"code\": \"WorkflowNotFound\"}}", DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 404: the workflow was deleted"},
		{404, "nonsense", DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 404: nonsense"},
		{400, "[]", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{413, "", DELIVERY_REFUSED, CHANNEL_REJECTED, NULL},
		{429, "{}", DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED, NULL},
		{502, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, NULL},
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
		notify_teams.judge(&run, &response, &result);
		if (result.outcome != cases[i].outcome || result.fault != cases[i].fault) {
			fail_msg("%ld %s: %s, %s", cases[i].status, cases[i].body,
				delivery_outcome_name(result.outcome),
				channel_fault_name(result.fault));
		}
		if (cases[i].text) {
			assert_string_equal(result.text, cases[i].text);
		}
		strbuf_release(&body);
	}
}

static void knows_its_addresses(void **state)
{
	// clang-format off
	static const struct {
		const char *address;
		const char *shown; /* NULL: it is wrong, and this is why: */
		const char *fault;
	} cases[] = {
		{HOOK, "https://a.westus.logic.azure.com:443/workflows/12/triggers/manual/paths/invoke?***", NULL},
		{"https://d.1.environment.api.powerplatform.com:443/w/12?api-version=1&sig=s3cr3t", "https://d.1.environment.api.powerplatform.com:443/w/12?***", NULL},
		{"http://127.0.0.1:8080/s3cr3t", "http://127.0.0.1:8080/***", NULL},
		{"http://127.0.0.1:8080/w?sig=s3cr3t", "http://127.0.0.1:8080/w?***", NULL},
		{"s3cr3t", NULL, "no scheme"},
		{"https://x.webhook.office.com/webhookb2/s3cr3t", NULL, "Office 365 connector"},
		{"https://outlook.office.com/webhook/s3cr3t", NULL, "Office 365 connector"},
		{"http://a.logic.azure.com/workflows/1?sig=s3cr3t", NULL, "must begin with https://"},
		{"https://a.logic.azure.com/workflows/s3cr3t", NULL, "no sig= in it"},
		{"https://a.logic.azure.com/workflows/1?sp=s3cr3t&sig=", NULL, "no sig= in it"},
		{"https://a.logic.azure.com/workflows/1?nosig=s3cr3t", NULL, "no sig= in it"},
	};
	// clang-format on
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *yaml = arena_printf(f->arena, "teams: '%s'", cases[i].address);

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
		TEST(has_a_style_for_each_purpose),
		TEST(obeys_no_markdown),
		TEST(a_runbook_that_is_no_link_is_a_fact),
		TEST(keeps_to_its_limit),
		TEST(understands_answers),
		TEST(knows_its_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
