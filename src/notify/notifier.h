/*
 * Receivers: where messages go, and the kinds of them, one file notify_<kind>.c each.
 *
 * The life of a message: its owner (alert/delivery) makes a notification and calls
 * notify_start(); the kind composes it and sends it in non-blocking steps on the loop; one of them
 * ends in notify_done(), which tells the owner at the end of the loop's turn.  A kind knows nothing
 * of routes, suppression, retries or the store: it says what the answer means, and no more.
 */
#ifndef NOTIFY_NOTIFIER_H
#define NOTIFY_NOTIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pairs.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "conf/option.h"
#include "loop/loop.h"
#include "notify/notification.h"

struct http_client;
struct http_response;
struct notifier_kind;
struct notify_run;
struct resolver;
struct smtp_client;
struct template;

/* What kinds may use; one for the process. */
struct notify_env {
	struct loop *loop;
	struct resolver *resolver;
	struct http_client *http;
	struct smtp_client *smtp;
};

/* A configured receiver.  The item of alerts.receivers. */
struct receiver {
	const char *name; /* unique; what routes call it */
	const struct notifier_kind *kind;
	const struct option_variant *variant; /* set by the reader; kind follows from it */
	void *opts;
	const char
		*origin; /* "file:line:column"; NULL: made from a short key such as slack_webhook */
	const char *settings;   /* hash of everything configured, secrets included, in hex */
	struct template *title; /* MAY.  Instead of the kind's own; see notify/template.h */
	struct template *text;
	bool sends_resolved; /* false: it is not told of the end */
	int64_t timeout_ms;  /* of one attempt, all of it */
	int64_t per_minute;  /* messages; 0: the kind's limit */
	int64_t burst;       /* 0: the kind's */
	const char *proxy;   /* of HTTP kinds; NULL: the environment's (http_proxy, https_proxy,
				no_proxy) */
	const char *ca_file;
};

/* What is true of a kind. */
enum notifier_abilities {
	NOTIFIER_GROUPS = 1 << 0, /* one message can tell of several alerts */
	NOTIFIER_MERGES = 1 << 1, /* the receiver recognises a repeated message by its key: a replay
				     is harmless */
	NOTIFIER_ACKNOWLEDGES = 1 << 2, /* it wants to hear of acknowledgements */
	NOTIFIER_FORGETS = 1 << 3,      /* it must be told again while the alert fires */
	NOTIFIER_DIGESTS = 1 << 4,      /* it can hold a digest */
	NOTIFIER_LOCAL = 1 << 5,        /* it never leaves this machine: log, exec */
	NOTIFIER_INCIDENTS = 1 << 6, /* it opens and closes incidents: no summaries, no notices as
					resolve; each alert is told by itself */
};

enum { NOTIFY_SECRETS_MAX = 24 };

/* The whole message as it leaves, for sending and for --dry-run.  Everything is in the arena. */
struct notify_message {
	const char *method; /* "POST"; "MAIL" for mail, "EXEC" for a command, "LOG" */
	const char *url;    /* or the command line, or "" */
	struct pairs headers;
	struct str body;
	/* Texts that are secret wherever they occur in the above, in the form in which they do
	 * (base64 of a password, too); they may contain each other.  NULL-terminated. */
	const char *secrets[NOTIFY_SECRETS_MAX + 1];
	const char *shown_url; /* what a person sees instead of the URL; NULL: the URL */
	/* Names of headers whose values no person sees, however short and common they are;
	 * NULL-terminated; NULL: none. */
	const char *const *secret_headers;
	/* MAY.  A further request that belongs to it, of the same method; its own secrets are not
	 * looked at.  For HTTP kinds: see notify_http_start(). */
	struct notify_message *next;
};

/* What a kind says of an attempt.  The numbers are stored. */
enum delivery_outcome {
	DELIVERY_ARRIVED,
	DELIVERY_RETRY,     /* it may work later: network, 5xx, 408 */
	DELIVERY_THROTTLED, /* 429 and the like: the receiver wants no more for a while */
	DELIVERY_REFUSED,   /* final: it will not take messages from us as we are configured */
	DELIVERY_OUTCOMES,
};

/* Why, in one word for people and machines.  The numbers are stored. */
enum channel_fault {
	CHANNEL_OK,
	CHANNEL_REVOKED,  /* the address or key is not valid any more */
	CHANNEL_ARCHIVED, /* the channel behind it is closed */
	CHANNEL_RATE_LIMITED,
	CHANNEL_UNREACHABLE,   /* name, connection, TLS, timeout */
	CHANNEL_UNAVAILABLE,   /* it answers that it cannot now: 5xx */
	CHANNEL_REJECTED,      /* it does not accept what we send: 400, 413, ... */
	CHANNEL_MISCONFIGURED, /* our side: a file, a command, an address */
	CHANNEL_FAULTS,
};

struct delivery_result {
	enum delivery_outcome outcome;
	enum channel_fault fault;
	int code; /* of the answer: HTTP status, SMTP reply, exit status; 0: none came */
	int64_t retry_after_ms; /* what it asked for; -1: nothing */
	bool may_have_arrived;  /* no answer, and the message was out */
	const char *text;       /* what happened, one line, printable, secrets masked */
	const char *body;       /* of the answer, its beginning, printable; "" */
};

enum { NOTIFY_BODY_MAX = 1000 }; /* bytes of an answer that are kept */

/* Messages per time that a receiver bears; a token bucket. */
struct notifier_limit {
	int64_t per_minute; /* 0: no limit */
	int64_t burst;
};

struct notifier_kind {
	/* Name (the configuration key, stable for ever), summary, rows over the kind's options,
	 * their size, cross-field validation.  `object` points back to this struct. */
	struct option_variant variant;
	unsigned abilities; /* enum notifier_abilities */
	struct notifier_limit limit;
	size_t group_max; /* alerts that one message shows; with NOTIFIER_GROUPS */
	/* MUST.  Where it goes, for people, secrets masked: "https://hooks.slack.com/…". */
	const char *(*target)(const void *opts, struct arena *);
	/* MAY.  What cannot be seen from the kind's own options, such as whether a template gives
	 * what the receiver takes; at the end of receiver_finish(). */
	int (*check)(const struct receiver *, struct err *);
	/* MUST.  The message, kept within the receiver's documented limits by shortening.  Pure: no
	 * clock, no network, no files.  -1 is for what shortening cannot mend. */
	int (*compose)(const struct receiver *, const struct notification *, struct arena *,
		struct notify_message *ret_message, struct err *);
	/* MUST.  Begin sending run->message; ends in notify_done() exactly once, possibly from
	 * inside.  HTTP kinds put notify_http_start() here. */
	void (*start)(struct notify_run *);
	/* MAY.  For HTTP kinds: what the answer to one of the message's requests means, where
	 * notify_http_judge() does not know.  *result is filled as far as it knows. */
	void (*judge)(const struct notify_run *, const struct http_response *,
		struct delivery_result *result);
	/* MAY.  For HTTP kinds: what one of the message's requests was answered asks for another,
	 * to be sent before the message has arrived; fill *next, which is in the run's arena.
	 * `request` is the one that arrived, itself perhaps such a further one; false: it was the
	 * last.  A further one that is refused is told, and does not spoil the message. */
	bool (*follow)(struct notify_run *, const struct notify_message *request,
		const struct http_response *, struct notify_message *next);
	/* MAY.  The deadline passed: *result says so already; add what it was doing ("waiting for
	 * the answer of 192.0.2.1:443") to the text, and whether the message may have arrived.
	 * release() follows; must not call notify_done(). */
	void (*interrupted)(struct notify_run *, struct delivery_result *result);
	/* MAY.  Free the handles of a run, over or not.  Called once for every run that was
	 * started; must not call notify_done(). */
	void (*release)(struct notify_run *);
};

typedef void notify_done_fn(void *arg, struct notify_run *);

/* One attempt. */
struct notify_run {
	const struct notify_env *env;
	const struct receiver *receiver;
	const struct notification *notification; /* borrowed until the run is freed */
	struct arena *arena;                     /* the run's own */
	struct notify_message message;
	struct delivery_result result;
	void *state; /* the kind's, from the arena */
	/* notifier.c's own */
	notify_done_fn *done;
	void *done_arg;
	struct timer *deadline;
	struct deferred *ending;
	int64_t started_us;
	bool is_started; /* the kind's start() was called */
	bool is_done;
	bool is_released;
};

/* Compose and send.  `done` is called once, at the end of a loop turn, never before this returns;
 * at the latest after receiver->timeout_ms.  A message that cannot be composed is refused.  Free
 * with notify_run_free(). */
struct notify_run *notify_start(const struct notify_env *, const struct receiver *,
	const struct notification *, notify_done_fn *done, void *arg);

/* In any state; `done` is not called any more. */
void notify_run_free(struct notify_run **);

/* For kinds.  The attempt is over.  The result's texts are made printable, cut, and its secrets
 * masked here. */
void notify_done(struct notify_run *, const struct delivery_result *);

/* The message as a person may see it: request line, headers, body, every secret as "***"; then the
 * same of its further requests.  Not made safe for a terminal: the body is shown as it is sent. */
void notify_message_show(const struct notify_message *, struct strbuf *out);

/* One more text that is secret; NULL and "" are none. */
void notify_message_add_secret(struct notify_message *, const char *secret);

const char *delivery_outcome_name(enum delivery_outcome); /* "arrived", "retry" ... */
const char *channel_fault_name(enum channel_fault);       /* "revoked" ... */

#endif
