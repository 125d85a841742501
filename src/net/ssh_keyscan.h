/*
 * All host keys of a host that we could check, asked for without logging in.
 *
 * A server shows one key in an exchange of keys: the first that we ask for and it has.  So it is
 * asked again for other types, one connection after another, until it has none of them.  Each ends
 * as soon as the key is shown, at the pace of the limiter: servers hold it against us when somebody
 * comes often and does not log in (PerSourcePenalties).  The way there is that of logins
 * (net/ssh_login.h), and bastions on it are logged in to.
 */
#ifndef NET_SSH_KEYSCAN_H
#define NET_SSH_KEYSCAN_H

#include <stddef.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "net/ssh_login.h"
#include "net/ssh_settings.h"

struct ssh_keyscan;

struct ssh_keyscan_end {
	const struct ssh_settings *settings; /* NULL: were never known */
	const struct str *blobs;             /* the keys, each type once, the strongest first */
	size_t blobs_count;
	const struct ssh_login_end *problem; /* why there may be more; NULL: these are all */
};

/* Once, never before ssh_keyscan_start() returns.  What is told lives as long as the scan, which
 * may be freed inside. */
typedef void ssh_keyscan_fn(void *arg, const struct ssh_keyscan_end *);

/*
 * New; free with ssh_keyscan_free() in `done` or later, or before: it is not called then.  Of the
 * spec, which is copied, the time is for each connection; the password is not needed.
 */
struct ssh_keyscan *ssh_keyscan_start(
	struct ssh_connector *, const struct ssh_login_spec *, ssh_keyscan_fn *done, void *arg);
void ssh_keyscan_free(struct ssh_keyscan **);

#endif
