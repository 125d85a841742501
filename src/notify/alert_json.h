/*
 * Alerts and notifications as JSON, for programs: what a webhook gets as its body and a command on
 * its standard input.  docs/receivers/webhook.md describes it for the people who write those.
 *
 * Members are only ever added; ALERT_JSON_SCHEMA says so to readers.
 */
#ifndef NOTIFY_ALERT_JSON_H
#define NOTIFY_ALERT_JSON_H

#include "base/json_writer.h"
#include "notify/notification.h"

struct receiver;

enum { ALERT_JSON_SCHEMA = 1 };

/* One alert, as an object. */
void alert_json_write(const struct alert *, struct json_writer *);

/*
 * The whole notification, as an object with "schema".  One that is larger than max_bytes is made
 * smaller step by step, as notification_shorten() does, and says so: "shortened" is true.
 */
void notification_add_json(
	const struct receiver *, const struct notification *, size_t max_bytes, struct strbuf *out);

#endif
