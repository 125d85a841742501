/*
 * Options: one row for each, and everything else comes from the rows.
 *
 * A component that can be configured has a struct, and beside it a table of rows that say name,
 * type, place in the struct, default, range and help.  The command line, the configuration reader,
 * --help, the man page, shell completions, the JSON Schema, the reference page and `config show`
 * are all generated from the rows; nobody compares keys by hand.
 *
 * A configuration key `connect_timeout` is the flag `--connect-timeout`.
 *
 * What a user is told of a value names the value; the row and the place where it stands are added
 * by whoever read it (command_line.c, conf_reader.c), which also keep secrets out of it.
 */
#ifndef CONF_OPTION_H
#define CONF_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

struct option_row;

/* What a value's parser may need besides its text. */
struct option_context {
	struct arena *arena;  /* where parsed values live: the generation's, or the process's */
	const char *base_dir; /* relative paths start here (a configuration file's folder), and
				 "~/" is the home directory; NULL: leave them alone */
};

/*
 * A type of scalar.  Types that need a library live with it (a regular expression in scan/, a URL
 * in net/): one const instance each, named option_<type>.
 */
struct option_type {
	const char *name;        /* for the reference page: "duration" */
	const char *placeholder; /* for --help: "DURATION" */
	size_t size;             /* of the field */
	/* MUST.  Fill *field from text, allocating in the context's arena; keep `field` untouched
	 * on -1.  The error says what is wrong with the value, not where it stands. */
	int (*parse)(const struct option_row *, const struct option_context *, struct str text,
		void *field, struct err *);
	/* MUST.  The JSON Schema of a value of this row: the members of the object, without its
	 * braces, for example `"type": "integer", "minimum": 1`. */
	void (*schema)(const struct option_row *, struct strbuf *out);
	/* MAY.  How a user writes one, for the reference; a sentence like help. */
	const char *syntax;
	/* MAY.  Append a text that tells this value from every other one of the type, for
	 * option_values.h. */
	void (*add)(const void *field, struct strbuf *out);
};

extern const struct option_type option_bool;     /* bool */
extern const struct option_type option_int;      /* int64_t */
extern const struct option_type option_count;    /* int64_t; a flag without a value counts itself */
extern const struct option_type option_double;   /* double; min and max hold for it too */
extern const struct option_type option_duration; /* int64_t, ms; min and max in ms too */
extern const struct option_type option_size;     /* int64_t, bytes */
/* int64_t, wall clock in ms: a point in time; durations are meant backwards, or forwards. */
extern const struct option_type option_moment_past, option_moment_future;
extern const struct option_type option_string; /* const char *, NULL when not set */
extern const struct option_type option_choice; /* int, index into row->choices; enums start at 0 */
extern const struct option_type option_path;   /* const char *; relative to context->base_dir */

enum option_shape {
	OPTION_ONE,  /* the type's field itself */
	OPTION_LIST, /* struct option_list; a single scalar counts as a list of one; a flag repeats
		      */
	OPTION_MAP,  /* struct option_map; a flag is --name key=value and repeats */
	OPTION_MAP_LIST, /* struct option_map whose items are struct option_list: key to one scalar
			    or a list of them */
	OPTION_SECTION,  /* rows over a struct that is embedded at offset */
	OPTION_VARIANTS, /* struct option_items: a list of objects of several kinds; see struct
			    option_variants */
	OPTION_SECTION_LIST, /* struct option_items: a list of objects that all have the same rows;
				a single mapping counts as a list of one; see struct
				option_section_list */
};

struct option_list {
	void *items; /* count fields of type->size; NULL when empty */
	size_t count;
};

struct option_map {
	const char **keys; /* in written order, unique */
	void *items;
	size_t count;
};

struct option_items {
	void **items; /* pointers to structs of the item_size that the row's shape tells */
	size_t count;
};

/* The i-th value of a list or map whose type's C type is `ctype`. */
#define OPTION_AT(list, ctype, i) (((ctype *)(list)->items)[i])

enum option_flags {
	OPTION_SECRET = 1 << 0,      /* never printed: `config show` and errors mask it */
	OPTION_REQUIRED = 1 << 1,    /* must be given */
	OPTION_FLAG_ONLY = 1 << 2,   /* command line only */
	OPTION_CONFIG_ONLY = 1 << 3, /* configuration only */
	OPTION_DEPRECATED = 1 << 4,  /* still read; row->instead names the new one in the same
					table, whose field it shares; it has no default */
	OPTION_HIDDEN = 1 << 5,      /* not in --help (it is in the man page) */
	OPTION_VARIANT_KEY = 1 << 6, /* the row whose presence chooses the kind; holds the target */
};

struct option_row {
	const char *name; /* lower case, words joined by "_"; stable forever; NULL ends a table */
	char letter;      /* short flag, or 0 */
	enum option_shape shape;
	const struct option_type *type; /* for ONE, LIST, MAP */
	size_t offset;
	const char *def;  /* default as a user would write it (a LIST "a, b", a MAP "k=v, l=w");
			     NULL: zero, empty, not set */
	int64_t min, max; /* for numbers, durations (ms) and sizes; both 0: only the type's limits;
			     max below min: no upper limit */
	const char *const *choices; /* NULL-terminated, for option_choice */
	/* MAY.  What a flag stands for that is given without a value; a value must be joined to it
	 * with "=" then.  With OPTION_ONE. */
	const char *bare;
	const char *placeholder; /* NULL: the type's */
	const char *help;        /* one line, lower case, no full stop */
	const char *since;       /* version that brought it; NULL: "0.1" */
	const char *instead;     /* with OPTION_DEPRECATED */
	unsigned flags;          /* enum option_flags */
	/* For maps: MAY.  What a key must be; the error says what is wrong with it. */
	int (*check_key)(struct str key, struct err *);
	const struct option_row *rows;          /* for SECTION */
	const struct option_variants *variants; /* for VARIANTS */
	const struct option_section_list *list; /* for SECTION_LIST */
};

/* One kind that an item of a variant list can be. */
struct option_variant {
	const char
		*name; /* the key whose presence chooses it; also a row with OPTION_VARIANT_KEY */
	const char *summary;           /* one line */
	const struct option_row *rows; /* its own rows, over opts */
	size_t opts_size;
	const void *object; /* the caller's: struct check_kind, ... */
	/* MAY.  Checks that need several fields at once, after each has been checked; may fill in
	 * what follows from them, in the arena. */
	int (*validate)(void *opts, struct arena *, struct err *);
};

/* A list of objects of several kinds: common rows, and for each kind its own. */
struct option_variants {
	const char *what;                /* for errors: "check" */
	const struct option_row *common; /* rows over the item */
	size_t item_size;
	size_t variant_offset; /* in the item: const struct option_variant * */
	size_t opts_offset; /* in the item: void *, the kind's struct; NULL: the item has a fault */
	size_t origin_offset; /* in the item: const char *, "file:line:column" */
	/* The kinds, sorted by name; a function because tables of kinds live above conf/. */
	const struct option_variant *const *(*kinds)(size_t *ret_count);
};

/* A list of objects that all have the same rows. */
struct option_section_list {
	const char *what;              /* for errors: "route" */
	const struct option_row *rows; /* over the item */
	size_t item_size;
	size_t origin_offset; /* in the item: const char *, "file:line:column"; NULL: the item has a
				 fault, and perhaps not all its values */
	/* MAY.  Checks that need several fields at once, after each has been checked; may fill in
	 * what follows from them, in the arena. */
	int (*validate)(void *item, struct arena *, struct err *);
};

/* Number of rows before the terminating one. */
size_t option_rows_count(const struct option_row *);

/*
 * A table that keeps its promises: names in lower case, each once, as letters are; help for every
 * row, without a full stop; types where they are needed, defaults that parse, choices that exist;
 * the same in what SECTION, VARIANTS and SECTION_LIST rows lead to.  For tests.
 */
int option_rows_check(const struct option_row *, struct err *);

/* Fill the struct with the rows' defaults (it is zeroed first where a row covers it).  Defaults are
 * parsed by the same code as values; one that does not parse is our bug and aborts. */
void option_set_defaults(const struct option_row *, const struct option_context *, void *base);

/* The row called `name` (a key, with "_"), or NULL. */
const struct option_row *option_find(const struct option_row *, struct str name);

/* The row that a deprecated one stands for; any other row itself. */
const struct option_row *option_current(
	const struct option_row *rows, const struct option_row *row);

/* The row's field back to zero, empty, not set. */
void option_clear(const struct option_row *, void *base);

/*
 * Parse a scalar into a row's field: ONE sets it, LIST appends, MAP and MAP_LIST take "key=value"
 * and append (a MAP refuses a key that it has).  Other shapes are our bug.  Nothing changes on -1.
 */
int option_parse(const struct option_row *, const struct option_context *, struct str text,
	void *base, struct err *);

/*
 * For readers of structured text.  Append one value to a LIST's list; append a key and its value to
 * a MAP's map; append a key with an empty list to a MAP_LIST's map (the list is valid until the
 * next key).  Whether the key is there already is not looked at.
 */
int option_list_add(const struct option_row *, const struct option_context *, struct str text,
	struct option_list *, struct err *);
int option_map_add(const struct option_row *, const struct option_context *, struct str key,
	struct str text, struct option_map *, struct err *);
struct option_list *option_map_add_list(
	const struct option_context *, struct str key, struct option_map *);

/* Append an object to the field of a VARIANTS or SECTION_LIST row. */
void option_items_add(const struct option_context *, void *item, struct option_items *);

/* What option_path makes of a path: where it starts from, see struct option_context. */
const char *option_resolve_path(const struct option_context *, struct str path);

/* The place of `key` in a map; -1 if it is not there. */
int option_map_find(const struct option_map *, struct str key);

/* A row without a type, that holds other rows. */
bool option_holds_rows(const struct option_row *);

/* A flag that is given without a value: a boolean, a count, or one that says what it is then. */
bool option_is_switch(const struct option_row *);

/* What stands for the value in --help: the row's or the type's, "KEY=" in front for maps. */
void option_add_placeholder(const struct option_row *, struct strbuf *out);

/* "connect_timeout" gives "--connect-timeout". */
void option_add_flag_name(const struct option_row *, struct strbuf *out);

#endif
