/*
 * What cannot be told to its receiver: dead letters, and whom it is told to instead.
 *
 * A receiver that refuses is dead.  What it was to be told goes to the fallback, or else to another
 * receiver that lives; so does what got too old.  Of the death itself one notice tells, never
 * through the dead.
 */
#ifndef ALERT_REDIRECT_H
#define ALERT_REDIRECT_H

#include <stdbool.h>

#include "alert/look.h"

/* It was refused.  `lane` is NULL for a receiver that is not configured any more.  What could reach
 * a receiver that lives waits if there is nobody else to tell; a message that was rejected does
 * not. */
int redirect_refused(struct look *, const struct lane *, const struct outcome *, struct err *);

/* It got too old. */
int redirect_expired(struct look *, const struct outbox_delivery *, struct err *);

/* What is due for a dead receiver; without anybody else to tell it waits.  *ret_has_more: that was
 * not all. */
int redirect_due(struct look *, const struct lane *, bool *ret_has_more, struct err *);

/* One notice each; and when it lives, what waited for it is due. */
int redirect_tell_dead(struct look *, const struct lane *, struct err *);
int redirect_tell_alive(struct look *, const struct lane *, int64_t dead_since_ms, struct err *);

#endif
