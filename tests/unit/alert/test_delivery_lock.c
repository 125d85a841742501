#include "alert/delivery_lock.h"
#include "cmocka_all.h"
#include "support/store_fixture.h"

static void one_alone_or_many_together(void **state)
{
	struct delivery_lock *a = delivery_lock_new("state.db");
	struct delivery_lock *b = delivery_lock_new("./state.db");
	struct delivery_lock *c = delivery_lock_new("state.db");

	(void)state;
	assert_true(delivery_lock_share(a));
	assert_true(delivery_lock_share(b));
	assert_false(delivery_lock_own(c));
	assert_false(delivery_lock_is_own(c));
	delivery_lock_release(a);
	assert_false(delivery_lock_own(c));
	delivery_lock_release(b);
	assert_true(delivery_lock_own(c));
	assert_true(delivery_lock_is_own(c));
	assert_false(delivery_lock_share(a));
	assert_false(delivery_lock_own(b));
	/* He who has it alone may claim as well, and keeps it. */
	assert_true(delivery_lock_share(c));
	assert_true(delivery_lock_own(c));
	delivery_lock_free(&c);
	assert_null(c);
	assert_true(delivery_lock_own(a));
	delivery_lock_free(&a);
	delivery_lock_free(&b);
	delivery_lock_free(&b);
}

static void where_there_is_nothing_to_lock_all_is_allowed(void **state)
{
	static const char *const paths[] = {":memory:", "/no/such/folder/state.db"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct delivery_lock *a = delivery_lock_new(paths[i]);
		struct delivery_lock *b = delivery_lock_new(paths[i]);

		assert_true(delivery_lock_own(a));
		assert_true(delivery_lock_own(b));
		delivery_lock_release(a);
		assert_false(delivery_lock_is_own(a));
		delivery_lock_free(&a);
		delivery_lock_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_alone_or_many_together, store_folder_enter, store_folder_leave),
		cmocka_unit_test(where_there_is_nothing_to_lock_all_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
