/*
 * What is to be written of host keys, and writing it.  See key_plan.h.
 */
#include "fleet/key_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/vec.h"

/* --- what is to be done --------------------------------------------------------------------- */

static size_t count_new(const struct ssh_key_review *review)
{
	size_t count = 0;

	for (size_t i = 0; i < review->keys_count; i++) {
		count += review->keys[i].state == SSH_KEY_NEW;
	}
	return count;
}

static const char *why_not(const struct surveyed_host *host, enum key_action action)
{
	if (!host->record_path || strcmp(host->record_path, "/dev/null") == 0) {
		return "its UserKnownHostsFile is none: there is nowhere to write them";
	}
	if (host->unexpected > 0) {
		return "a key of it is not in the file of --expect";
	}
	if (action == KEY_ACTION_REPLACE && host->problem) {
		return "not all of its keys were shown: the old ones stay";
	}
	return NULL;
}

static enum key_action action_for(
	const struct surveyed_host *host, bool records, bool replaces, const char **ret_refusal)
{
	const struct ssh_key_review *review = &host->review;
	enum key_action action = KEY_ACTION_NONE;

	*ret_refusal = NULL;
	if (review->keys_count == 0) {
		return KEY_ACTION_NONE;
	}
	switch (review->state) {
	case SSH_KEY_NEW:
		action = records ? KEY_ACTION_RECORD : KEY_ACTION_NONE;
		break;
	case SSH_KEY_CHANGED:
		action = replaces ? KEY_ACTION_REPLACE : KEY_ACTION_NONE;
		if (records && !replaces) {
			*ret_refusal = "it has changed: only --replace-changed writes its keys";
		}
		break;
	case SSH_KEY_REVOKED:
		*ret_refusal = records || replaces ? "a key of it is revoked" : NULL;
		break;
	case SSH_KEY_KNOWN:
	case SSH_KEY_AUTHORITY:
	case SSH_KEY_STATES_MAX:
		break;
	}
	if (action != KEY_ACTION_NONE) {
		*ret_refusal = why_not(host, action);
	}
	return *ret_refusal ? KEY_ACTION_NONE : action;
}

/* Has the same host in the same file been planned for already?  Then it goes with that one. */
static bool is_repeat(struct map *seen, const struct surveyed_host *host)
{
	_cleanup_(strbuf_release) struct strbuf key = STRBUF_INIT;

	strbuf_addf(&key, "%s\n%s", host->record_path, host->known_as);
	if (map_has(seen, strbuf_str(&key))) {
		return true;
	}
	(void)map_set(seen, strbuf_str(&key), seen);
	return false;
}

void key_plan_make(struct key_plan *ret_plan, const struct surveyed_host *hosts, size_t hosts_count,
	bool records, bool replaces, struct arena *arena)
{
	struct map *seen = map_new(MAP_KEYS_COPIED);
	struct key_plan plan = {.hosts = hosts,
		.items = arena_calloc(arena, hosts_count + 1, sizeof(*plan.items)),
		.hosts_count = hosts_count,
		.arena = arena};

	for (size_t i = 0; i < hosts_count; i++) {
		struct key_plan_item *item = &plan.items[i];

		item->action = action_for(&hosts[i], records, replaces, &item->refusal);
		if (item->action == KEY_ACTION_NONE || is_repeat(seen, &hosts[i])) {
			continue;
		}
		item->keys = item->action == KEY_ACTION_RECORD ? count_new(&hosts[i].review)
							       : hosts[i].review.keys_count;
		plan.keys += item->keys;
		plan.recorded_hosts += item->action == KEY_ACTION_RECORD;
		plan.replaced_hosts += item->action == KEY_ACTION_REPLACE;
	}
	map_free(seen);
	*ret_plan = plan;
}

/* --- doing it ------------------------------------------------------------------------------- */

/* Keys for one file, and whose they are. */
struct batch {
	const char *path;
	bool is_hashed;
	struct ssh_hosts_key *keys;
	size_t keys_count, keys_alloc;
	struct key_plan_item **items;
	size_t items_count, items_alloc;
};

static void add_new_keys(struct batch *batch, const struct surveyed_host *host)
{
	for (size_t i = 0; i < host->review.keys_count; i++) {
		if (host->review.keys[i].state == SSH_KEY_NEW) {
			*VEC_PUSH(batch, keys) = (struct ssh_hosts_key){
				.name = host->names, .blob = host->review.keys[i].blob};
		}
	}
}

static void gather(struct batch *batch, struct key_plan *plan, size_t first)
{
	for (size_t i = first; i < plan->hosts_count; i++) {
		const struct surveyed_host *host = &plan->hosts[i];
		struct key_plan_item *item = &plan->items[i];

		if (item->action == KEY_ACTION_RECORD && !item->is_done && !item->failure &&
			strcmp(host->record_path, batch->path) == 0 &&
			host->is_hashed == batch->is_hashed) {
			add_new_keys(batch, host);
			*VEC_PUSH(batch, items) = item;
		}
	}
}

static size_t record(struct key_plan *plan, size_t first)
{
	struct batch batch = {
		.path = plan->hosts[first].record_path, .is_hashed = plan->hosts[first].is_hashed};
	size_t failed = 0;
	struct err err = {0};
	const char *failure = NULL;

	gather(&batch, plan, first);
	if (ssh_hosts_record(
		    batch.path, batch.keys, batch.keys_count, batch.is_hashed, NULL, &err) < 0) {
		failure = arena_strdup(plan->arena, err.msg);
		failed = batch.items_count;
	}
	for (size_t i = 0; i < batch.items_count; i++) {
		batch.items[i]->is_done = !failure;
		batch.items[i]->failure = failure;
	}
	free(batch.keys);
	free(batch.items);
	return failed;
}

static int replace_host(const struct surveyed_host *host, struct err *err)
{
	const struct ssh_key_review *review = &host->review;
	struct str *blobs = xcalloc(review->keys_count, sizeof(*blobs));
	struct ssh_hosts_key *keys = xcalloc(review->keys_count, sizeof(*keys));
	struct ssh_hosts_change change = {.name = host->names,
		.blobs = blobs,
		.blobs_count = review->keys_count,
		.is_hashed = host->is_hashed};
	size_t removed;
	int rc = 0;

	for (size_t i = 0; i < review->keys_count; i++) {
		blobs[i] = review->keys[i].blob;
		keys[i] = (struct ssh_hosts_key){.name = host->names, .blob = blobs[i]};
	}
	for (const char *const *path = host->paths; rc == 0 && *path; path++) {
		change.appends = strcmp(*path, host->record_path) == 0;
		rc = ssh_hosts_replace(*path, &change, &removed, err);
	}
	if (rc == 0) { /* what was removed stood in other files only */
		rc = ssh_hosts_record(
			host->record_path, keys, review->keys_count, host->is_hashed, NULL, err);
	}
	free(blobs);
	free(keys);
	return rc;
}

size_t key_plan_carry_out(struct key_plan *plan)
{
	size_t failed = 0;

	for (size_t i = 0; i < plan->hosts_count; i++) {
		struct key_plan_item *item = &plan->items[i];
		struct err err = {0};

		if (item->is_done || item->failure || item->action == KEY_ACTION_NONE) {
			continue;
		}
		if (item->action == KEY_ACTION_RECORD) {
			failed += record(plan, i);
		} else if (replace_host(&plan->hosts[i], &err) < 0) {
			item->failure = arena_strdup(plan->arena, err.msg);
			failed++;
		} else {
			item->is_done = true;
		}
	}
	return failed;
}

void key_plan_add_files(const struct key_plan *plan, struct strbuf *out)
{
	struct map *seen = map_new(MAP_KEYS_COPIED);
	const char *path = "";

	for (size_t i = 0; i < plan->hosts_count; i++) {
		if (plan->items[i].action != KEY_ACTION_NONE) {
			path = plan->hosts[i].record_path;
			(void)map_set(seen, str_of(path), seen);
		}
	}
	if (map_count(seen) > 1) {
		strbuf_addf(out, "%zu files", map_count(seen));
	} else {
		strbuf_adds(out, path);
	}
	map_free(seen);
}
