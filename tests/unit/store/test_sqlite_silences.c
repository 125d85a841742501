/*
 * Silences: which of them hold when.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_silences.h"
#include "support/store_fixture.h"

static int64_t add(struct store_tx *tx, int64_t starts_ms, int64_t ends_ms, struct err *err)
{
	int64_t id = 0;

	assert_int_equal(store_silence_add(tx,
				 &(struct stored_silence){.matchers = "[\"a=b\"]",
					 .starts_ms = starts_ms,
					 .ends_ms = ends_ms,
					 .author = "me",
					 .reason = "update",
					 .created_ms = 5},
				 &id, err),
		0);
	return id;
}

static void assert_active(struct store_tx *tx, int64_t now_ms, const int64_t *ids, size_t count)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stored_silences list = {0};
	struct err err = {0};

	assert_int_equal(store_silence_active(tx, now_ms, arena, &list, &err), 0);
	assert_int_equal(list.items_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(list.items[i].id, ids[i]);
	}
}

static int silences(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int64_t early = add(tx, 10, 20, err);
	int64_t late = add(tx, 15, 40, err);
	struct stored_silence *found = NULL;
	struct stored_silences list = {0};

	(void)arg;
	assert_active(tx, 9, NULL, 0);
	assert_active(tx, 10, &early, 1);
	assert_active(tx, 15, (int64_t[]){late, early}, 2);
	assert_active(tx, 20, &late, 1);
	assert_active(tx, 40, NULL, 0);

	assert_int_equal(store_silence_get(tx, late, arena, &found, err), 0);
	assert_string_equal(found->matchers, "[\"a=b\"]");
	assert_int_equal(found->starts_ms, 15);
	assert_int_equal(found->ends_ms, 40);
	assert_string_equal(found->author, "me");
	assert_string_equal(found->reason, "update");
	assert_int_equal(found->created_ms, 5);
	assert_int_equal(found->expired_ms, 0);
	assert_int_equal(store_silence_get(tx, 99, arena, &found, err), 0);
	assert_null(found);

	assert_int_equal(store_silence_expire(tx, late, 30, err), 0);
	assert_active(tx, 16, &early, 1);
	assert_int_equal(store_silence_list(tx, 25, arena, &list, err), 0);
	assert_int_equal(list.items_count, 1);
	assert_int_equal(list.items[0].expired_ms, 30);
	assert_int_equal(store_silence_list(tx, 30, arena, &list, err), 0);
	assert_int_equal(list.items_count, 0);
	assert_int_equal(store_silence_list(tx, 0, arena, &list, err), 0);
	assert_int_equal(list.items_count, 2);
	return 0;
}

static void test_silences(void **state)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	(void)state;
	if (store_write(store, silences, NULL, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	store_close(&store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
