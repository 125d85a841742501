/*
 * The first 160 bits of SHA-256 over the parts, each with its length in front, so that no part can
 * be mistaken for the end of the one before it.
 */
#include "alert/fingerprint.h"

#include <assert.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/strbuf.h"

/* A letter for what it is, four bytes of length (the largest first), the text. */
static void add_part(struct strbuf *parts, char what, struct str text)
{
	uint32_t len = (uint32_t)text.len;

	strbuf_addc(parts, what);
	for (int shift = 24; shift >= 0; shift -= 8) {
		strbuf_addc(parts, (char)(len >> shift & 0xff));
	}
	strbuf_addstr(parts, text);
}

static void hash(struct str bytes, char ret_hex[FINGERPRINT_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char digest[EVP_MAX_MD_SIZE];
	int ok = EVP_Digest(bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL);

	assert(ok == 1);
	(void)ok;
	for (size_t i = 0; i < FINGERPRINT_SIZE - 1; i++) {
		ret_hex[i] = digits[i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 0xf];
	}
	ret_hex[FINGERPRINT_SIZE - 1] = '\0';
}

void alert_fingerprint(const struct alert_input *input, char ret_hex[FINGERPRINT_SIZE])
{
	struct strbuf parts = STRBUF_INIT;

	if (input->dedup_key.len > 0) {
		add_part(&parts, 'k', input->dedup_key);
	} else {
		add_part(&parts, 's', input->source);
		add_part(&parts, 't', input->title);
	}
	hash(strbuf_str(&parts), ret_hex);
	strbuf_release(&parts);
}

void fingerprint_text(struct str text, char ret_hex[FINGERPRINT_SIZE])
{
	hash(text, ret_hex);
}
