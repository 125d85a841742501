/*
 * Programs that are told: what they are given, and what their ends mean.
 */
#include <signal.h>
#include <unistd.h>

#include "notify/json_at.h"
#include "notify/kind_fixture.h"

static struct delivery_result run(struct http_fixture *fixture, const char *yaml)
{
	struct sample sample;

	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	return send_of(fixture, receiver_of(fixture->arena, yaml), &sample.notification);
}

static void test_ends(void **state)
{
	static const struct {
		const char *yaml;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		int code;
		bool may_have_arrived;
		const char *text, *body;
	} cases[] = {
		{"{exec: 'true'}", DELIVERY_ARRIVED, CHANNEL_OK, 0, false, "exit status 0", ""},
		{"{exec: [sh, -c, 'echo fine']}", DELIVERY_ARRIVED, CHANNEL_OK, 0, false,
			"exit status 0", "fine"},
		{"{exec: [sh, -c, 'echo out; echo bad >&2; exit 1']}", DELIVERY_RETRY,
			CHANNEL_UNAVAILABLE, 1, false, "exit status 1: bad", "bad"},
		{"{exec: [sh, -c, 'exit 75']}", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 75, false,
			"exit status 75", ""},
		{"{exec: [sh, -c, 'exit 78']}", DELIVERY_REFUSED, CHANNEL_MISCONFIGURED, 78, false,
			"exit status 78", ""},
		{"{exec: [sh, -c, 'exit 64']}", DELIVERY_REFUSED, CHANNEL_MISCONFIGURED, 64, false,
			"exit status 64", ""},
		{"{exec: [sh, -c, 'exit 67']}", DELIVERY_REFUSED, CHANNEL_MISCONFIGURED, 67, false,
			"exit status 67", ""},
		{"{exec: [sh, -c, 'exit 77']}", DELIVERY_REFUSED, CHANNEL_MISCONFIGURED, 77, false,
			"exit status 77", ""},
		{"{exec: [sh, -c, 'echo what; exit 65']}", DELIVERY_REFUSED, CHANNEL_REJECTED, 65,
			false, "exit status 65: what", "what"},
		{"{exec: [sh, -c, 'exit 69']}", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 69, false,
			"exit status 69", ""},
		{"{exec: [sh, -c, 'kill -9 $$']}", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 0, true,
			"killed by signal 9 (SIGKILL)", ""},
		{"{exec: /no/such/program}", DELIVERY_REFUSED, CHANNEL_MISCONFIGURED, 0, false,
			"'/no/such/program'", ""},
		{"{exec: 'true', cwd: /no/such/folder}", DELIVERY_REFUSED, CHANNEL_MISCONFIGURED, 0,
			false, "/no/such/folder", ""},
		/* output that a terminal would obey, and secrets */
		{"{exec: [sh, -c, 'printf \"\\033[31m$TOKEN\"; exit 1'], env: {TOKEN: s3cret}}",
			DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 1, false,
			"exit status 1: \\x1b[31m***", "\\x1b[31m***"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct delivery_result result = run(*state, cases[i].yaml);

		assert_int_equal(result.outcome, cases[i].outcome);
		assert_int_equal(result.fault, cases[i].fault);
		assert_int_equal(result.code, cases[i].code);
		assert_int_equal(result.may_have_arrived, cases[i].may_have_arrived);
		assert_int_equal(result.retry_after_ms, -1);
		assert_has(result.text, cases[i].text);
		assert_string_equal(result.body, cases[i].body);
	}
}

/* Everything it started goes too. */
static void test_timeout(void **state)
{
	struct delivery_result result =
		run(*state, "{exec: [sh, -c, 'sleep 1000 & sleep 1000'], timeout: 200ms}");

	assert_int_equal(result.outcome, DELIVERY_RETRY);
	assert_int_equal(result.fault, CHANNEL_UNAVAILABLE);
	assert_true(result.may_have_arrived);
	assert_string_equal(result.text, "timed out after 200ms while running 'sh'");
}

static void test_input(void **state)
{
	struct http_fixture *fixture = *state;
	struct delivery_result result = run(
		fixture, "{name: mine, exec: [sed, -n, 's/.*\\(\"fields\": {[^}]*}\\).*/\\1/p']}");
	struct notify_message message;
	struct sample sample;
	json_t *root;

	assert_string_equal(result.body, "\"fields\": {\"used\": \"97 %\"}");
	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	message = message_of(fixture->arena,
		receiver_of(fixture->arena, "{name: mine, exec: [prog, 'a b']}"),
		&sample.notification);
	assert_string_equal(message.method, "EXEC");
	assert_string_equal(message.url, "prog 'a b'");
	root = body_of(&message);
	assert_string_equal(text_at(root, "receiver"), "mine");
	assert_string_equal(text_at(root, "alerts.0.title"), "disk full");
	json_decref(root);
}

/* A program that reads nothing of a large input. */
static void test_unread_input(void **state)
{
	struct http_fixture *fixture = *state;
	struct delivery_result result;
	struct sample sample;

	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	sample.alert.message = repeated(fixture->arena, "x", 2 << 20);
	result = send_of(
		fixture, receiver_of(fixture->arena, "{exec: 'true'}"), &sample.notification);
	assert_int_equal(result.outcome, DELIVERY_ARRIVED);
	result = send_of(
		fixture, receiver_of(fixture->arena, "{exec: wc -c}"), &sample.notification);
	assert_int_equal(result.outcome, DELIVERY_ARRIVED);
	assert_int_equal(strlen(result.body), 6);
}

static void test_environment(void **state)
{
	static const struct {
		const char *name, *value;
	} cases[] = {
		{"SRE_RECEIVER", "mine"},
		{"SRE_PURPOSE", "trigger"},
		{"SRE_KEY", "msg_0123456789"},
		{"SRE_SEVERITY", "critical"},
		{"SRE_TITLE", "[CRITICAL] disk full (db-01)"},
		{"SRE_ATTEMPT", "1"},
		{"SRE_STATUS", "firing"},
		{"SRE_SOURCE", "db-01"},
		{"SRE_ALERT_ID", "42"},
		{"SRE_ALERTS", "1"},
		{"LANG", "C.UTF-8"},
		{"MINE", "given"},
		{"EXEC_TEST_OURS", ""},
	};
	struct http_fixture *fixture = *state;

	assert_int_equal(setenv("EXEC_TEST_OURS", "not handed on", 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct delivery_result result = run(fixture,
			arena_printf(fixture->arena,
				"{name: mine, exec: [sh, -c, 'printf \"%%s\" \"$%s\" | rev'], "
				"env: {MINE: given}}",
				cases[i].name));
		size_t len = strlen(cases[i].value);

		/* backwards, so that what is secret can be seen */
		assert_int_equal(result.outcome, DELIVERY_ARRIVED);
		assert_int_equal(strlen(result.body), len);
		for (size_t c = 0; c < len; c++) {
			assert_int_equal(result.body[c], cases[i].value[len - 1 - c]);
		}
	}
}

/* Nothing in an alert is ever an argument or a command. */
static void test_nasty(void **state)
{
	static const char nasty[] = "$(exit 7) `exit 7` ; exit 7; | & > -rf '\" () { :; }; exit 7";
	struct http_fixture *fixture = *state;
	struct delivery_result result;
	struct sample sample;

	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	sample.alert.title = sample.alert.source = sample.alert.message = nasty;
	sample.alert.source = repeated(fixture->arena, "x", 1 << 20);
	pairs_set(&sample.alert.fields, fixture->arena, str_of(nasty), str_of(nasty));
	result = send_of(fixture,
		receiver_of(fixture->arena, "{exec: [sh, -c, 'cat >/dev/null; echo \"$#\"; echo "
					    "\"$${#SRE_SOURCE}\"']}"),
		&sample.notification);
	assert_int_equal(result.outcome, DELIVERY_ARRIVED);
	assert_has(result.body, "0\\n10");
}

static void test_every_purpose(void **state)
{
	struct http_fixture *fixture = *state;

	for (int purpose = 0; purpose < NOTIFICATION_PURPOSES; purpose++) {
		const struct notify_summary summary = {.count = 3};
		const struct notify_digest digest = {0};
		struct delivery_result result;
		struct sample sample;

		sample_init(&sample, fixture->arena, (enum notification_purpose)purpose);
		sample.notification.summary = &summary;
		sample.notification.digest = &digest;
		sample.notification.title = "title";
		sample.notification.text = "text";
		if (purpose >= NOTIFICATION_SUMMARY && purpose <= NOTIFICATION_NOTICE) {
			sample.notification.alerts_count = 0;
		}
		result = send_of(fixture,
			receiver_of(fixture->arena, "{exec: [sh, -c, 'echo $SRE_PURPOSE']}"),
			&sample.notification);
		assert_int_equal(result.outcome, DELIVERY_ARRIVED);
		assert_string_equal(
			result.body, notification_purpose_name((enum notification_purpose)purpose));
	}
}

static void test_options(void **state)
{
	static const char *const bad[] = {
		"{exec: ''}",
		"{exec: []}",
		"{exec: 'a | b'}",
		"{exec: a, inherit_env: 'A=B'}",
		"{exec: a, proxy: 'http://proxy:3128'}",
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{exec: [a, 'b c']}");

	(void)state;
	assert_string_equal(receiver->kind->target(receiver->opts, arena), "a 'b c'");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(*receiver_fault(arena, bad[i]));
	}
}

int main(void)
{
#define EXEC_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		EXEC_TEST(test_ends),
		EXEC_TEST(test_timeout),
		EXEC_TEST(test_input),
		EXEC_TEST(test_unread_input),
		EXEC_TEST(test_environment),
		EXEC_TEST(test_nasty),
		EXEC_TEST(test_every_purpose),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
