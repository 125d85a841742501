/*
 * Jobs for the store's writer.  See ledger.h.
 */
#include "fleet/ledger.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/time.h"
#include "fleet/outcome.h"
#include "store/store_writer.h"

enum { BUSY_MS = 3000, PRUNE_ROWS = 20000 };
#define DAY_MS (24LL * 3600 * 1000)

struct ledger {
	struct ledger_spec kept; /* without the run */
	struct store *store;
	struct store_writer *writer;
	struct job *jobs; /* that the writer has */
	int64_t id;
	bool has_failed;
};

struct job {
	struct job *next, **link; /* what points here */
	struct ledger *ledger;
	struct arena *arena; /* owns this */
	struct stored_run_host host;
};

static void failed(struct ledger *ledger, const struct err *err)
{
	if (!ledger->has_failed) {
		ledger->has_failed = true;
		ledger->kept.failed(ledger->kept.arg, err);
	}
}

static int begin(struct store_tx *tx, void *arg, struct err *err)
{
	struct ledger *ledger = arg;
	const struct ledger_spec *spec = &ledger->kept;
	struct stored_run_hosts hosts = {
		.items = xcalloc(spec->count, sizeof(*hosts.items)), .items_count = spec->count};
	const struct outcome not_started = {.kind = OUTCOME_NOT_STARTED};
	int status;

	for (size_t i = 0; i < spec->count; i++) {
		outcome_store(&not_started, &hosts.items[i]);
		hosts.items[i].name = spec->names[i];
	}
	status = store_runs_prune(tx, time_wall_ms() - LEDGER_DAYS * DAY_MS, PRUNE_ROWS, err);
	if (status == 0) {
		status = store_run_begin(tx, spec->run, &hosts, &ledger->id, err);
	}
	free(hosts.items);
	return status;
}

int ledger_open(const struct ledger_spec *spec, struct ledger **ret_ledger, struct err *err)
{
	const struct store_options options = {
		.path = spec->path, .busy_ms = BUSY_MS, .command = "fleet"};
	struct ledger *ledger = xcalloc(1, sizeof(*ledger));

	ledger->kept = *spec;
	if (store_open(&options, &ledger->store, err) < 0 ||
		store_write(ledger->store, begin, ledger, err) < 0) {
		store_close(&ledger->store);
		free(ledger);
		return -1;
	}
	ledger->kept.run = NULL;
	*ret_ledger = ledger;
	return 0;
}

int64_t ledger_id(const struct ledger *ledger)
{
	return ledger->id;
}

int ledger_attach(struct ledger *ledger, struct loop *loop, struct err *err)
{
	return store_writer_new(loop, ledger->store, &ledger->writer, err);
}

static int set_host(struct store_tx *tx, void *arg, struct err *err)
{
	const struct job *job = arg;

	return store_run_host_set(tx, job->ledger->id, &job->host, err);
}

static void job_free(struct job *job)
{
	*job->link = job->next;
	if (job->next) {
		job->next->link = job->link;
	}
	arena_free(job->arena);
}

static void host_is_set(void *arg, const struct err *err)
{
	struct job *job = arg;

	if (err) {
		failed(job->ledger, err);
	}
	job_free(job);
}

static const char *copy(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static void post(struct ledger *ledger, const struct stored_run_host *host)
{
	struct arena *arena = arena_new();
	struct job *job = arena_alloc(arena, sizeof(*job));

	*job = (struct job){.next = ledger->jobs,
		.link = &ledger->jobs,
		.ledger = ledger,
		.arena = arena,
		.host = *host};
	if (job->next) {
		job->next->link = &job->next;
	}
	ledger->jobs = job;
	job->host.name = copy(arena, host->name);
	job->host.text = copy(arena, host->text);
	job->host.output_hash = copy(arena, host->output_hash);
	job->host.excerpt = copy(arena, host->excerpt);
	store_writer_post(ledger->writer, set_host, host_is_set, job);
}

void ledger_started(struct ledger *ledger, size_t host)
{
	const struct outcome lost = {.kind = OUTCOME_UNREACHABLE,
		.cause = CAUSE_CONNECTION_LOST,
		.message = "the command was started, and not heard to end"};
	struct stored_run_host stored = {0};

	outcome_store(&lost, &stored);
	stored.name = ledger->kept.names[host];
	post(ledger, &stored);
}

void ledger_ended(struct ledger *ledger, const struct stored_run_host *host)
{
	post(ledger, host);
}

struct end_job {
	int64_t id;
	struct stored_run_end end;
};

static int end_run(struct store_tx *tx, void *arg, struct err *err)
{
	const struct end_job *job = arg;

	return store_run_end(tx, job->id, &job->end, err);
}

void ledger_close(struct ledger **ledger_ptr, int exit_code)
{
	struct ledger *ledger = TAKE(*ledger_ptr);
	struct err err = {0};

	if (!ledger) {
		return;
	}
	store_writer_free(&ledger->writer);
	while (ledger->jobs) {
		job_free(ledger->jobs); /* what the writer has done without a word */
	}
	if (exit_code >= 0) {
		struct end_job job = {.id = ledger->id,
			.end = {.ended_ms = time_wall_ms(), .exit_code = exit_code}};

		if (store_write(ledger->store, end_run, &job, &err) < 0) {
			failed(ledger, &err);
		}
	}
	store_close(&ledger->store);
	free(ledger);
}
