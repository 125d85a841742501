/*
 * Names and paths of `copy`: which argument is on hosts, where things go, what may be a name.
 */
#ifndef FLEET_COPY_PATH_H
#define FLEET_COPY_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "fleet/copy_sum.h"

enum { COPY_NAME_MAX = 255, COPY_PATH_MAX = 4000 };

#define COPY_SUFFIX ".copying" /* of what is not whole yet */

/* An argument: "web-[01-20]:/etc/app/", "@web:app.conf", ":/etc/app/", or a path of ours. */
struct copy_place {
	bool is_remote;
	struct str hosts; /* before the colon; "": whichever --servers or --hosts say */
	const char *path; /* in the arena; never "": then it is "." */
};

/*
 * A colon outside of brackets makes it remote, unless a "/" comes before it.  On hosts "~/x" is "x"
 * from where the login begins.  ERR_INPUT: what cannot be a path there.
 */
int copy_place_parse(
	const char *argument, struct arena *, struct copy_place *ret_place, struct err *);

/* What to say behind an error about a path that begins like the port of "web-01:22:/etc"; else "".
 */
const char *copy_port_hint(const char *path);

/* Whether a server's word may be the name of one file: not empty, not "." or "..", without "/" and
 * NUL, not too long. */
bool copy_name_is_plain(struct str name);

/* The last name of a path: "app" of "/etc/app/"; "" of "/", ".", "..", and what ends in these. */
struct str copy_base_name(struct str path);

/* "/etc" of "/etc/app", "/" of "/etc", "." of "app"; in the arena. */
char *copy_parent(struct str path, struct arena *);

/* "folder/name", with no "/" doubled; an empty name is the folder itself.  In the arena. */
char *copy_join(const char *folder, struct str name, struct arena *);

/*
 * What a file is called until it is whole: ".NAME.<from its content>.copying" beside it, cut to
 * what a name may be.  With the same content it is the same name; with `salt` (not NULL) another.
 */
char *copy_temporary(
	const char *path, const struct copy_sum *sum, const char *salt, struct arena *);

/* "-" and random digits, so that nobody else writes to the same name. */
char *copy_salt(struct arena *);

/* A folder for what waits to be put in place as root: ".sre-toolkit-copy-" and random digits. */
char *copy_stage_name(struct arena *);

/* Is it, to the letter, one of those?  And what is called so in them: a number, or what
 * copy_temporary() may call it. */
bool copy_is_stage(struct str name);
bool copy_is_staged(struct str name);

enum { COPY_BACKUPS_MAX = 100 }; /* of one second */

/* What is replaced is kept as this: "app.conf.20250701-080000~" with a suffix as
 * ".20250701-080000~"; if that is taken, with the numbers from 1 on "app.conf.20250701-080000.1~".
 */
char *copy_timed_backup(const char *path, const char *suffix, int number, struct arena *);

/* Does it look like what copy_temporary() makes? */
bool copy_is_temporary(struct str name);

/* Is it, to the letter, what copy_temporary() may call `file` with a salt of copy_salt()?  `sum`
 * NULL: whatever its content. */
bool copy_is_temporary_of(struct str name, struct str file, const struct copy_sum *sum);

#endif
