/*
 * The progress line, as a terminal gets it.
 */
#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

static int control = -1; /* our end of the terminal */
static int terminal = -1;

static int open_terminal(void **state)
{
	(void)state;
	struct winsize size = {.ws_row = 24, .ws_col = 60};
	struct termios settings;
	char name[64];

	setenv("TERM", "xterm", 1);
	control = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (control < 0) {
		return 0;
	}
	if (grantpt(control) < 0 || unlockpt(control) < 0 ||
		ptsname_r(control, name, sizeof(name)) != 0) {
		return -1;
	}
	terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0 || ioctl(control, TIOCSWINSZ, &size) < 0 ||
		tcgetattr(terminal, &settings) < 0) {
		return -1;
	}
	cfmakeraw(&settings);
	return tcsetattr(terminal, TCSANOW, &settings);
}

static int close_terminal(void **state)
{
	(void)state;
	close(terminal);
	close(control);
	return 0;
}

static void assert_seen(const char *expected)
{
	char bytes[1000];
	ssize_t n = read(control, bytes, sizeof(bytes) - 1);

	assert_true(n >= 0 || errno == EAGAIN);
	bytes[n > 0 ? n : 0] = '\0';
	assert_string_equal(bytes, expected);
}

static void test_life(void **state)
{
	(void)state;
	struct progress *progress;

	if (control < 0) {
		skip_because("needs a pseudo-terminal");
	}
	progress = progress_new(terminal, "checks", 100, 1000);
	progress_update(progress, 10, 0, 1500);
	progress_update(progress, 20, 0, 2999);
	assert_seen("");
	progress_update(progress, 25, 0, 3000);
	assert_seen("\r[#####---------------] 25/100 checks, 6 s left\x1b[K");
	progress_update(progress, 50, 2, 3099);
	assert_seen("");
	progress_update(progress, 50, 2, 3100);
	assert_seen("\r[##########----------] 50/100 checks, 2 failed, 3 s left\x1b[K");
	progress_erase(progress);
	assert_seen("\r\x1b[K");
	progress_erase(progress);
	assert_seen("");
	progress_update(progress, 100, 2, 4000);
	assert_seen("\r[####################] 100/100 checks, 2 failed\x1b[K");
	progress_free(&progress);
	assert_seen("\r\x1b[K");
	assert_null(progress);
	progress_free(&progress);
	progress_erase(NULL);
}

static void test_narrow_and_odd(void **state)
{
	(void)state;
	struct winsize size = {.ws_row = 24, .ws_col = 30};
	struct progress *progress;

	if (control < 0) {
		skip_because("needs a pseudo-terminal");
	}
	assert_int_equal(ioctl(control, TIOCSWINSZ, &size), 0);
	progress = progress_new(terminal, "hosts", 1000, 0);
	progress_update(progress, 0, 0, 5000);
	assert_seen("\r[--------------------] 0/1000\x1b[K");
	progress_update(progress, 2000, 0, 6000);
	assert_seen("\r[####################] 2000/1\x1b[K");
	progress_free(&progress);
	assert_seen("\r\x1b[K");

	progress = progress_new(terminal, "lines", 0, 0);
	progress_update(progress, 5, 1, 5000);
	assert_seen("\r5 lines, 1 failed\x1b[K");
	progress_free(&progress);
}

static void test_behind_ctrl_c(void **state)
{
	struct progress *progress;
	struct termios settings;

	(void)state;
	if (control < 0) {
		skip_because("needs a pseudo-terminal");
	}
	assert_int_equal(tcgetattr(terminal, &settings), 0);
	settings.c_lflag |= ECHO | ECHOCTL;
	assert_int_equal(tcsetattr(terminal, TCSANOW, &settings), 0);
	progress_end_echo(NULL, terminal);
	assert_seen("\n");
	progress = progress_new(terminal, "checks", 10, 0);
	progress_end_echo(progress, terminal);
	assert_seen("\n");
	progress_update(progress, 5, 0, 5000);
	assert_seen("\r[##########----------] 5/10 checks, 5 s left\x1b[K");
	progress_end_echo(progress, terminal);
	assert_seen("\r\x1b[K"); /* "^C" stood behind it */
	progress_free(&progress);
	assert_seen("");
}

static void test_silent_elsewhere(void **state)
{
	(void)state;
	int fds[2];
	char byte;
	struct progress *progress;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	progress = progress_new(fds[1], "checks", 10, 0);
	progress_update(progress, 5, 0, 5000);
	progress_free(&progress);
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);

	if (control >= 0) {
		setenv("TERM", "dumb", 1);
		progress = progress_new(terminal, "checks", 10, 0);
		progress_update(progress, 5, 0, 5000);
		progress_free(&progress);
		assert_seen("");
	}
}

#define ON_TERMINAL(test) cmocka_unit_test_setup_teardown(test, open_terminal, close_terminal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TERMINAL(test_life),
		ON_TERMINAL(test_narrow_and_odd),
		ON_TERMINAL(test_behind_ctrl_c),
		ON_TERMINAL(test_silent_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
