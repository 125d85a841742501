/*
 * Accepting where the store can be written, and where it cannot.
 */
#include "cmd/alert_take_in.h"
#include "cmd/cmd_fixture.h"

struct count {
	int calls;
	bool fails_always;
};

static int count_call(struct store_tx *tx, void *arg, struct err *err)
{
	struct count *count = arg;

	(void)tx;
	count->calls++;
	return count->fails_always ? err_set(err, ERR_SYSTEM, "no") : 0;
}

static void into_the_store(void **state)
{
	struct arena *arena = arena_new();
	struct store *store = NULL;
	struct count count = {0};
	struct err why, err;

	(void)state;
	assert_int_equal(
		alert_take_in("state.db", arena, count_call, &count, &store, &why, &err), 0);
	assert_int_equal(why.code, ERR_NONE);
	assert_int_equal(count.calls, 1);
	assert_string_equal(store_path(store), "state.db");
	store_close(&store);
	arena_free(arena);
}

static void into_memory(void **state)
{
	struct arena *arena = arena_new();
	struct store *store = NULL;
	struct count count = {0};
	struct err why, err;

	(void)state;
	assert_int_equal(
		alert_take_in("/dev/null/x", arena, count_call, &count, &store, &why, &err), 0);
	assert_int_not_equal(why.code, ERR_NONE);
	assert_int_equal(count.calls, 1);
	assert_string_equal(store_path(store), ":memory:");
	store_close(&store);
	arena_free(arena);
}

static void nowhere(void **state)
{
	struct arena *arena = arena_new();
	struct store *store = NULL;
	struct count count = {.fails_always = true};
	struct err why, err;

	(void)state;
	assert_int_equal(
		alert_take_in("state.db", arena, count_call, &count, &store, &why, &err), -1);
	assert_string_equal(err.msg, "no");
	assert_int_equal(count.calls, 2);
	assert_null(store);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(into_the_store),
		cmd_test(into_memory),
		cmd_test(nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
