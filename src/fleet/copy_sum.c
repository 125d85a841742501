/*
 * SHA-256 by OpenSSL.  See copy_sum.h.
 */
#include "fleet/copy_sum.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/utf8.h"

enum { SUM_BYTES = COPY_SUM_LEN / 2, READ_BYTES = 256 * 1024 };

struct copy_summer {
	EVP_MD_CTX *context;
};

/* These fail only when there is no memory, or no SHA-256 in the library. */
static void must(int is_fine)
{
	if (is_fine != 1) {
		abort();
	}
}

struct copy_summer *copy_summer_new(void)
{
	struct copy_summer *summer = xcalloc(1, sizeof(*summer));

	summer->context = EVP_MD_CTX_new();
	must(summer->context != NULL);
	must(EVP_DigestInit_ex(summer->context, EVP_sha256(), NULL));
	return summer;
}

void copy_summer_free(struct copy_summer **summer_ptr)
{
	struct copy_summer *summer = TAKE(*summer_ptr);

	if (summer) {
		EVP_MD_CTX_free(summer->context);
		free(summer);
	}
}

void copy_summer_add(struct copy_summer *summer, struct str bytes)
{
	must(EVP_DigestUpdate(summer->context, bytes.ptr, bytes.len));
}

struct copy_sum copy_summer_end(struct copy_summer *summer)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[EVP_MAX_MD_SIZE];
	struct copy_sum sum = {0};
	unsigned len = 0;

	must(EVP_DigestFinal_ex(summer->context, bytes, &len));
	must(len == SUM_BYTES);
	for (size_t i = 0; i < SUM_BYTES; i++) {
		sum.hex[2 * i] = digits[bytes[i] >> 4];
		sum.hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	return sum;
}

struct copy_sum copy_summer_now(const struct copy_summer *summer)
{
	struct copy_summer *copy = copy_summer_new();
	struct copy_sum sum;

	must(EVP_MD_CTX_copy_ex(copy->context, summer->context));
	sum = copy_summer_end(copy);
	copy_summer_free(&copy);
	return sum;
}

bool copy_sum_is(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!char_is_digit(text.ptr[i]) && (text.ptr[i] < 'a' || text.ptr[i] > 'f')) {
			return false;
		}
	}
	return text.len == COPY_SUM_LEN;
}

bool copy_sum_eq(const struct copy_sum *a, const struct copy_sum *b)
{
	return memcmp(a->hex, b->hex, COPY_SUM_LEN) == 0;
}

static int sum_bytes(struct copy_summer *summer, int fd, uint64_t max_bytes, uint64_t *ret_bytes)
{
	_cleanup_(freep) char *buf = xmalloc(READ_BYTES);

	for (uint64_t at = 0; at < max_bytes;) {
		uint64_t left = max_bytes - at;
		ssize_t n =
			pread(fd, buf, left < READ_BYTES ? (size_t)left : READ_BYTES, (off_t)at);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		copy_summer_add(summer, str_n(buf, (size_t)n));
		at += (uint64_t)n;
		*ret_bytes = at;
	}
	return 0;
}

int copy_summer_add_file(struct copy_summer *summer, int fd)
{
	uint64_t bytes;

	return sum_bytes(summer, fd, UINT64_MAX, &bytes);
}

int copy_sum_file(const char *path, int fd, uint64_t max_bytes, struct copy_sum *ret_sum,
	uint64_t *ret_bytes, struct err *err)
{
	struct copy_summer *summer = copy_summer_new();
	uint64_t bytes = 0;
	int status = sum_bytes(summer, fd, max_bytes, &bytes);

	if (status < 0) {
		status = err_set_errno(
			err, errno, "cannot read '%s'", utf8_quote(str_of(path)).text);
	} else {
		*ret_sum = copy_summer_end(summer);
		*ret_bytes = bytes;
	}
	copy_summer_free(&summer);
	return status;
}
