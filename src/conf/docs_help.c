/*
 * --help: what fits a terminal and a hurried reader.  The man pages tell everything.
 *
 * Flags stand in one column, as wide as the widest that is not unusually long, and their help in
 * another beside it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "conf/docs_internal.h"

enum {
	WIDTH_DEFAULT = 80,
	WIDTH_MIN = 40,
	WIDTH_MAX = 100, /* longer lines are harder to read */
	LABEL_MAX = 26,  /* a longer label has a line of its own */
	INDENT = 2,
	GAP = 2,
	PROGRAM_EXAMPLES_MAX = 4,
};

/* Writes words, beginning a new line, indented, where one would go over the edge. */
struct wrap {
	struct strbuf *out;
	size_t width;
	size_t indent; /* of the lines that follow */
	size_t column; /* where the next character goes */
	bool is_line_empty;
};

static size_t columns(struct str s)
{
	return (size_t)utf8_str_width(s);
}

static void wrap_newline(struct wrap *w)
{
	strbuf_addc(w->out, '\n');
	w->column = 0;
	w->is_line_empty = true;
}

static void wrap_to(struct wrap *w, size_t column)
{
	if (w->column < column) {
		strbuf_addn(w->out, ' ', column - w->column);
		w->column = column;
	}
}

static void wrap_word(struct wrap *w, struct str word)
{
	if (!w->is_line_empty && w->column + 1 + columns(word) > w->width) {
		wrap_newline(w);
	}
	if (w->is_line_empty) {
		wrap_to(w, w->indent);
	} else {
		strbuf_addc(w->out, ' ');
		w->column++;
	}
	strbuf_addstr(w->out, word);
	w->column += columns(word);
	w->is_line_empty = false;
}

static void wrap_text(struct wrap *w, struct str text)
{
	struct str line;
	struct str word;

	while (str_line(&text, &line)) {
		while (str_word(&line, &word)) {
			wrap_word(w, word);
		}
	}
}

static struct wrap wrap_begin(int width, struct strbuf *out)
{
	size_t limit = WIDTH_DEFAULT;

	if (width > 0) {
		limit = width < WIDTH_MIN ? WIDTH_MIN : (size_t)width;
	}
	if (limit > WIDTH_MAX) {
		limit = WIDTH_MAX;
	}
	return (struct wrap){.out = out, .width = limit, .is_line_empty = true};
}

/* "  label      text that goes on in lines of its own column". */
static void add_entry(struct wrap *w, struct str label, struct str text, size_t label_columns)
{
	wrap_to(w, INDENT);
	strbuf_addstr(w->out, label);
	w->column += columns(label);
	w->indent = INDENT + label_columns + GAP;
	if (columns(label) > label_columns) {
		wrap_newline(w);
	} else {
		w->is_line_empty = true; /* of words */
	}
	wrap_text(w, text);
	wrap_newline(w);
	w->indent = 0;
}

/* The label's share of the column, given what others need. */
static size_t widen(size_t label_columns, struct str label)
{
	size_t need = columns(label);

	return need > label_columns && need <= LABEL_MAX ? need : label_columns;
}

static void add_heading(struct wrap *w, const char *heading)
{
	wrap_newline(w);
	strbuf_adds(w->out, heading);
	strbuf_addc(w->out, ':');
	wrap_newline(w);
}

static void add_paragraphs(struct wrap *w, const char *text)
{
	struct str rest = str_of(text ? text : "");
	struct str paragraph;
	bool is_preformatted;

	while (docs_next_paragraph(&rest, &paragraph, &is_preformatted)) {
		wrap_newline(w);
		if (is_preformatted) {
			strbuf_addstr(w->out, paragraph);
		} else {
			wrap_text(w, paragraph);
		}
		wrap_newline(w);
	}
}

static void add_usage(
	struct wrap *w, const char *program, const char *command, const char *arguments)
{
	strbuf_adds(w->out, "Usage:");
	w->column = strlen("Usage:");
	w->is_line_empty = false;
	wrap_word(w, str_of(program));
	wrap_word(w, str_of(command));
	w->indent = w->column + 1;
	wrap_text(w, str_of(arguments));
	wrap_newline(w);
	w->indent = 0;
}

/* "-t, --timeout DURATION" */
static void add_flag_label(const struct option_row *row, struct strbuf *out)
{
	if (row->letter) {
		strbuf_addf(out, "-%c, ", row->letter);
	} else {
		strbuf_adds(out, "    ");
	}
	if (docs_is_on_by_default(row)) {
		strbuf_adds(out, "--[no-]");
		docs_add_dashed(row->name, out);
		return;
	}
	option_add_flag_name(row, out);
	if (row->bare) {
		strbuf_adds(out, "[=");
		docs_add_value(row, out);
		strbuf_addc(out, ']');
	} else if (!option_is_switch(row)) {
		strbuf_addc(out, ' ');
		docs_add_value(row, out);
	}
}

static bool is_in_help(
	const struct option_set *sets, const struct option_set *set, const struct option_row *row)
{
	return docs_is_flag(row) && docs_is_advertised(row) && docs_is_first(sets, set, row);
}

/* Flags that are told of: of a verb those that only it has, of a command with verbs those that go
 * without one; each only where the command is explained. */
struct shown {
	const struct doc_command *command;
	const struct doc_verb *verb; /* NULL: the command is explained */
};

static bool is_shown(
	const struct shown *shown, const struct option_set *set, const struct option_row *row)
{
	const struct doc_verb *none = doc_verb_find(shown->command, NULL);

	if (!is_in_help(shown->command->sets, set, row)) {
		return false;
	}
	if (shown->verb) {
		return doc_verb_takes(shown->command, shown->verb, row) && set[1].rows;
	}
	return !none || doc_verb_takes(shown->command, none, row);
}

static size_t flag_columns(const struct shown *shown)
{
	size_t widest = 0;
	_cleanup_(strbuf_release) struct strbuf label = STRBUF_INIT;

	for (const struct option_set *set = shown->command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (is_shown(shown, set, row)) {
				strbuf_clear(&label);
				add_flag_label(row, &label);
				widest = widen(widest, strbuf_str(&label));
			}
		}
	}
	return widest;
}

static void add_flag(struct wrap *w, const struct shown *shown, const struct option_row *row,
	size_t label_columns)
{
	_cleanup_(strbuf_release) struct strbuf label = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf facts = STRBUF_INIT;

	add_flag_label(row, &label);
	strbuf_adds(&text, row->help);
	if (shown->verb) {
		docs_add_facts(row, DOCS_FLAG, &facts);
	} else {
		docs_add_flag_facts(shown->command, row, &facts);
	}
	if (facts.len > 0) {
		strbuf_addf(&text, " (%s)", facts.buf);
	}
	add_entry(w, strbuf_str(&label), strbuf_str(&text), label_columns);
}

/* Sets with nothing in them to show have no heading either. */
static bool is_set_shown(const struct shown *shown, const struct option_set *set)
{
	for (const struct option_row *row = set->rows; row->name; row++) {
		if (is_shown(shown, set, row)) {
			return true;
		}
	}
	return false;
}

static void add_flags(struct wrap *w, const struct shown *shown)
{
	size_t label_columns = flag_columns(shown);

	for (const struct option_set *set = shown->command->sets; set->rows; set++) {
		if (!is_set_shown(shown, set)) {
			continue;
		}
		add_heading(w, set->heading);
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (is_shown(shown, set, row)) {
				add_flag(w, shown, row, label_columns);
			}
		}
	}
}

static void add_example(struct wrap *w, const struct doc_example *example)
{
	wrap_to(w, INDENT);
	strbuf_adds(w->out, example->command);
	wrap_newline(w);
	w->indent = 3 * INDENT;
	wrap_text(w, str_of(example->what));
	wrap_newline(w);
	w->indent = 0;
}

static void add_examples(struct wrap *w, const struct doc_example *examples)
{
	if (!examples || !examples->command) {
		return;
	}
	add_heading(w, examples[1].command ? "Examples" : "Example");
	for (const struct doc_example *e = examples; e->command; e++) {
		add_example(w, e);
	}
}

/* A sentence, with a blank line before. */
static void add_note(struct wrap *w, const struct strbuf *text)
{
	wrap_newline(w);
	wrap_text(w, strbuf_str(text));
	wrap_newline(w);
}

static void add_verbs(
	struct wrap *w, const struct doc_program *program, const struct doc_command *command)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	size_t label_columns = 0;

	if (!command->verbs) {
		return;
	}
	for (const struct doc_verb *const *v = command->verbs; *v; v++) {
		label_columns =
			(*v)->name ? widen(label_columns, str_of((*v)->name)) : label_columns;
	}
	add_heading(w, "Verbs");
	for (const struct doc_verb *const *v = command->verbs; *v; v++) {
		if ((*v)->name) {
			add_entry(w, str_of((*v)->name), str_of((*v)->summary), label_columns);
		}
	}
	strbuf_addf(&text, "\"%s %s VERB --help\" explains a verb, with its flags.", program->name,
		command->name);
	add_note(w, &text);
}

void docs_add_command_help(const struct doc_program *program, const struct doc_command *command,
	int width, struct strbuf *out)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct doc_command without =
		doc_command_with(command, doc_verb_find(command, NULL), arena);
	const struct shown shown = {.command = &without};
	struct wrap w = wrap_begin(width, out);
	_cleanup_(strbuf_release) struct strbuf arguments = STRBUF_INIT;

	strbuf_addf(&arguments, "[OPTION...] %s", command->arguments ? command->arguments : "");
	strbuf_addf(out, "%s %s: %s\n\n", program->name, command->name, command->summary);
	add_usage(&w, program->name, command->name, arguments.buf);
	add_paragraphs(&w, command->description);
	add_verbs(&w, program, command);
	add_flags(&w, &shown);
	add_examples(&w, command->examples);
}

/* The flags that all commands have are explained once. */
static void add_common_flags(struct wrap *w, const struct doc_verb_place *place)
{
	const struct option_set *sets = place->command->sets;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	while (sets[1].rows) {
		sets++;
	}
	strbuf_adds(&text, "As everywhere:");
	for (const struct option_row *row = sets->rows; row->name; row++) {
		if (is_in_help(place->command->sets, sets, row)) {
			strbuf_addc(&text, ' ');
			option_add_flag_name(row, &text);
		}
	}
	strbuf_addf(&text, " (see %s %s --help).", place->program->name, place->command->name);
	add_note(w, &text);
}

void docs_add_verb_help(const struct doc_verb_place *place, int width, struct strbuf *out)
{
	const struct doc_verb *verb = place->verb;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct doc_command with = doc_command_with(place->command, verb, arena);
	const struct shown shown = {.command = &with, .verb = verb};
	struct wrap w = wrap_begin(width, out);
	_cleanup_(strbuf_release) struct strbuf arguments = STRBUF_INIT;

	strbuf_addf(&arguments, "%s [OPTION...] %s", verb->name,
		verb->arguments ? verb->arguments : "");
	strbuf_addf(out, "%s %s %s: %s\n\n", place->program->name, place->command->name, verb->name,
		verb->summary);
	add_usage(&w, place->program->name, place->command->name, arguments.buf);
	add_paragraphs(&w, verb->description);
	add_flags(&w, &shown);
	add_examples(&w, verb->examples);
	add_common_flags(&w, place);
}

static void add_commands(struct wrap *w, const struct doc_program *program)
{
	size_t label_columns = 0;

	for (const struct doc_command *const *c = program->commands; *c; c++) {
		label_columns = widen(label_columns, str_of((*c)->name));
	}
	add_heading(w, "Commands");
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		add_entry(w, str_of((*c)->name), str_of((*c)->summary), label_columns);
	}
}

/* The first example of each command, as long as there is room. */
static void add_program_examples(struct wrap *w, const struct doc_program *program)
{
	int count = 0;

	for (const struct doc_command *const *c = program->commands; *c; c++) {
		const struct doc_example *example = (*c)->examples;

		if (!example || !example->command || count == PROGRAM_EXAMPLES_MAX) {
			continue;
		}
		if (count++ == 0) {
			add_heading(w, "Examples");
		}
		add_example(w, example);
	}
}

static void add_pairs(struct wrap *w, const char *heading, const struct doc_pair *pairs)
{
	size_t label_columns = 0;

	if (!pairs || !pairs->name) {
		return;
	}
	for (const struct doc_pair *p = pairs; p->name; p++) {
		label_columns = widen(label_columns, str_of(p->name));
	}
	add_heading(w, heading);
	for (const struct doc_pair *p = pairs; p->name; p++) {
		add_entry(w, str_of(p->name), str_of(p->text), label_columns);
	}
}

static void add_more(struct wrap *w, const struct doc_program *program)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "\"%s COMMAND --help\" explains a command, \"man %s\" everything.",
		program->name, program->name);
	add_note(w, &text);
}

void docs_add_program_help(const struct doc_program *program, int width, struct strbuf *out)
{
	struct wrap w = wrap_begin(width, out);

	strbuf_addf(out, "%s %s: %s\n\n", program->name, program->version, program->summary);
	add_usage(&w, program->name, "COMMAND", "[OPTION...] [ARGUMENT...]");
	add_paragraphs(&w, program->description);
	add_commands(&w, program);
	add_program_examples(&w, program);
	add_pairs(&w, "Exit codes", program->exit_codes);
	add_more(&w, program);
}
