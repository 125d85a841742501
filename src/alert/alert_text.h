/*
 * Texts from outside, made fit to be stored and sent to people.
 */
#ifndef ALERT_ALERT_TEXT_H
#define ALERT_ALERT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum alert_text_shape {
	ALERT_TEXT_LINE,  /* line breaks and tabs become spaces */
	ALERT_TEXT_LINES, /* "\n" and tabs stay, other line breaks become "\n" */
};

/*
 * A NUL-terminated copy in the arena, without white space around it: a byte that is not UTF-8 and a
 * noncharacter become U+FFFD; controls, NULs, bidirectional embeddings, overrides and isolates
 * (U+202A to U+202E, U+2066 to U+2069) go.  What only joins or marks direction (U+200B to U+200F)
 * stays, because emoji and right-to-left languages are written with it.  Cut as by
 * alert_text_cut().
 */
struct str alert_text_clean(struct str, enum alert_text_shape, size_t max_bytes, struct arena *);

/* `s` itself if it has at most max_bytes (at least 3), else its beginning and "…", cut between
 * characters, in the arena. */
struct str alert_text_cut(struct str, size_t max_bytes, struct arena *);

/* An http(s) URL by its looks: the scheme, a host, nothing that would end it in a text. */
bool alert_text_is_url(struct str);

#endif
