/*
 * Reading a configuration file into structs, through the rows.
 *
 * All errors of a file are collected, each with file, line and column, and nothing is usable unless
 * there are none.  For every value the reader remembers where it came from.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "conf/option.h"

enum {
	CONF_FILE_MAX = 4 * 1024 * 1024, /* bytes of one file */
	CONF_DEPTH_MAX = 64,             /* nesting */
	CONF_NODES_MAX = 1000000,        /* of a file, aliases expanded */
	CONF_INCLUDES_MAX = 256,         /* files in all */
	CONF_ERRORS_MAX = 50,            /* told one by one; the rest is counted */
};

enum conf_origin {
	CONF_DEFAULT,
	CONF_FILE,
	CONF_FLAG,
};

/* One value, for `config show`. */
struct conf_value {
	const char *path; /* "checks[2].timeout" */
	const char *text; /* as written, before ${...} is replaced; "***" for a secret */
	enum conf_origin origin;
	const char *where; /* "file:line:column" for CONF_FILE, "--flag" for CONF_FLAG, else NULL */
};

/* One generation of the configuration. */
struct conf {
	struct arena *arena; /* owns everything read */
	const char *file;    /* NULL: there is none */
	struct conf_value *values;
	size_t values_count, values_alloc;
	char **errors; /* "file:line:column: text", in the order of the file */
	size_t errors_count, errors_alloc;
	size_t errors_dropped; /* beyond CONF_ERRORS_MAX */
};

void conf_init(struct conf *);
void conf_release(struct conf *); /* and everything that was read into its arena */

/*
 * Read `path` (and what it includes) into *base through `rows`; rows not mentioned get their
 * defaults.  -1 if there is any error: conf->errors has them all, and *err the first (with how many
 * more there are).  `${NAME}`, `${NAME:-default}` and `${file:PATH}` are replaced in values;
 * `$${` stands for "${".
 */
int conf_read(
	struct conf *, const char *path, const struct option_row *rows, void *base, struct err *);

/* The same from memory; `name` stands for the file in errors, `base_dir` for its folder.  For
 * tests, fuzzing and --set. */
int conf_read_text(struct conf *, const char *name, const char *base_dir, struct str text,
	const struct option_row *rows, void *base, struct err *);

/* No file: everything has its default. */
void conf_read_nothing(struct conf *, const struct option_row *rows, void *base);

/*
 * Read one item of a variant list from a YAML mapping in `text` (what `--set` and ad-hoc targets
 * need): *ret_item is in conf->arena.
 */
int conf_read_item(struct conf *, const char *name, struct str text, const struct option_variants *,
	void **ret_item, struct err *);

/*
 * Look for the configuration in the documented order.  *ret_path is in the arena, or NULL if there
 * is none; `given` (--config) must exist.  A ./sre-toolkit.yaml that others could have written is
 * refused with an error that says why.
 */
int conf_find(const char *given, struct arena *, const char **ret_path, struct err *);

/* An error of the caller's own (a cross-check between sections), collected like the others. */
void conf_error(struct conf *, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
