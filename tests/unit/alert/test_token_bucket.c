#include "alert/token_bucket.h"
#include "cmocka_all.h"

static const struct notifier_limit slack = {.per_minute = 60, .burst = 3};
static const struct notifier_limit pagerduty = {.per_minute = 100, .burst = 10};
static const struct notifier_limit no_limit = {0};
static const struct notifier_limit no_burst = {.per_minute = 60};

static void starts_full(void **state)
{
	struct token_bucket bucket = token_bucket_new(&slack, 1000);

	(void)state;
	assert_int_equal(token_bucket_count(&bucket, &slack, 1000), 3);
	assert_int_equal(token_bucket_wait_ms(&bucket, &slack, 1000), 0);
	assert_int_equal(token_bucket_count(&bucket, &slack, 1000 + 3600 * 1000), 3);
}

static void empties_and_fills(void **state)
{
	struct token_bucket bucket = token_bucket_new(&slack, 0);

	(void)state;
	token_bucket_take(&bucket, &slack, 3, 0);
	assert_int_equal(token_bucket_count(&bucket, &slack, 0), 0);
	assert_int_equal(token_bucket_wait_ms(&bucket, &slack, 0), 1000);
	assert_int_equal(token_bucket_wait_ms(&bucket, &slack, 400), 600);
	assert_int_equal(token_bucket_count(&bucket, &slack, 999), 0);
	assert_int_equal(token_bucket_count(&bucket, &slack, 1000), 1);
	assert_int_equal(token_bucket_count(&bucket, &slack, 2500), 2);
	token_bucket_take(&bucket, &slack, 1, 2500);
	assert_int_equal(token_bucket_count(&bucket, &slack, 2999), 1);
	assert_int_equal(token_bucket_count(&bucket, &slack, 3000), 2); /* the half was not lost */
}

static void nothing_is_no_limit(void **state)
{
	struct token_bucket bucket = token_bucket_new(&no_limit, 0);

	(void)state;
	token_bucket_take(&bucket, &no_limit, 1000 * 1000, 0);
	assert_true(token_bucket_count(&bucket, &no_limit, 0) == INT64_MAX);
	assert_int_equal(token_bucket_wait_ms(&bucket, &no_limit, 0), 0);
}

static void without_a_burst_holds_one(void **state)
{
	struct token_bucket bucket = token_bucket_new(&no_burst, 0);

	(void)state;
	assert_int_equal(token_bucket_count(&bucket, &no_burst, 5000), 1);
}

static void bears_a_clock_that_jumps(void **state)
{
	struct token_bucket bucket = token_bucket_new(&slack, 1000 * 1000);

	(void)state;
	token_bucket_take(&bucket, &slack, 3, 1000 * 1000);
	assert_int_equal(token_bucket_count(&bucket, &slack, 5), 0);
	assert_int_equal(token_bucket_wait_ms(&bucket, &slack, 5), 1000);
	assert_int_equal(token_bucket_count(&bucket, &slack, INT64_MAX / 2), 3);
	token_bucket_take(&bucket, &slack, 0, 5); /* from now on it counts from there */
	assert_int_equal(token_bucket_count(&bucket, &slack, 1005), 1);
}

/* What another configuration left there. */
static void bears_a_bucket_of_another_size(void **state)
{
	struct token_bucket large = {.milli = 500 * 1000, .as_of_ms = 0};
	struct token_bucket debt = {.milli = -2000, .as_of_ms = 0};

	(void)state;
	assert_int_equal(token_bucket_count(&large, &slack, 0), 3);
	assert_int_equal(token_bucket_count(&debt, &slack, 0), 0);
	assert_int_equal(token_bucket_wait_ms(&debt, &slack, 0), 3000);
}

/* Whatever the moments at which one looks, a minute never gets more than the rate and the burst. */
static void never_gives_more_than_the_rate(void **state)
{
	struct token_bucket bucket = token_bucket_new(&pagerduty, 0);
	int64_t taken[200] = {0}; /* in each second */
	uint32_t seed = 1;

	(void)state;
	for (int64_t now_ms = 0; now_ms < 200 * 1000; now_ms += 1 + (seed >> 24) % 40) {
		int64_t there = token_bucket_count(&bucket, &pagerduty, now_ms);

		seed = seed * 1664525 + 1013904223;
		token_bucket_take(&bucket, &pagerduty, there, now_ms);
		taken[now_ms / 1000] += there;
	}
	for (int from = 0; from + 60 <= 200; from++) {
		int64_t sum = 0;

		for (int i = 0; i < 60; i++) {
			sum += taken[from + i];
		}
		assert_in_range(sum, 90, 110);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_full),
		cmocka_unit_test(empties_and_fills),
		cmocka_unit_test(nothing_is_no_limit),
		cmocka_unit_test(without_a_burst_holds_one),
		cmocka_unit_test(bears_a_clock_that_jumps),
		cmocka_unit_test(bears_a_bucket_of_another_size),
		cmocka_unit_test(never_gives_more_than_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
