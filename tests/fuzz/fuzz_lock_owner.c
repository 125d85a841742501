/*
 * The line in a lock file, which whoever may write the file can have written.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/lock.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size);
	struct strbuf again = STRBUF_INIT;
	struct lock_owner owner;
	struct lock_owner back;

	if (lock_owner_parse(text, &owner) < 0) {
		return 0;
	}
	strbuf_addf(&again, "locked by pid %lld on ", (long long)owner.pid);
	strbuf_addstr(&again, owner.host);
	strbuf_addf(&again, " since %lld: ", (long long)owner.started_wall_ms);
	strbuf_addstr(&again, owner.command);
	strbuf_addc(&again, '\n');
	if (lock_owner_parse(strbuf_str(&again), &back) < 0 || back.pid != owner.pid ||
		back.started_wall_ms != owner.started_wall_ms || !str_eq(back.host, owner.host) ||
		!str_eq(back.command, owner.command)) {
		abort();
	}
	strbuf_release(&again);
	return 0;
}
