/*
 * What this host calls itself.
 */
#ifndef BASE_HOST_NAME_H
#define BASE_HOST_NAME_H

enum { HOST_NAME_BYTES_MAX = 255 };

struct host_name {
	char text[HOST_NAME_BYTES_MAX + 1]; /* "" if the system does not tell */
};

/* As the system has it, which need not be a name that others know, nor be fit to print. */
struct host_name host_name_get(void);

#endif
