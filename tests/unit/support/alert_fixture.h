/*
 * An engine on a table: settings from YAML, a store in memory, a clock that the test moves, and a
 * deliverer whose messages always arrive.
 *
 * What a kind can do is chosen by the receiver's name: "chat..." takes groups, "page..." opens
 * incidents and hears of acknowledgements, "forget..." forgets; any other is told one by one.
 */
#ifndef TESTS_UNIT_SUPPORT_ALERT_FIXTURE_H
#define TESTS_UNIT_SUPPORT_ALERT_FIXTURE_H

#include "alert/accept.h"
#include "alert/alert_settings.h"
#include "base/arena.h"
#include "conf/conf.h"
#include "store/store.h"

struct engine {
	struct conf conf;
	struct alert_settings settings;
	struct store *store;
	struct arena *arena;
	int64_t now_ms;
	struct accepted accepted; /* of the latest event */
};

/* `yaml` is the content of `alerts:` in flow style, without the braces; "2025-07-01 03:10:05" UTC.
 */
void engine_open(struct engine *, const char *yaml);
void engine_close(struct engine *);

/* The same day; "03:10:05", or "+2d 03:10:05". */
void engine_at(struct engine *, const char *clock);

/* An event: "critical db-01 disk-full team=db x=y" and "resolve db-01 disk-full".  What was decided
 * must be `expected`: "chat sent; page suppressed". */
void engine_event(struct engine *, const char *event, const char *expected);
/* The same, tried and undone. */
void engine_preview(struct engine *, const char *event, const char *expected);

/* By hand, of the alert of the latest event. */
void engine_acknowledge(struct engine *, const char *expected);
void engine_resolve(struct engine *, const char *expected);

/* "source=db-01" and the like; returns its id. */
int64_t engine_silence(struct engine *, const char *matcher, const char *until);
void engine_expire(struct engine *, int64_t silence_id);

/* Deliver what is due: "chat trigger db-01; page resolve db-02 +3", in the order of receiver and
 * id. */
void engine_deliver(struct engine *, const char *expected);

/* The reason of the i-th decision of the latest event. */
const char *engine_reason(const struct engine *, size_t i);

/* The number that a SELECT gives. */
int64_t engine_int(struct engine *, const char *sql);

#endif
