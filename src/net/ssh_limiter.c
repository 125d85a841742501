/*
 * A queue and a window for each hop.  See ssh_limiter.h.
 *
 * Many are dropped at the same moment, by the same overload: a drop counts only if its handshake
 * began after the window was last made smaller.
 *
 * A hop of which nothing was learned is forgotten with its last ticket: of thousands of servers
 * that are logged in to once, few are remembered.
 */
#include "net/ssh_limiter.h"

#include <sys/random.h>

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"

enum {
	WINDOW_FIRST = 8,
	WINDOW_MAX = 64,
	PAUSE_MS = 250,
	PAUSE_MAX_MS = 16000,
	DOUBLINGS_MAX = 20
};

struct hop {
	struct ssh_limiter *limiter;
	char *name;
	size_t tickets;
	double window;
	int under_way;
	uint64_t decreases;              /* of the window so far */
	int drops_in_a_row;              /* that counted */
	struct timer *pause;             /* running: nobody begins */
	struct ssh_ticket *first, *last; /* that wait for their turn */
	struct deferred *granting;
};

enum ticket_state {
	TICKET_DELAYED, /* before it stands in the queue */
	TICKET_WAITING, /* in it */
	TICKET_UNDER_WAY,
};

struct ssh_ticket {
	struct hop *hop;
	struct ssh_ticket *next, *previous; /* in the queue */
	enum ticket_state state;
	uint64_t decreases; /* of the hop when it began */
	struct timer *delay;
	loop_fn *go;
	void *arg;
};

struct ssh_limiter {
	struct loop *loop;
	struct ssh_limiter_options options;
	struct map *hops;
	uint64_t random;
	size_t tickets;
};

struct ssh_limiter *ssh_limiter_new(struct loop *loop, const struct ssh_limiter_options *options)
{
	struct ssh_limiter *limiter = xcalloc(1, sizeof(*limiter));
	struct ssh_limiter_options *own = &limiter->options;

	limiter->loop = loop;
	limiter->hops = map_new(MAP_KEYS_BORROWED); /* by the name in the hop */
	*own = options ? *options : (struct ssh_limiter_options){0};
	own->window_first = own->window_first > 0 ? own->window_first : WINDOW_FIRST;
	own->window_max = own->window_max > 0 ? own->window_max : WINDOW_MAX;
	own->pause_ms = own->pause_ms > 0 ? own->pause_ms : PAUSE_MS;
	own->pause_max_ms = own->pause_max_ms > 0 ? own->pause_max_ms : PAUSE_MAX_MS;
	limiter->random = own->seed;
	if (limiter->random == 0 && getrandom(&limiter->random, sizeof(limiter->random), 0) !=
					    (ssize_t)sizeof(limiter->random)) {
		abort(); /* so few bytes are never refused */
	}
	limiter->random |= 1;
	return limiter;
}

static void hop_free(struct hop *hop)
{
	timer_free(&hop->pause);
	deferred_free(&hop->granting);
	free(hop->name);
	free(hop);
}

void ssh_limiter_free(struct ssh_limiter **limiter_ptr)
{
	struct ssh_limiter *limiter = TAKE(*limiter_ptr);
	void *value;

	if (!limiter) {
		return;
	}
	assert(limiter->tickets == 0);
	for (size_t pos = 0; map_next(limiter->hops, &pos, NULL, &value);) {
		hop_free(value);
	}
	map_free(limiter->hops);
	free(limiter);
}

/* Between a half and one and a half of the time that doubles with each step. */
static int64_t jittered_ms(struct ssh_limiter *limiter, int doublings)
{
	const struct ssh_limiter_options *options = &limiter->options;
	int64_t ms = options->pause_ms;

	for (int i = 0; i < doublings && i < DOUBLINGS_MAX && ms < options->pause_max_ms; i++) {
		ms *= 2;
	}
	ms = ms < options->pause_max_ms ? ms : options->pause_max_ms;
	/* xorshift64: it need not be hard to guess. */
	limiter->random ^= limiter->random << 13;
	limiter->random ^= limiter->random >> 7;
	limiter->random ^= limiter->random << 17;
	return ms / 2 + (int64_t)(limiter->random % (uint64_t)(ms + 1));
}

/* --- the queue ------------------------------------------------------------------------------ */

static void queue_push(struct hop *hop, struct ssh_ticket *ticket)
{
	ticket->state = TICKET_WAITING;
	ticket->next = NULL;
	ticket->previous = hop->last;
	*(hop->last ? &hop->last->next : &hop->first) = ticket;
	hop->last = ticket;
}

static void queue_remove(struct hop *hop, struct ssh_ticket *ticket)
{
	*(ticket->previous ? &ticket->previous->next : &hop->first) = ticket->next;
	*(ticket->next ? &ticket->next->previous : &hop->last) = ticket->previous;
}

static void grant_later(struct hop *hop);

static bool may_begin(const struct hop *hop)
{
	return hop->first && hop->under_way < (int)hop->window && !timer_is_running(hop->pause);
}

/* One at a time: whoever begins may change everything. */
static void on_granting(void *arg)
{
	struct hop *hop = arg;
	struct ssh_ticket *ticket = hop->first;

	hop->granting = NULL;
	if (!may_begin(hop)) {
		return;
	}
	queue_remove(hop, ticket);
	ticket->state = TICKET_UNDER_WAY;
	ticket->decreases = hop->decreases;
	hop->under_way++;
	grant_later(hop);
	ticket->go(ticket->arg);
}

static void grant_later(struct hop *hop)
{
	if (!hop->granting && may_begin(hop)) {
		hop->granting = loop_defer(hop->limiter->loop, on_granting, hop);
	}
}

static void on_pause_over(void *arg)
{
	grant_later(arg);
}

static void on_delay_over(void *arg)
{
	struct ssh_ticket *ticket = arg;

	timer_free(&ticket->delay);
	queue_push(ticket->hop, ticket);
	grant_later(ticket->hop);
}

static struct hop *find_hop(struct ssh_limiter *limiter, const char *name)
{
	struct hop *hop = map_get(limiter->hops, str_of(name));

	if (!hop) {
		hop = xcalloc(1, sizeof(*hop));
		hop->limiter = limiter;
		hop->name = xstrdup(name);
		hop->window = limiter->options.window_first;
		hop->pause = timer_new(limiter->loop, on_pause_over, hop);
		(void)map_set(limiter->hops, str_of(hop->name), hop);
	}
	return hop;
}

struct ssh_ticket *ssh_limiter_ask(
	struct ssh_limiter *limiter, const char *hop_name, int attempt, loop_fn *go, void *arg)
{
	struct ssh_ticket *ticket = xcalloc(1, sizeof(*ticket));
	struct hop *hop = find_hop(limiter, hop_name);

	*ticket = (struct ssh_ticket){.hop = hop, .go = go, .arg = arg};
	limiter->tickets++;
	hop->tickets++;
	if (attempt > 0) {
		ticket->delay = timer_add(
			limiter->loop, jittered_ms(limiter, attempt - 1), on_delay_over, ticket);
	} else {
		queue_push(hop, ticket);
		grant_later(hop);
	}
	return ticket;
}

/* --- ends ----------------------------------------------------------------------------------- */

static void increase(struct hop *hop)
{
	hop->drops_in_a_row = 0;
	hop->window += 1 / hop->window;
	if (hop->window > hop->limiter->options.window_max) {
		hop->window = hop->limiter->options.window_max;
	}
}

static void decrease(struct hop *hop)
{
	hop->window = hop->window / 2 > 1 ? hop->window / 2 : 1;
	hop->decreases++;
	timer_set(hop->pause, jittered_ms(hop->limiter, hop->drops_in_a_row++));
}

static void take_out(struct ssh_ticket *ticket)
{
	switch (ticket->state) {
	case TICKET_DELAYED:
		break;
	case TICKET_WAITING:
		queue_remove(ticket->hop, ticket);
		break;
	case TICKET_UNDER_WAY:
		ticket->hop->under_way--;
		break;
	}
}

/* What is known of it is what is assumed of any other. */
static bool has_learned(const struct hop *hop)
{
	return hop->decreases > 0 || (int)hop->window != hop->limiter->options.window_first;
}

static void forget_if_idle(struct hop *hop)
{
	if (hop->tickets == 0 && !has_learned(hop)) {
		(void)map_remove(hop->limiter->hops, str_of(hop->name));
		hop_free(hop);
	}
}

void ssh_ticket_end(struct ssh_ticket **ticket_ptr, enum ssh_ticket_end end)
{
	struct ssh_ticket *ticket = TAKE(*ticket_ptr);
	struct hop *hop;

	if (!ticket) {
		return;
	}
	hop = ticket->hop;
	take_out(ticket);
	switch (end) {
	case SSH_TICKET_PASSED:
		increase(hop);
		break;
	case SSH_TICKET_DROPPED:
		if (ticket->decreases == hop->decreases) {
			decrease(hop);
		}
		break;
	case SSH_TICKET_NEITHER:
		break;
	}
	hop->limiter->tickets--;
	hop->tickets--;
	timer_free(&ticket->delay);
	free(ticket);
	grant_later(hop);
	forget_if_idle(hop);
}

int ssh_limiter_window(const struct ssh_limiter *limiter, const char *hop_name)
{
	const struct hop *hop = map_get(limiter->hops, str_of(hop_name));

	return hop ? (int)hop->window : limiter->options.window_first;
}
