/*
 * Certificates as texts and times.  See certificate.h.
 *
 * Every byte of a certificate is its maker's choice, long before anybody has verified it: lengths
 * are bounded and what a terminal would obey is escaped.
 */
#include "net/certificate.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/address.h"

enum { NAME_TEXT_MAX = 512, NAMES_TEXT_MAX = 2048, SERIAL_MAX = 64 };

static const char *name_text(const X509_NAME *name, struct arena *arena)
{
	unsigned long flags = (XN_FLAG_ONELINE & ~XN_FLAG_SEP_MASK & ~XN_FLAG_SPC_EQ &
				      ~(unsigned long)ASN1_STRFLGS_ESC_MSB) |
			      XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_DN_REV;
	struct strbuf text = STRBUF_INIT;
	BIO *bio = BIO_new(BIO_s_mem());
	const char *copy = "";
	char *bytes;
	long len;

	if (bio && X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
		len = BIO_get_mem_data(bio, &bytes);
		utf8_add_escaped(&text, str_n(bytes, (size_t)len), NAME_TEXT_MAX);
		copy = arena_strdup(arena, text.buf);
	}
	BIO_free(bio);
	strbuf_release(&text);
	return copy;
}

static void add_ip(const ASN1_OCTET_STRING *ip, struct strbuf *out)
{
	const unsigned char *bytes = ASN1_STRING_get0_data(ip);
	int len = ASN1_STRING_length(ip);
	struct address address = {0};

	if (len == sizeof(struct in_addr)) {
		address.sa.ipv4.sin_family = AF_INET;
		memcpy(&address.sa.ipv4.sin_addr, bytes, sizeof(struct in_addr));
		address_add_ip(&address, out);
	} else if (len == sizeof(struct in6_addr)) {
		address.sa.ipv6.sin6_family = AF_INET6;
		memcpy(&address.sa.ipv6.sin6_addr, bytes, sizeof(struct in6_addr));
		address_add_ip(&address, out);
	} else {
		strbuf_adds(out, "bad IP");
	}
}

static void add_name(const GENERAL_NAME *name, struct strbuf *out)
{
	if (name->type != GEN_DNS && name->type != GEN_IPADD) {
		return;
	}
	if (out->len > 0) {
		strbuf_adds(out, ", ");
	}
	if (name->type == GEN_IPADD) {
		add_ip(name->d.iPAddress, out);
		return;
	}
	utf8_add_escaped(out,
		str_n((const char *)ASN1_STRING_get0_data(name->d.dNSName),
			(size_t)ASN1_STRING_length(name->d.dNSName)),
		0);
}

static const char *alternative_names(const X509 *x509, struct arena *arena)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	struct strbuf text = STRBUF_INIT_MAX(NAMES_TEXT_MAX);
	const char *copy;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		add_name(sk_GENERAL_NAME_value(names, i), &text);
	}
	copy = arena_printf(arena, "%s%s", text.buf, text.dropped_bytes > 0 ? "..." : "");
	GENERAL_NAMES_free(names);
	strbuf_release(&text);
	return copy;
}

static void add_hex(
	const unsigned char *bytes, size_t len, const char *separator, struct strbuf *out)
{
	for (size_t i = 0; i < len; i++) {
		strbuf_addf(out, "%s%02X", i > 0 ? separator : "", bytes[i]);
	}
}

static const char *serial_text(const X509 *x509, struct arena *arena)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
	int len = ASN1_STRING_length(serial);
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	add_hex(ASN1_STRING_get0_data(serial), (size_t)(len < SERIAL_MAX ? len : SERIAL_MAX), "",
		&text);
	copy = arena_strdup(arena, text.buf);
	strbuf_release(&text);
	return copy;
}

static const char *fingerprint(const X509 *x509, struct arena *arena)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct strbuf text = STRBUF_INIT;
	unsigned len = 0;
	const char *copy;

	if (X509_digest(x509, EVP_sha256(), digest, &len) == 1) {
		add_hex(digest, len, ":", &text);
	}
	copy = arena_strdup(arena, text.buf);
	strbuf_release(&text);
	return copy;
}

/* Milliseconds since 1970; a time that is none counts as 1970, long past. */
static int64_t time_ms(const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1) {
		return 0;
	}
	return (int64_t)timegm(&tm) * 1000;
}

void certificate_read(const X509 *x509, struct arena *arena, struct certificate *ret_certificate)
{
	*ret_certificate = (struct certificate){
		.subject = name_text(X509_get_subject_name(x509), arena),
		.issuer = name_text(X509_get_issuer_name(x509), arena),
		.names = alternative_names(x509, arena),
		.serial = serial_text(x509, arena),
		.sha256 = fingerprint(x509, arena),
		.not_before_ms = time_ms(X509_get0_notBefore(x509)),
		.not_after_ms = time_ms(X509_get0_notAfter(x509)),
	};
}

void certificate_chain_read(
	const STACK_OF(X509) * stack, struct arena *arena, struct certificate_chain *chain)
{
	int count = sk_X509_num(stack);

	if (count > CERTIFICATE_CHAIN_MAX) {
		count = CERTIFICATE_CHAIN_MAX;
	}
	chain->earliest_not_after_ms = 0;
	chain->certificates_count = count > 0 ? (size_t)count : 0;
	chain->certificates =
		arena_calloc(arena, chain->certificates_count, sizeof(struct certificate));
	for (size_t i = 0; i < chain->certificates_count; i++) {
		struct certificate *certificate = &chain->certificates[i];

		certificate_read(sk_X509_value(stack, (int)i), arena, certificate);
		if (i == 0 || certificate->not_after_ms < chain->earliest_not_after_ms) {
			chain->earliest_not_after_ms = certificate->not_after_ms;
		}
	}
}

enum certificate_verdict certificate_chain_verdict(const struct certificate_chain *chain)
{
	switch (chain->verify_error) {
	case X509_V_OK:
		return CERTIFICATE_VERIFIED;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return CERTIFICATE_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return CERTIFICATE_NOT_YET_VALID;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return CERTIFICATE_SELF_SIGNED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return CERTIFICATE_WRONG_NAME;
	default:
		return CERTIFICATE_UNTRUSTED;
	}
}

/* "it", or the name of an authority above it. */
static void add_blamed(const struct certificate_chain *chain, struct strbuf *out)
{
	if (chain->verify_depth == 0) {
		strbuf_adds(out, "it");
	} else {
		strbuf_addf(out, "authority '%s'", chain->blamed.subject);
	}
}

static void add_expired(const struct certificate_chain *chain, struct strbuf *out)
{
	add_blamed(chain, out);
	strbuf_adds(out, " expired on ");
	time_add_day(out, chain->blamed.not_after_ms);
	strbuf_adds(out, ", ");
	time_add_duration(out, time_wall_ms() - chain->blamed.not_after_ms);
	strbuf_adds(out, " ago");
}

static void add_not_yet_valid(const struct certificate_chain *chain, struct strbuf *out)
{
	add_blamed(chain, out);
	strbuf_adds(out, " is not valid before ");
	time_add_day(out, chain->blamed.not_before_ms);
	strbuf_adds(out, " (is this machine's clock right?)");
}

static void add_untrusted(const struct certificate_chain *chain, struct strbuf *out)
{
	switch (chain->verify_error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		strbuf_addf(out, "issuer '%s' is unknown: ", chain->blamed.issuer);
		strbuf_adds(out, chain->verify_depth == 0
					 ? "the server does not send that certificate, or its "
					   "authority is not trusted here (ca_file)"
					 : "that authority is not trusted here (ca_file)");
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		strbuf_addf(
			out, "authority '%s' is not trusted here (ca_file)", chain->blamed.subject);
		break;
	default:
		strbuf_adds(out, chain->verify_text);
	}
}

void certificate_chain_add_fault(const struct certificate_chain *chain, struct strbuf *out)
{
	if (!chain->blamed.subject) {
		strbuf_adds(out, chain->verify_text);
		return;
	}
	switch (certificate_chain_verdict(chain)) {
	case CERTIFICATE_EXPIRED:
		add_expired(chain, out);
		break;
	case CERTIFICATE_NOT_YET_VALID:
		add_not_yet_valid(chain, out);
		break;
	case CERTIFICATE_SELF_SIGNED:
		strbuf_adds(out, "it is self-signed, and not trusted here (ca_file)");
		break;
	case CERTIFICATE_UNTRUSTED:
		add_untrusted(chain, out);
		break;
	case CERTIFICATE_VERIFIED:
	case CERTIFICATE_WRONG_NAME:
		strbuf_adds(out, chain->verify_text);
		break;
	}
}
