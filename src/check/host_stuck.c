/*
 * The list of children that hang.  See host_stuck.h.
 */
#include "check/host_stuck.h"

#include <sys/pidfd.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

struct stuck {
	char *point;
	int pid_fd;
};

static struct {
	struct stuck *children;
	size_t children_count, children_alloc;
} stuck;

static bool has_ended(int pid_fd)
{
	struct pollfd poll_fd = {.fd = pid_fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) != 0;
}

static void forget_ended(void)
{
	for (size_t i = stuck.children_count; i > 0; i--) {
		struct stuck *child = &stuck.children[i - 1];

		if (has_ended(child->pid_fd)) {
			free(child->point);
			closep(&child->pid_fd);
			*child = stuck.children[--stuck.children_count];
		}
	}
	if (stuck.children_count == 0) {
		free(stuck.children);
		stuck.children = NULL;
		stuck.children_alloc = 0;
	}
}

void host_stuck_remember(const char *point, pid_t pid)
{
	int pid_fd = pidfd_open(pid, 0);

	if (pid_fd >= 0) { /* else it has gone after all */
		*VEC_PUSH(&stuck, children) = (struct stuck){xstrdup(point), pid_fd};
	}
}

bool host_stuck_has(const char *point)
{
	forget_ended();
	for (size_t i = 0; i < stuck.children_count; i++) {
		if (strcmp(stuck.children[i].point, point) == 0) {
			return true;
		}
	}
	return false;
}
