/*
 * Verbs of a command: which there are, which flags go with each, and what they mean with it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "conf/docs_internal.h"

static bool is_called(const struct doc_verb *verb, const char *name)
{
	return name && verb->name ? strcmp(name, verb->name) == 0 : name == verb->name;
}

const struct doc_verb *doc_verb_find(const struct doc_command *command, const char *name)
{
	const struct doc_verb *const *v = command->verbs;

	for (; v && *v; v++) {
		if (is_called(*v, name)) {
			return *v;
		}
	}
	return NULL;
}

static bool is_among(const char *words, const char *name)
{
	struct str rest = str_of(words ? words : ""), word;

	while (str_word(&rest, &word)) {
		if (str_is(word, name)) {
			return true;
		}
	}
	return false;
}

/* The rows of the last set. */
static bool is_common(const struct option_set *sets, const struct option_row *row)
{
	while (sets[0].rows && sets[1].rows) {
		sets++;
	}
	return row >= sets->rows && row < sets->rows + option_rows_count(sets->rows);
}

bool doc_verb_takes(const struct doc_command *command, const struct doc_verb *verb,
	const struct option_row *row)
{
	return is_common(command->sets, row) || is_among(verb->flags, row->name);
}

const struct doc_verb_row *docs_verb_row(const struct doc_verb *verb, const struct option_row *row)
{
	const struct doc_verb_row *own = verb ? verb->own : NULL;

	for (; own && own->name; own++) {
		if (strcmp(own->name, row->name) == 0) {
			return own;
		}
	}
	return NULL;
}

struct option_row docs_row_with(const struct doc_verb *verb, const struct option_row *row)
{
	const struct doc_verb_row *own = docs_verb_row(verb, row);
	struct option_row with = *row;

	if (own) {
		with.choices = own->choices ? own->choices : row->choices;
		with.help = own->help ? own->help : row->help;
		with.def = own->is_nothing_by_default ? NULL : row->def;
	}
	return with;
}

static const struct option_row *rows_with(
	const struct option_row *rows, const struct doc_verb *verb, struct arena *arena)
{
	const size_t count = option_rows_count(rows);
	struct option_row *own = arena_alloc(arena, (count + 1) * sizeof(*own));

	for (size_t i = 0; i < count; i++) {
		own[i] = docs_row_with(verb, &rows[i]);
	}
	own[count] = rows[count];
	return own;
}

struct doc_command doc_command_with(
	const struct doc_command *command, const struct doc_verb *verb, struct arena *arena)
{
	struct doc_command with = *command;
	struct option_set *sets;
	size_t count = 1;

	if (!verb || !verb->own) {
		return with;
	}
	while (command->sets[count - 1].rows) {
		count++;
	}
	sets = arena_alloc(arena, count * sizeof(*sets));
	memcpy(sets, command->sets, count * sizeof(*sets));
	for (struct option_set *set = sets; set->rows; set++) {
		set->rows = rows_with(set->rows, verb, arena);
	}
	with.sets = sets;
	return with;
}

const char *const *docs_argument_words(const struct doc_command *command, struct arena *arena)
{
	struct {
		const char **items;
		size_t items_count, items_alloc;
	} words = {0};

	if (!command->verbs) {
		return command->argument_words;
	}
	for (const struct doc_verb *const *v = command->verbs; *v; v++) {
		if ((*v)->name) {
			*VEC_PUSH_IN(arena, &words, items) = (*v)->name;
		}
	}
	*VEC_PUSH_IN(arena, &words, items) = NULL;
	return words.items;
}

bool docs_is_of_verbs(const struct doc_command *command, const struct option_row *row)
{
	const struct doc_verb *none = doc_verb_find(command, NULL);

	return command->verbs && !is_common(command->sets, row) &&
	       !(none && doc_verb_takes(command, none, row));
}

/* Which it takes, each verb says itself. */
static bool has_less_with_some(const struct doc_command *command, const struct option_row *row)
{
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		const struct doc_verb_row *own = docs_verb_row(*v, row);

		if ((*v)->name && own && own->choices && own->choices != row->choices) {
			return true;
		}
	}
	return false;
}

void docs_add_flag_facts(
	const struct doc_command *command, const struct option_row *row, struct strbuf *out)
{
	const char *before = "with ";

	docs_add_facts(row, DOCS_FLAG, out);
	if (has_less_with_some(command, row)) {
		strbuf_adds(out, out->len > 0 ? "; " : "");
		strbuf_adds(out, "fewer with some verbs");
	}
	if (!docs_is_of_verbs(command, row)) {
		return;
	}
	strbuf_adds(out, out->len > 0 ? "; " : "");
	for (const struct doc_verb *const *v = command->verbs; *v; v++) {
		if ((*v)->name && doc_verb_takes(command, *v, row)) {
			strbuf_addf(out, "%s%s", before, (*v)->name);
			before = ", ";
		}
	}
}

void docs_add_verb_usage(const struct doc_verb *verb, struct strbuf *out)
{
	strbuf_adds(out, verb->name);
	if (verb->arguments) {
		strbuf_addf(out, " %s", verb->arguments);
	}
}

static void add_verb_flag(
	const struct doc_verb *verb, const struct option_row *row, struct strbuf *out)
{
	const struct doc_verb_row *own = docs_verb_row(verb, row);

	option_add_flag_name(row, out);
	for (const char *const *choice = own ? own->choices : NULL; choice && *choice; choice++) {
		strbuf_addf(out, "%c%s", choice == own->choices ? '=' : '|', *choice);
	}
}

bool docs_add_verb_flags(const struct doc_command *command, const struct doc_verb *verb,
	const char *separator, struct strbuf *out)
{
	size_t start = out->len;

	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_completed(command->sets, set, row) &&
				is_among(verb->flags, row->name)) {
				strbuf_adds(out, out->len > start ? separator : "");
				add_verb_flag(verb, row, out);
			}
		}
	}
	return out->len > start;
}
