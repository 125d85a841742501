/*
 * One table of forms; signing and checking follow it.  See signature.h.
 */
#include "net/signature.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/parse.h"

enum { MAC_LEN = 32, HEX_LEN = 2 * MAC_LEN };

#define TIMESTAMP_MAX_S INT64_C(1000000000000) /* the year 33658: differences do not overflow */

#define SECRET_PREFIX "whsec_"

struct form {
	const char *name;
	struct signature_headers headers;
	const char *before;  /* what is signed in front of the first part */
	const char *between; /* and between its parts */
	const char *version; /* what a signature of ours begins with */
	char separator;      /* of several in one header; 0: there is one only */
	bool is_base64;      /* else hex */
};

// clang-format off
static const struct form forms[] = {
	[SIGNATURE_STANDARD_WEBHOOKS] = {"standard-webhooks", {"webhook-id", "webhook-timestamp", "webhook-signature"}, "", ".", "v1,", ' ', true},
	[SIGNATURE_SLACK] = {"slack", {NULL, "X-Slack-Request-Timestamp", "X-Slack-Signature"}, "v0:", ":", "v0=", 0, false},
	[SIGNATURE_GITHUB] = {"github", {NULL, NULL, "X-Hub-Signature-256"}, "", "", "sha256=", 0, false},
	[SIGNATURE_PAGERDUTY] = {"pagerduty", {NULL, NULL, "X-PagerDuty-Signature"}, "", "", "v1=", ',', false},
};

static const char *const verdict_texts[] = {
	[SIGNATURE_VALID] = "valid",
	[SIGNATURE_NO_HEADER] = "the header is missing",
	[SIGNATURE_MALFORMED] = "the header holds no signature of a known version",
	[SIGNATURE_BAD_TIMESTAMP] = "the timestamp is no number of seconds",
	[SIGNATURE_TOO_OLD] = "the timestamp is too old",
	[SIGNATURE_TOO_NEW] = "the timestamp is in the future",
	[SIGNATURE_MISMATCH] = "the signature is not of this body and secret",
};
// clang-format on

static_assert(ARRAY_LEN(forms) == SIGNATURE_FORMS, "a row for each form");
static_assert(ARRAY_LEN(verdict_texts) == SIGNATURE_VERDICTS, "a text for each verdict");

const char *signature_form_name(enum signature_form form)
{
	return forms[form].name;
}

const char *signature_verdict_text(enum signature_verdict verdict)
{
	return verdict_texts[verdict];
}

struct signature_headers signature_headers(enum signature_form form)
{
	return forms[form].headers;
}

static int standard_key(
	struct str secret, struct arena *arena, struct str *ret_key, struct err *err)
{
	struct str text = str_starts(secret, SECRET_PREFIX)
				  ? str_sub(secret, strlen(SECRET_PREFIX), secret.len)
				  : secret;
	struct strbuf bytes = STRBUF_INIT;
	int status = base64_decode(text, &bytes, err);

	if (status < 0) {
		err_wrap(err, "after '" SECRET_PREFIX "'");
	} else if (bytes.len < SIGNATURE_SECRET_MIN_LEN || bytes.len > SIGNATURE_SECRET_MAX_LEN) {
		status = err_set(err, ERR_INPUT,
			"a secret has %d to %d bytes, in base64 after '" SECRET_PREFIX
			"'; this one has %zu",
			SIGNATURE_SECRET_MIN_LEN, SIGNATURE_SECRET_MAX_LEN, bytes.len);
	} else {
		*ret_key = str_n(arena_strndup(arena, bytes.buf, bytes.len), bytes.len);
	}
	OPENSSL_cleanse(bytes.buf, bytes.len);
	strbuf_release(&bytes);
	return status;
}

int signature_key(enum signature_form form, struct str secret, struct arena *arena,
	struct str *ret_key, struct err *err)
{
	if (secret.len == 0) {
		return err_set(err, ERR_INPUT, "the secret is empty");
	}
	if (form == SIGNATURE_STANDARD_WEBHOOKS) {
		return standard_key(secret, arena, ret_key, err);
	}
	*ret_key = str_n(arena_strndup(arena, secret.ptr, secret.len), secret.len);
	return 0;
}

/* OpenSSL refuses only when it is out of memory or was built without HMAC. */
static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void mac_update(EVP_MAC_CTX *ctx, struct str part)
{
	must(EVP_MAC_update(ctx, (const unsigned char *)part.ptr, part.len) == 1);
}

static void mac_make(const struct form *form, struct str key, const struct signed_message *message,
	unsigned char ret_mac[MAC_LEN])
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	size_t len = 0;

	must(ctx && EVP_MAC_init(ctx, (const unsigned char *)key.ptr, key.len, params) == 1);
	mac_update(ctx, str_of(form->before));
	if (form->headers.id) {
		mac_update(ctx, message->id);
		mac_update(ctx, str_of(form->between));
	}
	if (form->headers.timestamp) {
		mac_update(ctx, message->timestamp);
		mac_update(ctx, str_of(form->between));
	}
	mac_update(ctx, message->body);
	must(EVP_MAC_final(ctx, ret_mac, &len, MAC_LEN) == 1 && len == MAC_LEN);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

void signature_add(enum signature_form form, struct str key, const struct signed_message *message,
	struct strbuf *out)
{
	unsigned char mac[MAC_LEN];

	mac_make(&forms[form], key, message, mac);
	strbuf_adds(out, forms[form].version);
	if (forms[form].is_base64) {
		base64_add(out, str_n((const char *)mac, MAC_LEN));
		return;
	}
	for (size_t i = 0; i < MAC_LEN; i++) {
		strbuf_addf(out, "%02x", mac[i]);
	}
}

static bool hex_read(struct str text, unsigned char ret_mac[MAC_LEN])
{
	if (text.len != HEX_LEN) {
		return false;
	}
	for (size_t i = 0; i < MAC_LEN; i++) {
		int high = char_hex_value(text.ptr[2 * i]);
		int low = char_hex_value(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		ret_mac[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool base64_read(struct str text, unsigned char ret_mac[MAC_LEN])
{
	struct strbuf bytes = STRBUF_INIT;
	bool is_mac = text.len <= base64_len(MAC_LEN) && base64_decode(text, &bytes, NULL) == 0 &&
		      bytes.len == MAC_LEN;

	if (is_mac) {
		memcpy(ret_mac, bytes.buf, MAC_LEN);
	}
	strbuf_release(&bytes);
	return is_mac;
}

/* The next signature of our version; others, of versions to come or of no sense, are skipped. */
static bool next_signature(const struct form *form, struct str *rest, unsigned char mac[MAC_LEN])
{
	struct str piece;

	while (str_split(rest, form->separator, &piece)) {
		struct str text = str_trim(piece);

		if (!str_starts(text, form->version)) {
			continue;
		}
		text = str_sub(text, strlen(form->version), text.len);
		if (form->is_base64 ? base64_read(text, mac) : hex_read(text, mac)) {
			return true;
		}
	}
	return false;
}

/* Before any secret is used.  SIGNATURE_VALID: nothing is wrong so far. */
static struct signature_check headers_check(const struct form *form,
	const struct signed_message *message, struct str signature, int64_t now_s)
{
	const struct signature_headers *headers = &form->headers;
	int64_t timestamp = now_s;

	if (signature.len == 0) {
		return (struct signature_check){SIGNATURE_NO_HEADER, headers->signature, 0, 0};
	}
	if (headers->id && message->id.len == 0) {
		return (struct signature_check){SIGNATURE_NO_HEADER, headers->id, 0, 0};
	}
	if (headers->timestamp && message->timestamp.len == 0) {
		return (struct signature_check){SIGNATURE_NO_HEADER, headers->timestamp, 0, 0};
	}
	if (headers->timestamp &&
		parse_int(message->timestamp, 0, TIMESTAMP_MAX_S, &timestamp, NULL) < 0) {
		return (struct signature_check){SIGNATURE_BAD_TIMESTAMP, headers->timestamp, 0, 0};
	}
	if (now_s - timestamp > SIGNATURE_WINDOW_S) {
		return (struct signature_check){
			SIGNATURE_TOO_OLD, headers->timestamp, now_s - timestamp, 0};
	}
	if (timestamp - now_s > SIGNATURE_WINDOW_S) {
		return (struct signature_check){
			SIGNATURE_TOO_NEW, headers->timestamp, now_s - timestamp, 0};
	}
	return (struct signature_check){SIGNATURE_VALID, NULL, now_s - timestamp, 0};
}

static bool has_signature(const struct form *form, struct str header)
{
	unsigned char mac[MAC_LEN];

	return header.len <= SIGNATURE_HEADER_MAX && next_signature(form, &header, mac);
}

static bool holds_mac(const struct form *form, struct str header, const unsigned char *expected)
{
	unsigned char given[MAC_LEN];

	while (next_signature(form, &header, given)) {
		if (CRYPTO_memcmp(given, expected, MAC_LEN) == 0) {
			return true;
		}
	}
	return false;
}

struct signature_check signature_verify(enum signature_form which, const struct str *keys,
	size_t keys_count, const struct signed_message *message, struct str signature,
	int64_t now_s)
{
	const struct form *form = &forms[which];
	struct signature_check check = headers_check(form, message, signature, now_s);

	if (check.verdict != SIGNATURE_VALID) {
		return check;
	}
	if (!has_signature(form, signature)) {
		check.verdict = SIGNATURE_MALFORMED;
		check.header = form->headers.signature;
		return check;
	}
	for (size_t i = 0; i < keys_count; i++) {
		unsigned char expected[MAC_LEN];

		mac_make(form, keys[i], message, expected);
		if (holds_mac(form, signature, expected)) {
			check.secret = i;
			return check;
		}
	}
	check.verdict = SIGNATURE_MISMATCH;
	return check;
}
