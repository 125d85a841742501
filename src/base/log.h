/*
 * The log of the process: leveled lines with context, to stderr, a file, or the journal.
 *
 *	2025-07-01 08:00:00,123 [INFO    ] check: web-01 is up (kind=http run=42)
 *	{"time": "2025-07-01T08:00:00.123Z", "level": "info", "component": "check", "message": ...}
 *
 * When stderr is the journal's stream (sd-daemon(3)), its lines get the priority in front instead
 * of time and level, as the journal keeps these itself.  Messages are made safe to print, so
 * outside text may be in them.  The same line again and again is counted instead.  A write that
 * fails never ends the program: lost lines are counted and told when writing works again.
 *
 * Only monitor/, web/ and cmd/ log (and the receiver that is the log, notify/notify_log.c, and
 * net/ssh_connector.c, which says why a host is reached through the program ssh); what lies below
 * returns a struct err.  For the main thread only.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum log_level {
	LOG_LEVEL_ERROR, /* a person must act */
	LOG_LEVEL_WARN,  /* we go on, and the text says how */
	LOG_LEVEL_INFO,  /* a state changed */
	LOG_LEVEL_DEBUG, /* all else */
};

enum log_format { LOG_TEXT, LOG_JSON };

struct log_options {
	enum log_level level; /* and what is more urgent */
	enum log_format format;
	const char *file; /* NULL: all goes to stderr; else only errors and warnings go there too */
};

/*
 * What a line is about, inherited from the object that logs.  Everything is borrowed for as long as
 * the context is used.
 */
struct log_context {
	const char *component; /* "check"; NULL: the parent's */
	const struct log_field {
		const char *key; /* ours, and none of time, level, component, message, repeated */
		const char *value;
	} * fields;
	size_t fields_count;
	const struct log_context *parent; /* its fields come first; NULL: none */
};

/*
 * Begin.  Until then, warnings and errors go to stderr as text.  -1: the file cannot be opened, and
 * nothing has changed.  May be called again with other options.  SIGPIPE is ignored from now on.
 */
int log_open(const struct log_options *, struct err *);

/* Open the file anew, as log rotation has moved it.  -1: the old one stays in use. */
int log_reopen(struct err *);

/* Tell what was counted; back to how it was before log_open(). */
void log_close(void);

/* Tell now how often the last line came again; for a timer, and before a prompt. */
void log_flush(void);

/* `normal`, one level more for each -v, LOG_LEVEL_ERROR for -q. */
enum log_level log_level_of(enum log_level normal, int verbose, bool is_quiet);
bool log_is_on(enum log_level); /* whether it would be written: to save the work for what is not */

/* The context may be NULL. */
void log_error(const struct log_context *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_warn(const struct log_context *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_info(const struct log_context *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void log_debug(const struct log_context *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* An error that people have been told of in another way: only the observer hears of it. */
void log_told_error(const struct log_context *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Called for each error and warning, written or not, repeated or not, with "component: message
 * (key=value)": what feeds the run report.  NULL ends it.  It must not log. */
typedef void log_observer_fn(void *arg, enum log_level, struct str text);
void log_observe(log_observer_fn *, void *arg);

/* Called before something is written to stderr: what takes the progress line away.  NULL ends it.
 */
typedef void log_before_fn(void *arg);
void log_before_stderr(log_before_fn *, void *arg);

#endif
