/*
 * Channels that ask, rest, and are used again.  See dns_pool.h.
 *
 * c-ares cannot take back a single question: one that nobody waits for any more runs on unseen,
 * until its channel has no other and is cancelled as a whole.
 */
#include "net/dns_pool.h"

#include <sys/stat.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"

enum {
	/* Questions of one lifetime of a channel's sockets; the answers to so many fit into one
	 * socket's receive buffer. */
	CHANNEL_QUESTIONS_MAX = 64,
	CHANNELS_KEPT = 4, /* idle ones; each takes 75 KiB */
	SYSTEM_CHECK_MS = 1000,
};

struct channel {
	struct dns_pool *pool;
	struct dns_channel *dns;
	struct channel *prev, *next; /* of all that are busy */
	struct channel *next_idle;
	struct deferred *sweep;
	size_t asked;            /* since it was idle last */
	size_t waiting;          /* questions that somebody waits for */
	uint64_t system_version; /* of resolv.conf, when it was read */
};

struct dns_question {
	struct channel *channel;
	bool is_forgotten;
	dns_answer_fn *fn;
	void *arg;
};

struct dns_pool {
	struct loop *loop;
	const struct dns_settings *settings;
	struct channel *current; /* takes new questions; one of the busy */
	struct channel *busy;
	struct channel *idle;
	size_t idle_count;
	struct stat system_stat; /* of resolv.conf */
	uint64_t system_version;
	int64_t system_checked_ms;
};

static void channel_free(struct channel *channel)
{
	dns_channel_free(&channel->dns);
	deferred_free(&channel->sweep); /* which ending the channel may have asked for */
	free(channel);
}

static void channel_unlink(struct channel *channel)
{
	if (channel->prev) {
		channel->prev->next = channel->next;
	} else {
		channel->pool->busy = channel->next;
	}
	if (channel->next) {
		channel->next->prev = channel->prev;
	}
	channel->prev = channel->next = NULL;
}

/* At the end of a turn in which the channel lost its last question, or the last that mattered. */
static void on_sweep(void *arg)
{
	struct channel *channel = arg;
	struct dns_pool *pool = channel->pool;

	channel->sweep = NULL;
	if (channel->waiting > 0) {
		return;
	}
	dns_channel_cancel(channel->dns);
	deferred_free(&channel->sweep); /* what cancelling asked for, and we are at it */
	channel->asked = 0;
	if (channel == pool->current) {
		return;
	}
	channel_unlink(channel);
	if (pool->idle_count >= CHANNELS_KEPT || channel->system_version != pool->system_version) {
		channel_free(channel);
		return;
	}
	channel->next_idle = pool->idle;
	pool->idle = channel;
	pool->idle_count++;
}

static void channel_want_sweep(void *arg)
{
	struct channel *channel = arg;

	if (!channel->sweep) {
		channel->sweep = loop_defer(channel->pool->loop, on_sweep, channel);
	}
}

static int channel_new(struct dns_pool *pool, struct channel **ret_channel, struct err *err)
{
	struct channel *channel = xcalloc(1, sizeof(*channel));

	channel->pool = pool;
	channel->system_version = pool->system_version;
	if (dns_channel_new(pool->loop, pool->settings, channel_want_sweep, channel, &channel->dns,
		    err) < 0) {
		free(channel);
		return -1;
	}
	*ret_channel = channel;
	return 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Look now and then whether resolv.conf has changed; channels that read another one ask no more. */
static void check_system(struct dns_pool *pool)
{
	struct stat now = {0};

	if (pool->settings->servers_count > 0 ||
		loop_now_ms(pool->loop) < pool->system_checked_ms + SYSTEM_CHECK_MS) {
		return;
	}
	pool->system_checked_ms = loop_now_ms(pool->loop);
	(void)stat("/etc/resolv.conf", &now); /* none: all zero */
	if (!is_same_file(&now, &pool->system_stat)) {
		pool->system_stat = now;
		pool->system_version++;
	}
}

static bool channel_is_usable(const struct channel *channel)
{
	return channel->asked < CHANNEL_QUESTIONS_MAX &&
	       channel->system_version == channel->pool->system_version;
}

static struct channel *take_idle(struct dns_pool *pool)
{
	while (pool->idle) {
		struct channel *channel = pool->idle;

		pool->idle = channel->next_idle;
		pool->idle_count--;
		channel->next_idle = NULL;
		if (channel_is_usable(channel)) {
			return channel;
		}
		channel_free(channel);
	}
	return NULL;
}

/* The channel for the next question. */
static int choose_channel(struct dns_pool *pool, struct channel **ret_channel, struct err *err)
{
	struct channel *channel;

	check_system(pool);
	if (pool->current && channel_is_usable(pool->current)) {
		*ret_channel = pool->current;
		return 0;
	}
	channel = take_idle(pool);
	if (!channel && channel_new(pool, &channel, err) < 0) {
		return -1;
	}
	if (pool->current && dns_channel_pending(pool->current->dns) == 0) {
		channel_want_sweep(pool->current);
	}
	channel->next = pool->busy;
	if (channel->next) {
		channel->next->prev = channel;
	}
	pool->busy = channel;
	pool->current = channel;
	*ret_channel = channel;
	return 0;
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
	struct dns_question *question = arg;

	if (!question->is_forgotten) {
		question->channel->waiting--;
		if (question->channel->waiting == 0) {
			channel_want_sweep(question->channel); /* forgotten ones may be left */
		}
		question->fn(question->arg, answer);
	}
	free(question);
}

int dns_pool_ask(struct dns_pool *pool, const char *name, enum address_family family,
	dns_answer_fn *fn, void *arg, struct dns_question **ret_question, struct err *err)
{
	struct dns_question *question;
	struct channel *channel;

	if (choose_channel(pool, &channel, err) < 0) {
		return -1;
	}
	question = xcalloc(1, sizeof(*question));
	*question = (struct dns_question){.channel = channel, .fn = fn, .arg = arg};
	channel->asked++;
	channel->waiting++;
	*ret_question = question;
	dns_channel_ask(channel->dns, name, family, on_answer, question);
	return 0;
}

void dns_question_forget(struct dns_question **question_ptr)
{
	struct dns_question *question = TAKE(*question_ptr);

	if (question) {
		question->is_forgotten = true;
		question->channel->waiting--;
		if (question->channel->waiting == 0) {
			channel_want_sweep(question->channel);
		}
	}
}

struct dns_pool *dns_pool_new(struct loop *loop, const struct dns_settings *settings)
{
	struct dns_pool *pool = xcalloc(1, sizeof(*pool));

	pool->loop = loop;
	pool->settings = settings;
	return pool;
}

void dns_pool_free(struct dns_pool **pool_ptr)
{
	struct dns_pool *pool = TAKE(*pool_ptr);

	if (!pool) {
		return;
	}
	while (pool->busy) {
		struct channel *channel = pool->busy;

		pool->busy = channel->next;
		channel_free(channel);
	}
	while (pool->idle) {
		struct channel *channel = pool->idle;

		pool->idle = channel->next_idle;
		channel_free(channel);
	}
	free(pool);
}
