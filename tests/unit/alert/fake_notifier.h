/*
 * Kinds of receivers for tests: they answer as they are told, and remember what they were sent.
 */
#ifndef TESTS_UNIT_ALERT_FAKE_NOTIFIER_H
#define TESTS_UNIT_ALERT_FAKE_NOTIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notify/notifier.h"

/* Zero: it arrived. */
struct fake_answer {
	enum delivery_outcome outcome;
	enum channel_fault fault;
	int64_t retry_after_ms; /* 0: none asked for */
	bool may_have_arrived;
	bool is_never; /* no answer, until the timeout */
	const char *text;
};

/* One message that was sent. */
struct fake_message {
	char key[40];
	enum notification_purpose purpose;
	enum severity severity;
	int attempt;
	bool may_be_repeat;
	bool has_arrived;
	int64_t sent_ms; /* wall clock */
	size_t alerts_count;
	int64_t alerts_total;
	int64_t alert_id, last_alert_id; /* of the first and the last one that it shows */
	char first_key[40];
	unsigned told;
	char group[40];
	char text[400]; /* of a notice: title and text; of an alert: source, title, message, fields
			 */
	struct notify_summary summary; /* without its sources */
};

struct fake_opts {
	/* Answers to the first attempts, in order; then `then`. */
	const struct fake_answer *answers;
	size_t answers_count;
	struct fake_answer then;
	/* MAY.  Instead of these. */
	struct fake_answer (*answer)(void *arg, const struct notification *);
	void *arg;
	int64_t delay_ms; /* before it answers; 0: at once */
	bool forgets;     /* remember only counts */
	/* What happened. */
	size_t sent, arrived;
	int64_t under_way, under_way_max;
	struct fake_message *messages;
	size_t messages_count, messages_alloc;
};

void fake_opts_release(struct fake_opts *);

extern const struct notifier_kind fake_chat;      /* groups of 5; 60 a minute, 3 at once */
extern const struct notifier_kind fake_hook;      /* groups of 100; no limit */
extern const struct notifier_kind fake_incidents; /* 100 a minute, 10 at once */
extern const struct notifier_kind fake_local;     /* never leaves this machine */

#endif
