/*
 * Lists of keys that agents send: what is selected is a list again, and no longer.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/ssh_agent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str wanted[] = {str_of("a"), str_of("key")};
	struct str input = str_n((const char *)data, size);

	for (int only_wanted = 0; only_wanted < 2; only_wanted++) {
		const struct ssh_agent_keys keys = {wanted, 2, only_wanted};
		struct strbuf out = STRBUF_INIT, again = STRBUF_INIT;

		if (ssh_agent_select(input, &keys, &out, NULL) < 0) {
			if (out.len > 0) {
				abort();
			}
		} else if (out.len > size ||
			   ssh_agent_select(strbuf_str(&out), &keys, &again, NULL) < 0 ||
			   !str_eq(strbuf_str(&out), strbuf_str(&again))) {
			abort();
		}
		strbuf_release(&out);
		strbuf_release(&again);
	}
	return 0;
}
