/*
 * Finding a program, and saying why it would not run.  See program.h.
 */
#include "loop/program.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static const char *path_of_env(const char *const *env)
{
	for (; env && *env; env++) {
		if (str_starts(str_of(*env), "PATH=")) {
			return *env + strlen("PATH=");
		}
	}
	return default_path;
}

static bool is_regular(int cwd_fd, const char *path)
{
	struct stat st;

	return fstatat(cwd_fd, path, &st, 0) == 0 && S_ISREG(st.st_mode);
}

int program_find(const char *name, const char *const *env, char **ret_path, struct err *err)
{
	const char *path = path_of_env(env);
	struct str rest = str_of(path);
	struct str folder;
	bool is_forbidden = false;

	if (strchr(name, '/')) {
		*ret_path = xstrdup(name);
		return 0;
	}

	while (name[0] && str_split(&rest, ':', &folder)) {
		_cleanup_(freep) char *file = xasprintf("%.*s/%s", STR_ARG(folder), name);

		if (!str_starts(folder, "/") || !is_regular(AT_FDCWD, file)) {
			continue;
		}
		if (faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0) {
			*ret_path = TAKE(file);
			return 0;
		}
		is_forbidden = true;
	}
	if (is_forbidden) {
		return err_set(err, ERR_PERMISSION,
			"cannot run '%s': the file of that name in PATH '%s' is not executable",
			name, path);
	}
	return err_set(
		err, ERR_NOT_FOUND, "cannot run '%s': no such program in PATH '%s'", name, path);
}

int program_exec_error(const char *path, int cwd_fd, int errnum, struct err *err)
{
	if (errnum == ENOENT && faccessat(cwd_fd, path, F_OK, 0) == 0) {
		return err_set(err, ERR_NOT_FOUND,
			"cannot run '%s': the interpreter that it names does not exist", path);
	}
	if (errnum == EACCES && faccessat(cwd_fd, path, F_OK, 0) == 0 &&
		!is_regular(cwd_fd, path)) {
		return err_set(err, ERR_PERMISSION, "cannot run '%s': not a file", path);
	}
	if (errnum == ENOEXEC) {
		return err_set(err, ERR_INPUT,
			"cannot run '%s': neither a program nor a script that begins with '#!'",
			path);
	}
	return err_set_errno(err, errnum, "cannot run '%s'", path);
}
