/*
 * The name under which the key of a host is known, and what people are told where it is not as it
 * should be: the same words whichever way a host was reached.
 */
#ifndef NET_SSH_HOST_WORDS_H
#define NET_SSH_HOST_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "net/ssh_hosts.h"
#include "net/ssh_settings.h"

/* As OpenSSH would look it up: HostKeyAlias, or the name with its port.  Borrows from them. */
struct ssh_hosts_name ssh_host_words_name(const struct ssh_settings *);

/* Append "ED25519 SHA256:...". */
void ssh_host_words_add_key(struct strbuf *out, struct str blob);

/* Texts are put as they are: what comes from outside has been escaped. */
struct ssh_host_words {
	const char *name;  /* "[web-01]:2222" */
	const char *alias; /* as the user wrote it: for the command that would accept the key */
	uint16_t port;
	const char *config_file; /* that has to be read for it (ssh -F); NULL: as usual */
	const char *shown; /* the host's key, as of ssh_host_words_add_key(); NULL: was not said */
	const char *known; /* the key that it should be; NULL: was not said */
	const char *path;  /* where that stands, with its line; NULL, or line 0: in no file */
	size_t line;
};

/* Append a sentence without a full stop: what is wrong, and the command that would accept it. */
void ssh_host_words_add_unknown(struct strbuf *out, const struct ssh_host_words *);
void ssh_host_words_add_changed(struct strbuf *out, const struct ssh_host_words *);
void ssh_host_words_add_revoked(struct strbuf *out, const struct ssh_host_words *);

#endif
