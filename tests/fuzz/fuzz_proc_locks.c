/*
 * /proc/locks.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "store/lock_holder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str locks = str_n((const char *)data, size);

	if (lock_holder_find(locks, 131, 120) < 0 || lock_holder_find(locks, 131, -1) < 0) {
		abort();
	}
	return 0;
}
