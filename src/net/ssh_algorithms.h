/*
 * What our own SSH sessions speak, best first, as far as a configuration allows it.
 *
 * Left out is what is weak, and what takes longer in one uninterruptible step than a hundred
 * handshakes: key exchanges over the groups 16 and 18 take 20 and 130 ms.
 */
#ifndef NET_SSH_ALGORITHMS_H
#define NET_SSH_ALGORITHMS_H

#include <stdbool.h>

#include "base/strbuf.h"

enum ssh_algorithms {
	SSH_ALGORITHMS_KEX,
	SSH_ALGORITHMS_HOST_KEY,
	SSH_ALGORITHMS_CIPHER,
	SSH_ALGORITHMS_MAC,
	SSH_ALGORITHMS_USER_KEY,
	SSH_ALGORITHMS_MAX,
};

/* How ssh_config calls the choice: "KexAlgorithms". */
const char *ssh_algorithms_name(enum ssh_algorithms);

/*
 * Append those that are in `allowed` too (names with commas between; NULL: all are).  False if
 * there is none.
 */
bool ssh_algorithms_choose(enum ssh_algorithms, const char *allowed, struct strbuf *out);

/* The same of host keys, but those of the types in `first` ("ssh-rsa ssh-ed25519") come first. */
bool ssh_algorithms_choose_host_keys(const char *allowed, struct str first, struct strbuf *out);

/*
 * Those of host keys that are in both lists (NULL: any) but for the types in `shown`: what is left
 * to ask for.  False if nothing is.
 */
bool ssh_algorithms_choose_other_host_keys(
	const char *allowed, const char *offered, struct str shown, struct strbuf *out);

#endif
