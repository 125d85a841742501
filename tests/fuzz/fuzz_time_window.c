/*
 * Times of the week.  Whatever is accepted holds at some time, changes when it says and not before,
 * and is the same when its times are written anew.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "base/time_window.h"
#include "base/time_zone_internal.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 6 };

/* A zone whose clocks change, that needs no file. */
static struct time_zone *open_zone(void)
{
	struct time_zone_rule rule;

	claim(time_zone_rule_parse(str_of("CET-1CEST,M3.5.0,M10.5.0/3"), &rule, NULL) == 0);
	return time_zone_of_rule("fuzz", &rule);
}

static void step(const struct time_window *window, const struct time_zone *zone, int64_t now_ms)
{
	for (int i = 0; i < STEPS; i++) {
		const bool holds = time_windows_hold(&window, 1, zone, now_ms);
		const int64_t change_ms = time_windows_change(&window, 1, zone, now_ms);

		claim(change_ms > now_ms);
		if (change_ms == INT64_MAX) {
			claim(holds && time_windows_are_always(&window, 1));
			return;
		}
		claim(time_windows_hold(&window, 1, zone, change_ms) != holds);
		claim(time_windows_hold(&window, 1, zone, change_ms - 1) == holds);
		claim(time_windows_hold(&window, 1, zone, now_ms + (change_ms - now_ms) / 2) ==
			holds);
		now_ms = change_ms;
	}
}

static void try_window(struct str text, struct arena *arena)
{
	struct time_window *window = NULL;
	struct time_window *again = NULL;
	struct strbuf times = STRBUF_INIT;
	struct time_zone *zone;
	struct err err = {0};

	if (time_window_parse(text, arena, &window, &err) < 0) {
		claim_refused(&err);
		return;
	}
	time_window_add_times(window, &times);
	claim(times.len > 0);
	strbuf_release(&times);
	claim(time_window_parse(str_of(time_window_text(window)), arena, &again, NULL) == 0);

	zone = open_zone();
	step(window, zone, 1743296400000 - CALENDAR_DAY_MS);
	step(window, zone, 1761440400000 - CALENDAR_HOUR_MS - 1);
	step(window, zone, -1);
	time_zone_free(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();

	try_window(str_n(size > 0 ? (const char *)data : "", size), arena);
	arena_free(arena);
	return 0;
}
