/*
 * What ssh_config has to say about one host, as `ssh -G` prints it, in a struct.
 *
 * Read are lines "keyword value"; of a keyword that takes one value the first counts.  Keywords
 * that mean nothing to us are left alone; those that mean something our own sessions cannot do make
 * `needs_openssh` the reason why the host must be reached through the program ssh.
 */
#ifndef NET_SSH_SETTINGS_H
#define NET_SSH_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "net/address.h"

enum { SSH_HOPS_MAX = 8 };

/* StrictHostKeyChecking.  What is not known is refused by all but the last two. */
enum ssh_strictness {
	SSH_STRICT_ASK, /* the default */
	SSH_STRICT_YES,
	SSH_STRICT_ACCEPT_NEW,
	SSH_STRICT_OFF, /* "no": changed keys too would be taken, which we never do */
};

/* A host on the way (ProxyJump), to be looked up in ssh_config itself. */
struct ssh_hop {
	const char *user; /* NULL: as configured */
	const char *host;
	uint16_t port; /* 0: as configured */
};

struct ssh_settings {
	const char *alias;    /* as asked for */
	const char *hostname; /* to connect to: a name or an address */
	const char *user;
	uint16_t port;
	enum address_family family;
	const char *bind_address;             /* NULL: any */
	const char *const *identity_files;    /* paths; NULL-terminated, as all lists here */
	const char *const *certificate_files; /* paths */
	const char *identity_agent;           /* its socket; NULL: none */
	bool identities_only; /* of the agent's keys, only those in identity_files */
	bool uses_publickey, uses_password, uses_keyboard_interactive;
	const struct ssh_hop *hops; /* in the order in which they are passed */
	size_t hops_count;
	const char *host_key_alias;           /* NULL: none */
	const char *const *known_hosts_files; /* the user's first, then the machine's */
	const char *user_known_hosts_file;    /* where a new key belongs; NULL: nowhere */
	enum ssh_strictness strictness;
	bool hashes_known_hosts;
	int64_t alive_interval_ms; /* ServerAliveInterval; 0: none */
	int alive_count_max;
	int64_t connect_timeout_ms; /* 0: none */
	/* Names with commas between; NULL: any. */
	const char *kex, *host_keys, *ciphers, *macs, *user_keys;
	const char *const *environment; /* SetEnv: "NAME=value" */
	const char *config_file;        /* all of this is from it (ssh -F); NULL: as usual */
	const char *needs_openssh;      /* NULL: our own sessions will do */
	const char *key_needs_openssh;  /* the same to ask for its host key alone */
};

/* Who asks. */
struct ssh_settings_context {
	const char *alias;
	const char *hostname;     /* instead of what the text says; NULL: that */
	const char *home;         /* NULL: there is none */
	const char *username;     /* of this user; is logged in with if nothing else is said */
	const char *agent_socket; /* $SSH_AUTH_SOCK; NULL: none */
	bool has_ticket;          /* of Kerberos: GSSAPIAuthentication may mean something */
};

/*
 * Strings are in the arena.  -1 (ERR_INPUT) if a value cannot be understood where that matters,
 * with its keyword in the text.
 */
int ssh_settings_read(struct str text, const struct ssh_settings_context *, struct arena *,
	struct ssh_settings *ret_settings, struct err *);

/* "web-01:22", "[2001:db8::1]:22": for texts. */
void ssh_settings_add_target(const struct ssh_settings *, struct strbuf *out);

#endif
