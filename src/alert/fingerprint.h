/*
 * What makes two events the same problem.
 */
#ifndef ALERT_FINGERPRINT_H
#define ALERT_FINGERPRINT_H

#include "alert/alert_input.h"
#include "base/str.h"

enum { FINGERPRINT_SIZE = 41 };

/* The same for the same problem, whatever its severity and message: over the dedup key if there is
 * one, else source and title.  40 hex digits; deterministic, for ever. */
void alert_fingerprint(const struct alert_input *, char ret_hex[FINGERPRINT_SIZE]);

/* 40 hex digits over any text. */
void fingerprint_text(struct str, char ret_hex[FINGERPRINT_SIZE]);

#endif
