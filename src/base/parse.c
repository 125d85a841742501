/*
 * Text into numbers, whole or not at all.  See parse.h.
 *
 * Durations and sizes share a reader of "number unit" that works on integers, so that what is
 * written is what is meant: "0.1s" is 100 ms, not 99.
 */
#include "base/parse.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"

static int range_error(struct str s, int64_t min, int64_t max, struct err *err)
{
	const struct utf8_quoted q = utf8_quote(s);

	if (min == INT64_MIN && max == INT64_MAX) {
		return err_set(err, ERR_INPUT, "number '%s': too large", q.text);
	}
	if (max == INT64_MAX) {
		return err_set(err, ERR_INPUT, "number '%s': must be at least %lld", q.text,
			(long long)min);
	}
	if (min == INT64_MIN) {
		return err_set(err, ERR_INPUT, "number '%s': must be at most %lld", q.text,
			(long long)max);
	}
	return err_set(err, ERR_INPUT, "number '%s': must be from %lld to %lld", q.text,
		(long long)min, (long long)max);
}

int parse_int(struct str s, int64_t min, int64_t max, int64_t *ret_value, struct err *err)
{
	bool is_negative = s.len > 0 && s.ptr[0] == '-';
	bool has_sign = is_negative || (s.len > 0 && s.ptr[0] == '+');
	struct str digits = str_sub(s, has_sign, s.len);
	int64_t value = 0;

	if (!str_is_digits(digits)) {
		return err_set(
			err, ERR_INPUT, "number '%s': not a whole number", utf8_quote(s).text);
	}
	for (size_t i = 0; i < digits.len; i++) {
		int digit = digits.ptr[i] - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, is_negative ? -digit : digit, &value)) {
			return range_error(s, min, max, err);
		}
	}
	if (value < min || value > max) {
		return range_error(s, min, max, err);
	}
	*ret_value = value;
	return 0;
}

static size_t skip_digits(struct str s, size_t at)
{
	while (at < s.len && char_is_digit(s.ptr[at])) {
		at++;
	}
	return at;
}

static size_t skip_sign(struct str s, size_t at)
{
	return at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+') ? at + 1 : at;
}

/* [sign] digits [. digits] [e [sign] digits], with a digit before or after the point. */
static bool is_decimal(struct str s)
{
	size_t start = skip_sign(s, 0);
	size_t at = skip_digits(s, start);
	size_t digits = at - start;

	if (at < s.len && s.ptr[at] == '.') {
		size_t end = skip_digits(s, at + 1);

		digits += end - (at + 1);
		at = end;
	}
	if (digits == 0) {
		return false;
	}
	if (at < s.len && char_lower(s.ptr[at]) == 'e') {
		start = skip_sign(s, at + 1);
		at = skip_digits(s, start);
		if (at == start) {
			return false;
		}
	}
	return at == s.len;
}

int parse_double(struct str s, double *ret_value, struct err *err)
{
	char small[64];
	char *text = small;
	double value;

	if (!is_decimal(s)) {
		return err_set(
			err, ERR_INPUT, "number '%s': not a decimal number", utf8_quote(s).text);
	}
	if (s.len >= sizeof(small)) {
		text = xmalloc(s.len + 1);
	}
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	/* The C locale is static in the C library: nothing is allocated, nothing can fail. */
	value = strtod_l(text, NULL, newlocale(LC_ALL_MASK, "C", NULL));
	if (text != small) {
		free(text);
	}
	if (!isfinite(value)) {
		return err_set(err, ERR_INPUT, "number '%s': too large", utf8_quote(s).text);
	}
	*ret_value = value;
	return 0;
}

int parse_bool(struct str s, bool *ret_value, struct err *err)
{
	static const char *const words[2][3] = {{"false", "no", "off"}, {"true", "yes", "on"}};

	for (int value = 0; value < 2; value++) {
		for (size_t i = 0; i < ARRAY_LEN(words[value]); i++) {
			if (str_case_eq(s, str_of(words[value][i]))) {
				*ret_value = value;
				return 0;
			}
		}
	}
	return err_set(err, ERR_INPUT,
		"'%s' is neither true nor false; use true, yes, on, false, no or off",
		utf8_quote(s).text);
}

/* What a unit is called and what one of it is worth in the smallest unit of the family. */
struct unit {
	const char *name;
	int64_t worth;
};

static const struct unit *unit_find(const struct unit *units, struct str name, bool ignore_case)
{
	for (; units->name; units++) {
		if (ignore_case ? str_case_eq(name, str_of(units->name))
				: str_is(name, units->name)) {
			return units;
		}
	}
	return NULL;
}

/* "1.5 h", cut off the front of a text: two runs of digits and the letters after them. */
struct amount {
	struct str whole;
	struct str fraction;
	struct str unit;
};

static struct str take_digits(struct str *rest)
{
	struct str digits = str_n(rest->ptr, skip_digits(*rest, 0));

	*rest = str_sub(*rest, digits.len, rest->len);
	return digits;
}

/* False when the text does not begin with a number. */
static bool take_amount(struct str *rest, struct amount *ret_amount)
{
	struct amount amount = {.whole = take_digits(rest), .fraction = str_n("", 0)};
	size_t len = 0;

	if (rest->len > 0 && rest->ptr[0] == '.') {
		*rest = str_sub(*rest, 1, rest->len);
		amount.fraction = take_digits(rest);
	}
	if (amount.whole.len + amount.fraction.len == 0) {
		return false;
	}
	*rest = str_ltrim(*rest);
	while (len < rest->len && !char_is_digit(rest->ptr[len]) && rest->ptr[len] != '.' &&
		!char_is_space(rest->ptr[len])) {
		len++;
	}
	amount.unit = str_n(rest->ptr, len);
	*rest = str_ltrim(str_sub(*rest, len, rest->len));
	*ret_amount = amount;
	return true;
}

/*
 * The amount in the smallest unit of the family.  What is less than one of those is lost, and said
 * in *ret_has_rest.  -1: more than `max`.
 */
static int amount_value(const struct amount *amount, int64_t worth, int64_t max, int64_t *ret_value,
	bool *ret_has_rest)
{
	enum { FRACTION_DIGITS = 18 }; /* 10^18 times the largest unit fits 128 bits */
	unsigned __int128 parts = 0;   /* of one unit, in 1/scale */
	unsigned __int128 scale = 1;
	int64_t value = 0;
	bool has_rest = false;

	for (size_t i = 0; i < amount->whole.len; i++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, amount->whole.ptr[i] - '0', &value)) {
			return -1;
		}
	}
	for (size_t i = 0; i < amount->fraction.len; i++) {
		unsigned digit = (unsigned)(amount->fraction.ptr[i] - '0');

		if (i < FRACTION_DIGITS) {
			parts = parts * 10 + digit;
			scale *= 10;
		} else {
			has_rest |= digit > 0;
		}
	}
	parts *= (uint64_t)worth;
	has_rest |= parts % scale > 0;

	if (value > (max - (int64_t)(parts / scale)) / worth) {
		return -1;
	}
	*ret_value = value * worth + (int64_t)(parts / scale);
	*ret_has_rest = has_rest;
	return 0;
}

/* Neither empty nor with space around it nor beginning with anything but a number. */
static bool begins_as_amount(struct str s)
{
	return s.len > 0 && (char_is_digit(s.ptr[0]) || s.ptr[0] == '.') &&
	       !char_is_space(s.ptr[s.len - 1]);
}

static bool is_negative_amount(struct str s)
{
	return s.len > 1 && s.ptr[0] == '-' && begins_as_amount(str_sub(s, 1, s.len));
}

#define DURATION_EXAMPLES "write it like 500ms, 30s, 5m or 1h30m"

static const struct unit duration_units[] = {
	{"w", 604800000000},
	{"week", 604800000000},
	{"weeks", 604800000000},
	{"d", 86400000000},
	{"day", 86400000000},
	{"days", 86400000000},
	{"h", 3600000000},
	{"hour", 3600000000},
	{"hours", 3600000000},
	{"m", 60000000},
	{"min", 60000000},
	{"minute", 60000000},
	{"minutes", 60000000},
	{"s", 1000000},
	{"sec", 1000000},
	{"second", 1000000},
	{"seconds", 1000000},
	{"ms", 1000},
	{"millisecond", 1000},
	{"milliseconds", 1000},
	{"us", 1},
	{"microsecond", 1},
	{"microseconds", 1},
	{NULL, 0},
};

/* One "number unit" of the duration `s`; *worth is that of the unit before, and becomes this one's.
 */
static int duration_part(struct str s, const struct amount *amount, bool is_alone, int64_t *worth,
	int64_t *ret_us, bool *ret_has_rest, struct err *err)
{
	const int64_t max_us = (int64_t)PARSE_DURATION_MAX_MS * 1000;
	struct str name = amount->unit.len == 0 && is_alone ? str_of("s") : amount->unit;
	const struct unit *unit = unit_find(duration_units, name, false);

	if (name.len == 0) {
		return err_set(err, ERR_INPUT,
			"duration '%s': a number without a unit; use ms, s, m, h, d or w",
			utf8_quote(s).text);
	}
	if (!unit) {
		return err_set(err, ERR_INPUT,
			"duration '%s': unknown unit '%s'; use ms, s, m, h, d or w",
			utf8_quote(s).text, utf8_quote(name).text);
	}
	if (unit->worth >= *worth) {
		return err_set(err, ERR_INPUT,
			"duration '%s': units must go from large to small, each once",
			utf8_quote(s).text);
	}
	*worth = unit->worth;
	if (amount_value(amount, unit->worth, max_us, ret_us, ret_has_rest) < 0) {
		return err_set(
			err, ERR_INPUT, "duration '%s': longer than 100 years", utf8_quote(s).text);
	}
	return 0;
}

int parse_duration(struct str s, int64_t *ret_ms, struct err *err)
{
	struct str rest = s;
	int64_t worth = INT64_MAX;
	int64_t sum_us = 0;
	bool has_rest = false;

	if (is_negative_amount(s)) {
		return err_set(err, ERR_INPUT,
			"duration '%s': must not be negative; " DURATION_EXAMPLES,
			utf8_quote(s).text);
	}
	if (!begins_as_amount(s)) {
		return err_set(err, ERR_INPUT, "duration '%s': not a duration; " DURATION_EXAMPLES,
			utf8_quote(s).text);
	}
	while (rest.len > 0) {
		bool is_first = rest.ptr == s.ptr;
		bool part_has_rest = false;
		struct amount amount;
		int64_t us = 0;

		if (!take_amount(&rest, &amount)) {
			return err_set(err, ERR_INPUT,
				"duration '%s': not a duration; " DURATION_EXAMPLES,
				utf8_quote(s).text);
		}
		if (duration_part(s, &amount, is_first && rest.len == 0, &worth, &us,
			    &part_has_rest, err) < 0) {
			return -1;
		}
		sum_us += us;
		has_rest |= part_has_rest;
	}

	int64_t ms = sum_us / 1000 + (sum_us % 1000 > 0 || has_rest);

	if (ms > PARSE_DURATION_MAX_MS) {
		return err_set(
			err, ERR_INPUT, "duration '%s': longer than 100 years", utf8_quote(s).text);
	}
	*ret_ms = ms;
	return 0;
}

#define SIZE_EXAMPLES "write it like 4096, 64k, 10M or 1.5G"

static const struct unit size_units[] = {
	{"", 1},
	{"b", 1},
	{"byte", 1},
	{"bytes", 1},
	{"k", 1LL << 10},
	{"kb", 1LL << 10},
	{"kib", 1LL << 10},
	{"m", 1LL << 20},
	{"mb", 1LL << 20},
	{"mib", 1LL << 20},
	{"g", 1LL << 30},
	{"gb", 1LL << 30},
	{"gib", 1LL << 30},
	{"t", 1LL << 40},
	{"tb", 1LL << 40},
	{"tib", 1LL << 40},
	{NULL, 0},
};

int parse_size(struct str s, int64_t *ret_bytes, struct err *err)
{
	const struct unit *unit;
	struct str rest = s;
	struct amount amount;
	bool has_rest = false;
	int64_t bytes = 0;

	if (is_negative_amount(s)) {
		return err_set(err, ERR_INPUT, "size '%s': must not be negative; " SIZE_EXAMPLES,
			utf8_quote(s).text);
	}
	if (!begins_as_amount(s) || !take_amount(&rest, &amount) || rest.len > 0) {
		return err_set(err, ERR_INPUT, "size '%s': not a size; " SIZE_EXAMPLES,
			utf8_quote(s).text);
	}
	unit = unit_find(size_units, amount.unit, true);
	if (!unit) {
		return err_set(err, ERR_INPUT, "size '%s': unknown unit '%s'; use k, M, G or T",
			utf8_quote(s).text, utf8_quote(amount.unit).text);
	}
	if (amount_value(&amount, unit->worth, INT64_MAX, &bytes, &has_rest) < 0) {
		return err_set(err, ERR_INPUT, "size '%s': too large", utf8_quote(s).text);
	}
	if (has_rest && unit->worth == 1) {
		return err_set(err, ERR_INPUT, "size '%s': not a whole number of bytes",
			utf8_quote(s).text);
	}
	*ret_bytes = bytes;
	return 0;
}
