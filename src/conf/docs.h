/*
 * Everything a person can read about the program, generated from the same rows that the program
 * runs by: --help, the man page, shell completions, the JSON Schema, the reference page.
 */
#ifndef CONF_DOCS_H
#define CONF_DOCS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "conf/command_line.h"
#include "conf/option.h"

/*
 * Paragraphs are separated by blank lines and wrapped to the page; one that begins with a space is
 * kept as it is.  Texts are plain: each writer escapes what its language would take for markup.
 */

struct doc_example {
	const char *command; /* without a prompt */
	const char *what;    /* what it shows, one line, lower case */
};

/* What a flag means with one verb, where that is less than the row says, or something else. */
struct doc_verb_row {
	const char *name;           /* the row's */
	const char *const *choices; /* NULL-terminated; NULL: those of the row */
	const char *help;           /* NULL: the row's */
	bool is_nothing_by_default; /* the row's default is meant with other verbs */
};

/* One of the things that a subcommand with verbs does: "sre-toolkit fleet last". */
struct doc_verb {
	const char *name; /* NULL: what is done without a verb; it has only summary and flags */
	const char *arguments;   /* "ID1 ID2"; NULL: takes none */
	const char *summary;     /* one line; without a name: "sending an alert" */
	const char *description; /* paragraphs; NULL: the summary says it all */
	const char *flags; /* names of the rows that go with it, a space between them; all those of
			      the command's last set do, too */
	const struct doc_verb_row *own; /* ends with name == NULL; NULL: all are as the rows say */
	const struct doc_example *examples; /* ends with command == NULL */
};

/* A subcommand, as its file in src/cmd/ describes it. */
struct doc_command {
	const char *name;
	const char *arguments;               /* "[TARGET...]"; NULL: takes none */
	const char *summary;                 /* one line: "is it healthy?" */
	const char *description;             /* paragraphs; NULL: the summary says it all */
	const struct option_set *sets;       /* ends with rows == NULL; bases are not looked at */
	const struct doc_example *examples;  /* ends with command == NULL */
	const struct doc_verb *const *verbs; /* NULL-terminated; NULL: it has none */
	/* Completion of arguments: NULL-terminated; NULL: files.  Not with verbs. */
	const char *const *argument_words;
};

/* The verb of that name; with NULL, what is done without one.  NULL: there is none. */
const struct doc_verb *doc_verb_find(const struct doc_command *, const char *name);

/* Does the flag go with the verb?  `row` is one of the command's. */
bool doc_verb_takes(
	const struct doc_command *, const struct doc_verb *, const struct option_row *row);

/*
 * The command as it is with the verb: rows that mean less or something else with it say so, and are
 * no longer the command's own.  Made in the arena; what is not changed is borrowed.  A verb of NULL
 * changes nothing.
 */
struct doc_command doc_command_with(
	const struct doc_command *, const struct doc_verb *, struct arena *);

struct doc_pair {
	const char *name;
	const char *text;
};

/* What rows do not give: the values that a kind of check measures, ... */
struct doc_table {
	const char *heading;          /* "Values of http checks" */
	const char *text;             /* paragraphs; NULL: none */
	const struct doc_pair *pairs; /* ends with name == NULL */
};

struct doc_program {
	const char *name;
	const char *version;
	const char *date;        /* of this version, "2025-07-01"; for man pages */
	const char *summary;     /* one line */
	const char *description; /* paragraphs; may be NULL */
	const struct doc_command *const *commands; /* NULL-terminated */
	const struct option_row *config;           /* the configuration's root rows */
	const char *config_example;                /* a whole one, YAML; NULL: none */
	/* MAY.  Tables that go with the configuration, made in the arena; the last has heading
	 * NULL. */
	const struct doc_table *(*tables)(struct arena *);
	const struct doc_pair *exit_codes; /* these end with name == NULL */
	const struct doc_pair *environment;
	const struct doc_pair *files;
};

/* `sre-toolkit --help`; `width` columns (0: 80), but never wider than 100 or narrower than 40. */
void docs_add_program_help(const struct doc_program *, int width, struct strbuf *out);

/* `sre-toolkit check --help`; of a command with verbs the flags that go without a verb, and which
 * verbs there are. */
void docs_add_command_help(
	const struct doc_program *, const struct doc_command *, int width, struct strbuf *out);

/* `sre-toolkit fleet last --help`. */
struct doc_verb_place {
	const struct doc_program *program;
	const struct doc_command *command;
	const struct doc_verb *verb;
};
void docs_add_verb_help(const struct doc_verb_place *, int width, struct strbuf *out);

/* A man page in man(7) macros; with a command the page of that command ("sre-toolkit-check.1"). */
void docs_add_man(const struct doc_program *, const struct doc_command *, struct strbuf *out);

/* The configuration file's page, section 5. */
void docs_add_config_man(const struct doc_program *, struct strbuf *out);

enum doc_shell { DOC_BASH, DOC_ZSH, DOC_FISH };
void docs_add_completion(const struct doc_program *, enum doc_shell, struct strbuf *out);

/* JSON Schema (draft 7, which editors' YAML plugins and Debian's python3-jsonschema read). */
void docs_add_schema(const struct doc_program *, struct strbuf *out);

/* The reference page in Markdown: all flags of all commands, and all configuration keys. */
void docs_add_reference(const struct doc_program *, struct strbuf *out);

/*
 * All rows as JSON, for the test that looks for each of them in every text above:
 * {"program", "version", "commands": [...], "rows": [...]}, where a row is
 *
 *   "place"     "flag" or "key"
 *   "command"   the command whose flag it is; null for a key
 *   "heading"   the set's; null for a key
 *   "kinds"     of which kinds the items must be that the key stands in, from the outermost list on
 *   "path"      "--timeout"; "alerts.email.to", "checks[].timeout"
 *   "name", "letter", "shape", "type", "placeholder", "default", "min", "max", "range", "choices",
 *   "flags", "help", "since", "instead"   as in struct option_row; null where there is nothing
 *   "is_switch", "is_on_by_default"
 *
 * A command has "verbs", each with "name" (null: what goes without a verb), "arguments", "summary",
 * "flags" (names of rows), "own" (of struct doc_verb_row; null where the row says it) and
 * "examples".
 *
 * A flag that another set of the command had before is left out.
 */
void docs_add_rows_json(const struct doc_program *, struct strbuf *out);

#endif
