/*
 * What ssh_hosts.c (the table) and ssh_hosts_append.c (a line more) share.
 */
#ifndef NET_SSH_HOSTS_INTERNAL_H
#define NET_SSH_HOSTS_INTERNAL_H

#include "net/ssh_hosts.h"

enum { SSH_HOSTS_HASH_BYTES = 20 }; /* of a salt and of a hash */

/* The name as a file with hashed names has it: HMAC-SHA1 with the salt as its key. */
void ssh_hosts_hash_name(
	struct ssh_hosts *, const unsigned char *salt, struct str name, unsigned char *hash);

#endif
