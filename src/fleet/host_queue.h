/*
 * Work on many hosts: so many at a time, in the order of the selection, none waiting for another.
 *
 * What is done on a host is its owner's business (fan_out.h runs a command, copy_run.h copies);
 * here stand the order, how many are under way, the canary, the deadline, and stopping.  Each host
 * ends once: what has begun ends by host_queue_end(), all others by `not_started`.  A host that
 * hangs takes one place; one that waits for its turn costs nothing.
 *
 * Everything comes from the loop, never before the call that asked for it has returned.
 */
#ifndef FLEET_HOST_QUEUE_H
#define FLEET_HOST_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "fleet/outcome.h"
#include "loop/loop.h"

enum { HOST_QUEUE_WORKERS = 20 };

struct host_queue;

/* A host of a run.  Strings are borrowed. */
struct fleet_host {
	const char *name;     /* as selected: what is shown */
	const char *host;     /* what ssh_config knows it by; NULL: the name */
	const char *address;  /* NULL: what the name means */
	const char *username; /* NULL: as configured */
	uint16_t port;        /* 0: as configured */
};

/* Everything is borrowed until it is freed. */
struct host_queue_spec {
	const struct fleet_host *hosts;
	size_t hosts_count;
	int workers; /* 0: HOST_QUEUE_WORKERS */
	/* The first host goes alone until it has proven that one is let in: host_queue_prove(), or
	 * a proof at its end.  If logging in or sudo is refused there, no other is begun
	 * (CAUSE_STOPPED): a wrong password must not lock an account everywhere.  A host that
	 * proves nothing, as it cannot be reached, is followed by the next, alone again. */
	bool has_canary;
	int64_t deadline_ms; /* of all, on the loop's clock (loop_now_ms()); 0: none */
};

/* A host that is under way: the first member of what its owner keeps of it. */
struct host_queue_item {
	struct host_queue *queue;
	struct host_queue_item *next, *previous; /* in the order of the selection */
	size_t host;
	int64_t begun_ms;
};

/* What an owner does; `arg` is its own.  All MUST be there. */
struct host_queue_work {
	size_t item_size; /* of what it keeps of a host that is under way; zeroed but for the item
			   */
	void (*begin)(void *arg, struct host_queue_item *);
	/* Come to an end soon, because of `cause`.  Not called for one that has ended. */
	void (*stop)(struct host_queue_item *, enum outcome_cause cause);
	void (*release)(struct host_queue_item *); /* what is in it; nothing is called any more */
	void (*add_phase)(const struct host_queue_item *, struct strbuf *out);
	/* It never was its turn; the outcome is valid inside. */
	void (*not_started)(void *arg, size_t host, const struct outcome *);
	void (*finished)(void *arg); /* once, after all of them */
};

/* New; free with host_queue_free(), in any of the callbacks too. */
struct host_queue *host_queue_start(
	struct loop *, const struct host_queue_spec *, const struct host_queue_work *, void *arg);

/*
 * Nothing new is begun, what waits is "not started" because of `cause` (CAUSE_INTERRUPTED,
 * CAUSE_DEADLINE, CAUSE_STOPPED), what is under way is stopped for it.  A second time changes
 * nothing.
 */
void host_queue_stop(struct host_queue *, enum outcome_cause cause);
enum outcome_cause host_queue_stopped(const struct host_queue *); /* CAUSE_NONE: it was not */

/* Releases all that is under way, at once; nothing else is called any more. */
void host_queue_free(struct host_queue **);

/* A host has shown that one is let in: the others may begin. */
void host_queue_prove(struct host_queue *);

/* This host has ended: the item is released and freed.  `is_proof`: it has shown that one is let
 * in. */
void host_queue_end(struct host_queue_item *, const struct outcome *, bool is_proof);

/* Those that are under way; follow `next`. */
struct host_queue_item *host_queue_first(const struct host_queue *);

struct host_queue_counts {
	size_t total, waiting, under_way, ended;
};
struct host_queue_counts host_queue_counts(const struct host_queue *);

/* Why it takes so long: the hosts that are under way, longest first, with what each waits for:
 * "web-07: waiting for the greeting of web-07:22 (9 s)", a line each, at most `max`. */
void host_queue_add_phases(const struct host_queue *, size_t max, struct strbuf *out);

#endif
