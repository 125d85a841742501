/*
 * What an answer means, also one that comes late.
 */
#include <string.h>

#include "alert/delivery_world.h"
#include "alert/look.h"
#include "alert/outcome.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/store_fixture.h"

static void knows_when_to_try_again(void **state)
{
	static const struct {
		const char *name;
		struct delivery_result result;
		int64_t attempts, throttled, expected_ms; /* 0: never */
	} cases[] = {
		{"arrived", {.outcome = DELIVERY_ARRIVED, .retry_after_ms = -1}, 0, 0, 0},
		{"refused", {.outcome = DELIVERY_REFUSED, .retry_after_ms = 5000}, 0, 0, 0},
		{"first", {.outcome = DELIVERY_RETRY, .retry_after_ms = -1}, 0, 0, 1000},
		{"fourth", {.outcome = DELIVERY_RETRY, .retry_after_ms = -1}, 3, 9, 8000},
		{"as asked", {.outcome = DELIVERY_RETRY, .retry_after_ms = 77}, 3, 9, 77},
		{"throttled", {.outcome = DELIVERY_THROTTLED, .retry_after_ms = -1}, 9, 0, 33000},
		{"again", {.outcome = DELIVERY_THROTTLED, .retry_after_ms = -1}, 9, 1, 66000},
		{"and how long", {.outcome = DELIVERY_THROTTLED, .retry_after_ms = 5}, 9, 1, 5},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct outcome outcome = {.delivery = {.attempts = cases[i].attempts},
			.ended_ms = 1000 * 1000,
			.result = cases[i].result,
			.random = UINT32_MAX};
		const int64_t got = outcome_next_ms(&outcome, cases[i].throttled);
		const int64_t expected =
			cases[i].expected_ms ? 1000 * 1000 + cases[i].expected_ms : 0;

		if (got != expected) {
			fail_msg("%s: %lld", cases[i].name, (long long)got);
		}
	}
}

/* A look that claims nothing but writes an outcome down. */
struct late {
	struct world *world;
	struct outcome outcome;
};

static int write_late(struct store_tx *tx, void *arg, struct err *err)
{
	struct late *late = arg;
	struct look_lane lanes[WORLD_RECEIVERS_MAX] = {{0}};
	struct look look = {.settings = &late->world->settings,
		.now_ms = time_wall_ms(),
		.is_stopping = true,
		.lanes = lanes,
		.outcomes = &late->outcome,
		.outcomes_count = 1};
	int result = look_run(tx, &look, err);

	look_release(&look);
	return result;
}

static void write(struct late *late)
{
	struct err err = {0};

	if (store_write(late->world->store, write_late, late, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static struct late late_of(struct world *world, int64_t id)
{
	return (struct late){.world = world,
		.outcome = {.delivery = {.id = id, .receiver = "slack", .stands_for = 1},
			.owner_id = 77,
			.attempt_id = 1,
			.is_tried = true,
			.started_ms = 5,
			.ended_ms = 6,
			.result = {.text = "fine", .body = ""}}};
}

/* It was taken from us, and then it arrived after all: better not to send it again. */
static void a_late_arrival_counts(void **state)
{
	struct world *world = *state;
	struct late late;

	(void)world_receiver(world, "slack", &fake_chat);
	late = late_of(world, world_deliver(world, (struct fixture_delivery){0}));
	write(&late);
	assert_int_equal(fixture_int(world->store, "SELECT state FROM delivery"), 2);
}

/* Somebody else has it in hand by now, or has told it. */
static void others_are_left_alone(void **state)
{
	struct world *world = *state;
	struct late late;

	(void)world_receiver(world, "slack", &fake_chat);
	late = late_of(world, world_deliver(world, (struct fixture_delivery){0}));
	fixture_exec(world->store, "UPDATE delivery SET state = 1, owner_id = 78");
	write(&late);
	assert_int_equal(fixture_int(world->store, "SELECT state FROM delivery"), 1);
	fixture_exec(world->store, "UPDATE delivery SET state = 2, owner_id = NULL");
	late.outcome.result.outcome = DELIVERY_RETRY;
	write(&late);
	assert_int_equal(fixture_int(world->store, "SELECT state FROM delivery"), 2);
}

/* Alerts are forgotten in the end, also while something of them is under way. */
static void what_is_gone_is_gone(void **state)
{
	struct world *world = *state;
	struct late late;

	(void)world_receiver(world, "slack", &fake_chat);
	late = late_of(world, 4711);
	write(&late);
	assert_int_equal(fixture_int(world->store, "SELECT count(*) FROM delivery"), 0);
}

/* Sent without having been claimed, because nothing could be written. */
static void what_was_sent_unclaimed_is_written_down(void **state)
{
	struct world *world = *state;
	struct late late;

	(void)world_receiver(world, "slack", &fake_chat);
	late = late_of(world, world_deliver(world, (struct fixture_delivery){0}));
	late.outcome.attempt_id = 0;
	write(&late);
	assert_int_equal(
		fixture_int(world->store, "SELECT count(*) FROM delivery WHERE state = 2"), 1);
	assert_int_equal(
		fixture_int(world->store,
			"SELECT count(*) FROM attempt WHERE started_ms = 5 AND ended_ms = 6"
			" AND text = 'fine'"),
		1);
	write(&late); /* only once */
	assert_int_equal(fixture_int(world->store, "SELECT count(*) FROM attempt"), 1);
}

static void a_retry_is_not_planned_beyond_the_end(void **state)
{
	struct world *world = *state;
	struct late late;

	(void)world_receiver(world, "slack", &fake_chat);
	late = late_of(world, world_deliver(world, (struct fixture_delivery){0}));
	late.outcome.attempt_id = 0;
	late.outcome.delivery.expires_ms = WORLD_BEGAN_MS + 10;
	late.outcome.result.outcome = DELIVERY_RETRY;
	late.outcome.next_ms = WORLD_BEGAN_MS + 5000;
	write(&late);
	assert_int_equal(
		fixture_int(world->store, "SELECT due_ms FROM delivery"), WORLD_BEGAN_MS + 10);
	assert_int_equal(
		fixture_int(world->store,
			"SELECT count(*) FROM delivery WHERE hold_reason = 'attempt 1: fine'"
			" AND result = hold_reason"),
		1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_when_to_try_again),
		world_test(a_late_arrival_counts),
		world_test(others_are_left_alone),
		world_test(what_is_gone_is_gone),
		world_test(what_was_sent_unclaimed_is_written_down),
		world_test(a_retry_is_not_planned_beyond_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
