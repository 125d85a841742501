/*
 * Terminals, pipes, and what the environment wants of colour.
 */
#include <sys/ioctl.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/terminal.h"
#include "cmocka_all.h"

/* The two ends of a new pseudo terminal; skips the test where there are none. */
static void pty_open(int *ret_control, int *ret_terminal)
{
	int control = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];

	if (control < 0) {
		skip_because("needs a pseudo-terminal");
	}
	assert_int_equal(grantpt(control), 0);
	assert_int_equal(unlockpt(control), 0);
	assert_int_equal(ptsname_r(control, name, sizeof(name)), 0);
	*ret_control = control;
	*ret_terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(*ret_terminal >= 0);
}

static void test_width(void **state)
{
	(void)state;
	struct winsize size = {.ws_row = 24, .ws_col = 132};
	int control = -1;
	int terminal = -1;

	pty_open(&control, &terminal);
	assert_true(terminal_is(terminal));
	assert_int_equal(ioctl(control, TIOCSWINSZ, &size), 0);
	assert_int_equal(terminal_width(terminal), 132);

	size.ws_col = 0;
	assert_int_equal(ioctl(control, TIOCSWINSZ, &size), 0);
	unsetenv("COLUMNS");
	assert_int_equal(terminal_width(terminal), 80);
	setenv("COLUMNS", "100", 1);
	assert_int_equal(terminal_width(terminal), 100);
	setenv("COLUMNS", "0", 1);
	assert_int_equal(terminal_width(terminal), 80);
	setenv("COLUMNS", "wide", 1);
	assert_int_equal(terminal_width(terminal), 80);
	unsetenv("COLUMNS");
	close(terminal);
	close(control);
}

/* What stands on the terminal by now; empties it. */
static void assert_shown(int control, const char *expected)
{
	char bytes[64] = "";
	ssize_t got;

	assert_int_equal(fcntl(control, F_SETFL, O_NONBLOCK), 0);
	got = read(control, bytes, sizeof(bytes) - 1);
	assert_int_equal(got < 0 ? 0 : got, strlen(expected));
	assert_string_equal(bytes, expected);
}

static void test_end_of_echo(void **state)
{
	static const struct {
		tcflag_t off;
		const char *shown;
	} cases[] = {
		{0, "\r\n"},
		{ECHOCTL, ""},
		{ECHO, ""},
	};
	int control = -1, terminal = -1, fds[2];
	struct termios settings, changed;
	char byte;

	(void)state;
	pty_open(&control, &terminal);
	assert_int_equal(tcgetattr(terminal, &settings), 0);
	settings.c_lflag |= ECHO | ECHOCTL;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		changed = settings;
		changed.c_lflag &= ~cases[i].off;
		assert_int_equal(tcsetattr(terminal, TCSANOW, &changed), 0);
		terminal_end_echo(terminal);
		assert_shown(control, cases[i].shown);
	}
	close(terminal);
	close(control);

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	terminal_end_echo(fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

static void test_pipe(void **state)
{
	(void)state;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_false(terminal_is(fds[1]));
	assert_int_equal(terminal_width(fds[1]), 0);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_false(terminal_has_color(fds[1], COLOR_AUTO));
	assert_true(terminal_has_color(fds[1], COLOR_ALWAYS));
	assert_false(terminal_has_color(fds[1], COLOR_NEVER));
	close(fds[0]);
	close(fds[1]);
	assert_false(terminal_is(-1));
	assert_int_equal(terminal_width(-1), 0);
}

static void test_color(void **state)
{
	(void)state;
	static const struct {
		const char *no_color, *term;
		enum color_mode mode;
		bool has_color;
	} cases[] = {
		{NULL, "xterm-256color", COLOR_AUTO, true},
		{"", "xterm-256color", COLOR_AUTO, true},
		{"1", "xterm-256color", COLOR_AUTO, false},
		{"0", "xterm-256color", COLOR_AUTO, false},
		{NULL, "dumb", COLOR_AUTO, false},
		{NULL, "", COLOR_AUTO, false},
		{NULL, NULL, COLOR_AUTO, false},
		{"1", "dumb", COLOR_ALWAYS, true},
		{NULL, "xterm", COLOR_NEVER, false},
	};
	int control = -1;
	int terminal = -1;

	pty_open(&control, &terminal);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsetenv("NO_COLOR");
		unsetenv("TERM");
		if (cases[i].no_color) {
			setenv("NO_COLOR", cases[i].no_color, 1);
		}
		if (cases[i].term) {
			setenv("TERM", cases[i].term, 1);
		}
		assert_int_equal(terminal_has_color(terminal, cases[i].mode), cases[i].has_color);
	}
	close(terminal);
	close(control);
}

static void test_color_add(void **state)
{
	(void)state;
	struct strbuf sb = STRBUF_INIT;

	color_add(&sb, true, COLOR_RED, str_of("a"));
	color_add(&sb, true, COLOR_NONE, str_of("b"));
	color_add(&sb, true, COLOR_GREEN, str_of(""));
	color_add(&sb, false, COLOR_GREEN, str_of("c"));
	color_add(&sb, true, COLOR_BOLD, str_of("d"));
	assert_string_equal(sb.buf, "\x1b[31ma\x1b[0mbc\x1b[1md\x1b[0m");
	strbuf_release(&sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_of_echo),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_color),
		cmocka_unit_test(test_color_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
