/*
 * Groups and what they come to.  See inventory.h.
 *
 * A group is kept as it was written, in parts.  A check resolves the parts of all groups and files,
 * each once, and a budget bounds what they spell out together.  Then it settles what variables say
 * of each host, from the most general group to the host itself, as Ansible does.
 */
#include "conf/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/inventory_internal.h"

/* Beyond so many errors nobody reads what might have been meant. */
enum { SUGGESTIONS_MAX = 10 };

static const char all_name[] = "all";

static void inventory_end(void *arg)
{
	struct inventory *inv = arg;

	map_free(inv->groups);
	map_free(inv->hosts);
	complaints_release(&inv->complaints);
}

struct inventory *inventory_new(struct arena *arena)
{
	struct inventory *inv = arena_alloc(arena, sizeof(*inv));

	inv->arena = arena;
	inv->groups = map_new(MAP_KEYS_BORROWED);
	inv->hosts = map_new(MAP_KEYS_BORROWED);
	inv->complaints = (struct complaints)COMPLAINTS_INIT;
	inv->limit = (struct nodeset_budget){INVENTORY_NAMES_MAX, INVENTORY_NAMES_BYTES_MAX};
	inv->all.name = all_name;
	nodeset_init(&inv->all.members, arena);
	inv->is_checked = true; /* nothing in it */
	arena_on_free(arena, inventory_end, inv);
	return inv;
}

static void inventory_touch(struct inventory *inv)
{
	inv->is_checked = false;
	inv->group_names = NULL;
}

struct group *inventory_group(struct inventory *inv, struct str name)
{
	struct group *group = map_get(inv->groups, name);

	inventory_touch(inv);
	if (!group) {
		group = arena_alloc(inv->arena, sizeof(*group));
		group->name = str_dup(name, inv->arena);
		map_set(inv->groups, str_of(group->name), group);
	}
	return group;
}

struct group *inventory_file_group(struct inventory *inv, const char *name)
{
	struct group *file = arena_alloc(inv->arena, sizeof(*file));

	inventory_touch(inv);
	file->name = arena_strdup(inv->arena, name);
	*VEC_PUSH_IN(inv->arena, inv, files) = file;
	return file;
}

static void complain(struct complaints *complaints, const struct group *group,
	const struct part *part, size_t column, struct err *err)
{
	struct place place = part->place;

	if (place.line > 0) {
		place.column += column > part->prefix_len + 1 ? column - 1 - part->prefix_len : 0;
	} else {
		err_wrap(err, "group '%s': column %zu", group->name, column);
	}
	complaints_add(complaints, place, err);
}

bool part_is_sound(
	const struct part *part, const struct group *group, struct complaints *complaints)
{
	struct err err;
	size_t column;

	if (nodeset_check(part->text, &column, &err) < 0) {
		complain(complaints, group, part, column, &err);
		return false;
	}
	return true;
}

void group_add_part(struct inventory *inv, struct group *group, struct part part)
{
	inventory_touch(inv);
	*VEC_PUSH_IN(inv->arena, group, parts) = part;
}

static int check_group_name(struct str name, struct err *err)
{
	if (str_is(name, all_name)) {
		return err_set(
			err, ERR_INPUT, "group 'all' is every server; give the group another name");
	}
	return nodeset_check_name(name, err) < 0 ? err_wrap(err, "group") : 0;
}

int inventory_add_group(struct inventory *inv, const char *name, const char *members,
	const char *where, struct err *err)
{
	_cleanup_(complaints_release) struct complaints complaints = COMPLAINTS_INIT;
	struct part part = {.place.where = where ? arena_strdup(inv->arena, where) : NULL};
	struct group *group;

	if (check_group_name(str_of(name), err) < 0) {
		return where ? err_wrap(err, "%s", where) : -1;
	}
	group = inventory_group(inv, str_of(name));
	group->is_defined = true;
	part.text = str_of(arena_strdup(inv->arena, members));
	if (part_is_sound(&part, group, &complaints)) {
		group_add_part(inv, group, part);
	}
	return complaints_result(&complaints, err);
}

static int name_cmp(const void *a, const void *b)
{
	const char *const *name_a = a;
	const char *const *name_b = b;

	return strcmp(*name_a, *name_b);
}

const char *const *inventory_groups(struct inventory *inv, size_t *ret_count)
{
	if (!inv->group_names) {
		size_t count = 0;
		void *group;

		inv->group_names = arena_calloc(
			inv->arena, map_count(inv->groups) + 1, sizeof(*inv->group_names));
		inv->group_names[count++] = all_name;
		for (size_t pos = 0; map_next(inv->groups, &pos, NULL, &group);) {
			if (((struct group *)group)->is_defined) {
				inv->group_names[count++] = ((struct group *)group)->name;
			}
		}
		qsort(inv->group_names, count, sizeof(*inv->group_names), name_cmp);
		inv->group_names_count = count;
	}
	*ret_count = inv->group_names_count;
	return inv->group_names;
}

static int fail_unknown(struct inventory *inv, struct str name, struct err *err)
{
	size_t count;
	const char *const *names = inventory_groups(inv, &count);
	const char *near =
		inv->complaints.count < SUGGESTIONS_MAX ? suggest(name, names, count) : NULL;

	if (near) {
		return err_set(err, ERR_NOT_FOUND, "unknown group '%s'; did you mean '%s'?",
			utf8_quote(name).text, near);
	}
	return err_set(err, ERR_NOT_FOUND, "unknown group '%s'%s", utf8_quote(name).text,
		count == 1 ? "; no groups are defined" : "");
}

/* --- resolving ----------------------------------------------------------------------------------
 */

static int fail_cycle(const struct inventory *inv, const struct group *group, struct err *err)
{
	struct strbuf chain = STRBUF_INIT_MAX(sizeof(err->msg));
	size_t i = 0;
	int result;

	while (inv->resolving[i] != group) {
		i++;
	}
	for (; i < inv->resolving_count; i++) {
		strbuf_addf(&chain, "%s -> ", inv->resolving[i]->name);
	}
	result = err_set(err, ERR_INPUT, "group '%s' contains itself: %s%s", group->name, chain.buf,
		group->name);
	strbuf_release(&chain);
	return result;
}

static int fail_depth(struct err *err)
{
	return err_set(err, ERR_LIMIT, "groups are nested more than %d deep", INVENTORY_DEPTH_MAX);
}

static int group_resolve(struct inventory *inv, struct group *group, struct err *err);

/* "@group" within a group's definition: resolves that group first. */
static int lookup_to_define(
	void *arg, struct str name, const struct nodeset **ret_members, struct err *err)
{
	struct inventory *inv = arg;
	struct group *within = inv->resolving[inv->resolving_count - 1];
	struct group *group = map_get(inv->groups, name);

	if (str_is(name, all_name)) {
		return err_set(err, ERR_INPUT,
			"a group cannot be defined by '@all', which is made of all groups");
	}
	if (!group || !group->is_defined) {
		return fail_unknown(inv, name, err);
	}
	if (group_resolve(inv, group, err) < 0) {
		return -1;
	}
	if (group->height + 2 > INVENTORY_DEPTH_MAX) {
		return fail_depth(err);
	}
	if (within->height < group->height + 1) {
		within->height = group->height + 1;
	}
	*ret_members = &group->members;
	return 0;
}

/* Most lines of most files are one plain name: no need for the machinery then. */
static bool part_is_name(struct inventory *inv, const struct part *part)
{
	if (nodeset_check_server(part->text, NULL) < 0 || inv->budget.names < 1 ||
		inv->budget.bytes < part->text.len) {
		return false;
	}
	inv->budget.names--;
	inv->budget.bytes -= part->text.len;
	return true;
}

typedef void part_name_fn(struct inventory *, void *arg, struct str name);

/* Call fn for every name of a part.  -1: what is wrong is among the complaints. */
static int part_each(struct inventory *inv, const struct group *group, const struct part *part,
	part_name_fn *fn, void *arg)
{
	const struct nodeset_scope scope = {
		.lookup = lookup_to_define, .arg = inv, .budget = &inv->budget};
	_cleanup_(arena_freep) struct arena *scratch = NULL;
	struct nodeset names;
	struct err err;
	size_t column;

	if (part_is_name(inv, part)) {
		fn(inv, arg, part->text);
		return 0;
	}
	scratch = arena_new();
	if (nodeset_parse_part(part->text, &scope, scratch, &names, &column, &err) < 0) {
		if (!inv->has_told) {
			complain(&inv->complaints, group, part, column, &err);
		}
		inv->has_told = false;
		return -1;
	}
	for (size_t i = 0; i < names.names_count; i++) {
		fn(inv, arg, str_of(names.names[i]));
	}
	if (names.repeated) {
		fn(inv, arg, str_of(names.repeated)); /* for who counts them */
	}
	return 0;
}

static void add_member(struct inventory *inv, void *arg, struct str name)
{
	struct group *group = arg;

	(void)inv;
	(void)nodeset_add(&group->members, name); /* it may be there */
}

/*
 * Find the members of a group and of those within it.
 *
 *	 0  group->members are known
 *	-1  *err says why, and it is the caller's to tell
 *	-1  and inv->has_told: a complaint says why
 */
static int group_resolve(struct inventory *inv, struct group *group, struct err *err)
{
	bool is_sound = true;

	switch (group->state) {
	case GROUP_RESOLVED:
		return 0;
	case GROUP_RESOLVING:
		return fail_cycle(inv, group, err);
	case GROUP_NEW:
		if (inv->resolving_count == INVENTORY_DEPTH_MAX) {
			return fail_depth(err);
		}
		group->state = GROUP_RESOLVING;
		inv->resolving[inv->resolving_count++] = group;
		for (size_t i = 0; i < group->parts_count; i++) {
			is_sound &= part_each(inv, group, &group->parts[i], add_member, group) == 0;
		}
		inv->resolving_count--;
		group->state = is_sound ? GROUP_RESOLVED : GROUP_BROKEN;
		break;
	case GROUP_BROKEN:
		is_sound = false;
		break;
	}
	inv->has_told = !is_sound;
	return is_sound ? 0 : -1;
}

static void group_reset(struct inventory *inv, struct group *group)
{
	group->state = GROUP_NEW;
	group->height = 0;
	group->level = 1;
	nodeset_init(&group->members, inv->arena);
}

static void reset(struct inventory *inv)
{
	void *group;

	complaints_release(&inv->complaints);
	inv->budget = inv->limit;
	inv->has_told = false;
	map_free(inv->hosts);
	inv->hosts = map_new(MAP_KEYS_BORROWED);
	group_reset(inv, &inv->all);
	for (size_t pos = 0; map_next(inv->groups, &pos, NULL, &group);) {
		group_reset(inv, group);
	}
	for (size_t i = 0; i < inv->files_count; i++) {
		group_reset(inv, inv->files[i]);
	}
}

/* Resolve from outside of any group. */
static void resolve_top(struct inventory *inv, struct group *group)
{
	struct err err;

	if (group_resolve(inv, group, &err) < 0 && !inv->has_told) {
		complaints_add(&inv->complaints, (struct place){0}, &err);
	}
	inv->has_told = false;
}

static void resolve_all(struct inventory *inv)
{
	void *arg;

	for (size_t pos = 0; map_next(inv->groups, &pos, NULL, &arg);) {
		struct group *group = arg;
		struct err err;

		if (group->is_defined) {
			resolve_top(inv, group);
		} else if (group->vars) {
			(void)fail_unknown(inv, str_of(group->name), &err);
			complaints_add(&inv->complaints, group->vars_place, &err);
		}
	}
	for (size_t i = 0; i < inv->files_count; i++) {
		resolve_top(inv, inv->files[i]);
	}
}

static void add_members(struct nodeset *to, const struct nodeset *from)
{
	for (size_t i = 0; i < from->names_count; i++) {
		(void)nodeset_add(to, str_of(from->names[i])); /* it may be there */
	}
}

/* Everything, in the order of the files, then of the groups. */
static const struct nodeset *all_members(struct inventory *inv)
{
	struct group *all = &inv->all;
	void *group;

	if (all->state == GROUP_RESOLVED) {
		return &all->members;
	}
	for (size_t i = 0; i < inv->files_count; i++) {
		add_members(&all->members, &inv->files[i]->members);
	}
	for (size_t pos = 0; map_next(inv->groups, &pos, NULL, &group);) {
		add_members(&all->members, &((struct group *)group)->members);
	}
	all->state = GROUP_RESOLVED;
	return &all->members;
}

/* --- variables ----------------------------------------------------------------------------------
 */

/* The groups, sorted: on the heap, free with free(). */
static struct group **groups_sorted(
	struct inventory *inv, int (*cmp)(const void *, const void *), size_t *ret_count)
{
	struct group **groups = xcalloc(map_count(inv->groups) + 1, sizeof(struct group *));
	size_t count = 0;
	void *group;

	for (size_t pos = 0; map_next(inv->groups, &pos, NULL, &group);) {
		groups[count++] = group;
	}
	qsort(groups, count, sizeof(struct group *), cmp);
	*ret_count = count;
	return groups;
}

/* The highest first: a group comes before all that is within it. */
static int height_cmp(const void *a, const void *b)
{
	const struct group *const *group_a = a;
	const struct group *const *group_b = b;

	return ((*group_a)->height < (*group_b)->height) -
	       ((*group_a)->height > (*group_b)->height);
}

/* The most general first; what comes later wins. */
static int precedence_cmp(const void *a, const void *b)
{
	const struct group *const *group_a = a;
	const struct group *const *group_b = b;

	if ((*group_a)->level != (*group_b)->level) {
		return (*group_a)->level < (*group_b)->level ? -1 : 1;
	}
	return strcmp((*group_a)->name, (*group_b)->name);
}

static void find_levels(struct inventory *inv)
{
	size_t count;
	struct group **groups = groups_sorted(inv, height_cmp, &count);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < groups[i]->children_count; j++) {
			struct group *child = groups[i]->children[j];

			if (child->level < groups[i]->level + 1) {
				child->level = groups[i]->level + 1;
			}
		}
	}
	free(groups);
}

static void set_vars(struct inventory *inv, const char *name, const struct host_vars *vars)
{
	struct inventory_host *host = map_get(inv->hosts, str_of(name));

	if (!host) {
		host = arena_alloc(inv->arena, sizeof(*host));
		host->name = arena_strdup(inv->arena, name);
		map_set(inv->hosts, str_of(host->name), host);
	}
	host->address = vars->address ? vars->address : host->address;
	host->username = vars->username ? vars->username : host->username;
	host->port = vars->port > 0 ? vars->port : host->port;
}

static void set_group_vars(
	struct inventory *inv, const struct nodeset *members, const struct host_vars *vars)
{
	for (size_t i = 0; vars && i < members->names_count; i++) {
		set_vars(inv, members->names[i], vars);
	}
}

static void set_name_vars(struct inventory *inv, void *arg, struct str name)
{
	char text[NODESET_NAME_MAX + 1];

	memcpy(text, name.ptr, name.len);
	text[name.len] = '\0';
	set_vars(inv, text, arg);
}

static void find_vars(struct inventory *inv)
{
	size_t count;
	struct group **groups;

	find_levels(inv);
	if (inv->all.vars) {
		set_group_vars(inv, all_members(inv), inv->all.vars);
	}
	groups = groups_sorted(inv, precedence_cmp, &count);
	for (size_t i = 0; i < count; i++) {
		set_group_vars(inv, &groups[i]->members, groups[i]->vars);
	}
	free(groups);
	for (size_t i = 0; i < inv->files_count; i++) {
		const struct group *file = inv->files[i];

		for (size_t j = 0; j < file->parts_count; j++) {
			struct host_vars *vars = file->parts[j].vars;

			if (vars) {
				(void)part_each(inv, file, &file->parts[j], set_name_vars, vars);
			}
		}
	}
}

/* --- asking -------------------------------------------------------------------------------------
 */

int inventory_check(struct inventory *inv, struct err *err)
{
	if (inv->is_checked) {
		return 0;
	}
	reset(inv);
	resolve_all(inv);
	if (inv->complaints.count == 0) {
		find_vars(inv);
	}
	inv->is_checked = inv->complaints.count == 0;
	return complaints_result(&inv->complaints, err);
}

static int lookup_to_select(
	void *arg, struct str name, const struct nodeset **ret_members, struct err *err)
{
	struct inventory *inv = arg;
	const struct group *group = map_get(inv->groups, name);

	if (str_is(name, all_name)) {
		*ret_members = all_members(inv);
		return 0;
	}
	if (!group || !group->is_defined) {
		return fail_unknown(inv, name, err);
	}
	*ret_members = &group->members;
	return 0;
}

int inventory_select(struct inventory *inv, struct str selection, struct arena *arena,
	struct nodeset *ret_set, struct err *err)
{
	const struct nodeset_scope scope = {.lookup = lookup_to_select, .arg = inv};
	struct nodeset set;

	if (inventory_check(inv, err) < 0 ||
		nodeset_parse(selection, &scope, arena, &set, err) < 0) {
		return -1;
	}
	if (set.names_count == 0) {
		return err_set(err, ERR_INPUT, "selection '%s' matches no server%s",
			utf8_quote(selection).text,
			all_members(inv)->names_count == 0 ? "; the inventory is empty" : "");
	}
	*ret_set = set;
	return 0;
}

const struct inventory_host *inventory_find(const struct inventory *inv, const char *name)
{
	return map_get(inv->hosts, str_of(name));
}
