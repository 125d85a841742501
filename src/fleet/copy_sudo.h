/*
 * Everything of a tree onto one host, as root: looked at by a program that sudo runs, uploaded into
 * a private folder of the login's own, and put in place by another program that sudo runs.
 *
 * What is half done is undone when it is stopped.  A folder of the login's is left behind only
 * where the connection is lost, or where that takes too long; then the next one that uploads
 * removes it.
 */
#ifndef FLEET_COPY_SUDO_H
#define FLEET_COPY_SUDO_H

#include "fleet/copy_push.h"
#include "fleet/copy_session.h"
#include "fleet/outcome.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct copy_sudo;

/* Everything is borrowed. */
struct copy_sudo_spec {
	struct loop *loop;
	struct ssh_login *login;      /* open */
	struct copy_session *session; /* on it */
	const struct copy_push_spec *push;
	const char *owner, *group; /* names or numbers; NULL: as it was */
	const char *password;      /* NULL: sudo must not ask */
};

struct copy_sudo_events {
	void (*moved)(void *arg, uint64_t bytes);
	void (*result)(void *arg, size_t item, const struct copy_result *); /* valid inside */
	void (*left)(void *arg, const char *path);                          /* is left behind */
	/* Once; it is gone after it.  `err`: nothing could be begun at all; `outcome`: sudo, or the
	 * program that it ran, has ended so.  Both NULL: see the results. */
	void (*done)(void *arg, const struct err *err, const struct outcome *outcome);
};

/* New; free with copy_sudo_free().  Nothing is called before this returns. */
struct copy_sudo *copy_sudo_start(
	const struct copy_sudo_spec *, const struct copy_sudo_events *, void *arg);
void copy_sudo_stop(struct copy_sudo *); /* what is half done is undone; `done` comes soon */
/* What may be left behind if it is freed now. */
void copy_sudo_add_left(const struct copy_sudo *, struct strbuf *out);
void copy_sudo_free(struct copy_sudo **); /* at once; nothing is called */

#endif
