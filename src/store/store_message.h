/*
 * What the message of a delivery tells of, as it stands in the store.
 *
 * Called inside a transaction; 0, or -1 with *err set.  Texts are copied into the arena.
 */
#ifndef STORE_STORE_MESSAGE_H
#define STORE_STORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/severity.h"
#include "store/store.h"

/* An alert as it was at one of its events. */
struct message_event {
	int64_t alert_id;
	const char *fingerprint, *title, *source;
	const char *runbook;  /* NULL: none */
	const char *acked_by; /* NULL: nobody */
	int64_t started_ms;
	int64_t resolved_ms; /* 0: open */
	int64_t events;      /* firing ones so far */
	int64_t time_ms;     /* the rest is of the event */
	bool is_resolved;
	enum severity severity;
	const char *message;
	const char *fields, *labels; /* JSON objects of strings */
};

/* ERR_NOT_FOUND: there is no such event. */
int message_event_get(struct store_tx *, int64_t event_id, struct arena *,
	struct message_event *ret_event, struct err *);

enum { MESSAGE_SOURCES_MAX = 10 };

/* What the deliveries that one carries tell of, together. */
struct message_summary {
	int64_t count;
	int64_t firing[SEVERITY_COUNT];
	int64_t resolved;
	int64_t from_ms, to_ms; /* of their events; 0: there are none */
	struct message_source {
		const char *name;
		int64_t count;
	} sources[MESSAGE_SOURCES_MAX]; /* the most frequent, descending */
	size_t sources_count;
	int64_t sources_total; /* different ones */
};

/* resolve: the purpose of those that tell of an end. */
int message_summary_get(struct store_tx *, int64_t carrier_id, int resolve, struct arena *,
	struct message_summary *ret_summary, struct err *);

#endif
