/*
 * What ssh_hosts.c (the table), ssh_hosts_append.c (lines more) and ssh_hosts_replace.c (others
 * instead) share.
 */
#ifndef NET_SSH_HOSTS_INTERNAL_H
#define NET_SSH_HOSTS_INTERNAL_H

#include "net/ssh_hosts.h"

enum { SSH_HOSTS_HASH_BYTES = 20 }; /* of a salt and of a hash */

/* The name as a file with hashed names has it: HMAC-SHA1 with the salt as its key. */
void ssh_hosts_hash_name(
	struct ssh_hosts *, const unsigned char *salt, struct str name, unsigned char *hash);

/* Append "name type key\n". */
int ssh_hosts_make_line(struct strbuf *out, const struct ssh_hosts_name *, struct str blob,
	bool is_hashed, struct err *err);

/*
 * Open the file that the path leads to, for reading and appending, and lock it until *ret_fd is
 * closed: it is the one that is found there.  `flags` are O_CREAT or 0: a missing file is
 * ERR_NOT_FOUND.
 */
int ssh_hosts_open_locked(const char *path, int flags, int *ret_fd, struct err *err);

#endif
