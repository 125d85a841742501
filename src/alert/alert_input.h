/*
 * An event as somebody hands it in: the command line, a JSON line, a check, a webhook.
 */
#ifndef ALERT_ALERT_INPUT_H
#define ALERT_ALERT_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pairs.h"
#include "base/severity.h"
#include "base/str.h"

enum {
	ALERT_TITLE_MAX = 1024, /* all of them in bytes */
	ALERT_SOURCE_MAX = 256,
	ALERT_MESSAGE_MAX = 64 * 1024,
	ALERT_PAIRS_MAX = 64,
	ALERT_NAME_MAX = 128, /* of a label or field */
	ALERT_VALUE_MAX = 8 * 1024,
	ALERT_KEY_MAX = 255, /* dedup key */
	ALERT_URL_MAX = 2048,
};

/* Zero is a firing info alert with nothing in it. */
struct alert_input {
	struct str title, source, message, dedup_key, runbook;
	enum severity severity;
	struct pairs fields, labels;
	bool is_resolve;
	int64_t time_ms; /* 0: now */
};

/*
 * Make it fit to be stored and sent, see alert_text_clean(): title, source, dedup key and names are
 * one line, message and values may have several.  In the arena, NUL-terminated; cleaning twice
 * changes nothing.
 *
 * A title beyond its maximum is cut, and the message begins with all of it.  An empty title is made
 * of the message's first line, or else of the dedup key.  A dedup key beyond its maximum ends in a
 * hash of the whole, so that different ones stay different.  An empty source becomes "unknown":
 * who knows better says so before.
 *
 * ERR_INPUT: nothing to say at all, a label or field without a name, too many of them, a runbook
 * that is no http(s) URL; *input is unchanged then.
 */
int alert_input_clean(struct alert_input *, struct arena *, struct err *);

/*
 * One JSON object: title, severity, source, message, fields, labels, dedup_key, runbook, resolved
 * (a boolean) or status ("firing", "resolved"), time (RFC 3339, or seconds since 1970).  Values of
 * labels and fields may be numbers and booleans too; null is the same as not there.  Not cleaned
 * yet, but for NULs, and for bytes that are not UTF-8, which become U+FFFD.
 *
 * ERR_INPUT names everything that is wrong, members that nobody knows too.
 */
int alert_input_parse_json(
	struct str text, struct arena *, struct alert_input *ret_input, struct err *);

#endif
