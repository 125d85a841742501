/*
 * What one host writes while its command runs, and all that is wanted of it at once: lines as they
 * come, what is kept for the results, a digest, files with everything.
 */
#ifndef FLEET_HOST_OUTPUT_H
#define FLEET_HOST_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "fleet/capture.h"
#include "fleet/fold_digest.h"
#include "fleet/line_assembler.h"
#include "fleet/output_dir.h"
#include "net/ssh_session.h"

enum { HOST_STREAMS = SSH_STREAM_STDERR + 1, HOST_EXCERPT_MAX = 512 };

struct host_output;

/* A line without its end; borrowed for the call. */
typedef void host_line_fn(
	void *arg, size_t host, enum ssh_stream, struct str line, enum line_end end);

/* The same for all hosts of a run; everything is borrowed. */
struct host_output_wants {
	struct capture_pool *pool; /* keep what there is room for; NULL: keep nothing */
	bool is_masked;            /* a second digest, of lines with everything masked that differs
				    * between hosts by its nature */
	struct output_dir *dir;    /* all of it, in files; NULL: nowhere */
	host_line_fn *line;        /* each line as it comes; NULL: not */
	void *arg;
};

/* `host` is handed to line().  The name is borrowed.  New; free with host_output_free(). */
struct host_output *host_output_new(
	const struct host_output_wants *, size_t host, struct str name, struct err *);
void host_output_free(struct host_output **);

void host_output_add(struct host_output *, enum ssh_stream, struct str bytes);

/* No more comes: lines that are not complete are told, files closed, digests made. -1: not all of
 * it is in the files; why. */
int host_output_end(struct host_output *, struct err *);

/* After host_output_end(): */
const struct fold_key *host_output_key(const struct host_output *);        /* of the bytes */
const struct fold_key *host_output_masked_key(const struct host_output *); /* or of the bytes */
uint64_t host_output_bytes(const struct host_output *);                    /* of both streams */
uint64_t host_output_left_out(const struct host_output *);                 /* of these, not kept */
/* The beginning, as text for people: escaped lines. */
void host_output_add_excerpt(const struct host_output *, struct strbuf *out);

/* What was kept; a line says where something is left out. */
void host_output_add_text(const struct host_output *, enum ssh_stream, struct strbuf *out);

/* Both streams as one text; each line of stderr begins with "stderr: ". */
void host_output_add_both(const struct host_output *, struct strbuf *out);

/* Give back what was kept: the results are out. */
void host_output_forget(struct host_output *);

#endif
