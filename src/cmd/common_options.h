/*
 * The flags that every subcommand has.
 */
#ifndef CMD_COMMON_OPTIONS_H
#define CMD_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/option.h"

struct common_opts {
	const char *config;
	const char *output_file;
	int64_t deadline_ms; /* 0: none */
	const char *lock;
	const char *report;
	int64_t verbose;
	bool is_quiet;
	const char *log_file;
	int log_format; /* enum log_format */
	int color;      /* enum color_mode */
	bool is_help;
	bool is_version;
};

extern const struct option_row common_rows[];

/*
 * Write a command's data to --output-file (atomically), or to stdout.  A closed pipe is no error.
 * Waits for the reader of a pipe that is full; ERR_BUSY if a signal says meanwhile that we are to
 * end.
 */
int common_write_output(const struct common_opts *, struct str data, struct err *);

/* Whether that output is in colour, and how wide it may be (0: nothing is cut). */
bool common_has_color(const struct common_opts *);
int common_width(const struct common_opts *);

#endif
