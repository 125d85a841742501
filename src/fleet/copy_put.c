/*
 * The steps of putting a file in place.  See copy_put.h.
 *
 * look (copy_put_look.c) -> open beside -> write -> sync -> owner, mode -> close -> sum -> backup
 * -> rename.  Each step is a request, each answer the next step; what fails goes to undo().
 */
#include "fleet/copy_put.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "fleet/copy_path.h"
#include "fleet/copy_put_internal.h"

enum {
	PRIVATE = 0600,
	SPACE_MIN = 1024 * 1024,
	STILL_S = 30, /* what has not grown for so long is written by nobody */
};

static void write_from(struct copy_put *put, uint64_t offset);
static void open_beside(struct copy_put *put);
static void undo(struct copy_put *put);

struct sftp_client *copy_put_sftp(const struct copy_put *put)
{
	return put->spec.session->sftp;
}

const char *copy_put_quoted(struct copy_put *put, const char *text)
{
	return arena_strdup(put->arena, utf8_quote(str_of(text)).text);
}

uint32_t copy_put_mode(const struct copy_put *put)
{
	return put->spec.options->has_mode ? put->spec.options->mode : put->spec.item->mode;
}

/* --- ends ----------------------------------------------------------------------------------- */

static void shut(struct copy_put *put)
{
	copy_digest_free(&put->digest);
	sftp_upload_free(&put->upload);
	sftp_download_free(&put->download);
	sftp_client_forget(copy_put_sftp(put), put);
	sftp_file_free(&put->file);
	copy_begun_free(&put->search);
	closep(&put->fd);
	strbuf_release(&put->content);
}

void copy_put_free(struct copy_put **put_ptr)
{
	struct copy_put *put = TAKE(*put_ptr);

	if (put) {
		shut(put);
		arena_free(put->arena);
		free(put);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_put *put)
{
	put->result.path = put->path;
	put->result.bytes = put->written;
	shut(put);
	put->events.done(put->arg, &put->result);
	arena_free(put->arena);
	free(put);
}

void copy_put_finish(struct copy_put *put, enum copy_verdict verdict)
{
	put->result.verdict = verdict;
	finish(put);
}

void copy_put_fail(struct copy_put *put)
{
	put->result.verdict = COPY_FAILED;
	undo(put);
}

void copy_put_fail_answer(struct copy_put *put, const struct sftp_answer *answer)
{
	(void)sftp_answer_err(answer, &put->result.err);
	copy_put_fail(put);
}

bool copy_put_is_over(struct copy_put *put)
{
	if (!put->is_stopping) {
		return false;
	}
	(void)err_set(&put->result.err, ERR_BUSY, "interrupted");
	copy_put_fail(put);
	return true;
}

static void on_removed(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK && answer->status != SFTP_NO_SUCH_FILE) {
		put->result.left = put->temporary;
	}
	finish(put);
}

/* A large part stays, for the next time. */
static bool is_worth_keeping(const struct copy_put *put)
{
	return put->result.err.code == ERR_BUSY && put->may_resume && put->file &&
	       put->at >= (uint64_t)COPY_KEEP_MIN;
}

static void on_kept(void *arg, const struct sftp_answer *answer)
{
	(void)answer; /* the next time will wait a little, then */
	finish(arg);
}

static void undo(struct copy_put *put)
{
	/* So old that nobody takes it for one that is being written. */
	static const struct sftp_attributes old = {.has = SFTP_HAS_TIMES, .atime = 1, .mtime = 1};

	copy_digest_free(&put->digest);
	sftp_upload_free(&put->upload);
	if (!put->temporary) {
		finish(put);
	} else if (is_worth_keeping(put)) {
		put->result.left = put->temporary;
		sftp_fsetstat(put->file, &old, (struct sftp_then){on_kept, put});
	} else {
		sftp_file_free(&put->file);
		sftp_remove(
			copy_put_sftp(put), put->temporary, (struct sftp_then){on_removed, put});
	}
}

/* --- in place ------------------------------------------------------------------------------- */

static void on_moved_back(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		put->result.backup = put->moved_to; /* there it is */
	}
	undo(put);
}

static void on_renamed(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status == SFTP_OK) {
		put->temporary = NULL;
		copy_put_finish(put, put->is_there ? COPY_UPDATED : COPY_CREATED);
		return;
	}
	(void)sftp_answer_err(answer, &put->result.err);
	put->result.verdict = COPY_FAILED;
	if (put->moved_to) {
		put->result.backup = NULL;
		sftp_rename(copy_put_sftp(put), put->moved_to, put->path,
			(struct sftp_then){on_moved_back, put});
	} else {
		undo(put);
	}
}

static void rename_to_place(struct copy_put *put)
{
	put->is_committed = true;
	sftp_rename(
		copy_put_sftp(put), put->temporary, put->path, (struct sftp_then){on_renamed, put});
}

static void on_moved(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		put->result.backup = NULL;
		copy_put_fail_answer(put, answer);
		return;
	}
	put->moved_to = put->result.backup;
	rename_to_place(put);
}

/* Where it cannot have two names it loses one; for a moment there is nothing in its place. */
static void on_linked(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status == SFTP_OK) {
		rename_to_place(put);
	} else {
		sftp_rename(copy_put_sftp(put), put->path, put->result.backup,
			(struct sftp_then){on_moved, put});
	}
}

static void try_backup(struct copy_put *put);

/* A link was refused: because of what has its name, or because there are none. */
static void on_name_looked(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status == SFTP_NO_SUCH_FILE) {
		sftp_rename(copy_put_sftp(put), put->path, put->result.backup,
			(struct sftp_then){on_moved, put});
	} else if (answer->status != SFTP_OK) {
		put->result.backup = NULL;
		copy_put_fail_answer(put, answer);
	} else if (++put->backups < COPY_BACKUPS_MAX) {
		try_backup(put);
	} else {
		(void)err_set(&put->result.err, ERR_INPUT,
			"there are %d backups of '%s' of this second", COPY_BACKUPS_MAX,
			copy_put_quoted(put, put->path));
		put->result.backup = NULL;
		copy_put_fail(put);
	}
}

static void look_at_name(struct copy_put *put)
{
	sftp_lstat(copy_put_sftp(put), put->result.backup, (struct sftp_then){on_name_looked, put});
}

static void on_name_linked(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status == SFTP_OK) {
		rename_to_place(put);
	} else {
		look_at_name(put);
	}
}

/* A backup with a time is never replaced: a link takes no name that is taken. */
static void try_backup(struct copy_put *put)
{
	put->result.backup = NULL;
	if (copy_put_is_over(put)) {
		return;
	}
	put->result.backup = copy_timed_backup(
		put->path, put->spec.options->time_suffix, put->backups, put->arena);
	if (sftp_client_can(copy_put_sftp(put), SFTP_HARDLINK)) {
		sftp_hardlink(copy_put_sftp(put), put->path, put->result.backup,
			(struct sftp_then){on_name_linked, put});
	} else {
		look_at_name(put);
	}
}

static void on_cleared(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	(void)answer; /* as a rule there was none */
	if (sftp_client_can(copy_put_sftp(put), SFTP_HARDLINK)) {
		sftp_hardlink(copy_put_sftp(put), put->path, put->result.backup,
			(struct sftp_then){on_linked, put});
	} else {
		sftp_rename(copy_put_sftp(put), put->path, put->result.backup,
			(struct sftp_then){on_moved, put});
	}
}

static void back_up(struct copy_put *put)
{
	const struct copy_put_options *options = put->spec.options;

	if (copy_put_is_over(put)) {
		return;
	}
	if (!put->is_there || options->backup == COPY_BACKUP_NONE) {
		rename_to_place(put);
		return;
	}
	if (options->backup == COPY_BACKUP_TIME) {
		try_backup(put);
		return;
	}
	put->result.backup = arena_printf(put->arena, "%s~", put->path);
	sftp_remove(copy_put_sftp(put), put->result.backup, (struct sftp_then){on_cleared, put});
}

/* Of what another time left, all has been for nothing. */
static void begin_again(struct copy_put *put)
{
	sftp_remove(copy_put_sftp(put), put->temporary, (struct sftp_then){NULL, NULL});
	put->temporary = NULL;
	put->is_resumed = false;
	put->result.note = NULL;
	put->begun = NULL;
	open_beside(put);
}

static void on_verified(void *arg, const struct copy_sum *sum, const struct err *err)
{
	struct copy_put *put = arg;

	put->digest = NULL; /* gone after this */
	if (err) {
		put->result.err = *err;
		copy_put_fail(put);
	} else if (copy_sum_eq(sum, &put->spec.item->sum)) {
		back_up(put);
	} else if (put->is_resumed && !put->is_stopping) {
		begin_again(put); /* what was there was no beginning of it */
	} else {
		(void)err_set(&put->result.err, ERR_SYSTEM,
			"the checksum of what has arrived is wrong: '%s' was changed meanwhile, "
			"or its copy",
			copy_put_quoted(put, put->spec.item->path));
		copy_put_fail(put);
	}
}

/* --- written -------------------------------------------------------------------------------- */

static void on_closed(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		copy_put_fail_answer(put, answer);
	} else if (!copy_put_is_over(put)) {
		put->digest = copy_digest_start(
			put->spec.session, put->temporary, UINT64_MAX, on_verified, put);
	}
}

static void on_mode_set(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		copy_put_fail_answer(put, answer);
	} else {
		sftp_close(&put->file, (struct sftp_then){on_closed, put});
	}
}

static void set_mode(struct copy_put *put)
{
	const struct sftp_attributes mode = {.has = SFTP_HAS_MODE, .mode = copy_put_mode(put)};

	sftp_fsetstat(put->file, &mode, (struct sftp_then){on_mode_set, put});
}

static void on_owner_set(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		put->result.note = arena_printf(put->arena,
			"its owner was %" PRIu32 ":%" PRIu32 ", and is you now", put->old.uid,
			put->old.gid);
	}
	set_mode(put);
}

/* It stays with whom it belongs to, if that is possible. */
static void on_owner_known(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;
	const struct sftp_attributes owner = {
		.has = SFTP_HAS_OWNER, .uid = put->old.uid, .gid = put->old.gid};

	if (answer->status == SFTP_OK && (answer->attributes.has & SFTP_HAS_OWNER) &&
		(answer->attributes.uid != owner.uid || answer->attributes.gid != owner.gid)) {
		sftp_fsetstat(put->file, &owner, (struct sftp_then){on_owner_set, put});
	} else {
		set_mode(put);
	}
}

static void set_owner(struct copy_put *put)
{
	if (copy_put_is_over(put)) {
		return;
	}
	if (put->is_there && (put->old.has & SFTP_HAS_OWNER)) {
		sftp_fstat(put->file, (struct sftp_then){on_owner_known, put});
	} else {
		set_mode(put);
	}
}

static void on_synced(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK && answer->status != SFTP_UNSUPPORTED) {
		copy_put_fail_answer(put, answer);
	} else {
		set_owner(put);
	}
}

/* A server tells a full disk by "Failure". */
static void on_space(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status == SFTP_OK && answer->space.available_bytes < SPACE_MIN) {
		(void)err_set(&put->result.err, ERR_LIMIT,
			"no space is left for '%s' (%" PRIu64 " bytes)",
			copy_put_quoted(put, put->path), put->spec.item->size);
	}
	copy_put_fail(put);
}

static void on_uploaded(void *arg, const struct sftp_answer *failed, const struct err *err)
{
	struct copy_put *put = arg;

	if (err) {
		put->result.err = *err;
	}
	sftp_upload_free(&put->upload);
	if (failed && failed->status == SFTP_FAILURE && !put->is_stopping &&
		sftp_client_can(copy_put_sftp(put), SFTP_STATVFS)) {
		sftp_statvfs(copy_put_sftp(put), copy_parent(str_of(put->path), put->arena),
			(struct sftp_then){on_space, put});
	} else if (err) {
		copy_put_fail(put);
	} else if (sftp_client_can(copy_put_sftp(put), SFTP_FSYNC)) {
		sftp_fsync(put->file, (struct sftp_then){on_synced, put});
	} else {
		set_owner(put);
	}
}

/* --- writing -------------------------------------------------------------------------------- */

static int read_here(void *arg, char *buf, size_t room, size_t *ret_len, struct err *err)
{
	struct copy_put *put = arg;
	uint64_t left = put->spec.item->size - put->at;
	ssize_t n;

	if (left == 0) {
		*ret_len = 0;
		return 0;
	}
	do {
		n = pread(put->fd, buf, left < room ? (size_t)left : room, (off_t)put->at);
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		return err_set_errno(
			err, errno, "cannot read '%s'", copy_put_quoted(put, put->spec.item->path));
	}
	if (n == 0) {
		return err_set(err, ERR_INPUT, "'%s' became shorter while it was copied",
			copy_put_quoted(put, put->spec.item->path));
	}
	put->at += (uint64_t)n;
	*ret_len = (size_t)n;
	return 0;
}

static void on_written(void *arg, size_t bytes)
{
	struct copy_put *put = arg;

	put->written += bytes;
	put->events.moved(put->arg, bytes);
}

static void write_from(struct copy_put *put, uint64_t offset)
{
	const struct sftp_upload_spec spec = {
		.offset = offset,
		.read = read_here,
		.written = on_written,
		.done = on_uploaded,
		.arg = put,
	};

	if (copy_put_is_over(put)) {
		return;
	}
	if (put->fd < 0) {
		put->fd = open(put->spec.item->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (put->fd < 0) {
		(void)err_set_errno(&put->result.err, errno, "cannot read '%s'",
			copy_put_quoted(put, put->spec.item->path));
		copy_put_fail(put);
		return;
	}
	put->at = offset;
	put->upload = sftp_upload_start(put->file, &spec);
}

/* --- beside its place ----------------------------------------------------------------------- */

static void fail_open(struct copy_put *put, const struct sftp_answer *answer)
{
	(void)sftp_answer_err(answer, &put->result.err);
	(void)err_set(&put->result.err, put->result.err.code,
		"cannot create a file beside '%s': %s", copy_put_quoted(put, put->path),
		answer->words);
	put->temporary = NULL;
	copy_put_fail(put);
}

static void on_resumed(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		fail_open(put, answer);
		return;
	}
	put->file = answer->file;
	put->is_resumed = true;
	put->events.moved(put->arg, put->begun_as.size);
	put->result.note = arena_printf(
		put->arena, "gone on with after %" PRIu64 " bytes", put->begun_as.size);
	write_from(put, put->begun_as.size);
}

/* It has our name now, so that nobody else goes on with it. */
static void on_claimed(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		write_from(put, 0);
		return;
	}
	sftp_file_free(&put->file);
	sftp_open(copy_put_sftp(put), put->temporary, SFTP_WRITE, NULL,
		(struct sftp_then){on_resumed, put});
}

/* What is new there tells what time it is there. */
static void on_clock(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (copy_put_is_over(put)) {
		return;
	}
	if (answer->status == SFTP_OK &&
		put->begun_as.mtime + (uint64_t)STILL_S < answer->attributes.mtime) {
		sftp_rename(copy_put_sftp(put), put->begun, put->temporary,
			(struct sftp_then){on_claimed, put});
	} else {
		write_from(put, 0); /* somebody is writing it */
	}
}

static void on_opened(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		fail_open(put, answer);
		return;
	}
	put->file = answer->file;
	if (put->begun) {
		sftp_fstat(put->file, (struct sftp_then){on_clock, put});
	} else {
		write_from(put, 0);
	}
}

static void open_beside(struct copy_put *put)
{
	const struct sftp_attributes private = {.has = SFTP_HAS_MODE, .mode = PRIVATE};

	put->temporary =
		copy_temporary(put->path, &put->spec.item->sum, copy_salt(put->arena), put->arena);
	sftp_open(copy_put_sftp(put), put->temporary, SFTP_WRITE | SFTP_CREATE | SFTP_EXCLUSIVE,
		&private, (struct sftp_then){on_opened, put});
}

/* --- what another time left ----------------------------------------------------------------- */

static void on_begun(void *arg, const char *path, const struct sftp_attributes *attributes)
{
	struct copy_put *put = arg;

	put->search = NULL; /* gone after this */
	if (path) {
		put->begun = arena_strdup(put->arena, path);
		put->begun_as = *attributes;
	}
	if (!copy_put_is_over(put)) {
		open_beside(put);
	}
}

/* Where anyone may write, nothing that is there is trusted. */
void copy_put_write(struct copy_put *put)
{
	put->may_resume = !put->spec.is_shared && !put->was_followed &&
			  put->spec.item->size >= (uint64_t)COPY_KEEP_MIN;
	if (put->may_resume) {
		put->search = copy_begun_start(
			copy_put_sftp(put), put->path, put->spec.item, on_begun, put);
	} else {
		open_beside(put);
	}
}

/* --- for users ------------------------------------------------------------------------------ */

struct copy_put *copy_put_start(
	const struct copy_put_spec *spec, const struct copy_put_events *events, void *arg)
{
	struct copy_put *put = xcalloc(1, sizeof(*put));

	assert(spec->item->type == COPY_FILE);
	*put = (struct copy_put){
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.arena = arena_new(),
		.fd = -1,
	};
	put->path = arena_strdup(put->arena, spec->path);
	strbuf_init(&put->content, COPY_DIFF_MAX);
	copy_put_look(put);
	return put;
}

static void on_stopped(void *arg, const struct sftp_answer *answer)
{
	(void)answer; /* it was asked for so that nobody is told too early */
	(void)copy_put_is_over(arg);
}

void copy_put_stop(struct copy_put *put)
{
	if (put->is_stopping || put->is_committed) {
		return;
	}
	put->is_stopping = true;
	if (put->upload || put->digest) { /* these may take long */
		copy_digest_free(&put->digest);
		sftp_upload_free(&put->upload);
		sftp_stat(copy_put_sftp(put), put->path, (struct sftp_then){on_stopped, put});
	}
}

const char *copy_put_left(const struct copy_put *put)
{
	return put->temporary;
}
