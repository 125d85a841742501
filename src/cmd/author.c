/*
 * The name of the user.  See author.h.
 */
#include "cmd/author.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRY_MAX = 4096 };

const char *author_name(struct arena *arena)
{
	const char *sudo_user = getenv("SUDO_USER");
	struct passwd entry, *found = NULL;
	char *buf;

	if (sudo_user && *sudo_user) {
		return sudo_user;
	}
	buf = arena_alloc(arena, ENTRY_MAX);
	if (getpwuid_r(geteuid(), &entry, buf, ENTRY_MAX, &found) == 0 && found) {
		return entry.pw_name;
	}
	return "unknown";
}
