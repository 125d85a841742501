/*
 * Planned messages: reminders, repetitions, and what is held, when they are due.
 */
#include "alert/hold.h"
#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static const char reminders[] = "receivers: [{name: chat, log: auto}], "
				"routes: [{receivers: chat, repeat_interval: 1h}]";

static void reminds(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, reminders);
	engine_event(&e, "critical db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01");
	engine_at(&e, "03:20:05");
	engine_event(&e, "critical db-01 disk-full", "chat suppressed");
	engine_at(&e, "04:10:05");
	engine_deliver(&e, "chat reminder db-01 +1");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM decision WHERE reason = "
					"'a reminder: it has been firing for 1 h'"),
		1);
	/* The reminder told of it: the suppression begins anew. */
	engine_at(&e, "04:20:05");
	engine_event(&e, "critical db-01 disk-full", "chat suppressed");
	engine_at(&e, "05:09:00");
	engine_event(&e, "critical db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01 +1");
	engine_at(&e, "05:10:05");
	engine_deliver(&e, ""); /* the next reminder is an hour after that message */
	engine_at(&e, "06:09:00");
	engine_deliver(&e, "chat reminder db-01");
	engine_event(&e, "resolve db-01 disk-full", "chat sent");
	engine_at(&e, "23:00:00");
	engine_deliver(&e, "chat resolve db-01");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE state = 0"), 0);
	engine_close(&e);
}

static void does_not_remind_of_what_somebody_is_on(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, reminders);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01");
	engine_acknowledge(&e, "");
	engine_at(&e, "09:00:00");
	engine_deliver(&e, "");
	/* It gets worse: a message, and reminders again. */
	engine_event(&e, "critical db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01");
	engine_at(&e, "10:00:00");
	engine_deliver(&e, "chat reminder db-01");
	engine_close(&e);
}

static void reminders_wait_for_silences(void **state)
{
	struct engine e;
	int64_t silence_id;

	(void)state;
	engine_open(&e, reminders);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01");
	silence_id = engine_silence(&e, "source=db-01", "08:00:00");
	engine_at(&e, "04:10:05");
	engine_deliver(&e, "");
	engine_at(&e, "05:00:00");
	engine_expire(&e, silence_id);
	engine_deliver(&e, "chat reminder db-01");
	engine_close(&e);
}

/* A message that is planned for later does not hold up one for now. */
static void later_messages_take_the_place_of_planned_ones(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, reminders);
	engine_event(&e, "warning db-01 disk-full", "chat sent");
	engine_deliver(&e, "chat trigger db-01");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE state = 0 AND "
					"purpose = 3"),
		1);
	engine_event(&e, "critical db-01 disk-full", "chat sent");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE state = 0 AND "
					"purpose = 3"),
		0);
	engine_deliver(&e, "chat trigger db-01");
	(void)engine_silence(&e, "source=db-01", "05:00:00");
	engine_at(&e, "03:40:00");
	engine_event(&e, "critical db-01 disk-full", "chat silenced");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE state = 0"), 1);
	engine_at(&e, "05:00:00");
	engine_deliver(&e, "chat trigger db-01");
	engine_at(&e, "06:00:00");
	engine_deliver(&e, "chat reminder db-01");
	engine_close(&e);
}

static void receivers_that_forget(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: forget, log: auto}], routes: [{receivers: forget}]");
	engine_event(&e, "critical db-01 disk-full", "forget sent");
	engine_deliver(&e, "forget trigger db-01");
	engine_at(&e, "03:11:05");
	engine_deliver(&e, "forget resend db-01");
	engine_acknowledge(&e, "");
	(void)engine_silence(&e, "source=db-01", "05:00:00");
	engine_at(&e, "03:12:05");
	engine_deliver(&e, "forget resend db-01");
	/* A firing event changes nothing in that, whatever it says. */
	engine_event(&e, "warning db-01 disk-full", "forget acknowledged");
	engine_at(&e, "03:13:05");
	engine_deliver(&e, "forget resend db-01");

	engine_event(&e, "resolve db-01 disk-full", "forget sent");
	engine_deliver(&e, "forget resolve db-01 +1");
	engine_at(&e, "03:14:05");
	engine_deliver(&e, "forget resend db-01");
	assert_int_equal(engine_int(&e, "SELECT kind FROM event WHERE id = (SELECT event_id FROM "
					"delivery ORDER BY id DESC LIMIT 1)"),
		1);
	engine_at(&e, "03:18:05");
	engine_deliver(&e, "forget resend db-01");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE state = 0"), 0);
	engine_close(&e);
}

static void receivers_that_forget_and_silences(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: forget, log: auto}], routes: [{receivers: forget}]");
	(void)engine_silence(&e, "source=db-01", "04:00:00");
	engine_event(&e, "critical db-01 disk-full", "forget silenced");
	engine_deliver(&e, "");
	engine_at(&e, "04:00:00");
	engine_deliver(&e, "forget trigger db-01");
	(void)engine_silence(&e, "source=db-01", "05:00:00");
	engine_at(&e, "04:30:00");
	engine_event(&e, "critical db-01 disk-full", "forget silenced");
	engine_deliver(&e, "forget resend db-01");
	engine_at(&e, "05:00:00");
	engine_deliver(&e, "forget resend db-01");
	engine_close(&e);
}

/* Nobody delivers for a while: what is planned is not true any more. */
static void late_repetitions(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, "receivers: [{name: forget, log: auto}], routes: [{receivers: forget}]");
	engine_event(&e, "critical db-01 disk-full", "forget sent");
	engine_event(&e, "resolve db-01 disk-full", "forget sent");
	engine_deliver(&e, "forget trigger db-01; forget resolve db-01");
	engine_at(&e, "09:00:00");
	engine_deliver(&e, "");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery WHERE state = 6 AND "
					"result = 'it has been over for long enough'"),
		1);
	engine_close(&e);
}

/* Other reasons to wait, a retry for one, are no business of ours. */
static void certain_messages(void **state)
{
	struct engine e;

	(void)state;
	engine_open(&e, reminders);
	engine_event(&e, "critical db-01 disk-full", "chat sent");
	engine_event(&e, "resolve db-01 disk-full", "chat sent");
	(void)engine_silence(&e, "source=db-01", "04:00:00");
	assert_int_equal(engine_int(&e, "SELECT count(*) FROM delivery"), 2);
	engine_deliver(&e, "chat trigger db-01; chat resolve db-01");
	engine_close(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reminds),
		cmocka_unit_test(does_not_remind_of_what_somebody_is_on),
		cmocka_unit_test(reminders_wait_for_silences),
		cmocka_unit_test(later_messages_take_the_place_of_planned_ones),
		cmocka_unit_test(receivers_that_forget),
		cmocka_unit_test(receivers_that_forget_and_silences),
		cmocka_unit_test(late_repetitions),
		cmocka_unit_test(certain_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
