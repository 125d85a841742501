/*
 * The words that all receivers use, so that one alert reads the same everywhere; unescaped unless
 * an escape is given.
 */
#ifndef NOTIFY_NOTIFY_TEXT_H
#define NOTIFY_NOTIFY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/pairs.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "notify/notification.h"

struct receiver;

enum { NOTIFY_TITLE_MAX = 4 * 1024, NOTIFY_TEXT_MAX = 256 * 1024 };

/* One line: "[CRITICAL] disk full (db-01)", "[RESOLVED] ...", "[CRITICAL ×3] source=db-01",
 * "[STORM] 212 alerts in 60 s", the digest's, the notice's.  The receiver's own title template has
 * its way, on one line and cut at NOTIFY_TITLE_MAX bytes. */
void notify_add_title(const struct receiver *, const struct notification *, struct strbuf *out);

/* The text below it, several lines without a newline at the end, without fields: message, hidden
 * line, what the group holds, the summary, the digest as plain text; perhaps nothing.  The
 * receiver's own text template has its way, cut at NOTIFY_TEXT_MAX bytes. */
void notify_add_text(const struct receiver *, const struct notification *, struct strbuf *out);

/* The same without templates: what a receiver says that has none.  `receiver` NULL: one that shows
 * all alerts it is given. */
void notify_add_plain_title(const struct notification *, struct strbuf *out);
void notify_add_plain_text(
	const struct receiver *, const struct notification *, struct strbuf *out);

/* One alert of a group, as a line of the text has it: "[CRITICAL] disk full (db-01), +3 since 03:10
 * UTC". */
void notify_add_alert(const struct notification *, const struct alert *, struct strbuf *out);

/* Whether its message says more than its title: who gives a message only has it as the title too.
 */
bool notify_has_message(const struct alert *);

/* "+212 since 03:10 UTC" for an alert with hidden events; nothing otherwise. */
void notify_add_hidden(const struct alert *, struct strbuf *out);

/* What happened to an alert besides its message, a line each: hidden events, how long it took, who
 * has taken it on; perhaps nothing. */
void notify_add_status(const struct notification *, const struct alert *, struct strbuf *out);

/* "CRITICAL", "RESOLVED", "STORM": what stands in brackets. */
const char *notify_word(const struct notification *);

/* Whether good news is all it has: alerts that are over. */
bool notification_is_good(const struct notification *);

/* "03:10 UTC", with the day in front unless it is the day of now_ms. */
void notify_add_time(int64_t time_ms, int64_t now_ms, struct strbuf *out);

/*
 * What is to be shown of one alert as names with values: its fields, its labels, and since when it
 * fires.  Items are in the arena, texts the alert's.  A name may come twice.
 */
void notify_list_facts(
	const struct notification *, const struct alert *, struct arena *, struct pairs *ret_facts);

/* One more of them, with texts that outlive the list. */
void notify_add_fact(struct pairs *facts, struct arena *, const char *name, const char *value);

/* How many alerts a message shows: those given, but at most the kind's. */
size_t notify_shown_alerts(const struct receiver *, const struct notification *);

/* "and 12 more"; nothing for none. */
void notify_add_more(int64_t count, struct strbuf *out);

/* At most max_bytes of s, cut between characters, "…" at the end if it was cut. */
void notify_add_cut(struct str s, size_t max_bytes, struct strbuf *out);
/* The same, counted in code points; in UTF-16 units, as JavaScript services count. */
void notify_add_cut_chars(struct str s, size_t max_chars, struct strbuf *out);
void notify_add_cut_utf16(struct str s, size_t max_units, struct strbuf *out);

enum notify_unit { NOTIFY_BYTES, NOTIFY_CHARS, NOTIFY_UTF16 };

/* Writes one character as its receiver shows it instead of obeying it. */
typedef void notify_escape_fn(struct str character, struct strbuf *out);

/* How much of a text a receiver takes, counted after escaping. */
struct notify_limit {
	size_t max;
	enum notify_unit unit;
	notify_escape_fn *escape; /* NULL: as it is */
};

/* At most limit->max of s, cut between characters and never inside an escape; "…" at the end if it
 * was cut.  What comes out is valid UTF-8, whatever goes in.  Returns how much was appended, in the
 * limit's unit. */
size_t notify_add_limited(struct str s, const struct notify_limit *, struct strbuf *out);

/* The smaller of two sizes: what is allowed, and what is left. */
size_t notify_min(size_t a, size_t b);

/* Whether what follows would begin a line, spaces aside: there Markdown obeys more than elsewhere.
 */
bool notify_is_at_line_start(const struct strbuf *);

/* How long a text is in that unit. */
size_t notify_size(struct str s, enum notify_unit);

/* "sre:3f9c1d..." deterministic, <= 44 bytes: "sre:" and 40 hex digits over the fingerprint and the
 * episode; the dedup_key of PagerDuty, alias of Opsgenie. */
void notify_add_dedup_key(const struct alert *, struct strbuf *out);

#endif
