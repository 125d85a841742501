/*
 * Certificate authorities, read once for each file.
 *
 * Reading the system's takes longer than ten handshakes, and libcurl keeps only one file's in
 * memory, so it is done here.
 */
#ifndef NET_TLS_TRUST_H
#define NET_TLS_TRUST_H

#include <openssl/x509.h>

#include "base/err.h"

struct tls_trust;

struct tls_trust *tls_trust_new(void); /* new; free with tls_trust_free() */
void tls_trust_free(struct tls_trust **);

/*
 * The authorities in `ca_file` (PEM); NULL: the system's.  A file that has changed is read again.
 * Borrowed until the next call; who needs it longer takes a reference.
 */
int tls_trust_get(struct tls_trust *, const char *ca_file, X509_STORE **ret_store, struct err *);

/* Where the system's authorities are: $SSL_CERT_FILE, or what libcurl or OpenSSL were built with.
 */
const char *tls_trust_system_file(void);

#endif
