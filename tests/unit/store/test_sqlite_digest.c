/*
 * What happened between two instants: the edges belong to one side only.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_digest.h"
#include "support/store_fixture.h"

enum { VERDICTS = 4 };

static struct store *world(void)
{
	static const struct past_alert alerts[] = {
		{.id = 1, .severity = 1, .started = 99, .updated = 200, .resolved = 200},
		{.id = 2, .severity = 0, .started = 100, .updated = 199, .resolved = 199},
		{.id = 3, .severity = 2, .started = 150, .updated = 160, .resolved = 160},
		{.id = 4, .severity = 2, .started = 199, .updated = 300},
		{.id = 5, .severity = 1, .started = 200, .updated = 200},
		{.id = 6, .severity = 2, .started = 50, .updated = 100, .resolved = 100},
		{.id = 7, .severity = 2, .started = 300, .updated = 300},
	};
	static const struct past_delivery deliveries[] = {
		{.id = 1, .alert_id = 1, .state = DELIVERY_DEAD, .ended = 99},
		{.id = 2, .alert_id = 1, .state = DELIVERY_DEAD, .ended = 100},
		{.id = 3, .alert_id = 1, .state = DELIVERY_DEAD, .ended = 199, .receiver = "mail"},
		{.id = 4, .alert_id = 1, .state = DELIVERY_DEAD, .ended = 150},
		{.id = 5, .alert_id = 1, .state = DELIVERY_DEAD, .ended = 200},
		{.id = 6, .alert_id = 1, .state = DELIVERY_DELIVERED, .ended = 150},
	};
	struct store *store = fixture_store(":memory:");

	for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
		past_alert(store, &alerts[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(deliveries); i++) {
		past_delivery(store, &deliveries[i]);
	}
	past_event(store, 1, 1, 99, 0);
	past_event(store, 2, 1, 100, 0);
	past_event(store, 3, 2, 199, 0);
	past_event(store, 4, 2, 200, 0);
	fixture_exec(store,
		"INSERT INTO decision (event_id, receiver, verdict, route, reason) VALUES"
		" (1, 'slack', 2, '', ''), (2, 'slack', 2, '', ''),"
		" (2, 'mail', 2, '', ''), (3, 'slack', 2, '', ''),"
		" (3, 'mail', 3, '', ''), (4, 'slack', 3, '', ''),"
		" (3, 'log', 4, '', ''), (3, 'log', -1, '', ''),"
		" (3, 'log', 1 << 40, '', '')");
	return store;
}

typedef int digest_fn(struct store_tx *, const struct digest_range *, struct arena *,
	struct digest_alerts *, struct err *);

struct list_case {
	digest_fn *fn;
	int64_t limit, total;
	const char *ids;
};

static const struct list_case list_cases[] = {
	{digest_open, 10, 3, "7 4 5 "},
	{digest_open, 1, 3, "7 "},
	{digest_fired, 10, 3, "4 3 2 "},
	{digest_fired, 0, 3, ""},
	{digest_resolved, 10, 3, "3 6 2 "},
	{digest_resolved, 2, 3, "3 6 "},
};

static int check_lists(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)arg;
	for (size_t i = 0; i < ARRAY_LEN(list_cases); i++) {
		const struct digest_range range = {100, 200, list_cases[i].limit};
		_cleanup_(strbuf_release) struct strbuf ids = STRBUF_INIT;
		struct digest_alerts alerts;

		assert_int_equal(list_cases[i].fn(tx, &range, arena, &alerts, err), 0);
		for (size_t j = 0; j < alerts.items_count; j++) {
			strbuf_addf(&ids, "%d ", (int)alerts.items[j]->id);
		}
		assert_string_equal(ids.buf, list_cases[i].ids);
		assert_int_equal(alerts.total, list_cases[i].total);
	}
	return 0;
}

static int check_counts(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct digest_range range = {100, 200, 10};
	int64_t events[VERDICTS] = {7, 7, 7, 7};
	struct digest_faileds faileds;

	(void)arg;
	assert_int_equal(digest_verdicts(tx, &range, VERDICTS, events, err), 0);
	assert_int_equal(events[0], 0);
	assert_int_equal(events[1], 0);
	assert_int_equal(events[2], 2); /* an event for two receivers is one */
	assert_int_equal(events[3], 1);
	assert_int_equal(digest_failed(tx, &range, arena, &faileds, err), 0);
	assert_int_equal(faileds.items_count, 2);
	assert_string_equal(faileds.items[0].receiver, "mail");
	assert_int_equal(faileds.items[0].count, 1);
	assert_string_equal(faileds.items[1].receiver, "slack");
	assert_int_equal(faileds.items[1].count, 2);
	return 0;
}

static void check(store_fn *fn)
{
	struct store *store = world();
	struct err err = {0};

	if (store_read(store, fn, NULL, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_no_scans(store, NULL);
	store_close(&store);
}

static void test_lists(void **state)
{
	(void)state;
	check(check_lists);
}

static void test_counts(void **state)
{
	(void)state;
	check(check_counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
