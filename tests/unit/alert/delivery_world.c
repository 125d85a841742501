#include "alert/delivery_world.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/store_fixture.h"

int world_set_up(void **state)
{
	struct world *world = xcalloc(1, sizeof(*world));
	struct err err = {0};

	if (store_folder_enter(state) < 0) {
		return -1;
	}
	time_fake(1000 * 1000, WORLD_BEGAN_MS);
	assert_int_equal(loop_new(&world->loop, &err), 0);
	world->store = fixture_store(NULL);
	world->env.loop = world->loop;
	world->settings.receivers.items = world->items;
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		world->settings.give_up_ms[i] = INT64_C(24) * 3600 * 1000;
	}
	*state = world;
	return 0;
}

int world_tear_down(void **state)
{
	struct world *world = *state;

	world_end(world);
	store_close(&world->store);
	loop_free(&world->loop);
	for (size_t i = 0; i < WORLD_RECEIVERS_MAX; i++) {
		fake_opts_release(&world->opts[i]);
	}
	free(world);
	time_fake_end();
	return store_folder_leave(state);
}

struct fake_opts *world_receiver(
	struct world *world, const char *name, const struct notifier_kind *kind)
{
	size_t i = world->settings.receivers.count++;

	assert_true(i < WORLD_RECEIVERS_MAX);
	world->receivers[i] = (struct receiver){
		.name = name,
		.kind = kind,
		.opts = &world->opts[i],
		.settings = "settings",
		.sends_resolved = true,
		.timeout_ms = 15 * 1000,
	};
	world->items[i] = &world->receivers[i];
	return &world->opts[i];
}

struct receiver *world_find(struct world *world, const char *name)
{
	for (size_t i = 0; i < world->settings.receivers.count; i++) {
		if (str_is(str_of(world->receivers[i].name), name)) {
			return &world->receivers[i];
		}
	}
	fail_msg("no receiver '%s'", name);
	return NULL;
}

static void attempted(void *arg, const struct receiver *receiver,
	const struct notification *notification, const struct delivery_result *result,
	int64_t next_ms)
{
	struct world *world = arg;

	assert_non_null(receiver);
	assert_non_null(notification->key);
	assert_non_null(result->text);
	world->attempts++;
	world->latest_next_ms = next_ms;
}

static void went_idle(void *arg)
{
	struct world *world = arg;

	world->idle++;
	if (world->until_ms > 0) {
		loop_stop(world->loop);
	}
}

static void store_failed(void *arg, const struct err *err)
{
	struct world *world = arg;

	world->store_failures++;
	world->store_err = *err;
}

void world_start(struct world *world)
{
	struct err err = {0};

	world->idle = 0;
	world->writers = fixture_store(NULL);
	assert_int_equal(store_writer_new(world->loop, world->writers, &world->writer, &err), 0);
	world->options.env = &world->env;
	world->options.writer = world->writer;
	world->options.settings = &world->settings;
	world->options.attempted = attempted;
	world->options.idle = went_idle;
	world->options.store_failed = store_failed;
	world->options.arg = world;
	world->deliverer = deliverer_new(&world->options);
}

/* --- The clock --- */

static int nothing(struct store_tx *tx, void *arg, struct err *err)
{
	(void)tx;
	(void)arg;
	(void)err;
	return 0;
}

static void settled(void *arg, const struct err *err);

/* Whoever waits for the store gets it while the clock stands still: however fast this machine is,
 * two deliverers take turns. */
static void first_settled(void *arg, const struct err *err)
{
	struct world *world = arg;

	if (world->second) {
		store_writer_post(world->second, nothing, settled, world);
	} else {
		settled(world, err);
	}
}

/* The writers' threads have done what was posted before, and the loop has heard of it. */
static void settled(void *arg, const struct err *err)
{
	struct world *world = arg;
	int64_t left_ms = world->until_ms - time_wall_ms();

	(void)err;
	if (left_ms <= 0) {
		loop_stop(world->loop);
		return;
	}
	time_fake_advance(left_ms < world->auto_step_ms ? left_ms : world->auto_step_ms);
	store_writer_post(world->writer, nothing, first_settled, world);
}

/* A thousand steps of at least 50 ms and at most a second. */
static int64_t step_for(int64_t ms)
{
	const int64_t step_ms = ms / 1000;

	return step_ms < 50 ? 50 : step_ms > 1000 ? 1000 : step_ms;
}

static void run_until(struct world *world, int64_t until_ms)
{
	struct err err = {0};

	world->until_ms = until_ms;
	store_writer_post(world->writer, nothing, first_settled, world);
	assert_int_equal(loop_run(world->loop, &err), 0);
	world->until_ms = 0;
}

void world_end(struct world *world)
{
	const bool was_looking = world->deliverer != NULL;

	deliverer_free(&world->deliverer);
	if (was_looking) {
		run_until(world, time_wall_ms()); /* what is with the writer comes back */
	}
	store_writer_free(&world->writer);
	store_close(&world->writers);
}

void world_run(struct world *world, int64_t ms)
{
	world->auto_step_ms = world->step_ms ? world->step_ms : step_for(ms);
	run_until(world, time_wall_ms() + ms);
}

void world_run_to_idle(struct world *world, int64_t within_ms)
{
	world->auto_step_ms = world->step_ms ? world->step_ms : step_for(0);
	run_until(world, time_wall_ms() + within_ms);
	assert_int_equal(world->idle, 1);
}

int64_t world_deliver(struct world *world, struct fixture_delivery wanted)
{
	wanted.now_ms = time_wall_ms();
	wanted.due_ms = wanted.due_ms ? wanted.due_ms : wanted.now_ms;
	return fixture_deliver(world->store, &wanted);
}

void world_flush(struct world *world)
{
	world_start(world);
	world_run_to_idle(world, INT64_C(3600) * 1000);
	world_end(world);
}
