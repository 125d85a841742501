/*
 * A store that can be read and not written: people are told all the same, and once.
 */
#include <string.h>

#include "alert/blind_look.h"
#include "alert/delivery_lock.h"
#include "alert/delivery_world.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

static int set_query_only(struct store_tx *tx, void *arg, struct err *err)
{
	const bool *is_on = arg;

	return store_exec(
		tx->store, *is_on ? "PRAGMA query_only = 1" : "PRAGMA query_only = 0", err);
}

static void was_set(void *arg, const struct err *err)
{
	(void)arg;
	assert_null(err);
}

/* From now on the deliverer's connection only reads; what the test puts in goes by another. */
static void fill_disk(struct world *world)
{
	static const bool is_on = true;

	store_writer_read(world->writer, set_query_only, was_set, (void *)(uintptr_t)&is_on);
}

static void empty_disk(struct world *world)
{
	static const bool is_on = false;

	store_writer_read(world->writer, set_query_only, was_set, (void *)(uintptr_t)&is_on);
}

static int64_t unwritten(struct world *world)
{
	struct deliverer_counts counts;

	deliverer_get_counts(world->deliverer, &counts);
	return counts.unwritten;
}

static int64_t count(struct world *world, const char *sql)
{
	return fixture_int(world->store, sql);
}

static void start_full(struct world *world)
{
	world->options.follows = true;
	world_start(world);
	fill_disk(world);
}

static void is_told_once_and_written_down_later(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	hook->delay_ms = 200;
	start_full(world);
	for (int i = 0; i < 6; i++) {
		world_deliver(world, (struct fixture_delivery){.severity = (enum severity)(i % 3)});
		world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	}
	world_run(world, 10 * 1000);
	assert_int_equal(world->store_failures, 1);
	assert_int_equal(world->store_err.code, ERR_PERMISSION);
	assert_int_equal(slack->arrived, 6);
	assert_int_equal(hook->arrived, 6);
	assert_int_equal(slack->messages[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(unwritten(world), 12);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 0"), 12);

	/* Within its limit, and in its own time. */
	for (size_t i = 3; i < 6; i++) {
		assert_true(slack->messages[i].sent_ms - slack->messages[0].sent_ms >=
			    ((int64_t)i - 2) * 1000);
	}

	empty_disk(world);
	world_run(world, 5000);
	assert_int_equal(unwritten(world), 0);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 2"), 12);
	assert_int_equal(count(world, "SELECT count(*) FROM attempt WHERE ended_ms"), 12);
	assert_int_equal(slack->sent + hook->sent, 12);

	/* And then everything is as always; a second failure is told again. */
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run(world, 3000);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 2"), 13);
	fill_disk(world);
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run(world, 3000);
	assert_int_equal(hook->arrived, 8);
	assert_int_equal(world->store_failures, 2);
}

/* What was claimed before is not claimed again, and what came of it is not lost. */
static void what_was_under_way_is_kept(void **state)
{
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	hook->delay_ms = 2000;
	for (int i = 0; i < 12; i++) {
		world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	}
	world->options.follows = true;
	world_start(world);
	world_run(world, 1000);
	assert_int_equal(hook->sent, 8);
	fill_disk(world);
	world_run(world, 10 * 1000);
	assert_int_equal(hook->sent, 12);
	assert_int_equal(unwritten(world), 12);
	empty_disk(world);
	world_run(world, 5000);
	assert_int_equal(hook->sent, 12);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 2"), 12);
	assert_int_equal(count(world, "SELECT count(*) FROM attempt"), 12);
}

static void keeps_the_order_of_an_alert(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_RETRY, .retry_after_ms = 4000, .may_have_arrived = true}};
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);
	int64_t alert_id;

	hook->answers = answers;
	hook->answers_count = 1;
	start_full(world);
	alert_id = fixture_alert_of(
		world->store, world_deliver(world, (struct fixture_delivery){.receiver = "hook"}));
	world_deliver(world, (struct fixture_delivery){.receiver = "hook",
				     .alert_id = alert_id,
				     .severity = SEVERITY_CRITICAL,
				     .purpose = NOTIFICATION_RESOLVE});
	world_run(world, 12 * 1000);
	assert_int_equal(hook->messages_count, 3);
	assert_int_equal(hook->messages[0].purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(hook->messages[1].purpose, NOTIFICATION_TRIGGER);
	assert_true(hook->messages[1].may_be_repeat);
	assert_true(hook->messages[1].sent_ms - hook->messages[0].sent_ms >= 4000);
	assert_int_equal(hook->messages[2].purpose, NOTIFICATION_RESOLVE);
	empty_disk(world);
	world_run(world, 5000);
	assert_int_equal(hook->messages_count, 3);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 2"), 2);
	assert_int_equal(count(world, "SELECT count(*) FROM attempt"), 3);
}

/* Channels want to be left alone then, too. */
static void minds_its_channels(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	slack->then =
		(struct fake_answer){.outcome = DELIVERY_THROTTLED, .retry_after_ms = 3600 * 1000};
	hook->then = (struct fake_answer){.outcome = DELIVERY_REFUSED, .fault = CHANNEL_REVOKED};
	start_full(world);
	world_deliver(world, (struct fixture_delivery){0});
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run(world, 3000);
	world_deliver(world, (struct fixture_delivery){0});
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run(world, 10 * 1000);
	assert_int_equal(slack->sent, 1);
	assert_int_equal(hook->sent, 1);
	empty_disk(world);
	world_run(world, 3000);
	assert_int_equal(count(world, "SELECT count(*) FROM channel WHERE dead_ms"), 1);
	assert_int_equal(count(world, "SELECT throttled FROM channel WHERE receiver = 'slack'"), 1);
}

/* Whether that is to be told would have to be decided, and written down. */
static void leaves_what_is_not_certain(void **state)
{
	struct world *world = *state;
	const struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	start_full(world);
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	fixture_exec(world->store, "UPDATE delivery SET silence_id = 3, hold_reason = 'silence 3'");
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	fixture_exec(world->store,
		"UPDATE delivery SET inhibitor_id = 3, hold_reason = 'alert 3' WHERE id = 2");
	world_deliver(world,
		(struct fixture_delivery){.receiver = "hook", .purpose = NOTIFICATION_REMINDER});
	world_deliver(world,
		(struct fixture_delivery){.receiver = "hook", .expires_ms = WORLD_BEGAN_MS - 5});
	world_deliver(world, (struct fixture_delivery){
				     .receiver = "hook", .due_ms = WORLD_BEGAN_MS + 3600 * 1000});
	world_run(world, 10 * 1000);
	assert_int_equal(hook->sent, 0);
}

/* Of several processes one does it, and nobody claims meanwhile. */
static void others_leave_it_to_one(void **state)
{
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);
	struct delivery_lock *other = delivery_lock_new(store_path(world->store));

	world->options.follows = true;
	world_start(world);
	assert_true(delivery_lock_own(other));
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run(world, 5000);
	assert_int_equal(hook->sent, 0);
	fill_disk(world);
	world_run(world, 5000);
	assert_int_equal(hook->sent, 0);
	delivery_lock_release(other);
	world_run(world, 5000);
	assert_int_equal(hook->sent, 1);
	assert_false(delivery_lock_share(other));
	empty_disk(world);
	world_run(world, 5000);
	assert_true(delivery_lock_own(other));
	assert_int_equal(hook->sent, 1);
	delivery_lock_free(&other);
}

static void gives_up_in_the_end(void **state)
{
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	world_start(world);
	fill_disk(world);
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run_to_idle(world, 15 * 1000);
	assert_int_equal(hook->arrived, 1);
	assert_int_equal(unwritten(world), 1);
}

static void stops_with_one_more_try(void **state)
{
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	start_full(world);
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run(world, 3000);
	assert_int_equal(hook->arrived, 1);
	deliverer_stop(world->deliverer);
	world_run_to_idle(world, 500);
	assert_int_equal(unwritten(world), 1);
	assert_int_equal(world->store_failures, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(is_told_once_and_written_down_later),
		world_test(what_was_under_way_is_kept),
		world_test(keeps_the_order_of_an_alert),
		world_test(minds_its_channels),
		world_test(leaves_what_is_not_certain),
		world_test(others_leave_it_to_one),
		world_test(gives_up_in_the_end),
		world_test(stops_with_one_more_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
