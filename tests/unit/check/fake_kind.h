/*
 * A check kind for tests: ends as its target says, after a delay, without any network.
 */
#ifndef TESTS_UNIT_CHECK_FAKE_KIND_H
#define TESTS_UNIT_CHECK_FAKE_KIND_H

#include "check/check.h"

struct fake_opts {
	int64_t delay_ms; /* 0: ends inside start(); -1: never */
	int fails;        /* so many runs end critical before one is ok */
	/* what happened; shared by the copies of a check */
	struct fake_seen {
		int started, released, running, running_max;
	} * seen;
};

extern const struct check_kind fake_kind;
extern const struct check_kind fake_kind_one_at_a_time;

#endif
