/*
 * See certificate_maker.h.
 */
#include "support/certificate_maker.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void must(bool is_done, const char *what)
{
	if (!is_done) {
		(void)fprintf(stderr, "certificate_maker: %s failed\n", what);
		abort();
	}
}

static void set_names(X509 *x509, const struct certificate_spec *spec)
{
	X509_NAME *name = X509_get_subject_name(x509);
	const X509_NAME *issuer = spec->issuer ? X509_get_subject_name(spec->issuer->x509)
					       : X509_get_subject_name(x509);

	if (spec->organization) {
		must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
			     (const unsigned char *)spec->organization, -1, -1, 0),
			"O");
	}
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		     (const unsigned char *)spec->common_name, -1, -1, 0),
		"CN");
	must(X509_set_issuer_name(x509, issuer), "issuer");
}

static void add_extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(extension && X509_add_ext(x509, extension, -1), value);
	X509_EXTENSION_free(extension);
}

static void set_serial(X509 *x509)
{
	BIGNUM *number = BN_new();

	must(number && BN_rand(number, 63, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
			BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)),
		"serial");
	BN_free(number);
}

void certificate_make(const struct certificate_spec *spec, struct made_certificate *ret_made)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();
	const long day_s = 24L * 3600;

	must(key && x509 && X509_set_version(x509, X509_VERSION_3) && X509_set_pubkey(x509, key),
		"new");
	set_serial(x509);
	must(X509_gmtime_adj(X509_getm_notBefore(x509), spec->from_days * day_s) &&
			X509_gmtime_adj(X509_getm_notAfter(x509), spec->until_days * day_s),
		"times");
	set_names(x509, spec);
	if (spec->names) {
		add_extension(x509, NID_subject_alt_name, spec->names);
	}
	add_extension(x509, NID_basic_constraints, spec->is_authority ? "CA:TRUE" : "CA:FALSE");
	must(X509_sign(x509, spec->issuer ? spec->issuer->key : key, EVP_sha256()) > 0, "sign");
	*ret_made = (struct made_certificate){.x509 = x509, .key = key};
}

void certificate_release(struct made_certificate *made)
{
	X509_free(made->x509);
	EVP_PKEY_free(made->key);
	*made = (struct made_certificate){0};
}

void certificate_append_pem(const struct made_certificate *made, const char *path)
{
	FILE *fp = fopen(path, "ae");

	must(fp && PEM_write_X509(fp, made->x509) && fclose(fp) == 0, path);
}

void certificate_append_key_pem(const struct made_certificate *made, const char *path)
{
	FILE *fp = fopen(path, "ae");

	must(fp && PEM_write_PrivateKey(fp, made->key, NULL, NULL, 0, NULL, NULL) &&
			fclose(fp) == 0,
		path);
}
