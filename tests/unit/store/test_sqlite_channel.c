#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_channel.h"
#include "support/store_fixture.h"

static int in_transaction(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct channel channel = {.receiver = "slack",
		.settings = "abc",
		.dead_ms = 1,
		.dead_fault = 2,
		.dead_text = "404 no_service",
		.held_until_ms = 3,
		.failures = 4,
		.throttled = 5,
		.tokens_milli = -6,
		.tokens_ms = 7,
		.delivered_ms = 8,
		.storm_ms = 9,
		.summary_ms = 10};
	struct channel got = {0};
	struct channel_list list;

	(void)arg;
	assert_int_equal(channel_get(tx, "slack", arena, &got, err), -1);
	assert_int_equal(err->code, ERR_NOT_FOUND);
	assert_string_equal(err->msg, "nothing is known of receiver 'slack'");

	assert_int_equal(channel_set(tx, &channel, err), 0);
	assert_int_equal(channel_get(tx, "slack", arena, &got, err), 0);
	assert_string_equal(got.receiver, "slack");
	assert_string_equal(got.settings, "abc");
	assert_int_equal(got.dead_ms, 1);
	assert_int_equal(got.dead_fault, 2);
	assert_string_equal(got.dead_text, "404 no_service");
	assert_int_equal(got.held_until_ms, 3);
	assert_int_equal(got.failures, 4);
	assert_int_equal(got.throttled, 5);
	assert_int_equal(got.tokens_milli, -6);
	assert_int_equal(got.tokens_ms, 7);
	assert_int_equal(got.delivered_ms, 8);
	assert_int_equal(got.storm_ms, 9);
	assert_int_equal(got.summary_ms, 10);

	channel = (struct channel){.receiver = "slack", .settings = "def"};
	assert_int_equal(channel_set(tx, &channel, err), 0);
	channel.receiver = "mail";
	assert_int_equal(channel_set(tx, &channel, err), 0);
	assert_int_equal(channel_all(tx, arena, &list, err), 0);
	assert_int_equal(list.items_count, 2);
	assert_string_equal(list.items[0].receiver, "mail");
	assert_string_equal(list.items[1].settings, "def");
	assert_int_equal(list.items[1].dead_ms, 0);
	assert_null(list.items[1].dead_text);
	return 0;
}

static void keeps_what_is_known(void **state)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	(void)state;
	assert_int_equal(store_write(store, in_transaction, NULL, &err), 0);
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
