/*
 * Verbs of a command: which there are, and which flags go with each.
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

void docs_add_flag_facts(
	const struct doc_command *command, const struct option_row *row, struct strbuf *out)
{
	const char *before = "with ";

	docs_add_facts(row, DOCS_FLAG, out);
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

bool docs_add_verb_flags(const struct doc_command *command, const struct doc_verb *verb,
	const char *separator, struct strbuf *out)
{
	size_t start = out->len;

	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_completed(command->sets, set, row) &&
				is_among(verb->flags, row->name)) {
				strbuf_adds(out, out->len > start ? separator : "");
				option_add_flag_name(row, out);
			}
		}
	}
	return out->len > start;
}
