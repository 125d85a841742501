/*
 * CSV: what is quoted, and that nothing is changed.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/csv_writer.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

static void test_fields(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		struct str out;
	} cases[] = {
		{{"plain", 5}, {"plain\n", 6}},
		{{"two words", 9}, {"two words\n", 10}},
		{{"a,b", 3}, {"\"a,b\"\n", 6}},
		{{"say \"hi\"", 8}, {"\"say \"\"hi\"\"\"\n", 13}},
		{{"\"", 1}, {"\"\"\"\"\n", 5}},
		{{"a\nb", 3}, {"\"a\nb\"\n", 6}},
		{{"a\r", 2}, {"\"a\r\"\n", 5}},
		{{"", 0}, {"\"\"\n", 3}},
		{{"=1+1", 4}, {"=1+1\n", 5}},
		{{" x ", 3}, {" x \n", 4}},
		{{"\xff\0\x1b", 3}, {"\xff\0\x1b\n", 4}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		struct csv_writer w;

		csv_writer_init(&w, &sb);
		csv_write_str(&w, cases[i].in);
		csv_end_row(&w);
		assert_true(str_eq(strbuf_str(&sb), cases[i].out));
	}
}

static void test_rows(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct csv_writer w;

	csv_writer_init(&w, &sb);
	csv_write_string(&w, "name");
	csv_write_string(&w, NULL);
	csv_end_row(&w);
	csv_write_string(&w, "");
	csv_write_int(&w, -5);
	csv_write_double(&w, 0.25);
	csv_write_double(&w, NAN);
	csv_write_double(&w, INFINITY);
	csv_write_bool(&w, true);
	csv_write_time(&w, 0);
	csv_end_row(&w);
	csv_write_double(&w, NAN);
	csv_end_row(&w);
	csv_end_row(&w);
	assert_string_equal(sb.buf, "name,\n,-5,0.25,,,true,1970-01-01T00:00:00.000Z\n\"\"\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
