/*
 * Any file is an inventory, in one of the formats, or an error with its place.  What it says of
 * hosts can be used without a second look: names, addresses, user names and ports are such.
 */
#include <stddef.h>
#include <stdint.h>

#include "claim.h"
#include "conf/inventory.h"
#include "conf/inventory_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small, so that many inputs are tried in a second. */
enum { NAMES_MAX = 2000 };

static void check_host(const struct inventory *inv, const char *name)
{
	const struct inventory_host *host = inventory_find(inv, name);

	claim(nodeset_check_name(str_of(name), NULL) == 0);
	if (!host) {
		return;
	}
	claim(str_is(str_of(name), host->name));
	claim(!host->address || nodeset_check_name(str_of(host->address), NULL) == 0);
	claim(!host->username || (host->username[0] != '\0' && host->username[0] != '-'));
	claim(host->port >= 0 && host->port <= 65535);
}

static void check_group(struct inventory *inv, const char *name, struct arena *arena)
{
	char *selection = arena_printf(arena, "@%s", name);
	struct nodeset set;
	struct nodeset again;
	struct err err;

	if (inventory_select(inv, str_of(selection), arena, &set, &err) < 0) {
		claim(err.code == ERR_INPUT); /* it is empty */
		return;
	}
	claim(set.names_count > 0 && set.names_count <= NAMES_MAX);
	for (size_t i = 0; i < set.names_count; i++) {
		check_host(inv, set.names[i]);
	}
	claim(nodeset_parse(str_of(nodeset_fold(&set, arena)), NULL, arena, &again, &err) == 0);
	claim(again.names_count == set.names_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct inventory *inv = inventory_new(arena);
	struct err err = {0};
	const char *const *groups;
	size_t count;

	inv->limit.names = NAMES_MAX;
	claim(inventory_add_group(inv, "conf", "conf-[1-2]", NULL, &err) == 0);
	claim(inventory_add_group(inv, "both", "@conf,x", NULL, &err) == 0);
	if (inventory_read_text(inv, "f", str_n((const char *)data, size), &err) < 0) {
		claim(str_starts(str_of(err.msg), "f:"));
	} else if (inventory_check(inv, &err) < 0) {
		claim(err.code != ERR_NONE && err.msg[0] != '\0');
	} else {
		groups = inventory_groups(inv, &count);
		for (size_t i = 0; i < count; i++) {
			check_group(inv, groups[i], arena);
		}
	}
	arena_free(arena);
	return 0;
}
