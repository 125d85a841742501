/*
 * What became of a command of which the supervisor did not tell the end: never started, refused,
 * lost, killed together with its supervisor, or not answering.
 *
 * Pure: from what is known to one of the six outcomes, and the message that goes with it.
 */
#ifndef FLEET_REMOTE_JUDGE_H
#define FLEET_REMOTE_JUDGE_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "fleet/host_words.h"
#include "fleet/outcome.h"
#include "net/ssh_session.h"

/* What is known of it. */
struct remote_facts {
	bool has_sudo, has_tty;
	bool may_run; /* all that it needs to begin was sent */
	bool has_started;
	bool is_stopped;         /* by us */
	bool has_clock_ended_it; /* and which: */
	enum outcome_clock clock;
	struct host_words words; /* before it has started */
};

struct remote_judgement {
	struct outcome outcome;
	bool may_be_running; /* see struct remote_command_end */
};

/* In all of these the message, if there is one, is appended to `message`; outcome.message is left
 * to the caller. */

/* The channel has ended. */
struct remote_judgement remote_judge_closed(
	const struct remote_facts *, const struct ssh_exec_end *, struct strbuf *message);

/* It has not ended, although it was told to. */
struct remote_judgement remote_judge_deaf(const struct remote_facts *, struct strbuf *message);

/* Its terminal was hung up, and nothing is left of it. */
struct remote_judgement remote_judge_hung_up(const struct remote_facts *);

/* Time was over before it had started. */
struct remote_judgement remote_judge_late(
	const struct remote_facts *, enum outcome_clock, struct strbuf *message);

/* sudo does not let us through: `why`, and what it said. */
struct remote_judgement remote_judge_sudo(
	const struct remote_facts *, const char *why, struct strbuf *message);

/* What runs there is none of ours. */
struct remote_judgement remote_judge_other(const struct remote_facts *, struct strbuf *message);

#endif
