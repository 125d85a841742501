/*
 * Performance data, as Nagios plugins print it behind a "|":
 *
 *   'label'=value[unit];[warning];[critical];[minimum];[maximum] ...
 *
 * by the plugin development guidelines: labels with anything but plain letters stand in single
 * quotes ('' is a quote), "U" is a value that could not be measured, thresholds are ranges.  Values
 * in seconds and bytes are scaled to the base unit, their thresholds and limits with them.
 *
 * Plugins are written by everybody, so one item that cannot be read costs only itself: it is
 * skipped and counted.
 */
#ifndef CHECK_PERFDATA_H
#define CHECK_PERFDATA_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "check/check_result.h"

enum { PERFDATA_ITEMS_MAX = 2000 };

struct perfdata_item {
	const char *label; /* unquoted, safe to print, unique in its list */
	enum check_unit unit;
	double value; /* NaN: "U" */
	struct threshold warning, critical;
	double min, max; /* NaN: not given */
};

struct perfdata {
	struct perfdata_item *items; /* in the arena, as all texts */
	size_t items_count, items_alloc;
	size_t skipped_count;     /* could not be read, have a label again, or are too many */
	struct str skipped_first; /* into the text that was read; empty if none was */
};

/* Append what `text` holds to *perfdata, which starts zeroed; line breaks separate as spaces do. */
void perfdata_read(struct str text, struct arena *, struct perfdata *perfdata);

#endif
