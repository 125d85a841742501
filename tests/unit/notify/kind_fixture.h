/*
 * A receiver from its YAML, a notification to give it, and its attempt on a loop of its own.
 */
#ifndef TESTS_UNIT_NOTIFY_KIND_FIXTURE_H
#define TESTS_UNIT_NOTIFY_KIND_FIXTURE_H

#include "base/alloc.h"
#include "cmocka_all.h"
#include "notify/notifier.h"
#include "support/http_fixture.h"

/* 2025-07-01T03:25:00Z; the sample began at 03:10. */
#define SAMPLE_NOW_MS INT64_C(1751340300000)
#define SAMPLE_STARTED_MS (SAMPLE_NOW_MS - 15 * 60 * 1000)

/* Notifications of alerts that tests change as they like. */
struct sample {
	struct arena *arena;
	struct alert alert;
	const struct alert *alerts[3]; /* the alert, again and again */
	struct notification notification;
};

/* A critical alert with everything, firing for the first time. */
void sample_init(struct sample *, struct arena *, enum notification_purpose);

/* The item of alerts.receivers in `yaml`, finished; it must be right. */
struct receiver *receiver_of(struct arena *, const char *yaml);

/* It must be wrong: what is said of it, in the arena. */
const char *receiver_fault(struct arena *, const char *yaml);

/* What the receiver's kind makes of it. */
struct notify_message message_of(
	struct arena *, const struct receiver *, const struct notification *);

/* That as --dry-run shows it. */
const char *shown_of(struct arena *, const struct receiver *, const struct notification *);

/* Sends it; the result's texts are in the fixture's arena. */
struct delivery_result send_of(
	struct http_fixture *, const struct receiver *, const struct notification *);

/* `piece` as often as makes at least that many bytes; in the arena. */
const char *repeated(struct arena *, const char *piece, size_t bytes);

#endif
