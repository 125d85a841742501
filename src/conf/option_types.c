/*
 * The types of values that need no library: how text becomes a field, and what a JSON Schema says
 * of it.
 *
 * Every schema lets a text with "${" through, because any value may be taken from the environment
 * or a file.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "base/time.h"
#include "conf/option.h"
#include "conf/shown.h"

static int64_t row_min(const struct option_row *row, int64_t type_min)
{
	return row->min == 0 && row->max == 0 ? type_min : row->min;
}

static int64_t row_max(const struct option_row *row, int64_t type_max)
{
	return (row->min == 0 && row->max == 0) || row->max < row->min ? type_max : row->max;
}

static bool has_min(const struct option_row *row)
{
	return row_min(row, INT64_MIN) != INT64_MIN;
}

static bool has_max(const struct option_row *row)
{
	return row_max(row, INT64_MAX) != INT64_MAX;
}

static void add_range(const struct option_row *row, struct strbuf *out)
{
	if (has_min(row)) {
		strbuf_addf(out, ", \"minimum\": %lld", (long long)row->min);
	}
	if (has_max(row)) {
		strbuf_addf(out, ", \"maximum\": %lld", (long long)row->max);
	}
}

/* bool */

static int bool_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	(void)context;
	return parse_bool(text, field, err);
}

static void bool_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": [\"boolean\", \"string\"], \"pattern\": "
			 "\"^([Tt][Rr][Uu][Ee]|[Yy][Ee][Ss]|"
			 "[Oo][Nn]|[Ff][Aa][Ll][Ss][Ee]|[Nn][Oo]|[Oo][Ff][Ff])$|\\\\$\\\\{\"");
}

static void bool_add(const void *field, struct strbuf *out)
{
	strbuf_adds(out, *(const bool *)field ? "true" : "false");
}

const struct option_type option_bool = {
	.name = "boolean",
	.placeholder = "BOOL",
	.size = sizeof(bool),
	.parse = bool_parse,
	.schema = bool_schema,
	.syntax = "one of true, yes, on, or one of false, no, off",
	.add = bool_add,
};

/* int and count */

static int int_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)context;
	return parse_int(text, row_min(row, INT64_MIN), row_max(row, INT64_MAX), field, err);
}

static void int_schema(const struct option_row *row, struct strbuf *out)
{
	strbuf_adds(out, "\"type\": [\"integer\", \"string\"], "
			 "\"pattern\": \"^[-+]?[0-9]+$|\\\\$\\\\{\"");
	add_range(row, out);
}

static void int_add(const void *field, struct strbuf *out)
{
	strbuf_addf(out, "%lld", (long long)*(const int64_t *)field);
}

const struct option_type option_int = {
	.name = "integer",
	.placeholder = "NUMBER",
	.size = sizeof(int64_t),
	.parse = int_parse,
	.schema = int_schema,
	.add = int_add,
};

const struct option_type option_count = {
	.name = "count",
	.placeholder = "NUMBER",
	.size = sizeof(int64_t),
	.parse = int_parse,
	.schema = int_schema,
	.add = int_add,
};

/* double */

static int double_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	double value = 0;

	(void)context;
	if (parse_double(text, &value, err) < 0) {
		return -1;
	}
	if (has_min(row) && value < (double)row->min) {
		return err_set(err, ERR_INPUT, "number '%s': must be at least %lld",
			shown(text).text, (long long)row->min);
	}
	if (has_max(row) && value > (double)row->max) {
		return err_set(err, ERR_INPUT, "number '%s': must be at most %lld",
			shown(text).text, (long long)row->max);
	}
	*(double *)field = value;
	return 0;
}

static void double_schema(const struct option_row *row, struct strbuf *out)
{
	strbuf_adds(out, "\"type\": [\"number\", \"string\"], "
			 "\"pattern\": \"^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$|\\\\$\\\\{\"");
	add_range(row, out);
}

static void double_add(const void *field, struct strbuf *out)
{
	strbuf_addf(out, "%a", *(const double *)field);
}

const struct option_type option_double = {
	.name = "number",
	.placeholder = "NUMBER",
	.size = sizeof(double),
	.parse = double_parse,
	.schema = double_schema,
	.add = double_add,
};

/* duration and size */

static int range_error(
	const char *what, struct str text, const char *side, const char *limit, struct err *err)
{
	return err_set(
		err, ERR_INPUT, "%s '%s': must be at %s %s", what, shown(text).text, side, limit);
}

static int duration_limit_error(
	struct str text, const char *side, int64_t limit_ms, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf limit = STRBUF_INIT;

	time_add_duration_exact(&limit, limit_ms);
	return range_error("duration", text, side, limit.buf, err);
}

static int duration_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	int64_t ms = 0;

	(void)context;
	if (parse_duration(text, &ms, err) < 0) {
		return -1;
	}
	if (ms < row_min(row, 0)) {
		return duration_limit_error(text, "least", row->min, err);
	}
	if (ms > row_max(row, INT64_MAX)) {
		return duration_limit_error(text, "most", row->max, err);
	}
	*(int64_t *)field = ms;
	return 0;
}

static void duration_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": [\"string\", \"number\"], \"minimum\": 0, "
			 "\"pattern\": \"^[0-9.]|\\\\$\\\\{\"");
}

const struct option_type option_duration = {
	.name = "duration",
	.placeholder = "DURATION",
	.size = sizeof(int64_t),
	.parse = duration_parse,
	.schema = duration_schema,
	.syntax = "a number and a unit, as in 500ms, 30s, 5m, 1h30m, 2d or 1w; a number alone is "
		  "seconds",
	.add = int_add,
};

/* The largest unit that says it in whole numbers: 65536 is "64k". */
static int size_limit_error(struct str text, const char *side, int64_t limit, struct err *err)
{
	static const char units[] = {'\0', 'k', 'M', 'G', 'T', '\0'};
	char shown[32];
	size_t unit = 0;

	while (units[unit + 1] && limit >= 1024 && limit % 1024 == 0) {
		limit /= 1024;
		unit++;
	}
	(void)snprintf(shown, sizeof(shown), "%lld%s%c", (long long)limit, unit ? "" : " bytes",
		units[unit]);
	return range_error("size", text, side, shown, err);
}

static int size_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	int64_t bytes = 0;

	(void)context;
	if (parse_size(text, &bytes, err) < 0) {
		return -1;
	}
	if (bytes < row_min(row, 0)) {
		return size_limit_error(text, "least", row->min, err);
	}
	if (bytes > row_max(row, INT64_MAX)) {
		return size_limit_error(text, "most", row->max, err);
	}
	*(int64_t *)field = bytes;
	return 0;
}

static void size_schema(const struct option_row *row, struct strbuf *out)
{
	strbuf_adds(
		out, "\"type\": [\"string\", \"integer\"], \"pattern\": \"^[0-9.]|\\\\$\\\\{\"");
	if (has_min(row)) {
		add_range(row, out);
		return;
	}
	strbuf_adds(out, ", \"minimum\": 0");
}

const struct option_type option_size = {
	.name = "size",
	.placeholder = "SIZE",
	.size = sizeof(int64_t),
	.parse = size_parse,
	.schema = size_schema,
	.syntax = "a number of bytes, or with a unit that is a power of 1024, as in 512k, 4M or 1G",
	.add = int_add,
};

/* string and path */

static int refuse_nul(struct str text, struct err *err)
{
	if (str_find(text, '\0', 0) < text.len) {
		return err_set(err, ERR_INPUT, "a text must not hold a NUL byte");
	}
	return 0;
}

static int string_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	if (refuse_nul(text, err) < 0) {
		return -1;
	}
	*(const char **)field = str_dup(text, context->arena);
	return 0;
}

static void string_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	/* Whatever the YAML reader of an editor takes 5 or yes for, here it is a text. */
	strbuf_adds(out, "\"type\": [\"string\", \"number\", \"boolean\"]");
}

/* Not set and empty are two things. */
static void string_add(const void *field, struct strbuf *out)
{
	const char *text = *(const char *const *)field;

	if (text) {
		strbuf_addc(out, '=');
		strbuf_adds(out, text);
	}
}

const struct option_type option_string = {
	.name = "string",
	.placeholder = "TEXT",
	.size = sizeof(const char *),
	.parse = string_parse,
	.schema = string_schema,
	.add = string_add,
};

static int path_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	if (text.len == 0) {
		return err_set(err, ERR_INPUT, "a path must not be empty");
	}
	if (refuse_nul(text, err) < 0) {
		return -1;
	}
	*(const char **)field = option_resolve_path(context, text);
	return 0;
}

static void path_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\", \"minLength\": 1");
}

const char *option_resolve_path(const struct option_context *context, struct str path)
{
	const char *home = getenv("HOME");

	if (!context->base_dir || str_starts(path, "/")) {
		return str_dup(path, context->arena);
	}
	if (str_starts(path, "~/") && home && home[0] == '/') {
		return arena_printf(
			context->arena, "%s%.*s", home, (int)path.len - 1, path.ptr + 1);
	}
	if (context->base_dir[0] == '\0' || str_is(str_of(context->base_dir), ".")) {
		return str_dup(path, context->arena);
	}
	return arena_printf(context->arena, "%s%s%.*s", context->base_dir,
		str_ends(str_of(context->base_dir), "/") ? "" : "/", STR_ARG(path));
}

const struct option_type option_path = {
	.name = "path",
	.placeholder = "FILE",
	.size = sizeof(const char *),
	.parse = path_parse,
	.schema = path_schema,
	.syntax = "a file or folder; in a configuration, a relative one starts at the folder of "
		  "that configuration, and ~/ is the home directory",
	.add = string_add,
};

/* choice */

static size_t choices_count(const struct option_row *row)
{
	size_t count = 0;

	while (row->choices[count]) {
		count++;
	}
	return count;
}

static int choice_error(const struct option_row *row, struct str text, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	const char *near = suggest(text, row->choices, choices_count(row));

	strbuf_addf(&out, "'%s' is not one of ", shown(text).text);
	for (size_t i = 0; row->choices[i]; i++) {
		strbuf_addf(&out, "%s%s", i ? ", " : "", row->choices[i]);
	}
	if (near) {
		strbuf_addf(&out, "; did you mean '%s'?", near);
	}
	return err_set(err, ERR_INPUT, "%s", out.buf);
}

static int choice_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)context;
	for (int i = 0; row->choices[i]; i++) {
		if (str_is(text, row->choices[i])) {
			*(int *)field = i;
			return 0;
		}
	}
	return choice_error(row, text, err);
}

static void choice_schema(const struct option_row *row, struct strbuf *out)
{
	struct json_writer json;

	strbuf_adds(out, "\"anyOf\": [{\"enum\": ");
	json_writer_init(&json, out, false);
	json_write_array_begin(&json);
	for (size_t i = 0; row->choices[i]; i++) {
		json_write_string(&json, row->choices[i]);
	}
	json_write_array_end(&json);
	strbuf_adds(out, "}, {\"type\": \"string\", \"pattern\": \"\\\\$\\\\{\"}]");
}

static void choice_add(const void *field, struct strbuf *out)
{
	strbuf_addf(out, "%d", *(const int *)field);
}

const struct option_type option_choice = {
	.name = "choice",
	.placeholder = "CHOICE",
	.size = sizeof(int),
	.parse = choice_parse,
	.schema = choice_schema,
	.add = choice_add,
};
