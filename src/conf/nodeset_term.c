/*
 * One term of a node set expression: a name in which brackets stand for ranges.
 *
 * A term is read into literals and lists of ranges, and counted before the first name is spelled
 * out, so that "[1-999999][1-999999]" costs nothing but its error.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/login_name.h"
#include "conf/nodeset_internal.h"

bool scan_is_end(const struct scan *scan)
{
	return scan->pos == scan->text.len;
}

char scan_peek(const struct scan *scan)
{
	return scan_is_end(scan) ? '\0' : scan->text.ptr[scan->pos];
}

int scan_fail(struct scan *scan, size_t error_pos, int failure)
{
	scan->error_pos = error_pos;
	return failure;
}

/* What somebody who writes this probably looks for. */
static const char *char_hint(char c)
{
	switch (c) {
	case '*':
	case '?':
		return "; there are no wildcards, name a group or a range such as web-[01-20]";
	case '@':
		return "; a user stands once, in front of a server: root@web-01";
	case ']':
		return " outside of '[...]'";
	case '=':
		return "; variables of a host are read from Ansible INI inventories only";
	default:
		return "";
	}
}

int scan_fail_char(struct scan *scan, size_t pos)
{
	struct str rest = str_sub(scan->text, pos, scan->text.len);
	uint32_t c;
	size_t len = utf8_decode(rest, &c);

	return scan_fail(scan, pos,
		err_set(scan->err, ERR_INPUT, "a name cannot hold '%s'%s",
			utf8_quote(str_sub(rest, 0, len > 0 ? len : 1)).text,
			char_hint(rest.ptr[0])));
}

static bool is_name_char(char c)
{
	return char_is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ':';
}

void term_release(struct term *term)
{
	free(term->ranges);
	*term = (struct term){0};
}

static int fail_expected_range(struct scan *scan, size_t open_pos)
{
	char c = scan_peek(scan);

	if (scan_is_end(scan)) {
		return scan_fail(scan, open_pos,
			err_set(scan->err, ERR_INPUT, "'[' is never closed: expected ']'"));
	}
	if (char_is_space(c)) {
		return scan_fail(scan, scan->pos,
			err_set(scan->err, ERR_INPUT, "no space may stand inside '[...]'"));
	}
	if (c == ']' || c == ',') {
		return scan_fail(scan, scan->pos,
			err_set(scan->err, ERR_INPUT,
				"empty range: expected a number or a range such as 01-20"));
	}
	return scan_fail(scan, scan->pos,
		err_set(scan->err, ERR_INPUT,
			"expected a number, a range such as 01-20, or a letter"));
}

/* One side of a range: digits or a single letter. */
static int parse_bound(struct scan *scan, size_t open_pos, struct str *ret_bound)
{
	size_t start = scan->pos;

	while (char_is_digit(scan_peek(scan))) {
		scan->pos++;
	}
	if (scan->pos == start && char_is_alpha(scan_peek(scan))) {
		scan->pos++;
	}
	if (scan->pos == start) {
		return fail_expected_range(scan, open_pos);
	}
	*ret_bound = str_sub(scan->text, start, scan->pos - start);
	if (ret_bound->len > NODESET_DIGITS_MAX) {
		return scan_fail(scan, start,
			err_set(scan->err, ERR_INPUT, "number '%s' has more than %d digits",
				utf8_quote(*ret_bound).text, NODESET_DIGITS_MAX));
	}
	if (char_is_alnum(scan_peek(scan))) {
		return scan_fail(scan, start,
			err_set(scan->err, ERR_INPUT,
				"expected a number or a single letter before '%c'",
				scan_peek(scan)));
	}
	return 0;
}

static bool is_letter(struct str bound)
{
	return char_is_alpha(bound.ptr[0]);
}

/* At most NODESET_DIGITS_MAX digits always fit. */
static int64_t bound_value(struct str bound)
{
	int64_t value = 0;

	if (is_letter(bound)) {
		return bound.ptr[0];
	}
	if (parse_int(bound, 0, INT64_MAX, &value, NULL) < 0) {
		assert(!"digits are a number");
	}
	return value;
}

static bool is_padded(struct str bound)
{
	return bound.len > 1 && bound.ptr[0] == '0';
}

/* "01-5" and "1-05" leave open which padding is meant. */
static bool is_width_clear(struct str start, struct str end)
{
	if (!is_padded(start) && !is_padded(end)) {
		return true;
	}
	return start.len == end.len || (end.len > start.len && !is_padded(end));
}

static bool is_same_alphabet(struct str start, struct str end)
{
	if (!is_letter(start) || !is_letter(end)) {
		return !is_letter(start) && !is_letter(end);
	}
	return (char_lower(start.ptr[0]) == start.ptr[0]) == (char_lower(end.ptr[0]) == end.ptr[0]);
}

static int parse_step(struct scan *scan, size_t open_pos, int64_t *ret_step)
{
	size_t start = ++scan->pos;
	struct str step = str_of("");

	if (!char_is_digit(scan_peek(scan)) && !scan_is_end(scan)) {
		return scan_fail(
			scan, start, err_set(scan->err, ERR_INPUT, "expected the step, a number"));
	}
	if (parse_bound(scan, open_pos, &step) < 0) {
		return -1;
	}
	*ret_step = bound_value(step);
	if (*ret_step == 0) {
		return scan_fail(scan, start,
			err_set(scan->err, ERR_INPUT, "the step of a range must be at least 1"));
	}
	return 0;
}

static int check_bounds(struct scan *scan, size_t pos, struct str start, struct str end)
{
	int failure = 0;

	if (!is_same_alphabet(start, end)) {
		failure = err_set(scan->err, ERR_INPUT,
			"range '%.*s-%.*s': expected two numbers or two letters of the same case",
			STR_ARG(start), STR_ARG(end));
	} else if (bound_value(end) < bound_value(start)) {
		failure = err_set(scan->err, ERR_INPUT,
			"range '%.*s-%.*s' is reversed: write %.*s-%.*s", STR_ARG(start),
			STR_ARG(end), STR_ARG(end), STR_ARG(start));
	} else if (!is_width_clear(start, end)) {
		failure = err_set(scan->err, ERR_INPUT,
			"range '%.*s-%.*s' is padded differently at its ends: write as many digits "
			"in both",
			STR_ARG(start), STR_ARG(end));
	}
	return failure < 0 ? scan_fail(scan, pos, failure) : 0;
}

/* "7", "01-20", "1-9/2", "a-f", and Ansible's "01:20", "1:9:2". */
static int parse_range(struct scan *scan, size_t open_pos, struct term_range *range)
{
	size_t start_pos = scan->pos;
	struct str start = str_of("");
	struct str end;

	range->step = 1;
	if (parse_bound(scan, open_pos, &start) < 0) {
		return -1;
	}
	end = start;
	if (scan_peek(scan) == '-' || scan_peek(scan) == ':') {
		char separator = scan->text.ptr[scan->pos++];

		if (scan_peek(scan) == ',' || scan_peek(scan) == ']') {
			return scan_fail(scan, scan->pos,
				err_set(scan->err, ERR_INPUT, "expected the end of the range"));
		}
		if (parse_bound(scan, open_pos, &end) < 0) {
			return -1;
		}
		if (check_bounds(scan, start_pos, start, end) < 0) {
			return -1;
		}
		if (scan_peek(scan) == '/' || (separator == ':' && scan_peek(scan) == ':')) {
			if (parse_step(scan, open_pos, &range->step) < 0) {
				return -1;
			}
		}
	}
	range->is_letter = is_letter(start);
	range->start = bound_value(start);
	range->end = bound_value(end);
	range->width = is_padded(start) ? (int)start.len : 0;
	return 0;
}

static int fail_too_many(struct scan *scan, size_t pos)
{
	return scan_fail(scan, pos,
		err_set(scan->err, ERR_LIMIT, "it stands for more than %d names", NODESET_MAX));
}

/* What stands in brackets, which *ret_count values come from. */
static int parse_brackets(
	struct scan *scan, struct term *term, struct term_piece *piece, int64_t *ret_count)
{
	size_t open_pos = scan->pos++;
	int64_t count = 0;

	piece->ranges_first = term->ranges_count;
	for (;;) {
		struct term_range *range = VEC_PUSH(term, ranges);

		if (parse_range(scan, open_pos, range) < 0) {
			return -1;
		}
		count += (range->end - range->start) / range->step + 1;
		if (count > NODESET_MAX) {
			return fail_too_many(scan, open_pos);
		}
		if (scan_peek(scan) != ',') {
			break;
		}
		scan->pos++;
	}
	if (scan_peek(scan) != ']') {
		if (scan_is_end(scan) || char_is_space(scan_peek(scan))) {
			return fail_expected_range(scan, open_pos);
		}
		return scan_fail(scan, scan->pos,
			err_set(scan->err, ERR_INPUT, "expected ',' or ']' after a range"));
	}
	scan->pos++;
	piece->ranges_count = term->ranges_count - piece->ranges_first;
	*ret_count = count;
	return 0;
}

/* "root@", of which the name has been read, with a name behind it. */
static bool is_behind_user(const struct scan *scan, enum term_kind kind, size_t start)
{
	struct str so_far = str_sub(scan->text, start, scan->pos - start);
	char next = scan->pos + 1 < scan->text.len ? scan->text.ptr[scan->pos + 1] : '\0';

	return kind == TERM_LOGINS && scan->pos > start && scan_peek(scan) == '@' &&
	       str_find(so_far, '@', 0) == so_far.len && (is_name_char(next) || next == '[');
}

/* How many bytes "[2001:db8::1]" has, which is an address where a server's name begins; 0: it is
 * none. */
static size_t address_len(const struct scan *scan, enum term_kind kind, size_t start)
{
	struct str rest = str_sub(scan->text, scan->pos, scan->text.len);
	bool is_begin = scan->pos == start || scan->text.ptr[scan->pos - 1] == '@';
	size_t len;

	return kind == TERM_LOGINS && is_begin && login_name_has_address(rest, &len) ? len : 0;
}

static struct str parse_literal(struct scan *scan)
{
	size_t start = scan->pos;

	while (!scan_is_end(scan) && is_name_char(scan_peek(scan))) {
		scan->pos++;
	}
	return str_sub(scan->text, start, scan->pos - start);
}

static int digits_of(int64_t value)
{
	int digits = 1;

	while (value >= 10) {
		value /= 10;
		digits++;
	}
	return digits;
}

static size_t piece_max_len(const struct term *term, const struct term_piece *piece)
{
	int len = 0;

	for (size_t i = 0; i < piece->ranges_count; i++) {
		const struct term_range *range = &term->ranges[piece->ranges_first + i];
		int digits = range->is_letter ? 1 : digits_of(range->end);

		digits = digits < range->width ? range->width : digits;
		len = len < digits ? digits : len;
	}
	return piece->literal.len + (size_t)len;
}

static int check_term_name(struct scan *scan, const struct term *term, size_t start)
{
	size_t len = 0;
	char first = scan->text.ptr[start];
	bool is_url = str_starts(str_sub(scan->text, scan->pos, scan->text.len), "//");

	if (first == '-') {
		return scan_fail(scan, start,
			err_set(scan->err, ERR_INPUT,
				"a name must not begin with '-' (an exclusion begins with '!')"));
	}
	if (first == '.') {
		return scan_fail(scan, start,
			err_set(scan->err, ERR_INPUT, "a name must not begin with '.'"));
	}
	if (scan->text.ptr[scan->pos - 1] == ':') {
		return scan_fail(scan, scan->pos - 1,
			err_set(scan->err, ERR_INPUT, "a name must not end with ':'%s",
				is_url ? "; a server is no URL, write [USER@]HOST[:PORT]" : ""));
	}
	for (size_t i = 0; i < term->pieces_count; i++) {
		len += piece_max_len(term, &term->pieces[i]);
	}
	if (len > NODESET_NAME_MAX) {
		return scan_fail(scan, start,
			err_set(scan->err, ERR_INPUT, "a name must not be longer than %d bytes",
				NODESET_NAME_MAX));
	}
	return 0;
}

static int parse_piece(struct scan *scan, size_t literal_len, struct term *term, size_t *dimensions)
{
	struct term_piece *piece;
	int64_t count;

	if (literal_len == 0 && scan_peek(scan) == '[' && ++*dimensions > NODESET_DIMENSIONS_MAX) {
		return scan_fail(scan, scan->pos,
			err_set(scan->err, ERR_LIMIT, "a name may have at most %d '[...]'",
				NODESET_DIMENSIONS_MAX));
	}
	assert(term->pieces_count < TERM_PIECES_MAX);
	piece = &term->pieces[term->pieces_count++];
	*piece = (struct term_piece){.literal = str_of("")};
	if (literal_len > 0) {
		piece->literal = str_sub(scan->text, scan->pos, literal_len);
		scan->pos += literal_len;
		return 0;
	}
	if (scan_peek(scan) != '[') {
		piece->literal = parse_literal(scan);
		return 0;
	}
	if (parse_brackets(scan, term, piece, &count) < 0) {
		return -1;
	}
	term->names_count *= count;
	return 0;
}

static int fail_no_name(struct scan *scan)
{
	char c = scan_peek(scan);

	if (scan_is_end(scan)) {
		return scan_fail(scan, scan->pos,
			err_set(scan->err, ERR_INPUT, "expected a name at the end"));
	}
	if (c == ',' || c == '!' || c == '&' || char_is_space(c)) {
		return scan_fail(scan, scan->pos,
			err_set(scan->err, ERR_INPUT, "expected a name before '%s'",
				utf8_quote(str_n(&c, 1)).text));
	}
	return scan_fail_char(scan, scan->pos);
}

static bool is_piece(const struct scan *scan)
{
	return scan_peek(scan) == '[' || (!scan_is_end(scan) && is_name_char(scan_peek(scan)));
}

int term_parse(struct scan *scan, enum term_kind kind, struct term *term)
{
	size_t start = scan->pos;
	size_t dimensions = 0;

	term->pieces_count = 0;
	term->ranges_count = 0;
	term->names_count = 1;
	while (is_piece(scan) || is_behind_user(scan, kind, start)) {
		size_t literal_len = scan_peek(scan) == '@' ? 1 : address_len(scan, kind, start);

		if (parse_piece(scan, literal_len, term, &dimensions) < 0) {
			return -1;
		}
		if (term->names_count > NODESET_MAX) {
			return fail_too_many(scan, start);
		}
	}
	if (term->pieces_count == 0) {
		return fail_no_name(scan);
	}
	return check_term_name(scan, term, start);
}

/* The name in work and who gets it. */
struct speller {
	const struct term *term;
	term_name_fn *fn;
	void *arg;
	char name[NODESET_NAME_MAX + 1];
};

/* check_term_name() has seen to it that there is room. */
static size_t spell_value(const struct term_range *range, int64_t value, char *out)
{
	int digits;

	if (range->is_letter) {
		*out = (char)value;
		return 1;
	}
	digits = digits_of(value);
	digits = digits < range->width ? range->width : digits;
	for (int i = digits; i-- > 0; value /= 10) {
		out[i] = (char)('0' + value % 10);
	}
	return (size_t)digits;
}

/* Spell the pieces from `index` on behind the first `len` bytes; at most TERM_PIECES_MAX deep. */
static int spell(struct speller *speller, size_t index, size_t len)
{
	const struct term *term = speller->term;
	const struct term_piece *piece;

	if (index == term->pieces_count) {
		return speller->fn(speller->arg, str_n(speller->name, len));
	}
	piece = &term->pieces[index];
	if (piece->ranges_count == 0) {
		memcpy(speller->name + len, piece->literal.ptr, piece->literal.len);
		return spell(speller, index + 1, len + piece->literal.len);
	}
	for (size_t i = 0; i < piece->ranges_count; i++) {
		const struct term_range *range = &term->ranges[piece->ranges_first + i];

		for (int64_t v = range->start; v <= range->end; v += range->step) {
			size_t value_len = spell_value(range, v, speller->name + len);

			if (spell(speller, index + 1, len + value_len) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

int term_each(const struct term *term, term_name_fn *fn, void *arg)
{
	struct speller speller = {.term = term, .fn = fn, .arg = arg};

	return spell(&speller, 0, 0);
}
