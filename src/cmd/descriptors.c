/*
 * The limit of open descriptors.  See descriptors.h.
 */
#include "cmd/descriptors.h"

#include <sys/resource.h>

enum { KEPT = 64 }; /* for files, the loop, names to be looked up */

int64_t descriptors_allow(int64_t wanted, int64_t each)
{
	struct rlimit limit = {0};
	int64_t allowed;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		return wanted;
	}
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* then with what there is */
		(void)getrlimit(RLIMIT_NOFILE, &limit);
	}
	allowed = ((int64_t)limit.rlim_cur - KEPT) / each;
	if (limit.rlim_cur == RLIM_INFINITY || allowed > wanted) {
		return wanted;
	}
	return allowed > 1 ? allowed : 1;
}
