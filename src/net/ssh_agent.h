/*
 * Between libssh, which waits for the agent on a thread of its own, and the agent: the thread has
 * one end of a socket pair, the loop carries what it asks to the agent and back.
 *
 * So the loop decides how long an agent may take (freeing the port wakes the thread), and which of
 * the agent's keys are shown: a server counts each one that is tried.
 */
#ifndef NET_SSH_AGENT_H
#define NET_SSH_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "loop/loop.h"

struct ssh_agent_port;

/* Which keys, by their public parts; borrowed as long as the port. */
struct ssh_agent_keys {
	const struct str *wanted; /* shown first */
	size_t wanted_count;
	bool only_wanted; /* and nothing else (IdentitiesOnly) */
};

/* *ret_fd is libssh's end, and yours.  New; free with ssh_agent_port_free(). */
int ssh_agent_port_new(struct loop *, const char *socket_path, const struct ssh_agent_keys *,
	struct ssh_agent_port **ret_port, int *ret_fd, struct err *err);
void ssh_agent_port_free(struct ssh_agent_port **);

/*
 * Append the agent's list of keys (an SSH_AGENT_IDENTITIES_ANSWER without its length) in the order
 * and selection of `keys`.  ERR_NETWORK if it is no such list.
 */
int ssh_agent_select(
	struct str answer, const struct ssh_agent_keys *keys, struct strbuf *out, struct err *err);

#endif
