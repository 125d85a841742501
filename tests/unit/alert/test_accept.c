/*
 * The life of alerts: who is told, who is not, and what is written about it.
 */
#include "alert/accept.h"
#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static const char two[] = "receivers: [{name: chat, log: auto}, {name: page, log: auto}], "
			  "routes: [{match: severity=critical, receivers: [chat, page]}, "
			  "{match: severity=warning, receivers: chat}, {receivers: []}]";

static void told_suppressed_told_again_resolved(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_at(&e, "03:10:05");
	engine_event(&e, "critical db-01 disk-full", "chat sent; page sent");
	assert_true(e.accepted.is_new);
	assert_string_equal(engine_reason(&e, 0), "it is new");
	assert_string_equal(e.accepted.decisions[0].route, "routes[0]");
	engine_deliver(&e, "chat trigger db-01; page trigger db-01");

	engine_at(&e, "03:13:05");
	engine_event(&e, "critical db-01 disk-full", "chat suppressed; page suppressed");
	assert_false(e.accepted.is_new);
	assert_string_equal(
		engine_reason(&e, 0), "told at 03:10:05 (3 min ago); again from 03:25:05 on");
	assert_int_equal(e.accepted.decisions[0].until_ms - e.now_ms, 12 * 60 * 1000);
	assert_int_equal(e.accepted.decisions[0].delivery_id, 0);
	engine_event(&e, "critical db-01 disk-full", "chat suppressed; page suppressed");
	engine_deliver(&e, "");

	engine_at(&e, "03:25:05");
	engine_event(&e, "critical db-01 disk-full", "chat sent; page sent");
	assert_string_equal(
		engine_reason(&e, 0), "still firing; last told at 03:10:05 (15 min ago)");
	engine_deliver(&e, "chat trigger db-01 +2; page trigger db-01 +2");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM told WHERE hidden = 0"), 2);

	engine_at(&e, "03:26:00");
	engine_event(&e, "critical db-01 disk-full", "chat suppressed; page suppressed");
	engine_event(&e, "resolve db-01 disk-full", "chat sent; page sent");
	assert_string_equal(engine_reason(&e, 0), "it was told of the problem at 03:25:05");
	engine_deliver(&e, "chat resolve db-01 +1; page resolve db-01 +1");

	/* The next time is a new episode: who was told of the end believes that it is over. */
	engine_event(&e, "critical db-01 disk-full", "chat sent; page sent");
	assert_true(e.accepted.is_new);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM alert"), 2);
	assert_int_equal(engine_int(&e, "SELECT events FROM alert WHERE id = 1"), 5);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM decision"), 14);
	engine_close(&e);
}

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

struct hand_case {
	struct alert_hand hand;
	enum err_code code;
	const char *error;
};

static int refused(struct store_tx *tx, void *arg, struct err *err)
{
	static const struct hand_case cases[] = {
		{{99, "me", ""}, ERR_NOT_FOUND, "there is no alert 99"},
		{{1, "me", ""}, ERR_INPUT, "alert 1 is over since 03:10:05"},
		{{1, " \n", ""}, ERR_INPUT, "who it is must be said"},
	};
	struct engine *e = arg;
	struct accepted accepted;

	(void)err;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err why = {0};

		assert_int_equal(alert_acknowledge(tx, &e->settings, &cases[i].hand, e->now_ms,
					 e->arena, &accepted, &why),
			-1);
		assert_int_equal(why.code, cases[i].code);
		assert_string_equal(why.msg, cases[i].error);
		assert_int_equal(alert_resolve(tx, &e->settings, &cases[i].hand, e->now_ms,
					 e->arena, &accepted, &why),
			-1);
		assert_string_equal(why.msg, cases[i].error);
	}
	return 0;
}

static void by_hand_refused(void **state)
{
	struct engine e;
	struct err err = {0};

	(void)state;
	engine_open(&e, two);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_event(&e, "resolve db-01 disk-full", "chat sent");
	assert_int_equal(store_write(e.store, refused, &e, &err), 0);
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

static void previews_write_nothing(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, two);
	engine_preview(&e, "critical db-01 disk-full", "chat sent; page sent");
	assert_true(e.accepted.is_new);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_preview(&e, "critical db-01 disk-full", "chat sent; page sent");
	engine_preview(&e, "resolve db-01 disk-full", "chat sent");
	engine_preview(&e, "warning db-01 disk-full", "chat suppressed");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM event"), 1);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery"), 1);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM decision"), 1);
	assert_int_equal(engine_int(&e, "SELECT hidden FROM told"), 0);
	engine_close(&e);
}

static void messages_are_given_up_by_severity(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: chat, log: auto}], routes: [{receivers: chat}], "
			"give_up: {critical: 2h, warning: 1h, info: 5m}");
	engine_event(&e, "critical a x", "chat sent");
	engine_event(&e, "warning b x", "chat sent");
	engine_event(&e, "info c x", "chat sent");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE expires_ms = "
					"created_ms + 60000 * CASE severity WHEN 2 THEN 120 "
					"WHEN 1 THEN 60 ELSE 5 END"),
		3);
	/* Held messages have their time from when they are due. */
	(void)engine_silence(&e, "source=d", "05:10:05");
	engine_event(&e, "info d x", "chat silenced");
	assert_int_equal(
		engine_int(&e, "SELECT expires_ms - due_ms FROM delivery ORDER BY id DESC"),
		5 * 60000);
	engine_close(&e);
}

static int two_events(struct store_tx *tx, void *arg, struct err *err)
{
	struct engine *e = arg;
	struct alert_input input = {.title = str_of("first"),
		.source = str_of("db-01"),
		.dedup_key = str_of("key"),
		.message = str_of("one"),
		.severity = SEVERITY_WARNING,
		.time_ms = e->now_ms - 5000};
	struct accepted accepted;

	assert_int_equal(alert_input_clean(&input, e->arena, err), 0);
	assert_int_equal(
		alert_accept(tx, &e->settings, &input, e->now_ms, e->arena, &accepted, err), 0);
	input.title = str_of("second");
	input.message = str_of("");
	input.time_ms = e->now_ms + 5000; /* clocks differ */
	assert_int_equal(
		alert_accept(tx, &e->settings, &input, e->now_ms, e->arena, &accepted, err), 0);
	input.is_resolve = true;
	input.title = str_of("key");
	return alert_accept(tx, &e->settings, &input, e->now_ms, e->arena, &accepted, err);
}

static void the_latest_words_count(void **state)
{
	struct engine e;
	struct err err = {0};

	(void)state;
	engine_open(&e, two);
	assert_int_equal(store_write(e.store, two_events, &e, &err), 0);
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM alert WHERE title = 'second' AND "
					"message = '' AND dedup_key = 'key' AND events = 2 AND "
					"updated_ms = started_ms + 5000 AND "
					"resolved_ms = updated_ms"),
		1);
	engine_close(&e);
}

static void verdicts_have_names(void **state)
{
	(void)state;
	for (int i = 0; i < VERDICTS; i++) {
		assert_true(*verdict_name((enum verdict)i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(told_suppressed_told_again_resolved),
		cmocka_unit_test(what_gets_worse_passes),
		cmocka_unit_test(ends_of_what_was_never_told),
		cmocka_unit_test(receivers_that_want_no_ends),
		cmocka_unit_test(unrouted),
		cmocka_unit_test(silences),
		cmocka_unit_test(silences_that_end_early_or_follow_each_other),
		cmocka_unit_test(a_silence_that_begins_after_the_first_message),
		cmocka_unit_test(inhibitions),
		cmocka_unit_test(nothing_is_inhibited_for_good),
		cmocka_unit_test(a_changed_configuration_inhibits_too),
		cmocka_unit_test(acknowledged),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(by_hand_refused),
		cmocka_unit_test(groups),
		cmocka_unit_test(previews_write_nothing),
		cmocka_unit_test(messages_are_given_up_by_severity),
		cmocka_unit_test(the_latest_words_count),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
