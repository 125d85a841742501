/*
 * A loop for each test of src/loop, and a text in which callbacks leave what happened.
 */
#ifndef TESTS_UNIT_LOOP_LOOP_FIXTURE_H
#define TESTS_UNIT_LOOP_LOOP_FIXTURE_H

#include <dirent.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "loop/loop.h"

struct fixture {
	struct loop *loop;
	struct strbuf happened;
	int fds_before;
};

/* Open descriptors of this process. */
static inline int fds_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir)) {
		count++;
	}
	(void)closedir(dir);
	return count - 3; /* ".", ".." and its own */
}

static inline int fixture_setup(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));
	struct err err;

	strbuf_init(&fixture->happened, 0);
	fixture->fds_before = fds_open();
	if (loop_new(&fixture->loop, &err) < 0) {
		return -1;
	}
	*state = fixture;
	return 0;
}

/* Fails the test if it leaves a descriptor open. */
static inline int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;
	int fds_left;

	time_fake_end();
	loop_free(&fixture->loop);
	strbuf_release(&fixture->happened);
	fds_left = fds_open() - fixture->fds_before;
	free(fixture);
	if (fds_left != 0) {
		print_error("%d descriptors left open\n", fds_left);
	}
	return fds_left == 0 ? 0 : -1;
}

static inline void run(struct fixture *fixture)
{
	struct err err = {0};

	if (loop_run(fixture->loop, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

#define fixture_test(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

#endif
