/*
 * The script is run here, on processes of the test's; what it is told over comes from a fake login.
 */
#include <sys/types.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/fake_login.h"
#include "fleet/remote_look.h"

static void on_done(void *arg, bool is_gone)
{
	*(int *)arg = is_gone;
}

static void answers(void **state)
{
	static const struct {
		struct ssh_exec_end end;
		bool is_gone;
	} cases[] = {
		{{.outcome = SSH_EXEC_EXITED, .exit_code = 42}, true},
		{{.outcome = SSH_EXEC_EXITED, .exit_code = 0}, false}, /* another program */
		{{.outcome = SSH_EXEC_EXITED, .exit_code = 1}, false},
		{{.outcome = SSH_EXEC_SIGNALED, .signal_name = "KILL"}, false},
		{{.outcome = SSH_EXEC_NO_STATUS}, false},
		{{.outcome = SSH_EXEC_REFUSED, .text = "no"}, false},
		{{.outcome = SSH_EXEC_LOST, .text = "broken"}, false},
	};
	struct ssh_login *login = fake_login_open();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int is_gone = -1;
		struct remote_look *look = remote_look_start(login, 77, 3, on_done, &is_gone);

		assert_non_null(look);
		fake_command_says(login->command, SSH_STREAM_STDOUT, str_of("Welcome!\n"));
		assert_int_equal(is_gone, -1);
		fake_command_ended(login->command, cases[i].end);
		assert_int_equal(is_gone, cases[i].is_gone);
	}
	ssh_login_free(&login);
	fake_login_forget();
}

static void freed(void **state)
{
	struct ssh_login *login = fake_login_open();
	int is_gone = -1;
	struct remote_look *look = remote_look_start(login, 77, 3, on_done, &is_gone);

	(void)state;
	remote_look_free(&look);
	remote_look_free(&look);
	assert_null(look);
	assert_int_equal(fake_commands_alive(), 0);
	assert_int_equal(is_gone, -1);
	ssh_login_free(&login);
	fake_login_forget();
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* What the script says of a process. */
static int look_at(pid_t pid)
{
	struct ssh_login *login = fake_login_open();
	int is_gone = -1, code;
	struct remote_look *look = remote_look_start(login, pid, 0, on_done, &is_gone);
	pid_t child;

	assert_null(strchr(login->command->line, '\n'));
	assert_null(strchr(login->command->line, '!'));
	child = fork();
	if (child == 0) {
		(void)execl("/bin/sh", "sh", "-c", login->command->line, (char *)NULL);
		_exit(127);
	}
	code = status_of(child);
	remote_look_free(&look);
	ssh_login_free(&login);
	fake_login_forget();
	return code;
}

/* The leader of a session of its own, which waits; with a child that does, if that is wanted. */
static pid_t start_session(bool has_child, pid_t *ret_child)
{
	int fds[2];
	pid_t pid, told;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		(void)setsid();
		if (has_child && fork() == 0) {
			(void)setpgid(0, 0);
		}
		told = getpid();
		(void)!write(fds[1], &told, sizeof(told));
		for (;;) {
			(void)pause();
		}
	}
	assert_true(pid > 0);
	(void)close(fds[1]);
	for (int i = 0; i <= has_child; i++) {
		assert_int_equal(read(fds[0], &told, sizeof(told)), sizeof(told));
		if (told != pid) {
			*ret_child = told;
		}
	}
	(void)close(fds[0]);
	return pid;
}

static void looks(void **state)
{
	pid_t pid = start_session(false, NULL);

	(void)state;
	assert_int_equal(look_at(pid), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	/* Also one that nobody has waited for has ended. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(look_at(pid), 42);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(look_at(pid), 42);
}

/* What its session still has is of it. */
static void looks_at_sessions(void **state)
{
	pid_t child = 0;
	pid_t pid = start_session(true, &child);

	(void)state;
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(look_at(pid), 1);
	assert_int_equal(kill(child, SIGKILL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(freed),
		cmocka_unit_test(looks),
		cmocka_unit_test(looks_at_sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
