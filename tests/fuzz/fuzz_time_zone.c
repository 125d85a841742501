/*
 * Files of time zones.  Whatever is accepted has an answer for every instant: the stretches around
 * it follow each other without a hole, and what the clocks show leads back to it.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/time_zone_internal.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 8 };

static void look_at(const struct err *err)
{
	claim(err->code != ERR_NONE && err->msg[0] != '\0');
	claim(is_printable(str_of(err->msg)));
}

static void look_back(const struct time_zone *zone, int64_t unix_ms)
{
	int64_t first = 0;
	int64_t last = 0;
	const int64_t wall = time_zone_wall(zone, unix_ms);
	const enum time_zone_hits hits = time_zone_unix(zone, wall, &first, &last);

	if (wall == INT64_MIN || wall == INT64_MAX) {
		return; /* it was cut */
	}
	claim(hits != TIME_ZONE_NEVER);
	claim(first <= unix_ms && unix_ms <= last);
	claim((hits == TIME_ZONE_ONCE) == (first == last));
}

static void look_around(const struct time_zone *zone, int64_t unix_ms)
{
	for (int i = 0; i < STEPS; i++) {
		const struct time_zone_span span = time_zone_span(zone, unix_ms);

		claim(span.start_ms <= unix_ms);
		claim(unix_ms < span.end_ms || unix_ms == INT64_MAX);
		claim(time_zone_is_abbreviation(str_of(span.abbreviation)));
		look_back(zone, unix_ms);
		if (span.end_ms == INT64_MAX) {
			break;
		}
		claim(time_zone_span(zone, span.end_ms - 1).start_ms == span.start_ms);
		claim(time_zone_span(zone, span.end_ms).start_ms == span.end_ms);
		unix_ms = span.end_ms;
	}
}

static void try_file(struct str content)
{
	static const int64_t instants[] = {INT64_MIN, -5000000000000, 0, 1743296399999,
		4086547200000, INT64_MAX - 1, INT64_MAX};
	struct time_zone *zone = NULL;
	struct err err = {0};

	if (time_zone_parse(content, "fuzz", &zone, &err) < 0) {
		look_at(&err);
		return;
	}
	for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
		look_around(zone, instants[i]);
	}
	time_zone_free(zone);
}

static void try_rule(struct str text)
{
	struct time_zone_rule rule;
	struct time_zone *zone;
	struct err err = {0};

	if (time_zone_rule_parse(text, &rule, &err) < 0) {
		look_at(&err);
		return;
	}
	zone = time_zone_of_rule("fuzz", &rule);
	look_around(zone, 0);
	look_around(zone, 1743296399999);
	time_zone_free(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str text = str_n(size > 0 ? (const char *)data : "", size);

	try_file(text);
	try_rule(text);
	return 0;
}
