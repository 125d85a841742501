/*
 * Node sets as one text, for comparing them.
 */
#ifndef TESTS_UNIT_SUPPORT_NODESET_FIXTURE_H
#define TESTS_UNIT_SUPPORT_NODESET_FIXTURE_H

#include "base/strbuf.h"
#include "conf/nodeset.h"

/* "web-1 web-2", in the arena. */
static inline char *nodeset_joined(const struct nodeset *set, struct arena *arena)
{
	struct strbuf out = STRBUF_INIT;
	char *text;

	for (size_t i = 0; i < set->names_count; i++) {
		strbuf_addf(&out, "%s%s", i > 0 ? " " : "", set->names[i]);
	}
	text = arena_strdup(arena, out.buf);
	strbuf_release(&out);
	return text;
}

#endif
