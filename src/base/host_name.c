/*
 * The host's name.  See host_name.h.
 */
#include "base/host_name.h"

#include <unistd.h>

struct host_name host_name_get(void)
{
	struct host_name name = {""};

	if (gethostname(name.text, sizeof(name.text)) < 0) {
		name.text[0] = '\0';
	}
	name.text[HOST_NAME_BYTES_MAX] = '\0'; /* one that was cut may have no end */
	return name;
}
