/*
 * A connected socket on the loop, in the clear or, from any moment on, over TLS (as STARTTLS wants
 * it).
 *
 * What is sent is queued and goes as fast as the peer takes it; what comes is handed on as it
 * comes. It knows no deadline: whoever has one frees the stream.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "base/str.h"
#include "loop/loop.h"
#include "net/certificate.h"

struct stream;

enum stream_fault {
	STREAM_CLOSED,          /* by the peer */
	STREAM_RESET,           /* or broken on the way */
	STREAM_TLS_FAILED,      /* handshake, or nonsense after it */
	STREAM_TLS_CERTIFICATE, /* it does not verify: stream_chain()->verify_error */
	STREAM_TLS_NAME,        /* it verifies, and is for another name */
};

/* Called from the loop, never before the call that asked for it returns.  Each may free the stream;
 * `bytes` and `text` are valid inside. */
struct stream_events {
	void (*received)(void *arg, struct str bytes); /* at least one */
	void (*secured)(void *arg);                    /* the TLS handshake is over, and good */
	void (*ended)(void *arg, enum stream_fault, const char *text); /* once; nothing follows */
};

struct stream_tls {
	const char *server_name; /* name or address, for SNI and verification; borrowed */
	X509_STORE *authorities; /* a reference is taken; NULL with skip_verify */
	bool skip_verify;        /* of certificate and name */
};

/* Takes `fd`, which is connected and does not block.  `peer` (copied) is for texts:
 * "192.0.2.1:25". */
struct stream *stream_new(
	struct loop *, int fd, const char *peer, const struct stream_events *, void *arg);
void stream_free(struct stream **); /* at once; nothing is called any more */

/* The end in order: what is queued and can go without waiting goes, then the socket is closed.
 * Nothing is called any more. */
void stream_close(struct stream **);

/* Queue a copy; with TLS under way it goes after the handshake. */
void stream_send(struct stream *, struct str bytes);
size_t stream_unsent(const struct stream *); /* bytes that the kernel has not taken yet */

/*
 * Begin the handshake as a client (TLS 1.2 at least).  What was queued before must have been sent,
 * and what came before belongs to no one: the caller has looked at it.
 */
void stream_start_tls(struct stream *, const struct stream_tls *);

const char *stream_tls_version(const struct stream *); /* "TLSv1.3"; NULL: none, or not yet */
const struct certificate_chain *stream_chain(const struct stream *); /* NULL: none came yet */

#endif
