/*
 * Manual pages in man(7) macros, which both groff and mandoc print.
 *
 * The source is kept tidy enough for `mandoc -Tlint`: short lines, a line for each sentence, and
 * everything that has a meaning in roff escaped.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "conf/docs_internal.h"

enum { LINE_MAX_COLUMNS = 78 };

struct man {
	struct strbuf *out;
	size_t column; /* of the source line; 0 at its begin */
};

static void add_escaped_char(uint32_t c, struct strbuf *out)
{
	switch (c) {
	case '\\':
		strbuf_adds(out, "\\e");
		break;
	case '-': /* a plain one may become a hyphen, which cannot be pasted into a shell */
		strbuf_adds(out, "\\-");
		break;
	case '\'':
		strbuf_adds(out, "\\(aq");
		break;
	case '`':
		strbuf_adds(out, "\\(ga");
		break;
	case '^':
		strbuf_adds(out, "\\(ha");
		break;
	case '~':
		strbuf_adds(out, "\\(ti");
		break;
	case '"': /* would end the argument of a macro */
		strbuf_adds(out, "\\(dq");
		break;
	default:
		if (c < 0x20 || c == 0x7f) {
			strbuf_addc(out, ' ');
		} else if (c < 0x80) {
			strbuf_addc(out, (char)c);
		} else {
			strbuf_addf(out, "\\[u%04X]", c);
		}
		break;
	}
}

static void add_escaped(struct str text, struct strbuf *out)
{
	while (text.len > 0) {
		uint32_t c = UTF8_REPLACEMENT;
		size_t len = utf8_decode(text, &c);

		add_escaped_char(c, out);
		text = str_sub(text, len ? len : 1, text.len);
	}
}

/* End the line, if one was begun. */
static void man_newline(struct man *m)
{
	if (m->column > 0) {
		strbuf_addc(m->out, '\n');
		m->column = 0;
	}
}

/* A line of its own, already in roff. */
static void man_line(struct man *m, const char *roff)
{
	man_newline(m);
	strbuf_adds(m->out, roff);
	strbuf_addc(m->out, '\n');
}

/* A macro with one argument in quotes: ".SS "checks[]"". */
static void man_heading(struct man *m, const char *macro, const char *text)
{
	man_newline(m);
	strbuf_addf(m->out, "%s \"", macro);
	add_escaped(str_of(text), m->out);
	strbuf_adds(m->out, "\"\n");
}

/* A piece of a line, already in roff; what could be taken for a macro is not. */
static void man_piece(struct man *m, struct str roff, bool has_space)
{
	if (m->column > 0 && m->column + roff.len + has_space > LINE_MAX_COLUMNS && has_space) {
		man_newline(m);
	}
	if (m->column > 0 && has_space) {
		strbuf_addc(m->out, ' ');
		m->column++;
	}
	if (m->column == 0 && roff.len > 0 && roff.ptr[0] == '.') {
		strbuf_adds(m->out, "\\&");
		m->column += 2;
	}
	strbuf_addstr(m->out, roff);
	m->column += roff.len;
}

static bool ends_sentence(struct str word)
{
	while (word.len > 0 && strchr(")\"'", word.ptr[word.len - 1])) {
		word.len--;
	}
	return word.len > 1 && strchr(".?!", word.ptr[word.len - 1]);
}

static void man_words(struct man *m, struct str text)
{
	_cleanup_(strbuf_release) struct strbuf roff = STRBUF_INIT;
	struct str line;
	struct str word;

	while (str_line(&text, &line)) {
		while (str_word(&line, &word)) {
			strbuf_clear(&roff);
			add_escaped(word, &roff);
			man_piece(m, strbuf_str(&roff), true);
			if (ends_sentence(word)) {
				man_newline(m);
			}
		}
	}
}

/* The help of a row or a pair as prose. */
static void man_sentence(struct man *m, const char *text)
{
	_cleanup_(strbuf_release) struct strbuf sentence = STRBUF_INIT;

	docs_add_sentence(str_of(text), &sentence);
	man_words(m, strbuf_str(&sentence));
	man_newline(m);
}

/* As it stands, in the font of a terminal. */
static void man_verbatim(struct man *m, struct str text)
{
	_cleanup_(strbuf_release) struct strbuf roff = STRBUF_INIT;
	struct str line;

	man_line(m, ".EX");
	while (str_line(&text, &line)) {
		strbuf_clear(&roff);
		add_escaped(line, &roff);
		man_piece(m, strbuf_str(&roff), false);
		strbuf_addc(m->out, '\n');
		m->column = 0;
	}
	man_line(m, ".EE");
}

/* Each but the first begins with `macro`, and with `is_first` false that, too. */
static void man_paragraphs_by(struct man *m, const char *macro, const char *text, bool is_first)
{
	struct str rest = str_of(text ? text : "");
	struct str paragraph;
	bool is_preformatted;

	while (docs_next_paragraph(&rest, &paragraph, &is_preformatted)) {
		if (!is_first) {
			man_line(m, macro);
		}
		is_first = false;
		if (is_preformatted) {
			man_verbatim(m, paragraph);
		} else {
			man_words(m, paragraph);
			man_newline(m);
		}
	}
}

/* After a heading `is_first`: a paragraph macro there would be superfluous. */
static void man_paragraphs(struct man *m, const char *text, bool is_first)
{
	man_paragraphs_by(m, ".PP", text, is_first);
}

/* Text in a font: 'B' or 'I'. */
static void man_font(struct man *m, char font, struct str text, bool has_space)
{
	_cleanup_(strbuf_release) struct strbuf roff = STRBUF_INIT;

	strbuf_addf(&roff, "\\f%c", font);
	add_escaped(text, &roff);
	strbuf_adds(&roff, "\\fR");
	man_piece(m, strbuf_str(&roff), has_space);
}

static void add_upper(const char *text, struct strbuf *out)
{
	for (; *text; text++) {
		strbuf_addc(out, *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text);
	}
}

static void man_title(struct man *m, const struct doc_program *program, const char *page,
	const char *section, const char *manual)
{
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf upper = STRBUF_INIT;

	man_line(m, ".\\\" Generated from the program's option tables.");
	strbuf_adds(&line, ".TH ");
	add_upper(page, &upper);
	add_escaped(strbuf_str(&upper), &line);
	strbuf_addf(&line, " %s \"%s\" \"", section, program->date ? program->date : "");
	add_escaped(str_of(program->name), &line);
	strbuf_addf(&line, " %s\" \"%s\"", program->version, manual);
	man_line(m, line.buf);
}

/* Headings of sections are in upper case. */
static void man_section(struct man *m, const char *heading)
{
	_cleanup_(strbuf_release) struct strbuf upper = STRBUF_INIT;

	add_upper(heading, &upper);
	man_heading(m, ".SH", upper.buf);
}

static void man_name(struct man *m, const char *page, const char *summary)
{
	man_line(m, ".SH NAME");
	man_words(m, str_of(page));
	man_piece(m, str_of("\\-"), true);
	man_words(m, str_of(summary));
	man_newline(m);
}

static bool is_upper_word(struct str word)
{
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] >= 'a' && word.ptr[i] <= 'z') {
			return false;
		}
	}
	return true;
}

static bool is_name_char(char c)
{
	return char_is_alnum(c) || c == '-' || c == '_';
}

/* "[TARGET...]": what is to be replaced in italics, what is to be typed in bold. */
static void man_arguments(struct man *m, const char *arguments)
{
	struct str rest = str_of(arguments ? arguments : "");
	struct str word;

	while (str_word(&rest, &word)) {
		bool has_space = true;

		for (size_t at = 0; at < word.len; has_space = false) {
			size_t end = at;

			while (end < word.len && is_name_char(word.ptr[end])) {
				end++;
			}
			if (end > at) {
				struct str name = str_sub(word, at, end - at);

				man_font(m, is_upper_word(name) ? 'I' : 'B', name, has_space);
				at = end;
			} else {
				man_piece(m, str_sub(word, at, 1), has_space);
				at++;
			}
		}
	}
}

static void man_synopsis(
	struct man *m, const char *program, const char *command, const char *arguments)
{
	man_line(m, ".SH SYNOPSIS");
	man_font(m, 'B', str_of(program), true);
	man_arguments(m, command);
	man_arguments(m, "[OPTION...]");
	man_arguments(m, arguments);
	man_newline(m);
}

static void man_flag_label(struct man *m, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (row->letter) {
		strbuf_addf(&text, "-%c", row->letter);
		man_font(m, 'B', strbuf_str(&text), true);
		man_piece(m, str_of(","), false);
		strbuf_clear(&text);
	}
	option_add_flag_name(row, &text);
	man_font(m, 'B', strbuf_str(&text), true);
	strbuf_clear(&text);
	if (docs_is_on_by_default(row)) {
		strbuf_adds(&text, "--no-");
		docs_add_dashed(row->name, &text);
		man_piece(m, str_of(","), false);
		man_font(m, 'B', strbuf_str(&text), true);
	} else if (row->bare) {
		strbuf_adds(&text, "[=");
		docs_add_value(row, &text);
		strbuf_addc(&text, ']');
		man_font(m, 'I', strbuf_str(&text), false);
	} else if (!option_is_switch(row)) {
		docs_add_value(row, &text);
		man_font(m, 'I', strbuf_str(&text), true);
	}
	man_newline(m);
}

static void man_facts(struct man *m, const struct strbuf *facts)
{
	if (facts->len > 0) {
		man_sentence(m, facts->buf);
	}
}

static void man_flag(struct man *m, const struct doc_command *command, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf facts = STRBUF_INIT;

	man_line(m, ".TP");
	man_flag_label(m, row);
	man_sentence(m, row->help);
	docs_add_flag_facts(command, row, &facts);
	man_facts(m, &facts);
}

static void man_flags(struct man *m, const struct doc_command *command)
{
	man_line(m, ".SH OPTIONS");
	for (const struct option_set *set = command->sets; set->rows; set++) {
		man_heading(m, ".SS", set->heading);
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_flag(row) && docs_is_first(command->sets, set, row)) {
				man_flag(m, command, row);
			}
		}
	}
}

static void man_verb(struct man *m, const struct doc_command *command, const struct doc_verb *verb)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	man_line(m, ".TP");
	docs_add_verb_usage(verb, &text);
	man_arguments(m, text.buf);
	man_newline(m);
	man_sentence(m, verb->summary);
	man_paragraphs_by(m, ".IP", verb->description, false);
	strbuf_clear(&text);
	if (docs_add_verb_flags(command, verb, ", ", &text)) {
		man_line(m, ".IP");
		man_words(m, str_of("Options:"));
		man_words(m, strbuf_str(&text));
		man_piece(m, str_of("."), false);
		man_newline(m);
	}
}

static void man_verbs(struct man *m, const struct doc_command *command)
{
	if (!command->verbs) {
		return;
	}
	man_line(m, ".SH VERBS");
	for (const struct doc_verb *const *v = command->verbs; *v; v++) {
		if ((*v)->name) {
			man_verb(m, command, *v);
		}
	}
}

static void man_pairs(
	struct man *m, const char *heading, const char *text, const struct doc_pair *pairs)
{
	if (!pairs || !pairs->name) {
		return;
	}
	man_section(m, heading);
	man_paragraphs(m, text, true);
	for (const struct doc_pair *pair = pairs; pair->name; pair++) {
		man_line(m, ".TP");
		man_font(m, 'B', str_of(pair->name), true);
		man_newline(m);
		man_sentence(m, pair->text);
	}
}

static void man_examples(struct man *m, const struct doc_example *examples)
{
	for (const struct doc_example *example = examples; example && example->command; example++) {
		man_line(m, ".TP");
		man_font(m, 'B', str_of(example->command), true);
		man_newline(m);
		man_sentence(m, example->what);
	}
}

static bool has_examples(const struct doc_command *command)
{
	bool has = command->examples && command->examples->command;

	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		has |= (*v)->examples && (*v)->examples->command;
	}
	return has;
}

/* The command's own, then those of its verbs. */
static void man_all_examples(struct man *m, const struct doc_command *command)
{
	if (!has_examples(command)) {
		return;
	}
	man_line(m, ".SH EXAMPLES");
	man_examples(m, command->examples);
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		man_examples(m, (*v)->examples);
	}
}

/* One page of "SEE ALSO"; a comma stands between them. */
static void man_reference(struct man *m, const char *page, const char *section, bool is_first)
{
	if (!is_first) {
		strbuf_adds(m->out, ",\n");
	}
	strbuf_adds(m->out, ".BR ");
	add_escaped(str_of(page), m->out);
	strbuf_addf(m->out, " (%s)", section);
}

static void add_page_name(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	strbuf_addf(out, "%s-%s", program->name, command->name);
}

static void add_config_page_name(const struct doc_program *program, struct strbuf *out)
{
	strbuf_addf(out, "%s.yaml", program->name);
}

enum page {
	PAGE_PROGRAM,
	PAGE_COMMAND,
	PAGE_CONFIG,
};

/* Pages lead to the others, but those of commands not to one another. */
static void man_see_also(struct man *m, const struct doc_program *program, enum page from)
{
	_cleanup_(strbuf_release) struct strbuf page = STRBUF_INIT;
	bool is_first = true;

	man_line(m, ".SH SEE ALSO");
	if (from != PAGE_PROGRAM) {
		man_reference(m, program->name, "1", true);
		is_first = false;
	}
	if (from != PAGE_COMMAND) {
		for (const struct doc_command *const *c = program->commands; *c; c++) {
			strbuf_clear(&page);
			add_page_name(program, *c, &page);
			man_reference(m, page.buf, "1", is_first);
			is_first = false;
		}
	}
	if (from != PAGE_CONFIG) {
		strbuf_clear(&page);
		add_config_page_name(program, &page);
		man_reference(m, page.buf, "5", is_first);
	}
	strbuf_addc(m->out, '\n');
}

static void add_program_man(const struct doc_program *program, struct strbuf *out)
{
	struct man m = {.out = out};

	man_title(&m, program, program->name, "1", "User Commands");
	man_name(&m, program->name, program->summary);
	man_synopsis(&m, program->name, "COMMAND", "[ARGUMENT...]");
	man_line(&m, ".SH DESCRIPTION");
	man_paragraphs(&m, program->description, true);
	man_line(&m, ".SH COMMANDS");
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		man_line(&m, ".TP");
		man_font(&m, 'B', str_of((*c)->name), true);
		man_arguments(&m, (*c)->arguments);
		man_newline(&m);
		man_sentence(&m, (*c)->summary);
	}
	man_pairs(&m, "EXIT STATUS", NULL, program->exit_codes);
	man_pairs(&m, "ENVIRONMENT", NULL, program->environment);
	man_pairs(&m, "FILES", NULL, program->files);
	man_see_also(&m, program, PAGE_PROGRAM);
}

void docs_add_man(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	struct man m = {.out = out};
	_cleanup_(strbuf_release) struct strbuf page = STRBUF_INIT;

	if (!command) {
		add_program_man(program, out);
		return;
	}
	add_page_name(program, command, &page);
	man_title(&m, program, page.buf, "1", "User Commands");
	man_name(&m, page.buf, command->summary);
	man_synopsis(&m, program->name, command->name, command->arguments);
	man_line(&m, ".SH DESCRIPTION");
	if (command->description) {
		man_paragraphs(&m, command->description, true);
	} else {
		man_sentence(&m, command->summary);
	}
	man_verbs(&m, command);
	man_flags(&m, command);
	man_all_examples(&m, command);
	man_pairs(&m, "EXIT STATUS", NULL, program->exit_codes);
	man_see_also(&m, program, PAGE_COMMAND);
}

static void man_group_heading(struct man *m, const struct docs_group *group)
{
	_cleanup_(strbuf_release) struct strbuf heading = STRBUF_INIT;

	docs_add_group_name(group, &heading);
	man_heading(m, ".SS", heading.buf);
}

static void man_key(struct man *m, const struct docs_group *group, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf facts = STRBUF_INIT;

	man_line(m, ".TP");
	strbuf_addf(&text, "%s:", row->name);
	man_font(m, 'B', strbuf_str(&text), true);
	strbuf_clear(&text);
	docs_add_type(row, &text);
	man_font(m, 'I', strbuf_str(&text), true);
	man_newline(m);
	man_sentence(m, row->help);
	docs_add_facts(row, DOCS_KEY, &facts);
	man_facts(m, &facts);
	if (option_holds_rows(row)) {
		strbuf_clear(&text);
		docs_add_inner_path(group, row, &text);
		man_words(m, str_of("See"));
		man_font(m, 'B', strbuf_str(&text), true);
		man_words(m, str_of("below."));
		man_newline(m);
	}
}

static void man_group(void *arg, const struct docs_group *group)
{
	struct man *m = arg;
	_cleanup_(strbuf_release) struct strbuf intro = STRBUF_INIT;

	man_group_heading(m, group);
	docs_add_group_intro(group, &intro);
	man_paragraphs(m, intro.buf, true);
	for (const struct option_row *row = group->rows; row->name; row++) {
		if (docs_is_key(row)) {
			man_key(m, group, row);
		}
	}
}

static void man_type(void *arg, const struct option_type *type)
{
	struct man *m = arg;

	man_line(m, ".TP");
	man_font(m, 'I', str_of(type->name), true);
	man_newline(m);
	man_sentence(m, type->syntax);
}

static void man_tables(struct man *m, const struct doc_program *program)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	if (!program->tables) {
		return;
	}
	for (const struct doc_table *table = program->tables(arena); table->heading; table++) {
		man_pairs(m, table->heading, table->text, table->pairs);
	}
}

void docs_add_config_man(const struct doc_program *program, struct strbuf *out)
{
	struct man m = {.out = out};
	_cleanup_(strbuf_release) struct strbuf page = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf summary = STRBUF_INIT;

	add_config_page_name(program, &page);
	strbuf_addf(&summary, "the configuration of %s", program->name);
	man_title(&m, program, page.buf, "5", "File Formats");
	man_name(&m, page.buf, summary.buf);
	man_line(&m, ".SH DESCRIPTION");
	man_paragraphs(&m, docs_config_intro, true);
	man_line(&m, ".SH KEYS");
	docs_each_group(program->config, man_group, &m);
	man_line(&m, ".SH VALUES");
	docs_each_type(program, man_type, &m);
	man_tables(&m, program);
	if (program->config_example) {
		man_line(&m, ".SH EXAMPLES");
		man_verbatim(&m, str_of(program->config_example));
	}
	man_pairs(&m, "ENVIRONMENT", NULL, program->environment);
	man_pairs(&m, "FILES", NULL, program->files);
	man_see_also(&m, program, PAGE_CONFIG);
}
