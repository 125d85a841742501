/*
 * Delivering as a whole: what is due is sent once, in its order, and written down.
 */
#include <string.h>

#include "alert/delivery_world.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/store_fixture.h"

static void nothing_to_do_is_idle(void **state)
{
	struct world *world = *state;

	(void)world_receiver(world, "slack", &fake_chat);
	world_flush(world);
	assert_int_equal(world->attempts, 0);
}

static void sends_what_is_due(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	int64_t id = world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_WARNING});

	world_flush(world);
	assert_int_equal(slack->messages_count, 1);
	assert_string_equal(slack->messages[0].text, "web-01|disk full|93 % used|/var|web|fires");
	assert_int_equal(slack->messages[0].severity, SEVERITY_WARNING);
	assert_int_equal(slack->messages[0].attempt, 1);
	assert_false(slack->messages[0].may_be_repeat);
	assert_int_equal(slack->messages[0].alerts_total, 1);
	assert_string_equal(slack->messages[0].group, "");
	assert_int_equal(
		fixture_int_of(world->store, "SELECT state FROM delivery WHERE id = %lld", id), 2);
	assert_int_equal(fixture_int(world->store,
				 "SELECT count(*) FROM attempt WHERE ended_ms AND outcome = 0"
				 " AND code = 200 AND text = 'fake'"),
		1);
	assert_int_equal(fixture_int(world->store, "SELECT count(*) FROM owner"), 0);
	assert_int_equal(world->attempts, 1);
	assert_int_equal(world->latest_next_ms, 0);
}

static void leaves_what_is_not_due(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct deliverer_counts counts;

	world_deliver(world, (struct fixture_delivery){.due_ms = WORLD_BEGAN_MS + 60 * 1000});
	world_deliver(world, (struct fixture_delivery){.receiver = "unknown"});
	world_start(world);
	world_run_to_idle(world, 1000);
	deliverer_get_counts(world->deliverer, &counts);
	assert_int_equal(slack->sent, 0);
	assert_int_equal(counts.waiting, 2);
	assert_int_equal(counts.next_due_ms, WORLD_BEGAN_MS + 60 * 1000);
}

static void waits_for_what_becomes_due_soon(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	world_deliver(world, (struct fixture_delivery){.due_ms = WORLD_BEGAN_MS + 5000});
	world_deliver(world, (struct fixture_delivery){.due_ms = WORLD_BEGAN_MS + 50 * 1000});
	world->options.patience_ms = 10 * 1000;
	world_start(world);
	world_run_to_idle(world, 11 * 1000);
	assert_int_equal(slack->sent, 1);
	assert_in_range(slack->messages[0].sent_ms - WORLD_BEGAN_MS, 5000, 5100);
}

static void critical_ones_first(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_INFO});
	world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_WARNING});
	world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_CRITICAL});
	world_deliver(world, (struct fixture_delivery){
				     .severity = SEVERITY_CRITICAL, .due_ms = WORLD_BEGAN_MS - 1});
	world_flush(world);
	assert_int_equal(slack->messages_count, 4);
	assert_int_equal(slack->messages[0].alert_id, 4);
	assert_int_equal(slack->messages[1].alert_id, 3);
	assert_int_equal(slack->messages[2].alert_id, 2);
	assert_int_equal(slack->messages[3].alert_id, 1);
}

/* Two alerts, each fires and ends; the receiver fails first. */
static void a_resolve_never_overtakes_its_trigger(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_RETRY, .retry_after_ms = 20 * 1000},
	};
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);
	int64_t trigger = world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	int64_t alert_id = fixture_alert_of(world->store, trigger);

	hook->answers = answers;
	hook->answers_count = ARRAY_LEN(answers);
	world_deliver(world, (struct fixture_delivery){.receiver = "hook",
				     .alert_id = alert_id,
				     .severity = SEVERITY_CRITICAL,
				     .purpose = NOTIFICATION_RESOLVE});
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world->options.patience_ms = 60 * 1000;
	world_flush(world);
	assert_int_equal(hook->messages_count, 4);
	/* The less urgent trigger is fetched by its resolve, and fails; meanwhile others pass. */
	assert_int_equal(hook->messages[0].alert_id, alert_id);
	assert_int_equal(hook->messages[1].alert_id, alert_id + 1);
	assert_int_equal(hook->messages[2].alert_id, alert_id);
	assert_int_equal(hook->messages[2].purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(hook->messages[2].attempt, 2);
	assert_string_equal(hook->messages[2].key, hook->messages[0].key);
	assert_int_equal(hook->messages[3].purpose, NOTIFICATION_RESOLVE);
	assert_string_equal(hook->messages[3].first_key, hook->messages[0].key);
	assert_int_equal(hook->messages[0].told, 0);
	assert_int_equal(hook->messages[2].told, 0);
	assert_int_equal(hook->messages[3].told, 1U << SEVERITY_INFO);
	assert_non_null(strstr(hook->messages[3].text, "|over"));
	assert_true(hook->messages[3].sent_ms >= WORLD_BEGAN_MS + 20 * 1000);
}

static void tries_again_until_it_arrives(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_RETRY},
		{.outcome = DELIVERY_RETRY, .may_have_arrived = true},
		{.outcome = DELIVERY_RETRY},
	};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	slack->answers = answers;
	slack->answers_count = ARRAY_LEN(answers);
	world_deliver(world, (struct fixture_delivery){0});
	world->options.patience_ms = 60 * 1000;
	world_flush(world);
	assert_int_equal(slack->messages_count, 4);
	assert_false(slack->messages[1].may_be_repeat);
	assert_true(slack->messages[2].may_be_repeat);
	assert_int_equal(slack->messages[3].attempt, 4);
	assert_int_equal(fixture_int(world->store, "SELECT attempts FROM delivery"), 4);
	assert_int_equal(
		fixture_int(world->store, "SELECT count(*) FROM attempt WHERE next_ms > 0"), 3);
	assert_int_equal(fixture_int(world->store, "SELECT failures FROM channel"), 0);
}

/* Never more than the bucket gives, and one after the other. */
static void keeps_to_the_limit(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	slack->delay_ms = 100;
	for (int i = 0; i < 9; i++) {
		world_deliver(world, (struct fixture_delivery){0});
	}
	world_flush(world);
	assert_int_equal(slack->messages_count, 9);
	assert_int_equal(slack->under_way_max, 1);
	for (size_t i = 0; i < 9; i++) {
		int64_t sent_ms = slack->messages[i].sent_ms - WORLD_BEGAN_MS;

		assert_true(sent_ms >= ((int64_t)i - 3 + 1) * 1000);
		assert_true(sent_ms <= (int64_t)i * 1000 + 1000);
	}
}

static void a_fast_receiver_gets_several_at_a_time(void **state)
{
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);
	struct fake_opts *pager = world_receiver(world, "pager", &fake_incidents);

	hook->delay_ms = pager->delay_ms = 100;
	for (int i = 0; i < 40; i++) {
		world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
		world_deliver(world, (struct fixture_delivery){.receiver = "pager"});
	}
	world_flush(world);
	assert_int_equal(hook->messages_count, 40);
	assert_int_equal(hook->under_way_max, 8);
	assert_int_equal(pager->messages_count, 40);
	assert_int_equal(pager->under_way_max, 4);
}

/* A receiver that wants us to wait holds back its own messages only. */
static void a_throttled_channel_waits_alone(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_THROTTLED, .retry_after_ms = 40 * 1000},
		{.outcome = DELIVERY_THROTTLED},
	};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	slack->answers = answers;
	slack->answers_count = ARRAY_LEN(answers);
	world_deliver(world, (struct fixture_delivery){0});
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world->options.follows = true;
	world_start(world);
	world_run(world, 10 * 1000);
	world_deliver(world, (struct fixture_delivery){0});
	world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_CRITICAL});
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	world_run(world, 25 * 1000);
	assert_int_equal(slack->messages_count, 1);
	assert_int_equal(hook->messages_count, 2);
	world_run(world, 200 * 1000);
	assert_int_equal(slack->messages_count, 5);
	/* The critical one is first, and is told to wait again: the second time in a row, a minute.
	 */
	assert_int_equal(slack->messages[1].severity, SEVERITY_CRITICAL);
	assert_in_range(
		slack->messages[1].sent_ms - slack->messages[0].sent_ms, 40 * 1000, 41 * 1000);
	assert_int_equal(slack->messages[2].severity, SEVERITY_CRITICAL);
	assert_in_range(
		slack->messages[2].sent_ms - slack->messages[1].sent_ms, 60 * 1000, 67 * 1000);
	world->options.follows = false;
}

static void follows_what_others_put_in(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	world->options.follows = true;
	world_start(world);
	world_run(world, 5000);
	world_deliver(world, (struct fixture_delivery){0});
	world_run(world, 1200);
	assert_int_equal(slack->messages_count, 1);
	world_deliver(world, (struct fixture_delivery){0});
	deliverer_wake(world->deliverer);
	world_run(world, 100);
	assert_int_equal(slack->messages_count, 2);
	assert_int_equal(world->idle, 0);
	deliverer_stop(world->deliverer);
	world_run(world, 100);
	assert_int_equal(world->idle, 1);
}

/* A pipe that has ended: nothing more comes in, and what is due is still told. */
static void finishes_when_no_more_comes_in(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	world->options.follows = true;
	world->options.patience_ms = 2000;
	world_start(world);
	world_run(world, 5000);
	world_deliver(world, (struct fixture_delivery){0});
	world_deliver(world, (struct fixture_delivery){.due_ms = WORLD_BEGAN_MS + 6500});
	world_deliver(world, (struct fixture_delivery){.due_ms = WORLD_BEGAN_MS + 60 * 1000});
	deliverer_finish(world->deliverer);
	world_run_to_idle(world, 5000);
	assert_int_equal(slack->arrived, 2);
}

/* What is under way ends, what is not goes back as it was. */
static void stops_cleanly(void **state)
{
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);
	struct deliverer_counts counts;

	hook->delay_ms = 3000;
	for (int i = 0; i < 30; i++) {
		world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	}
	world_start(world);
	world_run(world, 1000);
	assert_int_equal(hook->sent, 8);
	deliverer_stop(world->deliverer);
	world_run_to_idle(world, 3000);
	assert_int_equal(hook->arrived, 8);
	deliverer_get_counts(world->deliverer, &counts);
	assert_int_equal(counts.delivered, 8);
	assert_int_equal(counts.unwritten, 0);
	assert_int_equal(
		fixture_int(world->store, "SELECT count(*) FROM delivery WHERE state = 2"), 8);
	assert_int_equal(fixture_int(world->store,
				 "SELECT count(*) FROM delivery WHERE state = 0 AND attempts = 0"),
		22);
	assert_int_equal(fixture_int(world->store, "SELECT count(*) FROM attempt"), 8);
}

static void can_be_freed_at_any_time(void **state)
{
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	hook->delay_ms = 3000;
	for (int i = 0; i < 30; i++) {
		world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	}
	world_start(world);
	world_run(world, 1000);
	deliverer_free(&world->deliverer);
	world_run(world, 1000);
	world_end(world);
	/* They were in hand when the process let go of them. */
	hook->delay_ms = 0;
	world_flush(world);
	assert_int_equal(
		fixture_int(world->store, "SELECT count(*) FROM delivery WHERE state = 2"), 30);
	assert_true(hook->messages[20].may_be_repeat);
}

static void a_timeout_is_tried_again(void **state)
{
	static const struct fake_answer answers[] = {{.is_never = true}};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	slack->answers = answers;
	slack->answers_count = ARRAY_LEN(answers);
	world_deliver(world, (struct fixture_delivery){0});
	world->options.patience_ms = 60 * 1000;
	world_flush(world);
	assert_int_equal(slack->messages_count, 2);
	assert_in_range(
		slack->messages[1].sent_ms - slack->messages[0].sent_ms, 15 * 1000, 17 * 1000);
}

static void tells_of_one_alert_only(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	world_deliver(world, (struct fixture_delivery){0});
	world->options.only_alert_id =
		fixture_alert_of(world->store, world_deliver(world, (struct fixture_delivery){0}));
	world_flush(world);
	assert_int_equal(slack->messages_count, 1);
	assert_int_equal(slack->messages[0].alert_id, world->options.only_alert_id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(nothing_to_do_is_idle),
		world_test(sends_what_is_due),
		world_test(leaves_what_is_not_due),
		world_test(waits_for_what_becomes_due_soon),
		world_test(critical_ones_first),
		world_test(a_resolve_never_overtakes_its_trigger),
		world_test(tries_again_until_it_arrives),
		world_test(keeps_to_the_limit),
		world_test(a_fast_receiver_gets_several_at_a_time),
		world_test(a_throttled_channel_waits_alone),
		world_test(follows_what_others_put_in),
		world_test(finishes_when_no_more_comes_in),
		world_test(stops_cleanly),
		world_test(can_be_freed_at_any_time),
		world_test(a_timeout_is_tried_again),
		world_test(tells_of_one_alert_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
