/*
 * Routes: those that are there without being configured, and those that cannot be meant.
 */
#include "alert/alert_settings.h"
#include "alert/settings_fixture.h"
#include "base/alloc.h"
#include "cmocka_all.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define WEBHOOK "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"
#define TWO "  receivers: [{name: a, log: auto}, {name: b, log: auto}]\n"

static void default_routes(void **state)
{
	static const struct {
		const char *yaml, *routes;
	} cases[] = {
		{"  {}", "severity=critical -> log\n"
			 "severity=warning -> log\n"
			 "severity=info -> log\n"},
		{"  slack_webhook: " WEBHOOK "\n  pagerduty_key: " KEY "\n",
			"severity=critical -> slack, pagerduty\n"
			"severity=warning -> slack\n"
			"severity=info -> log\n"},
		{"  pagerduty_key: " KEY "\n", "severity=critical -> pagerduty\n"
					       "severity=warning -> log\n"
					       "severity=info -> log\n"},
		{"  email: {from: a@example.com, to: b@example.com}\n",
			"severity=critical -> email\n"
			"severity=warning -> email\n"
			"severity=info -> log\n"},
		{"  slack_webhook: " WEBHOOK
		 "\n  email: {from: a@example.com, to: b@example.com}\n",
			"severity=critical -> slack, email\n"
			"severity=warning -> slack\n"
			"severity=info -> log\n"},
		{"  slack_webhook: " WEBHOOK
		 "\n  email: {from: a@example.com, to: b@example.com, digest: '@daily'}\n",
			"severity=critical -> slack\n"
			"severity=warning -> slack\n"
			"severity=info -> log\n"},
		{"  email: {from: a@example.com, to: b@example.com, digest: '@daily'}\n",
			"severity=critical -> email\n"
			"severity=warning -> log\n"
			"severity=info -> log\n"},
		{"  routes: [{receivers: log}]\n", "-> log\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		settings_assert_routes(cases[i].yaml, cases[i].routes);
	}
}

static void refused(void **state)
{
	static const struct settings_case cases[] = {
		{TWO "  routes:\n    - {receivers: [a, c]}\n",
			"c.yaml:4:7: route 'routes[0]': there is no receiver 'c'; there are 'a', "
			"'b', 'log'\n"},
		{TWO "  routes:\n    - {match: severity=info}\n",
			"c.yaml:4:7: key 'receivers' is missing in alerts.routes[0]\n"},
		{TWO "  routes:\n    - {match: [team=a, team=b], receivers: a}\n",
			"c.yaml:4:7: alerts.routes[0]: match: nothing matches both 'team=a' and "
			"'team=b'\n"},
		{TWO "  routes:\n    - {match: [severity!=info, severity=info], receivers: a}\n",
			"c.yaml:4:7: alerts.routes[0]: match: nothing matches both "
			"'severity!=info' and "
			"'severity=info'\n"},
		{TWO "  routes:\n    - {match: severity=~x, receivers: a}\n",
			"c.yaml:4:7: alerts.routes[0]: match: nothing matches 'severity=~x'\n"},
		{TWO "  routes:\n    - {match: '', receivers: a}\n",
			"c.yaml:4:15: match: an empty matcher; write label=value, label!=value, "
			"label=~regex or label!~regex\n"},
		{TWO "  routes:\n    - {receivers: a, times: 'mon-xyz'}\n", "c.yaml:4:29: times: "},
		{TWO "  routes:\n    - {receivers: a, time_zone: UTC}\n",
			"c.yaml:4:7: alerts.routes[0]: time_zone is given, and there are no "
			"times\n"},
		{TWO "  routes:\n    - {receivers: a, repeat_interval: 5s}\n",
			"c.yaml:4:7: alerts.routes[0]: repeat_interval must be a minute at least, "
			"or 0\n"},
		{TWO "  routes:\n    - {receivers: a, group_by: ['']}\n",
			"c.yaml:4:7: alerts.routes[0]: group_by: a label's name must not be "
			"empty\n"},
		{TWO "  routes:\n    - {receivers: a, suppression: often}\n",
			"c.yaml:4:35: suppression: "},
		{TWO "  routes:\n    - {name: x, receivers: a, match: y=z}\n"
		     "    - {name: x, receivers: b}\n",
			"c.yaml:5:7: a route called 'x' is already at c.yaml:4:7; give one of them "
			"another name\n"},
		{TWO "  routes:\n    - {receivers: a}\n    - {receivers: b, match: x=y}\n",
			"c.yaml:5:7: route 'routes[1]' can never match: 'routes[0]' at c.yaml:4:7 "
			"takes everything and does not continue\n"},
		{TWO "  routes:\n    - {receivers: a, match: 'team=~a|b'}\n"
		     "    - {receivers: b, match: [team=b, severity=info]}\n",
			"c.yaml:5:7: route 'routes[1]' can never match: 'routes[0]' at c.yaml:4:7 "
			"takes everything that it would and does not continue\n"},
		{TWO "  routes:\n    - {receivers: a, times: '00:00-24:00'}\n"
		     "    - {receivers: b}\n",
			"c.yaml:5:7: route 'routes[1]' can never match: 'routes[0]' at c.yaml:4:7 "
			"takes everything and does not continue\n"},
		/* These are fine. */
		{TWO "  routes:\n    - {receivers: a, continue: true}\n    - {receivers: b}\n", ""},
		{TWO "  routes:\n    - {receivers: a, times: 'mon-fri'}\n    - {receivers: b}\n",
			""},
		{TWO "  routes:\n    - {receivers: a, match: severity=info}\n"
		     "    - {receivers: b, match: severity=warning}\n",
			""},
		{TWO "  routes: {receivers: []}\n", ""},
		{"  inhibit: [{source: [], target: a=b}]\n",
			"c.yaml:2:13: alerts.inhibit[0]: source is empty: it would hold back every "
			"alert\n"},
		{"  inhibit: [{source: a=b}]\n",
			"c.yaml:2:13: key 'target' is missing in alerts.inhibit[0]\n"},
		{"  inhibit: [{source: [a=b, a=c], target: d=e}]\n",
			"c.yaml:2:13: alerts.inhibit[0]: source: nothing matches both 'a=b' and "
			"'a=c'\n"},
		{"  inhibit: [{source: a=b, target: d=e, equal: ['']}]\n",
			"c.yaml:2:13: alerts.inhibit[0]: equal: a label's name must not be "
			"empty\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *errors = cases[i].errors;

		if (*errors && errors[strlen(errors) - 1] != '\n') {
			struct settings_fixture f; /* the rest is the type's */

			settings_open(&f, cases[i].yaml);
			assert_int_equal(f.conf.errors_count, 1);
			assert_int_equal(strncmp(f.conf.errors[0], errors, strlen(errors)), 0);
			settings_close(&f);
		} else {
			settings_check(&cases[i], 1);
		}
	}
}

static void suppression(void **state)
{
	struct settings_fixture f;

	(void)state;
	settings_open(&f, TWO "  routes:\n    - {receivers: a, match: x=1, suppression: 0s}\n"
			      "    - {receivers: a, match: x=2, suppression: inherit}\n"
			      "    - {receivers: a, suppression: 1h}\n");
	assert_int_equal(f.conf.errors_count, 0);
	assert_int_equal(((const struct route *)f.alerts.routes.items[0])->suppression_ms, 0);
	assert_int_equal(((const struct route *)f.alerts.routes.items[1])->suppression_ms, -1);
	assert_int_equal(
		((const struct route *)f.alerts.routes.items[2])->suppression_ms, 3600 * 1000);
	settings_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_routes),
		cmocka_unit_test(refused),
		cmocka_unit_test(suppression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
