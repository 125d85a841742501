/*
 * Every row as JSON, so that a test can look for each in the other texts.  See docs.h.
 */
#include "base/alloc.h"
#include "base/json_writer.h"
#include "conf/docs_internal.h"

static const char *shape_name(enum option_shape shape)
{
	switch (shape) {
	case OPTION_ONE:
		return "one";
	case OPTION_LIST:
		return "list";
	case OPTION_MAP:
		return "map";
	case OPTION_MAP_LIST:
		return "map_list";
	case OPTION_SECTION:
		return "section";
	case OPTION_VARIANTS:
		return "variants";
	case OPTION_SECTION_LIST:
		return "section_list";
	}
	return NULL;
}

static void write_words(struct json_writer *w, const char *key, const char *const *words)
{
	json_write_key(w, key);
	if (!words) {
		json_write_null(w);
		return;
	}
	json_write_array_begin(w);
	for (; *words; words++) {
		json_write_string(w, *words);
	}
	json_write_array_end(w);
}

static void write_flags(struct json_writer *w, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} names[] = {
		{OPTION_SECRET, "secret"},
		{OPTION_REQUIRED, "required"},
		{OPTION_FLAG_ONLY, "flag_only"},
		{OPTION_CONFIG_ONLY, "config_only"},
		{OPTION_DEPRECATED, "deprecated"},
		{OPTION_HIDDEN, "hidden"},
		{OPTION_VARIANT_KEY, "variant_key"},
	};

	json_write_key(w, "flags");
	json_write_array_begin(w);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (flags & names[i].flag) {
			json_write_string(w, names[i].name);
		}
	}
	json_write_array_end(w);
}

static void write_range(struct json_writer *w, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf range = STRBUF_INIT;
	bool has_range = docs_add_range(row, &range);

	json_write_key(w, "min");
	has_range ? json_write_int(w, row->min) : json_write_null(w);
	json_write_key(w, "max");
	has_range ? json_write_int(w, row->max) : json_write_null(w);
	json_field_string(w, "range", has_range ? range.buf : NULL);
}

/* The members that say what the row is, wherever it stands. */
static void write_row(struct json_writer *w, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	json_field_string(w, "name", row->name);
	json_field_str(w, "letter", str_n(&row->letter, row->letter ? 1 : 0));
	json_field_string(w, "shape", shape_name(row->shape));
	json_field_string(w, "type", row->type ? row->type->name : NULL);
	if (row->type) {
		option_add_placeholder(row, &text);
	}
	json_field_string(w, "placeholder", row->type ? text.buf : NULL);
	json_field_string(w, "default", row->def);
	write_range(w, row);
	write_words(w, "choices", row->type == &option_choice ? row->choices : NULL);
	write_flags(w, row->flags);
	json_field_string(w, "help", row->help);
	json_field_string(w, "since", row->since);
	json_field_string(w, "instead", row->instead);
	json_field_bool(w, "is_switch", option_is_switch(row));
	json_field_bool(w, "is_on_by_default", docs_is_on_by_default(row));
}

static void write_place(struct json_writer *w, const char *place, const char *command,
	const char *heading, const struct docs_group *group, const char *path)
{
	json_field_string(w, "place", place);
	json_field_string(w, "command", command);
	json_field_string(w, "heading", heading);
	json_write_key(w, "kinds");
	json_write_array_begin(w);
	for (size_t i = 0; group && i < group->kinds_count; i++) {
		json_write_string(w, group->kinds[i]->name);
	}
	json_write_array_end(w);
	json_field_string(w, "path", path);
}

static void write_flag_rows(struct json_writer *w, const struct doc_command *command)
{
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;

	for (const struct option_set *set = command->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (!docs_is_flag(row) || !docs_is_first(command->sets, set, row)) {
				continue;
			}
			strbuf_clear(&name);
			option_add_flag_name(row, &name);
			json_write_object_begin(w);
			write_place(w, "flag", command->name, set->heading, NULL, name.buf);
			write_row(w, row);
			json_write_object_end(w);
		}
	}
}

static void write_group_rows(void *arg, const struct docs_group *group)
{
	struct json_writer *w = arg;
	_cleanup_(strbuf_release) struct strbuf path = STRBUF_INIT;

	for (const struct option_row *row = group->rows; row->name; row++) {
		if (!docs_is_key(row)) {
			continue;
		}
		strbuf_clear(&path);
		strbuf_addf(&path, "%s%s%s", group->path, group->path[0] ? "." : "", row->name);
		json_write_object_begin(w);
		write_place(w, "key", NULL, NULL, group, path.buf);
		write_row(w, row);
		json_write_object_end(w);
	}
}

static void write_examples(struct json_writer *w, const struct doc_example *examples)
{
	json_write_key(w, "examples");
	json_write_array_begin(w);
	for (const struct doc_example *e = examples; e && e->command; e++) {
		json_write_object_begin(w);
		json_field_string(w, "command", e->command);
		json_field_string(w, "what", e->what);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void write_verb_flags(struct json_writer *w, const struct doc_verb *verb)
{
	struct str rest = str_of(verb->flags ? verb->flags : ""), name;

	json_write_key(w, "flags");
	json_write_array_begin(w);
	while (str_word(&rest, &name)) {
		json_write_str(w, name);
	}
	json_write_array_end(w);
}

static void write_own_rows(struct json_writer *w, const struct doc_verb *verb)
{
	json_write_key(w, "own");
	json_write_array_begin(w);
	for (const struct doc_verb_row *own = verb->own; own && own->name; own++) {
		json_write_object_begin(w);
		json_field_string(w, "name", own->name);
		write_words(w, "choices", own->choices);
		json_field_string(w, "help", own->help);
		json_field_bool(w, "is_nothing_by_default", own->is_nothing_by_default);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void write_verbs(struct json_writer *w, const struct doc_command *command)
{
	json_write_key(w, "verbs");
	json_write_array_begin(w);
	for (const struct doc_verb *const *v = command->verbs; v && *v; v++) {
		json_write_object_begin(w);
		json_field_string(w, "name", (*v)->name);
		json_field_string(w, "arguments", (*v)->arguments);
		json_field_string(w, "summary", (*v)->summary);
		write_verb_flags(w, *v);
		write_own_rows(w, *v);
		write_examples(w, (*v)->examples);
		json_write_object_end(w);
	}
	json_write_array_end(w);
}

static void write_command(struct json_writer *w, const struct doc_command *command)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	json_write_object_begin(w);
	json_field_string(w, "name", command->name);
	json_field_string(w, "arguments", command->arguments);
	json_field_string(w, "summary", command->summary);
	write_words(w, "argument_words", docs_argument_words(command, arena));
	write_verbs(w, command);
	write_examples(w, command->examples);
	json_write_object_end(w);
}

void docs_add_rows_json(const struct doc_program *program, struct strbuf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, true);
	json_write_object_begin(&w);
	json_field_string(&w, "program", program->name);
	json_field_string(&w, "version", program->version);
	json_field_string(&w, "config_example", program->config_example);
	json_write_key(&w, "commands");
	json_write_array_begin(&w);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		write_command(&w, *c);
	}
	json_write_array_end(&w);
	json_write_key(&w, "rows");
	json_write_array_begin(&w);
	for (const struct doc_command *const *c = program->commands; *c; c++) {
		write_flag_rows(&w, *c);
	}
	docs_each_group(program->config, write_group_rows, &w);
	json_write_array_end(&w);
	json_write_object_end(&w);
	strbuf_addc(out, '\n');
}
