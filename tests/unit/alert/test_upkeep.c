/*
 * What ended long ago is forgotten, once an hour.
 */
#include "alert/upkeep.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static const char yaml[] =
	"receivers: [{name: chat, log: auto}], routes: [{receivers: chat}], keep: 2d";

static int run(struct store_tx *tx, void *arg, struct err *err)
{
	struct engine *engine = arg;

	return upkeep_run(tx, &engine->settings, engine->now_ms, err);
}

static void run_at(struct engine *engine, const char *clock)
{
	struct err err = {0};

	engine_at(engine, clock);
	if (store_write(engine->store, run, engine, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static int64_t alerts(struct engine *engine)
{
	return engine_int(engine, "SELECT count(*) FROM alert");
}

static void forgets_what_is_over(void **state)
{
	struct engine engine;

	(void)state;
	engine_open(&engine, yaml);
	engine_at(&engine, "03:00:00");
	engine_event(&engine, "critical db-01 disk-full", "chat sent");
	engine_event(&engine, "resolve db-01 disk-full", "chat sent");
	engine_event(&engine, "critical db-02 disk-full", "chat sent");
	engine_deliver(&engine, "chat trigger db-01; chat resolve db-01; chat trigger db-02");
	run_at(&engine, "04:00:00");
	assert_int_equal(alerts(&engine), 2);
	run_at(&engine, "+2d 02:59:00");
	assert_int_equal(alerts(&engine), 2);
	run_at(&engine, "+2d 03:30:00"); /* less than an hour after the last time */
	assert_int_equal(alerts(&engine), 2);
	run_at(&engine, "+2d 04:00:00");
	assert_int_equal(alerts(&engine), 1); /* what is open stays */
	engine_close(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forgets_what_is_over)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
