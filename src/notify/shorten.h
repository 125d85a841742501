/*
 * Notifications made smaller, step by step, for receivers that take the whole of one and refuse
 * what is too large.
 */
#ifndef NOTIFY_SHORTEN_H
#define NOTIFY_SHORTEN_H

#include "base/arena.h"
#include "notify/notification.h"

/*
 * A copy that is smaller, its changed parts in the arena: with half of the alerts (alerts_total and
 * the totals of a digest still count them all), and when there is one only, with its long texts
 * cut.  NULL: it is as small as it gets, some KiB and what names there are.
 */
const struct notification *notification_shorten(const struct notification *, struct arena *);

/* The same again and again until its alerts' own texts have at most max_bytes, or it is as small as
 * it gets: what has more cannot fit, however it is written, so that nobody need try. */
const struct notification *notification_shorten_to(
	const struct notification *, size_t max_bytes, struct arena *);

#endif
