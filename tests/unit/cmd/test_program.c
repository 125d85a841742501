/*
 * What the documentation says of the program as a whole is true of it.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/exit_code.h"
#include "cmd/cmd.h"
#include "cmd/cmd_table.h"
#include "cmd/config_root.h"
#include "cmd/program.h"
#include "cmocka_all.h"

static void is_what_was_built(void **state)
{
	(void)state;
	assert_string_equal(program_doc.name, "sre-toolkit");
	assert_string_equal(program_doc.version, SRE_TOOLKIT_VERSION);
	assert_ptr_equal(program_doc.commands, cmd_docs);
	assert_ptr_equal(program_doc.config, config_rows);
}

static void every_exit_code_is_explained(void **state)
{
	static const enum exit_code codes[] = {EXIT_CODE_OK, EXIT_CODE_FAILED, EXIT_CODE_USAGE,
		EXIT_CODE_LOCKED, EXIT_CODE_DEADLINE, EXIT_CODE_INTERRUPTED, EXIT_CODE_TERMINATED};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		bool is_there = false;
		char text[16];

		(void)snprintf(text, sizeof(text), "%d", (int)codes[i]);
		for (const struct doc_pair *pair = program_doc.exit_codes; pair->name; pair++) {
			struct str rest = str_of(pair->name);
			struct str code;

			while (str_split(&rest, ',', &code)) {
				is_there = is_there || str_is(str_trim(code), text);
			}
			assert_non_null(pair->text);
		}
		if (!is_there) {
			fail_msg("exit code %s is not explained", text);
		}
	}
}

/* Flags and keys keep the promises that all tables of rows make. */
static void every_row_is_right(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(config_rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	for (size_t i = 0; cmd_docs[i]; i++) {
		const struct option_set *sets = cmd_docs[i]->sets;

		for (; sets->rows; sets++) {
			if (option_rows_check(sets->rows, &err) < 0) {
				fail_msg("%s: %s", cmd_docs[i]->name, err.msg);
			}
		}
	}
}

/* As main.c relies on: a command's own flags, then the common ones, and nothing else. */
static void every_command_says_what_it_does(void **state)
{
	(void)state;
	for (size_t i = 0; cmd_docs[i]; i++) {
		assert_non_null(cmd_docs[i]->summary);
		assert_non_null(cmd_find(str_of(cmd_docs[i]->name))->run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_was_built),
		cmocka_unit_test(every_exit_code_is_explained),
		cmocka_unit_test(every_row_is_right),
		cmocka_unit_test(every_command_says_what_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
