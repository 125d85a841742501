/*
 * Taking in an event: which alert it belongs to, who is told, who is not and why; all of it
 * decided and written in one transaction.
 *
 * Deciding reads nothing but the transaction, the settings and the given time, so that the same
 * code replays the past for `alert simulate`.
 */
#ifndef ALERT_ACCEPT_H
#define ALERT_ACCEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/alert_input.h"
#include "alert/alert_settings.h"
#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

/* What became of an event for one receiver.  The numbers are stored. */
enum verdict {
	VERDICT_SENT,         /* a delivery is in the outbox */
	VERDICT_GROUPED,      /* the same, and it waits for others of its group */
	VERDICT_SUPPRESSED,   /* told already, within the suppression window */
	VERDICT_SILENCED,     /* held until the silence ends, sent then if still firing */
	VERDICT_INHIBITED,    /* held while another alert is open */
	VERDICT_ACKNOWLEDGED, /* somebody is on it */
	VERDICT_NOT_TOLD,     /* a resolve for a receiver that never heard of the problem */
	VERDICT_UNROUTED,     /* no route took it, and there is no fallback */
	VERDICT_CANCELLED,    /* held back and over before it could be sent */
	VERDICTS,
};

struct decision {
	const char *receiver;
	enum verdict verdict;
	const char *route;   /* "routes[2]", "default", "fallback" */
	const char *reason;  /* for people: "told 3 min ago, again from 03:25 on" */
	int64_t until_ms;    /* 0: none */
	int64_t delivery_id; /* 0: none */
};

struct accepted {
	int64_t alert_id; /* 0: a resolve of nothing that is open */
	int64_t event_id;
	bool is_new; /* a new episode */
	struct decision *decisions;
	size_t decisions_count, decisions_alloc;
};

/* Inside store_write().  The input must have been cleaned.  *ret_accepted is in the arena. */
int alert_accept(struct store_tx *, const struct alert_settings *, const struct alert_input *,
	int64_t now_ms, struct arena *, struct accepted *ret_accepted, struct err *);

/* What alert_accept() would decide, with nothing written: for --dry-run. */
int alert_preview(struct store_tx *, const struct alert_settings *, const struct alert_input *,
	int64_t now_ms, struct arena *, struct accepted *ret_accepted, struct err *);

/* By hand, of an open alert.  ERR_NOT_FOUND: there is none with this id; ERR_INPUT: it is over. */
struct alert_hand {
	int64_t alert_id;
	const char *author; /* who */
	const char *note;   /* "" */
};
int alert_acknowledge(struct store_tx *, const struct alert_settings *, const struct alert_hand *,
	int64_t now_ms, struct arena *, struct accepted *ret_accepted, struct err *);
int alert_resolve(struct store_tx *, const struct alert_settings *, const struct alert_hand *,
	int64_t now_ms, struct arena *, struct accepted *ret_accepted, struct err *);

const char *verdict_name(enum verdict); /* "suppressed" */

#endif
