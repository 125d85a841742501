/*
 * What is said between us and the program on a host (host_script.h), without the connection: what
 * to send, and a machine's facts from what comes back, however it is cut into pieces.
 *
 * The program prints sections, each after a line of its own: a random word that was chosen for this
 * conversation alone, and a name.  Who writes names of processes, mount points or /etc/fstab on the
 * host does not know the word, and so cannot write sections.  Their names are those of
 * host_facts.h, and
 *
 *   ready       the mounts are known: it waits to be told which of them to ask, and how long
 *   answers     lines: "b INDEX", that one is asked now; "a INDEX NUMBERS" or "a INDEX WORDS", what
 *               `stat -f` or `df -P` said; "a INDEX stuck", whoever asked last time still hangs
 *               there; "k ...", the clock; "df", there is no `stat -f`
 *   incomplete  the processes could not all be listed
 *   end         that was all
 *
 * What comes before the first section is whatever the login says to everybody; it counts only when
 * no section follows.
 */
#ifndef CHECK_HOST_SECTIONS_H
#define CHECK_HOST_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "check/host_facts.h"

enum {
	HOST_WORD_BYTES = 32,
	HOST_SECTIONS_MAX = 32 << 20, /* bytes of a conversation; more is not listened to */
	HOST_ASKED_MAX = 1024,        /* mounts; of more than that the others are not measured */
};

struct host_sections {
	struct host_facts *facts;
	char word[HOST_WORD_BYTES + 1];
	bool is_ready;      /* host_sections_add_questions() is waited for */
	bool is_complete;   /* it has told all */
	bool is_too_long;   /* more came than HOST_SECTIONS_MAX */
	struct strbuf said; /* before the first section: the beginning of it, as it came */
	/* its own */
	struct strbuf line, text;
	char name[32];
	bool has_name;
	uint64_t received_bytes;
	const struct host_filesystem **asked;
	struct host_question *questions;
	size_t asked_count;
	bool has_only_df;
};

/* The facts' arena must live as long.  ERR_SYSTEM if there is no randomness. */
int host_sections_init(struct host_sections *, struct host_facts *, struct err *);
void host_sections_release(struct host_sections *);

struct host_program {
	const char *root;      /* put in front of every path that is read; "" */
	int64_t cpu_sample_ms; /* between the two looks at CPU time */
	int64_t most_ms;       /* it ends by itself at the latest so long after it began */
};

/* For the standard input of HOST_SCRIPT_COMMAND. */
void host_sections_add_program(
	const struct host_sections *, const struct host_program *, struct strbuf *out);

/*
 * Once it is_ready: which filesystems to ask, and when to stop.  Their mount points are not looked
 * at again by the host's shell: they are data.  The filesystems stay as they are until the end;
 * their answers go to the facts' mounts.
 */
void host_sections_add_questions(struct host_sections *, const struct host_filesystems *,
	int64_t timeout_ms, struct strbuf *out);

/* What came from its standard output. */
void host_sections_feed(struct host_sections *, struct str bytes);

#endif
