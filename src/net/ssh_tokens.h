/*
 * What "%h", "~/" and "${NAME}" in a value of ssh_config stand for.
 */
#ifndef NET_SSH_TOKENS_H
#define NET_SSH_TOKENS_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

struct ssh_tokens {
	const char *alias;      /* %n, %k */
	const char *hostname;   /* %h */
	const char *user;       /* %r */
	const char *local_user; /* %u */
	const char *home;       /* %d and ~; NULL: there is none */
	uint16_t port;          /* %p */
};

/* Append the value with them replaced.  ERR_INPUT: one that we do not know (%C, %j), or a variable
 * that is not set. */
int ssh_tokens_expand(
	struct str value, const struct ssh_tokens *, struct strbuf *out, struct err *err);

/* Append a text so that ssh makes just this of it. */
void ssh_tokens_add_escaped(struct strbuf *out, const char *text);

#endif
