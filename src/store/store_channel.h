/*
 * What all processes must know of a receiver: whether it lives, how long it is to be left alone,
 * what its bucket holds.
 *
 * Called inside a transaction; 0, or -1 with *err set.  Texts that are read are copied into the
 * arena.
 */
#ifndef STORE_STORE_CHANNEL_H
#define STORE_STORE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

struct channel {
	const char *receiver; /* its name */
	const char *settings; /* hash of the configuration that all this is true of */
	int64_t dead_ms;      /* since when it refuses for good; 0: alive */
	int dead_fault;       /* enum channel_fault */
	const char *dead_text;
	int64_t held_until_ms; /* it is left alone; of a dead one: until it is tried again.  0: no
				*/
	int64_t failures;      /* in a row */
	int64_t throttled;     /* times in a row that it asked us to wait */
	int64_t tokens_milli;  /* of its bucket, thousandths, as of tokens_ms */
	int64_t tokens_ms;
	int64_t delivered_ms; /* latest success; 0: none */
	int64_t storm_ms;     /* since when it gets summaries; 0: no storm */
	int64_t summary_ms;   /* latest summary; 0: none */
};

struct channel_list {
	struct channel *items;
	size_t items_count, items_alloc;
};

/* ERR_NOT_FOUND: nothing is known of it yet. */
int channel_get(struct store_tx *, const char *receiver, struct arena *,
	struct channel *ret_channel, struct err *);
int channel_set(struct store_tx *, const struct channel *, struct err *);

/* All that anything is known of, by name. */
int channel_all(struct store_tx *, struct arena *, struct channel_list *ret_list, struct err *);

#endif
