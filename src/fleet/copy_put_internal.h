/*
 * What copy_put.c (writing) and copy_put_look.c (looking before that) share.
 */
#ifndef FLEET_COPY_PUT_INTERNAL_H
#define FLEET_COPY_PUT_INTERNAL_H

#include "base/arena.h"
#include "fleet/copy_begun.h"
#include "fleet/copy_put.h"
#include "net/sftp_download.h"
#include "net/sftp_upload.h"

struct copy_put {
	struct copy_put_spec spec;
	struct copy_put_events events;
	void *arg;
	struct arena *arena;
	struct copy_result result;
	const char *path; /* where it is really */
	bool was_followed;
	bool is_there; /* something is in its place */
	struct sftp_attributes old;
	struct copy_digest *digest;
	const char *temporary; /* NULL: there is none */
	const char *begun;     /* what another time left of it; NULL: nothing */
	struct sftp_attributes begun_as;
	struct copy_begun *search; /* for it */
	bool is_resumed, may_resume;
	int fd;      /* here */
	uint64_t at; /* in it */
	uint64_t written;
	struct sftp_file *file;
	struct sftp_upload *upload;
	struct sftp_download *download;
	struct strbuf content; /* the former one's, for a difference */
	int backups;           /* with a time, that are there already */
	const char *moved_to;  /* the former one, while nothing is in its place */
	bool is_stopping, is_committed;
};

struct sftp_client *copy_put_sftp(const struct copy_put *);
const char *copy_put_quoted(struct copy_put *, const char *text); /* in its arena */
uint32_t copy_put_mode(const struct copy_put *);                  /* that it is to have */

/* Each of them may free it. */
void copy_put_finish(struct copy_put *, enum copy_verdict);
void copy_put_fail(struct copy_put *); /* with result.err set */
void copy_put_fail_answer(struct copy_put *, const struct sftp_answer *);
bool copy_put_is_over(struct copy_put *); /* it is to come to an end, which has begun then */

/* Look at what is in its place; comes to an end, or goes on with copy_put_write(). */
void copy_put_look(struct copy_put *);
void copy_put_write(struct copy_put *);

#endif
