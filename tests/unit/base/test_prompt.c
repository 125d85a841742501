/*
 * Questions at a terminal that is a test's own: what is typed, what is shown, and how it is left.
 */
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/prompt.h"
#include "cmocka_all.h"

/* How the asking process ends. */
enum { GOT = 10, REFUSED = 11, ECHO_IS_OFF = 12, IMPOSSIBLE = 13, OTHER = 14 };

struct terminal {
	int fd;
	pid_t pid;
	char seen[4096];
	size_t seen_len;
};

typedef int prompt_fn(const char *question, struct strbuf *ret_answer, struct err *);

/* The child: asks, and says by its exit code whether the answer was `expected`. */
static int ask(prompt_fn *prompt, const char *expected)
{
	_cleanup_(strbuf_release) struct strbuf answer = STRBUF_INIT;
	struct termios modes;
	struct err err = {0};

	if (!prompt_is_possible()) {
		return IMPOSSIBLE;
	}
	if (prompt("Well? ", &answer, &err) < 0) {
		return REFUSED;
	}
	if (tcgetattr(STDIN_FILENO, &modes) < 0 || !(modes.c_lflag & ECHO)) {
		return ECHO_IS_OFF;
	}
	return strcmp(answer.buf, expected) == 0 ? GOT : OTHER;
}

static void take_terminal(int fd)
{
	char name[64];
	int theirs;

	if (setsid() < 0 || ptsname_r(fd, name, sizeof(name)) != 0) {
		_exit(OTHER);
	}
	theirs = open(name, O_RDWR); /* NOLINT: its descriptor is handed on */
	if (theirs < 0 || ioctl(theirs, TIOCSCTTY, 0) < 0 || dup2(theirs, STDIN_FILENO) < 0 ||
		dup2(theirs, STDOUT_FILENO) < 0 || dup2(theirs, STDERR_FILENO) < 0) {
		_exit(OTHER);
	}
}

static void terminal_start(struct terminal *terminal, prompt_fn *prompt, const char *expected)
{
	*terminal = (struct terminal){.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
	assert_true(terminal->fd >= 0);
	assert_int_equal(grantpt(terminal->fd), 0);
	assert_int_equal(unlockpt(terminal->fd), 0);
	terminal->pid = fork();
	assert_true(terminal->pid >= 0);
	if (terminal->pid == 0) {
		(void)signal(SIGINT, SIG_DFL); /* whoever started the test may ignore it */
		take_terminal(terminal->fd);
		_exit(ask(prompt, expected));
	}
}

/* False when nobody is at the other end any more. */
static bool look(struct terminal *terminal)
{
	ssize_t n = read(terminal->fd, terminal->seen + terminal->seen_len,
		sizeof(terminal->seen) - 1 - terminal->seen_len);

	if (n <= 0) {
		return false;
	}
	terminal->seen_len += (size_t)n;
	terminal->seen[terminal->seen_len] = '\0';
	return true;
}

static int terminal_end(struct terminal *terminal)
{
	int status = 0;

	while (look(terminal)) {
	}
	assert_int_equal(waitpid(terminal->pid, &status, 0), terminal->pid);
	(void)close(terminal->fd);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_answers(void **state)
{
	static const struct {
		prompt_fn *prompt;
		const char *typed, *expected;
		int end;
		bool is_shown;
	} cases[] = {
		{prompt_line, "20\n", "20", GOT, true},
		{prompt_line, "\n", "", GOT, true},
		{prompt_line, "\x04", "", REFUSED, false},
		{prompt_line, "12\x03", "", -2, true},
		{prompt_secret, "topsy\n", "topsy", GOT, false},
		{prompt_secret, "topsX\x7fy\r", "topsy", GOT, false},
		{prompt_secret, "wrong\x15topsy\n", "topsy", GOT, false},
		{prompt_secret, "\x7f\n", "", GOT, false},
		{prompt_secret, "tops\x04", "", REFUSED, false},
		{prompt_secret, "tops\x03", "", -2, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct terminal terminal;

		terminal_start(&terminal, cases[i].prompt, cases[i].expected);
		while (!strstr(terminal.seen, "Well? ")) {
			assert_true(look(&terminal));
		}
		assert_int_equal(file_write_all(terminal.fd, str_of(cases[i].typed)), 0);
		assert_int_equal(terminal_end(&terminal), cases[i].end);
		assert_null(strstr(terminal.seen, "tops"));
		if (cases[i].is_shown) {
			assert_true(strlen(terminal.seen) > strlen("Well? "));
		}
	}
}

static void test_too_long(void **state)
{
	static prompt_fn *const prompts[] = {prompt_line, prompt_secret};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(prompts); i++) {
		_cleanup_(strbuf_release) struct strbuf typed = STRBUF_INIT;
		struct terminal terminal;

		strbuf_addn(&typed, 'x', PROMPT_ANSWER_MAX + 1);
		strbuf_addc(&typed, '\n');
		terminal_start(&terminal, prompts[i], "");
		while (!strstr(terminal.seen, "Well? ")) {
			assert_true(look(&terminal));
		}
		assert_int_equal(file_write_all(terminal.fd, strbuf_str(&typed)), 0);
		assert_int_equal(terminal_end(&terminal), REFUSED);
	}
}

/* Without a terminal nobody is asked. */
static void test_nobody_there(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	if (pid == 0) {
		_cleanup_(strbuf_release) struct strbuf answer = STRBUF_INIT;
		struct err err = {0};

		if (setsid() < 0 || prompt_is_possible() || prompt_line("?", &answer, &err) != -1 ||
			err.code != ERR_NOT_FOUND || prompt_secret("?", &answer, &err) != -1) {
			_exit(OTHER);
		}
		_exit(GOT);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), GOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
