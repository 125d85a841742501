/*
 * The settings of a host, as OpenSSH itself finds them: `ssh -G`, run as seldom as possible.
 *
 * Hosts that match the same `Host` and `Match` blocks are asked about once; the answer is kept
 * until one of the files (with what they include) changes.  Where there is no ssh, a reader of our
 * own does: it knows Host, Include, and Match on names.
 *
 * `Match exec` runs a command, as it does for ssh: what the files say is trusted as ssh trusts it.
 */
#ifndef NET_SSH_CONFIG_H
#define NET_SSH_CONFIG_H

#include "base/err.h"
#include "loop/loop.h"
#include "net/ssh_settings.h"

struct ssh_config;
struct ssh_config_question;

struct ssh_config_options {
	const char *file;    /* instead of the user's and the machine's (ssh -F); NULL: those */
	const char *program; /* NULL: ssh, where PATH has it */
	bool has_no_program; /* as if there were no ssh */
};

/* New; free with ssh_config_free() when no question is open. */
struct ssh_config *ssh_config_new(struct loop *, const struct ssh_config_options *);
void ssh_config_free(struct ssh_config **);

/* Who is asked about; strings are borrowed until this is answered. */
struct ssh_config_host {
	const char *name;    /* as the user wrote it */
	const char *user;    /* to log in as (ssh -l); NULL: as configured */
	uint16_t port;       /* (ssh -p) 0: as configured */
	const char *address; /* (ssh -o HostName) connected to instead; NULL: as configured */
	struct arena *arena; /* what is answered is kept in it; NULL: it is valid inside only */
};

/*
 * Called once, never before ssh_config_ask() returns.  `settings` is NULL if there are none, and
 * `err` says why: ERR_INPUT for a name or a file that is wrong.  They are valid inside; the
 * question is gone after it.
 */
typedef void ssh_config_fn(void *arg, const struct ssh_settings *settings, const struct err *err);

struct ssh_config_question *ssh_config_ask(
	struct ssh_config *, const struct ssh_config_host *, ssh_config_fn *, void *arg);
void ssh_config_question_free(struct ssh_config_question **); /* the function is not called */

/* How often ssh was run, for tests and the curious. */
size_t ssh_config_runs(const struct ssh_config *);

#endif
