/*
 * Verification of TLS peers: OpenSSL's, watched.
 *
 * The chain that the peer sent is recorded before it is judged, so that it can be shown whether it
 * verifies or not.  The name is judged by curl, after the chain.
 */
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "net/http_internal.h"

static int verify(X509_STORE_CTX *context, struct arena *arena, struct certificate_chain *chain)
{
	int is_verified = X509_verify_cert(context) == 1;
	int error = X509_STORE_CTX_get_error(context);
	const X509 *blamed = X509_STORE_CTX_get_current_cert(context);

	if (is_verified) {
		return 1;
	}
	if (error == X509_V_OK) {
		error = X509_V_ERR_UNSPECIFIED;
		X509_STORE_CTX_set_error(context, error);
	}
	chain->verify_error = error;
	chain->verify_depth = X509_STORE_CTX_get_error_depth(context);
	chain->verify_text = X509_verify_cert_error_string(error);
	if (blamed) {
		certificate_read(blamed, arena, &chain->blamed);
	}
	return 0;
}

static int on_verify(X509_STORE_CTX *context, void *arg)
{
	struct http_exchange *exchange = arg;
	struct arena *arena = exchange_arena(exchange);
	struct certificate_chain *chain = arena_alloc(arena, sizeof(*chain));
	const SSL *ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());

	certificate_chain_read(X509_STORE_CTX_get0_untrusted(context), arena, chain);
	chain->verify_error = X509_V_OK;
	chain->verify_text = "";
	exchange->chain = chain;
	exchange->tls_version = SSL_get_version(ssl);
	return exchange->request->skip_verify ? 1 : verify(context, arena, chain);
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
