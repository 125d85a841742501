/*
 * Certificate authorities, read once for each file.
 *
 * Reading the system's takes longer than ten handshakes, and libcurl keeps only one file's in
 * memory, so it is done here.
 */
#ifndef NET_HTTP_TRUST_H
#define NET_HTTP_TRUST_H

#include <openssl/x509.h>

#include "base/err.h"

struct http_trust;

struct http_trust *http_trust_new(void); /* new; free with http_trust_free() */
void http_trust_free(struct http_trust **);

/*
 * The authorities in `ca_file` (PEM); NULL: the system's.  A file that has changed is read again.
 * Borrowed until the next call; who needs it longer takes a reference.
 */
int http_trust_get(struct http_trust *, const char *ca_file, X509_STORE **ret_store, struct err *);

/* Where the system's authorities are: $SSL_CERT_FILE, or what libcurl or OpenSSL were built with.
 */
const char *http_trust_system_file(void);

#endif
