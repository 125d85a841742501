/*
 * Forgetting, and counting what there is.  See store_upkeep.h.
 */
#include <sys/stat.h>

#include "base/alloc.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_runs.h"
#include "store/store_upkeep.h"

_Static_assert(DELIVERY_WAITING == 0 && DELIVERY_SENDING == 1 && DELIVERY_DEAD == 4,
	"the SQL has them as numbers");

enum {
	FREE_PAGES_MIN = 1000, /* fewer are left for what comes */
	FREE_PAGES_STEP = 500, /* given back at once */
};

/* Rows that are to be left out of what is forgotten: something is yet to be delivered. */
#define NOTHING_OPEN(column)                                                                       \
	" AND NOT EXISTS (SELECT 1 FROM delivery"                                                  \
	"  WHERE delivery." column " AND delivery.ended_ms IS NULL)"

#define ENDED_ALERT                                                                                \
	"SELECT id FROM alert INDEXED BY alert_resolved WHERE resolved_ms < ?1" NOTHING_OPEN(      \
		"alert_id = alert.id")

#define OLD_RUN                                                                                    \
	"SELECT id FROM run INDEXED BY run_started"                                                \
	" WHERE started_ms < ?1 AND coalesce(ended_ms, started_ms) < ?1"

/* In this order, so that one alert with very many events does not go at once. */
static const char *const alert_prunings[] = {
	"DELETE FROM event WHERE id IN (SELECT event.id FROM event INDEXED BY event_alert"
	" WHERE alert_id IN (" ENDED_ALERT ") LIMIT ?2)",

	"DELETE FROM alert WHERE id IN (" ENDED_ALERT
	" AND NOT EXISTS (SELECT 1 FROM event WHERE alert_id = alert.id) LIMIT ?2)",

	"DELETE FROM event WHERE id IN (SELECT id FROM event AS e INDEXED BY event_time"
	" WHERE time_ms < ?1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE event_id = e.id)"
	" AND id < (SELECT max(id) FROM event WHERE alert_id = e.alert_id AND kind = e.kind) LIMIT "
	"?2)",

	"DELETE FROM delivery WHERE id IN (SELECT id FROM delivery INDEXED BY delivery_ended"
	" WHERE state > 1 AND ended_ms < ?1 AND alert_id IS NULL LIMIT ?2)",

	"DELETE FROM silence WHERE id IN (SELECT id FROM silence WHERE ends_ms < ?1 LIMIT ?2)",
};

static const char *const run_prunings[] = {
	"DELETE FROM run_host WHERE id IN (SELECT run_host.id FROM run_host"
	" WHERE run_id IN (" OLD_RUN ") LIMIT ?2)",

	"DELETE FROM run WHERE id IN (" OLD_RUN
	" AND NOT EXISTS (SELECT 1 FROM run_host WHERE run_id = run.id) LIMIT ?2)",
};

static int prune_some(struct store_tx *tx, const char *sql, int64_t before_ms, int64_t limit,
	int64_t *ret_rows, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx, sql);

	query_bind_int(&query, 1, before_ms);
	query_bind_int(&query, 2, limit);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_rows = store_tx_changes(tx);
	return 0;
}

/* When much is free, the file becomes smaller, a bit at a time. */
static int give_back(struct store_tx *tx, struct err *err)
{
	int64_t pages;
	int64_t free_pages;
	_cleanup_(freep) char *sql = xasprintf("PRAGMA incremental_vacuum(%d)", FREE_PAGES_STEP);

	if (store_exec_int(tx->store, "PRAGMA page_count", &pages, err) < 0 ||
		store_exec_int(tx->store, "PRAGMA freelist_count", &free_pages, err) < 0) {
		return -1;
	}
	if (free_pages < FREE_PAGES_MIN || free_pages < pages / 4) {
		return 0;
	}
	return store_exec(tx->store, sql, err);
}

static int prune_all(struct store_tx *tx, const char *const *prunings, size_t count,
	int64_t before_ms, int64_t *left, struct err *err)
{
	for (size_t i = 0; i<count && * left> 0; i++) {
		int64_t rows = 0;

		if (prune_some(tx, prunings[i], before_ms, *left, &rows, err) < 0) {
			return -1;
		}
		*left -= rows;
	}
	return 0;
}

int store_prune(
	struct store_tx *tx, int64_t before_ms, int64_t limit, bool *ret_is_done, struct err *err)
{
	int64_t left = limit;

	if (prune_all(tx, alert_prunings, ARRAY_LEN(alert_prunings), before_ms, &left, err) < 0 ||
		prune_all(tx, run_prunings, ARRAY_LEN(run_prunings), before_ms, &left, err) < 0 ||
		give_back(tx, err) < 0) {
		return -1;
	}
	*ret_is_done = left > 0;
	return 0;
}

int store_runs_prune(struct store_tx *tx, int64_t before_ms, int64_t limit, struct err *err)
{
	int64_t left = limit;

	return prune_all(tx, run_prunings, ARRAY_LEN(run_prunings), before_ms, &left, err);
}

static int64_t file_bytes(const struct store *store, const char *suffix)
{
	_cleanup_(freep) char *path = xasprintf("%s%s", store->path, suffix);
	struct stat st;

	return !store->is_memory && stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

int store_summarize(
	struct store_tx *tx, int64_t now_ms, struct store_summary *ret_summary, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT (SELECT count(*) FROM alert),"
		" (SELECT count(*) FROM alert WHERE resolved_ms IS NULL),"
		" (SELECT count(*) FROM event), (SELECT min(time_ms) FROM event),"
		" (SELECT count(*) FROM delivery WHERE state = 0),"
		" (SELECT count(*) FROM delivery WHERE state = 1),"
		" (SELECT count(*) FROM delivery WHERE state = 4),"
		" (SELECT count(*) FROM silence WHERE ends_ms > ?1 AND expired_ms IS NULL)");
	struct store_summary summary = {
		.bytes = file_bytes(tx->store, "") + file_bytes(tx->store, "-wal")};
	int64_t page_bytes;
	int64_t free_pages;

	query_bind_int(&query, 1, now_ms);
	if (query_step(&query, err) < 0 ||
		store_exec_int(tx->store, "PRAGMA user_version", &summary.version, err) < 0 ||
		store_exec_int(tx->store, "PRAGMA page_size", &page_bytes, err) < 0 ||
		store_exec_int(tx->store, "PRAGMA freelist_count", &free_pages, err) < 0) {
		return -1;
	}
	summary.alerts = query_int(&query, 0);
	summary.open = query_int(&query, 1);
	summary.events = query_int(&query, 2);
	summary.oldest_ms = query_int(&query, 3);
	summary.waiting = query_int(&query, 4);
	summary.in_hand = query_int(&query, 5);
	summary.dead = query_int(&query, 6);
	summary.silences = query_int(&query, 7);
	summary.free_bytes = free_pages * page_bytes;
	*ret_summary = summary;
	return 0;
}
