/*
 * What is told of copies, from hosts to whom it concerns.  See copy_run.h; who copies when:
 * host_queue.c.
 */
#include "fleet/copy_run.h"

#include <stdlib.h>

#include "base/alloc.h"

struct member {
	struct host_queue_item item; /* first */
	struct copy_run *run;
	const struct copy_job *job;
	struct copy_host *host;
};

struct copy_run {
	struct loop *loop;
	struct ssh_connector *connector;
	struct copy_run_spec spec;
	struct copy_run_events events;
	void *arg;
	struct host_queue *queue;
};

static struct member *member_of(struct host_queue_item *item)
{
	return (struct member *)item;
}

/* --- what hosts tell ------------------------------------------------------------------------ */

/* Nothing moves before one is let in, by sudo too. */
static void on_moved(void *arg, uint64_t bytes)
{
	struct member *member = arg;
	struct copy_run *run = member->run;

	host_queue_prove(run->queue);
	run->events.moved(run->arg, member->item.host, bytes);
}

static void on_result(void *arg, size_t item, const struct copy_result *result)
{
	struct member *member = arg;
	struct copy_run *run = member->run;

	run->events.result(run->arg, member->item.host, item, result);
}

/* Without sudo the login is all that there is to prove; what sudo runs ends in files that were
 * copied or were not. */
static bool is_proof(const struct member *member, const struct copy_host_end *end)
{
	enum outcome_kind kind = end->outcome.kind;

	return end->connect_ms >= 0 &&
	       (!member->job->is_sudo || kind == OUTCOME_OK || kind == OUTCOME_EXIT);
}

static void on_ended(void *arg, const struct copy_host_end *end)
{
	struct member *member = arg;
	struct copy_run *run = member->run;
	size_t host = member->item.host;

	member->host = NULL; /* gone after this */
	host_queue_end(&member->item, &end->outcome, is_proof(member, end));
	run->events.ended(run->arg, host, end);
}

/* --- what the queue asks for ---------------------------------------------------------------- */

static void begin(void *arg, struct host_queue_item *item)
{
	static const struct copy_host_events events = {on_moved, on_result, on_ended};
	struct copy_run *run = arg;
	struct member *member = member_of(item);

	member->run = run;
	member->job = run->spec.job(run->arg, item->host);
	member->host = copy_host_start(run->loop, run->connector, member->job,
		&run->spec.queue.hosts[item->host], &events, member);
}

static void stop(struct host_queue_item *item, enum outcome_cause cause)
{
	copy_host_stop(member_of(item)->host, cause);
}

static void release(struct host_queue_item *item)
{
	copy_host_free(&member_of(item)->host);
}

static void add_phase(const struct host_queue_item *item, struct strbuf *out)
{
	copy_host_add_phase(((const struct member *)item)->host, out);
}

static void not_started(void *arg, size_t host, const struct outcome *outcome)
{
	struct copy_run *run = arg;
	const struct copy_host_end end = {
		.outcome = *outcome, .connect_ms = -1, .transport = SSH_TRANSPORT_AUTO};

	run->events.ended(run->arg, host, &end);
}

static void finished(void *arg)
{
	struct copy_run *run = arg;

	run->events.finished(run->arg);
}

/* --- for users ------------------------------------------------------------------------------ */

struct copy_run *copy_run_start(struct loop *loop, struct ssh_connector *connector,
	const struct copy_run_spec *spec, const struct copy_run_events *events, void *arg)
{
	static const struct host_queue_work work = {
		.item_size = sizeof(struct member),
		.begin = begin,
		.stop = stop,
		.release = release,
		.add_phase = add_phase,
		.not_started = not_started,
		.finished = finished,
	};
	struct copy_run *run = xcalloc(1, sizeof(*run));

	*run = (struct copy_run){
		.loop = loop,
		.connector = connector,
		.spec = *spec,
		.events = *events,
		.arg = arg,
	};
	run->queue = host_queue_start(loop, &spec->queue, &work, run);
	return run;
}

void copy_run_stop(struct copy_run *run, enum outcome_cause cause)
{
	host_queue_stop(run->queue, cause);
}

enum outcome_cause copy_run_stopped(const struct copy_run *run)
{
	return host_queue_stopped(run->queue);
}

void copy_run_free(struct copy_run **run_ptr)
{
	struct copy_run *run = TAKE(*run_ptr);

	if (run) {
		host_queue_free(&run->queue);
		free(run);
	}
}

void copy_run_add_phases(const struct copy_run *run, size_t max, struct strbuf *out)
{
	host_queue_add_phases(run->queue, max, out);
}

void copy_run_add_left(const struct copy_run *run, struct strbuf *out)
{
	for (struct host_queue_item *item = host_queue_first(run->queue); item; item = item->next) {
		struct strbuf left = STRBUF_INIT;

		copy_host_add_left(member_of(item)->host, &left);
		if (left.len > 0) {
			strbuf_addf(
				out, "%s: %s\n", run->spec.queue.hosts[item->host].name, left.buf);
		}
		strbuf_release(&left);
	}
}
