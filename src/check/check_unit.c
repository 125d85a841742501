/*
 * Numbers for people.  See check_unit.h.
 */
#include "check/check_unit.h"

#include <math.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/strbuf.h"

static void add_seconds(double seconds, struct strbuf *out)
{
	double size = fabs(seconds);

	if (size != 0 && size < 0.001) {
		strbuf_addf(out, "%.0f us", seconds * 1e6);
	} else if (size < 0.9995) { /* what would not be rounded to 1e+03 ms */
		strbuf_addf(out, "%.3g ms", seconds * 1000);
	} else if (size < 3600) {
		strbuf_addf(out, "%.4g s", seconds);
	} else if (size < 2.0 * 86400) {
		strbuf_addf(out, "%.1f h", seconds / 3600);
	} else {
		strbuf_addf(out, "%.0f days", floor(seconds / 86400));
	}
}

static void add_bytes(double bytes, struct strbuf *out)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t i = 0;

	while (fabs(bytes) >= 1024 && i + 1 < ARRAY_LEN(units)) {
		bytes /= 1024;
		i++;
	}
	strbuf_addf(out, i == 0 ? "%.0f %s" : "%.1f %s", bytes, units[i]);
}

/* Counts are shown in full for as long as doubles count. */
static bool is_large_count(double number)
{
	return fabs(number) >= 1e10 && fabs(number) < 1e15;
}

void check_number_add_text(double number, enum check_unit unit, struct strbuf *out)
{
	switch (unit) {
	case UNIT_SECONDS:
		add_seconds(number, out);
		break;
	case UNIT_BYTES:
		add_bytes(number, out);
		break;
	case UNIT_PERCENT:
		strbuf_addf(out, "%.1f %%", number);
		break;
	case UNIT_DAYS:
		strbuf_addf(out, "%.0f days", trunc(number) + 0.0); /* whole days, no "-0" */
		break;
	case UNIT_BOOL:
		strbuf_adds(out, number != 0 ? "yes" : "no");
		break;
	case UNIT_NONE:
	case UNIT_COUNTER:
	case UNIT_TEXT:
	case UNIT_MAX:
		strbuf_addf(out, is_large_count(number) ? "%.0f" : "%.10g", number);
		break;
	}
}
