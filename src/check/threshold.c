/*
 * Reading thresholds and judging values by them.  See threshold.h.
 */
#include "check/threshold.h"

#include <math.h>

#include "base/number.h"
#include "base/parse.h"

/* A bound: a plain number, "N%", a duration (in seconds) or a size (in bytes). */
static int bound_parse(
	struct str text, double *ret_number, enum threshold_unit *ret_unit, struct err *err)
{
	int64_t scaled = 0;

	text = str_trim(text);
	if (str_ends(text, "%") &&
		parse_double(str_rtrim(str_n(text.ptr, text.len - 1)), ret_number, NULL) == 0) {
		*ret_unit = THRESHOLD_PERCENT;
		return 0;
	}
	if (parse_double(text, ret_number, NULL) == 0) {
		*ret_unit = THRESHOLD_PLAIN;
		return 0;
	}
	if (parse_duration(text, &scaled, NULL) == 0) {
		*ret_number = (double)scaled / 1000;
		*ret_unit = THRESHOLD_SECONDS;
		return 0;
	}
	if (parse_size(text, &scaled, NULL) == 0) {
		*ret_number = (double)scaled;
		*ret_unit = THRESHOLD_BYTES;
		return 0;
	}
	return err_set(err, ERR_INPUT,
		"'%.*s' is no number, duration or size (write 80, 80%%, 500ms, 10G)",
		STR_ARG(text));
}

static int comparison_parse(struct str text, struct threshold *t, struct err *err)
{
	bool is_above = text.ptr[0] == '>';
	bool is_equal_bad = text.len > 1 && text.ptr[1] == '=';
	double bound = 0;

	if (bound_parse(str_sub(text, is_equal_bad ? 2 : 1, text.len), &bound, &t->unit, err) < 0) {
		return -1;
	}
	if (is_above) {
		t->high = bound;
		t->is_high_bad = is_equal_bad;
	} else {
		t->low = bound;
		t->is_low_bad = is_equal_bad;
	}
	return 0;
}

/* "low:high" and "low..high", either end may be missing; "~" is minus infinity. */
static int range_parse(struct str low, struct str high, struct threshold *t, struct err *err)
{
	enum threshold_unit low_unit = THRESHOLD_PLAIN;
	enum threshold_unit high_unit = THRESHOLD_PLAIN;

	low = str_trim(low);
	high = str_trim(high);
	if ((low.len == 0 || str_is(low, "~")) && high.len == 0) {
		return err_set(err, ERR_INPUT,
			"a range needs at least one end (write 10:20, 10: or ~:20)");
	}
	if (low.len == 0) {
		t->low = 0; /* Nagios: ":20" is "0:20" */
	} else if (!str_is(low, "~") && bound_parse(low, &t->low, &low_unit, err) < 0) {
		return -1;
	}
	if (high.len > 0 && bound_parse(high, &t->high, &high_unit, err) < 0) {
		return -1;
	}
	if (low_unit != THRESHOLD_PLAIN && high_unit != THRESHOLD_PLAIN && low_unit != high_unit) {
		return err_set(err, ERR_INPUT, "the two ends of the range have different units");
	}
	t->unit = low_unit != THRESHOLD_PLAIN ? low_unit : high_unit;
	return 0;
}

static bool find_range(struct str text, struct str *ret_low, struct str *ret_high)
{
	const char *dots = memmem(text.ptr, text.len, "..", 2);
	size_t colon = str_find(text, ':', 0);

	if (dots) {
		size_t at = (size_t)(dots - text.ptr);

		*ret_low = str_sub(text, 0, at);
		*ret_high = str_sub(text, at + 2, text.len);
		return true;
	}
	if (colon < text.len) {
		*ret_low = str_sub(text, 0, colon);
		*ret_high = str_sub(text, colon + 1, text.len);
		return true;
	}
	return false;
}

int threshold_parse(struct str text, struct threshold *ret_threshold, struct err *err)
{
	struct threshold t = {.is_set = true, .low = -INFINITY, .high = INFINITY};
	struct str low = {0};
	struct str high = {0};
	int status;

	text = str_trim(text);
	if (str_is(text, "none")) {
		*ret_threshold = (struct threshold){0};
		return 0;
	}
	if (text.len == 0) {
		return err_set(err, ERR_INPUT,
			"an empty threshold (write 80, '> 80', '< 10', '10:20' or none)");
	}

	if (text.ptr[0] == '>' || text.ptr[0] == '<') {
		status = comparison_parse(text, &t, err);
	} else {
		if (text.ptr[0] == '@') {
			t.is_inside_bad = true;
			text = str_sub(text, 1, text.len);
		}
		if (find_range(text, &low, &high)) {
			status = range_parse(low, high, &t, err);
		} else {
			t.low = t.is_inside_bad ? 0 : -INFINITY; /* Nagios: "@20" is "@0:20" */
			status = bound_parse(text, &t.high, &t.unit, err);
		}
	}
	if (status < 0) {
		return -1;
	}
	if (t.low > t.high) {
		return err_set(err, ERR_INPUT,
			"the range begins above its end (write the smaller number first)");
	}
	*ret_threshold = t;
	return 0;
}

bool threshold_is_bad(const struct threshold *t, double value)
{
	bool is_outside;

	if (!t->is_set) {
		return false;
	}
	if (isnan(value)) {
		return true;
	}
	is_outside = value < t->low || value > t->high || (t->is_low_bad && value == t->low) ||
		     (t->is_high_bad && value == t->high);
	return t->is_inside_bad ? !is_outside : is_outside;
}

/* A bound that was written as a duration or a size is shown as one. */
static enum check_unit shown_unit(const struct threshold *t, enum check_unit unit)
{
	switch (t->unit) {
	case THRESHOLD_SECONDS:
		return UNIT_SECONDS;
	case THRESHOLD_BYTES:
		return UNIT_BYTES;
	case THRESHOLD_PLAIN:
	case THRESHOLD_PERCENT:
		break;
	}
	return unit;
}

void threshold_add_text(const struct threshold *t, enum check_unit unit, struct strbuf *out)
{
	bool has_low = !isinf(t->low);
	bool has_high = !isinf(t->high);

	unit = shown_unit(t, unit);
	if (has_low && has_high) {
		strbuf_adds(out, t->is_inside_bad ? "inside " : "outside ");
		check_number_add_text(t->low, unit, out);
		strbuf_adds(out, " to ");
		check_number_add_text(t->high, unit, out);
	} else if (has_high) {
		bool is_above_bad = !t->is_inside_bad;

		strbuf_adds(out, is_above_bad && !t->is_high_bad ? "above " : "");
		check_number_add_text(t->high, unit, out);
		strbuf_adds(out, is_above_bad ? (t->is_high_bad ? " or more" : "") : " or less");
	} else {
		bool is_below_bad = !t->is_inside_bad;

		strbuf_adds(out, is_below_bad && !t->is_low_bad ? "below " : "");
		check_number_add_text(t->low, unit, out);
		strbuf_adds(out, is_below_bad ? (t->is_low_bad ? " or less" : "") : " or more");
	}
}

void threshold_add_nagios(const struct threshold *t, struct strbuf *out)
{
	if (!t->is_set) {
		return;
	}
	if (t->is_inside_bad) {
		strbuf_addc(out, '@');
	}
	if (isinf(t->low)) {
		strbuf_adds(out, "~:");
	} else if (t->low != 0 || isinf(t->high)) {
		number_add_plain(out, t->low);
		strbuf_addc(out, ':');
	}
	if (!isinf(t->high)) {
		number_add_plain(out, t->high);
	}
}

static int option_threshold_parse(const struct option_row *row,
	const struct option_context *context, struct str text, void *field, struct err *err)
{
	(void)row;
	(void)context;
	return threshold_parse(text, field, err);
}

static void option_threshold_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": [\"number\", \"string\"]");
}

const struct option_type option_threshold = {
	.name = "threshold",
	.placeholder = "THRESHOLD",
	.size = sizeof(struct threshold),
	.parse = option_threshold_parse,
	.schema = option_threshold_schema,
	.syntax = "80 or > 80: bad above 80; >= 80: bad from 80 on; < 10 and <= 10: the same "
		  "below; 10..20 or 10:20: bad outside; @10:20: bad inside; none: no threshold; "
		  "numbers may have %, or the unit of a duration or of a size",
};
