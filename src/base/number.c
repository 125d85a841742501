/*
 * Numbers as text; doubles there and back without loss.  See number.h.
 */
#include "base/number.h"

#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"

enum {
	PLAIN_DECIMALS = 9,
	DIGITS_SURE = 15, /* a text of so many digits survives the way through a double */
	DIGITS_MAX = 17,  /* a double survives the way through a text of so many digits */
};

static bool reads_back(const char *text, double value, locale_t c_locale)
{
	/* Bits do not matter: -0 and 0 differ in the text anyway. */
	return !(strtod_l(text, NULL, c_locale) < value) &&
	       !(strtod_l(text, NULL, c_locale) > value);
}

static void add_finite(struct strbuf *sb, double value)
{
	/* The C locale is static in the C library: nothing is allocated, nothing can fail. */
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", NULL);
	locale_t before = uselocale(c_locale);
	/* Subnormal numbers have fewer digits to keep, so the shortest text may be anything. */
	int digits = fpclassify(value) == FP_SUBNORMAL ? 1 : DIGITS_SURE;
	char text[32];

	do {
		(void)snprintf(text, sizeof(text), "%.*g", digits, value);
	} while (!reads_back(text, value, c_locale) && ++digits <= DIGITS_MAX);
	(void)uselocale(before);
	strbuf_adds(sb, text);
}

/* False: it was not finite, and is written. */
static bool is_finite_or_written(struct strbuf *sb, double value)
{
	if (isnan(value)) {
		strbuf_adds(sb, "nan");
	} else if (isinf(value)) {
		strbuf_adds(sb, value > 0 ? "inf" : "-inf");
	}
	return isfinite(value);
}

void number_add_double(struct strbuf *sb, double value)
{
	if (is_finite_or_written(sb, value)) {
		add_finite(sb, value);
	}
}

static void add_fixed(struct strbuf *sb, double value)
{
	locale_t c_locale = newlocale(LC_ALL_MASK, "C", NULL); /* as in add_finite() */
	locale_t before = uselocale(c_locale);

	strbuf_addf(sb, "%.*f", PLAIN_DECIMALS, value);
	(void)uselocale(before);
}

void number_add_plain(struct strbuf *sb, double value)
{
	size_t start = sb->len;
	size_t end;

	if (!is_finite_or_written(sb, value)) {
		return;
	}
	add_fixed(sb, value);
	end = sb->len;
	while (end > start && sb->buf[end - 1] == '0') {
		end--;
	}
	if (end > start && sb->buf[end - 1] == '.') {
		end--;
	}
	strbuf_truncate(sb, end);
	if (str_is(str_sub(strbuf_str(sb), start, sb->len), "-0")) {
		strbuf_remove(sb, start, 1);
	}
}

void number_add_bytes(struct strbuf *out, uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		strbuf_addf(out, "%" PRIu64 " B", bytes);
		return;
	}
	while (value >= 1024 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	strbuf_addf(out, "%.1f %s", value, units[unit]);
}
