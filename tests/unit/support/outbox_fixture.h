/*
 * For tests of the outbox: alerts, events and deliveries without the engine that decides them.
 */
#ifndef TESTS_UNIT_SUPPORT_OUTBOX_FIXTURE_H
#define TESTS_UNIT_SUPPORT_OUTBOX_FIXTURE_H

#include <stdint.h>

#include "base/severity.h"
#include "store/store.h"
#include "store/store_outbox.h"

/* One event of an alert, and one delivery of it.  Zero is an info trigger of a new alert, due at
 * time 0 and good until FIXTURE_EXPIRES_MS. */
struct fixture_delivery {
	const char *receiver; /* NULL: "slack" */
	int purpose;
	enum severity severity;
	int64_t alert_id;   /* 0: a new one */
	const char *source; /* of a new one; NULL: "web-01" */
	const char *group_key;
	int64_t now_ms, due_ms;
	int64_t expires_ms; /* 0: FIXTURE_EXPIRES_MS */
	bool is_told;       /* a row in `told` goes with it */
};

#define FIXTURE_EXPIRES_MS INT64_C(4102444800000) /* 2100 */

/* A store in memory with one transaction, which is open all the time. */
struct outbox_fixture {
	struct store *store;
	struct store_tx *tx;
	struct arena *arena;
	struct err err;
};

/* Setup and teardown for cmocka; *state is the fixture, which each test has anew. */
int outbox_fixture_start(void **state);
int outbox_fixture_end(void **state);

/* A result of 0 or more, or the test fails with the fixture's err. */
void fixture_ok(struct outbox_fixture *, int result);

int64_t fixture_add(struct outbox_fixture *, const struct fixture_delivery *); /* its id */
struct outbox_delivery fixture_get(struct outbox_fixture *, int64_t id);

/* In a transaction; NULL outputs are fine. */
int fixture_deliver_tx(struct store_tx *, const struct fixture_delivery *, int64_t *ret_alert_id,
	int64_t *ret_id, struct err *);

/* In one of its own; gives the delivery's id. */
int64_t fixture_deliver(struct store *, const struct fixture_delivery *);

/* The alert of a delivery. */
int64_t fixture_alert_of(struct store *, int64_t delivery_id);

/* The number that a SELECT with one "%lld" gives for an id. */
int64_t fixture_int_of(struct store *, const char *sql, int64_t id);

#endif
