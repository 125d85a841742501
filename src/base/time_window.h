/*
 * Times of the week: "mon-fri 09:00-17:00", "sat,sun", "22:00-06:00".
 *
 * Days, times, or days and then times; each is a list with "," of names or ranges, and without days
 * it is every day, as "daily" says too.  A time after midnight, as in 22:00-06:00, belongs to the
 * day on which it began, so that "fri 22:00-06:00" ends on Saturday.
 *
 * What counts is what clocks show: a window within an hour that they skip does not come on that
 * day, and one within an hour that they show again comes twice.
 */
#ifndef BASE_TIME_WINDOW_H
#define BASE_TIME_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct strbuf;
struct time_window;
struct time_zone;

/* In the arena.  ERR_INPUT says what is wrong, at which column; no window is empty. */
int time_window_parse(struct str, struct arena *, struct time_window **ret_window, struct err *);

/* As it was written. */
const char *time_window_text(const struct time_window *);

/* The same text for the same times, however they were written. */
void time_window_add_times(const struct time_window *, struct strbuf *);

/*
 * Of several windows, which hold together where any of them does; none of them holds never.  An
 * option_list's items are such an array.
 */

/* Does one hold at an instant (Unix time)? */
bool time_windows_hold(const struct time_window *const *windows, size_t count,
	const struct time_zone *, int64_t unix_ms);

/* The first instant after this one at which that changes; INT64_MAX: never. */
int64_t time_windows_change(const struct time_window *const *windows, size_t count,
	const struct time_zone *, int64_t unix_ms);

/* Do they hold at every time of the week? */
bool time_windows_are_always(const struct time_window *const *windows, size_t count);

#endif
