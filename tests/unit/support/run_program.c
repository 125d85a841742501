/*
 * See run_program.h.
 */
#include "support/run_program.h"

#include <sys/wait.h>

#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <unistd.h>

int run_program(const char *const *argv)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status = -1;
	int errnum;

	if (posix_spawn_file_actions_init(&actions) != 0) {
		return -1;
	}
	for (int fd = 0; fd <= 2; fd++) {
		(void)posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	}
	errnum = posix_spawnp(
		&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (errnum != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		return -1;
	}
	return WEXITSTATUS(status);
}
