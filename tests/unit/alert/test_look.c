/*
 * Several processes with one outbox, and processes that die: each message is told, and by one.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/delivery_world.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/store_fixture.h"

static int64_t count(struct world *world, const char *sql)
{
	return fixture_int(world->store, sql);
}

static void never_called(void *arg)
{
	(void)arg;
	fail_msg("it follows, and so is never idle");
}

static void assert_no_key_twice(const struct fake_opts *hook)
{
	for (size_t i = 0; i < hook->messages_count; i++) {
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(hook->messages[i].key, hook->messages[j].key);
		}
	}
}

static int64_t delivered_by(const struct deliverer *deliverer)
{
	struct deliverer_counts counts;

	deliverer_get_counts(deliverer, &counts);
	return counts.delivered;
}

/* Two of them, each with a connection of its own, as two processes have. */
static void two_deliver_each_message_once(void **state)
{
	enum { MESSAGES = 300, SLOTS = 8, HAND = 32 }; /* of each deliverer */
	struct world *world = *state;
	struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);
	struct store *store = fixture_store(NULL);
	struct deliverer_options options;
	struct deliverer *other;
	struct err err = {0};

	hook->delay_ms = 30;
	for (int i = 0; i < MESSAGES; i++) {
		world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	}
	world->options.follows = true;
	world_start(world);
	assert_int_equal(store_writer_new(world->loop, store, &world->second, &err), 0);
	options = world->options;
	options.writer = world->second;
	options.idle = never_called;
	other = deliverer_new(&options);
	world_run(world, 60 * 1000);
	assert_int_equal(hook->sent, MESSAGES);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 2"), MESSAGES);
	assert_int_equal(count(world, "SELECT count(*) FROM attempt"), MESSAGES);
	assert_no_key_twice(hook);
	/* Both did something, and at the same time: what one may have in hand is not all there is,
	 * and more was under way than one alone may have. */
	assert_in_range(delivered_by(other), HAND, MESSAGES - HAND);
	assert_int_equal(delivered_by(world->deliverer), MESSAGES - delivered_by(other));
	assert_int_equal(hook->under_way_max, 2 * SLOTS);
	deliverer_free(&other);
	world_run(world, 100);
	store_writer_free(&world->second);
	store_close(&store);
}

/* Owners that are gone: their messages are told by others, who say that it may be again. */
static void what_the_dead_had_in_hand_is_taken_over(void **state)
{
	struct world *world = *state;
	const struct fake_opts *hook = world_receiver(world, "hook", &fake_hook);

	world->options.follows = true;
	world_start(world);
	world_run(world, 1000);
	world_deliver(world, (struct fixture_delivery){.receiver = "hook"});
	fixture_exec(world->store,
		"UPDATE delivery SET state = 1, owner_id = 999, attempts = 1, lease_ms = 1");
	fixture_exec(world->store,
		"INSERT INTO attempt (delivery_id, started_ms, may_have_arrived) VALUES (1, 1, 0)");
	world_run(world, 12 * 1000);
	assert_int_equal(hook->arrived, 1);
	assert_true(hook->messages[0].may_be_repeat);
	assert_int_equal(hook->messages[0].attempt, 2);
}

/* --- SIGKILL --- */

enum { KILLED_MESSAGES = 120, KILLS = 12 };

/* Each message that a child sends leaves a line: key, and whether it may be a repeat. */
static struct fake_answer record(void *arg, const struct notification *notification)
{
	const int *fd = arg;
	char line[64];
	int len = snprintf(
		line, sizeof(line), "%.32s %d\n", notification->key, notification->may_be_repeat);

	if (write(*fd, line, (size_t)len) != len) {
		abort();
	}
	return (struct fake_answer){0};
}

static void child_idle(void *arg)
{
	loop_stop(((struct world *)arg)->loop);
}

/* In a process of its own: nothing of the parent's loop and store is touched. */
static void child_main(struct world *world, int fd)
{
	struct fake_opts *hook = world->receivers[0].opts;
	struct err err = {0};

	time_fake_end();
	hook->answer = record;
	hook->arg = &fd;
	hook->delay_ms = 3;
	hook->forgets = true;
	if (loop_new(&world->loop, &err) < 0) {
		_exit(3);
	}
	world->env.loop = world->loop;
	world_start(world);
	deliverer_free(&world->deliverer);
	world->options.idle = child_idle;
	world->deliverer = deliverer_new(&world->options);
	_exit(loop_run(world->loop, &err) == 0 ? 0 : 4);
}

static bool run_child(struct world *world, int fd, int64_t kill_after_ms)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		child_main(world, fd);
	}
	if (kill_after_ms > 0) {
		(void)usleep((useconds_t)kill_after_ms * 1000); /* any moment will do */
		(void)kill(pid, SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void look_through(const char *path, size_t *ret_lines, size_t *ret_repeats)
{
	FILE *file = fopen(path, "re");
	char line[80];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		++*ret_lines;
		*ret_repeats += strstr(line, " 1\n") != NULL;
	}
	(void)fclose(file);
}

static void killed_at_any_moment_nothing_is_lost(void **state)
{
	struct world *world = *state;
	size_t lines = 0, repeats = 0;
	int fd = open("sent", O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	int64_t put_in = 0;

	(void)world_receiver(world, "hook", &fake_hook);
	for (int i = 0; i < KILLS; i++) {
		for (int n = 0; n < KILLED_MESSAGES / KILLS; n++, put_in++) {
			world_deliver(
				world, (struct fixture_delivery){.receiver = "hook", .due_ms = 1});
		}
		store_close(&world->store); /* a connection does not survive a fork */
		(void)run_child(world, fd, 20 + 9 * i);
		world->store = fixture_store(NULL);
	}
	store_close(&world->store);
	assert_true(run_child(world, fd, 0));
	world->store = fixture_store(NULL);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 2"), put_in);
	assert_int_equal(count(world, "SELECT count(*) FROM owner"), 0);
	look_through("sent", &lines, &repeats);
	assert_true(lines >= (size_t)put_in);
	/* What came twice said so. */
	assert_true(lines - (size_t)put_in <= repeats);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(two_deliver_each_message_once),
		world_test(what_the_dead_had_in_hand_is_taken_over),
		world_test(killed_at_any_moment_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
