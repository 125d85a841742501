/*
 * What the program has to say about itself: a receiver is dead, one lives again.
 *
 * A notice is a delivery about no alert; what it says stands in its content.
 */
#ifndef ALERT_NOTICE_H
#define ALERT_NOTICE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

struct notice {
	const char *title, *text;
	const char **tried; /* receivers that are not to be bothered with it any more */
	size_t tried_count, tried_alloc;
};

/* As JSON, in the arena. */
const char *notice_write(const struct notice *, struct arena *);

/* ERR_INPUT: that is no notice. */
int notice_read(const char *content, struct arena *, struct notice *ret_notice, struct err *);

#endif
