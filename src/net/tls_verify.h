/*
 * Verification of TLS peers: OpenSSL's, watched.
 *
 * The chain that the peer sent is recorded before it is judged, so that it can be shown whether it
 * verifies or not.
 */
#ifndef NET_TLS_VERIFY_H
#define NET_TLS_VERIFY_H

#include <stdbool.h>

#include <openssl/x509_vfy.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "net/certificate.h"

/*
 * For a callback of SSL_CTX_set_cert_verify_callback(), which returns what this returns: fills
 * *ret_chain in the arena, then judges it, unless `skip_verify`.
 */
int tls_verify(
	X509_STORE_CTX *, bool skip_verify, struct arena *, struct certificate_chain *ret_chain);

/* For a chain (NULL: none came) that is good, and of somebody else: "is for mail.example.com, not
 * for 'localhost'". */
void tls_verify_add_name_fault(
	const struct certificate_chain *, const char *wanted, struct strbuf *out);

#endif
