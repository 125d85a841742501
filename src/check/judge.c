/*
 * Judging values by thresholds.  See judge.h.
 */
#include "check/judge.h"

#include <stdlib.h>

#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "base/vec.h"

enum { EXCEEDED_SHOWN_MAX = 3, SECONDS_PER_DAY = 86400 };

/* "name" and "instance" of "name[instance]"; the instance is empty where there is none. */
static void key_split(struct str key, struct str *ret_name, struct str *ret_instance)
{
	size_t open = str_find(key, '[', 0);

	*ret_name = str_sub(key, 0, open);
	*ret_instance = str_n(key.ptr, 0);
	if (open < key.len && str_ends(key, "]")) {
		*ret_instance = str_sub(key, open + 1, key.len - open - 2);
	}
}

static bool key_names(const char *key, const struct check_value *value, bool with_instance)
{
	struct str name;
	struct str instance;

	key_split(str_of(key), &name, &instance);
	if (!str_is(name, value->name)) {
		return false;
	}
	if (!with_instance) {
		return instance.len == 0;
	}
	return value->instance && str_is(instance, value->instance);
}

/* The user's threshold for a value: by instance before by name; NULL: the user has none. */
static const struct threshold *user_threshold(
	const struct option_map *map, const struct check_value *value)
{
	for (int with_instance = 1; with_instance >= 0; with_instance--) {
		for (size_t i = 0; i < map->count; i++) {
			if (key_names(map->keys[i], value, with_instance)) {
				return &OPTION_AT(map, struct threshold, i);
			}
		}
	}
	return NULL;
}

static const struct check_value_row *value_row(const struct check_kind *kind, struct str name)
{
	for (const struct check_value_row *row = kind->values; row && row->name; row++) {
		if (str_is(name, row->name)) {
			return row;
		}
	}
	return NULL;
}

/* Kinds' defaults are our own text: a test parses all of them. */
static void default_threshold(const char *text, struct threshold *ret_threshold)
{
	if (text && threshold_parse(str_of(text), ret_threshold, NULL) < 0) {
		abort();
	}
}

static void choose_thresholds(const struct check *check, struct check_value *value)
{
	const struct check_value_row *row = value_row(check->kind, str_of(value->name));
	const struct threshold *warning = user_threshold(&check->warning, value);
	const struct threshold *critical = user_threshold(&check->critical, value);

	if (warning) {
		value->warning = *warning;
	} else if (row) {
		default_threshold(row->warning, &value->warning);
	}
	if (critical) {
		value->critical = *critical;
	} else if (row) {
		default_threshold(row->critical, &value->critical);
	}
}

static double number_for(const struct check_value *value, const struct threshold *threshold)
{
	if (value->unit == UNIT_DAYS && threshold->unit == THRESHOLD_SECONDS) {
		return value->number * SECONDS_PER_DAY;
	}
	return value->number;
}

/* Plugins judge themselves: thresholds that came with perfdata only show what they were. */
static bool is_ours(const struct check *check, const struct check_value *value)
{
	return user_threshold(&check->warning, value) || user_threshold(&check->critical, value) ||
	       value_row(check->kind, str_of(value->name));
}

/* The value without an instance sums up the ones with; those are judged, so that a threshold of one
 * instance can be laxer than that of all. */
static bool is_summary_of_instances(
	const struct check_result *result, const struct check_value *value)
{
	if (value->instance) {
		return false;
	}
	for (size_t i = 0; i < result->values_count; i++) {
		if (result->values[i].instance &&
			strcmp(result->values[i].name, value->name) == 0) {
			return true;
		}
	}
	return false;
}

static const struct threshold *value_judge(struct check_value *value)
{
	if (threshold_is_bad(&value->critical, number_for(value, &value->critical))) {
		value->state = CHECK_CRITICAL;
		return &value->critical;
	}
	if (threshold_is_bad(&value->warning, number_for(value, &value->warning))) {
		value->state = CHECK_WARNING;
		return &value->warning;
	}
	return NULL;
}

static void add_exceeded(
	const struct check_value *value, const struct threshold *threshold, struct strbuf *out)
{
	if (out->len > 0) {
		strbuf_adds(out, ", ");
	}
	check_value_add_key(value, out);
	strbuf_addc(out, ' ');
	check_number_add_text(value->number, value->unit, out);
	strbuf_addf(out, " (%s ", check_state_name(value->state));
	threshold_add_text(threshold, value->unit, out);
	strbuf_addc(out, ')');
}

/* What failed by itself is told first; else what was exceeded is what matters. */
static void add_to_message(struct check_result *result, const struct strbuf *what)
{
	const char *message = result->message ? result->message : "";

	if (!*message) {
		result->message = arena_strndup(result->arena, what->buf, what->len);
	} else if (result->code == CODE_OK) {
		result->message = arena_printf(result->arena, "%s; %s", what->buf, message);
	} else {
		result->message = arena_printf(result->arena, "%s; %s", message, what->buf);
	}
}

/* The worst are told first, the rest is counted. */
static void tell_exceeded(struct check_result *result, size_t count)
{
	struct strbuf text = STRBUF_INIT;
	size_t told = 0;

	for (int pass = 0; pass < 2; pass++) {
		enum check_state wanted = pass == 0 ? CHECK_CRITICAL : CHECK_WARNING;

		for (size_t i = 0; i < result->values_count && told < EXCEEDED_SHOWN_MAX; i++) {
			struct check_value *value = &result->values[i];

			if (value->state == wanted) {
				add_exceeded(value,
					wanted == CHECK_CRITICAL ? &value->critical
								 : &value->warning,
					&text);
				told++;
			}
		}
	}
	if (count > told) {
		strbuf_addf(&text, " and %zu more", count - told);
	}
	add_to_message(result, &text);
	strbuf_release(&text);
}

static void find_missing(
	const struct option_map *map, const char *which, struct check_result *result)
{
	for (size_t i = 0; i < map->count; i++) {
		bool is_there = false;

		if (!OPTION_AT(map, struct threshold, i).is_set) {
			continue;
		}
		for (size_t v = 0; v < result->values_count && !is_there; v++) {
			is_there = key_names(map->keys[i], &result->values[v], false) ||
				   key_names(map->keys[i], &result->values[v], true);
		}
		if (!is_there && (result->state == CHECK_OK || result->state == CHECK_WARNING)) {
			result->state = CHECK_UNKNOWN;
			result->code = CODE_VALUE_MISSING;
			result->message = arena_printf(result->arena,
				"no value '%s', which a %s threshold asks for; %s", map->keys[i],
				which, result->message);
		}
	}
}

void check_judge(const struct check *check, struct check_result *result)
{
	enum check_state worst = CHECK_OK;
	size_t exceeded = 0;

	for (size_t i = 0; i < result->values_count; i++) {
		struct check_value *value = &result->values[i];

		if (value->unit == UNIT_TEXT || !is_ours(check, value)) {
			continue;
		}
		choose_thresholds(check, value);
		if (is_summary_of_instances(result, value) || !value_judge(value)) {
			continue;
		}
		worst = check_state_worse(worst, value->state);
		exceeded++;
	}
	if (exceeded > 0) {
		tell_exceeded(result, exceeded);
		if (result->code == CODE_OK) {
			result->code = CODE_THRESHOLD_EXCEEDED;
		}
		result->state = check_state_worse(result->state, worst);
	}
	find_missing(&check->warning, "warning", result);
	find_missing(&check->critical, "critical", result);
}

static int unit_check(
	const struct check_value_row *row, const struct threshold *threshold, struct err *err)
{
	if (threshold->unit == THRESHOLD_SECONDS && row->unit != UNIT_SECONDS &&
		row->unit != UNIT_DAYS) {
		return err_set(
			err, ERR_INPUT, "'%s' is not a time; write a plain number", row->name);
	}
	if (threshold->unit == THRESHOLD_BYTES && row->unit != UNIT_BYTES) {
		return err_set(
			err, ERR_INPUT, "'%s' is not a size; write a plain number", row->name);
	}
	if (threshold->unit == THRESHOLD_PERCENT && row->unit != UNIT_PERCENT) {
		return err_set(err, ERR_INPUT, "'%s' is not a percentage; write a plain number",
			row->name);
	}
	if (row->unit == UNIT_TEXT) {
		return err_set(err, ERR_INPUT, "'%s' is a text and has no thresholds", row->name);
	}
	return 0;
}

static int unknown_value(const struct check_kind *kind, struct str name, struct err *err)
{
	const char *names[64];
	size_t count = 0;

	for (const struct check_value_row *row = kind->values; row->name; row++) {
		if (count < ARRAY_LEN(names) && row->unit != UNIT_TEXT) {
			names[count++] = row->name;
		}
	}

	const char *near = suggest(name, names, count);

	if (near) {
		return err_set(err, ERR_INPUT, "kind '%s' measures no '%.*s'; did you mean '%s'?",
			kind->variant.name, STR_ARG(name), near);
	}
	return err_set(err, ERR_INPUT, "kind '%s' measures no '%.*s' (see docs/checks/%s.md)",
		kind->variant.name, STR_ARG(name), kind->variant.name);
}

/* Nothing is missing, and nothing stands behind the bracket. */
static bool key_is_whole(struct str key, struct str name, struct str instance)
{
	return name.len > 0 && (name.len == key.len || instance.len > 0);
}

int check_threshold_check(const struct check_kind *kind, const char *key,
	const struct threshold *threshold, struct err *err)
{
	const struct check_value_row *row;
	struct str name;
	struct str instance;

	if (!kind->values || !kind->values[0].name) {
		return 0; /* plugins: not known beforehand */
	}
	key_split(str_of(key), &name, &instance);
	if (!key_is_whole(str_of(key), name, instance)) {
		return err_set(err, ERR_INPUT, "'%s' names no value; write NAME or NAME[INSTANCE]",
			utf8_quote(str_of(key)).text);
	}
	row = value_row(kind, name);
	if (!row) {
		return unknown_value(kind, name, err);
	}
	if (instance.len > 0 && !row->has_instances) {
		return err_set(err, ERR_INPUT, "'%s' is one value; write it without [%.*s]",
			row->name, STR_ARG(instance));
	}
	return unit_check(row, threshold, err);
}
