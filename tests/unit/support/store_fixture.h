/*
 * For tests that want a store: a folder of their own, and transactions without ceremony.
 */
#ifndef TESTS_UNIT_SUPPORT_STORE_FIXTURE_H
#define TESTS_UNIT_SUPPORT_STORE_FIXTURE_H

#include "store/store.h"

/* Group or test setup and teardown: an empty folder, which is the current one meanwhile. */
int store_folder_enter(void **state);
int store_folder_leave(void **state);

/* Open or fail the test; "state.db" if `path` is NULL. */
struct store *fixture_store(const char *path);

/* Opening must fail so, and the text hold all of `words` (NULL-terminated). */
void assert_open_fails(const struct store_options *, enum err_code code, const char *const words[]);

/* Run SQL in a transaction that writes, or fail the test. */
void fixture_exec(struct store *, const char *sql);

/* The number that a SELECT gives, or fail the test. */
int64_t fixture_int(struct store *, const char *sql);

/* Rows; what is 0 or NULL has a value that does not matter, or NULL. */
struct past_alert {
	int id, severity, started, updated, resolved;
	const char *source;
};
struct past_delivery {
	int id, alert_id, event_id, severity, state, created, ended;
	const char *receiver;
};

void past_alert(struct store *, const struct past_alert *);
void past_event(struct store *, int id, int alert_id, int time, int kind);
void past_delivery(struct store *, const struct past_delivery *);

/* None of the queries that were run reads the whole of a table that grows, or of an index over all
 * of it; `allowed` (NULL: none): the beginning of one that may. */
void assert_no_scans(struct store *, const char *allowed);

#endif
