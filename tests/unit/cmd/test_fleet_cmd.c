/*
 * What the verbs share: errors and their exit codes, numbers of runs.
 */
#include "cmd/cmd_fixture.h"
#include "cmd/fleet_cmd.h"

static void exit_codes(void **state)
{
	static const struct {
		enum err_code code;
		int exit_code;
	} cases[] = {
		{ERR_INPUT, 2},
		{ERR_NOT_FOUND, 2},
		{ERR_PERMISSION, 2},
		{ERR_LIMIT, 2},
		{ERR_BUSY, 75},
		{ERR_SYSTEM, 1},
		{ERR_NETWORK, 1},
	};
	const struct common_opts common = {.is_quiet = true};
	struct cmd_run run = {.cmd = &cmd_fleet, .common = &common};
	const struct fleet_cmd fleet = {.run = &run};
	int saved = redirect(STDERR_FILENO, "err");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		(void)err_set(&err, cases[i].code, "why");
		assert_int_equal(fleet_failed(&fleet, &err), cases[i].exit_code);
	}
	fleet_say(&fleet, "nothing");
	restore(STDERR_FILENO, saved);
}

static void numbers_of_runs(void **state)
{
	static const char *const args[] = {"12", "0", "x", "-1", "99999999999999999999"};
	const struct fleet_cmd fleet = {.args = args, .args_count = ARRAY_LEN(args)};
	struct err err = {0};
	int64_t id = 7;

	(void)state;
	assert_int_equal(fleet_id_argument(&fleet, ARRAY_LEN(args), &id, &err), 0);
	assert_int_equal(id, 0); /* the latest */
	assert_int_equal(fleet_id_argument(&fleet, 0, &id, &err), 0);
	assert_int_equal(id, 12);
	for (size_t i = 1; i < ARRAY_LEN(args); i++) {
		assert_int_equal(fleet_id_argument(&fleet, i, &id, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(exit_codes),
		cmd_test(numbers_of_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
