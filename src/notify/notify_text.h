/*
 * The words that all receivers use, so that one alert reads the same everywhere; unescaped.
 */
#ifndef NOTIFY_NOTIFY_TEXT_H
#define NOTIFY_NOTIFY_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "notify/notification.h"

struct receiver;

/* One line: "[CRITICAL] disk full (db-01)", "[RESOLVED] ...", "[CRITICAL ×3] source=db-01",
 * "[STORM] 212 alerts in 60 s", the digest's, the notice's.  The receiver's own title template has
 * its way. */
void notify_add_title(const struct receiver *, const struct notification *, struct strbuf *out);

/* The text below it, several lines, without fields: message, hidden line, what the group holds, the
 * summary, the digest as plain text.  The receiver's own text template has its way. */
void notify_add_text(const struct receiver *, const struct notification *, struct strbuf *out);

/* "+212 since 03:10 UTC" for an alert with hidden events; nothing otherwise. */
void notify_add_hidden(const struct alert *, struct strbuf *out);

/* At most max_bytes of s, cut between characters, "…" at the end if it was cut. */
void notify_add_cut(struct str s, size_t max_bytes, struct strbuf *out);
/* The same, counted in code points; in UTF-16 units, as JavaScript services count. */
void notify_add_cut_chars(struct str s, size_t max_chars, struct strbuf *out);
void notify_add_cut_utf16(struct str s, size_t max_units, struct strbuf *out);

/* "3f9c1d..." deterministic, <= 44 bytes: "sre:" and 40 hex digits over the fingerprint and the
 * episode; the dedup_key of PagerDuty, alias of Opsgenie. */
void notify_add_dedup_key(const struct alert *, struct strbuf *out);

#endif
