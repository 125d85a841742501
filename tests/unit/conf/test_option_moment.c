/*
 * Points in time as option values.
 */
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "conf/option.h"

static void test_directions(void **state)
{
	(void)state;
	const struct option_row row = {.name = "since"};
	const struct option_context context = {0};
	int64_t past = 0, future = 0;

	time_fake(0, 1000000000);
	assert_int_equal(option_moment_past.parse(&row, &context, str_of("10s"), &past, NULL), 0);
	assert_int_equal(
		option_moment_future.parse(&row, &context, str_of("10s"), &future, NULL), 0);
	assert_int_equal(past, 1000000000 - 10000);
	assert_int_equal(future, 1000000000 + 10000);
	time_fake_end();
}

static void test_errors_leave_the_field(void **state)
{
	(void)state;
	const struct option_row row = {.name = "since"};
	const struct option_context context = {0};
	int64_t moment = 7;
	struct err err;

	assert_int_equal(
		option_moment_past.parse(&row, &context, str_of("soon"), &moment, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_int_equal(moment, 7);
}

static void test_schema(void **state)
{
	(void)state;
	struct strbuf out = STRBUF_INIT;

	option_moment_past.schema(NULL, &out);
	assert_string_equal(out.buf, "\"type\": \"string\"");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_errors_leave_the_field),
		cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
