/*
 * Numbers as users write them: whole, decimal, durations, sizes.  What is accepted is in range and
 * can be written and read again; what is not has an error that can be printed.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/number.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_duration(struct str text)
{
	struct strbuf again = STRBUF_INIT;
	struct err err = {0};
	int64_t ms = -1;
	int64_t back = -1;

	if (parse_duration(text, &ms, &err) < 0) {
		claim(ms == -1);
		claim_refused(&err);
		return;
	}
	claim(ms >= 0 && ms <= PARSE_DURATION_MAX_MS);
	time_add_duration_exact(&again, ms);
	claim(parse_duration(strbuf_str(&again), &back, NULL) == 0 && back == ms);
	time_add_duration(&again, ms);
	strbuf_release(&again);
}

static void try_size(struct str text)
{
	struct err err = {0};
	int64_t bytes = -1;

	if (parse_size(text, &bytes, &err) < 0) {
		claim(bytes == -1);
		claim_refused(&err);
		return;
	}
	claim(bytes >= 0);
}

static void try_int(struct str text)
{
	struct strbuf again = STRBUF_INIT;
	struct err err = {0};
	int64_t value = 0;
	int64_t back = 0;

	if (parse_int(text, INT64_MIN, INT64_MAX, &value, &err) < 0) {
		claim_refused(&err);
		return;
	}
	strbuf_addf(&again, "%lld", (long long)value);
	claim(parse_int(strbuf_str(&again), value, value, &back, NULL) == 0 && back == value);
	strbuf_release(&again);
	if (value != INT64_MIN) {
		claim(parse_int(text, INT64_MIN, value - 1, &back, &err) < 0);
		claim_refused(&err);
	}
}

static void try_double(struct str text)
{
	struct strbuf again = STRBUF_INIT;
	struct err err = {0};
	double value = 0;
	double back = 0;

	if (parse_double(text, &value, &err) < 0) {
		claim_refused(&err);
		return;
	}
	number_add_double(&again, value);
	claim(parse_double(strbuf_str(&again), &back, NULL) == 0);
	claim(!(back < value) && !(back > value));
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
