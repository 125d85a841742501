/*
 * See ssh_keyscan.h.
 */
#include "net/ssh_keyscan.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "net/ssh_algorithms.h"
#include "net/ssh_host_key.h"
#include "net/ssh_login_internal.h"

/* Types that there are, and a connection that finds no more. */
enum { TYPES_MAX = 8, LINKS_MAX = TYPES_MAX + 1 };

struct ssh_keyscan {
	struct ssh_connector *connector;
	struct arena *arena;
	struct ssh_link_spec spec;
	ssh_keyscan_fn *done;
	void *arg;
	struct ssh_link *links[LINKS_MAX]; /* in the order of asking; settings are of the first */
	size_t links_count;
	struct str blobs[TYPES_MAX];
	size_t blobs_count;
	struct strbuf types;    /* that need not be asked for any more: "ssh-ed25519 ssh-rsa" */
	struct strbuf asked;    /* algorithms, by the connection at hand; empty: all */
	const char *algorithms; /* that the server knows; NULL: was not seen */
	bool has_shown;         /* the connection at hand has */
	struct ssh_login_end problem;
	bool has_problem;
	struct deferred *telling;
};

static void tell(void *arg)
{
	struct ssh_keyscan *scan = arg;
	const struct ssh_keyscan_end end = {
		.settings = scan->links[0]->settings,
		.blobs = scan->blobs,
		.blobs_count = scan->blobs_count,
		.problem = scan->has_problem ? &scan->problem : NULL,
	};

	scan->telling = NULL;
	scan->done(scan->arg, &end);
}

static void finish(struct ssh_keyscan *scan, const struct ssh_login_end *problem)
{
	if (problem) {
		scan->problem = *problem;
		scan->has_problem = true;
	}
	scan->telling = loop_defer(scan->connector->loop, tell, scan);
}

/* --- keys ----------------------------------------------------------------------------------- */

static size_t rank_of(struct str blob)
{
	static const char *const order[] = {"ssh-ed25519", "ecdsa-sha2-nistp256",
		"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"};
	struct str type;
	size_t rank = 0;

	if (!ssh_host_key_type(blob, &type)) {
		return ARRAY_LEN(order);
	}
	while (rank < ARRAY_LEN(order) && !str_is(type, order[rank])) {
		rank++;
	}
	return rank;
}

static void add_key(struct ssh_keyscan *scan, struct str blob)
{
	size_t at = scan->blobs_count++;

	for (; at > 0 && rank_of(scan->blobs[at - 1]) > rank_of(blob); at--) {
		scan->blobs[at] = scan->blobs[at - 1];
	}
	scan->blobs[at] = str_n(arena_strndup(scan->arena, blob.ptr, blob.len), blob.len);
}

static void add_type(struct ssh_keyscan *scan, struct str type)
{
	strbuf_addf(&scan->types, "%s%.*s", scan->types.len > 0 ? " " : "", STR_ARG(type));
}

static void on_showed_key(void *arg, struct str blob, struct str algorithms)
{
	struct ssh_keyscan *scan = arg;
	struct str type;

	if (scan->blobs_count < TYPES_MAX && ssh_host_key_type(blob, &type)) {
		add_key(scan, blob);
		add_type(scan, type);
		scan->has_shown = true;
	}
	if (algorithms.len > 0) {
		scan->algorithms = arena_strndup(scan->arena, algorithms.ptr, algorithms.len);
	}
}

/* --- connections ---------------------------------------------------------------------------- */

static void on_opened(void *arg)
{
	(void)arg;
	assert(false); /* nobody logs in */
}

static void on_ended(void *arg, const struct ssh_login_end *end);

static const struct ssh_link_events link_events = {
	.opened = on_opened,
	.ended = on_ended,
	.showed_key = on_showed_key,
};

static void ask(struct ssh_keyscan *scan)
{
	struct ssh_link_spec spec = scan->spec;

	if (scan->asked.len > 0) {
		spec.host_keys = scan->asked.buf;
		spec.ends_in_kex = true;
	}
	scan->has_shown = false;
	scan->links[scan->links_count++] = ssh_link_new(scan->connector, &spec, &link_events, scan);
}

/* What has not been shown yet, as far as is allowed and the server knows it; false: nothing. */
static bool choose_others(struct ssh_keyscan *scan)
{
	const struct ssh_settings *settings = scan->links[0]->settings;

	strbuf_clear(&scan->asked);
	return ssh_algorithms_choose_other_host_keys(settings ? settings->host_keys : NULL,
		scan->algorithms, strbuf_str(&scan->types), &scan->asked);
}

/* Dropbear names types of which it has no key, and dies of it when it is asked for one: that is
 * how it says no to the first. */
static void skip_first_asked(struct ssh_keyscan *scan)
{
	struct str rest = strbuf_str(&scan->asked), first = rest;

	(void)str_split(&rest, ',', &first);
	add_type(scan, str_starts(first, "rsa-sha2-") ? str_of("ssh-rsa") : first);
}

static void on_ended(void *arg, const struct ssh_login_end *end)
{
	struct ssh_keyscan *scan = arg;
	bool is_first = scan->blobs_count == 0;
	bool is_drop = end->cause == SSH_END_DROPPED && end->phase == SSH_PHASE_KEX;

	if (!scan->has_shown && (is_first || !(is_drop || end->lacks_host_key))) {
		finish(scan, end);
		return;
	}
	if (!scan->has_shown && is_drop) {
		skip_first_asked(scan);
	}
	if (end->lacks_host_key || scan->links_count == LINKS_MAX || !choose_others(scan)) {
		finish(scan, NULL);
	} else {
		ask(scan);
	}
}

struct ssh_keyscan *ssh_keyscan_start(struct ssh_connector *connector,
	const struct ssh_login_spec *spec, ssh_keyscan_fn *done, void *arg)
{
	struct ssh_keyscan *scan = xcalloc(1, sizeof(*scan));
	struct arena *arena = arena_new();

	*scan = (struct ssh_keyscan){
		.connector = connector,
		.arena = arena,
		.spec =
			{
				.name = arena_strdup(arena, spec->name),
				.address =
					spec->address ? arena_strdup(arena, spec->address) : NULL,
				.username =
					spec->username ? arena_strdup(arena, spec->username) : NULL,
				.port = spec->port,
				.connect_timeout_ms = spec->connect_timeout_ms,
			},
		.done = done,
		.arg = arg,
		.types = STRBUF_INIT,
		.asked = STRBUF_INIT,
	};
	connector->logins++;
	ask(scan);
	return scan;
}

void ssh_keyscan_free(struct ssh_keyscan **scan_ptr)
{
	struct ssh_keyscan *scan = TAKE(*scan_ptr);

	if (!scan) {
		return;
	}
	deferred_free(&scan->telling);
	for (size_t i = 0; i < scan->links_count; i++) {
		ssh_link_free(&scan->links[i]);
	}
	scan->connector->logins--;
	strbuf_release(&scan->types);
	strbuf_release(&scan->asked);
	arena_free(scan->arena);
	free(scan);
}
