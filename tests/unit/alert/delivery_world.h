/*
 * For tests of delivering: a store, receivers that are fakes, a deliverer, and a clock that stands
 * still unless it is moved.
 */
#ifndef TESTS_UNIT_ALERT_DELIVERY_WORLD_H
#define TESTS_UNIT_ALERT_DELIVERY_WORLD_H

#include "alert/alert_settings.h"
#include "alert/deliverer.h"
#include "alert/fake_notifier.h"
#include "store/store.h"
#include "store/store_writer.h"
#include "support/outbox_fixture.h"

enum { WORLD_RECEIVERS_MAX = 8 };

#define WORLD_BEGAN_MS INT64_C(1800000000000)

struct world {
	struct loop *loop;
	struct store *store; /* the test's, beside the writer's */
	struct store *writers;
	struct store_writer *writer;
	struct notify_env env;
	struct alert_settings settings;
	struct receiver receivers[WORLD_RECEIVERS_MAX];
	void *items[WORLD_RECEIVERS_MAX];
	struct fake_opts opts[WORLD_RECEIVERS_MAX];
	struct deliverer_options options; /* to be changed before world_start() */
	struct deliverer *deliverer;
	struct store_writer *second; /* MAY.  Of another deliverer: the clock waits for it, too */
	int idle, attempts, store_failures;
	int64_t latest_next_ms; /* of the latest attempt */
	int64_t step_ms;        /* by which the clock moves; 0: as is fit for the time to pass */
	int64_t auto_step_ms;   /* its own */
	int64_t until_ms;       /* wall clock: where it stops */
	struct err store_err;
};

/* Test setup and teardown: in an empty folder, with the clock at WORLD_BEGAN_MS; *state is a
 * struct world. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* A receiver that nothing is known of; its answers may still be changed. */
struct fake_opts *world_receiver(struct world *, const char *name, const struct notifier_kind *);
struct receiver *world_find(struct world *, const char *name);

/* Opens the writer's store, and starts a deliverer. */
void world_start(struct world *);

/* The deliverer and its writer end as in a process that ends. */
void world_end(struct world *);

/* Move the clock, with everything that happens meanwhile. */
void world_run(struct world *, int64_t ms);

/* Until the deliverer is idle, which it must be before so much time has passed. */
void world_run_to_idle(struct world *, int64_t within_ms);

/* A delivery that is due now. */
int64_t world_deliver(struct world *, struct fixture_delivery);

/* Everything at once: start, until idle, end. */
void world_flush(struct world *);

#define world_test(fn) cmocka_unit_test_setup_teardown(fn, world_set_up, world_tear_down)

#endif
