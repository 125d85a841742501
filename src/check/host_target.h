/*
 * Which machine, or which machines, the kind `host` is about, as people write it.
 *
 *   local:                            this one
 *   web-01                            a server, by the name that ssh knows it by
 *   @web  web-[01-20]!web-07          servers, as a node set
 *   ssh://[USER@]HOST[:PORT]          the same with more words; HOST may be a node set, too
 */
#ifndef CHECK_HOST_TARGET_H
#define CHECK_HOST_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct host_target {
	bool is_local;
	const char *host;     /* a name, an address, or a node set; NULL: this machine */
	bool is_set;          /* `host` is a node set */
	bool is_address;      /* of IPv6; written in brackets */
	const char *username; /* NULL: not said */
	uint16_t port;        /* 0: not said */
};

/* Strings are in the arena.  ERR_INPUT says what is wrong with it. */
int host_target_parse(
	struct str text, struct arena *, struct host_target *ret_target, struct err *);

/* The same for one of its hosts, in the arena: "ssh://sre@web-01:2222", or "web-01". */
const char *host_target_text(const struct host_target *, const char *host, struct arena *);

/*
 * Make a node set one of its servers, which may say how to log in there; what the target itself
 * says goes before that.  Returns the text of it; it and the target borrow from `server` and the
 * arena.
 */
const char *host_target_choose(struct host_target *, const char *server, struct arena *);

#endif
