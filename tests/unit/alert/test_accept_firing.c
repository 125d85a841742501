/*
 * An alert fires: who is told, who is not, and when again.
 */
#include "alert/accept.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static const char two[] = "receivers: [{name: chat, log: auto}, {name: page, log: auto}], "
			  "routes: [{match: severity=critical, receivers: [chat, page]}, "
			  "{match: severity=warning, receivers: chat}, {receivers: []}]";

static void what_gets_worse_passes(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_at(&e, "03:11:05");
	engine_event(&e, "warning db-01 disk-full", "chat suppressed");
	engine_event(&e, "critical db-01 disk-full", "chat sent; page sent");
	assert_string_equal(
		engine_reason(&e, 0), "worse than at 03:10:05, when it was told as warning");
	assert_string_equal(engine_reason(&e, 1), "the first that this receiver hears of it");
	engine_deliver(&e, "chat trigger db-01; chat trigger db-01 +1; page trigger db-01");

	/* What gets better is no news, and page hears of the end though its route is gone. */
	engine_at(&e, "03:12:05");
	engine_event(&e, "warning db-01 disk-full", "chat suppressed");
	engine_event(&e, "critical db-01 disk-full", "chat suppressed; page suppressed");
	engine_event(&e, "info db-01 disk-full", "- not told");
	assert_string_equal(engine_reason(&e, 0), "this route tells nobody");
	engine_event(&e, "resolve db-01 disk-full", "chat sent; page sent");
	assert_int_equal(engine_int(&e, "SELECT severity FROM alert"), SEVERITY_INFO);
	assert_int_equal(engine_int(&e, "SELECT severity_max FROM alert"), SEVERITY_CRITICAL);
	assert_int_equal(engine_int(&e, "SELECT min(severity) FROM delivery WHERE purpose = 1"),
		SEVERITY_CRITICAL);
	engine_close(&e);
}

/* What waits in the outbox was not told to anybody. */
static void what_is_queued_is_not_told(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_at(&e, "03:11:05");
	engine_event(&e, "warning db-01 disk-full", "chat suppressed");
	assert_string_equal(engine_reason(&e, 0),
		"queued at 03:10:05 (1 min ago), not delivered yet; again from 03:25:05 on");
	engine_deliver(&e, "chat trigger db-01");
	engine_event(&e, "warning db-01 disk-full", "chat suppressed");
	assert_string_equal(
		engine_reason(&e, 0), "told at 03:10:05 (1 min ago); again from 03:25:05 on");

	engine_event(&e, "warning db-02 disk-full", "chat sent");
	engine_event(&e, "resolve db-02 disk-full", "chat sent");
	assert_string_equal(engine_reason(&e, 0),
		"it is to be told of the problem (queued at 03:11:05, not delivered yet)");
	engine_event(&e, "resolve db-01 disk-full", "chat sent");
	assert_string_equal(engine_reason(&e, 0), "it was told of the problem at 03:10:05");
	engine_close(&e);
}

static void unrouted(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: chat, log: auto}], "
			"routes: [{match: team=web, receivers: chat}]");
	engine_event(&e, "info db-01 disk-full", "- unrouted; log sent");
	assert_string_equal(engine_reason(&e, 1), "no route takes it, and there is no fallback");
	engine_event(&e, "info db-01 disk-full", "- unrouted; log suppressed");
	engine_event(&e, "resolve db-01 disk-full", "log sent");
	engine_close(&e);

	engine_open(&e, "receivers: [{name: chat, log: auto}, {name: page, log: auto}], "
			"fallback: page, routes: [{match: team=web, receivers: chat}]");
	engine_event(&e, "info db-01 disk-full", "page sent");
	assert_string_equal(engine_reason(&e, 0), "no route takes it");
	assert_string_equal(e.accepted.decisions[0].route, "fallback");
	engine_event(&e, "info web-01 slow team=web", "chat sent");
	engine_close(&e);
}

static void silences(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "critical db-02 slow", "chat sent; page sent");
	(void)engine_silence(&e, "source=~db-.*", "04:00:00");
	engine_event(&e, "critical db-01 disk-full", "chat silenced; page silenced");
	assert_string_equal(engine_reason(&e, 0), "silence 1 by anna until 04:00:00: update");
	engine_at(&e, "03:20:05");
	engine_event(&e, "critical db-01 disk-full", "chat silenced; page silenced");
	engine_event(&e, "critical db-03 slow", "chat silenced; page silenced");
	engine_event(&e, "critical web-01 slow", "chat sent; page sent");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE silence_id = 1"), 4);
	/* Who was told hears of the end, who was not does not. */
	engine_event(&e, "resolve db-02 slow", "chat sent; page sent");
	engine_event(&e, "resolve db-03 slow", "chat cancelled; page cancelled; - not told");
	assert_string_equal(engine_reason(&e, 0), "it was over before it was told: "
						  "silence 1 by anna until 04:00:00: update");
	engine_deliver(&e, "chat trigger db-02; chat trigger web-01; chat resolve db-02; "
			   "page trigger db-02; page trigger web-01; page resolve db-02");

	engine_at(&e, "04:00:00");
	engine_deliver(&e, "chat trigger db-01 +1; page trigger db-01 +1");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM decision WHERE verdict = 0 AND "
					"reason = 'the silence is over, and it still fires'"),
		2);
	engine_event(&e, "critical db-01 disk-full", "chat suppressed; page suppressed");
	engine_event(&e, "resolve db-01 disk-full", "chat sent; page sent");
	engine_close(&e);
}

static void silences_that_end_early_or_follow_each_other(void **state)
{
	struct engine e;
	int64_t first;

	(void)state;
	engine_open(&e, two);
	first = engine_silence(&e, "source=db-01", "05:00:00");
	engine_event(&e, "warning db-01 disk-full", "chat silenced");
	(void)engine_silence(&e, "title=disk-full", "04:00:00");
	engine_expire(&e, first);
	engine_deliver(&e, "");
	assert_int_equal(engine_int(&e, "SELECT silence_id FROM delivery"), 2);
	engine_at(&e, "04:00:00");
	engine_deliver(&e, "chat trigger db-01");
	engine_close(&e);

	engine_open(&e, two);
	first = engine_silence(&e, "source=db-01", "05:00:00");
	engine_event(&e, "warning db-01 disk-full", "chat silenced");
	engine_expire(&e, first);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery"), 1);
	engine_deliver(&e, "chat trigger db-01 +1");
	engine_close(&e);
}

static void a_silence_that_begins_after_the_first_message(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01");
	(void)engine_silence(&e, "source=db-01", "05:00:00");
	engine_event(&e, "warning db-01 disk-full", "chat suppressed");
	engine_at(&e, "03:40:00");
	engine_event(&e, "warning db-01 disk-full", "chat silenced");
	engine_event(&e, "warning db-01 disk-full", "chat silenced");
	engine_at(&e, "05:00:00");
	engine_deliver(&e, "chat trigger db-01 +2");
	engine_close(&e);
}

static void inhibitions(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: chat, log: auto}], routes: [{receivers: chat}], "
			"inhibit: [{source: 'title=switch-down', target: 'title=host-down', "
			"equal: rack}]");
	engine_event(&e, "warning host-0 host-down rack=a", "chat sent");
	engine_event(&e, "critical sw-1 switch-down rack=a", "chat sent");
	engine_event(&e, "critical host-1 host-down rack=a", "chat inhibited");
	assert_string_equal(
		engine_reason(&e, 0), "inhibit[0]: alert 2 'switch-down' (sw-1) is open");
	engine_event(&e, "critical host-2 host-down rack=b", "chat sent");
	engine_event(&e, "critical host-3 host-down rack=a", "chat inhibited");
	engine_event(&e, "resolve host-3 host-down rack=a", "chat cancelled; - not told");
	engine_deliver(&e, "chat trigger host-0; chat trigger sw-1; chat trigger host-2");

	engine_at(&e, "03:16:00");
	engine_deliver(&e, ""); /* looked at again: still inhibited */
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE inhibitor_id = 2"), 1);
	engine_event(&e, "resolve sw-1 switch-down rack=a", "chat sent");
	engine_deliver(&e, "chat trigger host-1; chat resolve sw-1");
	engine_event(&e, "critical host-4 host-down rack=a", "chat sent");
	engine_close(&e);
}

static void groups(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: chat, log: auto}, {name: page, log: auto}], "
			"routes: [{receivers: [chat, page], group_by: [team, severity], "
			"group_wait: 30s}]");
	engine_event(&e, "warning db-01 slow team=db", "chat grouped; page sent");
	assert_string_equal(
		engine_reason(&e, 0), "it is new; waits until 03:10:35 for others of its group");
	engine_at(&e, "03:10:20");
	engine_event(&e, "warning db-02 slow team=db", "chat grouped; page sent");
	assert_string_equal(
		engine_reason(&e, 0), "it is new; waits until 03:10:35 for others of its group");
	engine_event(&e, "warning web-01 slow team=web", "chat grouped; page sent");
	assert_string_equal(
		engine_reason(&e, 0), "it is new; waits until 03:10:50 for others of its group");
	engine_event(&e, "warning db-01 slow team=db", "chat suppressed; page suppressed");
	engine_deliver(&e, "page trigger db-01; page trigger db-02; page trigger web-01");
	engine_at(&e, "03:10:35");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE group_key = "
					"'routes[0]' || char(10) || 'team=db, severity=warning'"),
		2);
	engine_deliver(&e, "chat trigger db-01; chat trigger db-02");
	/* The ends come together, too. */
	engine_event(&e, "resolve db-01 slow", "chat grouped; page sent");
	engine_at(&e, "03:11:00");
	engine_event(&e, "resolve db-02 slow", "chat grouped; page sent");
	assert_string_equal(engine_reason(&e, 0), "it was told of the problem at 03:10:20; "
						  "waits until 03:11:05 for others of its group");
	engine_deliver(&e, "chat trigger web-01; page resolve db-01 +1; page resolve db-02");
	engine_at(&e, "03:11:05");
	engine_deliver(&e, "chat resolve db-01 +1; chat resolve db-02");
	engine_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gets_worse_passes),
		cmocka_unit_test(what_is_queued_is_not_told),
		cmocka_unit_test(unrouted),
		cmocka_unit_test(silences),
		cmocka_unit_test(silences_that_end_early_or_follow_each_other),
		cmocka_unit_test(a_silence_that_begins_after_the_first_message),
		cmocka_unit_test(inhibitions),
		cmocka_unit_test(groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
