/*
 * Reading a configuration file into structs, through the rows.
 *
 * All errors are collected, each with file, line and column, and nothing is usable unless there are
 * none.  For every value the reader remembers where it came from.
 *
 * Beside the rows' keys, the root knows two things of its own: `include`, a file or glob pattern or
 * a list of them, and keys that begin with "x-", which are ignored and so can hold what anchors are
 * for.  Of several files, lists are appended and mappings merged; one value given in two files is
 * an error.  A table of rows may have a row `include` for documentation; its field is not touched.
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
	CONF_NODES_MAX = 1000000,        /* values of all files, aliases expanded */
	CONF_INCLUDES_MAX = 256,         /* files in all */
	CONF_INCLUDE_DEPTH_MAX = 16,     /* a file that is included by one that is included ... */
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
	bool no_files;       /* to be set before reading: refuse `include` and ${file:...} */
	char **errors;       /* "file:line:column: text", in the order of the files */
	size_t errors_count, errors_alloc;
	size_t errors_dropped; /* beyond CONF_ERRORS_MAX */
	char **warnings;       /* the same of deprecated keys */
	size_t warnings_count, warnings_alloc;
	struct conf_value *values; /* by conf_list_values() */
	size_t values_count, values_alloc;
	struct conf_origins *origins; /* conf_origin.c's own */
};

void conf_init(struct conf *);
void conf_release(struct conf *); /* and everything that was read into its arena */

/*
 * Read `path` (and what it includes) into *base through `rows`; rows not mentioned get their
 * defaults.  -1 if there is any error: conf->errors has them all, and *err the first (with how many
 * more there are).  `${NAME}`, `${NAME:-default}` and `${file:PATH}` are replaced in values;
 * `$${` stands for "${".  Paths in values start at the folder of the file they stand in.
 *
 * After -1 what could be read is there for further checks (conf_error()), and no more than that: an
 * item of a variant list with a fault keeps its place in the list, perhaps without variant and
 * opts, and one of a section list without its origin.
 *
 * Once for each struct conf.  The file may be a FIFO ("<(command)"); reading it waits for its end.
 */
int conf_read(
	struct conf *, const char *path, const struct option_row *rows, void *base, struct err *);

/* The same from memory; `name` stands for the file in errors, `base_dir` for its folder (NULL: the
 * current one). */
int conf_read_text(struct conf *, const char *name, const char *base_dir, struct str text,
	const struct option_row *rows, void *base, struct err *);

/* No file: everything has its default. */
void conf_read_nothing(struct conf *, const struct option_row *rows, void *base);

/*
 * Read one item of a variant list from a YAML mapping in `text`: *ret_item is in conf->arena.
 * Errors are collected in conf->errors too; `name` stands for the file in them.
 */
int conf_read_item(struct conf *, const char *name, struct str text, const struct option_variants *,
	void **ret_item, struct err *);

/* Append `text` as YAML that reads back as that text, whatever is in it; for composing what
 * conf_read_item() reads. */
void conf_add_quoted(struct str text, struct strbuf *out);

/* "file:line:column" (or "--flag") of the value at `path` ("servers.groups.web"), in the arena;
 * NULL if it was not given. */
const char *conf_where(const struct conf *, const char *path);

/* The same of a mapping's key, whatever characters are in it: of the index-th value of its list, or
 * else of its value. */
const char *conf_where_key(const struct conf *, const char *path, const char *key, size_t index);

/* Remember that a flag took the place of what the configuration says at `path`. */
void conf_note_flag(struct conf *, const char *path, const char *text, const char *flag);

/* Fill conf->values with every value that was given or has a default, in the order of the rows. */
void conf_list_values(struct conf *, const struct option_row *rows, const void *base);

/* Free what conf_where() and conf_list_values() need; they know of nothing then.  For the daemon,
 * once its configuration has been checked. */
void conf_forget_origins(struct conf *);

/*
 * Look for the configuration in the documented order.  *ret_path is in the arena, or NULL if there
 * is none; `given` (--config) must exist.  A ./sre-toolkit.yaml that others could have written is
 * refused with an error that says why.
 */
int conf_find(const char *given, struct arena *, const char **ret_path, struct err *);

/* An error of the caller's own (a cross-check between sections), collected after the others;
 * `where` is "file:line:column", or NULL. */
void conf_error(struct conf *, const char *where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
