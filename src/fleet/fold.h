/*
 * Many hosts, few outputs: those that are the same are shown once, under all of their names.
 *
 * The largest group comes first.  With masks, the groups beside a majority are shown as what
 * differs from it.
 */
#ifndef FLEET_FOLD_H
#define FLEET_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "fleet/fold_digest.h"

struct strbuf;

/* What one host has written.  Everything is borrowed. */
struct fold_item {
	struct str name;
	struct fold_key key; /* equal keys are equal outputs */
	const char *label;   /* how it ended ("exit 3"), which must be equal too; NULL: well */
	struct str text;     /* what was kept of it */
	bool is_cut;         /* and that is not all */
};

struct fold_group {
	const char *names; /* "web-[01-07,09]" */
	size_t count;
	const struct fold_item *item; /* of the first of them, in the order of the items */
};

struct fold_groups {
	struct fold_group *items;
	size_t items_count, items_alloc;
	size_t total; /* hosts */
};

/* The largest first, of equal ones the one whose first host comes first: the order in which hosts
 * ended does not matter, if items are in that of the selection.  In the arena. */
void fold_items(const struct fold_item *items, size_t count, struct arena *,
	struct fold_groups *ret_groups);

struct fold_style {
	bool has_color;
	bool is_smart;  /* keys are of masked lines: show differences from the majority */
	size_t context; /* lines around a difference */
};

/* For people: a line with the names of each group, then its output, two columns in.  Everything is
 * escaped; lines are as line_assembler.h puts them together. */
void fold_add_text(
	struct strbuf *out, const struct fold_groups *groups, const struct fold_style *style);

#endif
