/*
 * What the files of the SMTP client share: smtp_client.c (an exchange from dialling to its end) and
 * smtp_dialogue.c (commands and replies).  Nobody else includes this.
 */
#ifndef NET_SMTP_INTERNAL_H
#define NET_SMTP_INTERNAL_H

#include "base/arena.h"
#include "net/dial.h"
#include "net/smtp_client.h"
#include "net/smtp_reply.h"
#include "net/stream.h"
#include "net/tls_trust.h"

struct smtp_client {
	struct loop *loop;
	struct resolver *resolver;
	struct tls_trust *trust;
	size_t exchanges; /* under way */
};

/* What the next reply is the answer to. */
enum smtp_state {
	SMTP_STATE_DIALING,
	SMTP_STATE_GREETING,
	SMTP_STATE_EHLO,
	SMTP_STATE_HELO,
	SMTP_STATE_STARTTLS,
	SMTP_STATE_SECURING,   /* no reply: the handshake */
	SMTP_STATE_AUTH_PLAIN, /* the command alone: what follows was too long to go with it */
	SMTP_STATE_AUTH_LOGIN,
	SMTP_STATE_AUTH_USERNAME,
	SMTP_STATE_AUTH_END,
	SMTP_STATE_MAIL,
	SMTP_STATE_RCPT,
	SMTP_STATE_DATA,
	SMTP_STATE_MESSAGE,
	SMTP_STATE_ENDING, /* failed before it began; told at the end of the turn */
};

struct smtp_exchange {
	struct smtp_client *client;
	const struct smtp_request *request;
	smtp_done_fn *done;
	void *arg;
	struct arena *arena;
	enum smtp_state state;
	int64_t started_us;
	const char *username; /* the request's or the URL's; NULL: none */
	const char *password;

	struct dial *dial; /* DIALING */
	struct stream *stream;
	struct timer *deadline;
	struct deferred *ending; /* ENDING */
	struct address remote;
	const char *peer; /* "192.0.2.1:25" */
	const char *hello_name;
	struct strbuf input;
	struct strbuf lines; /* of the reply at hand */
	struct smtp_extensions extensions;
	size_t recipient; /* asked about */
	size_t recipients_accepted;
	struct smtp_refusal *refusals;
	size_t refusals_count;

	/* What came of it. */
	enum lookup_status lookup_status;
	enum smtp_status status;
	const char *text;
	int code;
	const char *enhanced;
	const char *reply;
};

/* smtp_client.c: over.  Tells, and frees the exchange; the text is copied. */
void smtp_exchange_end(struct smtp_exchange *, enum smtp_status, const char *text);

/* smtp_dialogue.c: there is a connection. */
void smtp_dialogue_begin(struct smtp_exchange *, int fd);

#endif
