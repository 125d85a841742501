/*
 * The JSON that programs get, byte for byte, as it is documented.
 */
#include <jansson.h>

#include "notify/alert_json.h"
#include "notify/kind_fixture.h"

static char *json_within(const struct notification *notification, size_t max_bytes)
{
	static const struct notifier_kind kind = {.group_max = 3};
	const struct receiver receiver = {.name = "hook", .kind = &kind};
	struct strbuf text = STRBUF_INIT;

	notification_add_json(&receiver, notification, max_bytes, &text);
	return strbuf_detach(&text);
}

static char *json_of(const struct notification *notification)
{
	return json_within(notification, SIZE_MAX);
}

static void test_trigger(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	char *text;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	text = json_of(&sample.notification);
	assert_string_equal(text,
		"{\"schema\": 1, \"key\": \"msg_0123456789\", \"purpose\": \"trigger\", "
		"\"receiver\": \"hook\", \"severity\": \"critical\", "
		"\"time\": \"2025-07-01T03:25:00.000Z\", \"shortened\": false, "
		"\"title\": \"[CRITICAL] disk full (db-01)\", "
		"\"text\": \"/var is at 97 %\\nsince the upgrade\", \"group\": null, "
		"\"alerts_total\": 1, \"alerts\": [{\"id\": 42, \"status\": \"firing\", "
		"\"severity\": \"critical\", \"title\": \"disk full\", \"source\": \"db-01\", "
		"\"message\": \"/var is at 97 %\\nsince the upgrade\", "
		"\"fields\": {\"used\": \"97 %\"}, \"labels\": {\"team\": \"db\"}, "
		"\"runbook\": \"https://wiki.example.com/disk?a=1&b=2\", "
		"\"fingerprint\": \"0123456789abcdef0123456789abcdef01234567\", "
		"\"episode\": \"sre:1e51dd833afe7fa4b4ae8abd98438e27bee1c2c3\", "
		"\"time\": \"2025-07-01T03:24:59.000Z\", "
		"\"started\": \"2025-07-01T03:10:00.000Z\", \"resolved\": null, "
		"\"acknowledged_by\": null, \"events\": 3, \"hidden\": 0, "
		"\"hidden_since\": null}]}");
	free(text);
}

static json_t *parsed(const struct notification *notification)
{
	char *text = json_of(notification);
	json_t *root = json_loads(text, 0, NULL);

	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	free(text);
	return root;
}

static const char *member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void test_purposes(void **state)
{
	static const enum notification_purpose purposes[] = {NOTIFICATION_TRIGGER,
		NOTIFICATION_RESOLVE, NOTIFICATION_ACKNOWLEDGE, NOTIFICATION_REMINDER,
		NOTIFICATION_RESEND, NOTIFICATION_TEST};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct sample sample;
		json_t *root, *alert;

		sample_init(&sample, arena, purposes[i]);
		root = parsed(&sample.notification);
		alert = json_array_get(json_object_get(root, "alerts"), 0);
		assert_string_equal(
			member(root, "purpose"), notification_purpose_name(purposes[i]));
		assert_string_equal(member(alert, "status"),
			purposes[i] == NOTIFICATION_RESOLVE ? "resolved" : "firing");
		assert_true((member(alert, "resolved") != NULL) ==
			    (purposes[i] == NOTIFICATION_RESOLVE));
		assert_true((member(alert, "acknowledged_by") != NULL) ==
			    (purposes[i] == NOTIFICATION_ACKNOWLEDGE));
		assert_null(json_object_get(root, "summary"));
		assert_null(json_object_get(root, "digest"));
		json_decref(root);
	}
}

static void test_group(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.notification.alerts_count = 3;
	sample.notification.alerts_total = 7;
	sample.notification.group = "source=db-01";
	sample.alert.hidden = 212;
	sample.alert.hidden_since_ms = SAMPLE_STARTED_MS;
	root = parsed(&sample.notification);
	assert_int_equal(json_array_size(json_object_get(root, "alerts")), 3);
	assert_int_equal(json_integer_value(json_object_get(root, "alerts_total")), 7);
	assert_string_equal(member(root, "group"), "source=db-01");
	assert_string_equal(
		member(json_array_get(json_object_get(root, "alerts"), 2), "hidden_since"),
		"2025-07-01T03:10:00.000Z");
	json_decref(root);
}

static void test_summary(void **state)
{
	static const struct notify_summary summary = {
		.count = 212,
		.firing = {1, 200, 10},
		.resolved = 1,
		.from_ms = SAMPLE_STARTED_MS,
		.to_ms = SAMPLE_NOW_MS,
		.sources = {{"db-01", 200}, {"db-02", 12}},
		.sources_count = 2,
		.sources_total = 3,
	};
	const struct notification notification = {
		.key = "k",
		.purpose = NOTIFICATION_SUMMARY,
		.severity = SEVERITY_CRITICAL,
		.summary = &summary,
		.time_ms = SAMPLE_NOW_MS,
	};
	char *text = json_of(&notification);

	(void)state;
	assert_has(text, "\"alerts_total\": 0, \"alerts\": [], \"summary\": {\"count\": 212, "
			 "\"firing\": {\"info\": 1, \"warning\": 200, \"critical\": 10}, "
			 "\"resolved\": 1, \"from\": \"2025-07-01T03:10:00.000Z\", "
			 "\"to\": \"2025-07-01T03:25:00.000Z\", \"sources_total\": 3, "
			 "\"sources\": [{\"source\": \"db-01\", \"count\": 200}, "
			 "{\"source\": \"db-02\", \"count\": 12}]}}");
	free(text);
}

static void test_digest(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	struct notify_count failed = {"slack", 4};
	struct pair dead = {"slack", "revoked: no_service"};
	const char *silence = "source=db-01 until 10:00";
	const struct notify_digest digest = {
		.from_ms = SAMPLE_STARTED_MS,
		.to_ms = SAMPLE_NOW_MS,
		.open = {.total = 5, .alerts = &sample.alert, .alerts_count = 1},
		.fired = {.total = 2},
		.suppressed = 7,
		.silenced = 8,
		.inhibited = 9,
		.failed = &failed,
		.failed_count = 1,
		.dead = &dead,
		.dead_count = 1,
		.silences = &silence,
		.silences_count = 1,
	};
	json_t *root, *found;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_DIGEST);
	sample.notification.alerts_count = 0;
	sample.notification.alerts_total = 0;
	sample.notification.digest = &digest;
	root = parsed(&sample.notification);
	found = json_object_get(root, "digest");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(found, "open"), "total")), 5);
	assert_int_equal(
		json_array_size(json_object_get(json_object_get(found, "open"), "alerts")), 1);
	assert_int_equal(json_integer_value(json_object_get(found, "inhibited")), 9);
	assert_string_equal(
		member(json_array_get(json_object_get(found, "failed"), 0), "receiver"), "slack");
	assert_string_equal(member(json_array_get(json_object_get(found, "dead"), 0), "reason"),
		"revoked: no_service");
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(found, "silences"), 0)), silence);
	json_decref(root);
}

static void test_notice(void **state)
{
	const struct notification notification = {
		.key = "k",
		.purpose = NOTIFICATION_NOTICE,
		.severity = SEVERITY_CRITICAL,
		.title = "receiver 'slack' is dead",
		.text = "it answered 404: no_service",
		.time_ms = SAMPLE_NOW_MS,
	};
	json_t *root = parsed(&notification);

	(void)state;
	assert_string_equal(member(root, "title"), "[NOTICE] receiver 'slack' is dead");
	assert_string_equal(member(root, "text"), "it answered 404: no_service");
	json_decref(root);
}

/* Whatever is in an alert, it is one JSON text, and says the same. */
static void test_nasty(void **state)
{
	static const char nasty[] =
		"\"}\\ <!channel> ${x} \xe2\x80\xae \xe2\x80\xa8 \xf0\x9f\x94\xa5";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	json_t *root, *alert;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.title = nasty;
	sample.alert.message = nasty;
	pairs_set(&sample.alert.fields, arena, str_of(nasty), str_of(nasty));
	root = parsed(&sample.notification);
	alert = json_array_get(json_object_get(root, "alerts"), 0);
	assert_string_equal(member(alert, "title"), nasty);
	assert_string_equal(member(alert, "message"), nasty);
	assert_string_equal(member(json_object_get(alert, "fields"), nasty), nasty);
	json_decref(root);
}

/* As large as it may be: fewer alerts first, then shorter texts; it says so, and what there was. */
static void test_max(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct sample sample;
	struct strbuf large = STRBUF_INIT;
	const json_t *alert;
	json_t *root;
	size_t whole;
	char *text;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	strbuf_addn(&large, 'x', 10000);
	sample.alert.message = large.buf;
	sample.notification.alerts_count = 3;
	sample.notification.alerts_total = 3;
	text = json_of(&sample.notification);
	whole = strlen(text);
	free(text);

	text = json_within(&sample.notification, whole);
	assert_int_equal(strlen(text), whole);
	assert_has(text, "\"shortened\": false");
	free(text);

	text = json_within(&sample.notification, whole - 1);
	root = json_loads(text, 0, NULL);
	assert_true(json_is_true(json_object_get(root, "shortened")));
	assert_int_equal(json_array_size(json_object_get(root, "alerts")), 1);
	assert_int_equal(json_integer_value(json_object_get(root, "alerts_total")), 3);
	alert = json_array_get(json_object_get(root, "alerts"), 0);
	assert_int_equal(strlen(member(alert, "message")), 10000);
	json_decref(root);
	free(text);

	text = json_within(&sample.notification, 3000);
	assert_in_range(strlen(text), 1000, 3000);
	root = json_loads(text, 0, NULL);
	alert = json_array_get(json_object_get(root, "alerts"), 0);
	assert_has(member(alert, "message"), "xxx…");
	assert_string_equal(member(json_object_get(alert, "fields"), "used"), "97 %");
	json_decref(root);
	free(text);
	strbuf_release(&large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trigger),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_summary),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_notice),
		cmocka_unit_test(test_nasty),
		cmocka_unit_test(test_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
