/*
 * Writing below a folder of ours, and nowhere else, whatever names come from outside.
 *
 * Names are relative paths of plain names (copy_path.h).  No link below the folder is ever
 * followed: what a server calls a folder and is a link here is an error.  Waits for the disk.
 */
#ifndef FLEET_COPY_HERE_H
#define FLEET_COPY_HERE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "fleet/copy_sum.h"

struct stat;
struct copy_here;
struct copy_here_file;

enum copy_here_how {
	COPY_HERE_MUST_BE,    /* it is never made */
	COPY_HERE_MAKE,       /* its last name, if it is not there */
	COPY_HERE_WOULD_MAKE, /* to look only: if COPY_HERE_MAKE could make it, nothing is in it */
	COPY_HERE_MAY_BE,     /* to look only: if it is not there, nothing is in it */
};

/* The folder itself is as the user says, links and all.  New; free with copy_here_close(). */
int copy_here_open(const char *path, enum copy_here_how, struct copy_here **ret_here, struct err *);
void copy_here_close(struct copy_here **);

/* The path of a name, for people; new, free with free(). */
char *copy_here_path(const struct copy_here *, const char *name);

/* What is there; ERR_NOT_FOUND if nothing is. */
int copy_here_look(const struct copy_here *, const char *name, struct stat *ret_stat, struct err *);
/*
 * Look at the place that a file or a link is to take: *ret_is_taken tells whether something is
 * there.  ERR_INPUT: it is neither a file nor a link, and is never replaced (a folder, a device, a
 * pipe, a socket); or, with `is_named`, it is a link to one of these but a folder, or one that lies
 * in /proc or /dev or leads there, as /dev/stdout, whatever it ends at.
 */
int copy_here_look_place(const struct copy_here *, const char *name, bool is_named,
	struct stat *ret_stat, bool *ret_is_taken, struct err *);
/* Open a file to read it. */
int copy_here_read(const struct copy_here *, const char *name, int *ret_fd, struct err *);

/* A folder, which may be there; *ret_made tells.  Its mode is 0700 at least until
 * copy_here_set_mode(). */
int copy_here_make_folder(const struct copy_here *, const char *name, bool *ret_made, struct err *);
int copy_here_set_mode(const struct copy_here *, const char *name, mode_t, struct err *);

/* Is it a link to that? */
bool copy_here_link_is(const struct copy_here *, const char *name, const char *target);

/* A link; what is there is replaced if it is one, or a file. */
int copy_here_make_link(
	const struct copy_here *, const char *name, const char *target, struct err *);

/*
 * A file that is written beside its place, and put in place in one step, synced; or given up, by
 * copy_here_file_free().  ERR_LIMIT: the disk is full.  New.
 */
int copy_here_file_new(
	const struct copy_here *, const char *name, struct copy_here_file **ret_file, struct err *);
/*
 * What an earlier one of the same name left of at most `max_bytes`, to be gone on with; false:
 * there is nothing.  Only what is certainly ours is taken, and only what nobody is writing;
 * whatever else was left of that name is removed.  New.  *ret_bytes: how much there is.
 */
bool copy_here_file_go_on(const struct copy_here *, const char *name, uint64_t max_bytes,
	struct copy_here_file **ret_file, uint64_t *ret_bytes);
/* Add what is in it to a sum.  Waits for the disk. */
int copy_here_file_sum(const struct copy_here_file *, struct copy_summer *, struct err *);
/* Leave it as it is for copy_here_file_go_on(); frees it. */
void copy_here_file_keep(struct copy_here_file **);
char *copy_here_file_path(const struct copy_here_file *); /* for people; new, free with free() */
int copy_here_file_add(struct copy_here_file *, struct str bytes, struct err *);
/* Frees it.  What is in its place is replaced if it is a file or a link, and else an error. */
int copy_here_file_commit(struct copy_here_file **, mode_t, struct err *);
void copy_here_file_free(struct copy_here_file **);

#endif
