/*
 * Finds what holds the loop up: with SRE_LOOP_SLOW_MS=N in the environment, every callback that
 * runs for N ms or longer is told on stderr, in a form that addr2line understands.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "base/time.h"
#include "loop/loop_internal.h"

int64_t loop_slow_begin(const struct loop *loop)
{
	return loop->slow_us ? time_mono_us() : 0;
}

void loop_slow_end(const struct loop *loop, int64_t begun_us, void (*callback)(void))
{
	uintptr_t address = (uintptr_t)callback;
	int64_t took_us;
	Dl_info info;

	if (!loop->slow_us) {
		return;
	}

	took_us = time_mono_us() - begun_us;
	if (took_us < loop->slow_us) {
		return;
	}
	(void)fprintf(stderr, "loop: a callback took %lld ms: ", (long long)(took_us / 1000));
	if (!dladdr((const void *)address, &info) || !info.dli_fname) {
		(void)fprintf(stderr, "%#lx\n", (unsigned long)address);
	} else if (info.dli_sname && info.dli_saddr == (const void *)address) {
		(void)fprintf(stderr, "%s\n", info.dli_sname);
	} else {
		(void)fprintf(stderr, "addr2line -f -e '%s' %#lx\n", info.dli_fname,
			(unsigned long)(address - (uintptr_t)info.dli_fbase));
	}
}
