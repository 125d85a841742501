/*
 * A folder for control sockets that nobody else may enter, and that does not outlive us for long.
 *
 * Whoever holds the lock on it lives; one that is not locked is removed by whoever comes next.
 */
#ifndef NET_SSH_PROGRAM_FOLDER_H
#define NET_SSH_PROGRAM_FOLDER_H

#include "base/err.h"

/* What may be added to the path of it, so that it still is the address of a socket. */
enum { SSH_PROGRAM_FOLDER_ROOM = 16 };

struct ssh_program_folder;

/* In $XDG_RUNTIME_DIR, or in /tmp.  New; free with ssh_program_folder_free(), which removes it and
 * what is in it. */
int ssh_program_folder_new(struct ssh_program_folder **ret_folder, struct err *);
void ssh_program_folder_free(struct ssh_program_folder **);

const char *ssh_program_folder_path(const struct ssh_program_folder *);

/* Remove those in `base` that belong to this user and to no process any more. */
void ssh_program_folder_sweep(const char *base);

#endif
