/*
 * Sending mail over SMTP on the loop: one message, one connection, one deadline over all of it.
 *
 * The dialogue is our own, on net/dial.h and net/stream.h: libcurl, which does HTTP for us, blocks
 * while it waits for the answer to a message, which is when servers take their time, and when it
 * says goodbye.
 */
#ifndef NET_SMTP_CLIENT_H
#define NET_SMTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/certificate.h"
#include "net/resolver.h"
#include "net/url.h"

struct smtp_client;
struct smtp_exchange;

/* For smtp://, where TLS begins with the command STARTTLS; smtps:// is TLS from the first byte. */
enum smtp_tls {
	SMTP_TLS_AUTO, /* not on a loopback address, required on any other */
	SMTP_TLS_REQUIRED,
	SMTP_TLS_WHEN_OFFERED, /* in the clear if the server does not offer it; if it does, it must
				  verify */
	SMTP_TLS_NEVER,
};

enum { SMTP_RECIPIENTS_MAX = 1000 };

/* Everything is borrowed until the exchange has ended. */
struct smtp_request {
	const struct url *url; /* smtp:// (port 25) or smtps:// (465); its user and password serve
				  if there is no username below; its path is not looked at */
	enum smtp_tls tls;
	/* For AUTH; NULL: none.  Given, the message is not sent without.  Never sent in the clear,
	 * but to a loopback address. */
	const char *username;
	const char *password; /* NULL: "" */
	const char *ca_file;  /* PEM; NULL: the system's */
	bool skip_verify;     /* of the server's certificate and name */
	enum address_family family;
	const char *hello_name; /* how we call ourselves; NULL: this host's full name, or its
				   address in brackets */
	const char *from;       /* envelope addresses, as mail_address_is_valid() has them */
	const char *const *recipients;
	size_t recipients_count; /* 1 to SMTP_RECIPIENTS_MAX */
	struct str message;      /* RFC 5322, complete; see smtp_data.h */
	int64_t timeout_ms;      /* for all of it; > 0 */
};

enum smtp_status {
	SMTP_DELIVERED, /* the server has taken it on, for all recipients */
	SMTP_PARTLY,    /* for some; `refusals` are the others */
	SMTP_REFUSED,   /* 5xx: for good */
	SMTP_DEFERRED,  /* 4xx: later, perhaps */
	SMTP_DNS_FAILED,
	SMTP_CONNECT_REFUSED,
	SMTP_CONNECT_UNREACHABLE,
	SMTP_TIMEOUT,
	SMTP_TLS_FAILED, /* handshake */
	SMTP_TLS_CERTIFICATE,
	SMTP_TLS_NAME,
	SMTP_NO_STARTTLS, /* none offered, or refused, where it is required */
	SMTP_AUTH_FAILED, /* wrong, or there is no way to do it */
	SMTP_PROTOCOL,    /* what came is not SMTP */
	SMTP_CLOSED,
	SMTP_LOCAL, /* our side: the request, a CA file, no descriptors left */
};

/* How far it came. */
enum smtp_stage {
	SMTP_STAGE_CONNECT,
	SMTP_STAGE_GREETING,
	SMTP_STAGE_HELLO,
	SMTP_STAGE_STARTTLS,
	SMTP_STAGE_HANDSHAKE,
	SMTP_STAGE_AUTH,
	SMTP_STAGE_SENDER,    /* MAIL FROM */
	SMTP_STAGE_RECIPIENT, /* RCPT TO */
	SMTP_STAGE_DATA,
	SMTP_STAGE_MESSAGE, /* and the answer to it */
};

enum { SMTP_REPLY_TEXT_MAX = 500 }; /* bytes of an answer's text that are kept */

/* A recipient that the server does not want. */
struct smtp_refusal {
	const char *recipient;
	int code;             /* 4xx: it may want it later */
	const char *enhanced; /* as below */
	const char *reply;
};

/* All texts can be printed; none has the password in it. */
struct smtp_result {
	enum smtp_status status;
	enum smtp_stage stage;
	const char *text;     /* what failed, for people; "" if all went well */
	int code;             /* of the reply that decided; 0: none did */
	const char *enhanced; /* "5.1.1"; "" */
	const char *reply;    /* its text; "" */
	/* With a status that is not good: the end of the message was out and no answer came. */
	bool may_have_arrived;
	const struct smtp_refusal *refusals;
	size_t refusals_count;
	enum lookup_status lookup_status;
	struct address remote;                 /* sa_len 0: none was tried */
	const struct certificate_chain *chain; /* NULL: none came */
	const char *tls_version;               /* "TLSv1.3"; NULL: no TLS */
	int64_t duration_us;
};

typedef void smtp_done_fn(void *arg, const struct smtp_result *);

/* New; free with smtp_client_free() when no exchange is under way. */
struct smtp_client *smtp_client_new(struct loop *, struct resolver *);
void smtp_client_free(struct smtp_client **);

/* Is the request one that can be made at all: its scheme, addresses, message?  ERR_INPUT.  What is
 * wrong with it is told by SMTP_LOCAL otherwise. */
int smtp_request_check(const struct smtp_request *, struct err *);

/* `done` is called once, never before this returns.  The result is valid inside it, and the
 * exchange is gone after it: forget the pointer there. */
struct smtp_exchange *smtp_start(
	struct smtp_client *, const struct smtp_request *, smtp_done_fn *done, void *arg);

/* What it is doing right now: "waiting for the answer of 192.0.2.1:25 to the message". */
void smtp_exchange_add_phase(const struct smtp_exchange *, struct strbuf *out);

/* Has the end of the message been sent, so that it may arrive even if the exchange is freed? */
bool smtp_exchange_is_sent(const struct smtp_exchange *);

void smtp_exchange_free(struct smtp_exchange **); /* `done` is not called */

#endif
