/*
 * A host to copy to and from, without a network: OpenSSH's SFTP server and a shell that makes sums,
 * both over socket pairs, in an empty folder of their own.
 */
#ifndef TESTS_UNIT_FLEET_COPY_FIXTURE_H
#define TESTS_UNIT_FLEET_COPY_FIXTURE_H

#include <sys/types.h>

#include "fleet/copy_session.h"
#include "fleet/copy_tree.h"
#include "net/sftp_fixture.h"

struct copy_fixture {
	struct sftp_fixture sftp;
	struct copy_session session;
	struct arena *arena;
	pid_t shell; /* 0: none */
	int shell_fd;
	struct strbuf to_shell;
};

/* Both are there, or only SFTP; false: SFTP is not installed.  The current folder is empty. */
bool copy_fixture_start(struct copy_fixture *, bool has_sums);
void copy_fixture_stop(struct copy_fixture *);

/* Carry bytes until `*flag` is not 0, for twenty seconds at most. */
void copy_fixture_until(struct copy_fixture *, const int *flag);

/* A file; its content, which must be at most a megabyte, in the arena. */
void copy_fixture_make(const char *path, const char *content, mode_t mode);
const char *copy_fixture_content(struct copy_fixture *, const char *path);
/* Names in a folder, sorted, a space after each. */
const char *copy_fixture_list(struct copy_fixture *, const char *path);
/* As an item of a tree. */
struct copy_item copy_fixture_item(struct copy_fixture *, const char *path);

#endif
