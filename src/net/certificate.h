/*
 * What a person wants to know of a TLS peer's certificates.
 */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "base/arena.h"
#include "base/strbuf.h"

/* Texts are safe to print and cut where somebody made them absurdly long. */
struct certificate {
	const char *subject; /* "CN=www.example.com, O=Example": the most telling part first */
	const char *issuer;
	const char *names;  /* subject alternative names (DNS and IP), separated by ", " */
	const char *serial; /* hexadecimal */
	const char *sha256; /* fingerprint, hexadecimal with colons */
	int64_t not_before_ms, not_after_ms; /* wall time */
};

struct certificate_chain {
	struct certificate *certificates; /* as the peer sent them, its own first */
	size_t certificates_count;
	int64_t earliest_not_after_ms; /* of all; 0 when there are none */
	int verify_error;              /* X509_V_...; X509_V_OK */
	int verify_depth;              /* of the certificate it is about */
	struct certificate blamed;     /* that certificate; subject NULL: nobody knows */
	const char *verify_text;       /* for people; "" when it verified */
};

enum { CERTIFICATE_CHAIN_MAX = 10 }; /* more are ignored */

/* What is wrong with a chain, as far as who asks would act differently on it. */
enum certificate_verdict {
	CERTIFICATE_VERIFIED,
	CERTIFICATE_EXPIRED,
	CERTIFICATE_NOT_YET_VALID,
	CERTIFICATE_SELF_SIGNED,
	CERTIFICATE_WRONG_NAME,
	CERTIFICATE_UNTRUSTED, /* unknown authority, a missing intermediate, anything else */
};

/* Strings are in the arena. */
void certificate_read(const X509 *, struct arena *, struct certificate *ret_certificate);

/* Follows from verify_error. */
enum certificate_verdict certificate_chain_verdict(const struct certificate_chain *);

/* What is wrong and what may be done about it, as the end of "the certificate does not verify: ".
 */
void certificate_chain_add_fault(const struct certificate_chain *, struct strbuf *out);

/* The certificates of a chain (NULL: none); the verify_ fields are untouched. */
void certificate_chain_read(
	const STACK_OF(X509) *, struct arena *, struct certificate_chain *chain);

#endif
