/*
 * What a host says before the command there has started: its login shell, sudo, a forced command.
 *
 * If the command starts, it is the beginning of its output; if not, it is the explanation.
 */
#ifndef FLEET_HOST_WORDS_H
#define FLEET_HOST_WORDS_H

#include <stdbool.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "net/ssh_session.h"

struct host_words {
	struct strbuf said[2]; /* by ssh_stream */
};

void host_words_init(struct host_words *);
void host_words_release(struct host_words *);

/* False: there is so much on standard output that no command of ours can be behind it.  On standard
 * error, which tells when the command starts, what is too much is dropped. */
bool host_words_add(struct host_words *, enum ssh_stream, struct str bytes);
void host_words_forget(struct host_words *, enum ssh_stream);
struct str host_words_all(const struct host_words *, enum ssh_stream);

/* The first line that says something; empty if there is none. */
struct str host_words_line(const struct host_words *, enum ssh_stream);
struct str host_words_any(const struct host_words *); /* of standard error, or else output */

/* Append it to a message, behind a colon if there is one already: escaped, and not too long. */
void host_words_add_to(struct strbuf *message, struct str line);

#endif
