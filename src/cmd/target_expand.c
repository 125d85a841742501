/*
 * Node sets in targets.  See target_expand.h.
 */
#include "cmd/target_expand.h"

#include <string.h>

#include "base/vec.h"
#include "conf/nodeset.h"

/* A colon outside of brackets: in them it is one of Ansible's ranges, web[01:20]. */
bool target_has_scheme(const char *text)
{
	int depth = 0;

	for (const char *c = text; *c; c++) {
		depth += *c == '[';
		depth -= *c == ']' && depth > 0;
		if (*c == ':' && depth == 0) {
			return true;
		}
	}
	return false;
}

/* Behind the last "@" that does not begin the name of a group; a password may hold any. */
static size_t find_user_end(struct str host)
{
	for (size_t end = host.len; end > 1; end--) {
		if (host.ptr[end - 1] == '@' && !strchr("@,!& \t", host.ptr[end - 2])) {
			return end;
		}
	}
	return 0;
}

/* Where the host stands in "scheme://[user@]host[:port][/path]"; an empty view: nowhere. */
static struct str find_host(struct str text)
{
	const char *slashes = memmem(text.ptr, text.len, "://", 3);
	struct str host;
	size_t end = 0;
	size_t depth = 0;
	size_t at;

	if (!slashes) {
		return str_n(text.ptr, 0);
	}
	host = str_sub(text, (size_t)(slashes - text.ptr) + 3, text.len);
	while (end < host.len && !strchr("/?#", host.ptr[end])) {
		end++;
	}
	host.len = end;
	at = find_user_end(host);
	host = str_sub(host, at, host.len - at);
	for (end = 0; end < host.len; end++) {
		depth += host.ptr[end] == '[';
		if (host.ptr[end] == ']' && depth > 0) {
			depth--;
		}
		if (host.ptr[end] == ':' && depth == 0) {
			break;
		}
	}
	return str_sub(host, 0, end);
}

/* Who is named to be left out has to be in, as `fleet` has it. */
static int select_hosts(struct inventory *inventory, struct str text, struct arena *arena,
	struct nodeset *ret_hosts, struct err *err)
{
	if (inventory_select(inventory, text, arena, ret_hosts, err) < 0) {
		return -1;
	}
	return nodeset_check_idle(ret_hosts, arena, err);
}

static int add_servers(struct str set, struct inventory *inventory, struct arena *arena,
	struct targets *add_to, struct err *err)
{
	struct nodeset hosts;

	if (select_hosts(inventory, set, arena, &hosts, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < hosts.names_count; i++) {
		*VEC_PUSH_IN(arena, add_to, texts) = hosts.names[i];
	}
	return 0;
}

/* "@group", operators, or brackets that hold no IPv6 address. */
static bool is_node_set(struct str host)
{
	size_t open = str_find(host, '[', 0);

	if (host.len > 1 && host.ptr[0] == '@') {
		return true;
	}
	for (size_t i = 0; i < host.len; i++) {
		if (strchr(",!& \t", host.ptr[i])) {
			return true;
		}
	}
	return open < host.len && str_find(host, ':', open) == host.len;
}

int target_expand(const char *text, struct inventory *inventory, struct arena *arena,
	struct targets *add_to, struct err *err)
{
	struct str whole = str_of(text);
	struct str host = find_host(whole);
	size_t before = (size_t)(host.ptr - whole.ptr);
	struct nodeset hosts;

	if (!target_has_scheme(text)) {
		return add_servers(whole, inventory, arena, add_to, err);
	}
	if (!is_node_set(host)) {
		*VEC_PUSH_IN(arena, add_to, texts) = text;
		return 0;
	}
	if (select_hosts(inventory, host, arena, &hosts, err) < 0) {
		return err_wrap(err, "'%s'", text);
	}
	for (size_t i = 0; i < hosts.names_count; i++) {
		*VEC_PUSH_IN(arena, add_to, texts) = arena_printf(arena, "%.*s%s%s", (int)before,
			text, hosts.names[i], text + before + host.len);
	}
	return 0;
}
