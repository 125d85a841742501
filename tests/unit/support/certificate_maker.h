/*
 * Certificates made on the spot: good, expired, for another name, signed by whom one likes.
 */
#ifndef TESTS_UNIT_SUPPORT_CERTIFICATE_MAKER_H
#define TESTS_UNIT_SUPPORT_CERTIFICATE_MAKER_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

struct made_certificate {
	X509 *x509;
	EVP_PKEY *key;
};

struct certificate_spec {
	const char *common_name;
	const char *organization;              /* NULL: none */
	const char *names;                     /* "DNS:localhost,IP:127.0.0.1"; NULL: none */
	int from_days, until_days;             /* from now */
	bool is_authority;                     /* may sign others */
	const struct made_certificate *issuer; /* NULL: itself */
};

/* With a new EC key.  Aborts if OpenSSL will not. */
void certificate_make(const struct certificate_spec *, struct made_certificate *ret_made);
void certificate_release(struct made_certificate *);

/* Append PEM to the file at `path`. */
void certificate_append_pem(const struct made_certificate *, const char *path);
void certificate_append_key_pem(const struct made_certificate *, const char *path);

#endif
