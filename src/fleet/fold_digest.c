/*
 * A digest of the digests of both streams, so that what moves from one to the other is a
 * difference.
 */
#include "fleet/fold_digest.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "fleet/line_assembler.h"

enum { HASH_LEN = 32 };

struct stream {
	struct fold_digest *digest;
	EVP_MD_CTX *context;
	struct line_assembler lines;
};

struct fold_digest {
	bool is_masked;
	struct fold_mask mask;
	struct strbuf masked; /* the line that is being hashed */
	struct stream streams[FOLD_STREAMS];
};

/* These fail only when there is no memory, or no SHA-256 in the library. */
static void must(int is_fine)
{
	if (is_fine != 1) {
		abort();
	}
}

static EVP_MD_CTX *context_new(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context != NULL);
	must(EVP_DigestInit_ex(context, EVP_sha256(), NULL));
	return context;
}

static void hash_line(void *arg, struct str line, enum line_end end)
{
	struct stream *stream = arg;
	struct strbuf *masked = &stream->digest->masked;

	strbuf_clear(masked);
	fold_mask_add(&stream->digest->mask, line, masked);
	if (end == LINE_END) {
		strbuf_addc(masked, '\n');
	}
	must(EVP_DigestUpdate(stream->context, masked->buf, masked->len));
}

struct fold_digest *fold_digest_new(const struct fold_mask *mask)
{
	struct fold_digest *digest = xcalloc(1, sizeof(*digest));

	digest->is_masked = mask != NULL;
	if (mask) {
		digest->mask = *mask;
	}
	strbuf_init(&digest->masked, 0);
	for (int i = 0; i < FOLD_STREAMS; i++) {
		struct stream *stream = &digest->streams[i];

		stream->digest = digest;
		stream->context = context_new();
		line_assembler_init(&stream->lines, 0, hash_line, stream);
	}
	return digest;
}

void fold_digest_free(struct fold_digest **digest_ptr)
{
	struct fold_digest *digest = TAKE(*digest_ptr);

	if (!digest) {
		return;
	}
	for (int i = 0; i < FOLD_STREAMS; i++) {
		EVP_MD_CTX_free(digest->streams[i].context);
		line_assembler_release(&digest->streams[i].lines);
	}
	strbuf_release(&digest->masked);
	free(digest);
}

void fold_digest_add(struct fold_digest *digest, enum fold_stream stream, struct str bytes)
{
	if (digest->is_masked) {
		line_assembler_add(&digest->streams[stream].lines, bytes);
	} else {
		must(EVP_DigestUpdate(digest->streams[stream].context, bytes.ptr, bytes.len));
	}
}

struct fold_key fold_digest_end(struct fold_digest *digest)
{
	static const char digits[] = "0123456789abcdef";
	EVP_MD_CTX *both = context_new();
	unsigned char hash[HASH_LEN];
	struct fold_key key;

	for (int i = 0; i < FOLD_STREAMS; i++) {
		line_assembler_flush(&digest->streams[i].lines);
		must(EVP_DigestFinal_ex(digest->streams[i].context, hash, NULL));
		must(EVP_DigestUpdate(both, hash, sizeof(hash)));
	}
	must(EVP_DigestFinal_ex(both, hash, NULL));
	EVP_MD_CTX_free(both);
	for (size_t i = 0; i < HASH_LEN; i++) {
		key.text[2 * i] = digits[hash[i] >> 4];
		key.text[2 * i + 1] = digits[hash[i] & 15];
	}
	key.text[2 * HASH_LEN] = '\0';
	return key;
}

struct fold_key fold_digest_text(struct str text)
{
	struct fold_digest *digest = fold_digest_new(NULL);
	struct fold_key key;

	fold_digest_add(digest, FOLD_STDOUT, text);
	key = fold_digest_end(digest);
	fold_digest_free(&digest);
	return key;
}
