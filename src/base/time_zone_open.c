/*
 * Finding a time zone by its name.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/time_zone_internal.h"
#include "base/utf8.h"
#include "base/vec.h"

enum { LIST_MAX = 1024 * 1024 }; /* bytes of the database's list of names */

static const char system_folder[] = "/usr/share/zoneinfo";
static const char system_zone[] = "/etc/localtime";

static const char *database(void)
{
	const char *folder = getenv("TZDIR");

	return folder && folder[0] ? folder : system_folder;
}

/* Every name is a relative path, and none has a dot. */
static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!char_is_alnum(name.ptr[i]) && !memchr("/_-+", name.ptr[i], 4)) {
			return false;
		}
	}
	return name.len > 0 && name.len <= TIME_ZONE_NAME_MAX && char_is_alpha(name.ptr[0]) &&
	       !str_ends(name, "/");
}

/* The list of names in tzdata.zi: "Z NAME ..." begins a zone, "L ZONE NAME" is another name. */
static struct str name_in_line(struct str line)
{
	const bool is_link = str_starts(line, "L ");
	struct str name = str_n("", 0);

	if (is_link || str_starts(line, "Z ")) {
		for (int i = 0; i < 2 + is_link; i++) {
			(void)str_word(&line, &name);
		}
	}
	return name;
}

struct names {
	const char **names;
	size_t names_count, names_alloc;
};

static const char *nearest(struct str name, struct arena *arena)
{
	_cleanup_(strbuf_release) struct strbuf list = STRBUF_INIT;
	_cleanup_(freep) char *path = xasprintf("%s/tzdata.zi", database());
	struct names names = {0};
	struct str rest, line;

	if (file_read(path, FILE_REGULAR, LIST_MAX, &list, NULL) < 0) {
		return NULL;
	}
	*VEC_PUSH_IN(arena, &names, names) = "UTC";
	*VEC_PUSH_IN(arena, &names, names) = "local";
	rest = strbuf_str(&list);
	while (str_line(&rest, &line)) {
		const struct str known = name_in_line(line);

		if (is_name(known)) {
			*VEC_PUSH_IN(arena, &names, names) = str_dup(known, arena);
		}
	}
	return suggest(name, names.names, names.names_count);
}

static int unknown(struct str name, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *near;

	if (access(database(), F_OK) < 0) {
		return err_set(err, ERR_NOT_FOUND,
			"no time zone '%s': there is no database of them in '%s'; is tzdata "
			"installed?",
			utf8_quote(name).text, database());
	}
	near = nearest(name, arena);
	return err_set(err, ERR_NOT_FOUND, "no time zone '%s' in '%s'%s%s%s", utf8_quote(name).text,
		database(), near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int open_path(
	const char *path, const char *name, struct time_zone **ret_zone, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;

	if (file_read(path, FILE_REGULAR, TIME_ZONE_FILE_MAX, &content, err) < 0) {
		return err_wrap(err, "time zone '%s'", name);
	}
	return time_zone_parse(strbuf_str(&content), name, ret_zone, err);
}

static struct time_zone *new_utc(const char *name)
{
	return time_zone_of_rule(name, &time_zone_utc()->rule);
}

/* A name of the database, for a zone that is called `as`. */
static int open_named(struct str name, const char *as, struct time_zone **ret_zone, struct err *err)
{
	_cleanup_(freep) char *path = xasprintf("%s/%.*s", database(), STR_ARG(name));
	struct err why = {0};

	if (str_is(name, "UTC")) {
		*ret_zone = new_utc(as);
		return 0;
	}
	if (open_path(path, as, ret_zone, &why) == 0) {
		return 0;
	}
	return why.code == ERR_NOT_FOUND ? unknown(name, err)
					 : err_set(err, why.code, "%s", why.msg);
}

/* What the C library makes of TZ: a name, a path or a rule, perhaps after a ":". */
static int open_variable(struct str text, struct time_zone **ret_zone, struct err *err)
{
	const struct str value = str_sub(text, str_starts(text, ":"), text.len);
	struct time_zone_rule rule;
	struct err why = {0};

	if (value.len == 0) {
		*ret_zone = new_utc("local");
		return 0;
	}
	if (value.ptr[0] == '/') {
		return open_path(value.ptr, "local", ret_zone, err);
	}
	if (is_name(value) && open_named(value, "local", ret_zone, &why) == 0) {
		return 0;
	}
	if (time_zone_rule_parse(value, &rule, NULL) == 0) {
		*ret_zone = time_zone_of_rule("local", &rule);
		return 0;
	}
	if (is_name(value)) {
		return err_set(err, why.code, "%s", why.msg);
	}
	return err_set(err, ERR_INPUT, "'%s' is neither a zone nor a rule", utf8_quote(value).text);
}

static int open_local(struct time_zone **ret_zone, struct err *err)
{
	const char *variable = getenv("TZ");
	struct err why = {0};

	if (variable) {
		return open_variable(str_of(variable), ret_zone, err) < 0
			       ? err_wrap(err, "the environment variable TZ")
			       : 0;
	}
	if (open_path(system_zone, "local", ret_zone, &why) == 0) {
		return 0;
	}
	if (why.code == ERR_NOT_FOUND) {
		*ret_zone = new_utc("local");
		return 0;
	}
	return err_set(err, why.code, "%s", why.msg);
}

int time_zone_open(struct str name, struct time_zone **ret_zone, struct err *err)
{
	_cleanup_(freep) char *as = NULL;

	if (!is_name(name)) {
		return err_set(err, ERR_INPUT,
			"'%s' is not the name of a time zone; write one like Europe/Berlin, UTC or "
			"local",
			utf8_quote(name).text);
	}
	if (str_is(name, "local")) {
		return open_local(ret_zone, err);
	}
	as = xstrndup(name.ptr, name.len);
	return open_named(name, as, ret_zone, err);
}
