/*
 * The course of `fleet keys` with servers that are not there: what it refuses, and how it ends.
 */
#include "cmd/cmd_fixture.h"

static void wrong_usage_does_nothing(void **state)
{
	static const struct {
		struct cmd_args args;
		const char *says;
	} cases[] = {
		{{{"keys"}}, "which servers"},
		{{{"keys", "more", "--hosts", "web-01"}}, "one argument too many: 'more'"},
		{{{"keys", "--hosts", "web-01", "-o", "jsonl"}},
			"option '-o': 'jsonl' is not one of text, json, csv; did you mean "
			"'json'? "},
		{{{"keys", "--hosts", "web-01", "-o", "csv", "--record"}}, "add --yes"},
		{{{"keys", "--hosts", "web-01", "--fold"}}, "--fold does not go with keys"},
		{{{"keys", "--hosts", "web-[01-20]", "--max-hosts", "5"}}, "20"},
		{{{"true", "--hosts", "web-01", "--record"}}, "--record does not go with"},
	};
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cmd_run(f, &cmd_fleet, &cases[i].args);
		assert_exit(f, 2);
		assert_non_null(strstr(f->err.buf, cases[i].says));
		assert_string_equal(f->out.buf, "");
	}
}

/* Nothing listens there: said of each, and nothing is asked or written. */
static void nobody_there(void **state)
{
	struct cmd_fixture *f = *state;
	const struct cmd_args args = {
		{"keys", "--hosts", "a,b", "--ssh-config", "results", "--record", "--quiet"}};

	assert_int_equal(file_write("results",
				 str_of("Host *\n\tHostName 127.0.0.1\n\tPort 1\n"
					"\tUserKnownHostsFile /nowhere/known_hosts\n"
					"\tGlobalKnownHostsFile none\n"),
				 0600, NULL),
		0);
	cmd_run(f, &cmd_fleet, &args);
	assert_exit(f, 1);
	assert_non_null(strstr(f->out.buf, "unreachable: "));
	assert_non_null(strstr(f->out.buf, "refused"));
	assert_non_null(strstr(f->out.buf, "\n2 unreachable\n"));
	assert_string_equal(f->err.buf, "");
}

static void the_port_of_the_name_goes_first(void **state)
{
	struct cmd_fixture *f = *state;
	const struct cmd_args args = {{"keys", "--hosts", "127.0.0.1:1,127.0.0.1,root@127.0.0.1:3",
		"--ssh-config", "results", "--port", "2", "--quiet"}};

	assert_int_equal(file_write("results",
				 str_of("Host *\n\tUserKnownHostsFile /nowhere/known_hosts\n"
					"\tGlobalKnownHostsFile none\n"),
				 0600, NULL),
		0);
	cmd_run(f, &cmd_fleet, &args);
	assert_exit(f, 1);
	assert_non_null(strstr(
		f->out.buf, " 127.0.0.1:1: unreachable: connection refused by 127.0.0.1:1\n"));
	assert_non_null(
		strstr(f->out.buf, " 127.0.0.1: unreachable: connection refused by 127.0.0.1:2\n"));
	assert_non_null(strstr(
		f->out.buf, " root@127.0.0.1:3: unreachable: connection refused by 127.0.0.1:3\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			wrong_usage_does_nothing, cmd_fixture_setup, cmd_fixture_teardown),
		cmocka_unit_test_setup_teardown(
			nobody_there, cmd_fixture_setup, cmd_fixture_teardown),
		cmocka_unit_test_setup_teardown(
			the_port_of_the_name_goes_first, cmd_fixture_setup, cmd_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
