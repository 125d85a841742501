/*
 * What goes first, what has to wait, and what is not told at all.
 */
#include <string.h>

#include "alert/delivery_world.h"
#include "alert/hold.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/store_fixture.h"

static int64_t count(struct world *world, const char *sql)
{
	return fixture_int(world->store, sql);
}

/* Something critical is not kept waiting by the queue in front of what has to go before it. */
static void what_blocks_the_critical_goes_first(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	int64_t alert_id = 0;

	for (int i = 0; i < 6; i++) {
		int64_t id = world_deliver(
			world, (struct fixture_delivery){.severity = SEVERITY_WARNING});

		alert_id = fixture_alert_of(world->store, id);
	}
	world_deliver(
		world, (struct fixture_delivery){.alert_id = alert_id, .severity = SEVERITY_INFO});
	world_deliver(world,
		(struct fixture_delivery){.alert_id = alert_id, .severity = SEVERITY_CRITICAL});
	world_flush(world);
	assert_int_equal(slack->messages_count, 8);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(slack->messages[i].alert_id, alert_id);
	}
	assert_int_equal(slack->messages[2].severity, SEVERITY_CRITICAL);
}

/* While an earlier one waits, later ones are not looked at, however many there are. */
static void later_ones_wait_with_the_earlier(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_RETRY, .retry_after_ms = 60 * 1000}};
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);
	int64_t alert_id;

	hook->answers = answers;
	hook->answers_count = 1;
	alert_id = fixture_alert_of(
		world->store, world_deliver(world, (struct fixture_delivery){.receiver = "hook"}));
	world->options.follows = true;
	world_start(world);
	world_run(world, 1000);
	for (int i = 0; i < 50; i++) {
		world_deliver(
			world, (struct fixture_delivery){.receiver = "hook", .alert_id = alert_id});
	}
	world_run(world, 3000);
	assert_int_equal(hook->sent, 1);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 0"), 51);
	world_run(world, 75 * 1000);
	assert_int_equal(hook->arrived, 51);
	for (size_t i = 1; i < hook->messages_count; i++) {
		assert_true(hook->messages[i].sent_ms >= hook->messages[i - 1].sent_ms);
	}
	assert_int_equal(hook->under_way_max, 1);
}

/* A poisoned row must not stop the others. */
static void what_cannot_be_told_is_dead(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	fixture_exec(world->store,
		"INSERT INTO delivery (key, receiver, purpose, severity, state, route, created_ms,"
		" due_ms, expires_ms, attempts, stands_for, hidden, content) VALUES ('x', 'slack', "
		"7,"
		" 2, 0, 'notice', 1, 1, 4102444800000, 0, 1, 0, 'junk')");
	world_deliver(world, (struct fixture_delivery){0});
	world_flush(world);
	assert_int_equal(slack->messages_count, 1);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 4 AND"
				      " result LIKE '%no title%'"),
		1);
}

static void a_silence_is_asked_again(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	int64_t id = world_deliver(world, (struct fixture_delivery){0});

	fixture_exec(world->store,
		"INSERT INTO silence (matchers, starts_ms, ends_ms, author, reason, created_ms)"
		" VALUES ('[\"source=web-01\"]', 1, 1800000060000, 'anna', 'move', 1)");
	fixture_exec(world->store, "UPDATE delivery SET silence_id = 1, hold_reason = 'silence 1'");
	world->options.follows = true;
	world_start(world);
	world_run(world, 30 * 1000);
	assert_int_equal(slack->sent, 0);
	assert_int_equal(
		fixture_int_of(world->store, "SELECT due_ms FROM delivery WHERE id = %lld", id),
		1800000060000);
	world_run(world, 40 * 1000);
	assert_int_equal(slack->arrived, 1);
}

static void what_is_over_before_it_was_told_is_not_told(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	world_deliver(world, (struct fixture_delivery){0});
	fixture_exec(world->store, "UPDATE delivery SET silence_id = 1, hold_reason = 'silence 1'");
	fixture_exec(world->store, "UPDATE alert SET resolved_ms = 5");
	world_flush(world);
	assert_int_equal(slack->sent, 0);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 6"), 1);
}

static void what_arrived_has_its_reminder(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct route route = {
		.name = "default", .repeat_interval_ms = 600 * 1000, .suppression_ms = -1};
	void *routes[] = {&route};

	world->settings.routes = (struct option_items){.items = routes, .count = 1};
	for (int i = 0; i < 2; i++) {
		world_deliver(
			world, (struct fixture_delivery){.group_key = "r\na", .is_told = true});
	}
	world->options.follows = true;
	world_start(world);
	world_run(world, 590 * 1000);
	assert_int_equal(slack->messages_count, 1);
	assert_int_equal(slack->messages[0].alerts_total, 2);
	world_run(world, 20 * 1000);
	assert_int_equal(slack->messages_count, 3);
	assert_int_equal(slack->messages[1].purpose, NOTIFICATION_REMINDER);
	assert_int_equal(slack->messages[2].purpose, NOTIFICATION_REMINDER);
	world->settings.routes = (struct option_items){0};
}

/* At no time more than so many in hand, whatever the backlog. */
static void claims_no_more_than_there_is_room_for(void **state)
{
	struct world *world = *state;
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	int64_t in_hand;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		world_receiver(world, names[i], &fake_hook)->delay_ms = 60 * 1000;
		for (int n = 0; n < 40; n++) {
			world_deliver(world, (struct fixture_delivery){.receiver = names[i]});
		}
	}
	world_start(world);
	world_run(world, 5000);
	in_hand = count(world, "SELECT count(*) FROM delivery WHERE state = 1");
	assert_int_equal(in_hand, 128);
	deliverer_stop(world->deliverer);
	world_run(world, 60 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(what_blocks_the_critical_goes_first),
		world_test(later_ones_wait_with_the_earlier),
		world_test(what_cannot_be_told_is_dead),
		world_test(a_silence_is_asked_again),
		world_test(what_is_over_before_it_was_told_is_not_told),
		world_test(what_arrived_has_its_reminder),
		world_test(claims_no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
