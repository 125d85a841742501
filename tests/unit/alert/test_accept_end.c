/*
 * An alert is over, or somebody is on it: who was told of it is told of that.
 */
#include "alert/accept.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static const char two[] = "receivers: [{name: chat, log: auto}, {name: page, log: auto}], "
			  "routes: [{match: severity=critical, receivers: [chat, page]}, "
			  "{match: severity=warning, receivers: chat}, {receivers: []}]";

static void ends_of_what_was_never_told(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "resolve db-01 disk-full", "");
	assert_int_equal(e.accepted.alert_id, 0);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM event"), 0);

	engine_event(&e, "info db-01 disk-full", "- not told");
	engine_event(&e, "resolve db-01 disk-full", "- not told");
	assert_string_equal(engine_reason(&e, 0), "nobody was told of the problem");
	assert_int_not_equal(e.accepted.alert_id, 0);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery"), 0);
	engine_close(&e);
}

static void receivers_that_want_no_ends(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: plain, log: auto, send_resolved: false}], "
			"routes: [{receivers: plain}]");
	engine_event(&e, "info db-01 disk-full", "plain sent");
	engine_event(&e, "resolve db-01 disk-full", "plain not told");
	assert_string_equal(engine_reason(&e, 0), "this receiver is not told of ends");
	engine_event(&e, "info db-01 disk-full", "plain sent");
	e.settings.receivers.count = 0;
	engine_event(&e, "resolve db-01 disk-full", "plain not told");
	assert_string_equal(engine_reason(&e, 0), "this receiver is not configured any more");
	engine_close(&e);
}

static void acknowledged(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_event(&e, "critical db-02 slow", "chat sent; page sent");
	engine_deliver(&e, "chat trigger db-01; chat trigger db-02; page trigger db-02");
	engine_acknowledge(&e, "page sent");
	assert_string_equal(engine_reason(&e, 0), "it takes acknowledgements");
	engine_deliver(&e, "page acknowledge db-02");
	engine_at(&e, "09:00:00");
	engine_event(&e, "critical db-02 slow", "chat acknowledged; page acknowledged");
	assert_string_equal(
		engine_reason(&e, 0), "anna is on it since 03:10:05; told again if it gets worse");

	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01");
	engine_acknowledge(&e, "");
	engine_at(&e, "+1d 09:00:00");
	engine_event(&e, "warning db-01 disk-full", "chat acknowledged");
	engine_event(&e, "critical db-01 disk-full", "chat sent; page sent");
	assert_int_equal(
		engine_int(&e, "SELECT count(*) FROM alert WHERE acked_ms IS NOT NULL"), 1);
	engine_deliver(&e, "chat trigger db-01 +1; page trigger db-01");
	engine_event(&e, "resolve db-02 slow", "chat sent; page sent");
	engine_deliver(&e, "chat resolve db-02 +1; page resolve db-02 +1");
	engine_close(&e);
}

static void by_hand(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	(void)engine_silence(&e, "source=db-01", "05:00:00");
	engine_event(&e, "warning db-01 disk-full", "chat silenced");
	engine_acknowledge(&e, "chat cancelled");
	assert_string_equal(engine_reason(&e, 0), "acknowledged by anna before it was told: "
						  "silence 1 by anna until 05:00:00: update");
	engine_event(&e, "warning db-02 disk-full", "chat sent");
	engine_resolve(&e, "chat sent");
	engine_deliver(&e, "chat trigger db-02; chat resolve db-02");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM event WHERE kind = 1 AND "
					"author = 'anna' AND message = 'mended'"),
		1);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM alert WHERE resolved_ms IS NULL"), 1);
	engine_close(&e);
}

/* Receivers know the alert by the labels that they were told. */
static void keeps_its_labels(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "warning db-01 disk-full team=db", "chat sent");
	engine_event(&e, "resolve db-01 disk-full team=web", "chat sent");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM event WHERE labels LIKE '%db%'"), 2);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM alert WHERE labels LIKE '%db%'"), 1);
	engine_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_of_what_was_never_told),
		cmocka_unit_test(receivers_that_want_no_ends),
		cmocka_unit_test(acknowledged),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(keeps_its_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
