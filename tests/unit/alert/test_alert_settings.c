/*
 * The section `alerts`: defaults, and what is refused.
 */
#include "alert/alert_settings.h"
#include "alert/settings_fixture.h"
#include "base/alloc.h"
#include "base/time_zone.h"
#include "cmocka_all.h"
#include "conf/option.h"

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS };

static void rows_are_sound(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(alert_settings_rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static void defaults(void **state)
{
	struct settings_fixture f;

	(void)state;
	settings_open(&f, "  {}");
	assert_int_equal(f.conf.errors_count, 0);
	assert_int_equal(f.alerts.suppression_minutes, 15);
	assert_int_equal(f.alerts.give_up_ms[SEVERITY_CRITICAL], 24LL * HOUR_MS);
	assert_int_equal(f.alerts.give_up_ms[SEVERITY_WARNING], 6 * HOUR_MS);
	assert_int_equal(f.alerts.give_up_ms[SEVERITY_INFO], HOUR_MS);
	assert_int_equal(f.alerts.keep_ms, 90LL * 24 * HOUR_MS);
	assert_string_equal(time_zone_name(f.alerts.time_zone), "local");
	assert_true(f.alerts.is_default_routing);
	assert_non_null(f.alerts.silences);
	assert_string_equal(f.alerts.inhibit_hash, "");
	assert_null(f.alerts.digest);
	assert_non_null(alert_receiver(&f.alerts, "log"));
	assert_null(alert_receiver(&f.alerts, "slack"));
	settings_close(&f);
}

static void values(void **state)
{
	struct settings_fixture f;

	(void)state;
	settings_open(&f, "  suppression_minutes: 5\n"
			  "  give_up: {critical: 2d, info: 5m}\n"
			  "  keep: 7d\n"
			  "  fallback: log\n"
			  "  time_zone: Europe/Berlin\n"
			  "  digest: '0 8 * * *'\n"
			  "  digest_to: log\n"
			  "  inhibit:\n"
			  "    - {source: a=b, target: [c=d, e=f], equal: [x, y]}\n"
			  "    - {source: a=b, target: [c=d, e=f], equal: [x]}\n");
	assert_int_equal(f.conf.errors_count, 0);
	assert_int_equal(f.alerts.give_up_ms[SEVERITY_CRITICAL], 48LL * HOUR_MS);
	assert_int_equal(f.alerts.give_up_ms[SEVERITY_WARNING], 6 * HOUR_MS);
	assert_int_equal(f.alerts.give_up_ms[SEVERITY_INFO], 5 * MINUTE_MS);
	assert_string_equal(f.alerts.fallback, "log");
	assert_non_null(f.alerts.digest);
	assert_string_equal(time_zone_name(f.alerts.time_zone), "Europe/Berlin");

	const struct inhibition *one = f.alerts.inhibit.items[0];
	const struct inhibition *other = f.alerts.inhibit.items[1];

	assert_string_equal(one->name, "inhibit[0]");
	assert_string_equal(other->name, "inhibit[1]");
	assert_string_not_equal(one->hash, other->hash);
	assert_int_equal(strlen(f.alerts.inhibit_hash), 40);
	settings_close(&f);
}

static void refused(void **state)
{
	static const struct settings_case cases[] = {
		{"  suppression_minutes: -1\n",
			"c.yaml:2:24: suppression_minutes: number '-1': must be from 0 to "
			"43200\n"},
		{"  receivers: [{name: team, log: auto}]\n  fallback: taem\n",
			"c.yaml:3:13: alerts.fallback: there is no receiver 'taem'; did you mean "
			"'team'?\n"},
		{"  digest_to: log\n",
			"c.yaml:2:14: alerts.digest_to: alerts.digest does not say when\n"},
		{"  digest: '@daily'\n  digest_to: [log, nobody]\n",
			"c.yaml:3:14: alerts.digest_to: there is no receiver 'nobody'; "
			"there is only 'log'\n"},
		{"  digest: '@daily'\n",
			"c.yaml:2:11: alerts.digest: nobody gets it, as no receiver is called "
			"'email'; say in alerts.digest_to who does\n"},
		{"  receivers: [{name: post, email: a@example.com, from: b@example.com}]\n"
		 "  digest: '@daily'\n",
			"c.yaml:3:11: alerts.digest: nobody gets it, as no receiver is called "
			"'email'; say in alerts.digest_to who does\n"},
		{"  receivers: [{name: team, log: auto}]\n  fallback: nope\n",
			"c.yaml:3:13: alerts.fallback: there is no receiver 'nope'; there are "
			"'team', 'log'\n"},
		{"  receivers: [{name: a1, log: auto}, {name: a2, log: auto}, {name: a3, log: "
		 "auto},\n"
		 "    {name: a4, log: auto}, {name: a5, log: auto}, {name: a6, log: auto},\n"
		 "    {name: a7, log: auto}, {name: a8, log: auto}]\n  fallback: nope\n",
			"c.yaml:5:13: alerts.fallback: there is no receiver 'nope'; there are "
			"'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8' and 1 more\n"},
		{"  digest: '@daily'\n  pagerduty_key: 0123456789abcdef0123456789abcdef\n"
		 "  digest_to: pagerduty\n",
			"c.yaml:4:14: alerts.digest_to: receivers of the kind 'pagerduty' cannot "
			"hold a digest ('pagerduty')\n"},
		/* With a fault, names may be missing: no more is said of them. */
		{"  receivers: [{name: team, slakc: x}]\n  fallback: tame\n",
			"c.yaml:2:15: receiver 'team': no kind is given; it must have one of the "
			"keys "},
	};

	(void)state;
	settings_check(cases, ARRAY_LEN(cases) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sound),
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
