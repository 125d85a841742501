/*
 * Known sums, and those of files.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/copy_sum.h"

#define EMPTY_SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_known(void **state)
{
	struct copy_summer *summer = copy_summer_new();
	struct copy_sum abc;

	(void)state;
	copy_summer_add(summer, str_of("a"));
	copy_summer_add(summer, str_of("bc"));
	abc = copy_summer_end(summer);
	assert_string_equal(abc.hex, ABC_SUM);
	copy_summer_free(&summer);
	copy_summer_free(&summer); /* NULL */
}

static void test_what_is_one(void **state)
{
	static const struct {
		const char *text;
		bool is_sum;
	} cases[] = {
		{ABC_SUM, true},
		{EMPTY_SUM, true},
		{"", false},
		{ABC_SUM "0", false},
		{"Ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
		{"ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(copy_sum_is(str_of(cases[i].text)), cases[i].is_sum);
	}
}

static void test_files(void **state)
{
	char path[] = "/tmp/copy-sum-XXXXXX";
	_cleanup_close_ int fd = mkstemp(path);
	struct copy_sum sum;
	struct copy_sum all;
	uint64_t bytes = 9;
	struct err err = {0};

	(void)state;
	assert_int_equal(copy_sum_file(path, fd, UINT64_MAX, &sum, &bytes, &err), 0);
	assert_string_equal(sum.hex, EMPTY_SUM);
	assert_int_equal(bytes, 0);
	assert_int_equal(file_write_all(fd, str_of("abcdef")), 0);
	assert_int_equal(copy_sum_file(path, fd, 3, &sum, &bytes, &err), 0);
	assert_string_equal(sum.hex, ABC_SUM);
	assert_int_equal(bytes, 3);
	assert_int_equal(copy_sum_file(path, fd, UINT64_MAX, &all, &bytes, &err), 0);
	assert_int_equal(bytes, 6);
	assert_false(copy_sum_eq(&sum, &all));
	assert_true(copy_sum_eq(&all, &all));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(copy_sum_file("gone\n", -1, 3, &sum, &bytes, &err), -1);
	assert_string_equal(err.msg, "cannot read 'gone\\n': Bad file descriptor");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_what_is_one),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
