/*
 * Tables as they look: every width, piped, in colour, with texts that misbehave.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/table.h"
#include "base/utf8.h"
#include "cmocka_all.h"

static const struct table_column columns[] = {
	{.heading = NULL},
	{.heading = "NAME"},
	{.heading = "STATE", .min_width = 8},
	{.heading = "TIME", .kind = TABLE_RIGHT},
	{.heading = "MESSAGE", .kind = TABLE_WRAP},
};

static void add_row(struct table *table, const char *const cells[5])
{
	table_row(table);
	for (int i = 0; i < 5 && cells[i]; i++) {
		table_cell(table, i == 0 ? COLOR_RED : COLOR_NONE, str_of(cells[i]));
	}
}

static struct table *example(void)
{
	struct table *table = table_new(columns, ARRAY_LEN(columns));

	add_row(table, (const char *const[]){"+", "web-01", "ok", "12 ms", "up 12 days"});
	add_row(table, (const char *const[]){"-", "database", "critical", "1.2 s",
			       "connection refused by 127.0.0.1 port 5432 after three attempts"});
	return table;
}

static void assert_table(const struct table *table, int width, bool has_color, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	table_write(table, width, has_color, &out);
	assert_string_equal(out.buf, expected);
	strbuf_release(&out);
}

static void test_piped_is_whole(void **state)
{
	(void)state;
	_cleanup_(table_freep) struct table *table = example();

	assert_table(table, 0, false,
		"   NAME      STATE      TIME  MESSAGE\n"
		"+  web-01    ok        12 ms  up 12 days\n"
		"-  database  critical  1.2 s  connection refused by 127.0.0.1 port 5432 after "
		"three attempts\n");
}

static void test_wraps(void **state)
{
	(void)state;
	_cleanup_(table_freep) struct table *table = example();

	assert_table(table, 60, false,
		"   NAME      STATE      TIME  MESSAGE\n"
		"+  web-01    ok        12 ms  up 12 days\n"
		"-  database  critical  1.2 s  connection refused by\n"
		"                              127.0.0.1 port 5432 after\n"
		"                              three attempts\n");
}

static void test_colors(void **state)
{
	(void)state;
	_cleanup_(table_freep) struct table *table = table_new(columns, 2);

	table_row(table);
	table_cell(table, COLOR_GREEN, str_of("+"));
	table_cell(table, COLOR_RED, str_of("web"));
	table_row(table);
	table_cellf(table, COLOR_NONE, "%d", 7);
	assert_table(table, 80, true,
		"   \x1b[1mNAME\x1b[0m\n"
		"\x1b[32m+\x1b[0m  \x1b[31mweb\x1b[0m\n"
		"7\n");
}

static void test_cut_column(void **state)
{
	(void)state;
	static const struct table_column cut[] = {
		{.kind = TABLE_CUT, .min_width = 5},
		{.kind = TABLE_RIGHT},
	};
	_cleanup_(table_freep) struct table *table = table_new(cut, ARRAY_LEN(cut));

	table_row(table);
	table_cell(table, COLOR_NONE, str_of("a text that is much too long"));
	table_cell(table, COLOR_NONE, str_of("17"));
	table_row(table);
	table_cell(table, COLOR_NONE, str_of("short"));
	table_cell(table, COLOR_NONE, str_of("123456"));
	assert_table(table, 30, false,
		"a text that is much t\xe2\x80\xa6      17\n"
		"short                   123456\n");
	assert_table(table, 0, false,
		"a text that is much too long      17\n"
		"short                         123456\n");
}

/* When the flexible column has given all it can, long names do; numbers never. */
static void test_long_names_give_way(void **state)
{
	(void)state;
	_cleanup_(table_freep) struct table *table = table_new(columns, ARRAY_LEN(columns));

	add_row(table,
		(const char *const[]){"+", "https://a-very-long-name.example.com/with/a/path", "ok",
			"100 ms", "status 200 and everything else is fine too"});
	assert_table(table, 60, false,
		"   NAME               STATE       TIME  MESSAGE\n"
		"+  https://a-very-l\xe2\x80\xa6  ok        100 ms  status 200 and\n"
		"                                        everything else is\n"
		"                                        fine too\n");
}

static void test_narrow_terminals_do_not_break_it(void **state)
{
	(void)state;
	_cleanup_(table_freep) struct table *table = example();

	for (int width = 1; width < 120; width++) {
		struct strbuf out = STRBUF_INIT;
		struct str rest;
		struct str line;

		table_write(table, width, false, &out);
		rest = strbuf_str(&out);
		while (str_line(&rest, &line)) {
			assert_true(utf8_str_width(line) <= (width < 51 ? 51 : width));
		}
		strbuf_release(&out);
	}
}

static void test_wide_characters_align(void **state)
{
	(void)state;
	static const struct table_column two[] = {{.heading = NULL}, {.heading = NULL}};
	_cleanup_(table_freep) struct table *table = table_new(two, 2);

	table_row(table);
	table_cell(table, COLOR_NONE, str_of("\xe4\xb8\xad\xe6\x96\x87"));
	table_cell(table, COLOR_NONE, str_of("x"));
	table_row(table);
	table_cell(table, COLOR_NONE, str_of("e\xcc\x81"));
	table_cell(table, COLOR_NONE, str_of("y"));
	assert_table(table, 80, false,
		"\xe4\xb8\xad\xe6\x96\x87  x\n"
		"e\xcc\x81     y\n");
}

static void test_outside_text_is_escaped(void **state)
{
	(void)state;
	static const struct table_column one[] = {{.heading = NULL, .kind = TABLE_WRAP}};
	_cleanup_(table_freep) struct table *table = table_new(one, 1);

	table_row(table);
	table_cell(table, COLOR_NONE, str_of("a\nb\x1b[2Jc\xff"));
	assert_table(table, 0, true, "a\\nb\\x1b[2Jc\\xff\n");
}

static void test_notes(void **state)
{
	(void)state;
	_cleanup_(table_freep) struct table *table = table_new(columns, 2);

	table_row(table);
	table_cell(table, COLOR_NONE, str_of("-"));
	table_cell(table, COLOR_NONE, str_of("db"));
	table_note(table, 3, COLOR_DIM, str_of("address: 127.0.0.1 port 5432"));
	table_row(table);
	table_cell(table, COLOR_NONE, str_of("+"));
	assert_table(table, 0, false, "   NAME\n-  db\n   address: 127.0.0.1 port 5432\n+\n");
	assert_table(table, 24, true,
		"   \x1b[1mNAME\x1b[0m\n-  db\n   \x1b[2maddress: 127.0.0.1\x1b[0m\n"
		"   \x1b[2mport 5432\x1b[0m\n+\n");
}

static void test_empty_table(void **state)
{
	(void)state;
	_cleanup_(table_freep) struct table *table = table_new(columns, ARRAY_LEN(columns));

	assert_table(table, 80, false, "  NAME  STATE     TIME  MESSAGE\n");
	table_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_piped_is_whole),
		cmocka_unit_test(test_wraps),
		cmocka_unit_test(test_colors),
		cmocka_unit_test(test_cut_column),
		cmocka_unit_test(test_long_names_give_way),
		cmocka_unit_test(test_narrow_terminals_do_not_break_it),
		cmocka_unit_test(test_wide_characters_align),
		cmocka_unit_test(test_outside_text_is_escaped),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
