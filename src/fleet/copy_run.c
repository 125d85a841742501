/*
 * Hosts in a row.  See copy_run.h.
 */
#include "fleet/copy_run.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"

enum { TELL_AT_ONCE = 64 };

struct member {
	struct copy_run *run;
	struct member *next, *previous;
	size_t number;
	struct copy_host *host;
};

struct copy_run {
	struct loop *loop;
	struct ssh_connector *connector;
	struct copy_run_spec spec;
	struct copy_run_events events;
	void *arg;
	struct member *first, *last; /* under way */
	size_t under_way, ended;
	size_t next; /* whose turn it is */
	bool is_proving, is_finished;
	enum outcome_cause stopped; /* CAUSE_NONE: goes on */
	struct strbuf stop_text;
	struct deferred *stepping;
	struct timer *deadline;
	int calls;
	bool is_freed;
};

static void destroy(struct copy_run *run)
{
	strbuf_release(&run->stop_text);
	free(run);
}

static void enter(struct copy_run *run)
{
	run->calls++;
}

static void leave(struct copy_run *run)
{
	if (--run->calls == 0 && run->is_freed) {
		destroy(run);
	}
}

/* --- those under way ------------------------------------------------------------------------ */

static struct member *member_new(struct copy_run *run)
{
	struct member *member = xcalloc(1, sizeof(*member));

	member->run = run;
	member->number = run->next++;
	member->previous = run->last;
	*(run->last ? &run->last->next : &run->first) = member;
	run->last = member;
	run->under_way++;
	return member;
}

static void member_free(struct member *member)
{
	struct copy_run *run = member->run;

	*(member->previous ? &member->previous->next : &run->first) = member->next;
	*(member->next ? &member->next->previous : &run->last) = member->previous;
	run->under_way--;
	copy_host_free(&member->host);
	free(member);
}

static void step_later(struct copy_run *run);

static void on_moved(void *arg, uint64_t bytes)
{
	struct member *member = arg;

	member->run->events.moved(member->run->arg, member->number, bytes);
}

static void on_result(void *arg, size_t item, const struct copy_result *result)
{
	struct member *member = arg;

	member->run->events.result(member->run->arg, member->number, item, result);
}

/* The first one tells whether anybody can log in. */
static void judge_canary(struct copy_run *run, size_t number, const struct copy_host_end *end)
{
	if (!run->is_proving) {
		return;
	}
	if (end->outcome.cause == CAUSE_AUTH_FAILED || end->outcome.cause == CAUSE_SUDO_FAILED) {
		strbuf_addf(&run->stop_text, "%s on '%s', which was tried first",
			end->outcome.cause == CAUSE_SUDO_FAILED ? "sudo refused"
								: "authentication failed",
			run->spec.hosts[number].name);
		copy_run_stop(run, CAUSE_STOPPED);
	} else if (end->connect_ms >= 0) {
		run->is_proving = false;
	}
}

static void on_ended(void *arg, const struct copy_host_end *end)
{
	struct member *member = arg;
	struct copy_run *run = member->run;
	size_t number = member->number;

	enter(run);
	member->host = NULL; /* gone after this */
	member_free(member);
	run->ended++;
	judge_canary(run, number, end);
	step_later(run);
	run->events.ended(run->arg, number, end);
	leave(run);
}

/* --- steps ---------------------------------------------------------------------------------- */

static bool may_begin(const struct copy_run *run)
{
	size_t workers = run->spec.workers > 0 ? (size_t)run->spec.workers : FAN_OUT_WORKERS;

	return run->stopped == CAUSE_NONE && run->next < run->spec.hosts_count &&
	       run->under_way < (run->is_proving ? 1 : workers);
}

static bool may_tell(const struct copy_run *run)
{
	return !run->is_freed && run->stopped != CAUSE_NONE && run->next < run->spec.hosts_count;
}

static void begin(struct copy_run *run)
{
	static const struct copy_host_events events = {on_moved, on_result, on_ended};
	struct member *member = member_new(run);

	member->host =
		copy_host_start(run->loop, run->connector, run->spec.job(run->arg, member->number),
			&run->spec.hosts[member->number], &events, member);
}

static void tell_not_started(struct copy_run *run)
{
	const struct copy_host_end end = {
		.outcome = {.kind = OUTCOME_NOT_STARTED,
			.cause = run->stopped,
			.message = run->stop_text.len > 0 ? run->stop_text.buf : NULL},
		.connect_ms = -1,
		.transport = SSH_TRANSPORT_AUTO,
	};

	run->ended++;
	run->events.ended(run->arg, run->next++, &end);
}

static void on_step(void *arg)
{
	struct copy_run *run = arg;

	enter(run);
	run->stepping = NULL;
	while (may_begin(run)) {
		begin(run);
	}
	for (int i = 0; i < TELL_AT_ONCE && may_tell(run); i++) {
		tell_not_started(run);
	}
	if (may_tell(run)) {
		step_later(run);
	} else if (!run->is_freed && run->ended == run->spec.hosts_count && !run->is_finished) {
		run->is_finished = true;
		timer_stop(run->deadline);
		run->events.finished(run->arg);
	}
	leave(run);
}

static void step_later(struct copy_run *run)
{
	if (!run->stepping && !run->is_freed) {
		run->stepping = loop_defer(run->loop, on_step, run);
	}
}

/* --- for users ------------------------------------------------------------------------------ */

static void on_deadline(void *arg)
{
	copy_run_stop(arg, CAUSE_DEADLINE);
}

struct copy_run *copy_run_start(struct loop *loop, struct ssh_connector *connector,
	const struct copy_run_spec *spec, const struct copy_run_events *events, void *arg)
{
	struct copy_run *run = xcalloc(1, sizeof(*run));

	*run = (struct copy_run){
		.loop = loop,
		.connector = connector,
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.is_proving = spec->has_canary,
		.stop_text = STRBUF_INIT,
		.deadline = timer_new(loop, on_deadline, run),
	};
	if (spec->deadline_ms > 0) {
		int64_t left_ms = spec->deadline_ms - loop_now_ms(loop);

		timer_set(run->deadline, left_ms > 0 ? left_ms : 0);
	}
	step_later(run);
	return run;
}

void copy_run_stop(struct copy_run *run, enum outcome_cause cause)
{
	assert(cause != CAUSE_NONE);
	if (run->is_freed || run->stopped != CAUSE_NONE) {
		return;
	}
	run->stopped = cause;
	for (struct member *member = run->first; member; member = member->next) {
		copy_host_stop(member->host, cause);
	}
	step_later(run);
}

void copy_run_free(struct copy_run **run_ptr)
{
	struct copy_run *run = TAKE(*run_ptr);

	if (!run) {
		return;
	}
	run->is_freed = true;
	for (struct member *member = run->first, *next; member; member = next) {
		next = member->next;
		member_free(member);
	}
	deferred_free(&run->stepping);
	timer_free(&run->deadline);
	if (run->calls == 0) {
		destroy(run);
	}
}

void copy_run_add_phases(const struct copy_run *run, size_t max, struct strbuf *out)
{
	for (const struct member *member = run->first; member && max > 0; member = member->next) {
		strbuf_addf(out, "%s: ", run->spec.hosts[member->number].name);
		copy_host_add_phase(member->host, out);
		strbuf_addc(out, '\n');
		max--;
	}
}

void copy_run_add_left(const struct copy_run *run, struct strbuf *out)
{
	for (const struct member *member = run->first; member; member = member->next) {
		struct strbuf left = STRBUF_INIT;

		copy_host_add_left(member->host, &left);
		if (left.len > 0) {
			strbuf_addf(
				out, "%s: %s\n", run->spec.hosts[member->number].name, left.buf);
		}
		strbuf_release(&left);
	}
}
