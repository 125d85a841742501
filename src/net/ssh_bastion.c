/*
 * Connections that others go through.  See ssh_login_internal.h.
 *
 * A bastion is opened when the first link needs it and stays for a moment when the last has left:
 * one login after the other goes through it as well as many at once.  One that cannot be opened is
 * not tried again for a while, so that a thousand hosts behind it cost one timeout.  One that
 * nobody waits for any more is still opened to its end, for the same reason.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "net/ssh_login_internal.h"

enum {
	IDLE_MS = 5000,
	REMEMBER_MS = 15000, /* that it failed */
};

/* --- who uses it ---------------------------------------------------------------------------- */

static void add_user(struct ssh_bastion *bastion, struct ssh_link *link)
{
	link->bastion = bastion;
	link->previous = NULL;
	link->next = bastion->users;
	if (link->next) {
		link->next->previous = link;
	}
	bastion->users = link;
}

static void remove_user(struct ssh_bastion *bastion, struct ssh_link *link)
{
	*(link->previous ? &link->previous->next : &bastion->users) = link->next;
	if (link->next) {
		link->next->previous = link->previous;
	}
	link->bastion = NULL;
}

static void on_goodbye(void *arg)
{
	struct ssh_bastion *bastion = arg;

	ssh_bastion_free(&bastion);
}

static void see_to_idle(struct ssh_bastion *bastion)
{
	int64_t keep_ms = bastion->connector->options.keep_ms;

	if (!bastion->users && bastion->link && bastion->link->state == SSH_LINK_OPEN) {
		timer_set(bastion->goodbye, keep_ms > IDLE_MS ? keep_ms : IDLE_MS);
	}
}

void ssh_bastion_leave(struct ssh_link *link)
{
	struct ssh_bastion *bastion = link->bastion;

	if (bastion) {
		remove_user(bastion, link);
		see_to_idle(bastion);
	}
}

/* --- what becomes of it --------------------------------------------------------------------- */

static void on_opened(void *arg)
{
	struct ssh_bastion *bastion = arg;

	for (struct ssh_link *link = bastion->users, *next; link; link = next) {
		next = link->next;
		ssh_link_bastion_opened(link);
	}
	see_to_idle(bastion);
}

/* As its users are told. */
static void set_failure(struct ssh_bastion *bastion, const struct ssh_login_end *end)
{
	struct ssh_bastion_failure *failure = &bastion->failure;
	const char *need = bastion->link->needs_program;

	failure->end = *end;
	if (end->hop) { /* another one on the way to it */
		failure->end.hop = arena_strdup(bastion->arena, end->hop);
		failure->end.text = arena_strdup(bastion->arena, end->text);
	} else {
		failure->end.hop = bastion->name;
		failure->end.text =
			arena_printf(bastion->arena, "bastion '%s': %s", bastion->name, end->text);
	}
	if (need && end->hop) {
		failure->needs_program = arena_strdup(bastion->arena, need);
	} else if (need) {
		failure->needs_program = arena_printf(
			bastion->arena, "bastion '%s' needs it: %s", bastion->name, need);
	}
}

static void fail(struct ssh_bastion *bastion)
{
	timer_set(bastion->goodbye, REMEMBER_MS);
	while (bastion->users) {
		struct ssh_link *link = bastion->users;

		remove_user(bastion, link);
		ssh_link_bastion_failed(link, &bastion->failure);
	}
}

/* Who asks for the chain from now on gets another one. */
static void take_out(struct ssh_bastion *bastion)
{
	struct map *bastions = bastion->connector->bastions;

	if (map_get(bastions, str_of(bastion->chain)) == bastion) {
		(void)map_remove(bastions, str_of(bastion->chain));
	}
}

static void go(struct ssh_bastion *bastion)
{
	take_out(bastion);
	while (bastion->users) {
		struct ssh_link *link = bastion->users;

		remove_user(bastion, link);
		ssh_link_bastion_lost(link, &bastion->failure.end);
	}
	ssh_bastion_free(&bastion);
}

static void on_ended(void *arg, const struct ssh_login_end *end)
{
	struct ssh_bastion *bastion = arg;
	bool was_open = end->phase == SSH_PHASE_OPEN;

	set_failure(bastion, end);
	ssh_link_free(&bastion->link);
	if (was_open) {
		go(bastion);
	} else {
		fail(bastion);
	}
}

/* --- the chain ------------------------------------------------------------------------------ */

void ssh_bastion_add_chain(struct strbuf *out, const struct ssh_hop *hops, size_t hops_count)
{
	for (size_t i = 0; i < hops_count; i++) {
		strbuf_addf(out, "%s%s%s%s", i > 0 ? "," : "", hops[i].user ? hops[i].user : "",
			hops[i].user ? "@" : "", hops[i].host);
		if (hops[i].port != 0) {
			strbuf_addf(out, ":%u", hops[i].port);
		}
	}
}

/* The hosts before it are as the one who goes through it says; of the first, as its own settings
 * say. */
static struct ssh_bastion *bastion_new(struct ssh_connector *connector, const char *chain,
	const struct ssh_hop *hops, size_t hops_count, int64_t connect_timeout_ms)
{
	static const struct ssh_link_events events = {.opened = on_opened, .ended = on_ended};
	const struct ssh_hop *own = &hops[hops_count - 1];
	struct ssh_bastion *bastion = xcalloc(1, sizeof(*bastion));

	*bastion = (struct ssh_bastion){.connector = connector,
		.arena = arena_new(),
		.goodbye = timer_new(connector->loop, on_goodbye, bastion)};
	bastion->chain = arena_strdup(bastion->arena, chain);
	bastion->name = arena_strdup(bastion->arena, own->host);
	bastion->link = ssh_link_new(connector,
		&(struct ssh_link_spec){.name = own->host,
			.username = own->user,
			.port = own->port,
			.connect_timeout_ms = connect_timeout_ms,
			.hops = hops,
			.hops_count = hops_count - 1,
			.bastion = bastion},
		&events, bastion);
	(void)map_set(connector->bastions, str_of(chain), bastion);
	return bastion;
}

void ssh_bastion_free(struct ssh_bastion **bastion_ptr)
{
	struct ssh_bastion *bastion = TAKE(*bastion_ptr);

	if (!bastion) {
		return;
	}
	take_out(bastion);
	while (bastion->users) { /* no login is left: bastions behind this one */
		struct ssh_bastion *behind = bastion->users->spec.bastion;

		ssh_bastion_free(&behind);
	}
	ssh_link_free(&bastion->link);
	timer_free(&bastion->goodbye);
	arena_free(bastion->arena);
	free(bastion);
}

/* The way to the bastion goes through what the link is for. */
static bool leads_through(const struct ssh_bastion *bastion, const struct ssh_link *link)
{
	while (bastion && bastion != link->spec.bastion) {
		bastion = bastion->link ? bastion->link->bastion : NULL;
	}
	return bastion != NULL;
}

struct ssh_bastion *ssh_bastion_join(struct ssh_link *link, const struct ssh_hop *hops,
	size_t hops_count, struct ssh_bastion_failure *ret_failure)
{
	struct ssh_connector *connector = link->connector;
	struct strbuf chain = STRBUF_INIT;
	struct ssh_bastion *bastion;

	ssh_bastion_add_chain(&chain, hops, hops_count);
	bastion = map_get(connector->bastions, strbuf_str(&chain));
	if (!bastion) {
		bastion = bastion_new(
			connector, chain.buf, hops, hops_count, link->spec.connect_timeout_ms);
	}
	strbuf_release(&chain);
	if (!bastion->link) {
		*ret_failure = bastion->failure;
		return NULL;
	}
	if (link->spec.bastion && leads_through(bastion, link)) {
		ret_failure->end = (struct ssh_login_end){.cause = SSH_END_LOCAL,
			.phase = SSH_PHASE_LOOKUP,
			.text = "its ProxyJump leads back to itself"};
		return NULL;
	}
	add_user(bastion, link);
	timer_stop(bastion->goodbye);
	return bastion;
}
