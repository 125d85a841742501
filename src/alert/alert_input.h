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
	ALERT_TITLE_MAX = 1024, /* bytes; what is longer is cut, and the message has it whole */
	ALERT_SOURCE_MAX = 256,
	ALERT_MESSAGE_MAX = 64 * 1024,
	ALERT_PAIRS_MAX = 64,
	ALERT_NAME_MAX = 128, /* of a label or field */
	ALERT_VALUE_MAX = 8 * 1024,
	ALERT_KEY_MAX = 255, /* dedup key */
	FINGERPRINT_SIZE = 41,
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
 * Make it fit to be stored and sent: invalid UTF-8 becomes U+FFFD, NULs, control characters and
 * bidirectional overrides go, texts beyond their maximum are cut between characters, an empty title
 * is made of the message and an empty message stays.  In the arena.  ERR_INPUT: nothing to say at
 * all, a label or field without a name, too many of them, a runbook that is no http(s) URL.
 */
int alert_input_clean(struct alert_input *, struct arena *, struct err *);

/* The same for the same problem, whatever its severity and message: over the dedup key if there is
 * one, else source and title.  Deterministic, for ever. */
void alert_fingerprint(const struct alert_input *, char ret_hex[FINGERPRINT_SIZE]);

/* One JSON object: title, severity, source, message, fields, labels, dedup_key, runbook, resolved
 * or status ("firing", "resolved"), time.  Unknown members are errors, with their names. */
int alert_input_parse_json(
	struct str text, struct arena *, struct alert_input *ret_input, struct err *);

#endif
