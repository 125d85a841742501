/*
 * Asking the terminal and the environment.  See terminal.h.
 */
#include "base/terminal.h"

#include <sys/ioctl.h>

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/parse.h"
#include "base/strbuf.h"

enum { WIDTH_DEFAULT = 80, WIDTH_MAX = 10000 };

bool terminal_is(int fd)
{
	return isatty(fd) == 1;
}

void terminal_end_echo(int fd)
{
	const tcflag_t shows = ECHO | ECHOCTL;
	struct termios settings;

	if (tcgetattr(fd, &settings) == 0 && (settings.c_lflag & shows) == shows) {
		(void)file_write_all(fd, str_of("\n")); /* decoration only */
	}
}

static int width_from_environment(void)
{
	const char *columns = getenv("COLUMNS");
	int64_t width = 0;

	if (!columns || parse_int(str_of(columns), 1, WIDTH_MAX, &width, NULL) < 0) {
		return WIDTH_DEFAULT;
	}
	return (int)width;
}

int terminal_width(int fd)
{
	struct winsize size = {0};

	if (!terminal_is(fd)) {
		return 0;
	}
	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0) {
		return width_from_environment();
	}
	return size.ws_col;
}

static bool wants_color(int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (!terminal_is(fd) || (no_color && no_color[0] != '\0')) {
		return false;
	}
	return term && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

bool terminal_has_color(int fd, enum color_mode mode)
{
	switch (mode) {
	case COLOR_ALWAYS:
		return true;
	case COLOR_NEVER:
		return false;
	case COLOR_AUTO:
		break;
	}
	return wants_color(fd);
}

static const char *color_code(enum color color)
{
	switch (color) {
	case COLOR_NONE:
		break;
	case COLOR_BOLD:
		return "1";
	case COLOR_DIM:
		return "2";
	case COLOR_RED:
		return "31";
	case COLOR_GREEN:
		return "32";
	case COLOR_YELLOW:
		return "33";
	case COLOR_BLUE:
		return "34";
	case COLOR_MAGENTA:
		return "35";
	case COLOR_CYAN:
		return "36";
	}
	return "0";
}

void color_add(struct strbuf *sb, bool has_color, enum color color, struct str text)
{
	if (!has_color || color == COLOR_NONE || text.len == 0) {
		strbuf_addstr(sb, text);
		return;
	}
	strbuf_addf(sb, "\x1b[%sm", color_code(color));
	strbuf_addstr(sb, text);
	strbuf_adds(sb, "\x1b[0m");
}
