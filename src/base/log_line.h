/*
 * What one line of the log looks like.  For log.c only.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

struct strbuf;

enum { LOG_MESSAGE_MAX = 8192, LOG_VALUE_MAX = 256 };

struct log_line {
	enum log_level level;
	const struct log_context *context; /* NULL: none */
	struct str message;                /* escaped */
	int64_t wall_ms;
	uint64_t repeated; /* not 0: the line says that so many were the same as the last */
};

/* The nearest component; NULL: none. */
const char *log_component(const struct log_context *);

/* "component: message (key=value ...)" */
void log_line_add_body(struct strbuf *, const struct log_line *);

/* These end in a newline. */
void log_line_add_text(struct strbuf *, const struct log_line *);
void log_line_add_json(struct strbuf *, const struct log_line *);
void log_line_add_journal(struct strbuf *, const struct log_line *, enum log_format);

#endif
