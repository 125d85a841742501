/*
 * What one message to one receiver has to say.
 */
#ifndef NOTIFY_NOTIFICATION_H
#define NOTIFY_NOTIFICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notify/alert.h"

/* The numbers are stored. */
enum notification_purpose {
	NOTIFICATION_TRIGGER,     /* alerts fire (one, or a group) */
	NOTIFICATION_RESOLVE,     /* alerts are over */
	NOTIFICATION_ACKNOWLEDGE, /* somebody has taken one on */
	NOTIFICATION_REMINDER,    /* still firing, after the route's repeat interval */
	NOTIFICATION_RESEND,      /* the same again for receivers that forget: NOTIFIER_FORGETS */
	NOTIFICATION_SUMMARY,     /* of a storm */
	NOTIFICATION_DIGEST,
	NOTIFICATION_NOTICE, /* sre-toolkit about itself: a receiver is dead, a delivery failed */
	NOTIFICATION_TEST,   /* harmless */
	NOTIFICATION_PURPOSES,
};

enum { SUMMARY_SOURCES_MAX = 10 };

struct notify_count {
	const char *name;
	int64_t count;
};

/* Stands for messages that were not sent one by one. */
struct notify_summary {
	int64_t count; /* of the messages */
	int64_t firing[SEVERITY_COUNT];
	int64_t resolved;
	int64_t from_ms, to_ms;                           /* of their events */
	struct notify_count sources[SUMMARY_SOURCES_MAX]; /* the most affected, descending */
	size_t sources_count;
	int64_t sources_total; /* different ones */
};

/* One list of the digest: how many there were, and the first of them. */
struct notify_digest_list {
	int64_t total;
	struct alert *alerts;
	size_t alerts_count, alerts_alloc;
};

struct notify_digest {
	int64_t from_ms, to_ms;
	struct notify_digest_list open; /* now */
	struct notify_digest_list fired, resolved;
	int64_t suppressed, silenced, inhibited; /* events */
	struct notify_count *failed; /* receivers with deliveries that are dead, and how many */
	size_t failed_count, failed_alloc;
	struct pair *dead; /* receivers that are dead now, and why */
	size_t dead_count, dead_alloc;
	const char **silences; /* that end within the next day, for people */
	size_t silences_count, silences_alloc;
};

struct notification {
	const char *key; /* the same on every attempt: Message-ID, webhook-id */
	enum notification_purpose purpose;
	enum severity severity; /* the worst of what it tells */
	const struct alert *const
		*alerts; /* of the first five purposes, and of TEST; at least one */
	size_t alerts_count;
	int64_t alerts_total; /* of the group, those left out included; see notification_total() */
	const struct notify_summary *summary; /* of SUMMARY */
	const struct notify_digest *digest;   /* of DIGEST */
	const char *title, *text;             /* of NOTICE */
	const char *group;     /* what the alerts have in common: "source=db-01"; NULL: alone */
	const char *first_key; /* key of the first message of this alert to this receiver; NULL */
	/* Of a single alert: 1 << severity for each severity as which this receiver was, or may
	 * have been, told of it by earlier messages that fired; 0: none, or with first_key: not
	 * known. */
	unsigned told;
	int64_t time_ms;    /* now */
	int attempt;        /* 1 for the first */
	bool may_be_repeat; /* an earlier attempt may have arrived */
};

const char *notification_purpose_name(enum notification_purpose); /* "trigger" */

/* How many alerts it is about: alerts_total, or those that it has if that is less (0: not set). */
int64_t notification_total(const struct notification *);

#endif
