/*
 * One line on a terminal that says how far a run is: a bar, counts, failures, time left.
 *
 * It shows only on a terminal and only after two seconds, and is gone before anything else is
 * printed: call progress_erase() before writing to the terminal.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct progress;

/* `what` is counted ("checks"), `total` of them; 0: not known.  Times are of the monotonic clock.
 * `fd` and `what` are borrowed.  New; free with progress_free(). */
struct progress *progress_new(int fd, const char *what, size_t total, int64_t now_ms);
/* The same of bytes, shown as "1.5 GiB". */
struct progress *progress_new_bytes(int fd, size_t total, int64_t now_ms);
void progress_free(struct progress **); /* erases the line */

/* How far it is; draws at most ten times a second.  Also to be called when nothing changed. */
void progress_update(struct progress *, size_t done, size_t failed, int64_t now_ms);

/* Take the line away; the next update draws it anew.  NULL is fine. */
void progress_erase(struct progress *);

/*
 * Ctrl-C was typed, which shows as "^C" where the cursor stands: what is written to `fd` next is to
 * begin a line.  Behind the progress line "^C" goes with it; NULL is fine.
 */
void progress_end_echo(struct progress *, int fd);

#endif
