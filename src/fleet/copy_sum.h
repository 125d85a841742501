/*
 * The checksum that contents are compared by: SHA-256, as sha256sum writes it.
 */
#ifndef FLEET_COPY_SUM_H
#define FLEET_COPY_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { COPY_SUM_LEN = 64 };

/* Hexadecimal, in lower case. */
struct copy_sum {
	char hex[COPY_SUM_LEN + 1];
};

struct copy_summer; /* of one content that comes piece by piece */

/* New; free with copy_summer_free(). */
struct copy_summer *copy_summer_new(void);
void copy_summer_free(struct copy_summer **);
void copy_summer_add(struct copy_summer *, struct str bytes);
struct copy_sum copy_summer_now(const struct copy_summer *); /* so far; more may come */
struct copy_sum copy_summer_end(struct copy_summer *);       /* once */

/* All that is in a file; errno is set on -1.  Waits for the disk. */
int copy_summer_add_file(struct copy_summer *, int fd);

bool copy_sum_is(struct str text); /* could it be one? */
bool copy_sum_eq(const struct copy_sum *, const struct copy_sum *);

/* Of a file's first `max_bytes` (UINT64_MAX: all).  Waits for the disk.  *ret_bytes: how many there
 * were.  Errors name the file. */
int copy_sum_file(const char *path, int fd, uint64_t max_bytes, struct copy_sum *ret_sum,
	uint64_t *ret_bytes, struct err *);

#endif
