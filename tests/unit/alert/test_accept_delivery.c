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
	/* What is only planned is not given up; its time begins when it is due. */
	(void)engine_silence(&e, "source=d", "05:10:05");
	engine_event(&e, "info d x", "chat silenced");
	engine_event(&e, "info d x", "chat silenced");
	engine_at(&e, "+7d 05:10:05");
	assert_int_equal(engine_int(&e, "SELECT max(expires_ms) > 2000000000000 FROM delivery"), 1);
	engine_deliver(&e, "chat trigger a; chat trigger b; chat trigger c; chat trigger d +1");
	assert_int_equal(engine_int(&e, "SELECT expires_ms - ended_ms FROM delivery "
					"ORDER BY id DESC LIMIT 1"),
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
