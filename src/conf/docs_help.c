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

static size_t flag_columns(const struct option_set *sets)
{
	size_t widest = 0;
	_cleanup_(strbuf_release) struct strbuf label = STRBUF_INIT;

	for (const struct option_set *set = sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (is_in_help(sets, set, row)) {
				strbuf_clear(&label);
				add_flag_label(row, &label);
				widest = widen(widest, strbuf_str(&label));
			}
		}
	}
	return widest;
}

static void add_flag(struct wrap *w, const struct option_row *row, size_t label_columns)
{
	_cleanup_(strbuf_release) struct strbuf label = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf facts = STRBUF_INIT;

	add_flag_label(row, &label);
	strbuf_adds(&text, row->help);
	docs_add_facts(row, DOCS_FLAG, &facts);
	if (facts.len > 0) {
		strbuf_addf(&text, " (%s)", facts.buf);
	}
	add_entry(w, strbuf_str(&label), strbuf_str(&text), label_columns);
}

/* Sets with nothing in them to show have no heading either. */
static bool is_set_shown(const struct option_set *sets, const struct option_set *set)
{
	for (const struct option_row *row = set->rows; row->name; row++) {
		if (is_in_help(sets, set, row)) {
			return true;
		}
	}
	return false;
}

static void add_flags(struct wrap *w, const struct option_set *sets)
{
	size_t label_columns = flag_columns(sets);

	for (const struct option_set *set = sets; set->rows; set++) {
		if (!is_set_shown(sets, set)) {
			continue;
		}
		add_heading(w, set->heading);
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (is_in_help(sets, set, row)) {
				add_flag(w, row, label_columns);
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

void docs_add_command_help(const struct doc_program *program, const struct doc_command *command,
	int width, struct strbuf *out)
{
	struct wrap w = wrap_begin(width, out);
	_cleanup_(strbuf_release) struct strbuf arguments = STRBUF_INIT;

	strbuf_addf(&arguments, "[OPTION...] %s", command->arguments ? command->arguments : "");
	strbuf_addf(out, "%s %s: %s\n\n", program->name, command->name, command->summary);
	add_usage(&w, program->name, command->name, arguments.buf);
	add_paragraphs(&w, command->description);
	add_flags(&w, command->sets);
	if (command->examples && command->examples->command) {
		add_heading(&w, "Examples");
		for (const struct doc_example *e = command->examples; e->command; e++) {
			add_example(&w, e);
		}
	}
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
	wrap_newline(w);
	wrap_text(w, strbuf_str(&text));
	wrap_newline(w);
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
