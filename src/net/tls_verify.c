/*
 * What OpenSSL finds wrong, written down.  See tls_verify.h.
 */
#include "net/tls_verify.h"

static int judge(X509_STORE_CTX *context, struct arena *arena, struct certificate_chain *chain)
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

int tls_verify(X509_STORE_CTX *context, bool skip_verify, struct arena *arena,
	struct certificate_chain *ret_chain)
{
	*ret_chain = (struct certificate_chain){.verify_error = X509_V_OK, .verify_text = ""};
	certificate_chain_read(X509_STORE_CTX_get0_untrusted(context), arena, ret_chain);
	return skip_verify ? 1 : judge(context, arena, ret_chain);
}

void tls_verify_add_name_fault(
	const struct certificate_chain *chain, const char *wanted, struct strbuf *out)
{
	const char *names = "nobody";

	if (chain && chain->certificates_count > 0) {
		const struct certificate *certificate = &chain->certificates[0];

		names = certificate->names[0] ? certificate->names : certificate->subject;
	}
	strbuf_addf(out, "is for %s, not for '%s'", names, wanted);
}
