/*
 * Node sets in targets: tcp://web-[01-20]:22, ssh://sre@@web and https://@web/health stand for one
 * target for each host, and so does a node set by itself, web-[01-20].
 */
#ifndef CMD_TARGET_EXPAND_H
#define CMD_TARGET_EXPAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "conf/inventory.h"

/* Does it say how it is checked ("tcp://...", "local:")?  Else it names servers. */
bool target_has_scheme(const char *text);

struct targets {
	const char **texts;
	size_t texts_count, texts_alloc;
};

/*
 * Append the targets that `text` stands for: itself, where its host is no node set.  Addresses like
 * [::1] are left alone.  An exclusion that leaves out nothing is an error.  In the arena.
 */
int target_expand(
	const char *text, struct inventory *, struct arena *, struct targets *add_to, struct err *);

#endif
