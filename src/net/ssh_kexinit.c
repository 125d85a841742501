/*
 * See ssh_kexinit.h.
 */
#include "net/ssh_kexinit.h"

#include <stdint.h>

enum {
	MESSAGE_KEXINIT = 20,
	COOKIE_BYTES = 16,
	LENGTH_BYTES = 4,
};

static bool skip(struct str *rest, size_t bytes)
{
	if (rest->len < bytes) {
		return false;
	}
	*rest = str_sub(*rest, bytes, rest->len);
	return true;
}

static bool read_length(struct str *rest, uint32_t *ret_length)
{
	const unsigned char *bytes = (const unsigned char *)rest->ptr;

	if (rest->len < LENGTH_BYTES) {
		return false;
	}
	*ret_length = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
		      (uint32_t)bytes[2] << 8 | bytes[3];
	return skip(rest, LENGTH_BYTES);
}

static bool read_names(struct str *rest, struct str *ret_names)
{
	uint32_t length;

	if (!read_length(rest, &length) || length > rest->len) {
		return false;
	}
	*ret_names = str_sub(*rest, 0, length);
	return skip(rest, length);
}

/* Lines may come before the greeting. */
static bool skip_greeting(struct str *rest)
{
	struct str line;

	while (rest->len > 0 && memchr(rest->ptr, '\n', rest->len)) {
		(void)str_line(rest, &line);
		if (str_starts(line, "SSH-")) {
			return rest->len > 0;
		}
	}
	return false;
}

bool ssh_kexinit_host_keys(struct str opening, struct str *ret_names)
{
	struct str rest = opening, kex, names;
	uint32_t length;

	if (opening.len == 0 || !skip_greeting(&rest) || !read_length(&rest, &length) ||
		length > SSH_KEXINIT_MAX || rest.len < length) {
		return false;
	}
	rest = str_sub(rest, 0, length);
	if (rest.len < 2 || rest.ptr[1] != MESSAGE_KEXINIT || !skip(&rest, 2 + COOKIE_BYTES) ||
		!read_names(&rest, &kex) || !read_names(&rest, &names)) {
		return false;
	}
	for (size_t i = 0; i < names.len; i++) {
		if (names.ptr[i] <= ' ' || names.ptr[i] > '~') {
			return false;
		}
	}
	*ret_names = names;
	return true;
}
