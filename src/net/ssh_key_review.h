/*
 * What files of known hosts say of all the keys that a host has shown, taken together.
 *
 * A key of a type of which none is known is no changed one as long as the host has also shown a key
 * that is known: hosts have several, and who logged in once knows one of them.
 */
#ifndef NET_SSH_KEY_REVIEW_H
#define NET_SSH_KEY_REVIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "net/ssh_hosts.h"

/* Of a key; of a host: the worst of its keys.  The better first. */
enum ssh_key_state {
	SSH_KEY_KNOWN,
	SSH_KEY_AUTHORITY, /* an authority vouches for the host's certificate, which is not looked
			    * at here; the key itself is not known */
	SSH_KEY_NEW,
	SSH_KEY_CHANGED,
	SSH_KEY_REVOKED,
	SSH_KEY_STATES_MAX,
};

const char *ssh_key_state_name(enum ssh_key_state); /* "known" */

struct ssh_reviewed_key {
	enum ssh_key_state state;
	struct str blob;
	/* What that rests on, as of ssh_hosts_check(); of a new key: nothing. */
	const char *path;
	size_t line;
	struct str known; /* CHANGED: the key that stands there */
	bool is_expected; /* false here; for who has somebody's word for it */
};

/* In the arena, but what stands in files: that lives with the table. */
struct ssh_key_review {
	enum ssh_key_state state;      /* SSH_KEY_NEW if there are no keys */
	struct ssh_reviewed_key *keys; /* in the order in which they were shown */
	size_t keys_count;
	struct ssh_hosts_finding *missing; /* known keys of the host that it did not show */
	size_t missing_count;
};

/* The blobs are borrowed by the review. */
void ssh_key_review(struct ssh_hosts *, const struct ssh_hosts_name *, const struct str *blobs,
	size_t blobs_count, struct arena *, struct ssh_key_review *ret_review);

#endif
