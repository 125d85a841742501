/*
 * What the program ssh says on its standard error (at LogLevel DEBUG2), and what it means.
 *
 * ssh tells its exit status 255 for whatever goes wrong; what went wrong stands only in its words.
 * They are read line by line as they come: how far it is, which key the host showed, and the line
 * that says best why it ended.  What a server sends for people is printed among them; whoever sends
 * it after it has proven to be the host can lie about itself only.
 */
#ifndef NET_SSH_PROGRAM_TEXT_H
#define NET_SSH_PROGRAM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "net/ssh_session.h"

struct ssh_program_text;

/*
 * New; free with ssh_program_text_free().  Lines that begin with `mark` are not from ssh: see
 * ssh_program_text_take_mark().  Borrowed; "": there are none.
 */
struct ssh_program_text *ssh_program_text_new(const char *mark);
void ssh_program_text_free(struct ssh_program_text **);

/* In pieces of any size.  How much is kept has a limit. */
void ssh_program_text_add(struct ssh_program_text *, struct str bytes);

/* What stood behind the mark in the last such line; false if there was none since the last call.
 * Valid until the text is changed. */
bool ssh_program_text_take_mark(struct ssh_program_text *, struct str *ret_rest);

/* Whether the server has refused to run something on that channel, since this was asked last or ssh
 * last asked for something on it. */
bool ssh_program_text_take_refusal(struct ssh_program_text *, uint32_t channel);

/* How far it is, by its own words. */
enum ssh_phase ssh_program_text_phase(const struct ssh_program_text *);

/* Why it ended, after its last word.  Strings are valid until the text is changed. */
struct ssh_program_finding {
	enum ssh_end_cause cause;
	enum ssh_phase phase;
	struct str line; /* that says so, as it is; may be empty */
	/* Of a host key: empty, or 0, where it was not said. */
	struct str host; /* as known_hosts names it */
	struct str key;  /* what was shown: "ED25519 SHA256:..." */
	struct str path; /* where another is known */
	size_t line_number;
};

void ssh_program_text_judge(const struct ssh_program_text *, struct ssh_program_finding *ret);

#endif
