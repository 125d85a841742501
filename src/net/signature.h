/*
 * Signatures of webhooks: HMAC-SHA256 over the body, in the four forms that senders have.
 *
 * What is signed is the raw body, so a signature is checked before anything is parsed.  Where a
 * form signs a time too, a request is taken for SIGNATURE_WINDOW_S around it, so that it cannot be
 * replayed for ever; the forms that sign none leave that to the caller, who remembers their ids.
 */
#ifndef NET_SIGNATURE_H
#define NET_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

enum signature_form {
	SIGNATURE_STANDARD_WEBHOOKS, /* 1.0.0: "v1,<base64>" over id.timestamp.body */
	SIGNATURE_SLACK,             /* "v0=<hex>" over v0:timestamp:body */
	SIGNATURE_GITHUB,            /* "sha256=<hex>" over the body */
	SIGNATURE_PAGERDUTY,         /* webhooks v3: "v1=<hex>" over the body */
	SIGNATURE_FORMS,
};

/* The HTTP headers that a form needs; NULL: it has no such. */
struct signature_headers {
	const char *id, *timestamp, *signature;
};

enum {
	SIGNATURE_WINDOW_S = 300,      /* how far a timestamp may be off, either way */
	SIGNATURE_HEADER_MAX = 8192,   /* bytes of a header's value; a longer one is malformed */
	SIGNATURE_SECRET_MIN_LEN = 24, /* bytes of a Standard Webhooks secret, decoded */
	SIGNATURE_SECRET_MAX_LEN = 64,
};

/* What is signed.  Headers that a form does not have, or that did not come, are empty. */
struct signed_message {
	struct str id;        /* the header's value */
	struct str timestamp; /* Unix seconds, as text */
	struct str body;
};

enum signature_verdict {
	SIGNATURE_VALID,
	SIGNATURE_NO_HEADER,     /* a header that the form needs is missing or empty */
	SIGNATURE_MALFORMED,     /* the header holds no signature of a version that we know */
	SIGNATURE_BAD_TIMESTAMP, /* no Unix seconds */
	SIGNATURE_TOO_OLD,
	SIGNATURE_TOO_NEW,
	SIGNATURE_MISMATCH, /* another secret, or the body is not the one that was signed */
	SIGNATURE_VERDICTS,
};

struct signature_check {
	enum signature_verdict verdict;
	const char *header; /* the one at fault; NULL with SIGNATURE_VALID and SIGNATURE_MISMATCH */
	int64_t skew_s;     /* now less the timestamp; 0 if there is none */
	size_t secret;      /* with SIGNATURE_VALID: which of the secrets it was */
};

const char *signature_form_name(enum signature_form);       /* "slack" */
const char *signature_verdict_text(enum signature_verdict); /* "the timestamp is too old" */
struct signature_headers signature_headers(enum signature_form);

/*
 * The key in a configured secret, in the arena.  Standard Webhooks: base64 of
 * SIGNATURE_SECRET_MIN_LEN to SIGNATURE_SECRET_MAX_LEN bytes, with or without "whsec_" in front;
 * the others: the text itself, not empty.  ERR_INPUT says what is wrong without the secret.
 */
int signature_key(
	enum signature_form, struct str secret, struct arena *, struct str *ret_key, struct err *);

/* Append one signature as its header has it: "v0=a2114d...". */
void signature_add(
	enum signature_form, struct str key, const struct signed_message *, struct strbuf *out);

/*
 * Does one of the signatures in `signature`, the header's value, belong to the message and one of
 * the keys?  Compared in constant time.  `now_s`: wall clock, Unix seconds.  What comes first of
 * the verdicts is told: nothing is said of a signature whose time is wrong.
 */
struct signature_check signature_verify(enum signature_form, const struct str *keys,
	size_t keys_count, const struct signed_message *, struct str signature, int64_t now_s);

#endif
