/*
 * What is told of commands, from hosts to whom it concerns.  See fan_out.h; who runs when:
 * host_queue.c.
 */
#include "fleet/fan_out.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "fleet/host_run.h"

struct member {
	struct host_queue_item item; /* first */
	struct fan_out *fan;
	struct host_run *run;
	int64_t pid;
	bool is_running;
};

struct fan_out {
	struct loop *loop;
	struct ssh_connector *connector;
	struct fan_out_spec spec;
	struct fan_out_events events;
	void *arg;
	struct host_queue *queue;
	size_t running;
	bool is_paused;
};

static struct member *member_of(struct host_queue_item *item)
{
	return (struct member *)item;
}

/* --- what hosts tell ------------------------------------------------------------------------ */

static void on_logged_in(void *arg, const struct fan_out_login *login)
{
	struct member *member = arg;
	struct fan_out *fan = member->fan;

	if (fan->events.logged_in) {
		fan->events.logged_in(fan->arg, member->item.host, login);
	}
}

static void on_started(void *arg, int64_t pid)
{
	struct member *member = arg;
	struct fan_out *fan = member->fan;

	member->pid = pid;
	member->is_running = true;
	fan->running++;
	host_queue_prove(fan->queue);
	fan->events.started(fan->arg, member->item.host, pid);
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct member *member = arg;

	member->fan->events.output(member->fan->arg, member->item.host, stream, bytes);
}

static void on_ended(void *arg, const struct fan_out_end *end)
{
	struct member *member = arg;
	struct fan_out *fan = member->fan;
	size_t host = member->item.host;
	bool is_proof =
		end->connect_ms >= 0 && fan->spec.command.supervised.sudo == SUPERVISOR_SUDO_NONE;

	member->run = NULL; /* gone after this */
	host_queue_end(&member->item, &end->outcome, is_proof);
	fan->events.ended(fan->arg, host, end);
}

/* --- what the queue asks for ---------------------------------------------------------------- */

static void begin(void *arg, struct host_queue_item *item)
{
	static const struct host_run_events events = {
		on_logged_in, on_started, on_output, on_ended};
	struct fan_out *fan = arg;
	struct member *member = member_of(item);

	member->fan = fan;
	member->run = host_run_start(fan->loop, fan->connector, &fan->spec,
		&fan->spec.queue.hosts[item->host], &events, member);
	host_run_pause(member->run, fan->is_paused);
}

static void stop(struct host_queue_item *item, enum outcome_cause cause)
{
	host_run_stop(member_of(item)->run, cause);
}

static void release(struct host_queue_item *item)
{
	struct member *member = member_of(item);

	member->fan->running -= member->is_running;
	host_run_free(&member->run);
}

static void add_phase(const struct host_queue_item *item, struct strbuf *out)
{
	host_run_add_phase(((const struct member *)item)->run, out);
}

static void not_started(void *arg, size_t host, const struct outcome *outcome)
{
	struct fan_out *fan = arg;
	const struct fan_out_end end = {
		.outcome = *outcome, .connect_ms = -1, .transport = SSH_TRANSPORT_AUTO};

	fan->events.ended(fan->arg, host, &end);
}

static void finished(void *arg)
{
	struct fan_out *fan = arg;

	fan->events.finished(fan->arg);
}

/* --- for users ------------------------------------------------------------------------------ */

struct fan_out *fan_out_start(struct loop *loop, struct ssh_connector *connector,
	const struct fan_out_spec *spec, const struct fan_out_events *events, void *arg)
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
	struct fan_out *fan = xcalloc(1, sizeof(*fan));

	*fan = (struct fan_out){
		.loop = loop,
		.connector = connector,
		.spec = *spec,
		.events = *events,
		.arg = arg,
	};
	fan->queue = host_queue_start(loop, &spec->queue, &work, fan);
	return fan;
}

void fan_out_stop(struct fan_out *fan, enum outcome_cause cause)
{
	host_queue_stop(fan->queue, cause);
}

enum outcome_cause fan_out_stopped(const struct fan_out *fan)
{
	return host_queue_stopped(fan->queue);
}

void fan_out_pause(struct fan_out *fan, bool is_paused)
{
	fan->is_paused = is_paused;
	for (struct host_queue_item *item = host_queue_first(fan->queue); item; item = item->next) {
		host_run_pause(member_of(item)->run, is_paused);
	}
}

void fan_out_free(struct fan_out **fan_ptr)
{
	struct fan_out *fan = TAKE(*fan_ptr);

	if (fan) {
		host_queue_free(&fan->queue);
		free(fan);
	}
}

size_t fan_out_running(const struct fan_out *fan, struct fan_out_running *ret_items, size_t max)
{
	size_t count = 0;

	for (struct host_queue_item *item = host_queue_first(fan->queue); item; item = item->next) {
		const struct member *member = member_of(item);

		if (member->is_running && count < max) {
			ret_items[count++] =
				(struct fan_out_running){.host = item->host, .pid = member->pid};
		}
	}
	return fan->running;
}

struct fan_out_counts fan_out_counts(const struct fan_out *fan)
{
	struct host_queue_counts counts = host_queue_counts(fan->queue);

	return (struct fan_out_counts){
		.total = counts.total,
		.waiting = counts.waiting,
		.connecting = counts.under_way - fan->running,
		.running = fan->running,
		.ended = counts.ended,
	};
}

void fan_out_add_phases(const struct fan_out *fan, size_t max, struct strbuf *out)
{
	host_queue_add_phases(fan->queue, max, out);
}
