/*
 * Where log lines go, and which of them go nowhere.  See log.h; how they look is in log_line.c.
 */
#include "base/log.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log_line.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"

enum {
	REPEAT_TELL_MS = 10000, /* while a line comes again and again, its count is told so often */
	WRITE_WAIT_MS = 100,    /* how long a full pipe or terminal may hold us up */
};

/* A place lines are written to. */
struct sink {
	int fd;
	enum log_level level;
	bool is_stderr;
	bool is_journal;
	bool is_line_broken; /* only a part of the last line was written */
	uint64_t lost_lines;
};

/* One log for the process, as there is one stderr. */
static struct {
	enum log_format format;
	char *file; /* NULL: none */
	struct sink sinks[2];
	size_t sinks_count;

	struct strbuf last; /* the last line, without its time */
	enum log_level last_level;
	char *last_component;
	uint64_t repeats; /* not told yet */
	int64_t told_ms;  /* when the line or its count was last written */

	log_observer_fn *observer;
	void *observer_arg;
	log_before_fn *before;
	void *before_arg;
} the_log = {
	.sinks = {{.fd = STDERR_FILENO, .level = LOG_LEVEL_WARN, .is_stderr = true}},
	.sinks_count = 1,
	.last = STRBUF_INIT,
};

/* Write what goes; how much that was. */
static size_t write_some(int fd, struct str text)
{
	size_t done = 0;

	while (done < text.len) {
		ssize_t n = write(fd, text.ptr + done, text.len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			struct pollfd pollfd = {.fd = fd, .events = POLLOUT};

			if (poll(&pollfd, 1, WRITE_WAIT_MS) <= 0) {
				break;
			}
		} else if (n == 0 || errno != EINTR) {
			break;
		}
	}
	return done;
}

static void sink_add_line(const struct sink *sink, const struct log_line *line, struct strbuf *out)
{
	if (sink->is_journal) {
		log_line_add_journal(out, line, the_log.format);
	} else if (the_log.format == LOG_JSON) {
		log_line_add_json(out, line);
	} else {
		log_line_add_text(out, line);
	}
}

static void sink_add_lost(const struct sink *sink, int64_t wall_ms, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf message = STRBUF_INIT;
	struct log_line line = {.level = LOG_LEVEL_WARN, .wall_ms = wall_ms};

	strbuf_addf(&message, "%" PRIu64 " log %s could not be written", sink->lost_lines,
		sink->lost_lines == 1 ? "line" : "lines");
	line.message = strbuf_str(&message);
	sink_add_line(sink, &line, out);
}

static void sink_write(struct sink *sink, const struct log_line *line)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	size_t done;

	if (line->level > sink->level) {
		return;
	}
	if (sink->is_line_broken) {
		strbuf_addc(&out, '\n');
	}
	if (sink->lost_lines > 0) {
		sink_add_lost(sink, line->wall_ms, &out);
	}
	sink_add_line(sink, line, &out);
	if (sink->is_stderr && the_log.before) {
		the_log.before(the_log.before_arg);
	}
	done = write_some(sink->fd, strbuf_str(&out));
	if (done == out.len) {
		sink->is_line_broken = false;
		sink->lost_lines = 0;
	} else {
		sink->is_line_broken |= done > 0;
		sink->lost_lines++;
	}
}

static void log_write(const struct log_line *line)
{
	for (size_t i = 0; i < the_log.sinks_count; i++) {
		sink_write(&the_log.sinks[i], line);
	}
}

void log_flush(void)
{
	_cleanup_(strbuf_release) struct strbuf message = STRBUF_INIT;
	const struct log_context context = {.component = the_log.last_component};

	if (the_log.repeats == 0) {
		return;
	}
	strbuf_addf(&message, "last message repeated %" PRIu64 " %s", the_log.repeats,
		the_log.repeats == 1 ? "time" : "times");
	log_write(&(struct log_line){
		.level = the_log.last_level,
		.context = &context,
		.message = strbuf_str(&message),
		.wall_ms = time_wall_ms(),
		.repeated = the_log.repeats,
	});
	the_log.repeats = 0;
	the_log.told_ms = time_mono_ms();
}

/* Counts the line if it is the one before once more. */
static bool is_repeat(const struct log_line *line, struct str body)
{
	if (the_log.last.len == 0 || line->level != the_log.last_level ||
		!str_eq(body, strbuf_str(&the_log.last))) {
		return false;
	}
	the_log.repeats++;
	if (time_mono_ms() - the_log.told_ms >= REPEAT_TELL_MS) {
		log_flush();
	}
	return true;
}

static void remember(const struct log_line *line, struct str body)
{
	const char *component = log_component(line->context);

	strbuf_clear(&the_log.last);
	strbuf_addstr(&the_log.last, body);
	the_log.last_level = line->level;
	free(the_log.last_component);
	the_log.last_component = component ? xstrdup(component) : NULL;
	the_log.told_ms = time_mono_ms();
}

static bool is_observed(enum log_level level)
{
	return the_log.observer && level <= LOG_LEVEL_WARN;
}

bool log_is_on(enum log_level level)
{
	for (size_t i = 0; i < the_log.sinks_count; i++) {
		if (level <= the_log.sinks[i].level) {
			return true;
		}
	}
	return is_observed(level);
}

static void __attribute__((format(printf, 4, 0))) log_add(enum log_level level, bool is_told,
	const struct log_context *context, const char *fmt, va_list ap)
{
	_cleanup_(strbuf_release) struct strbuf raw = STRBUF_INIT_MAX(LOG_MESSAGE_MAX + 1);
	_cleanup_(strbuf_release) struct strbuf message = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;
	struct log_line line = {.level = level, .context = context, .wall_ms = time_wall_ms()};

	if (is_told ? !is_observed(level) : !log_is_on(level)) {
		return;
	}
	strbuf_vaddf(&raw, fmt, ap);
	utf8_add_escaped(&message, strbuf_str(&raw), LOG_MESSAGE_MAX);
	line.message = strbuf_str(&message);
	log_line_add_body(&body, &line);
	if (is_observed(level)) {
		the_log.observer(the_log.observer_arg, level, strbuf_str(&body));
	}
	if (!is_told && !is_repeat(&line, strbuf_str(&body))) {
		log_flush();
		remember(&line, strbuf_str(&body));
		log_write(&line);
	}
}

void log_error(const struct log_context *context, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_add(LOG_LEVEL_ERROR, false, context, fmt, ap);
	va_end(ap);
}

void log_told_error(const struct log_context *context, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_add(LOG_LEVEL_ERROR, true, context, fmt, ap);
	va_end(ap);
}

void log_warn(const struct log_context *context, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_add(LOG_LEVEL_WARN, false, context, fmt, ap);
	va_end(ap);
}

void log_info(const struct log_context *context, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_add(LOG_LEVEL_INFO, false, context, fmt, ap);
	va_end(ap);
}

void log_debug(const struct log_context *context, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_add(LOG_LEVEL_DEBUG, false, context, fmt, ap);
	va_end(ap);
}

/* systemd.exec(5): $JOURNAL_STREAM is "device:inode" of the stream that stderr was; it may have
 * been redirected since. */
static bool is_journal(int fd)
{
	const char *text = getenv("JOURNAL_STREAM");
	struct str rest = str_of(text ? text : "");
	struct str device;
	int64_t device_number = 0;
	int64_t inode_number = 0;
	struct stat st;

	if (!str_split(&rest, ':', &device) || !rest.ptr || fstat(fd, &st) < 0) {
		return false;
	}
	return parse_int(device, 0, INT64_MAX, &device_number, NULL) == 0 &&
	       parse_int(rest, 0, INT64_MAX, &inode_number, NULL) == 0 &&
	       (uint64_t)st.st_dev == (uint64_t)device_number &&
	       (uint64_t)st.st_ino == (uint64_t)inode_number;
}

static int open_file(const char *path, int *ret_fd, struct err *err)
{
	/* O_NONBLOCK: a FIFO that nobody reads is an error instead of a wait. */
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags, 0640);

	if (fd < 0) {
		return err_set_errno(err, errno, "cannot open log file '%s'", path);
	}
	*ret_fd = fd;
	return 0;
}

static struct sink stderr_sink(enum log_level level)
{
	return (struct sink){
		.fd = STDERR_FILENO,
		.level = level,
		.is_stderr = true,
		.is_journal = is_journal(STDERR_FILENO),
	};
}

/* Back to the beginning, but for those who watch. */
static void log_reset(void)
{
	for (size_t i = 0; i < the_log.sinks_count; i++) {
		if (!the_log.sinks[i].is_stderr) {
			(void)close(the_log.sinks[i].fd); /* lost lines would have been told */
		}
	}
	free(the_log.file);
	the_log.file = NULL;
	free(the_log.last_component);
	the_log.last_component = NULL;
	strbuf_release(&the_log.last);
	the_log.format = LOG_TEXT;
	the_log.sinks[0] = stderr_sink(LOG_LEVEL_WARN);
	the_log.sinks_count = 1;
}

int log_open(const struct log_options *options, struct err *err)
{
	int fd = -1;

	if (options->file && open_file(options->file, &fd, err) < 0) {
		return -1;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	log_flush();
	log_reset();
	the_log.format = options->format;
	the_log.sinks[0] = stderr_sink(options->level);
	if (options->file) {
		the_log.file = xstrdup(options->file);
		if (options->level > LOG_LEVEL_WARN) {
			the_log.sinks[0].level = LOG_LEVEL_WARN;
		}
		the_log.sinks[1] = (struct sink){.fd = fd, .level = options->level};
		the_log.sinks_count = 2;
	}
	return 0;
}

int log_reopen(struct err *err)
{
	int fd = -1;

	if (!the_log.file) {
		return 0;
	}
	if (open_file(the_log.file, &fd, err) < 0) {
		return -1;
	}
	log_flush();

	struct sink *sink = &the_log.sinks[1];

	(void)close(sink->fd); /* lost lines are told in the new file */
	sink->fd = fd;
	sink->is_line_broken = false;
	return 0;
}

void log_close(void)
{
	log_flush();
	log_reset();
	the_log.observer = NULL;
	the_log.before = NULL;
}

enum log_level log_level_of(enum log_level normal, int verbose, bool is_quiet)
{
	int level = (int)normal + verbose;

	if (is_quiet) {
		return LOG_LEVEL_ERROR;
	}
	return level > (int)LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : (enum log_level)level;
}

void log_observe(log_observer_fn *observer, void *arg)
{
	the_log.observer = observer;
	the_log.observer_arg = arg;
}

void log_before_stderr(log_before_fn *before, void *arg)
{
	the_log.before = before;
	the_log.before_arg = arg;
}
