/*
 * One host of a copy: logged in to, its SFTP opened, the work done, its outcome told.
 *
 * Two clocks: all of it, and how long a host may say nothing while an answer is due.
 */
#ifndef FLEET_COPY_HOST_H
#define FLEET_COPY_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "fleet/copy_pull.h"
#include "fleet/copy_push.h"
#include "fleet/copy_session.h"
#include "fleet/copy_sudo.h"
#include "fleet/host_queue.h"
#include "fleet/outcome.h"
#include "loop/loop.h"
#include "net/ssh_login.h"

struct copy_host;

enum { COPY_SILENCE_MS = 60000 };

/* What is done on each host; everything is borrowed. */
struct copy_job {
	const struct copy_push_spec *push; /* one of them; the other is NULL */
	const struct copy_pull_spec *pull;
	bool is_sudo;               /* as root */
	const char *owner, *group;  /* of `push` with is_sudo; NULL: as it was */
	const char *sudo_password;  /* NULL: sudo must not ask */
	const char *password;       /* to log in with; NULL: none */
	int64_t connect_timeout_ms; /* 0: as configured, or 10 s */
	int64_t total_ms;           /* for all, from its turn on; 0: any time */
	int64_t silence_ms;         /* while an answer is due; 0: COPY_SILENCE_MS */
};

struct copy_host_end {
	/* OUTCOME_OK; OUTCOME_EXIT with 1: something could not be copied; or as for any command */
	struct outcome outcome; /* its message is valid inside */
	int64_t duration_ms;
	int64_t connect_ms; /* of that, until one was logged in; -1: never */
	const char *left;   /* what may be left behind there; NULL: nothing */
	enum ssh_transport transport;
};

struct copy_host_events {
	void (*moved)(void *arg, uint64_t bytes);
	void (*result)(void *arg, size_t item, const struct copy_result *);
	void (*ended)(void *arg, const struct copy_host_end *); /* once; it is gone after it */
};

/* New; `job` and `host` are borrowed until it has ended.  Nothing is called before this returns. */
struct copy_host *copy_host_start(struct loop *, struct ssh_connector *, const struct copy_job *,
	const struct fleet_host *, const struct copy_host_events *, void *arg);

/* Come to an end soon, because of `cause`: what is half done is undone. */
void copy_host_stop(struct copy_host *, enum outcome_cause cause);
void copy_host_free(struct copy_host **); /* at once; nothing is called */

/* What it does right now: "waiting for the greeting of web-07:22", "copying"; and what may be left
 * behind if the process ends right now, without copy_host_free(). */
void copy_host_add_phase(const struct copy_host *, struct strbuf *out);
void copy_host_add_left(const struct copy_host *, struct strbuf *out);

#endif
