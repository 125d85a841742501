/*
 * What the files of the configuration reader share: one reading of a configuration, from the first
 * file to the last it includes.
 *
 * conf.c begins and ends it, conf_reader.c walks trees by rows, conf_item.c does so for items of
 * lists, conf_include.c brings in more files, conf_fault.c collects what is wrong, and
 * conf_origin.c remembers where values came from.
 */
#ifndef CONF_CONF_INTERNAL_H
#define CONF_CONF_INTERNAL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "conf/interpolate.h"
#include "conf/option.h"
#include "conf/yaml_tree.h"

struct map;

/* A file that is being read, or was. */
struct conf_file {
	const char *name;     /* as errors show it */
	const char *base_dir; /* where its relative paths start; NULL: the current folder */
	uint32_t number;      /* in the order of reading */
	const struct conf_file *includer; /* NULL: the first one */
	struct yaml_place place;          /* in the includer */
	bool has_identity;                /* dev and ino are known */
	dev_t dev;
	ino_t ino;
};

struct conf_fault {
	uint32_t file_number;
	struct yaml_place place;
	const char *text; /* with file, line and column in front */
};

/* A row table and the struct that it fills. */
struct conf_table {
	const struct option_row *rows;
	void *base;
};

/* One reading. */
struct conf_reader {
	struct conf *conf;
	struct conf_origins *origins; /* the configuration's; for single items one of their own */
	struct option_context context;
	struct interpolation interpolation;
	const struct option_row *rows; /* of the root */
	void *base;
	const struct conf_file *file; /* the one being read */
	struct conf_file **files;     /* all so far */
	size_t files_count, files_alloc;
	uint32_t nodes_left;
	struct strbuf path; /* of the value being read: "checks[2].timeout" */
	struct conf_fault *faults;
	size_t faults_count, faults_alloc;
	size_t faults_dropped; /* beyond CONF_ERRORS_MAX */
	size_t faults_told;    /* however often */
};

void conf_reader_init(struct conf_reader *, struct conf *);
void conf_reader_release(struct conf_reader *);

/* conf_fault.c */

/* Something is wrong at a place of the current file, or of another. */
void conf_fault(struct conf_reader *, struct yaml_place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_fault_in(struct conf_reader *, uint32_t file_number, const char *file, struct yaml_place,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Further faults are only counted, so nobody needs to think about how to word them. */
bool conf_faults_are_full(const struct conf_reader *);

/* Give the faults to the configuration, sorted by place.  -1 and *err the first if there are any.
 */
int conf_faults_finish(struct conf_reader *, struct err *);

/* Append to the configuration's warnings. */
void conf_warn(struct conf_reader *, struct yaml_place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* conf_origin.c */

/* Where a value came from. */
struct conf_given {
	const char *text;     /* as written; NULL: it is a list, mapping or section */
	const char *file;     /* NULL: see flag */
	uint32_t file_number; /* of conf_file */
	struct yaml_place place;
	const char *flag; /* "--timeout" */
	size_t index;     /* for a key of a mapping of lists: its place in the option_map */
};

struct conf_origins *conf_origins_new(void);   /* new; free with conf_origins_free() */
void conf_origins_free(struct conf_origins *); /* NULL is fine */

/* NULL if nothing was given at `path`. */
struct conf_given *conf_origins_find(const struct conf_origins *, struct str path);

/* Remember (or replace) what was given at a path; the text is copied. */
struct conf_given *conf_origins_add(
	struct conf_origins *, struct str path, const struct conf_given *);

/* conf_reader.c */

/* One more step of the path; put it back with strbuf_truncate(&reader->path, the result). */
size_t conf_path_key(struct strbuf *path, struct str key);
size_t conf_path_index(struct strbuf *path, size_t index);

/* Remember that the value at the reader's path was given here. */
struct conf_given *conf_reader_note(struct conf_reader *, const struct yaml_node *);

/*
 * Is asked first for every key, with its row in `tables` or NULL: true if it has dealt with the
 * key, which it must when there is no row.
 */
typedef bool conf_key_fn(
	void *arg, struct conf_reader *, const struct yaml_pair *, const struct option_row *);

/* Read a mapping's pairs through the rows of `tables`, which end with rows == NULL. */
void conf_read_map(struct conf_reader *, const struct conf_table *tables,
	const struct yaml_node *map, conf_key_fn *on_key, void *arg);

/* The text of a value with everything put in; false, after telling why, if it has none. */
bool conf_text(
	struct conf_reader *, const char *name, const struct yaml_node *, struct str *ret_text);

/* Tell of every OPTION_REQUIRED row that was not given, in sections too.  `owner` is "check 'web'",
 * or "" for the root; the place is where the mapping stands. */
void conf_check_required(struct conf_reader *, const struct option_row *rows, const char *owner,
	uint32_t file_number, const char *file, struct yaml_place);

/* Names of rows that a user may write, for "did you mean". */
struct conf_names {
	const char **names;
	size_t names_count, names_alloc;
};
void conf_names_add(struct conf_names *, struct arena *, const struct option_row *rows);

/* Tell of an unknown key: "unknown key 'x' in check 'web'; did you mean 'y'?" */
void conf_unknown_key(struct conf_reader *, const struct yaml_node *key, const char *owner,
	const struct conf_names *);

/* conf_item.c */

/* Read one object of a list of variants.  One with a fault, which has been told, has no opts, but
 * keeps its place in the list. */
void *conf_read_variant(
	struct conf_reader *, const struct option_variants *, const struct yaml_node *);

/* The same of a list of sections; one with a fault has no origin. */
void *conf_read_section_item(
	struct conf_reader *, const struct option_section_list *, const struct yaml_node *);

/* conf_include.c */

/* Read one file's text, then the files that it includes, into the root. */
void conf_read_root(struct conf_reader *, const struct conf_file *, struct str text);

/* A new file of the reading; `path` is how it can be opened and told apart, NULL if it cannot. */
struct conf_file *conf_file_add(
	struct conf_reader *, const char *name, const char *base_dir, const char *path);

/* The folder of a path, in the arena; NULL: the current one. */
const char *conf_folder_of(struct arena *, const char *path);

#endif
