/*
 * What happens to one message changes the channel for those that come after it.
 */
#include <string.h>

#include "alert/fake_notifier.h"
#include "alert/lane.h"
#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_outbox.h"
#include "support/outbox_fixture.h"
#include "support/store_fixture.h"

enum { NOW = 1000 * 1000 };

static const struct receiver slack = {
	.name = "slack", .kind = &fake_chat, .settings = "abc", .timeout_ms = 1000};
static const struct receiver slack_anew = {
	.name = "slack", .kind = &fake_chat, .settings = "def", .timeout_ms = 1000};

static struct lane lane_of(const struct receiver *receiver)
{
	return (struct lane){.receiver = receiver,
		.limit = receiver->kind->limit,
		.channel = {.receiver = receiver->name,
			.settings = receiver->settings,
			.tokens_milli = receiver->kind->limit.burst * 1000,
			.tokens_ms = NOW}};
}

static void order_matters_where_people_read(void **state)
{
	static const struct {
		const char *name;
		const struct notifier_kind *kind;
		int64_t per_minute, slots, hand;
	} cases[] = {
		{"chat", &fake_chat, 0, 1, 1},
		{"incidents", &fake_incidents, 0, 4, 4},
		{"no limit", &fake_hook, 0, 8, 32},
		{"a chat that bears much", &fake_chat, 600, 8, 32},
		{"a hook that bears little", &fake_hook, 599, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct receiver receiver = {
			.kind = cases[i].kind, .per_minute = cases[i].per_minute};

		if (lane_slots(&receiver) != cases[i].slots ||
			lane_hand(&receiver) != cases[i].hand) {
			fail_msg("%s", cases[i].name);
		}
	}
}

static void bears_what_its_bucket_holds(void **state)
{
	struct lane lane = lane_of(&slack);
	struct lane hook = lane_of(&(struct receiver){.name = "hook", .kind = &fake_hook});

	(void)state;
	assert_int_equal(lane_bears(&lane, NOW), 3);
	for (int i = 0; i < 3; i++) {
		lane_take(&lane, NOW);
	}
	assert_int_equal(lane_bears(&lane, NOW), 0);
	assert_int_equal(lane_next_ms(&lane, NOW), NOW + 1000);
	assert_int_equal(lane_bears(&lane, NOW + 1000), 1);
	assert_true(lane.is_changed);
	lane_take(&hook, NOW);
	assert_true(lane_bears(&hook, NOW) > 1000);
	assert_false(hook.is_changed);
}

static void a_hold_is_the_longer_of_two(void **state)
{
	struct lane lane = lane_of(&slack);

	(void)state;
	lane_throttled(&lane, NOW + 30 * 1000, NOW);
	assert_int_equal(lane.channel.throttled, 1);
	assert_int_equal(lane_bears(&lane, NOW + 29 * 1000), 0);
	assert_int_equal(lane_next_ms(&lane, NOW), NOW + 30 * 1000);
	/* Another one that was under way then is not another time. */
	lane_throttled(&lane, NOW + 10 * 1000, NOW + 1);
	assert_int_equal(lane.channel.throttled, 1);
	assert_int_equal(lane.channel.held_until_ms, NOW + 30 * 1000);
	lane_throttled(&lane, NOW + 50 * 1000, NOW + 1);
	assert_int_equal(lane.channel.held_until_ms, NOW + 50 * 1000);
	lane_throttled(&lane, NOW + 90 * 1000, NOW + 60 * 1000);
	assert_int_equal(lane.channel.throttled, 2);
	assert_int_equal(lane_bears(&lane, NOW + 90 * 1000), 3);
	lane_arrived(&lane, NOW + 90 * 1000);
	assert_int_equal(lane.channel.throttled, 0);
	assert_int_equal(lane.channel.delivered_ms, NOW + 90 * 1000);
}

static void a_clock_set_back_holds_nobody(void **state)
{
	struct lane lane = lane_of(&slack);

	(void)state;
	lane_throttled(&lane, NOW + 30 * 1000, NOW);
	assert_false(lane_is_held(&lane, NOW - INT64_C(24) * 3600 * 1000));
}

static void one_that_fails_and_asks_for_a_pause_gets_it(void **state)
{
	struct lane lane = lane_of(&slack);

	(void)state;
	lane_failed(&lane, NOW + 30 * 1000, NOW, 0);
	assert_int_equal(lane_bears(&lane, NOW + 29 * 1000), 0);
	assert_int_equal(lane_next_ms(&lane, NOW), NOW + 30 * 1000);
	assert_false(lane_is_held(&lane, NOW + 30 * 1000));
	assert_int_equal(lane.channel.throttled, 0);
}

static void one_that_keeps_failing_is_spared(void **state)
{
	struct lane lane = lane_of(&slack);
	int64_t now_ms = NOW;

	(void)state;
	for (int i = 1; i < LANE_TRIES; i++) {
		lane_failed(&lane, 0, now_ms, UINT32_MAX);
		assert_false(lane_is_shaky(&lane));
		assert_false(lane_is_held(&lane, now_ms));
	}
	for (int64_t pause_ms = 1000; pause_ms < 200 * 1000; pause_ms *= 2) {
		lane_failed(&lane, 0, now_ms, UINT32_MAX);
		lane_failed(&lane, 0, now_ms, UINT32_MAX); /* was under way: tells nothing new */
		assert_true(lane_is_shaky(&lane));
		assert_int_equal(lane_next_ms(&lane, now_ms) - now_ms,
			pause_ms < LANE_PAUSE_CAP_MS ? pause_ms : LANE_PAUSE_CAP_MS);
		now_ms = lane.channel.held_until_ms;
	}
	lane_arrived(&lane, now_ms);
	assert_false(lane_is_shaky(&lane));
}

static void a_dead_one_is_tried_now_and_then(void **state)
{
	struct lane lane = lane_of(&slack);

	(void)state;
	lane_died(&lane, CHANNEL_REVOKED, "404 no_service", NOW);
	assert_true(lane_is_dead(&lane));
	assert_string_equal(lane.channel.dead_text, "404 no_service");
	assert_int_equal(lane_bears(&lane, NOW + LANE_PROBE_MS - 1), 0);
	assert_int_equal(lane_bears(&lane, NOW + LANE_PROBE_MS), 1);
	lane_take(&lane, NOW + LANE_PROBE_MS);
	assert_int_equal(lane_bears(&lane, NOW + LANE_PROBE_MS + 1), 0);
	assert_int_equal(lane_next_ms(&lane, NOW + LANE_PROBE_MS), NOW + 2 * LANE_PROBE_MS);
	lane_died(&lane, CHANNEL_ARCHIVED, "410", NOW + LANE_PROBE_MS);
	assert_int_equal(lane.channel.dead_ms, NOW); /* since when */
	lane_arrived(&lane, NOW + 2 * LANE_PROBE_MS);
	assert_false(lane_is_dead(&lane));
	assert_true(lane_bears(&lane, NOW + 2 * LANE_PROBE_MS) > 1);
}

/* It may have been that message. */
static void a_rejection_is_tried_at_once(void **state)
{
	struct lane lane = lane_of(&slack);

	(void)state;
	lane_died(&lane, CHANNEL_REJECTED, "400", NOW);
	assert_true(lane_is_dead(&lane));
	assert_int_equal(lane_bears(&lane, NOW), 1);
	lane_died(&lane, CHANNEL_REJECTED, "400", NOW + 1);
	assert_int_equal(lane_bears(&lane, NOW + 1), 0);
}

static int in_transaction(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct fixture_delivery wanted = {0};
	struct lane lane;
	int64_t id;

	(void)arg;
	assert_int_equal(fixture_deliver_tx(tx, &wanted, NULL, &id, err), 0);
	assert_int_equal(outbox_put_off(tx, id, NOW + 99, lane_waits_for_life, err), 0);

	/* New: alive, with a full bucket. */
	assert_int_equal(lane_open(tx, &slack, NOW, arena, &lane, err), 0);
	assert_int_equal(lane_bears(&lane, NOW), 3);
	lane_take(&lane, NOW);
	lane_died(&lane, CHANNEL_REVOKED, "gone", NOW);
	assert_int_equal(lane_save(tx, &lane, err), 0);
	assert_false(lane.is_changed);

	/* The same one, read again. */
	assert_int_equal(lane_open(tx, &slack, NOW, arena, &lane, err), 0);
	assert_true(lane_is_dead(&lane));
	assert_false(lane.is_renewed);
	assert_false(lane.is_changed);
	assert_int_equal(lane.channel.tokens_milli, 2000);

	/* Configured anew: another chance, but no other bucket. */
	assert_int_equal(lane_open(tx, &slack_anew, NOW, arena, &lane, err), 0);
	assert_false(lane_is_dead(&lane));
	assert_true(lane.is_renewed);
	assert_int_equal(lane_bears(&lane, NOW), 2);

	/* A test that arrives is a proof of life. */
	assert_int_equal(lane_revive(tx, &slack, NOW + 5, err), 0);
	assert_int_equal(lane_open(tx, &slack, NOW, arena, &lane, err), 0);
	assert_false(lane_is_dead(&lane));
	assert_int_equal(lane.channel.delivered_ms, NOW + 5);
	return 0;
}

static void is_kept_in_the_store(void **state)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	(void)state;
	assert_int_equal(store_write(store, in_transaction, NULL, &err), 0);
	assert_int_equal(fixture_int(store, "SELECT due_ms FROM delivery"), NOW + 5);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_matters_where_people_read),
		cmocka_unit_test(bears_what_its_bucket_holds),
		cmocka_unit_test(a_hold_is_the_longer_of_two),
		cmocka_unit_test(a_clock_set_back_holds_nobody),
		cmocka_unit_test(one_that_fails_and_asks_for_a_pause_gets_it),
		cmocka_unit_test(one_that_keeps_failing_is_spared),
		cmocka_unit_test(a_dead_one_is_tried_now_and_then),
		cmocka_unit_test(a_rejection_is_tried_at_once),
		cmocka_unit_test(is_kept_in_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
