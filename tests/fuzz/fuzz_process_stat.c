/*
 * /proc/PID/stat, in which a process chooses its own name.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "store/process_mark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t started = -1;
	char state = 0;

	if (process_stat_parse(str_n((const char *)data, size), &state, &started) == 0 &&
		(started < 0 || state == 0)) {
		abort();
	}
	return 0;
}
