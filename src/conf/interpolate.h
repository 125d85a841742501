/*
 * Values from elsewhere: "${NAME}" and "${NAME:-default}" from the environment, "${file:PATH}" from
 * a file; "$${" stands for "${".
 *
 * What is put in is not looked at again.  Errors name variables and files, never what they hold,
 * because secrets come this way.
 */
#ifndef CONF_INTERPOLATE_H
#define CONF_INTERPOLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

enum {
	INTERPOLATE_FILE_MAX = 64 * 1024,         /* bytes of one file */
	INTERPOLATE_TOTAL_MAX = 16 * 1024 * 1024, /* bytes put in, all together */
};

/* One configuration's; what its values may use. */
struct interpolation {
	struct arena *arena;  /* results live here */
	const char *base_dir; /* where paths of files start; NULL: the current folder */
	bool no_files;        /* refuse "${file:...}" */
	size_t put_in_bytes;  /* so far; at most INTERPOLATE_TOTAL_MAX */
};

/*
 * *ret_text is `text` itself when there is nothing to replace.  A variable that is empty counts as
 * not set where there is a default.  Line ends at the end of a file are dropped.
 */
int interpolate(struct interpolation *, struct str text, struct str *ret_text, struct err *);

/* Does the text take something from a file? */
bool interpolate_has_file(struct str text);

/* Append `text` so that interpolate() gives it back: "${" becomes "$${". */
void interpolate_add_escaped(struct str text, struct strbuf *out);

#endif
