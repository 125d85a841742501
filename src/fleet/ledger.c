/*
 * Batches for the store's writer.  See ledger.h.
 *
 * Each transaction is synced to the disk, which for commands that take milliseconds cost more than
 * everything else that is done for a host: what happens within a few milliseconds is written
 * together, and of a host that has begun and ended in that time only the end.
 */
#include "fleet/ledger.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/time.h"
#include "base/vec.h"
#include "fleet/outcome.h"
#include "store/store_writer.h"

enum { BUSY_MS = 3000, PRUNE_ROWS = 20000, BATCH_MS = 20, LATEST = 64 };
#define DAY_MS (24LL * 3600 * 1000)

struct ledger {
	struct ledger_spec kept; /* without the run */
	struct store *store;
	struct store_writer *writer;
	struct timer *pace;
	struct batch *batch;   /* that is being filled; NULL: none */
	struct batch *batches; /* that the writer has */
	int64_t id;
	bool has_failed;
};

struct batch {
	struct batch *next, **link; /* what points here, with the writer */
	struct ledger *ledger;
	struct arena *arena; /* owns this */
	struct stored_run_host *hosts;
	size_t hosts_count, hosts_alloc;
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
		.path = spec->path, .busy_ms = BUSY_MS, .command = spec->command};
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

static int set_hosts(struct store_tx *tx, void *arg, struct err *err)
{
	const struct batch *batch = arg;

	for (size_t i = 0; i < batch->hosts_count; i++) {
		if (store_run_host_set(tx, batch->ledger->id, &batch->hosts[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

static void batch_free(struct batch *batch)
{
	*batch->link = batch->next;
	if (batch->next) {
		batch->next->link = batch->link;
	}
	arena_free(batch->arena);
}

static void batch_is_written(void *arg, const struct err *err)
{
	struct batch *batch = arg;

	if (err) {
		failed(batch->ledger, err);
	}
	batch_free(batch);
}

static void send_batch(void *arg)
{
	struct ledger *ledger = arg;
	struct batch *batch = TAKE(ledger->batch);

	if (!batch) {
		return;
	}
	batch->next = ledger->batches;
	batch->link = &ledger->batches;
	if (batch->next) {
		batch->next->link = &batch->next;
	}
	ledger->batches = batch;
	store_writer_post(ledger->writer, set_hosts, batch_is_written, batch);
}

int ledger_attach(struct ledger *ledger, struct loop *loop, struct err *err)
{
	ledger->pace = timer_new(loop, send_batch, ledger);
	return store_writer_new(loop, ledger->store, &ledger->writer, err);
}

static struct batch *open_batch(struct ledger *ledger)
{
	struct arena *arena;

	if (!ledger->batch) {
		arena = arena_new();
		ledger->batch = arena_calloc(arena, 1, sizeof(*ledger->batch));
		ledger->batch->ledger = ledger;
		ledger->batch->arena = arena;
		timer_set(ledger->pace, BATCH_MS);
	}
	return ledger->batch;
}

/* Its place in the batch: what it has, if it was one of the latest, else a new one. */
static struct stored_run_host *place_of(struct batch *batch, const char *name)
{
	size_t first = batch->hosts_count > LATEST ? batch->hosts_count - LATEST : 0;

	for (size_t i = batch->hosts_count; i > first; i--) {
		if (strcmp(batch->hosts[i - 1].name, name) == 0) {
			return &batch->hosts[i - 1];
		}
	}
	return VEC_PUSH_IN(batch->arena, batch, hosts);
}

static const char *copy(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static void add(struct ledger *ledger, const struct stored_run_host *host)
{
	struct batch *batch = open_batch(ledger);
	struct stored_run_host *place = place_of(batch, host->name);

	*place = *host;
	place->name = copy(batch->arena, host->name);
	place->text = copy(batch->arena, host->text);
	place->output_hash = copy(batch->arena, host->output_hash);
	place->excerpt = copy(batch->arena, host->excerpt);
}

void ledger_started(struct ledger *ledger, size_t host)
{
	const struct outcome lost = {.kind = OUTCOME_UNREACHABLE,
		.cause = CAUSE_CONNECTION_LOST,
		.message = ledger->kept.lost};
	struct stored_run_host stored = {0};

	outcome_store(&lost, &stored);
	stored.name = ledger->kept.names[host];
	add(ledger, &stored);
}

void ledger_ended(struct ledger *ledger, const struct stored_run_host *host)
{
	add(ledger, host);
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
	send_batch(ledger);
	timer_free(&ledger->pace);
	store_writer_free(&ledger->writer);
	while (ledger->batches) {
		batch_free(ledger->batches); /* what the writer has done without a word */
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
