/*
 * Numbers as users write them: whole, decimal, durations, sizes.  What is accepted is in range and
 * can be written and read again; what is not has an error that can be printed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition) {
		abort();
	}
}

static void look_at(const struct err *err)
{
	struct str text = str_of(err->msg);
	uint32_t c = 0;

	must(err->code == ERR_INPUT && text.len > 0);
	while (text.len > 0) {
		size_t len = utf8_decode(text, &c);

		must(len > 0 && !utf8_is_unsafe(c));
		text = str_sub(text, len, text.len);
	}
}

static void try_duration(struct str text)
{
	struct strbuf again = STRBUF_INIT;
	struct err err = {0};
	int64_t ms = -1;
	int64_t back = -1;

	if (parse_duration(text, &ms, &err) < 0) {
		must(ms == -1);
		look_at(&err);
		return;
	}
	must(ms >= 0 && ms <= PARSE_DURATION_MAX_MS);
	time_add_duration_exact(&again, ms);
	must(parse_duration(strbuf_str(&again), &back, NULL) == 0 && back == ms);
	time_add_duration(&again, ms);
	strbuf_release(&again);
}

static void try_size(struct str text)
{
	struct err err = {0};
	int64_t bytes = -1;

	if (parse_size(text, &bytes, &err) < 0) {
		must(bytes == -1);
		look_at(&err);
		return;
	}
	must(bytes >= 0);
}

static void try_int(struct str text)
{
	struct strbuf again = STRBUF_INIT;
	struct err err = {0};
	int64_t value = 0;
	int64_t back = 0;

	if (parse_int(text, INT64_MIN, INT64_MAX, &value, &err) < 0) {
		look_at(&err);
		return;
	}
	strbuf_addf(&again, "%lld", (long long)value);
	must(parse_int(strbuf_str(&again), value, value, &back, NULL) == 0 && back == value);
	strbuf_release(&again);
	if (value != INT64_MIN) {
		must(parse_int(text, INT64_MIN, value - 1, &back, &err) < 0);
		look_at(&err);
	}
}

static void try_double(struct str text)
{
	struct strbuf again = STRBUF_INIT;
	struct err err = {0};
	double value = 0;
	double back = 0;

	if (parse_double(text, &value, &err) < 0) {
		look_at(&err);
		return;
	}
	number_add_double(&again, value);
	must(parse_double(strbuf_str(&again), &back, NULL) == 0);
	must(!(back < value) && !(back > value));
	strbuf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size);

	try_duration(text);
	try_size(text);
	try_int(text);
	try_double(text);
	return 0;
}
