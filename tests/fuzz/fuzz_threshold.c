/*
 * Any text is a threshold or an error that says why.  A threshold judges every number, can be
 * shown, and written as a Nagios range means the same.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "check/threshold.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Some way off the bound: ranges have no ">=", and so many decimals and no more. */
static double beside(double bound, double direction)
{
	double step = fabs(bound) * 0.01;

	return bound + direction * (step > 1 ? step : 1);
}

static void check_nagios(const struct threshold *t)
{
	const double values[] = {beside(t->low, -1), beside(t->low, 1), beside(t->high, -1),
		beside(t->high, 1), t->low / 2 + t->high / 2};
	struct strbuf text = STRBUF_INIT;
	struct threshold again = {0};

	threshold_add_nagios(t, &text);
	if (!strchr(text.buf, ':') && text.buf[0] != '@') {
		/* Nagios' "10" is 0 to 10; ours has no lower end. */
		strbuf_clear(&text);
		strbuf_adds(&text, "0:");
		threshold_add_nagios(t, &text);
	}
	claim(threshold_parse(strbuf_str(&text), &again, NULL) == 0);
	claim(again.unit == THRESHOLD_PLAIN);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		double value = values[i];

		if (fabs(value - t->low) >= 0.5 && fabs(value - t->high) >= 0.5) {
			claim(threshold_is_bad(t, value) == threshold_is_bad(&again, value));
		}
	}
	strbuf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct threshold t = {.low = 42};
	struct strbuf shown = STRBUF_INIT;
	struct err err = {0};

	if (threshold_parse(str_n((const char *)data, size), &t, &err) < 0) {
		claim(err.code == ERR_INPUT && err.msg[0] != '\0' && t.low == 42);
		return 0;
	}
	if (!t.is_set) {
		claim(!threshold_is_bad(&t, 1e300) && !threshold_is_bad(&t, NAN));
		return 0;
	}
	claim(t.low <= t.high && threshold_is_bad(&t, NAN));
	for (int unit = 0; unit < UNIT_MAX; unit++) {
		strbuf_clear(&shown);
		threshold_add_text(&t, (enum check_unit)unit, &shown);
		claim(shown.len > 0);
	}
	strbuf_release(&shown);
	check_nagios(&t);
	return 0;
}
