/*
 * What an SSH server says before anything is secret: a greeting, then which algorithms it knows
 * (SSH_MSG_KEXINIT, RFC 4253).  libssh keeps that to itself.
 */
#ifndef NET_SSH_KEXINIT_H
#define NET_SSH_KEXINIT_H

#include <stdbool.h>

#include "base/str.h"

enum { SSH_KEXINIT_MAX = 40 * 1024 }; /* of what a server says until then */

/*
 * The algorithms of host keys that the server knows, with commas between; a part of `opening`, all
 * that it has said so far.  False: it has not come to that, or it is nothing of the kind.
 */
bool ssh_kexinit_host_keys(struct str opening, struct str *ret_names);

#endif
