/*
 * What ssh_hosts.c (the table), ssh_hosts_judge.c (what its lines mean), ssh_hosts_append.c (lines
 * more) and ssh_hosts_replace.c (others instead) share.
 */
#ifndef NET_SSH_HOSTS_INTERNAL_H
#define NET_SSH_HOSTS_INTERNAL_H

#include "net/ssh_hosts.h"

enum {
	SSH_HOSTS_HASH_BYTES = 20, /* of a salt and of a hash */
	SSH_HOSTS_DEFAULT_PORT = 22,
};

enum ssh_hosts_marker {
	SSH_HOSTS_MARKER_NONE,
	SSH_HOSTS_MARKER_AUTHORITY,
	SSH_HOSTS_MARKER_REVOKED,
};

/* A line. */
struct ssh_hosts_entry {
	enum ssh_hosts_marker marker;
	size_t order; /* of reading */
	const char *path;
	size_t line;
	struct str blob;
	struct str names;                         /* if it has patterns, or stands in no file */
	unsigned char salt[SSH_HOSTS_HASH_BYTES]; /* if its name is hashed */
	unsigned char hash[SSH_HOSTS_HASH_BYTES];
};

/* Lines, in the order of the files. */
struct ssh_hosts_lines {
	const struct ssh_hosts_entry **entries;
	size_t entries_count, entries_alloc;
};

/* All lines about a name, whoever's files they stand in; valid until the next question. */
const struct ssh_hosts_lines *ssh_hosts_find(struct ssh_hosts *, const struct ssh_hosts_name *);

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
