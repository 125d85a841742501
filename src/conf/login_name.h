/*
 * Whom and where to log in to, in the one word that people type everywhere: "[user@]host[:port]".
 *
 * A host with more than one colon is an address of IPv6; in brackets it may have a port:
 * "root@[2001:db8::1]:2222".
 */
#ifndef CONF_LOGIN_NAME_H
#define CONF_LOGIN_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct login_name {
	struct str username; /* empty: not said */
	struct str host;     /* without brackets */
	uint16_t port;       /* 0: not said */
};

/*
 * Split a word whose characters are those of a node set's name, "@" and brackets.  The parts are
 * within it.  ERR_INPUT names the part that is wrong.
 */
int login_name_parse(struct str, struct login_name *ret_login, struct err *err);

/* Whether it says more than a host: a user, a port, or brackets. */
bool login_name_is_more(struct str);

/* The host of a word that may be anything: what cannot be parsed is a host as it stands. */
struct str login_name_host(struct str);

/* Whether a text that begins with "[" begins with an address in brackets, and not with ranges as
 * "[01-20]" or "[1:9:2]"; *ret_len counts them. */
bool login_name_has_address(struct str, size_t *ret_len);

#endif
