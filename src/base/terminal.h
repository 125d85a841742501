/*
 * What a descriptor that a person may be looking at can show: how wide, in colour or not.
 */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>

#include "base/str.h"

struct strbuf;

bool terminal_is(int fd);

/* Columns of the terminal, 80 if it does not say; 0: `fd` is none, and nothing needs to be cut. */
int terminal_width(int fd);

/*
 * Who types Ctrl-C sees "^C" where the cursor stands: begin a line behind it.  Nothing where `fd`
 * is no terminal, or one that shows no such keys.
 */
void terminal_end_echo(int fd);

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/*
 * Whether to write colours to `fd`.  COLOR_AUTO: to a terminal, unless $NO_COLOR is set to
 * anything, or $TERM is "dumb" or not set.
 */
bool terminal_has_color(int fd, enum color_mode);

enum color {
	COLOR_NONE,
	COLOR_BOLD,
	COLOR_DIM,
	COLOR_RED,
	COLOR_GREEN,
	COLOR_YELLOW,
	COLOR_CYAN,
	COLOR_BLUE,
	COLOR_MAGENTA,
};

/* Append `text` in that colour; as it is when COLOR_NONE or not has_color. */
void color_add(struct strbuf *, bool has_color, enum color, struct str text);

#endif
