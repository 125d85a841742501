/*
 * The configuration as a JSON Schema (draft 7), for editors and validators.
 *
 * It accepts what the reader accepts and refuses what a schema can see to be wrong; ranges of
 * durations and what fields mean together are left to `config check`.  Any value may hold "${...}",
 * whatever its type, so that a text with "${" is let through everywhere.
 */
#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "conf/docs_internal.h"

static void add_rows(struct json_writer *w, const struct option_row *const *tables);

/* What the type says of a value: members of an object. */
static void write_type(struct json_writer *w, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf members = STRBUF_INIT;

	row->type->schema(row, &members);
	json_write_members(w, strbuf_str(&members));
}

/* Types that take any text, or name "${" in their own pattern, need no second way in. */
static bool takes_references(const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf members = STRBUF_INIT;
	bool takes;

	if (row->type == &option_string || row->type == &option_path) {
		return true;
	}
	row->type->schema(row, &members);
	takes = str_contains(strbuf_str(&members), "\\\\$\\\\{");
	return takes;
}

/* The ways to write one value, as elements of an open array "anyOf". */
static void write_value_ways(struct json_writer *w, const struct option_row *row)
{
	json_write_object_begin(w);
	write_type(w, row);
	json_write_object_end(w);
	if (!takes_references(row)) {
		json_write_object_begin(w);
		json_field_string(w, "$ref", "#/definitions/reference");
		json_write_object_end(w);
	}
}

/* Members for one value. */
static void write_value(struct json_writer *w, const struct option_row *row)
{
	if (takes_references(row)) {
		write_type(w, row);
		return;
	}
	json_write_key(w, "anyOf");
	json_write_array_begin(w);
	write_value_ways(w, row);
	json_write_array_end(w);
}

/* Members for a list of values, or a single one. */
static void write_list(struct json_writer *w, const struct option_row *row)
{
	json_write_key(w, "anyOf");
	json_write_array_begin(w);
	write_value_ways(w, row);
	json_write_object_begin(w);
	json_field_string(w, "type", "array");
	json_write_key(w, "items");
	json_write_object_begin(w);
	write_value(w, row);
	json_write_object_end(w);
	json_write_object_end(w);
	json_write_object_begin(w);
	json_field_string(w, "type", "null");
	json_write_object_end(w);
	json_write_array_end(w);
}

/* What holds others may be there with nothing in it. */
static void write_container_type(struct json_writer *w, const char *type)
{
	json_write_key(w, "type");
	json_write_array_begin(w);
	json_write_string(w, type);
	json_write_string(w, "null");
	json_write_array_end(w);
}

static void write_map(struct json_writer *w, const struct option_row *row)
{
	write_container_type(w, "object");
	json_write_key(w, "additionalProperties");
	json_write_object_begin(w);
	if (row->shape == OPTION_MAP) {
		write_value(w, row);
	} else {
		write_list(w, row);
	}
	json_write_object_end(w);
}

static void write_section(struct json_writer *w, const struct option_row *rows)
{
	write_container_type(w, "object");
	add_rows(w, (const struct option_row *const[]){rows, NULL});
}

static void write_variants(struct json_writer *w, const struct option_variants *variants)
{
	size_t count = 0;
	const struct option_variant *const *kinds = variants->kinds(&count);

	write_container_type(w, "array");
	json_write_key(w, "items");
	json_write_object_begin(w);
	json_write_key(w, "anyOf");
	json_write_array_begin(w);
	for (size_t i = 0; i < count; i++) {
		json_write_object_begin(w);
		json_field_string(w, "title", kinds[i]->name);
		json_field_string(w, "description", kinds[i]->summary);
		json_field_string(w, "type", "object");
		add_rows(w,
			(const struct option_row *const[]){variants->common, kinds[i]->rows, NULL});
		json_write_object_end(w);
	}
	json_write_array_end(w);
	json_write_object_end(w);
}

static void write_object(struct json_writer *w, const struct option_row *rows)
{
	json_write_object_begin(w);
	json_field_string(w, "type", "object");
	add_rows(w, (const struct option_row *const[]){rows, NULL});
	json_write_object_end(w);
}

/* Members for a list of mappings, or a single one. */
static void write_section_list(struct json_writer *w, const struct option_section_list *list)
{
	json_write_key(w, "anyOf");
	json_write_array_begin(w);
	json_write_object_begin(w);
	write_container_type(w, "array");
	json_write_key(w, "items");
	write_object(w, list->rows);
	json_write_object_end(w);
	write_object(w, list->rows);
	json_write_array_end(w);
}

/* As YAML would have it: a number where it is one, so that editors insert it without quotes. */
static void write_default_value(
	struct json_writer *w, const struct option_row *row, struct str text)
{
	int64_t number = 0;
	double real = 0;
	bool truth = false;

	if (row->type == &option_bool && parse_bool(text, &truth, NULL) == 0) {
		json_write_bool(w, truth);
	} else if (row->type == &option_int &&
		   parse_int(text, INT64_MIN, INT64_MAX, &number, NULL) == 0) {
		json_write_int(w, number);
	} else if (row->type == &option_double && parse_double(text, &real, NULL) == 0) {
		json_write_double(w, real);
	} else {
		json_write_str(w, text);
	}
}

static void write_default(struct json_writer *w, const struct option_row *row)
{
	struct str rest = str_of(row->def ? row->def : "");
	struct str piece;

	if (!row->def || (row->shape != OPTION_ONE && row->shape != OPTION_LIST)) {
		return;
	}
	json_write_key(w, "default");
	if (row->shape == OPTION_ONE) {
		write_default_value(w, row, rest);
		return;
	}
	json_write_array_begin(w);
	while (str_split(&rest, ',', &piece)) { /* "a, b", as option_set_defaults() has it */
		write_default_value(w, row, str_trim(piece));
	}
	json_write_array_end(w);
}

static void write_notes(struct json_writer *w, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf facts = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, row->help);
	docs_add_facts(row, DOCS_KEY, &facts);
	if (facts.len > 0) {
		strbuf_addf(&text, " (%s)", facts.buf);
	}
	json_field_str(w, "description", strbuf_str(&text));
	write_default(w, row);
	if (row->flags & OPTION_DEPRECATED) {
		json_field_bool(w, "deprecated", true);
	}
}

static void add_property(struct json_writer *w, const struct option_row *row)
{
	json_write_key(w, row->name);
	json_write_object_begin(w);
	write_notes(w, row);
	switch (row->shape) {
	case OPTION_ONE:
		write_value(w, row);
		break;
	case OPTION_LIST:
		write_list(w, row);
		break;
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		write_map(w, row);
		break;
	case OPTION_SECTION:
		write_section(w, row->rows);
		break;
	case OPTION_VARIANTS:
		write_variants(w, row->variants);
		break;
	case OPTION_SECTION_LIST:
		write_section_list(w, row->list);
		break;
	}
	json_write_object_end(w);
}

static bool is_required(const struct option_row *row)
{
	return docs_is_key(row) && row->flags & (OPTION_REQUIRED | OPTION_VARIANT_KEY);
}

static void add_required(struct json_writer *w, const struct option_row *const *tables)
{
	bool is_first = true;

	for (; *tables; tables++) {
		for (const struct option_row *row = *tables; row->name; row++) {
			if (!is_required(row)) {
				continue;
			}
			if (is_first) {
				json_write_key(w, "required");
				json_write_array_begin(w);
			}
			is_first = false;
			json_write_string(w, row->name);
		}
	}
	if (!is_first) {
		json_write_array_end(w);
	}
}

/* Members for a mapping with the keys of all `tables` (which end with NULL) and no others. */
static void add_rows(struct json_writer *w, const struct option_row *const *tables)
{
	json_field_bool(w, "additionalProperties", false);
	add_required(w, tables);
	json_write_key(w, "properties");
	json_write_object_begin(w);
	for (; *tables; tables++) {
		for (const struct option_row *row = *tables; row->name; row++) {
			if (docs_is_key(row)) {
				add_property(w, row);
			}
		}
	}
	json_write_object_end(w);
}

static void add_definitions(struct json_writer *w)
{
	json_write_key(w, "definitions");
	json_write_object_begin(w);
	json_write_key(w, "reference");
	json_write_object_begin(w);
	json_field_string(w, "description", "a value from the environment or a file");
	json_field_string(w, "type", "string");
	json_field_string(w, "pattern", "\\$\\{");
	json_write_object_end(w);
	json_write_object_end(w);
}

/* What the reader itself knows at the top level, beside the rows. */
static const struct option_row reader_rows[] = {
	{.name = "include",
		.shape = OPTION_LIST,
		.type = &option_path,
		.help = "more files to read, or patterns such as conf.d/*.yaml"},
	{0},
};

static void write_root(struct json_writer *w, const struct option_row *rows)
{
	bool has_include = option_find(rows, str_of(reader_rows[0].name)) != NULL;

	write_container_type(w, "object");
	json_write_key(w, "patternProperties");
	json_write_object_begin(w);
	json_write_key(w, "^x-");
	json_write_object_begin(w);
	json_field_string(w, "description", "ignored");
	json_write_object_end(w);
	json_write_object_end(w);
	add_rows(w,
		(const struct option_row *const[]){rows, has_include ? NULL : reader_rows, NULL});
}

void docs_add_schema(const struct doc_program *program, struct strbuf *out)
{
	struct json_writer w;
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;

	strbuf_addf(&title, "configuration of %s %s", program->name, program->version);
	json_writer_init(&w, out, true);
	json_write_object_begin(&w);
	json_field_string(&w, "$schema", "http://json-schema.org/draft-07/schema#");
	json_field_str(&w, "title", strbuf_str(&title));
	add_definitions(&w);
	write_root(&w, program->config);
	json_write_object_end(&w);
	strbuf_addc(out, '\n');
}
