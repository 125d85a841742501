/*
 * Notifications that nobody is sent: templates are tried with them, before an alert at night does.
 */
#ifndef NOTIFY_NOTIFICATION_SAMPLE_H
#define NOTIFY_NOTIFICATION_SAMPLE_H

#include <stddef.h>

#include "base/arena.h"
#include "notify/notification.h"

/*
 * As different as any receiver's messages are: an alert with everything, whose texts are full of
 * what has a meaning in JSON, XML and Markdown; one with nothing but a title; a group of both; the
 * end of one; a notice, which is about none.  *ret_what names it for errors: "an alert with
 * everything".  In the arena; NULL: there is no i-th.
 */
const struct notification *notification_sample(size_t i, struct arena *, const char **ret_what);

#endif
