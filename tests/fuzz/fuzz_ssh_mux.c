/*
 * Messages of a control socket: each lies within what there is, and is not there without its last
 * byte.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/ssh_mux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_n((const char *)data, size);
	struct ssh_mux_message message, other;

	while (ssh_mux_find(rest, &message) == SSH_MUX_WHOLE) {
		if (message.size < 8 || message.size > rest.len ||
			message.text.len > message.size) {
			abort();
		}
		if (message.text.len > 0 &&
			(message.text.ptr < rest.ptr ||
				message.text.ptr + message.text.len > rest.ptr + message.size)) {
			abort();
		}
		if (ssh_mux_find(str_sub(rest, 0, message.size - 1), &other) != SSH_MUX_PARTIAL) {
			abort();
		}
		rest = str_sub(rest, message.size, rest.len);
	}
	return 0;
}
