/*
 * Completion for fish 3: one `complete` line for each command, flag and argument.
 */
#include "base/alloc.h"
#include "conf/docs_internal.h"

/* Whether the command is the first argument, and its verb none of the others; without arguments,
 * whether there is no command yet.  fish's own helper asks whether a word stands anywhere, which
 * "config check" would take for "check". */
static void add_condition_function(
	const struct doc_program *program, const char *identifier, struct strbuf *out)
{
	strbuf_addf(out,
		"# fish completion of %s, generated from its option tables.\n"
		"\n"
		"# Is the command $argv[1], and its verb none of the others?  Without arguments: "
		"is there\n# no command yet?\n"
		"function __%s_is\n"
		"	set -l words (commandline -opc)\n"
		"	set -e words[1]\n"
		"	while set -q words[1]\n"
		"		if not string match -q -- '-*' $words[1]\n"
		"			test \"$words[1]\" = \"$argv[1]\"\n"
		"			or return\n"
		"			set -e argv[1]\n"
		"			not contains -- \"$words[2]\" $argv\n"
		"			return\n"
		"		end\n"
		"		set -e words[1]\n"
		"	end\n"
		"	test (count $argv) -eq 0\n"
		"end\n"
		"\n"
		"# Is the command $argv[1], and its verb $argv[2]?\n"
		"function __%s_does\n"
		"	set -l words (commandline -opc)\n"
		"	set -e words[1]\n"
		"	while set -q words[1]\n"
		"		if not string match -q -- '-*' $words[1]\n"
		"			test \"$words[1] $words[2]\" = \"$argv\"\n"
		"			return\n"
		"		end\n"
		"		set -e words[1]\n"
		"	end\n"
		"	return 1\n"
		"end\n"
		"\n"
		"complete -c %s -f\n",
		program->name, identifier, identifier, program->name);
}

/* The verbs with which a flag does not go, or as something else; with NULL all of them, behind
 * which there is no other.
 */
static void add_other_verbs(
	const struct doc_command *command, const struct option_row *row, struct strbuf *out)
{
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		bool is_meant = row && doc_verb_takes(command, *v, row) && !docs_verb_row(*v, row);

		if ((*v)->name && !is_meant) {
			strbuf_addf(out, " %s", (*v)->name);
		}
	}
}

/* "complete -c sre-toolkit -n '__sre_toolkit_is check'"; of a command's flag, or (NULL) argument.
 */
static void begin_line(const struct doc_program *program, const struct doc_command *command,
	const struct option_row *row, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf condition = STRBUF_INIT;

	strbuf_adds(&condition, "__");
	docs_add_identifier(program->name, &condition);
	strbuf_adds(&condition, "_is");
	if (command) {
		strbuf_addf(&condition, " %s", command->name);
		add_other_verbs(command, row, &condition);
	}
	strbuf_addf(out, "complete -c %s -n ", program->name);
	docs_add_quoted(DOC_FISH, condition.buf, out);
}

static void add_description(const char *text, struct strbuf *out)
{
	strbuf_adds(out, " -d ");
	docs_add_quoted(DOC_FISH, text, out);
	strbuf_addc(out, '\n');
}

/* fish splits and expands the list of words itself, so that it is quoted twice. */
static void add_words(const char *const *words, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf list = STRBUF_INIT;

	docs_add_quoted_words(DOC_FISH, words, &list);
	strbuf_adds(out, " -a ");
	docs_add_quoted(DOC_FISH, list.buf, out);
}

static void add_value(const struct option_row *row, struct strbuf *out)
{
	switch (docs_completion_of(row)) {
	case DOCS_COMPLETE_NONE:
		break;
	case DOCS_COMPLETE_ANY:
		strbuf_adds(out, " -x");
		break;
	case DOCS_COMPLETE_FILES:
		strbuf_adds(out, " -r -F");
		break;
	case DOCS_COMPLETE_WORDS:
		strbuf_adds(out, " -x");
		add_words(row->choices, out);
		break;
	}
}

static void add_flag_itself(const struct option_row *row, struct strbuf *out)
{
	if (row->letter) {
		strbuf_addf(out, " -s %c", row->letter);
	}
	strbuf_adds(out, " -l ");
	docs_add_dashed(row->name, out);
	add_value(row, out);
	add_description(row->help, out);
}

/* With the verbs with which it is something else. */
static void add_own_flags(const struct doc_program *program, const struct doc_command *command,
	const struct option_row *row, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf identifier = STRBUF_INIT;

	docs_add_identifier(program->name, &identifier);
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		const struct option_row with = docs_row_with(*v, row);

		if ((*v)->name && docs_verb_row(*v, row)) {
			strbuf_addf(out, "complete -c %s -n '__%s_does %s %s'", program->name,
				identifier.buf, command->name, (*v)->name);
			add_flag_itself(&with, out);
		}
	}
}

static void add_flag(const struct doc_program *program, const struct doc_command *command,
	const struct option_row *row, struct strbuf *out)
{
	begin_line(program, command, row, out);
	add_flag_itself(row, out);
	add_own_flags(program, command, row, out);
	if (docs_is_on_by_default(row)) {
		begin_line(program, command, row, out);
		strbuf_adds(out, " -l no-");
		docs_add_dashed(row->name, out);
		strbuf_adds(out, " -d ");

		_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

		strbuf_addf(&text, "not: %s", row->help);
		docs_add_quoted(DOC_FISH, text.buf, out);
		strbuf_addc(out, '\n');
	}
}

static void add_verbs(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	for (const struct doc_verb *const *v = command->verbs; *v; v++) {
		if ((*v)->name) {
			begin_line(program, command, NULL, out);
			strbuf_addf(out, " -a %s", (*v)->name);
			add_description((*v)->summary, out);
		}
	}
}

static void add_arguments(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	if (command->verbs) {
		add_verbs(program, command, out);
		return;
	}
	begin_line(program, command, NULL, out);
	if (command->argument_words) {
		add_words(command->argument_words, out);
	} else {
		strbuf_adds(out, " -F");
	}
	strbuf_addc(out, '\n');
}

static void add_command(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	strbuf_addc(out, '\n');
	begin_line(program, NULL, NULL, out);
	strbuf_addf(out, " -a %s", command->name);
	add_description(command->summary, out);
	add_arguments(program, command, out);
	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_completed(command->sets, set, row)) {
				add_flag(program, command, row, out);
			}
		}
	}
}

void docs_add_fish(const struct doc_program *program, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf identifier = STRBUF_INIT;

	docs_add_identifier(program->name, &identifier);
	add_condition_function(program, identifier.buf, out);
	begin_line(program, NULL, NULL, out);
	strbuf_adds(out, " -l help");
	add_description("explain and exit", out);
	begin_line(program, NULL, NULL, out);
	strbuf_adds(out, " -l version");
	add_description("print the version and exit", out);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		add_command(program, *c, out);
	}
}
