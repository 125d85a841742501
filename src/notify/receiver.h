/*
 * Receivers as the configuration has them: what all kinds have in common, and the list of kinds.
 */
#ifndef NOTIFY_RECEIVER_H
#define NOTIFY_RECEIVER_H

#include "base/arena.h"
#include "base/err.h"
#include "conf/option.h"
#include "notify/notifier.h"

extern const struct option_row receiver_common_rows[];
extern const struct option_variants receiver_variants; /* items are struct receiver */

/*
 * After reading an item, which must have no fault: fills in its kind, its name where none was given
 * (the kind's), and the hash of its settings; checks what the rows cannot, and with it what the
 * kind does.  Texts are in the arena.
 */
int receiver_finish(struct receiver *, struct arena *, struct err *);

/* The limit that holds: the receiver's own, else its kind's. */
struct notifier_limit receiver_limit(const struct receiver *);

#endif
