/*
 * Stores for tests.  See store_fixture.h.
 */
#include "support/store_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"

static char folder[64];

/* In memory if there is such a place: there is much to be synced, and no power that can fail. */
int store_folder_enter(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/test_store.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static void remove_all(const char *path)
{
	DIR *dir = opendir(path);

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		char name[512];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
			continue;
		}
		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (unlink(name) < 0) {
			remove_all(name);
			(void)rmdir(name);
		}
	}
	if (dir) {
		(void)closedir(dir);
	}
}

int store_folder_leave(void **state)
{
	(void)state;
	remove_all(".");
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

struct store *fixture_store(const char *path)
{
	const struct store_options options = {.path = path ? path : "state.db", .busy_ms = 5000};
	struct store *store = NULL;
	struct err err = {0};

	if (store_open(&options, &store, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return store;
}

void assert_open_fails(
	const struct store_options *options, enum err_code code, const char *const words[])
{
	struct store *store = NULL;
	struct err err = {0};

	assert_int_equal(store_open(options, &store, &err), -1);
	assert_null(store);
	for (; *words; words++) {
		if (!strstr(err.msg, *words)) {
			fail_msg("no '%s' in: %s", *words, err.msg);
		}
	}
	if (err.code != code) {
		fail_msg("code %d, not %d: %s", (int)err.code, (int)code, err.msg);
	}
}

static int exec(struct store_tx *tx, void *arg, struct err *err)
{
	return store_exec(tx->store, arg, err);
}

void fixture_exec(struct store *store, const char *sql)
{
	struct err err = {0};

	if (store_write(store, exec, (void *)(uintptr_t)sql, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

int64_t fixture_int(struct store *store, const char *sql)
{
	struct err err = {0};
	int64_t value = -1;

	if (store_exec_int(store, sql, &value, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return value;
}

static void add_row(struct store *store, char *sql)
{
	fixture_exec(store, sql);
	free(sql);
}

void past_alert(struct store *store, const struct past_alert *alert)
{
	add_row(store,
		xasprintf("INSERT INTO alert (id, fingerprint, title, source, message, severity,"
			  " severity_max, fields, labels, started_ms, updated_ms, resolved_ms, "
			  "events)"
			  " VALUES (%d, 'f%d', 'title %d', '%s', '', %d, %d, '{}', '{}', %d, %d,"
			  " nullif(%d, 0), 1)",
			alert->id, alert->id, alert->id, alert->source ? alert->source : "web-01",
			alert->severity, alert->severity, alert->started, alert->updated,
			alert->resolved));
}

void past_event(struct store *store, int id, int alert_id, int time, int kind)
{
	add_row(store,
		xasprintf("INSERT INTO event (id, alert_id, time_ms, kind, severity, message,"
			  " fields, labels) VALUES (%d, %d, %d, %d, 1, 'message %d', '{}', '{}')",
			id, alert_id, time, kind, id));
}

void past_delivery(struct store *store, const struct past_delivery *delivery)
{
	add_row(store,
		xasprintf("INSERT INTO delivery (id, key, receiver, purpose, alert_id, event_id,"
			  " severity, state, route, created_ms, due_ms, expires_ms, ended_ms,"
			  " attempts, stands_for, hidden) VALUES (%d, 'key%d', '%s', 0, nullif(%d, "
			  "0),"
			  " nullif(%d, 0), %d, %d, 'default', %d, 0, 0, nullif(%d, 0), 0, 1, 0)",
			delivery->id, delivery->id,
			delivery->receiver ? delivery->receiver : "slack", delivery->alert_id,
			delivery->event_id, delivery->severity, delivery->state, delivery->created,
			delivery->ended));
}

/* What stays small may be read whole, and so may an index over those rows only that are open. */
static bool is_scan(const char *detail)
{
	static const char *const small[] = {"owner", "channel", "mark", "silence", "(subquery",
		"CONSTANT ROW", "alert_open", "delivery_waiting", "delivery_sending",
		"delivery_open", "delivery_group"};

	for (size_t i = 0; i < ARRAY_LEN(small); i++) {
		if (strstr(detail, small[i])) {
			return false;
		}
	}
	return strstr(detail, "SCAN ") == detail;
}

static void assert_no_scan(struct store *store, const char *sql)
{
	_cleanup_(freep) char *explain = xasprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *stmt = NULL;

	assert_int_equal(sqlite3_prepare_v2(store->db, explain, -1, &stmt, NULL), SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(stmt, 3);

		if (is_scan(detail)) {
			fail_msg("%s: %s", detail, sql);
		}
	}
	(void)sqlite3_finalize(stmt);
}

void assert_no_scans(struct store *store, const char *allowed)
{
	struct str sql;

	for (size_t pos = 0; map_next(store->statements, &pos, &sql, NULL);) {
		if (!allowed || !str_starts(sql, allowed)) {
			assert_no_scan(store, sql.ptr);
		}
	}
}
