/*
 * Who is at work: for what is kept of who did what.
 */
#ifndef CMD_AUTHOR_H
#define CMD_AUTHOR_H

#include "base/arena.h"

/* The user who called sudo, or else whose process this is; "unknown" if nobody knows the number. */
const char *author_name(struct arena *);

#endif
