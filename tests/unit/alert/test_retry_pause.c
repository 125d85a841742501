#include "alert/retry_pause.h"
#include "base/alloc.h"
#include "cmocka_all.h"

static void doubles_up_to_its_cap(void **state)
{
	static const struct {
		int64_t attempts, longest_ms;
	} cases[] = {
		{1, 1000},
		{2, 2000},
		{3, 4000},
		{8, 128 * 1000},
		{9, 256 * 1000},
		{10, 300 * 1000},
		{1000 * 1000, 300 * 1000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			retry_pause_ms(cases[i].attempts, -1, UINT32_MAX), cases[i].longest_ms);
		assert_int_equal(retry_pause_ms(cases[i].attempts, -1, 0), 0);
		assert_int_equal(retry_pause_ms(cases[i].attempts, -1, UINT32_MAX / 2),
			cases[i].longest_ms / 2);
	}
}

static void does_as_it_is_asked(void **state)
{
	(void)state;
	assert_int_equal(retry_pause_ms(1, 120 * 1000, 0), 120 * 1000);
	assert_int_equal(retry_pause_ms(12, 1, UINT32_MAX), 1);
	assert_int_equal(retry_pause_ms(1, RETRY_AFTER_CAP_MS + 1, 0), RETRY_AFTER_CAP_MS);
	assert_int_equal(retry_pause_ms(1, INT64_MAX, 0), RETRY_AFTER_CAP_MS);
	/* "Now" is no reason to hurry more than usual. */
	assert_int_equal(retry_pause_ms(2, 0, UINT32_MAX), 2000);
}

static void a_channel_is_left_alone_for_longer_each_time(void **state)
{
	static const struct {
		int64_t times, shortest_ms;
	} cases[] = {
		{1, 30 * 1000},
		{2, 60 * 1000},
		{3, 120 * 1000},
		{4, 300 * 1000},
		{5, 300 * 1000},
		{1000 * 1000, 300 * 1000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t shortest_ms = cases[i].shortest_ms;

		assert_int_equal(throttle_pause_ms(cases[i].times, -1, 0), shortest_ms);
		assert_int_equal(throttle_pause_ms(cases[i].times, -1, UINT32_MAX),
			shortest_ms + shortest_ms / 10);
	}
	assert_int_equal(throttle_pause_ms(1, 1000, UINT32_MAX), 1000);
	assert_int_equal(throttle_pause_ms(3, INT64_MAX, 0), RETRY_AFTER_CAP_MS);
	assert_int_equal(throttle_pause_ms(1, 0, 0), 30 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_up_to_its_cap),
		cmocka_unit_test(does_as_it_is_asked),
		cmocka_unit_test(a_channel_is_left_alone_for_longer_each_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
