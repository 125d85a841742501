/*
 * Shell completion: what all three shells are told, each in its own language by docs_bash.c,
 * docs_zsh.c and docs_fish.c.
 *
 * The scripts know everything beforehand; the program is not run on a TAB.
 */
#include "conf/docs_internal.h"

enum docs_completion docs_completion_of(const struct option_row *row)
{
	if (option_is_switch(row)) {
		return DOCS_COMPLETE_NONE;
	}
	if (row->shape == OPTION_MAP || row->shape == OPTION_MAP_LIST) {
		return DOCS_COMPLETE_ANY;
	}
	if (row->type == &option_choice) {
		return DOCS_COMPLETE_WORDS;
	}
	return row->type == &option_path ? DOCS_COMPLETE_FILES : DOCS_COMPLETE_ANY;
}

bool docs_is_completed(
	const struct option_set *sets, const struct option_set *set, const struct option_row *row)
{
	return docs_is_flag(row) && docs_is_advertised(row) && docs_is_first(sets, set, row);
}

void docs_add_quoted(enum doc_shell shell, const char *word, struct strbuf *out)
{
	strbuf_addc(out, '\'');
	for (; *word; word++) {
		if (shell == DOC_FISH && (*word == '\'' || *word == '\\')) {
			strbuf_addc(out, '\\');
			strbuf_addc(out, *word);
		} else if (*word == '\'') {
			strbuf_adds(out, "'\\''");
		} else {
			strbuf_addc(out, *word);
		}
	}
	strbuf_addc(out, '\'');
}

void docs_add_quoted_words(enum doc_shell shell, const char *const *words, struct strbuf *out)
{
	for (size_t i = 0; words[i]; i++) {
		strbuf_adds(out, i ? " " : "");
		docs_add_quoted(shell, words[i], out);
	}
}

void docs_add_completion(
	const struct doc_program *program, enum doc_shell shell, struct strbuf *out)
{
	switch (shell) {
	case DOC_BASH:
		docs_add_bash(program, out);
		break;
	case DOC_ZSH:
		docs_add_zsh(program, out);
		break;
	case DOC_FISH:
		docs_add_fish(program, out);
		break;
	}
}
