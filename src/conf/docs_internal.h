/*
 * What the writers of documentation share: how a row reads, whichever text it stands in.
 */
#ifndef CONF_DOCS_INTERNAL_H
#define CONF_DOCS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "conf/docs.h"
#include "conf/option.h"

/* Where a row is told of: "--timeout" or "timeout:". */
enum docs_place {
	DOCS_FLAG,
	DOCS_KEY,
};

bool docs_is_flag(const struct option_row *);       /* on command lines at all */
bool docs_is_key(const struct option_row *);        /* in configurations at all */
bool docs_is_advertised(const struct option_row *); /* neither hidden nor deprecated */

/* A switch that is on unless the user says otherwise: its --no- form is worth showing. */
bool docs_is_on_by_default(const struct option_row *);

/* True for the row, if it was not met in an earlier set of the command: the first has the flag. */
bool docs_is_first(
	const struct option_set *sets, const struct option_set *set, const struct option_row *);

/* "connect_timeout" gives "connect-timeout". */
void docs_add_dashed(const char *name, struct strbuf *out);

/* What stands for the value: "auto|always|never" where that is short and nothing better was said,
 * else the row's or the type's placeholder. */
void docs_add_value(const struct option_row *, struct strbuf *out);

/* "duration", "list of string", "map of string", "section", "list of check". */
void docs_add_type(const struct option_row *, struct strbuf *out);

/* "1 to 65535", "at least 1s", in the row's unit; false and nothing if there is no range. */
bool docs_add_range(const struct option_row *, struct strbuf *out);

/* The choices with `separator` between them; false and nothing for other types. */
bool docs_add_choices(const struct option_row *, const char *separator, struct strbuf *out);

/* What else there is to know than the help, joined by "; ": "default 10s; 1s to 1h".  Nothing if
 * there is nothing. */
void docs_add_facts(const struct option_row *, enum docs_place, struct strbuf *out);

/* Of a command with verbs: a row that goes with some of them only, and not without one. */
bool docs_is_of_verbs(const struct doc_command *, const struct option_row *);

/* What the row means with this verb, where that is not what it says; else NULL. */
const struct doc_verb_row *docs_verb_row(const struct doc_verb *, const struct option_row *);

/* The row as it is with the verb. */
struct option_row docs_row_with(const struct doc_verb *, const struct option_row *);

/* docs_add_facts() of a flag, and with which verbs it goes, where it goes with nothing else; and
 * that some take less, where they do.  `out` is empty. */
void docs_add_flag_facts(const struct doc_command *, const struct option_row *, struct strbuf *out);

/* "last", "diff ID1 ID2". */
void docs_add_verb_usage(const struct doc_verb *, struct strbuf *out);

/* The flags that go with the verb, each as "--output", or "--output=text|json" where the verb takes
 * less than others, `separator` between them; without those that all commands have.  False and
 * nothing if there is none. */
bool docs_add_verb_flags(const struct doc_command *, const struct doc_verb *, const char *separator,
	struct strbuf *out);

/* The next paragraph of a description; false at the end.  One that begins with a space is
 * preformatted.  Without the newline at its end. */
bool docs_next_paragraph(struct str *rest, struct str *ret_paragraph, bool *ret_is_preformatted);

/* `text` with a capital, if it begins with a plain word, and a full stop, if it ends without
 * punctuation. */
void docs_add_sentence(struct str text, struct strbuf *out);

/* The name as shells and C like it: "sre_toolkit". */
void docs_add_identifier(const char *name, struct strbuf *out);

/*
 * The configuration as pages show it: a group of keys for the top level, one for each section, and
 * for a list of several kinds one with what all items have, then one for each kind.
 */
enum { DOCS_KINDS_MAX = 4 }; /* lists within items of lists ... */

struct docs_group {
	const char *path;             /* "", "alerts.email", "checks[]" */
	const struct option_row *row; /* the section's or the list's; NULL at the top */
	const struct option_row *rows;
	/* Of which kinds the items must be in which these keys are, from the outermost list on. */
	const struct option_variant *kinds[DOCS_KINDS_MAX];
	size_t kinds_count;
};

typedef void docs_group_fn(void *arg, const struct docs_group *);

void docs_each_group(const struct option_row *config, docs_group_fn *, void *arg);

/* "Top level", "alerts.email", "checks[] of kind http", "checks[].dialogue[] of kinds tcp, send".
 */
void docs_add_group_name(const struct docs_group *, struct strbuf *out);

/* A sentence or two on what the group is for; nothing at the top level. */
void docs_add_group_intro(const struct docs_group *, struct strbuf *out);

/* The path of a section or list within the group: "checks[].expect". */
void docs_add_inner_path(const struct docs_group *, const struct option_row *, struct strbuf *out);

/* Types of values that the program's rows have and that say how they are written, by name. */
typedef void docs_type_fn(void *arg, const struct option_type *);

void docs_each_type(const struct doc_program *, docs_type_fn *, void *arg);

/* What must be known to write any configuration: paragraphs as in struct doc_program. */
extern const char docs_config_intro[];

/* The scripts of docs_completion.c, one file each. */
void docs_add_bash(const struct doc_program *, struct strbuf *out);
void docs_add_zsh(const struct doc_program *, struct strbuf *out);
void docs_add_fish(const struct doc_program *, struct strbuf *out);

/* What completes a flag's value or an argument. */
enum docs_completion {
	DOCS_COMPLETE_NONE, /* a switch: there is no value */
	DOCS_COMPLETE_ANY,  /* a value that cannot be guessed */
	DOCS_COMPLETE_FILES,
	DOCS_COMPLETE_WORDS, /* the row's choices, the command's words */
};

enum docs_completion docs_completion_of(const struct option_row *);

/* Flags that completion offers: advertised, and the command's own where a name is met twice. */
bool docs_is_completed(
	const struct option_set *sets, const struct option_set *set, const struct option_row *);

/* What completes the first argument: the verbs, if there are any; NULL: files. */
const char *const *docs_argument_words(const struct doc_command *, struct arena *);

/* One word in single quotes. */
void docs_add_quoted(enum doc_shell, const char *word, struct strbuf *out);

/* All words in single quotes, a space between them. */
void docs_add_quoted_words(enum doc_shell, const char *const *words, struct strbuf *out);

#endif
