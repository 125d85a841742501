/*
 * An alert as people are told of it: one event of one problem.
 *
 * All texts are valid UTF-8 without control characters other than newline and tab in `message` and
 * values (alert/alert_input.h sees to it); they still are from outside: a receiver's file escapes
 * what its receiver would obey.
 */
#ifndef NOTIFY_ALERT_H
#define NOTIFY_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pairs.h"
#include "base/severity.h"

struct alert {
	int64_t id; /* as `alert why ID` takes it; 0: not in the store */
	const char
		*fingerprint; /* FINGERPRINT_SIZE - 1 hex digits; the same for the same problem */
	int64_t episode_ms;   /* when this episode began: with the fingerprint it is unique */
	const char *title;
	const char *source;  /* what it is about: a host, a check, a program; never empty */
	const char *message; /* "" if there is none */
	enum severity severity;
	struct pairs fields; /* for people */
	struct pairs labels; /* for routing */
	const char *runbook; /* http(s) URL; NULL: none */
	bool is_resolved;
	int64_t time_ms;      /* of this event, wall clock */
	int64_t started_ms;   /* of the first firing event */
	int64_t resolved_ms;  /* 0: firing */
	const char *acked_by; /* NULL: not acknowledged */
	int64_t events;       /* firing ones so far */
	int64_t hidden;       /* of them, those since the last message that were not sent */
	int64_t hidden_since_ms;
};

#endif
