/*
 * Prompts on the controlling terminal.  See prompt.h.
 *
 * A secret is read with the terminal's own handling of signals off, and those of others held back,
 * so that nothing ends us before the terminal echoes again.
 */
#include "base/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/terminal.h"

enum { LOOK_MS = 200, CTRL_C = 3, CTRL_D = 4, CTRL_U = 21, BACKSPACE = 8, DELETE = 127 };

static int open_terminal(struct err *err)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		return err_set(err, ERR_NOT_FOUND, "there is no terminal to ask at");
	}
	return fd;
}

bool prompt_is_possible(void)
{
	_cleanup_close_ int fd = -1;

	if (!terminal_is(STDERR_FILENO)) {
		return false;
	}
	fd = open_terminal(NULL);
	return fd >= 0;
}

static int add_char(struct strbuf *answer, char c, struct err *err)
{
	if (answer->len == PROMPT_ANSWER_MAX) {
		return err_set(err, ERR_INPUT, "the answer is over %d bytes", PROMPT_ANSWER_MAX);
	}
	strbuf_addc(answer, c);
	return 0;
}

static int no_answer(struct err *err)
{
	return err_set(err, ERR_INPUT, "no answer");
}

static int read_line(int fd, struct strbuf *answer, struct err *err)
{
	char c;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return no_answer(err);
		}
		if (c == '\n') {
			return 0;
		}
		if (add_char(answer, c, err) < 0) {
			return -1;
		}
	}
}

int prompt_line(const char *question, struct strbuf *ret_answer, struct err *err)
{
	_cleanup_close_ int fd = open_terminal(err);

	if (fd < 0) {
		return -1;
	}
	(void)file_write_all(fd, str_of(question)); /* then nobody will answer */
	strbuf_clear(ret_answer);
	return read_line(fd, ret_answer, err);
}

enum key {
	KEY_MORE,
	KEY_END,
	KEY_ENOUGH, /* the person has had enough: Ctrl-C */
};

static int work_key(char c, struct strbuf *answer, enum key *ret_key, struct err *err)
{
	*ret_key = KEY_MORE;
	switch (c) {
	case '\r':
	case '\n':
		*ret_key = KEY_END;
		return 0;
	case CTRL_C:
		*ret_key = KEY_ENOUGH;
		return 0;
	case CTRL_D:
		return no_answer(err);
	case CTRL_U:
		strbuf_clear(answer);
		return 0;
	case BACKSPACE:
	case DELETE:
		strbuf_truncate(answer, answer->len > 0 ? answer->len - 1 : 0);
		return 0;
	default:
		return add_char(answer, c, err);
	}
}

/* False when a signal that would end us has come. */
static bool wait_for_key(int fd)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};
	sigset_t waiting;

	while (poll(&pollfd, 1, LOOK_MS) == 0) {
		if (sigpending(&waiting) == 0 && (sigismember(&waiting, SIGTERM) == 1 ||
							 sigismember(&waiting, SIGHUP) == 1 ||
							 sigismember(&waiting, SIGINT) == 1)) {
			return false;
		}
	}
	return true;
}

static int read_secret(int fd, struct strbuf *answer, enum key *ret_key, struct err *err)
{
	*ret_key = KEY_MORE;
	while (*ret_key == KEY_MORE) {
		char c;

		if (!wait_for_key(fd) || read(fd, &c, 1) != 1) {
			return no_answer(err);
		}
		if (work_key(c, answer, ret_key, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* The question comes when nothing is shown any more: what is typed then is kept. */
static int with_echo_off(
	int fd, const char *question, struct strbuf *answer, enum key *ret_key, struct err *err)
{
	struct termios before, quiet;
	int status;

	if (tcgetattr(fd, &before) < 0) {
		return err_set_errno(err, errno, "the terminal cannot be asked without an echo");
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0) {
		return err_set_errno(err, errno, "the terminal cannot be asked without an echo");
	}
	(void)file_write_all(fd, str_of(question)); /* then nobody will answer */
	status = read_secret(fd, answer, ret_key, err);
	(void)tcsetattr(fd, TCSAFLUSH, &before); /* or the terminal is gone */
	(void)file_write_all(fd, str_of("\n"));
	return status;
}

int prompt_secret(const char *question, struct strbuf *ret_answer, struct err *err)
{
	_cleanup_close_ int fd = open_terminal(err);
	enum key key = KEY_MORE;
	sigset_t held, before;
	int status;

	if (fd < 0) {
		return -1;
	}
	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigaddset(&held, SIGHUP);
	(void)sigaddset(&held, SIGTSTP);
	(void)sigprocmask(SIG_BLOCK, &held, &before); /* cannot fail */
	strbuf_clear(ret_answer);
	status = with_echo_off(fd, question, ret_answer, &key, err);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (status == 0 && key == KEY_ENOUGH) {
		(void)raise(SIGINT);
		return no_answer(err);
	}
	return status;
}
