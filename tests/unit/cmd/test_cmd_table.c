#include "base/alloc.h"
#include "cmd/cmd.h"
#include "cmd/cmd_table.h"
#include "cmd/common_options.h"
#include "cmocka_all.h"

static void every_command_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; cmd_docs[i]; i++) {
		const struct cmd *cmd = cmd_find(str_of(cmd_docs[i]->name));

		assert_non_null(cmd);
		assert_ptr_equal(&cmd->doc, cmd_docs[i]);
		assert_non_null(cmd->run);
	}
	assert_null(cmd_find(str_of("chekc")));
	assert_null(cmd_find(str_of("")));
}

/* main.c relies on it: a command's own rows, then the common ones. */
static void every_command_has_the_common_flags(void **state)
{
	(void)state;
	for (size_t i = 0; cmd_docs[i]; i++) {
		size_t count = 0;

		while (cmd_docs[i]->sets[count].rows) {
			count++;
		}
		assert_in_range(count, 2, CMD_SETS_MAX);
		assert_ptr_equal(cmd_docs[i]->sets[count - 1].rows, common_rows);
	}
}

static void no_flag_is_there_twice(void **state)
{
	(void)state;
	for (size_t i = 0; cmd_docs[i]; i++) {
		for (const struct option_row *row = cmd_docs[i]->sets[0].rows; row->name; row++) {
			assert_null(option_find(common_rows, str_of(row->name)));
			for (const struct option_row *c = common_rows; row->letter && c->name;
				c++) {
				assert_int_not_equal(c->letter, row->letter);
			}
		}
	}
}

static void suggests_the_nearest(void **state)
{
	(void)state;
	assert_string_equal(cmd_suggest(str_of("chekc")), "check");
	assert_string_equal(cmd_suggest(str_of("confg")), "config");
	assert_null(cmd_suggest(str_of("xyzzy")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_is_found_by_its_name),
		cmocka_unit_test(every_command_has_the_common_flags),
		cmocka_unit_test(no_flag_is_there_twice),
		cmocka_unit_test(suggests_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
