/*
 * Completion for zsh, in the words of its _arguments.
 *
 * A specification such as '(-o --output)'{-o+,--output=}'[the format]:FORMAT:(text json)' is quoted
 * twice: once for _arguments, which gives a meaning to brackets and colons, and then for the shell.
 */
#include <string.h>

#include "base/alloc.h"
#include "conf/docs_internal.h"

/* A backslash in front of what _arguments would take for its own. */
static void add_escaped(const char *text, const char *special, struct strbuf *out)
{
	for (; *text; text++) {
		if (*text == '\\' || strchr(special, *text)) {
			strbuf_addc(out, '\\');
		}
		strbuf_addc(out, *text);
	}
}

/* A word of an action, which _arguments gives to the shell once more. */
static void add_action_word(const char *word, struct strbuf *out)
{
	for (; *word; word++) {
		if (!char_is_alnum(*word) && !strchr("-_./@%+,", *word)) {
			strbuf_addc(out, '\\');
		}
		strbuf_addc(out, *word);
	}
}

static void add_action_words(const char *const *words, struct strbuf *out)
{
	for (size_t i = 0; words[i]; i++) {
		strbuf_adds(out, i ? " " : "");
		add_action_word(words[i], out);
	}
}

/* ":FORMAT:(text json)"; nothing for a switch. */
static void add_value(const struct option_row *row, struct strbuf *out)
{
	enum docs_completion completion = docs_completion_of(row);
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;

	if (completion == DOCS_COMPLETE_NONE) {
		return;
	}
	strbuf_addc(out, ':');
	option_add_placeholder(row, &name);
	add_escaped(name.buf, ":", out);
	strbuf_addc(out, ':');
	switch (completion) {
	case DOCS_COMPLETE_NONE:
		break;
	case DOCS_COMPLETE_ANY:
		strbuf_addc(out, ' ');
		break;
	case DOCS_COMPLETE_FILES:
		strbuf_adds(out, "_files");
		break;
	case DOCS_COMPLETE_WORDS:
		strbuf_addc(out, '(');
		add_action_words(row->choices, out);
		strbuf_addc(out, ')');
		break;
	}
}

/* The part in brackets and what follows, in quotes. */
static void add_explanation(const struct option_row *row, const char *before, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf spec = STRBUF_INIT;

	strbuf_addf(&spec, "[%s", before);
	add_escaped(row->help, "[]:", &spec);
	strbuf_addc(&spec, ']');
	add_value(row, &spec);
	docs_add_quoted(DOC_ZSH, spec.buf, out);
}

static void begin_spec(struct strbuf *out)
{
	strbuf_adds(out, " \\\n\t\t");
}

/* "'(--no-follow)'--follow'[...]'" and the other way round. */
static void add_pair_of_switches(const struct option_row *row, const char *name, struct strbuf *out)
{
	begin_spec(out);
	strbuf_addf(out, "'(--no-%s)'--%s", name, name);
	add_explanation(row, "", out);
	begin_spec(out);
	strbuf_addf(out, "'(--%s)'--no-%s", name, name);
	add_explanation(row, "not\\: ", out);
}

static void add_spec(const struct option_row *row, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;
	bool has_value = !option_is_switch(row);
	bool is_repeatable = row->shape != OPTION_ONE || row->type == &option_count;

	docs_add_dashed(row->name, &name);
	if (docs_is_on_by_default(row)) {
		add_pair_of_switches(row, name.buf, out);
		return;
	}
	begin_spec(out);
	if (is_repeatable) {
		strbuf_adds(out, "'*'");
	} else if (row->letter) {
		strbuf_addf(out, "'(-%c --%s)'", row->letter, name.buf);
	}
	if (row->letter) {
		strbuf_addf(out, "{-%c%s,--%s%s}", row->letter, has_value ? "+" : "", name.buf,
			has_value ? "=" : "");
	} else {
		strbuf_addf(out, "--%s%s", name.buf, has_value ? "=" : "");
	}
	add_explanation(row, "", out);
}

/* "'*:TARGET: _sre_toolkit_words local\:'" */
static void add_arguments(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(strbuf_release) struct strbuf spec = STRBUF_INIT;
	const char *const *words = docs_argument_words(command, arena);

	begin_spec(out);
	strbuf_adds(&spec, "*:");
	add_escaped(command->arguments ? command->arguments : "", ":", &spec);
	strbuf_addc(&spec, ':');
	if (words) {
		strbuf_adds(&spec, " _");
		docs_add_identifier(program->name, &spec);
		strbuf_adds(&spec, "_words ");
		add_action_words(words, &spec);
	} else {
		strbuf_adds(&spec, "_files");
	}
	docs_add_quoted(DOC_ZSH, spec.buf, out);
}

/* "'fleet/last')", and the flags behind it; with NULL "'fleet/'*)", and all of them. */
static void begin_case(
	const struct doc_command *command, const struct doc_verb *verb, struct strbuf *out)
{
	strbuf_addf(out, "\t'%s/%s'%s)\n\t\t_arguments -s -S :", command->name,
		verb ? verb->name : "", verb ? "" : "*");
	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_completed(command->sets, set, row) &&
				(!verb || doc_verb_takes(command, verb, row))) {
				add_spec(row, out);
			}
		}
	}
}

static void add_verb(
	const struct doc_command *command, const struct doc_verb *verb, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf spec = STRBUF_INIT;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct doc_command with = doc_command_with(command, verb, arena);

	begin_case(&with, verb, out);
	begin_spec(out);
	strbuf_adds(&spec, "*:");
	add_escaped(verb->arguments ? verb->arguments : verb->name, ":", &spec);
	strbuf_adds(&spec, ": ");
	docs_add_quoted(DOC_ZSH, spec.buf, out);
	strbuf_adds(out, "\n\t\t;;\n");
}

static void add_command(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		if ((*v)->name) {
			add_verb(command, *v, out);
		}
	}
	begin_case(command, NULL, out);
	add_arguments(program, command, out);
	strbuf_adds(out, "\n\t\t;;\n");
}

static void add_commands_function(
	const struct doc_program *program, const char *identifier, struct strbuf *out)
{
	strbuf_addf(out, "_%s_commands() {\n\tlocal -a commands\n\n\tcommands=(", identifier);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		_cleanup_(strbuf_release) struct strbuf item = STRBUF_INIT;

		add_escaped((*c)->name, ":", &item);
		strbuf_addf(&item, ":%s", (*c)->summary);
		strbuf_adds(out, "\n\t\t");
		docs_add_quoted(DOC_ZSH, item.buf, out);
	}
	strbuf_adds(out, "\n\t)\n\t_describe -t commands command commands\n}\n\n");
}

static void add_words_function(const char *identifier, struct strbuf *out)
{
	strbuf_addf(out,
		"# Words as arguments; one that asks for more, as http:// does, gets no space.\n"
		"_%s_words() {\n"
		"	local -a open closed\n"
		"\n"
		"	open=(${(M)@:#*[:/=]})\n"
		"	closed=(${@:#*[:/=]})\n"
		"	(( $#open )) && compadd -S '' -a open\n"
		"	(( $#closed )) && compadd -a closed\n"
		"}\n\n",
		identifier);
}

void docs_add_zsh(const struct doc_program *program, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf identifier = STRBUF_INIT;

	docs_add_identifier(program->name, &identifier);
	strbuf_addf(out,
		"#compdef %s\n# zsh completion of %s, generated from its option tables.\n\n",
		program->name, program->name);
	add_words_function(identifier.buf, out);
	add_commands_function(program, identifier.buf, out);
	strbuf_addf(out,
		"# Of command $1; behind a verb, of that.\n"
		"_%s_command() {\n"
		"	local verb=\n"
		"\n"
		"	(( CURRENT > 2 )) && verb=$words[2]\n"
		"	case $1/$verb in\n",
		identifier.buf);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		add_command(program, *c, out);
	}
	strbuf_addf(out,
		"\tesac\n}\n\n"
		"_%s() {\n"
		"	local curcontext=$curcontext state line ret=1\n"
		"	typeset -A opt_args\n"
		"\n"
		"	_arguments -C \\\n"
		"		'(- *)--help[explain and exit]' \\\n"
		"		'(- *)--version[print the version and exit]' \\\n"
		"		'1:command:_%s_commands' \\\n"
		"		'*::argument:->arguments' && ret=0\n"
		"	if [[ $state == arguments ]]; then\n"
		"		curcontext=${curcontext%%:*:*}:%s-$line[1]:\n"
		"		_%s_command $line[1] && ret=0\n"
		"	fi\n"
		"	return ret\n"
		"}\n\n"
		"_%s \"$@\"\n",
		identifier.buf, identifier.buf, program->name, identifier.buf, identifier.buf);
}
