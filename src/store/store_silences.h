/*
 * Silences: what is not to be told for a while.
 *
 * Every function returns 0, or -1 with *err set; texts that are read are in the arena.
 */
#ifndef STORE_STORE_SILENCES_H
#define STORE_STORE_SILENCES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

struct stored_silence {
	int64_t id;
	const char *matchers; /* JSON array of texts */
	int64_t starts_ms, ends_ms;
	const char *author, *reason;
	int64_t created_ms;
	int64_t expired_ms; /* ended by hand; 0: not */
};

struct stored_silences {
	struct stored_silence *items;
	size_t items_count, items_alloc;
};

/* Every column but the id and expired_ms. */
int store_silence_add(
	struct store_tx *, const struct stored_silence *, int64_t *ret_id, struct err *);

/* *ret_silence is NULL if there is none. */
int store_silence_get(struct store_tx *, int64_t id, struct arena *,
	struct stored_silence **ret_silence, struct err *);

/* Those that hold at now_ms, the one that ends last first. */
int store_silence_active(struct store_tx *, int64_t now_ms, struct arena *,
	struct stored_silences *ret_silences, struct err *);

/* Those that are not over at since_ms (0: all there ever were), by their ends. */
int store_silence_list(struct store_tx *, int64_t since_ms, struct arena *,
	struct stored_silences *ret_silences, struct err *);

int store_silence_expire(struct store_tx *, int64_t id, int64_t now_ms, struct err *);

#endif
