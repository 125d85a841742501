/*
 * Drawing and erasing the progress line.  See progress.h.
 */
#include "base/progress.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/utf8.h"

enum {
	QUIET_MS = 2000, /* a run that is shorter shows nothing */
	REDRAW_MS = 100,
	BAR_WIDTH = 20,
};

struct progress {
	int fd;
	const char *what; /* NULL: bytes */
	size_t total;
	int64_t started_ms;
	int64_t drawn_ms;
	bool is_mute; /* not a terminal, or one that cannot erase */
	bool is_drawn;
};

struct progress *progress_new(int fd, const char *what, size_t total, int64_t now_ms)
{
	struct progress *progress = xcalloc(1, sizeof(*progress));
	const char *term = getenv("TERM");

	progress->fd = fd;
	progress->what = what;
	progress->total = total;
	progress->started_ms = now_ms;
	progress->is_mute = !terminal_is(fd) || !term || strcmp(term, "dumb") == 0;
	return progress;
}

struct progress *progress_new_bytes(int fd, size_t total, int64_t now_ms)
{
	return progress_new(fd, NULL, total, now_ms);
}

void progress_free(struct progress **progress)
{
	progress_erase(*progress);
	free(*progress);
	*progress = NULL;
}

/* Seconds until the end, if the rest goes as what was done; -1: cannot be said. */
static int64_t time_left_ms(const struct progress *progress, size_t done, int64_t now_ms)
{
	double elapsed_ms = (double)(now_ms - progress->started_ms);

	if (done == 0 || done >= progress->total) {
		return -1;
	}
	return (int64_t)(elapsed_ms / (double)done * (double)(progress->total - done));
}

static void add_count(struct strbuf *line, const struct progress *progress, size_t count)
{
	if (progress->what) {
		strbuf_addf(line, "%zu", count);
	} else {
		number_add_bytes(line, count);
	}
}

static void add_line(struct strbuf *line, const struct progress *progress, size_t done,
	size_t failed, int64_t now_ms)
{
	int64_t left_ms = time_left_ms(progress, done, now_ms);

	if (progress->total > 0) {
		size_t filled =
			done >= progress->total
				? BAR_WIDTH
				: (size_t)((double)done / (double)progress->total * BAR_WIDTH);

		strbuf_addc(line, '[');
		strbuf_addn(line, '#', filled);
		strbuf_addn(line, '-', BAR_WIDTH - filled);
		strbuf_adds(line, "] ");
		add_count(line, progress, done);
		strbuf_addc(line, '/');
		add_count(line, progress, progress->total);
	} else {
		add_count(line, progress, done);
	}
	if (progress->what) {
		strbuf_addf(line, " %s", progress->what);
	}
	if (failed > 0) {
		strbuf_addf(line, ", %zu failed", failed);
	}
	if (left_ms >= 0) {
		/* Whole seconds, rounded up: a line that flickers says no more. */
		strbuf_adds(line, ", ");
		time_add_duration(line, (left_ms + 999) / 1000 * 1000);
		strbuf_adds(line, " left");
	}
}

void progress_update(struct progress *progress, size_t done, size_t failed, int64_t now_ms)
{
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (progress->is_mute || now_ms - progress->started_ms < QUIET_MS ||
		(progress->drawn_ms > 0 && now_ms - progress->drawn_ms < REDRAW_MS)) {
		return;
	}
	add_line(&line, progress, done, failed, now_ms);
	strbuf_addc(&out, '\r');
	/* The last column stays free: some terminals go to the next line after it. */
	strbuf_addstr(&out, utf8_cut(strbuf_str(&line), terminal_width(progress->fd) - 1));
	strbuf_adds(&out, "\x1b[K");
	(void)file_write_all(progress->fd, strbuf_str(&out)); /* decoration only */
	progress->drawn_ms = now_ms;
	progress->is_drawn = true;
}

void progress_erase(struct progress *progress)
{
	if (progress && progress->is_drawn) {
		(void)file_write_all(progress->fd, str_of("\r\x1b[K")); /* decoration only */
		progress->is_drawn = false;
	}
}

void progress_end_echo(struct progress *progress, int fd)
{
	if (progress && progress->is_drawn) {
		progress_erase(progress);
	} else {
		terminal_end_echo(fd);
	}
}
