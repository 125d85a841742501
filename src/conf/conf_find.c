/*
 * Where the configuration is, in the order that the manual promises.
 *
 * A configuration can name commands that are run, so one that lies around in the current folder
 * counts only if nobody else could have put it there.
 */
#include "conf/conf_find.h"

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "conf/conf_internal.h"
#include "conf/option.h"
#include "conf/shown.h"

static const char local_name[] = "./sre-toolkit.yaml";
static const char variable_name[] = "SRE_TOOLKIT_CONFIG";
static const char user_name[] = "sre-toolkit/config.yaml";

enum {
	NAMES_MAX = 64 * 1024, /* bytes of a user's or group's entry */
	LINKS_MAX = 16,
};

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* A path that the user has named must be there. */
static int find_named(const char *path, const char *who, struct arena *arena, const char **ret_path,
	struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		err_set_errno(err, errno, "configuration '%s'", shown(str_of(path)).text);
		return who ? err_wrap(err, "%s", who) : -1;
	}
	*ret_path = arena_strdup(arena, path);
	return 0;
}

/* The user's name, if `gid` is the user's own group; an empty text if not. */
static void own_group_name(uid_t uid, gid_t gid, char *buf, size_t size, struct strbuf *name)
{
	struct passwd passwd, *user = NULL;

	if (getpwuid_r(uid, &passwd, buf, size, &user) == 0 && user && user->pw_gid == gid) {
		strbuf_adds(name, user->pw_name);
	}
}

/* Is the group one that has no other member than the owner, as many systems give every user? */
static bool is_private_group(uid_t uid, gid_t gid)
{
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;
	_cleanup_(freep) char *buf = xmalloc(NAMES_MAX);
	struct group entry, *group = NULL;

	own_group_name(uid, gid, buf, NAMES_MAX, &name);
	if (name.len == 0 || getgrgid_r(gid, &entry, buf, NAMES_MAX, &group) != 0 || !group ||
		!str_is(strbuf_str(&name), group->gr_name)) {
		return false;
	}
	for (char **member = group->gr_mem; *member; member++) {
		if (!str_is(strbuf_str(&name), *member)) {
			return false;
		}
	}
	return true;
}

/* Nobody but the user and root could have written it. */
static int check_ours(const char *what, const struct stat *st, struct err *err)
{
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		return err_set(err, ERR_PERMISSION,
			"'%s' is not used: %s belongs to another user; name it with --config if "
			"you "
			"trust it",
			local_name, what);
	}
	if (S_ISLNK(st->st_mode)) {
		return 0; /* the permissions of a link mean nothing */
	}
	if (st->st_mode & S_IWOTH) {
		return err_set(err, ERR_PERMISSION,
			"'%s' is not used: %s can be written by everybody; run chmod o-w on it, or "
			"name the file with --config",
			local_name, what);
	}
	if ((st->st_mode & S_IWGRP) && !is_private_group(st->st_uid, st->st_gid)) {
		return err_set(err, ERR_PERMISSION,
			"'%s' is not used: %s can be written by its group; run chmod g-w on it, or "
			"name the file with --config",
			local_name, what);
	}
	return 0;
}

/* Where a link at `path` leads to, itself from the current folder on; NULL if it cannot be read. */
static const char *link_target(const char *path, struct arena *arena)
{
	const struct option_context context = {
		.arena = arena, .base_dir = conf_folder_of(arena, path)};
	char target[PATH_MAX];
	const ssize_t len = readlink(path, target, sizeof(target));

	if (len <= 0 || (size_t)len == sizeof(target)) {
		return NULL;
	}
	return option_resolve_path(&context, str_n(target, (size_t)len));
}

/* The file, and where it is a link every step on the way, each with its folder. */
static int check_way(struct arena *arena, struct err *err)
{
	const char *path = local_name;

	for (int steps = 0; path && steps < LINKS_MAX; steps++) {
		const char *folder = conf_folder_of(arena, path);
		struct stat st, folder_st;

		if (lstat(path, &st) < 0 || stat(folder ? folder : ".", &folder_st) < 0) {
			return err_set_errno(err, errno, "configuration '%s'", local_name);
		}
		if (check_ours(steps ? "what it links to" : "it", &st, err) < 0 ||
			check_ours(steps ? "the folder of what it links to"
					 : "the folder that it is in",
				&folder_st, err) < 0) {
			return -1;
		}
		if (!S_ISLNK(st.st_mode)) {
			return 0;
		}
		path = link_target(path, arena);
	}
	return err_set(err, ERR_INPUT, "configuration '%s': too many symbolic links", local_name);
}

static int find_local(struct arena *arena, const char **ret_path, struct err *err)
{
	struct stat st;

	if (lstat(local_name, &st) < 0) {
		return 0;
	}
	if (check_way(arena, err) < 0) {
		return -1;
	}
	*ret_path = arena_strdup(arena, local_name + 2);
	return 0;
}

/* $XDG_CONFIG_HOME, which counts only if absolute, or else ~/.config. */
static const char *find_users(struct arena *arena)
{
	const char *config_home = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	const char *path = NULL;

	if (config_home && config_home[0] == '/') {
		path = arena_printf(arena, "%s/%s", config_home, user_name);
	} else if (home && home[0] == '/') {
		path = arena_printf(arena, "%s/.config/%s", home, user_name);
	}
	return path && exists(path) ? path : NULL;
}

int conf_find_in(const char *system_path, const char *given, struct arena *arena,
	const char **ret_path, struct err *err)
{
	const char *variable = getenv(variable_name);
	const char *path = NULL;

	if (given) {
		return find_named(given, NULL, arena, ret_path, err);
	}
	if (variable && variable[0]) {
		return find_named(variable, variable_name, arena, ret_path, err);
	}
	if (find_local(arena, &path, err) < 0) {
		return -1;
	}
	if (!path) {
		path = find_users(arena);
	}
	if (!path && exists(system_path)) {
		path = arena_strdup(arena, system_path);
	}
	*ret_path = path;
	return 0;
}

int conf_find(const char *given, struct arena *arena, const char **ret_path, struct err *err)
{
	return conf_find_in("/etc/sre-toolkit/config.yaml", given, arena, ret_path, err);
}
