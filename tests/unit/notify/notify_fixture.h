/*
 * Receivers and notifications for the tests of kinds: good ones, and such as nobody would like to
 * show.
 */
#ifndef TESTS_UNIT_NOTIFY_NOTIFY_FIXTURE_H
#define TESTS_UNIT_NOTIFY_NOTIFY_FIXTURE_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "conf/conf.h"
#include "notify/notification.h"
#include "notify/notifier.h"

struct notify_fixture {
	struct conf conf;
	struct arena *arena;
	struct loop *loop;
	struct notify_env env;  /* its loop is the one above; the rest is for the test to fill */
	struct notify_run *run; /* by notify_fixture_send() */
	struct delivery_result sent; /* its texts live as long as the run */
	int done;
};

/* 2025-07-01T03:14:07Z, a second after which nothing in the samples is. */
#define NOTIFY_NOW_MS 1751339647000LL

/* Setup and teardown for cmocka; *state is the fixture. */
int notify_fixture_start(void **state);
int notify_fixture_end(void **state);

/* A receiver as a configuration has it ("slack: https://..."), finished; fails the test. */
struct receiver *notify_fixture_receiver(struct notify_fixture *, const char *yaml);

/* What is wrong with it; fails the test if nothing is. */
const char *notify_fixture_fault(struct notify_fixture *, const char *yaml);

/* A working receiver of each kind, so that tests can ask every one; fails the test for a kind
 * without. */
struct receiver *notify_fixture_sample(struct notify_fixture *, const struct notifier_kind *);

/* An alert like many, that a test may change: critical, firing, with two fields and two labels. */
struct alert *notify_fixture_alert(struct notify_fixture *);

/* Of that purpose, about such an alert, a summary, a digest or a notice.  It may be changed. */
struct notification *notify_fixture_notification(
	struct notify_fixture *, enum notification_purpose);

/* About `count` alerts called "disk 0", "disk 1" ... */
struct notification *notify_fixture_group(struct notify_fixture *, size_t count);

/* Everything that could trip a receiver: texts at their maximum, cut inside characters, with what
 * receivers obey in them; 64 fields; 100 alerts; every purpose. */
struct nasty_notification {
	const char *what;
	const struct notification *notification;
};
const struct nasty_notification *notify_fixture_nasty(struct notify_fixture *, size_t *ret_count);

/* The message; fails the test if there is none. */
struct notify_message notify_fixture_compose(
	struct notify_fixture *, const struct receiver *, const struct notification *);

/* One attempt from start to end. */
void notify_fixture_send(
	struct notify_fixture *, const struct receiver *, const struct notification *);

#endif
