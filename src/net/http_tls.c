/*
 * Verification of TLS peers on behalf of curl, which itself judges the name, after the chain.
 */
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "net/http_internal.h"
#include "net/tls_verify.h"

static int on_verify(X509_STORE_CTX *context, void *arg)
{
	struct http_exchange *exchange = arg;
	struct arena *arena = exchange_arena(exchange);
	struct certificate_chain *chain = arena_alloc(arena, sizeof(*chain));
	const SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());

	exchange->chain = chain;
	exchange->tls_version = SSL_get_version(ssl);
	return tls_verify(context, exchange->request->skip_verify, arena, chain);
}

CURLcode http_tls_on_context(CURL *easy, void *ssl_ctx, void *arg)
{
	struct http_exchange *exchange = arg;

	(void)easy;
	if (exchange->authorities) {
		SSL_CTX_set1_cert_store(ssl_ctx, exchange->authorities);
	}
	/* A connection that is kept must not verify anew: the exchange will be gone. */
	(void)SSL_CTX_set_options(ssl_ctx, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_cert_verify_callback(ssl_ctx, on_verify, exchange);
	return CURLE_OK;
}
