#include "cmocka_all.h"
#include "net/ssh_program_fixture.h"

static void tells_what_commands_say_and_how_they_end(void **state)
{
	static const struct {
		const char *command;
		uint32_t exit_code;
		const char *out, *err;
	} rows[] = {
		{"true", 0, "", ""},
		{"echo hello; echo oops >&2; exit 3", 3, "hello\n", "oops\n"},
		{"exit 255", 255, "", ""},
		{"cat", 0, "", ""},
		{"printf '%s' \"a b  c\" '$HOME'", 0, "a b  c$HOME", ""},
	};
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "");
	struct ssh_program *program = program_make(fixture, "");
	struct ssh_program_spec spec = program_spec(port);
	struct program_told told;

	program_connect(fixture, program, &spec, &told);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct program_said said;

		program_say(&told, rows[i].command, &said);
		assert_int_equal(said.end.outcome, SSH_EXEC_EXITED);
		assert_int_equal(said.end.exit_code, rows[i].exit_code);
		assert_string_equal(said.out.buf, rows[i].out);
		assert_string_equal(said.err.buf, rows[i].err);
		assert_false(said.end.was_left_open);
		program_said_release(&said);
	}
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_what_commands_say_and_how_they_end,
			ssh_fixture_start, ssh_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
