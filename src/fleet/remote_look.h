/*
 * Whether anything is left of a command whose terminal was hung up.
 *
 * Such a command has no supervisor that could tell its end, and a server does not tell it once the
 * channel is closed.  So the host is asked, by a command beside it on the same login: for the
 * process, its group and its session, in /proc.  Where there is none, or other users' processes
 * are hidden, it is not known.
 */
#ifndef FLEET_REMOTE_LOOK_H
#define FLEET_REMOTE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "net/ssh_login.h"

struct remote_look;

/* Nothing is left; or something is, or it is not known.  Once, from the loop; it is gone after it,
 * and everything may be freed. */
typedef void remote_look_fn(void *arg, bool is_gone);

/* New.  The host looks again and again for `wait_s` seconds, as long as something is there; for how
 * long to wait for the host is the caller's business.  The login must be open, and stay. */
struct remote_look *remote_look_start(
	struct ssh_login *, int64_t pid, int wait_s, remote_look_fn *, void *arg);
void remote_look_free(struct remote_look **);

#endif
