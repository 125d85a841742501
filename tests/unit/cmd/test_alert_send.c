/*
 * Sending one alert: what is told, what is refused.
 */
#include "cmd/alert_steps.h"

static void an_alert_is_accepted_and_told(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-s", "critical", "-m", "disk full", "--source", "db-01"}}, 0,
			"alert 1: critical \"disk full\" from db-01\n  ✓ log", NULL},
		{{{"-s", "critical", "-m", "disk full", "--source", "db-01"}}, 0,
			"- log          suppressed: told at", NULL},
		{{{"--resolve", "--title", "disk full", "--source", "db-01"}}, 0,
			"alert 1: resolved \"disk full\" from db-01\n  ✓ log", NULL},
		{{{"--resolve", "--title", "disk full", "--source", "db-01"}}, 0,
			"nothing to resolve: no open alert has this source and title\n", NULL},
		{{{"--resolve", "-k", "other"}}, 0,
			"nothing to resolve: no open alert has this dedup key\n", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void what_is_not_delivered_stays(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "-l", "team=ops", "-t", "100ms"}}, 1, "✗ ops          ", NULL},
		{{{"list"}}, 0, "1 waiting", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void queued_alerts_wait(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "--queue"}}, 0, "… log          in the outbox\n", NULL},
		{{{"flush"}}, 0, "delivered 1, 0 wait in the outbox\n", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void a_dry_run_writes_nothing(void **state)
{
	static const struct alert_step steps[] = {
		{{{"-m", "x", "-l", "team=ops", "-n"}}, 0,
			"POST http://127.0.0.1:1/services/T0/B0/***", NULL},
		{{{"-m", "x", "-l", "team=ops", "-n", "-o", "json"}}, 0, "\"payload\": \"POST ",
			NULL},
		{{{"list", "-a"}}, 0, "no alerts\n", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

static void wrong_usage_does_nothing(void **state)
{
	static const struct alert_step steps[] = {
		{{{0}}, 2, "", "nothing to say: write --message TEXT"},
		{{{"-m", "x", "--runbook", "nonsense"}}, 2, "", "runbook"},
		{{{"list", "-a"}}, 0, "no alerts\n", NULL},
	};

	run_steps(*state, &cmd_alert, steps, ARRAY_LEN(steps));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(an_alert_is_accepted_and_told),
		cmd_test(what_is_not_delivered_stays),
		cmd_test(queued_alerts_wait),
		cmd_test(a_dry_run_writes_nothing),
		cmd_test(wrong_usage_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
