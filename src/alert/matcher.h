/*
 * Matchers, of which routes, inhibitions and silences are made: "team=web", "severity!=info",
 * "source=~db-.*", "title!~test.*".
 *
 * The names severity, source and title are the alert's own, whatever its labels say; any other name
 * is a label, and a label that is not there is "".  A regular expression must match the whole
 * value. One that needs too much work on a value matches neither way, so that nothing is silenced
 * by it.
 *
 * White space around name and value does not count; a value in double quotes is taken as it stands
 * there, with \" and \\ for these characters.
 *
 * A matcher must not be used by two threads at once.
 */
#ifndef ALERT_MATCHER_H
#define ALERT_MATCHER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/pairs.h"
#include "base/severity.h"
#include "base/str.h"
#include "conf/option.h"

struct matcher;

/* What is matched: of an event, or of an alert in the store. */
struct matcher_subject {
	enum severity severity;
	const char *source, *title;
	const struct pairs *labels;
};

enum { MATCHER_MAX = 4096 }; /* bytes of one */

/* struct matcher *; freed with the context's arena. */
extern const struct option_type option_matcher;

/* In the arena.  ERR_INPUT says what is wrong with it. */
int matcher_parse(struct str text, struct arena *, struct matcher **ret_matcher, struct err *);

/* As it was written, without white space around it. */
const char *matcher_text(const struct matcher *);

bool matcher_matches(const struct matcher *, const struct matcher_subject *);

/* Lists of struct matcher *: all of them; true of an empty list. */
bool matchers_match(const struct option_list *, const struct matcher_subject *);

/* Two of the list that nothing can match both ("severity=info" and "severity=warning"): false, and
 * which they are. */
bool matchers_can_match(const struct option_list *, const struct matcher **ret_one,
	const struct matcher **ret_other);

/* Whatever `narrow` matches, `wide` matches too, as far as can be told without trying: each matcher
 * of `wide` takes every value, or is one of `narrow`, or follows from one. */
bool matchers_cover(const struct option_list *wide, const struct option_list *narrow);

/* One of them asks for something that is there: a value, or some severities.  Those that only
 * exclude, or ask for what is empty, take nearly everything. */
bool matchers_are_narrow(const struct option_list *);

/* The value of a name as matchers know it: never NULL. */
const char *matcher_subject_get(const struct matcher_subject *, const char *name);

#endif
