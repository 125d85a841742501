/*
 * Receivers of the short keys, and names.
 */
#include "alert/alert_settings.h"
#include "alert/settings_fixture.h"
#include "base/alloc.h"
#include "cmocka_all.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define WEBHOOK "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"

static void short_keys(void **state)
{
	struct settings_fixture f;
	const struct receiver *slack;
	const struct receiver *pagerduty;

	(void)state;
	settings_open(&f, "  slack_webhook: " WEBHOOK "\n  pagerduty_key: " KEY "\n");
	assert_int_equal(f.conf.errors_count, 0);
	slack = alert_receiver(&f.alerts, "slack");
	pagerduty = alert_receiver(&f.alerts, "pagerduty");
	assert_string_equal(slack->kind->variant.name, "slack");
	assert_string_equal(pagerduty->kind->variant.name, "pagerduty");
	assert_null(slack->origin);
	assert_true(slack->sends_resolved);
	assert_true(slack->timeout_ms > 0);
	assert_non_null(slack->settings);
	assert_string_not_equal(slack->settings, pagerduty->settings);
	assert_string_equal(slack->kind->target(slack->opts, f.conf.arena),
		"https://hooks.slack.com/services/T00000000/B00000000/***");
	assert_int_equal(f.alerts.receivers.count, 3);
	settings_close(&f);
}

static void mail(void **state)
{
	struct settings_fixture f;
	const struct receiver *email;

	(void)state;
	settings_open(&f, "  email: {smtp: 'smtp://localhost:2525', from: sre@example.com, to: "
			  "[a@example.com, b@example.com], digest: '0 8 * * *'}\n");
	assert_int_equal(f.conf.errors_count, 0);
	email = alert_receiver(&f.alerts, "email");
	assert_string_equal(email->kind->variant.name, "email");
	assert_int_equal(f.alerts.digest_to.count, 1);
	assert_string_equal(OPTION_AT(&f.alerts.digest_to, const char *, 0), "email");
	assert_ptr_equal(f.alerts.digest, f.alerts.email.digest);
	settings_close(&f);
}

/* The log is there anyway; one that is configured is the one. */
static void the_log(void **state)
{
	struct settings_fixture f;

	(void)state;
	settings_open(&f, "  receivers: [{log: debug}]\n");
	assert_int_equal(f.conf.errors_count, 0);
	assert_int_equal(f.alerts.receivers.count, 1);
	assert_non_null(alert_receiver(&f.alerts, "log")->origin);
	settings_close(&f);
}

static void refused(void **state)
{
	static const struct settings_case cases[] = {
		{"  slack_webhook: secret\n", "c.yaml:2:18: alerts.slack_webhook: "},
		{"  pagerduty_key: short\n", "c.yaml:2:18: alerts.pagerduty_key: "},
		{"  email: {from: sre@example.com}\n",
			"c.yaml:2:10: alerts.email: key 'to' is missing\n"},
		{"  email: {to: a@example.com}\n",
			"c.yaml:2:10: alerts.email: key 'from' is missing\n"},
		{"  email: {from: sre@example.com, to: [a@example.com, nobody]}\n",
			"c.yaml:2:38: alerts.email.to: \n"},
		{"  pagerduty_key: " KEY "\n  receivers: [{name: pagerduty, log: auto}]\n",
			"c.yaml:3:15: a receiver called 'pagerduty' is already at a short key of "
			"alerts; give one of them another name\n"},
		{"  receivers:\n    - {name: a, log: auto}\n    - {name: a, log: debug}\n",
			"c.yaml:4:7: a receiver called 'a' is already at c.yaml:3:7; give one of "
			"them another name\n"},
		{"  receivers: [{name: '', log: auto}]\n",
			"c.yaml:2:15: a receiver's name must not be empty\n"},
		{"  receivers: [{name: log, pagerduty: " KEY "}]\n",
			"c.yaml:2:15: a receiver called 'log' must be of that kind: it gets what "
			"nobody else does\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct settings_fixture f;

		settings_open(&f, cases[i].yaml);
		assert_int_equal(f.conf.errors_count, 1);
		if (i < 2) {
			/* The rest is the kind's; what is secret is not in it. */
			assert_int_equal(
				strncmp(f.conf.errors[0], cases[i].errors, strlen(cases[i].errors)),
				0);
			assert_null(strstr(f.conf.errors[0], "secret"));
			assert_null(strstr(f.conf.errors[0], "short"));
		} else {
			assert_memory_equal(
				f.conf.errors[0], cases[i].errors, strlen(cases[i].errors) - 1);
		}
		settings_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_keys),
		cmocka_unit_test(mail),
		cmocka_unit_test(the_log),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
