/*
 * A row of hosts, and a list of those that are under way.  See fan_out.h.
 *
 * Hosts begin in the order of the selection, so the list is in that order too, and in that of age.
 * Beginning, and telling that others never will, is done a few at a time, at the end of turns.
 */
#include "fleet/fan_out.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "fleet/host_run.h"

enum { BEGIN_AT_ONCE = 16, TELL_AT_ONCE = 64 };

struct member {
	struct fan_out *fan;
	struct member *next, *previous;
	size_t host;
	struct host_run *run;
	int64_t begun_ms;
	int64_t pid;
	bool is_running;
};

struct fan_out {
	struct loop *loop;
	struct ssh_connector *connector;
	struct fan_out_spec spec;
	struct fan_out_events events;
	void *arg;
	struct member *first, *last; /* under way */
	size_t under_way, running, ended;
	size_t next;                /* whose turn it is */
	bool is_proving;            /* the canary has not come through yet */
	enum outcome_cause stopped; /* CAUSE_NONE: goes on */
	struct strbuf stop_text;    /* why, if the cause does not say it all */
	struct deferred *stepping;
	struct timer *deadline;
	bool is_paused;
	bool is_finished;
	int calls; /* under way */
	bool is_freed;
};

static void destroy(struct fan_out *fan)
{
	strbuf_release(&fan->stop_text);
	free(fan);
}

static void enter(struct fan_out *fan)
{
	fan->calls++;
}

static void leave(struct fan_out *fan)
{
	if (--fan->calls == 0 && fan->is_freed) {
		destroy(fan);
	}
}

/* --- the list ------------------------------------------------------------------------------- */

static struct member *member_new(struct fan_out *fan, size_t host)
{
	struct member *member = xcalloc(1, sizeof(*member));

	member->fan = fan;
	member->host = host;
	member->begun_ms = loop_now_ms(fan->loop);
	member->previous = fan->last;
	*(fan->last ? &fan->last->next : &fan->first) = member;
	fan->last = member;
	fan->under_way++;
	return member;
}

static void member_free(struct member *member)
{
	struct fan_out *fan = member->fan;

	*(member->previous ? &member->previous->next : &fan->first) = member->next;
	*(member->next ? &member->next->previous : &fan->last) = member->previous;
	fan->under_way--;
	fan->running -= member->is_running;
	host_run_free(&member->run);
	free(member);
}

/* --- the canary ----------------------------------------------------------------------------- */

static bool is_refusal(const struct outcome *outcome)
{
	return outcome->cause == CAUSE_AUTH_FAILED || outcome->cause == CAUSE_SUDO_FAILED;
}

static void judge_canary(struct fan_out *fan, size_t host, const struct fan_out_end *end)
{
	if (!fan->is_proving) {
		return;
	}
	if (is_refusal(&end->outcome)) {
		strbuf_addf(&fan->stop_text, "%s on '%s', which was tried first",
			end->outcome.cause == CAUSE_SUDO_FAILED ? "sudo refused"
								: "authentication failed",
			fan->spec.hosts[host].name);
		fan_out_stop(fan, CAUSE_STOPPED);
	} else if (end->connect_ms >= 0 &&
		   fan->spec.command.supervised.sudo == SUPERVISOR_SUDO_NONE) {
		fan->is_proving = false;
	}
}

/* --- steps ---------------------------------------------------------------------------------- */

static void step_later(struct fan_out *fan);

static void on_logged_in(void *arg, const struct fan_out_login *login)
{
	struct member *member = arg;
	struct fan_out *fan = member->fan;

	if (fan->events.logged_in) {
		enter(fan);
		fan->events.logged_in(fan->arg, member->host, login);
		leave(fan);
	}
}

static void on_started(void *arg, int64_t pid)
{
	struct member *member = arg;
	struct fan_out *fan = member->fan;

	enter(fan);
	member->pid = pid;
	member->is_running = true;
	fan->running++;
	fan->is_proving = false;
	step_later(fan);
	fan->events.started(fan->arg, member->host, pid);
	leave(fan);
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct member *member = arg;
	struct fan_out *fan = member->fan;

	enter(fan);
	fan->events.output(fan->arg, member->host, stream, bytes);
	leave(fan);
}

static void on_ended(void *arg, const struct fan_out_end *end)
{
	struct member *member = arg;
	struct fan_out *fan = member->fan;
	size_t host = member->host;

	enter(fan);
	member->run = NULL; /* gone after this */
	member_free(member);
	fan->ended++;
	judge_canary(fan, host, end);
	step_later(fan);
	fan->events.ended(fan->arg, host, end);
	leave(fan);
}

static void begin(struct fan_out *fan)
{
	static const struct host_run_events events = {
		on_logged_in, on_started, on_output, on_ended};
	struct member *member = member_new(fan, fan->next);

	member->run = host_run_start(fan->loop, fan->connector, &fan->spec,
		&fan->spec.hosts[fan->next], &events, member);
	host_run_pause(member->run, fan->is_paused);
	fan->next++;
}

static bool may_begin(const struct fan_out *fan)
{
	size_t workers = fan->spec.workers > 0 ? (size_t)fan->spec.workers : FAN_OUT_WORKERS;

	return fan->stopped == CAUSE_NONE && fan->next < fan->spec.hosts_count &&
	       fan->under_way < (fan->is_proving ? 1 : workers);
}

static void tell_not_started(struct fan_out *fan)
{
	const struct fan_out_end end = {
		.outcome = {.kind = OUTCOME_NOT_STARTED,
			.cause = fan->stopped,
			.message = fan->stop_text.len > 0 ? fan->stop_text.buf : NULL},
		.connect_ms = -1,
		.transport = SSH_TRANSPORT_AUTO,
	};

	fan->ended++;
	fan->events.ended(fan->arg, fan->next++, &end);
}

static bool may_tell(const struct fan_out *fan)
{
	return !fan->is_freed && fan->stopped != CAUSE_NONE && fan->next < fan->spec.hosts_count;
}

static void on_step(void *arg)
{
	struct fan_out *fan = arg;

	enter(fan);
	fan->stepping = NULL;
	for (int i = 0; i < BEGIN_AT_ONCE && may_begin(fan); i++) {
		begin(fan);
	}
	for (int i = 0; i < TELL_AT_ONCE && may_tell(fan); i++) {
		tell_not_started(fan);
	}
	if (!fan->is_freed && (may_begin(fan) || may_tell(fan))) {
		step_later(fan);
	} else if (!fan->is_freed && fan->ended == fan->spec.hosts_count && !fan->is_finished) {
		fan->is_finished = true;
		timer_stop(fan->deadline);
		fan->events.finished(fan->arg);
	}
	leave(fan);
}

static void step_later(struct fan_out *fan)
{
	if (!fan->stepping && !fan->is_freed) {
		fan->stepping = loop_defer(fan->loop, on_step, fan);
	}
}

/* --- for users ------------------------------------------------------------------------------ */

static void on_deadline(void *arg)
{
	fan_out_stop(arg, CAUSE_DEADLINE);
}

struct fan_out *fan_out_start(struct loop *loop, struct ssh_connector *connector,
	const struct fan_out_spec *spec, const struct fan_out_events *events, void *arg)
{
	struct fan_out *fan = xcalloc(1, sizeof(*fan));

	*fan = (struct fan_out){
		.loop = loop,
		.connector = connector,
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.is_proving = spec->has_canary,
		.stop_text = STRBUF_INIT,
		.deadline = timer_new(loop, on_deadline, fan),
	};
	if (spec->deadline_ms != 0) {
		int64_t left_ms = spec->deadline_ms - loop_now_ms(loop);

		if (left_ms > 0) {
			timer_set(fan->deadline, left_ms);
		} else {
			fan_out_stop(fan, CAUSE_DEADLINE);
		}
	}
	step_later(fan);
	return fan;
}

void fan_out_stop(struct fan_out *fan, enum outcome_cause cause)
{
	assert(cause != CAUSE_NONE);
	if (fan->is_freed || fan->stopped != CAUSE_NONE) {
		return;
	}
	fan->stopped = cause;
	for (struct member *member = fan->first; member; member = member->next) {
		host_run_stop(member->run, cause);
	}
	step_later(fan);
}

void fan_out_pause(struct fan_out *fan, bool is_paused)
{
	fan->is_paused = is_paused;
	for (struct member *member = fan->first; member; member = member->next) {
		host_run_pause(member->run, is_paused);
	}
}

void fan_out_free(struct fan_out **fan_ptr)
{
	struct fan_out *fan = TAKE(*fan_ptr);

	if (!fan) {
		return;
	}
	assert(!fan->is_freed);
	fan->is_freed = true;
	while (fan->first) {
		member_free(fan->first);
	}
	deferred_free(&fan->stepping);
	timer_free(&fan->deadline);
	if (fan->calls == 0) {
		destroy(fan);
	}
}

size_t fan_out_running(const struct fan_out *fan, struct fan_out_running *ret_items, size_t max)
{
	size_t count = 0;

	for (const struct member *member = fan->first; member; member = member->next) {
		if (member->is_running && count < max) {
			ret_items[count++] =
				(struct fan_out_running){.host = member->host, .pid = member->pid};
		}
	}
	return fan->running;
}

struct fan_out_counts fan_out_counts(const struct fan_out *fan)
{
	return (struct fan_out_counts){
		.total = fan->spec.hosts_count,
		.waiting = fan->spec.hosts_count - fan->next,
		.connecting = fan->under_way - fan->running,
		.running = fan->running,
		.ended = fan->ended,
	};
}

void fan_out_add_phases(const struct fan_out *fan, size_t max, struct strbuf *out)
{
	int64_t now_ms = loop_now_ms(fan->loop);

	for (const struct member *member = fan->first; member && max > 0; member = member->next) {
		strbuf_addf(out, "%s: ", fan->spec.hosts[member->host].name);
		host_run_add_phase(member->run, out);
		strbuf_addf(out, " (%" PRId64 " s)\n", (now_ms - member->begun_ms) / 1000);
		max--;
	}
}
