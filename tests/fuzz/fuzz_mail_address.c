/*
 * Addresses of mail: what is accepted is nothing but an address, and is read back the same.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/mail_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct mail_address address, again;
	struct err err = {0};

	if (mail_address_parse(str_n((const char *)data, size), arena, &address, &err) < 0) {
		if (err.code != ERR_INPUT || err.msg[0] == '\0') {
			abort();
		}
	} else {
		if (!mail_address_is_valid(str_of(address.address)) ||
			strpbrk(address.address, " \t\r\n<>\"(),;:\\") != NULL) {
			/* The colon of [IPv6:...] stands in brackets. */
			if (!strchr(address.address, '[')) {
				abort();
			}
		}
		if (address.name && strpbrk(address.name, "\r\n")) {
			abort();
		}
		if (mail_address_parse(str_of(address.address), arena, &again, &err) < 0 ||
			strcmp(again.address, address.address) != 0 || again.name) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
