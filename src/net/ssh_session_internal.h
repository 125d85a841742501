/*
 * What the files of SSH sessions share: ssh_client.c (what they have in common),
 * ssh_session.c (from dialling to its end), ssh_handshake.c (up to a host key that is good),
 * ssh_auth.c (logging in), ssh_lane.c (channels, and who uses them), ssh_exec.c (commands),
 * ssh_tunnel.c (connections through a session).  Nobody else includes this.
 *
 * libssh is driven by six rules.  It gets a connected socket (it would look names up by itself,
 * and wait).  Each session has its own poll context (a shared one runs other sessions from inside).
 * What a session waits for is asked of ssh_get_poll_flags() after each step, and after a step that
 * is done the next follows at once (what it needs may have been read already).  The agent is talked
 * to on another thread.  Both output streams are always read.  Nearly all that it is asked for
 * makes it read what has come, for whomever that is: users are told of it from the one call that is
 * made to read, and from no other, as they may free what another call stands on.
 */
#ifndef NET_SSH_SESSION_INTERNAL_H
#define NET_SSH_SESSION_INTERNAL_H

#include <stdatomic.h>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include "base/arena.h"
#include "loop/worker.h"
#include "net/dial.h"
#include "net/ssh_agent.h"
#include "net/ssh_identity.h"
#include "net/ssh_session.h"

enum ssh_session_state {
	SSH_STATE_DIALING,
	SSH_STATE_TUNNELING, /* the same, through another session */
	SSH_STATE_HANDSHAKE,
	SSH_STATE_AUTH,
	SSH_STATE_OPEN,
	SSH_STATE_ENDED,
};

struct ssh_client {
	struct loop *loop;
	struct resolver *resolver;
	struct ssh_hosts *hosts;
	struct ssh_identities *identities;
	struct workers *workers;      /* NULL until an agent is needed */
	struct ssh_session *sessions; /* all that are not freed */
	bool is_freed;                /* goes with its last session */
};

enum ssh_lane_state {
	SSH_LANE_NEW, /* or refused: the server does not know of it */
	SSH_LANE_OPENING,
	SSH_LANE_OPEN, /* or closed by the server */
};

/* A channel of a session with somebody who uses it; first in a struct ssh_exec or ssh_tunnel. */
struct ssh_lane {
	struct ssh_session *session;
	struct ssh_lane *next, *previous;
	enum ssh_lane_state state; /* of the channel */
	ssh_channel channel;
	struct ssh_channel_callbacks_struct callbacks;
	bool (*step)(struct ssh_lane *);                   /* true: something was done */
	void (*lose)(struct ssh_lane *, const char *text); /* the session is over */
	void (*release)(struct ssh_lane *);                /* all but the memory */
	bool is_dead;                                      /* swept after the round */
};

struct ssh_auth;

struct ssh_session {
	struct ssh_client *client;
	struct ssh_session *next, *previous;
	const struct ssh_settings *settings;
	struct ssh_session_spec spec;
	struct ssh_session_events events;
	void *arg;
	struct arena *arena;
	enum ssh_session_state state;
	const char *target; /* "web-01:22" */

	struct dial *dial;         /* DIALING */
	struct ssh_tunnel *tunnel; /* TUNNELING */
	/* libssh closes its descriptor when it likes: it has one of its own, so that the one that
	 * the loop watches is not closed, and perhaps another's, before it is watched no more. */
	int fd;     /* -1: none */
	int lib_fd; /* until libssh has it; else -1 */
	ssh_session lib;
	struct io *io;
	struct timer *deadline;    /* until it is open */
	struct timer *alive_timer; /* after that */
	struct deferred *waking;
	struct ssh_counter_struct counter; /* of bytes on the wire */
	struct strbuf greeting;            /* what came instead of one, the beginning of it */
	uint64_t greeting_bytes;           /* that have been peeked at */
	struct strbuf opening;             /* for the host's key alone: all that was peeked at */
	bool is_opening_lost;              /* libssh has taken some of it that nobody saw */
	struct ssh_auth *auth;

	struct ssh_lane *lanes, *last_lane; /* the oldest first */
	ssh_channel *orphans; /* nobody's any more; to be closed when the server has opened them */
	size_t orphans_count, orphans_alloc;
	int64_t heard_ms;     /* when something came last */
	uint64_t heard_bytes; /* of those that came, how many that was for */
	int alive_unanswered;
	bool is_asking; /* an answer to a keepalive is outstanding */

	bool is_reading; /* libssh was asked to read: users may be told what it finds */
	int depth;       /* of calls inside which nothing may be freed */
	bool is_freed;   /* by its user: goes when depth is 0 and no thread has it */
	bool is_lent;    /* to a thread, which asks the agent */
	bool has_ended;  /* an end was found; told when depth is 0 */
	struct ssh_end end;
};

/* ssh_client.c */
void ssh_client_add(struct ssh_session *);
void ssh_client_remove(struct ssh_session *); /* it is not freed by that */
void ssh_client_settle(struct ssh_client *);  /* gone, if it was freed and has no session left */

/* ssh_session.c */
void ssh_session_destroy(struct ssh_session *); /* which the client does not know any more */

/* It is over; told as soon as nothing stands on it.  The text is copied, the first end counts. */
void ssh_session_end(struct ssh_session *, enum ssh_end_cause, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void ssh_session_end_by_lib(struct ssh_session *, enum ssh_end_cause);
void ssh_session_step(struct ssh_session *);      /* go on as far as it goes; then see to it */
void ssh_session_settle(struct ssh_session *);    /* after a step: end, free or watch it */
void ssh_session_wake(struct ssh_session *);      /* step in this or the next turn */
bool ssh_session_may_write(struct ssh_session *); /* what was written before is on its way */
void ssh_session_watch(struct ssh_session *);     /* what libssh waits for */
void ssh_session_opened(struct ssh_session *);
bool ssh_session_is_over(const struct ssh_session *); /* or was freed */

/* libssh's words for its last error, fit to be printed. */
void ssh_session_add_lib_error(const struct ssh_session *, struct strbuf *out);

/* ssh_lane.c */
void ssh_lane_add(struct ssh_session *, struct ssh_lane *); /* with a new channel */
void ssh_lane_kill(struct ssh_lane *);                      /* swept now or after the round */
/* What libssh says to being asked to open the lane's channel; as it is. */
int ssh_lane_opening(struct ssh_lane *, int rc);
void ssh_lanes_step(struct ssh_session *);  /* each as far as it goes */
void ssh_lanes_sweep(struct ssh_session *); /* those that are dead */
void ssh_lanes_free(struct ssh_session *);  /* all; nobody is told, but who waits for a tunnel */

/* ssh_handshake.c: there is a connection. */
void ssh_handshake_begin(struct ssh_session *, int fd);
void ssh_handshake_step(struct ssh_session *);

/* ssh_auth.c */
void ssh_auth_begin(struct ssh_session *);
void ssh_auth_step(struct ssh_session *);
void ssh_auth_abandon(
	struct ssh_session *); /* so that a thread that has the session lets go of it */
void ssh_auth_free(struct ssh_auth **);

/* ssh_tunnel.c */

enum ssh_tunnel_outcome {
	SSH_TUNNEL_OPEN,
	SSH_TUNNEL_REFUSED,     /* by the host */
	SSH_TUNNEL_UNREACHABLE, /* from there, for whatever reason */
	SSH_TUNNEL_FORBIDDEN,   /* the session's server does not let anybody through */
	SSH_TUNNEL_LOST,        /* the session is over */
	SSH_TUNNEL_LOCAL,       /* no descriptors */
};

/* `done` once, never before this returns, with a socket (taken by it) or why there is none. */
struct ssh_tunnel;
typedef void ssh_tunnel_fn(void *arg, enum ssh_tunnel_outcome, int fd, const char *text);
struct ssh_tunnel *ssh_tunnel_start(
	struct ssh_session *via, const char *host, uint16_t port, ssh_tunnel_fn *done, void *arg);
void ssh_tunnel_cancel(struct ssh_tunnel **); /* before `done`; later it goes with its socket */

#endif
