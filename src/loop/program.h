/*
 * Which file a command name means, as execvp() would find it, but in the PATH of another
 * environment.
 */
#ifndef LOOP_PROGRAM_H
#define LOOP_PROGRAM_H

#include "base/err.h"

/*
 * The path of `name`: itself if it has a '/', else the first executable file of that name in the
 * PATH of `env` (NULL: empty).  *ret_path is new; free with free().
 */
int program_find(const char *name, const char *const *env, char **ret_path, struct err *err);

/*
 * Say why exec of `path` (counted from the folder `cwd_fd`, or AT_FDCWD) failed with `errnum`.
 * Returns -1.
 */
int program_exec_error(const char *path, int cwd_fd, int errnum, struct err *err);

#endif
