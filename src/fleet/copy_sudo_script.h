/*
 * What `copy --sudo` runs on a host as another user: a program that tells what is there, and one
 * that puts in place what was uploaded.
 *
 * Both are for /bin/sh, with what Debian and busybox have: stat -c, readlink -f, sha256sum or the
 * like.  Everything of the user's is data on standard input, never part of the program.
 */
#ifndef FLEET_COPY_SUDO_SCRIPT_H
#define FLEET_COPY_SUDO_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "fleet/copy_sum.h"

/*
 * Reads lines, a letter and a path each: "f" follows links, "l" does not.  Writes a line for each:
 * "none", "other", "link TARGET", "folder MODE UID GID USER GROUP", "file MODE UID GID USER GROUP
 * SUM".
 */
extern const char copy_sudo_look[];

enum copy_sudo_is {
	COPY_SUDO_NONE,
	COPY_SUDO_FOLDER,
	COPY_SUDO_FILE,
	COPY_SUDO_LINK,
	COPY_SUDO_OTHER,
};

struct copy_sudo_seen {
	enum copy_sudo_is is;
	uint32_t mode;
	struct str uid, gid, user, group; /* borrowed from the line */
	struct str target;                /* of a link */
	struct copy_sum sum;              /* of a file; "": could not be made */
};

/* False: it is no such line. */
bool copy_sudo_parse_seen(struct str line, struct copy_sudo_seen *ret_seen);

/*
 * Reads paths (copy_sudo_add_question()), writes a line for each: the content of the file in
 * hexadecimal; "-" if it is no file, cannot be read, or is not below COPY_DIFF_MAX bytes.
 */
extern const char copy_sudo_show[];

void copy_sudo_add_question(struct strbuf *out, const char *path);
bool copy_sudo_parse_content(struct str line, struct strbuf *out); /* false: "-", or nonsense */

/*
 * Reads settings (copy_sudo_add_settings()), then what is to be done, in lines; writes a line for
 * each: "ok", "ok 3" if the backup has that number because others of its name are there, or "! "
 * and why not.  What it was about to write is taken away when it is stopped; what was left of a
 * file when it was killed, the next one that writes that file takes away, ten minutes later at the
 * earliest.
 */
extern const char copy_sudo_place[];

/* "ok", with the number of the backup, or 0. */
bool copy_sudo_parse_placed(struct str line, int *ret_number);

struct copy_sudo_settings {
	const char *staged; /* folder of what was uploaded */
	const char *salt;   /* as of copy_salt(), without "-": for names of what is not in place */
	const char *owner;  /* NULL: as it was */
	const char *group;
	const char *backup; /* suffix that ends in "~"; NULL: none */
};

void copy_sudo_add_settings(struct strbuf *out, const struct copy_sudo_settings *);
void copy_sudo_add_folder(struct strbuf *out, const char *path, uint32_t mode);
void copy_sudo_add_link(struct strbuf *out, const char *path, const char *target);
void copy_sudo_add_attributes(struct strbuf *out, const char *path, uint32_t mode);
/* `name` is in the folder of what was uploaded. */
void copy_sudo_add_file(struct strbuf *out, const char *path, uint32_t mode, const char *name,
	const struct copy_sum *);

/* Can it be said in a line? */
bool copy_sudo_can_say(const char *path);

#endif
