/*
 * What the files of logins share: ssh_connector.c (what all of them have in common), ssh_link.c
 * (one connection, from its settings until it is open), ssh_bastion.c (connections that others go
 * through), ssh_login.c (what users hold, and their commands).  Nobody else includes this.
 *
 * A link tells its owner, a login or a bastion, at once; users are told of ends at the end of the
 * turn, so that nothing of ours stands on what they free.
 */
#ifndef NET_SSH_LOGIN_INTERNAL_H
#define NET_SSH_LOGIN_INTERNAL_H

#include "base/arena.h"
#include "base/map.h"
#include "net/ssh_config.h"
#include "net/ssh_login.h"
#include "net/ssh_program.h"

struct ssh_bastion;
struct ssh_link;

struct ssh_connector {
	struct loop *loop;
	struct ssh_connector_options options;
	struct ssh_client *client;
	struct ssh_config *config;
	struct ssh_limiter *limiter;
	struct ssh_program *program; /* NULL until it is needed */
	struct map *told;            /* hosts of which was said that it is */
	struct map *bastions;        /* by their chain */
	struct map *kept;            /* links that were given back, by whom they are for */
	size_t logins;
};

/* --- ssh_link.c ----------------------------------------------------------------------------- */

enum ssh_link_state {
	SSH_LINK_SETTINGS, /* asked for */
	SSH_LINK_BASTION,  /* waits until it is open */
	SSH_LINK_TURN,     /* waits for it */
	SSH_LINK_CONNECTING,
	SSH_LINK_OPEN,
	SSH_LINK_ENDED,
};

/* Strings are copied, but for the password, which is borrowed until it is open. */
struct ssh_link_spec {
	const char *name;
	const char *address;
	const char *username;
	uint16_t port;
	const char *password;
	int64_t connect_timeout_ms; /* 0: the settings', or 10 s */
	const struct ssh_hop *hops; /* the way, if hops_count > 0; else as the settings say */
	size_t hops_count;
	struct ssh_bastion *bastion; /* that it is the connection of; NULL: of a login */
	const char *host_keys;       /* as of struct ssh_session_spec; NULL: what is usual */
	bool ends_in_kex;            /* who drops it there is not asked again */
};

struct ssh_link_events {
	void (*opened)(void *arg);
	/* Once; the link may be freed in it.  What is told lives as long as the link. */
	void (*ended)(void *arg, const struct ssh_login_end *);
	/* MAY.  It is for the host's key alone, as of struct ssh_session_events; it ends then.  It
	 * must not be freed in it. */
	void (*showed_key)(void *arg, struct str blob, struct str algorithms);
};

/* One connection to one host, with its way there. */
struct ssh_link {
	struct ssh_connector *connector;
	struct arena *arena;
	struct ssh_link_spec spec;
	const struct ssh_link_events *events;
	void *arg;
	enum ssh_link_state state;
	enum ssh_transport transport;
	struct ssh_config_question *question;
	const struct ssh_settings *settings; /* NULL: not known yet */

	struct ssh_bastion *bastion;      /* that it goes through, or waits for; NULL: none */
	struct ssh_link *next, *previous; /* who does that too */
	const char *lost_hop, *lost_text; /* the bastion has gone, and why */

	const char *target; /* as the limiter knows it */
	struct ssh_ticket *ticket;
	int attempt;
	/* CONNECTING, OPEN: one of them. */
	struct ssh_session *session;
	struct ssh_program_login *program;
	const char *needs_program; /* why it does; NULL: it does not */

	/* The clock of connecting. */
	struct timer *deadline;
	int64_t used_ms;
	int64_t began_ms;  /* when it was started last; -1: it stands */
	int64_t joined_ms; /* BASTION: what the bastion's clock had used when this began to wait */

	/* While it is kept. */
	const char *key;
	struct timer *keeping;
};

struct ssh_link *ssh_link_new(struct ssh_connector *, const struct ssh_link_spec *,
	const struct ssh_link_events *, void *arg);
void ssh_link_free(struct ssh_link **); /* nothing is called any more */

/* Whether commands can be started.  A connection that is lost is not open any more before its link
 * is told of it: commands are told first. */
bool ssh_link_is_open(const struct ssh_link *);

void ssh_link_add_phase(const struct ssh_link *, struct strbuf *out);

/* What those who wanted to go through a bastion are told. */
struct ssh_bastion_failure {
	struct ssh_login_end end;
	const char *needs_program; /* that is why: the program ssh could; else NULL */
};

/* What its clock has used up so far. */
int64_t ssh_link_used_ms(const struct ssh_link *);

/* What became of the bastion that it waits for, or goes through; it has left it in the last two. */
void ssh_link_bastion_opened(struct ssh_link *);
void ssh_link_bastion_failed(struct ssh_link *, const struct ssh_bastion_failure *);
void ssh_link_bastion_lost(struct ssh_link *, const struct ssh_login_end *);

/* --- ssh_bastion.c -------------------------------------------------------------------------- */

/* A host that others go through: one for each chain of hosts, whoever it was that needed it. */
struct ssh_bastion {
	struct ssh_connector *connector;
	struct arena *arena;
	const char *chain;
	const char *name;       /* of the last of the chain, as it stands in ProxyJump */
	struct ssh_link *link;  /* NULL: it failed, and that is remembered for a while */
	struct ssh_link *users; /* that wait for it, or go through it */
	struct ssh_bastion_failure failure;
	struct timer *goodbye; /* set: nobody uses it, or it failed */
};

/*
 * Make the link wait for the last of the hops: open already, being opened, or to be opened.  NULL,
 * and *ret_failure says why, if it has failed just now or its own way leads through the link.
 */
struct ssh_bastion *ssh_bastion_join(struct ssh_link *, const struct ssh_hop *hops,
	size_t hops_count, struct ssh_bastion_failure *ret_failure);
void ssh_bastion_leave(struct ssh_link *); /* if it is with one */
void ssh_bastion_free(struct ssh_bastion **);

/* "me@outer,inner:2222" */
void ssh_bastion_add_chain(struct strbuf *out, const struct ssh_hop *hops, size_t hops_count);

/* --- ssh_connector.c ------------------------------------------------------------------------ */

/* Take a link that is kept for such a host; NULL: there is none.  Its owner is nobody yet. */
struct ssh_link *ssh_connector_take_kept(struct ssh_connector *, const struct ssh_login_spec *);

/* What logins through the program ssh share, made when it is needed first. */
int ssh_connector_program(
	struct ssh_connector *, struct ssh_program **ret_program, struct err *err);

/* Say, once for each host, why it is reached that way. */
void ssh_connector_tell_program(struct ssh_connector *, const char *name, const char *reason);

/* Keep an open link for a while, or free it. */
void ssh_connector_keep(struct ssh_connector *, struct ssh_link **);

#endif
