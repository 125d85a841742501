/*
 * See remote_judge.h.
 */
#include "fleet/remote_judge.h"

#include <inttypes.h>

static struct remote_judgement because(
	enum outcome_kind kind, enum outcome_cause cause, bool may_be_running)
{
	return (struct remote_judgement){
		.outcome = {.kind = kind, .cause = cause}, .may_be_running = may_be_running};
}

static struct remote_judgement not_started(enum outcome_cause cause)
{
	return because(OUTCOME_NOT_STARTED, cause, false);
}

static struct remote_judgement timed_out(enum outcome_clock clock, bool may_be_running)
{
	return (struct remote_judgement){.outcome = {.kind = OUTCOME_TIMEOUT, .clock = clock},
		.may_be_running = may_be_running};
}

static struct remote_judgement lost(
	const struct remote_facts *facts, const char *text, struct strbuf *message)
{
	strbuf_adds(message, text);
	return because(OUTCOME_UNREACHABLE,
		facts->may_run ? CAUSE_CONNECTION_LOST : CAUSE_CONNECTION_CLOSED, facts->may_run);
}

/* With a tty there is one stream. */
static struct str sudos_words(const struct remote_facts *facts)
{
	return host_words_line(
		&facts->words, facts->has_tty ? SSH_STREAM_STDOUT : SSH_STREAM_STDERR);
}

struct remote_judgement remote_judge_sudo(
	const struct remote_facts *facts, const char *why, struct strbuf *message)
{
	strbuf_adds(message, why);
	host_words_add_to(message, sudos_words(facts));
	return not_started(CAUSE_SUDO_FAILED);
}

struct remote_judgement remote_judge_other(const struct remote_facts *facts, struct strbuf *message)
{
	strbuf_adds(message, "the host runs something else instead");
	host_words_add_to(message, host_words_any(&facts->words));
	return not_started(CAUSE_EXEC_REFUSED);
}

struct remote_judgement remote_judge_late(
	const struct remote_facts *facts, enum outcome_clock clock, struct strbuf *message)
{
	strbuf_adds(message, "the host did not start the command");
	host_words_add_to(message, host_words_any(&facts->words));
	return timed_out(clock, facts->may_run);
}

struct remote_judgement remote_judge_deaf(const struct remote_facts *facts, struct strbuf *message)
{
	if (facts->has_clock_ended_it) {
		return timed_out(facts->clock, facts->may_run);
	}
	if (!facts->has_started) {
		return because(OUTCOME_NOT_STARTED, CAUSE_INTERRUPTED, facts->may_run);
	}
	/* With a tty it has no supervisor that could answer. */
	return lost(facts,
		facts->has_tty ? "its terminal was hung up, and it was not seen to end"
			       : "it did not answer when it was stopped",
		message);
}

struct remote_judgement remote_judge_hung_up(const struct remote_facts *facts)
{
	if (facts->has_clock_ended_it) {
		return timed_out(facts->clock, false);
	}
	return (struct remote_judgement){.outcome = outcome_signal("HUP")};
}

/* SIGKILL took it and the supervisor: ours, or somebody else's. */
static struct remote_judgement judge_unsaid(
	const struct remote_facts *facts, const struct ssh_exec_end *end, struct strbuf *message)
{
	struct remote_judgement judgement = {0};

	if (facts->has_clock_ended_it) {
		return timed_out(facts->clock, false);
	}
	if (end->outcome == SSH_EXEC_SIGNALED) {
		judgement.outcome = outcome_signal(end->signal_name);
	} else if (facts->is_stopped && !facts->has_tty) {
		judgement.outcome = outcome_signal("KILL");
	} else if (end->outcome == SSH_EXEC_EXITED) {
		judgement.outcome =
			outcome_exit(end->exit_code > INT32_MAX ? INT32_MAX : (int)end->exit_code);
	} else {
		return lost(
			facts, "the host closed the channel without saying how it ended", message);
	}
	return judgement;
}

/* What it says is sudo's where sudo would say it; a login shell that refuses uses the other. */
static struct remote_judgement judge_unstarted(
	const struct remote_facts *facts, const struct ssh_exec_end *end, struct strbuf *message)
{
	struct str said = host_words_any(&facts->words);

	if (facts->has_sudo && sudos_words(facts).len > 0) {
		return remote_judge_sudo(facts, "", message);
	}
	strbuf_adds(message, "the host did not start the command");
	if (said.len > 0) {
		host_words_add_to(message, said);
	} else if (end->outcome == SSH_EXEC_EXITED) {
		strbuf_addf(message, " (exit code %" PRIu32 ")", end->exit_code);
	} else if (end->outcome == SSH_EXEC_SIGNALED) {
		strbuf_addf(message, " (signal %s)", end->signal_name);
	}
	return not_started(CAUSE_EXEC_REFUSED);
}

struct remote_judgement remote_judge_closed(
	const struct remote_facts *facts, const struct ssh_exec_end *end, struct strbuf *message)
{
	if (end->outcome == SSH_EXEC_REFUSED) {
		strbuf_adds(message, end->text);
		return not_started(CAUSE_EXEC_REFUSED);
	}
	if (end->outcome == SSH_EXEC_LOST) {
		return facts->has_clock_ended_it ? timed_out(facts->clock, true)
						 : lost(facts, end->text, message);
	}
	if (facts->has_started) {
		return judge_unsaid(facts, end, message);
	}
	return facts->is_stopped ? not_started(CAUSE_INTERRUPTED)
				 : judge_unstarted(facts, end, message);
}
