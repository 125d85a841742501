/*
 * Which key a host is known to have: all of known_hosts, read once into a table.
 *
 * Reading is as OpenSSH reads: several files, several names on a line, patterns, hashed names,
 * "[host]:port", markers.  A line that is none is skipped and counted.  A key that a file has for
 * a host, of whatever type, makes any other key of that host a changed one.
 */
#ifndef NET_SSH_HOSTS_H
#define NET_SSH_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

struct ssh_hosts;

enum ssh_hosts_verdict {
	SSH_HOSTS_KNOWN,
	SSH_HOSTS_UNKNOWN,
	SSH_HOSTS_CHANGED, /* another key is known */
	SSH_HOSTS_REVOKED, /* this very key must not be used */
};

/* Whom we ask about.  A HostKeyAlias takes the place of the name, with port 0. */
struct ssh_hosts_name {
	const char *host; /* name or address, in any letter case */
	uint16_t port;    /* 0: without one, as 22 */
	/* Only what stands in these counts (and what ssh_hosts_add_known() told), NULL-terminated;
	 * NULL: whatever was read, for whomever. */
	const char *const *files;
};

/* What a verdict rests on; of a host that is unknown: nothing. */
struct ssh_hosts_finding {
	enum ssh_hosts_verdict verdict;
	const char *path; /* "" if it was told by ssh_hosts_add_known() */
	size_t line;      /* counted from 1; 0: as above */
	struct str blob;  /* the key that stands there; lives with the table */
};

struct ssh_hosts *ssh_hosts_new(void); /* new; free with ssh_hosts_free() */
void ssh_hosts_free(struct ssh_hosts **);

/*
 * Add what the file says.  One that is missing says nothing, and so does /dev/null.  One that was
 * read already is read again if it, or any other, has changed (which is looked for once a second at
 * most): what was found before is not valid then.
 */
int ssh_hosts_read(struct ssh_hosts *, const char *path, struct err *err);

/* The same of a text. `path` is for findings. */
void ssh_hosts_read_text(struct ssh_hosts *, struct str text, const char *path);

size_t ssh_hosts_lines_skipped(const struct ssh_hosts *); /* that were neither empty nor comments */

/* The key of a host that shows it.  A host with a port of its own may also be known without it. */
struct ssh_hosts_finding ssh_hosts_check(
	struct ssh_hosts *, const struct ssh_hosts_name *, struct str blob);

/*
 * Call `fn` for each type of key ("ssh-ed25519") that is known of the host, as often as it is
 * known, so that it can be asked for that one.
 */
typedef void ssh_hosts_type_fn(void *arg, struct str type);
void ssh_hosts_each_type(
	struct ssh_hosts *, const struct ssh_hosts_name *, ssh_hosts_type_fn *fn, void *arg);

/* Call `fn` for each key that is known of just that name, in the order of the files.  It asks
 * nothing of the table. */
typedef void ssh_hosts_key_fn(void *arg, const struct ssh_hosts_finding *);
void ssh_hosts_each_key(
	struct ssh_hosts *, const struct ssh_hosts_name *, ssh_hosts_key_fn *fn, void *arg);

/* An authority ("@cert-authority") vouches for hosts of that name. */
bool ssh_hosts_has_authority(struct ssh_hosts *, const struct ssh_hosts_name *);

/* The line of the first of them; the verdict is KNOWN, or UNKNOWN if there is none. */
struct ssh_hosts_finding ssh_hosts_authority(struct ssh_hosts *, const struct ssh_hosts_name *);

/* From now on the key is known, in this table only. */
void ssh_hosts_add_known(struct ssh_hosts *, const struct ssh_hosts_name *, struct str blob);

/*
 * Append a line to the file, all of it or nothing, with the folder if it is missing (mode 0700):
 * for a decision that a person made.  Waits a second at most for somebody else who appends.  A name
 * that would mean something else in such a file is ERR_INPUT.
 */
int ssh_hosts_append(const char *path, const struct ssh_hosts_name *, struct str blob,
	bool is_hashed, struct err *err);

struct ssh_hosts_key {
	struct ssh_hosts_name name;
	struct str blob;
};

/* The same of many, but those that the file has: all of them or none.  *ret_added may be NULL. */
int ssh_hosts_record(const char *path, const struct ssh_hosts_key *keys, size_t keys_count,
	bool is_hashed, size_t *ret_added, struct err *err);

/* What a file is to say of a host from now on. */
struct ssh_hosts_change {
	struct ssh_hosts_name name;
	const struct str *blobs; /* its keys */
	size_t blobs_count;
	bool appends; /* those that are not there, in the place of others */
	bool is_hashed;
};

/*
 * Take all other keys of the host out of the file, at once and for good: what else stands in a line
 * with them stays, as do lines with markers.  Readers see the old file or the new one; a symbolic
 * link stays one, the file keeps its mode and owner.  A file that is missing, or says nothing else,
 * is left alone.  A line with a pattern is ERR_INPUT: who else it is for is not known.
 */
int ssh_hosts_replace(
	const char *path, const struct ssh_hosts_change *, size_t *ret_removed, struct err *err);

/* "web-01", "[web-01]:2222": in lower case, as files have it. */
void ssh_hosts_add_name(struct strbuf *out, const struct ssh_hosts_name *);

#endif
