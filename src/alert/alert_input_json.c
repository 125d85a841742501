/*
 * An event as JSON: a row for each member, and all that is wrong in one error.
 */
#include <jansson.h>
#include <math.h>

#include "alert/alert_input.h"
#include "base/alloc.h"
#include "base/moment.h"
#include "base/number.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/time.h"
#include "base/utf8.h"

enum { PROBLEMS_MAX = 420, SECOND_MS = 1000 };

struct reader {
	struct arena *arena;
	struct alert_input *input;
	struct strbuf problems;
	bool has_status, has_resolved, is_status_resolved;
};

struct member {
	const char *name;
	void (*read)(struct reader *, const struct member *, const json_t *value);
	size_t offset; /* in struct alert_input */
};

static void __attribute__((format(printf, 2, 3)))
problem(struct reader *reader, const char *fmt, ...)
{
	va_list ap;

	if (reader->problems.len > 0) {
		strbuf_adds(&reader->problems, "; ");
	}
	va_start(ap, fmt);
	strbuf_vaddf(&reader->problems, fmt, ap);
	va_end(ap);
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

static void wrong_type(
	struct reader *reader, const char *name, const char *wanted, const json_t *value)
{
	problem(reader, "'%s' must be %s, not %s", name, wanted, type_name(value));
}

/* NULs end the texts of labels and fields, which are C strings, so they go at once. */
static struct str string_copy(struct reader *reader, const json_t *value)
{
	struct str text = str_n(json_string_value(value), json_string_length(value));
	char *copy = arena_alloc(reader->arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\0') {
			copy[len++] = text.ptr[i];
		}
	}
	return str_n(copy, len);
}

static void read_text(struct reader *reader, const struct member *member, const json_t *value)
{
	struct str *field = (struct str *)((char *)reader->input + member->offset);

	if (!json_is_string(value)) {
		wrong_type(reader, member->name, "a string", value);
		return;
	}
	*field = string_copy(reader, value);
}

static void read_severity(struct reader *reader, const struct member *member, const json_t *value)
{
	struct err err = {0};

	if (!json_is_string(value)) {
		wrong_type(reader, member->name, "a string", value);
	} else if (severity_parse(string_copy(reader, value), &reader->input->severity, &err) < 0) {
		problem(reader, "%s", err.msg);
	}
}

static void read_resolved(struct reader *reader, const struct member *member, const json_t *value)
{
	if (!json_is_boolean(value)) {
		wrong_type(reader, member->name, "a boolean", value);
		return;
	}
	reader->has_resolved = true;
	reader->input->is_resolve = json_is_true(value);
}

static void read_status(struct reader *reader, const struct member *member, const json_t *value)
{
	struct str text;

	if (!json_is_string(value)) {
		wrong_type(reader, member->name, "a string", value);
		return;
	}
	text = string_copy(reader, value);
	reader->has_status = true;
	reader->is_status_resolved = str_is(text, "resolved");
	if (!reader->is_status_resolved && !str_is(text, "firing")) {
		problem(reader, "unknown status '%s': it is 'firing' or 'resolved'",
			utf8_quote(text).text);
	}
}

static void read_seconds(struct reader *reader, double seconds)
{
	static const double seconds_max = 253402300800.0; /* the year 10000 */

	if (!(seconds > 0 && seconds < seconds_max)) {
		problem(reader, "'time' is out of range");
		return;
	}
	reader->input->time_ms = (int64_t)floor(seconds * SECOND_MS);
}

static void read_time(struct reader *reader, const struct member *member, const json_t *value)
{
	struct err err = {0};
	struct str text;

	if (json_is_number(value)) {
		read_seconds(reader, json_number_value(value));
		return;
	}
	if (!json_is_string(value)) {
		wrong_type(reader, member->name, "a string or a number", value);
		return;
	}
	/* Others know their dates as RFC 3339: "yesterday" is for people. */
	text = string_copy(reader, value);
	if (text.len < sizeof("2025-07-01T08:00") || !strchr("Tt ", text.ptr[10])) {
		problem(reader, "'time' must be as 2025-07-01T08:00:00Z, not '%s'",
			utf8_quote(text).text);
	} else if (moment_parse(text, MOMENT_PAST, time_wall_ms(), &reader->input->time_ms, &err) <
		   0) {
		problem(reader, "'time': %s", err.msg);
	}
}

/* False: nothing that has a text. */
static bool value_text(struct reader *reader, const json_t *value, struct str *ret_text)
{
	struct strbuf number = STRBUF_INIT;

	if (json_is_string(value)) {
		*ret_text = string_copy(reader, value);
		return true;
	}
	if (json_is_boolean(value)) {
		*ret_text = str_of(json_is_true(value) ? "true" : "false");
		return true;
	}
	if (!json_is_number(value)) {
		return false;
	}
	if (json_is_integer(value)) {
		strbuf_addf(&number, "%lld", (long long)json_integer_value(value));
	} else {
		number_add_double(&number, json_real_value(value));
	}
	*ret_text = str_of(str_dup(strbuf_str(&number), reader->arena));
	strbuf_release(&number);
	return true;
}

static void read_pair(struct reader *reader, const struct member *member, struct pairs *pairs,
	struct str name, const json_t *value)
{
	struct str text = {"", 0};

	if (json_is_null(value)) {
		return;
	}
	if (!value_text(reader, value, &text)) {
		problem(reader, "'%s.%s' must be a string, number or boolean, not %s", member->name,
			utf8_quote(name).text, type_name(value));
	} else {
		pairs_set(pairs, reader->arena, name, text);
	}
}

static void read_pairs(struct reader *reader, const struct member *member, const json_t *object)
{
	struct pairs *pairs = (struct pairs *)((char *)reader->input + member->offset);
	const char *name;
	size_t len;
	json_t *value;

	if (!json_is_object(object)) {
		wrong_type(reader, member->name, "an object", object);
		return;
	}
	if (json_object_size(object) > ALERT_PAIRS_MAX) {
		problem(reader, "'%s' has %zu members, at most %d can be kept", member->name,
			json_object_size(object), ALERT_PAIRS_MAX);
		return;
	}
	/* The iteration changes nothing; jansson's type does not say so. */
	json_object_keylen_foreach((json_t *)(uintptr_t)object, name, len, value)
	{
		read_pair(reader, member, pairs, str_n(name, len), value);
	}
}

// clang-format off
static const struct member members[] = {
	{"title", read_text, offsetof(struct alert_input, title)},
	{"severity", read_severity, 0},
	{"source", read_text, offsetof(struct alert_input, source)},
	{"message", read_text, offsetof(struct alert_input, message)},
	{"fields", read_pairs, offsetof(struct alert_input, fields)},
	{"labels", read_pairs, offsetof(struct alert_input, labels)},
	{"dedup_key", read_text, offsetof(struct alert_input, dedup_key)},
	{"runbook", read_text, offsetof(struct alert_input, runbook)},
	{"resolved", read_resolved, 0},
	{"status", read_status, 0},
	{"time", read_time, 0},
};
// clang-format on

static void unknown_member(struct reader *reader, struct str name)
{
	const char *names[ARRAY_LEN(members)];
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		names[i] = members[i].name;
	}
	near = suggest(name, names, ARRAY_LEN(names));
	problem(reader, "unknown member '%s'%s%s%s", utf8_quote(name).text,
		near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "");
}

static void read_member(struct reader *reader, struct str name, const json_t *value)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (str_is(name, members[i].name)) {
			if (!json_is_null(value)) {
				members[i].read(reader, &members[i], value);
			}
			return;
		}
	}
	unknown_member(reader, name);
}

static void read_object(struct reader *reader, json_t *root)
{
	const char *name;
	size_t len;
	json_t *value;

	json_object_keylen_foreach(root, name, len, value)
	{
		read_member(reader, str_n(name, len), value);
	}
	if (reader->has_status) {
		if (reader->has_resolved &&
			reader->input->is_resolve != reader->is_status_resolved) {
			problem(reader, "'status' and 'resolved' contradict each other");
		}
		reader->input->is_resolve = reader->is_status_resolved;
	}
}

/* JSON must be UTF-8; a byte that is not must not cost the alert. */
static json_t *load(struct str text, json_error_t *ret_error)
{
	struct strbuf valid = STRBUF_INIT;
	json_t *root;

	if (utf8_is_valid(text)) {
		return json_loadb(
			text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, ret_error);
	}
	while (text.len > 0) {
		uint32_t c = UTF8_REPLACEMENT;
		size_t len = utf8_decode(text, &c);

		len = len > 0 ? len : 1;
		utf8_add_char(&valid, c);
		text = str_n(text.ptr + len, text.len - len);
	}
	root = json_loadb(valid.buf, valid.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, ret_error);
	strbuf_release(&valid);
	return root;
}

int alert_input_parse_json(
	struct str text, struct arena *arena, struct alert_input *ret_input, struct err *err)
{
	struct alert_input input = {0};
	struct reader reader = {.arena = arena, .input = &input};
	json_error_t error = {0};
	json_t *root = load(text, &error);
	int failed = 0;

	if (!root) {
		return err_set(err, ERR_INPUT, "no valid JSON at line %d, column %d: %s",
			error.line, error.column, utf8_quote(str_of(error.text)).text);
	}
	strbuf_init(&reader.problems, PROBLEMS_MAX);
	if (json_is_object(root)) {
		read_object(&reader, root);
	} else {
		problem(&reader, "an alert must be one JSON object, not %s", type_name(root));
	}
	if (reader.problems.len > 0) {
		failed = err_set(err, ERR_INPUT, "%s%s", reader.problems.buf,
			reader.problems.dropped_bytes > 0 ? " ..." : "");
	} else {
		*ret_input = input;
	}
	strbuf_release(&reader.problems);
	json_decref(root);
	return failed;
}
