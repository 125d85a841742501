/*
 * The life of alerts: what is written, and what is only tried.
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
		cmocka_unit_test(previews_write_nothing),
		cmocka_unit_test(the_latest_words_count),
		cmocka_unit_test(by_hand_refused),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
