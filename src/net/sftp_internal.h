/*
 * What the files of the SFTP client share.
 */
#ifndef NET_SFTP_INTERNAL_H
#define NET_SFTP_INTERNAL_H

#include "net/sftp_client.h"

/* What a request may be answered with, besides a status that is not SFTP_OK. */
enum sftp_expected {
	SFTP_EXPECT_STATUS, /* SFTP_OK too */
	SFTP_EXPECT_HANDLE,
	SFTP_EXPECT_DATA,
	SFTP_EXPECT_NAMES,
	SFTP_EXPECT_NAME, /* exactly one */
	SFTP_EXPECT_ATTRIBUTES,
	SFTP_EXPECT_SPACE,
};

/* A request under way. */
struct sftp_request {
	bool is_used;
	uint32_t
		turn; /* of this slot: answers to what it was before are not mistaken for its own */
	enum sftp_expected expected;
	const char *verb;       /* "open": for texts */
	char *path;             /* owned; NULL: the file's */
	struct sftp_file *file; /* NULL: none, or it is gone */
	size_t len;             /* of a read */
	struct sftp_then then;
};

struct sftp_file {
	struct sftp_client *client; /* NULL: gone */
	struct sftp_file *next, **prev_next;
	char *path;
	char *handle; /* any bytes */
	size_t handle_len;
};

struct sftp_client {
	struct sftp_client_events events;
	void *arg;
	bool is_ready, is_broken, is_receiving, is_freed;
	bool can[SFTP_EXTENSION_MAX];
	struct strbuf in;  /* what came and is no whole message yet */
	struct strbuf out; /* the message that is being made */
	struct sftp_request *requests;
	size_t requests_count, requests_alloc;
	size_t pending;
	struct sftp_file *files;
};

/* Begin a message of a request in client->out, add to it, send it. */
struct sftp_request *sftp_request_begin(
	struct sftp_client *, enum sftp_type, enum sftp_expected, struct sftp_then);
void sftp_request_send(struct sftp_client *);

/* The request that is meant by `id`, taken out of those under way; its path is yours.  False if
 * there is none. */
bool sftp_request_take(struct sftp_client *, uint32_t id, struct sftp_request *ret_request);

struct sftp_file *sftp_file_new(struct sftp_client *, const char *path, struct str handle);

#endif
