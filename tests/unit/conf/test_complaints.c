/*
 * Many errors become one text: in order, the first in full, and none lost without being counted.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/complaints.h"

static void add(struct complaints *complaints, struct place place, const char *msg)
{
	struct err err;

	(void)err_set(&err, ERR_INPUT, "%s", msg);
	complaints_add(complaints, place, &err);
}

static void test_none(void **state)
{
	(void)state;
	struct complaints complaints = COMPLAINTS_INIT;
	struct err err = {.code = ERR_NONE};

	assert_return_code(complaints_result(&complaints, &err), 0);
	assert_int_equal(err.code, ERR_NONE);
	complaints_release(&complaints);
}

static void test_places(void **state)
{
	(void)state;
	struct complaints complaints = COMPLAINTS_INIT;
	struct err err;

	add(&complaints, (struct place){"a.ini", 3, 5}, "bad");
	add(&complaints, (struct place){"servers.groups", 0, 0}, "worse");
	add(&complaints, (struct place){0}, "somewhere");
	add(&complaints, (struct place){"a\nb", 1, 1}, "odd name");
	assert_int_equal(complaints_result(&complaints, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_string_equal(
		err.msg, "a.ini:3:5: bad; servers.groups: worse; somewhere; a\\nb:1:1: odd name");
	complaints_release(&complaints);
	assert_return_code(complaints_result(&complaints, &err), 0);
}

static void test_what_does_not_fit_is_counted(void **state)
{
	(void)state;
	struct complaints complaints = COMPLAINTS_INIT;
	struct err err;
	char longest[450];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	add(&complaints, (struct place){0}, "first");
	add(&complaints, (struct place){0}, "second");
	add(&complaints, (struct place){0}, longest);
	add(&complaints, (struct place){0}, "would fit, but out of order");
	assert_int_equal(complaints_result(&complaints, &err), -1);
	assert_string_equal(err.msg, "first; second (and 2 more)");
	complaints_release(&complaints);

	add(&complaints, (struct place){0}, longest);
	add(&complaints, (struct place){0}, "second");
	assert_int_equal(complaints_result(&complaints, &err), -1);
	assert_memory_equal(err.msg, longest, sizeof(longest) - 1);
	assert_string_equal(err.msg + sizeof(longest) - 1, " (and 1 more)");
	complaints_release(&complaints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_what_does_not_fit_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
