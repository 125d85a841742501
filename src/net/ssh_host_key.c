/*
 * See ssh_host_key.h.
 */
#include "net/ssh_host_key.h"

#include <stdint.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/base64.h"

enum { TYPE_MAX = 64, LENGTH_BYTES = 4, SHA256_BYTES = 32 };

bool ssh_host_key_type(struct str blob, struct str *ret_type)
{
	const unsigned char *bytes = (const unsigned char *)blob.ptr;
	struct str type;
	uint32_t len;

	if (blob.len < LENGTH_BYTES) {
		return false;
	}
	len = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	      bytes[3];
	if (len == 0 || len > TYPE_MAX || len > blob.len - LENGTH_BYTES) {
		return false;
	}
	type = str_sub(blob, LENGTH_BYTES, len);
	for (size_t i = 0; i < type.len; i++) {
		if (type.ptr[i] <= ' ' || type.ptr[i] > '~' || type.ptr[i] == ',') {
			return false;
		}
	}
	*ret_type = type;
	return true;
}

struct str ssh_host_key_short_type(struct str type)
{
	static const struct {
		const char *prefix, *name;
	} names[] = {
		{"ssh-ed25519", "ED25519"},
		{"ssh-rsa", "RSA"},
		{"rsa-sha2-", "RSA"},
		{"ecdsa-sha2-", "ECDSA"},
		{"sk-ssh-ed25519", "ED25519-SK"},
		{"sk-ecdsa-sha2-", "ECDSA-SK"},
		{"ssh-dss", "DSA"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_starts(type, names[i].prefix)) {
			return str_of(names[i].name);
		}
	}
	return type;
}

void ssh_host_key_add_fingerprint(struct strbuf *out, struct str blob)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(blob.ptr, blob.len, digest, &len, EVP_sha256(), NULL) != 1 ||
		len != SHA256_BYTES) {
		abort(); /* out of memory, or an OpenSSL without SHA-256 */
	}
	strbuf_adds(out, "SHA256:");
	base64_add(out, str_n((const char *)digest, len));
	while (out->buf[out->len - 1] == '=') {
		strbuf_truncate(out, out->len - 1);
	}
}
