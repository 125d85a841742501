/*
 * What a command is given to read: which piece of it may be sent now.
 */
#ifndef FLEET_REMOTE_INPUT_H
#define FLEET_REMOTE_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/strbuf.h"

struct remote_input {
	struct str text; /* borrowed */
	size_t sent;     /* of it */
	int under_way;   /* pieces that the supervisor has not taken yet */
	bool is_over;    /* all of it was sent, or nobody wants more */
};

void remote_input_init(struct remote_input *, struct str text);

/* For the supervisor: as many pieces as may be under way, and the end after the last of them. */
void remote_input_add(struct remote_input *, struct strbuf *out);
void remote_input_taken(struct remote_input *); /* one of them */

/* For a terminal: one piece, to be followed when it has gone; and as the end what somebody types
 * who has no more to say. */
void remote_input_add_typed(struct remote_input *, struct strbuf *out);

void remote_input_close(struct remote_input *); /* nothing of it any more */

#endif
