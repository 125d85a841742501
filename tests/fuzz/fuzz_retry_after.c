/*
 * Retry-After: whatever a server says, we wait between nothing and a day, or it said nothing.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "notify/notify_http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t ms = notify_retry_after_ms(str_n((const char *)data, size), 1751339647000);

	assert(ms >= -1 && ms <= 24 * 3600 * 1000);
	return 0;
}
