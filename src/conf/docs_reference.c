/*
 * The reference page in Markdown (GitHub's dialect): tables of flags and of keys.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "conf/docs_internal.h"

/* Would the character at `i` be taken for markup?  Names_like_this are not emphasis, and brackets
 * only matter before a parenthesis. */
static bool is_markup(struct str text, size_t i)
{
	char c = text.ptr[i];
	char before = i > 0 ? text.ptr[i - 1] : ' ';
	char after = i + 1 < text.len ? text.ptr[i + 1] : ' ';

	if (c == '_') {
		return !char_is_alnum(before) || !char_is_alnum(after);
	}
	if (c == ']') {
		return after == '(';
	}
	return c != '\0' && strchr("\\`*<|&~$", c);
}

/* Plain text in which nothing is markup, also within a cell of a table. */
static void add_text(struct str text, struct strbuf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (is_markup(text, i)) {
			strbuf_addc(out, '\\');
		}
		strbuf_addc(out, text.ptr[i] == '\n' ? ' ' : text.ptr[i]);
	}
}

/* `text`; a cell ends at a bar even there, so that the bar is escaped. */
static void add_code(const char *text, struct strbuf *out)
{
	const char *fence = strchr(text, '`') ? "``" : "`";
	const char *gap = text[0] == '`' || (text[0] && text[strlen(text) - 1] == '`') ? " " : "";

	if (!text[0]) {
		return;
	}
	strbuf_addf(out, "%s%s", fence, gap);
	for (; *text; text++) {
		strbuf_adds(out, *text == '|' ? "\\" : "");
		strbuf_addc(out, *text);
	}
	strbuf_addf(out, "%s%s", gap, fence);
}

static void add_paragraphs(const char *text, struct strbuf *out)
{
	struct str rest = str_of(text ? text : "");
	struct str paragraph;
	bool is_preformatted;

	while (docs_next_paragraph(&rest, &paragraph, &is_preformatted)) {
		strbuf_adds(out, "\n");
		if (is_preformatted) {
			strbuf_adds(out, "```text\n");
			strbuf_addstr(out, paragraph);
			strbuf_adds(out, "\n```\n");
		} else {
			add_text(paragraph, out);
			strbuf_addc(out, '\n');
		}
	}
}

static void add_pairs(const char *heading, const char *text, const char *column,
	const struct doc_pair *pairs, struct strbuf *out)
{
	if (!pairs || !pairs->name) {
		return;
	}
	strbuf_addf(out, "\n## %s\n", heading);
	add_paragraphs(text, out);
	strbuf_addf(out, "\n| %s | |\n|---|---|\n", column);
	for (const struct doc_pair *pair = pairs; pair->name; pair++) {
		strbuf_adds(out, "| ");
		add_code(pair->name, out);
		strbuf_adds(out, " | ");
		add_text(str_of(pair->text), out);
		strbuf_adds(out, " |\n");
	}
}

/* Help and facts, as the last cell of a line. */
static void add_meaning(
	const struct option_row *row, const struct strbuf *facts, struct strbuf *out)
{
	strbuf_adds(out, " | ");
	add_text(str_of(row->help), out);
	if (facts->len > 0) {
		strbuf_adds(out, " (");
		add_text(strbuf_str(facts), out);
		strbuf_addc(out, ')');
	}
}

static void add_flag(
	const struct doc_command *command, const struct option_row *row, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf facts = STRBUF_INIT;

	strbuf_adds(out, "| ");
	if (row->letter) {
		strbuf_addf(out, "`-%c`, ", row->letter);
	}
	option_add_flag_name(row, &flag);
	if (row->bare) {
		strbuf_adds(&flag, "[=");
		docs_add_value(row, &flag);
		strbuf_addc(&flag, ']');
	} else if (!option_is_switch(row)) {
		strbuf_addc(&flag, ' ');
		docs_add_value(row, &flag);
	}
	add_code(flag.buf, out);
	if (docs_is_on_by_default(row)) {
		strbuf_adds(out, ", `--no-");
		docs_add_dashed(row->name, out);
		strbuf_addc(out, '`');
	}
	docs_add_flag_facts(command, row, &facts);
	add_meaning(row, &facts, out);
	strbuf_adds(out, " |\n");
}

static void add_examples(const struct doc_example *examples, struct strbuf *out)
{
	if (!examples || !examples->command) {
		return;
	}
	strbuf_adds(out, "\n| Examples | |\n|---|---|\n");
	for (const struct doc_example *e = examples; e->command; e++) {
		strbuf_adds(out, "| ");
		add_code(e->command, out);
		strbuf_adds(out, " | ");
		add_text(str_of(e->what), out);
		strbuf_adds(out, " |\n");
	}
}

static void add_usage(const struct doc_program *program, const char *command, const char *arguments,
	struct strbuf *out)
{
	strbuf_addf(out, "\n\n```text\n%s %s [OPTION...]%s%s\n```\n", program->name, command,
		arguments ? " " : "", arguments ? arguments : "");
}

static void add_verb(const struct doc_program *program, const struct doc_command *command,
	const struct doc_verb *verb, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s %s", command->name, verb->name);
	strbuf_addf(out, "\n### %s %s\n\n", program->name, text.buf);
	docs_add_sentence(str_of(verb->summary), out);
	add_usage(program, text.buf, verb->arguments, out);
	add_paragraphs(verb->description, out);
	strbuf_clear(&text);
	if (docs_add_verb_flags(command, verb, "`, `", &text)) {
		strbuf_addf(out, "\nOptions: `%s`.\n", text.buf);
	}
	add_examples(verb->examples, out);
}

static void add_command(
	const struct doc_program *program, const struct doc_command *command, struct strbuf *out)
{
	strbuf_addf(out, "\n## %s %s\n\n", program->name, command->name);
	docs_add_sentence(str_of(command->summary), out);
	add_usage(program, command->name, command->arguments, out);
	add_paragraphs(command->description, out);
	for (const struct option_set *set = command->sets; set->rows; set++) {
		strbuf_addf(out, "\n| %s | |\n|---|---|\n", set->heading);
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (docs_is_flag(row) && docs_is_first(command->sets, set, row)) {
				add_flag(command, row, out);
			}
		}
	}
	add_examples(command->examples, out);
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		if ((*v)->name) {
			add_verb(program, command, *v, out);
		}
	}
}

static void add_key(const struct option_row *row, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf type = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf facts = STRBUF_INIT;

	strbuf_adds(out, "| ");
	add_code(row->name, out);
	strbuf_adds(out, " | ");
	docs_add_type(row, &type);
	add_text(strbuf_str(&type), out);
	docs_add_facts(row, DOCS_KEY, &facts);
	add_meaning(row, &facts, out);
	strbuf_adds(out, " |\n");
}

static void add_group(void *arg, const struct docs_group *group)
{
	struct strbuf *out = arg;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	bool has_keys = false;

	docs_add_group_name(group, &text);
	strbuf_adds(out, "\n### ");
	add_text(strbuf_str(&text), out);
	strbuf_adds(out, "\n");
	strbuf_clear(&text);
	docs_add_group_intro(group, &text);
	add_paragraphs(text.buf, out);
	for (const struct option_row *row = group->rows; row->name; row++) {
		if (docs_is_key(row)) {
			strbuf_adds(out, has_keys ? "" : "\n| key | type | |\n|---|---|---|\n");
			has_keys = true;
			add_key(row, out);
		}
	}
}

static void add_type(void *arg, const struct option_type *type)
{
	struct strbuf *out = arg;

	strbuf_adds(out, "| ");
	add_text(str_of(type->name), out);
	strbuf_adds(out, " | ");
	add_text(str_of(type->syntax), out);
	strbuf_adds(out, " |\n");
}

static void add_tables(const struct doc_program *program, struct strbuf *out)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	if (!program->tables) {
		return;
	}
	for (const struct doc_table *table = program->tables(arena); table->heading; table++) {
		add_pairs(table->heading, table->text, "name", table->pairs, out);
	}
}

void docs_add_reference(const struct doc_program *program, struct strbuf *out)
{
	strbuf_addf(out,
		"# Reference\n"
		"\n"
		"<!-- Generated from the program's option tables: `ninja -C build/dev "
		"refresh-docs` writes it anew. -->\n"
		"\n"
		"Every command of %s with its flags, and every key of the configuration.\n",
		program->name);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		add_command(program, *c, out);
	}
	strbuf_adds(out, "\n## Configuration\n");
	add_paragraphs(docs_config_intro, out);
	docs_each_group(program->config, add_group, out);
	if (program->config_example) {
		strbuf_addf(out, "\n### Example\n\n```yaml\n%s```\n", program->config_example);
	}
	strbuf_adds(out, "\n## Values\n\n| type | how it is written |\n|---|---|\n");
	docs_each_type(program, add_type, out);
	add_tables(program, out);
	add_pairs("Exit codes", NULL, "code", program->exit_codes, out);
	add_pairs("Environment", NULL, "variable", program->environment, out);
	add_pairs("Files", NULL, "file", program->files, out);
}
