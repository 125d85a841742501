/*
 * What SFTP is made of on the wire: numbers, strings, attributes (draft-ietf-secsh-filexfer-02).
 *
 * A reader that finds less than it was asked for is broken from then on and gives zeros, so that it
 * is looked at once, after a whole message.
 */
#ifndef NET_SFTP_WIRE_H
#define NET_SFTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

enum {
	SFTP_VERSION = 3,
	SFTP_PACKET_MAX = 256 * 1024, /* of a message, without its length; more is no SFTP */
	SFTP_HANDLE_MAX = 256,
};

/* The first byte of a message. */
enum sftp_type {
	SFTP_TYPE_INIT = 1,
	SFTP_TYPE_VERSION = 2,
	SFTP_TYPE_OPEN = 3,
	SFTP_TYPE_CLOSE = 4,
	SFTP_TYPE_READ = 5,
	SFTP_TYPE_WRITE = 6,
	SFTP_TYPE_LSTAT = 7,
	SFTP_TYPE_FSTAT = 8,
	SFTP_TYPE_SETSTAT = 9,
	SFTP_TYPE_FSETSTAT = 10,
	SFTP_TYPE_OPENDIR = 11,
	SFTP_TYPE_READDIR = 12,
	SFTP_TYPE_REMOVE = 13,
	SFTP_TYPE_MKDIR = 14,
	SFTP_TYPE_RMDIR = 15,
	SFTP_TYPE_REALPATH = 16,
	SFTP_TYPE_STAT = 17,
	SFTP_TYPE_RENAME = 18,
	SFTP_TYPE_READLINK = 19,
	SFTP_TYPE_SYMLINK = 20,
	SFTP_TYPE_STATUS = 101,
	SFTP_TYPE_HANDLE = 102,
	SFTP_TYPE_DATA = 103,
	SFTP_TYPE_NAME = 104,
	SFTP_TYPE_ATTRS = 105,
	SFTP_TYPE_EXTENDED = 200,
	SFTP_TYPE_EXTENDED_REPLY = 201,
};

/* Which attributes there are. */
enum sftp_has {
	SFTP_HAS_SIZE = 1,
	SFTP_HAS_OWNER = 2,
	SFTP_HAS_MODE = 4,
	SFTP_HAS_TIMES = 8,
};

struct sftp_attributes {
	unsigned has; /* enum sftp_has */
	uint64_t size;
	uint32_t uid, gid;
	uint32_t mode;         /* with the type, as st_mode has it */
	uint32_t atime, mtime; /* seconds since 1970 */
};

/* --- reading --- */

struct sftp_reader {
	struct str rest;
	bool is_broken;
};

uint8_t sftp_take_u8(struct sftp_reader *);
uint32_t sftp_take_u32(struct sftp_reader *);
uint64_t sftp_take_u64(struct sftp_reader *);
struct str sftp_take_string(struct sftp_reader *); /* borrowed from what is read */
struct sftp_attributes sftp_take_attributes(struct sftp_reader *);

/* --- writing --- */

void sftp_add_u32(struct strbuf *, uint32_t value);
void sftp_add_u64(struct strbuf *, uint64_t value);
void sftp_add_string(struct strbuf *, struct str);
void sftp_add_attributes(struct strbuf *, const struct sftp_attributes *); /* NULL: none */

#endif
