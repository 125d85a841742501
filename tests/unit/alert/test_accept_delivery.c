/*
 * Deliveries as they stand in the outbox.
 */
#include "alert/accept.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_given_up_by_severity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
