/*
 * What SSH servers say first: what is found is a part of it that can be printed, and what comes
 * later changes nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/ssh_kexinit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str input = str_n((const char *)data, size), names, earlier;

	if (!ssh_kexinit_host_keys(input, &names)) {
		return 0;
	}
	if (names.ptr < input.ptr || names.ptr + names.len > input.ptr + input.len) {
		abort();
	}
	for (size_t i = 0; i < names.len; i++) {
		if (names.ptr[i] <= ' ' || names.ptr[i] > '~') {
			abort();
		}
	}
	if (ssh_kexinit_host_keys(str_sub(input, 0, size - 1), &earlier) &&
		!str_eq(earlier, names)) {
		abort();
	}
	return 0;
}
