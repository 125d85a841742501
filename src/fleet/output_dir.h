/*
 * A folder with a file for each stream of each host: all that it wrote, however much.
 *
 * "web-01.out" and "web-01.err" are there if anything was written; what an earlier run left under
 * these names goes.  No name of a host leads out of the folder, and no two hosts have the same
 * file. Writing is to a file of the disk, and waits for it.
 */
#ifndef FLEET_OUTPUT_DIR_H
#define FLEET_OUTPUT_DIR_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct output_dir;
struct output_file;
struct strbuf;

/* The folder is made if it is not there (its parent must be).  New; free with output_dir_free(),
 * after its files. */
int output_dir_open(const char *path, struct output_dir **ret_dir, struct err *);
void output_dir_free(struct output_dir **);

/*
 * Append the name of the file.  Letters, digits, "-", "_" and "." that are not the first stay as
 * they are, all else becomes %XX; a name that is too long is cut and ends in a hash of the whole.
 */
void output_dir_add_name(struct strbuf *out, struct str host, const char *suffix);

/* `suffix` is ".out" or ".err".  Removes what is there; nothing is created before there is
 * something to write.  Errors name the file.  New; end with output_file_close(). */
int output_file_new(struct output_dir *, struct str host, const char *suffix,
	struct output_file **ret_file, struct err *);

/* After the first error, which names the file, nothing is written any more; each call fails then
 * with the same text. */
int output_file_add(struct output_file *, struct str bytes, struct err *);

uint64_t output_file_bytes(const struct output_file *); /* written so far */

/* NULL is fine.  -1: not all of it may be on the disk; it is closed and freed all the same. */
int output_file_close(struct output_file **, struct err *);

#endif
