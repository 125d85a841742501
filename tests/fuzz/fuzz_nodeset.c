/*
 * Any text is a node set or an error at one of its columns; what it stands for is bounded, consists
 * of names, and is the same after folding.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "claim.h"
#include "conf/nodeset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small, so that many inputs are tried in a second. */
enum { NAMES_MAX = 2000 };

/* "@web" and "@none" are there. */
static int lookup(void *arg, struct str group, const struct nodeset **ret_members, struct err *err)
{
	struct nodeset *members = arg;

	if (!str_is(group, "web") && !str_is(group, "none")) {
		return err_set(err, ERR_NOT_FOUND, "unknown group");
	}
	*ret_members = &members[str_is(group, "web")];
	return 0;
}

static void check_names(const struct nodeset *set)
{
	claim(set->names_count <= NAMES_MAX);
	for (size_t i = 0; i < set->names_count; i++) {
		struct str name = str_of(set->names[i]);

		claim(nodeset_check_server(name, NULL) == 0);
		claim(nodeset_contains(set, name));
	}
}

static void check_fold(const struct nodeset *set, struct arena *arena)
{
	const char *folded = nodeset_fold(set, arena);
	struct nodeset again;

	if (set->names_count == 0) {
		claim(folded[0] == '\0');
		return;
	}
	claim(nodeset_parse(str_of(folded), NULL, arena, &again, NULL) == 0);
	claim(again.names_count == set->names_count);
	for (size_t i = 0; i < set->names_count; i++) {
		claim(nodeset_contains(&again, str_of(set->names[i])));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct nodeset members[2];
	struct nodeset_budget budget = {.names = NAMES_MAX, .bytes = NODESET_BYTES_MAX};
	const struct nodeset_scope scope = {.lookup = lookup, .arg = members, .budget = &budget};
	struct nodeset set;
	struct err err = {0};
	size_t column = 0;

	nodeset_init(&members[0], arena);
	nodeset_init(&members[1], arena);
	nodeset_add(&members[1], str_of("web-1"));
	nodeset_add(&members[1], str_of("web-02"));
	if (nodeset_parse_part(
		    str_n((const char *)data, size), &scope, arena, &set, &column, &err) < 0) {
		claim(err.code != ERR_NONE && err.msg[0] != '\0');
		claim(column >= 1 && column <= size + 1);
	} else {
		claim(nodeset_check(str_n((const char *)data, size), &column, NULL) == 0);
		check_names(&set);
		check_fold(&set, arena);
	}
	arena_free(arena);
	return 0;
}
