/*
 * Private keys and the certificates for them, read once and shared by all sessions.
 *
 * A key that is encrypted is never asked for: the agent may have it.
 */
#ifndef NET_SSH_IDENTITY_H
#define NET_SSH_IDENTITY_H

#include <stdbool.h>

#include "base/str.h"

struct strbuf;
struct ssh_key_struct; /* libssh's */
struct ssh_identities;

enum ssh_identity_state {
	SSH_IDENTITY_READY,
	SSH_IDENTITY_MISSING,
	SSH_IDENTITY_ENCRYPTED, /* or on a security key, or of a kind that is not known */
	SSH_IDENTITY_UNSAFE,    /* others can read it: not used, as OpenSSH does not */
	SSH_IDENTITY_BAD,       /* unreadable, no key */
};

struct ssh_identity {
	enum ssh_identity_state state;
	const char *path;
	const char *problem;        /* "'/home/me/.ssh/id' can be read by others"; "" */
	struct ssh_key_struct *key; /* READY; shared, not to be freed */
	struct ssh_key_struct *with_certificate; /* the same with "<path>-cert.pub"; NULL: none */
	struct str public_blob; /* of the key, if it or its ".pub" can be read; else empty */
};

struct ssh_identities *ssh_identities_new(void); /* new; free with ssh_identities_free() */
void ssh_identities_free(struct ssh_identities **);

/*
 * The identity in the file; read again when the file has changed.  Valid as long as the identities.
 */
const struct ssh_identity *ssh_identities_get(struct ssh_identities *, const char *path);

/*
 * Append "; '/home/me/.ssh/id' can be read by others" for each file of the NULL-terminated list
 * that is there, and that OpenSSH cannot use without asking either.
 */
void ssh_identities_add_problems(
	struct ssh_identities *, const char *const *paths, struct strbuf *out);

/*
 * The key together with a certificate from a file of its own; NULL if the certificate is for
 * another key or cannot be read.
 */
struct ssh_key_struct *ssh_identities_certify(
	struct ssh_identities *, const struct ssh_identity *, const char *certificate_path);

#endif
