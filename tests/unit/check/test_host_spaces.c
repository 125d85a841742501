/*
 * Filesystems that answer, refuse, and hang.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <unistd.h>

#include "check/host_spaces.h"
#include "loop/loop_fixture.h"

enum { NEVER_MS = 60000, SHORT_MS = 200 };

/* "/dead..." hangs, "/bad" refuses, "/dies" is the end of the child; others have as many blocks as
 * their name has bytes. */
static int fake_statfs(const char *point, struct statfs *fs)
{
	if (strncmp(point, "/dead", 5) == 0) {
		for (;;) {
			(void)pause();
		}
	}
	if (strcmp(point, "/bad") == 0) {
		errno = EIO;
		return -1;
	}
	if (strcmp(point, "/dies") == 0) {
		(void)raise(SIGKILL);
	}
	memset(fs, 0, sizeof(*fs));
	fs->f_frsize = 512;
	fs->f_blocks = strlen(point);
	fs->f_bfree = 1;
	fs->f_bavail = 1;
	return 0;
}

struct measured {
	struct arena *arena;
	struct host_mounts mounts;
	struct host_filesystems filesystems;
	struct host_spaces *spaces;
	int done_count;
};

static void add_filesystem(struct measured *measured, const char *point, bool is_remote)
{
	struct host_mount *mount = arena_alloc(measured->arena, sizeof(*mount));
	struct host_filesystems *filesystems = &measured->filesystems;

	mount->point = point;
	filesystems->items =
		arena_grow(measured->arena, filesystems->items, filesystems->items_count,
			filesystems->items_count + 1, sizeof(filesystems->items[0]));
	filesystems->items[filesystems->items_count++] =
		(struct host_filesystem){.mount = mount, .is_remote = is_remote};
}

static void done(void *arg)
{
	struct measured *measured = arg;

	measured->done_count++;
	host_spaces_free(&measured->spaces);
}

static void start(struct measured *measured, struct fixture *fixture, int64_t timeout_ms)
{
	const struct host_spaces_spec spec = {
		.loop = fixture->loop,
		.arena = measured->arena,
		.filesystems = &measured->filesystems,
		.mounts = &measured->mounts,
		.timeout_ms = timeout_ms,
		.statfs = fake_statfs,
	};

	measured->spaces = host_spaces_start(&spec, done, measured);
	assert_int_equal(measured->done_count, 0);
}

static void run_loop(struct fixture *fixture)
{
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
}

static const struct host_space *space_of(const struct measured *measured, const char *point)
{
	const struct host_space *found = NULL;

	for (size_t i = 0; i < measured->mounts.spaces_count; i++) {
		if (strcmp(measured->mounts.spaces[i].point, point) == 0) {
			assert_null(found); /* told twice */
			found = &measured->mounts.spaces[i];
		}
	}
	assert_non_null(found);
	return found;
}

static void nothing_to_measure(void **state)
{
	struct measured measured = {.arena = arena_new()};

	start(&measured, *state, NEVER_MS);
	run_loop(*state);
	assert_int_equal(measured.done_count, 1);
	arena_free(measured.arena);
}

static void measures(void **state)
{
	struct measured measured = {.arena = arena_new()};
	const struct host_space *space;

	add_filesystem(&measured, "/", false);
	add_filesystem(&measured, "/bad", false);
	add_filesystem(&measured, "/srv/data", false);
	add_filesystem(&measured, "/nas", true);
	start(&measured, *state, NEVER_MS);
	run_loop(*state);
	assert_int_equal(measured.done_count, 1);
	assert_int_equal(measured.mounts.spaces_count, 4);
	space = space_of(&measured, "/srv/data");
	assert_int_equal(space->state, HOST_SPACE_MEASURED);
	assert_int_equal(space->blocks, 9);
	assert_int_equal(space->block_size, 512);
	space = space_of(&measured, "/bad");
	assert_int_equal(space->state, HOST_SPACE_FAILED);
	assert_int_equal(space->error, EIO);
	assert_int_equal(space_of(&measured, "/nas")->blocks, 4);
	arena_free(measured.arena);
}

static void what_hangs_holds_up_nobody(void **state)
{
	static const char *const remote[] = {"/dead nas", "/nas", "/dead nas 2", "/nas2"};
	static const char *const local[] = {
		"/", "/dead disk", "/dead disk 2", "/home", "/dies", "/var"};
	struct measured measured = {.arena = arena_new()};

	for (size_t i = 0; i < ARRAY_LEN(local); i++) {
		add_filesystem(&measured, local[i], false);
	}
	for (size_t i = 0; i < ARRAY_LEN(remote); i++) {
		add_filesystem(&measured, remote[i], true);
	}
	start(&measured, *state, SHORT_MS);
	run_loop(*state);
	assert_int_equal(measured.done_count, 1);
	assert_int_equal(measured.mounts.spaces_count, 10);
	for (size_t i = 0; i < measured.mounts.spaces_count; i++) {
		const struct host_space *space = &measured.mounts.spaces[i];

		if (strncmp(space->point, "/dead", 5) == 0) {
			assert_int_equal(space->state, HOST_SPACE_STUCK);
		} else if (strcmp(space->point, "/dies") == 0) {
			assert_int_equal(space->state, HOST_SPACE_FAILED);
			assert_int_equal(space->error, 0);
		} else {
			assert_int_equal(space->state, HOST_SPACE_MEASURED);
		}
	}
	arena_free(measured.arena);
}

static void many_wait_for_their_turn(void **state)
{
	struct measured measured = {.arena = arena_new()};

	for (int i = 0; i < 150; i++) {
		add_filesystem(&measured, arena_printf(measured.arena, "/nas%d", i), true);
	}
	start(&measured, *state, NEVER_MS);
	run_loop(*state);
	assert_int_equal(measured.done_count, 1);
	assert_int_equal(measured.mounts.spaces_count, 150);
	assert_int_equal(space_of(&measured, "/nas149")->state, HOST_SPACE_MEASURED);
	arena_free(measured.arena);
}

static void free_it(void *arg)
{
	struct measured *measured = arg;

	assert_string_equal(host_spaces_waits_for(measured->spaces), "/dead");
	host_spaces_free(&measured->spaces);
}

static void can_be_freed_at_any_time(void **state)
{
	struct fixture *fixture = *state;
	struct measured measured = {.arena = arena_new()};
	struct timer *timer;

	add_filesystem(&measured, "/dead", true);
	add_filesystem(&measured, "/", false);
	start(&measured, fixture, NEVER_MS);
	host_spaces_free(&measured.spaces); /* before it began */
	assert_null(measured.spaces);
	host_spaces_free(&measured.spaces);

	start(&measured, fixture, NEVER_MS);
	timer = timer_add(fixture->loop, 50, free_it, &measured);
	run_loop(fixture);
	assert_int_equal(measured.done_count, 0);
	timer_free(&timer);
	arena_free(measured.arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			nothing_to_measure, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(measures, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			what_hangs_holds_up_nobody, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			many_wait_for_their_turn, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			can_be_freed_at_any_time, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
