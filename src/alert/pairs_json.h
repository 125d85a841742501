/*
 * Labels and fields as the store keeps them: a JSON object of strings.
 */
#ifndef ALERT_PAIRS_JSON_H
#define ALERT_PAIRS_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/pairs.h"

/* In the arena. */
const char *pairs_to_json(const struct pairs *, struct arena *);

/* In the arena.  ERR_INPUT: it is no object of strings. */
int pairs_from_json(const char *text, struct arena *, struct pairs *ret_pairs, struct err *);

#endif
