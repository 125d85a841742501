/*
 * What is to be written of host keys that were asked for: decided first, so that it can be shown,
 * then carried out.
 *
 * New keys are added.  A host that has changed, or of which somebody revoked a key, gets nothing
 * but by a decision of its own: its old keys go then.
 */
#ifndef FLEET_KEY_PLAN_H
#define FLEET_KEY_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "fleet/key_survey.h"

enum key_action {
	KEY_ACTION_NONE,
	KEY_ACTION_RECORD,  /* its new keys */
	KEY_ACTION_REPLACE, /* all that is known of it */
};

struct key_plan_item {
	enum key_action action;
	size_t keys;         /* to be written */
	const char *refusal; /* why it stays as it is though that was asked for; NULL */
	bool is_done;
	const char *failure; /* why it is not; NULL */
};

struct key_plan {
	const struct surveyed_host *hosts; /* borrowed */
	struct key_plan_item *items;       /* one for each of them */
	size_t hosts_count;
	size_t keys;           /* to be written, in all */
	size_t recorded_hosts; /* to get more keys */
	size_t replaced_hosts; /* to get others */
	struct arena *arena;   /* of the items */
};

/* Two hosts that are the same in the same file count once. */
void key_plan_make(struct key_plan *ret_plan, const struct surveyed_host *, size_t hosts_count,
	bool records, bool replaces, struct arena *);

/* Write it: each file at once as far as keys are added, then host after host.  The number of hosts
 * that failed; why is in their items. */
size_t key_plan_carry_out(struct key_plan *);

/* Append "/home/me/.ssh/known_hosts", or how many files they are. */
void key_plan_add_files(const struct key_plan *, struct strbuf *out);

#endif
