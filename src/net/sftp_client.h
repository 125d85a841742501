/*
 * The client's side of SFTP version 3, over any stream of bytes: what the server says goes in, what
 * is to be said comes out, and any number of requests may be under way.
 *
 * It does no input and output of its own and knows no time.  Nothing that a server says is taken on
 * trust: lengths, numbers of requests, kinds of answers.  A server that breaks the protocol is not
 * listened to any more (`broken`).
 *
 * Of OpenSSH's extensions it knows posix-rename, fsync, hardlink and statvfs; each is there if the
 * server announced it.  Paths that do not begin with "/" count from where the login begins.
 *
 * Answers come from inside sftp_client_receive(), in any order.  In each of them everything may be
 * freed.
 */
#ifndef NET_SFTP_CLIENT_H
#define NET_SFTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/sftp_wire.h"

struct sftp_client;
struct sftp_file; /* a file or folder that the server holds open */

enum {
	SFTP_CHUNK_MAX = 32 * 1024, /* bytes of one read or write that every server takes */
	SFTP_REQUESTS_MAX = 4096,   /* that may be under way; more is our bug */
};

struct sftp_client_events {
	void (*send)(void *arg, struct str bytes); /* take a copy; also from inside requests */
	void (*ready)(void *arg);                  /* the server has introduced itself */
	/* Once, instead of all further answers: what the server said is no SFTP.  `text` is for
	 * people and valid inside. */
	void (*broken)(void *arg, const char *text);
};

/* New, and says hello at once; free with sftp_client_free().  Requests that are under way are not
 * answered then, files are closed by the end of the stream. */
struct sftp_client *sftp_client_new(const struct sftp_client_events *, void *arg);
void sftp_client_free(struct sftp_client **);

/* What came from the server. */
void sftp_client_receive(struct sftp_client *, struct str bytes);

/* What the server announced; false before it is ready. */
enum sftp_extension {
	SFTP_POSIX_RENAME, /* rename replaces what is there */
	SFTP_FSYNC,
	SFTP_HARDLINK,
	SFTP_STATVFS,
	SFTP_EXTENSION_MAX,
};
bool sftp_client_can(const struct sftp_client *, enum sftp_extension);

/* How many requests wait for an answer. */
size_t sftp_client_pending(const struct sftp_client *);

/* Answers that are on their way to `arg` are not told any more; what they would open is closed. */
void sftp_client_forget(struct sftp_client *, const void *arg);

/* --- answers -------------------------------------------------------------------------------- */

enum sftp_status {
	SFTP_OK = 0,
	SFTP_EOF = 1, /* no more bytes, no more names */
	SFTP_NO_SUCH_FILE = 2,
	SFTP_PERMISSION_DENIED = 3,
	SFTP_FAILURE = 4, /* anything else: it exists, it is no folder, the disk is full ... */
	SFTP_BAD_MESSAGE = 5,
	SFTP_NO_CONNECTION = 6,
	SFTP_CONNECTION_LOST = 7,
	SFTP_UNSUPPORTED = 8,
	/* What a server says beyond these counts as SFTP_FAILURE. */
};

struct sftp_name {
	struct str name; /* any bytes; without a folder, in an honest server's list */
	struct sftp_attributes attributes;
};

struct sftp_space {
	uint64_t total_bytes, available_bytes; /* to this user */
	uint64_t available_files;
	bool is_read_only;
};

/* Everything is valid inside. */
struct sftp_answer {
	enum sftp_status status;
	const char *text;  /* "cannot open '/etc/x': Permission denied", with the server's words; of
			    * SFTP_OK and SFTP_EOF "" */
	const char *words; /* of that, the server's: "Permission denied" */
	struct sftp_file *file;            /* of open; yours, sftp_close() or sftp_file_free() */
	struct str data;                   /* of read: 1 byte to as many as were asked for */
	struct sftp_attributes attributes; /* of stat */
	const struct sftp_name *names; /* of readdir, at least one; of realpath, readlink: one */
	size_t names_count;
	struct sftp_space space; /* of statvfs */
};

typedef void sftp_answer_fn(void *arg, const struct sftp_answer *);

/* Who is told; a NULL `fn`: nobody. */
struct sftp_then {
	sftp_answer_fn *fn;
	void *arg;
};

/* Make an answer that is neither SFTP_OK nor SFTP_EOF an error; returns -1. */
int sftp_answer_err(const struct sftp_answer *, struct err *);

/* --- requests: when ready ------------------------------------------------------------------- */

enum sftp_open_flags {
	SFTP_READ = 1,
	SFTP_WRITE = 2,
	SFTP_CREATE = 8,
	SFTP_TRUNCATE = 16,
	SFTP_EXCLUSIVE = 32, /* with SFTP_CREATE: it must not be there, not even as a link */
};

/* `attributes` (NULL: none) of a file that is created. */
void sftp_open(struct sftp_client *, const char *path, unsigned flags,
	const struct sftp_attributes *attributes, struct sftp_then);
void sftp_opendir(struct sftp_client *, const char *path, struct sftp_then);

const char *sftp_file_path(const struct sftp_file *);

/* At most SFTP_CHUNK_MAX bytes; an answer may have fewer. */
void sftp_read(struct sftp_file *, uint64_t offset, size_t len, struct sftp_then);
void sftp_write(struct sftp_file *, uint64_t offset, struct str data, struct sftp_then);
void sftp_readdir(struct sftp_file *, struct sftp_then);
void sftp_fstat(struct sftp_file *, struct sftp_then);
void sftp_fsetstat(struct sftp_file *, const struct sftp_attributes *, struct sftp_then);
void sftp_fsync(struct sftp_file *, struct sftp_then); /* SFTP_FSYNC */

/* Answers to requests on it that are under way are not told; those of the close are. */
void sftp_close(struct sftp_file **, struct sftp_then);
/* The same, and nobody is told.  NULL is fine, also after the client has gone. */
void sftp_file_free(struct sftp_file **);

void sftp_stat(struct sftp_client *, const char *path, struct sftp_then);
void sftp_lstat(struct sftp_client *, const char *path, struct sftp_then);
void sftp_setstat(
	struct sftp_client *, const char *path, const struct sftp_attributes *, struct sftp_then);
void sftp_mkdir(
	struct sftp_client *, const char *path, const struct sftp_attributes *, struct sftp_then);
void sftp_rmdir(struct sftp_client *, const char *path, struct sftp_then);
void sftp_remove(struct sftp_client *, const char *path, struct sftp_then);
/* With SFTP_POSIX_RENAME what is at `to` is replaced; else it must not be there. */
void sftp_rename(struct sftp_client *, const char *from, const char *to, struct sftp_then);
void sftp_realpath(struct sftp_client *, const char *path, struct sftp_then);
void sftp_readlink(struct sftp_client *, const char *path, struct sftp_then);
/* `path` becomes a link to `target`. */
void sftp_symlink(struct sftp_client *, const char *target, const char *path, struct sftp_then);
void sftp_hardlink(struct sftp_client *, const char *from, const char *to, struct sftp_then);
void sftp_statvfs(struct sftp_client *, const char *path, struct sftp_then);

#endif
