/*
 * Reading performance data.  See perfdata.h.
 */
#include "check/perfdata.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "base/vec.h"

enum { LABEL_MAX = 256, FIELDS = 5 };

/* Sizes go by 1024, as monitoring-plugins count and parse_size() does. */
static const struct {
	const char *name;
	enum check_unit unit;
	double factor;
} units[] = {
	{"", UNIT_NONE, 1},
	{"s", UNIT_SECONDS, 1},
	{"ms", UNIT_SECONDS, 1e-3},
	{"us", UNIT_SECONDS, 1e-6},
	{"ns", UNIT_SECONDS, 1e-9},
	{"%", UNIT_PERCENT, 1},
	{"b", UNIT_BYTES, 1},
	{"kb", UNIT_BYTES, 1024.0},
	{"mb", UNIT_BYTES, 1024.0 * 1024},
	{"gb", UNIT_BYTES, 1024.0 * 1024 * 1024},
	{"tb", UNIT_BYTES, 1024.0 * 1024 * 1024 * 1024},
	{"pb", UNIT_BYTES, 1024.0 * 1024 * 1024 * 1024 * 1024},
	{"kib", UNIT_BYTES, 1024.0},
	{"mib", UNIT_BYTES, 1024.0 * 1024},
	{"gib", UNIT_BYTES, 1024.0 * 1024 * 1024},
	{"tib", UNIT_BYTES, 1024.0 * 1024 * 1024 * 1024},
	{"pib", UNIT_BYTES, 1024.0 * 1024 * 1024 * 1024 * 1024},
	{"c", UNIT_COUNTER, 1},
};

/* A unit we do not know (a temperature, a speed) is a plain number. */
static void unit_read(struct str name, enum check_unit *ret_unit, double *ret_factor)
{
	*ret_unit = UNIT_NONE;
	*ret_factor = 1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (str_case_eq(name, str_of(units[i].name))) {
			*ret_unit = units[i].unit;
			*ret_factor = units[i].factor;
			return;
		}
	}
}

/* Cut 'quoted' or plain text up to its "=" off *rest; false: there is no "label=" here. */
static bool label_cut(struct str *rest, struct strbuf *label)
{
	size_t pos = 0;
	bool is_quoted = rest->ptr[0] == '\'';

	for (pos = is_quoted ? 1 : 0; pos < rest->len; pos++) {
		char c = rest->ptr[pos];

		if (is_quoted && c == '\'') {
			if (pos + 1 < rest->len && rest->ptr[pos + 1] == '\'') {
				pos++;
			} else {
				is_quoted = false;
				pos++;
				break;
			}
		} else if (!is_quoted && (c == '=' || char_is_space(c))) {
			break;
		}
		strbuf_addc(label, c);
	}
	if (is_quoted || pos >= rest->len || rest->ptr[pos] != '=' || label->len == 0) {
		return false;
	}
	*rest = str_sub(*rest, pos + 1, rest->len);
	return true;
}

static struct str word_cut(struct str *rest)
{
	size_t len = 0;

	while (len < rest->len && !char_is_space(rest->ptr[len])) {
		len++;
	}

	struct str word = str_sub(*rest, 0, len);

	*rest = str_sub(*rest, len, rest->len);
	return word;
}

/* How much of the text is a number: "1.5e3" of "1.5e3ms", "12" of "12EB". */
static size_t number_len(struct str text)
{
	size_t pos = 0;
	size_t exponent;

	if (pos < text.len && (text.ptr[pos] == '-' || text.ptr[pos] == '+')) {
		pos++;
	}
	while (pos < text.len && (char_is_digit(text.ptr[pos]) || text.ptr[pos] == '.')) {
		pos++;
	}
	exponent = pos;
	if (exponent < text.len && char_lower(text.ptr[exponent]) == 'e') {
		exponent++;
		if (exponent < text.len &&
			(text.ptr[exponent] == '-' || text.ptr[exponent] == '+')) {
			exponent++;
		}
		while (exponent < text.len && char_is_digit(text.ptr[exponent])) {
			pos = ++exponent;
		}
	}
	return pos;
}

static bool number_read(struct str text, double *ret_number)
{
	if (str_starts(text, "+")) {
		text = str_sub(text, 1, text.len);
	}
	return parse_double(text, ret_number, NULL) == 0;
}

/* No number has one of these, and what follows a number and has one is no unit. */
static bool is_unit(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (char_is_digit(text.ptr[i]) || strchr("'\"=,.", text.ptr[i])) {
			return false;
		}
	}
	return true;
}

static bool value_read(struct str text, struct perfdata_item *item, double *ret_factor)
{
	size_t len = number_len(text);
	struct str unit = str_sub(text, len, text.len);

	if (len == 0 && str_starts(text, "U")) {
		unit_read(str_sub(text, 1, text.len), &item->unit, ret_factor);
		item->value = NAN;
		return true;
	}
	if (!is_unit(unit) || !number_read(str_sub(text, 0, len), &item->value)) {
		return false;
	}
	unit_read(unit, &item->unit, ret_factor);
	item->value *= *ret_factor;
	return true;
}

/* A range; one that cannot be read is left out, the value still stands. */
static void range_read(struct str text, double factor, struct threshold *ret_threshold)
{
	struct threshold range;

	for (size_t i = 0; i < text.len; i++) {
		if (!char_is_digit(text.ptr[i]) && !strchr("@~:.+-eE", text.ptr[i])) {
			return;
		}
	}
	if (text.len == 0 || threshold_parse(text, &range, NULL) < 0) {
		return;
	}
	if (text.ptr[0] != '@' && str_find(text, ':', 0) == text.len) {
		range.low = 0; /* "10" is "0:10" here */
	}
	range.low *= factor;
	range.high *= factor;
	*ret_threshold = range;
}

static void limit_read(struct str text, double factor, double *ret_limit)
{
	if (number_read(text, ret_limit)) {
		*ret_limit *= factor;
	}
}

static bool fields_read(struct str text, struct perfdata_item *item)
{
	struct str field[FIELDS] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};
	double factor = 1;

	for (size_t i = 0; i < FIELDS && str_split(&text, ';', &field[i]); i++) {
	}
	if (!value_read(field[0], item, &factor)) {
		return false;
	}
	range_read(field[1], factor, &item->warning);
	range_read(field[2], factor, &item->critical);
	limit_read(field[3], factor, &item->min);
	limit_read(field[4], factor, &item->max);
	return isnan(item->value) || isfinite(item->value);
}

static bool has_label(const struct perfdata *perfdata, const char *label)
{
	for (size_t i = 0; i < perfdata->items_count; i++) {
		if (strcmp(perfdata->items[i].label, label) == 0) {
			return true;
		}
	}
	return false;
}

static char *label_text(struct str label, struct arena *arena)
{
	struct strbuf safe = STRBUF_INIT;
	char *text;

	utf8_add_escaped(&safe, str_trim(label), LABEL_MAX);
	text = arena_strndup(arena, safe.buf, safe.len);
	strbuf_release(&safe);
	return text;
}

static bool item_read(
	struct str *rest, struct strbuf *label, struct arena *arena, struct perfdata *perfdata)
{
	struct perfdata_item item = {.min = NAN, .max = NAN};

	if (!label_cut(rest, label)) {
		(void)word_cut(rest);
		return false;
	}
	if (!fields_read(word_cut(rest), &item) || perfdata->items_count == PERFDATA_ITEMS_MAX) {
		return false;
	}
	item.label = label_text(strbuf_str(label), arena);
	if (has_label(perfdata, item.label)) {
		return false;
	}
	*VEC_PUSH_IN(arena, perfdata, items) = item;
	return true;
}

void perfdata_read(struct str text, struct arena *arena, struct perfdata *perfdata)
{
	struct strbuf label = STRBUF_INIT;

	for (struct str rest = str_ltrim(text); rest.len > 0; rest = str_ltrim(rest)) {
		struct str start = rest;

		strbuf_clear(&label);
		if (!item_read(&rest, &label, arena, perfdata) && perfdata->skipped_count++ == 0) {
			perfdata->skipped_first = str_n(start.ptr, start.len - rest.len);
		}
	}
	strbuf_release(&label);
}
