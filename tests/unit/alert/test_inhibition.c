/*
 * Alerts that hold others back, and never for good.
 */
#include "alert/accept.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static void nothing_is_inhibited_for_good(void **state)
{
	struct engine e;

	(void)state;
	/* Two that hold back each other: the first goes out, the second waits for it. */
	engine_open(&e, "receivers: [{name: chat, log: auto}], routes: [{receivers: chat}], "
			"suppression_minutes: 0, "
			"inhibit: [{source: title=a, target: title=b}, "
			"{source: title=b, target: title=a}, "
			"{source: severity=critical, target: 'severity=~critical|warning'}]");
	engine_event(&e, "info one a", "chat sent");
	engine_event(&e, "info two b", "chat inhibited");
	engine_event(&e, "info one a", "chat sent");
	engine_event(&e, "info two b", "chat inhibited");
	/* Sources of a rule are no targets of it. */
	engine_event(&e, "critical three c", "chat sent");
	engine_event(&e, "critical four d", "chat sent");
	engine_event(&e, "warning five e", "chat inhibited");
	/* What is no source any more holds nothing back. */
	engine_event(&e, "info three c", "chat sent");
	engine_deliver(&e, "chat trigger one; chat trigger one; chat trigger three; "
			   "chat trigger four; chat trigger three");
	engine_event(&e, "warning four d", "chat sent");
	engine_deliver(&e, "chat trigger five; chat trigger four");
	engine_close(&e);
}

static void a_changed_configuration_inhibits_too(void **state)
{
	struct engine e;
	struct option_items rules;
	const char *hash;

	(void)state;
	engine_open(&e, "receivers: [{name: chat, log: auto}], routes: [{receivers: chat}], "
			"inhibit: [{source: title=a, target: title=b}]");
	rules = e.settings.inhibit;
	hash = e.settings.inhibit_hash;
	e.settings.inhibit = (struct option_items){0};
	e.settings.inhibit_hash = "";
	engine_event(&e, "info one a", "chat sent");
	e.settings.inhibit = rules;
	e.settings.inhibit_hash = hash;
	engine_event(&e, "info two b", "chat inhibited");
	e.settings.inhibit = (struct option_items){0};
	e.settings.inhibit_hash = "";
	engine_event(&e, "info two b", "chat sent");
	engine_event(&e, "resolve one a", "chat sent");
	e.settings.inhibit = rules;
	e.settings.inhibit_hash = hash;
	engine_event(&e, "info three b", "chat sent");
	engine_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_inhibited_for_good),
		cmocka_unit_test(a_changed_configuration_inhibits_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
