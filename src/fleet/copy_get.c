/*
 * The steps of fetching a file.  See copy_get.h.
 *
 * (same size) sum there, sum here -> (a part is here) sum there of as many bytes -> read -> write
 * beside -> sum there of as many bytes -> rename.
 */
#include "fleet/copy_get.h"

#include <sys/stat.h>

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "fleet/copy_diff.h"
#include "fleet/copy_put.h"
#include "net/sftp_download.h"

struct copy_get {
	struct copy_get_spec spec;
	struct copy_get_events events;
	void *arg;
	struct arena *arena;
	struct copy_result result;
	bool is_taken; /* here: its place, by a file or a link */
	bool is_there; /* here, a file */
	bool may_keep; /* a part of it */
	struct stat old;
	struct copy_digest *digest;
	struct sftp_file *file;
	struct sftp_download *download;
	struct copy_here_file *beside; /* NULL: to memory */
	struct strbuf content;         /* of a rehearsal */
	struct copy_summer *summer;
	struct copy_sum sum;
	uint64_t bytes;
	uint64_t begun; /* of these, what another time left */
};

static void shut(struct copy_get *get)
{
	copy_digest_free(&get->digest);
	sftp_download_free(&get->download);
	sftp_client_forget(get->spec.session->sftp, get);
	sftp_file_free(&get->file);
	copy_here_file_free(&get->beside);
	copy_summer_free(&get->summer);
	strbuf_release(&get->content);
}

/* Sums made there tell whether a part is worth anything: else it is not taken up, nor kept. */
static bool may_go_on(const struct copy_get *get)
{
	const struct copy_session *session = get->spec.session;

	return get->spec.size >= (uint64_t)COPY_KEEP_MIN && session->hasher &&
	       copy_hasher_can(session->hasher, get->spec.path);
}

static bool is_worth_keeping(const struct copy_get *get)
{
	return get->beside && get->may_keep && get->bytes >= (uint64_t)COPY_KEEP_MIN;
}

char *copy_get_left(const struct copy_get *get, bool is_leaving)
{
	bool stays = is_leaving ? get->beside != NULL : is_worth_keeping(get);

	return stays ? copy_here_file_path(get->beside) : NULL;
}

void copy_get_free(struct copy_get **get_ptr)
{
	struct copy_get *get = TAKE(*get_ptr);

	if (get) {
		if (is_worth_keeping(get)) {
			copy_here_file_keep(&get->beside);
		}
		shut(get);
		arena_free(get->arena);
		free(get);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_get *get, enum copy_verdict verdict)
{
	_cleanup_(freep) char *path = copy_here_path(get->spec.here, get->spec.name);

	get->result.verdict = verdict;
	get->result.path = path;
	get->result.bytes = get->bytes - get->begun;
	shut(get);
	get->events.done(get->arg, &get->result);
	arena_free(get->arena);
	free(get);
}

static void fail(struct copy_get *get, const struct err *err)
{
	get->result.err = *err;
	finish(get, COPY_FAILED);
}

/* --- what is here --------------------------------------------------------------------------- */

/* The sum of the file here; false if it cannot be read. */
static bool sum_here(struct copy_get *get, struct copy_sum *ret_sum)
{
	_cleanup_close_ int fd = -1;
	uint64_t bytes;

	return copy_here_read(get->spec.here, get->spec.name, &fd, NULL) == 0 &&
	       copy_sum_file(get->spec.name, fd, UINT64_MAX, ret_sum, &bytes, NULL) == 0;
}

static void finish_same(struct copy_get *get)
{
	bool is_mode = (get->old.st_mode & 0777) != get->spec.mode;
	_cleanup_close_ int fd = -1;
	struct err err;

	if (!is_mode) {
		finish(get, COPY_UNCHANGED);
		return;
	}
	if (!get->spec.is_dry_run &&
		(copy_here_read(get->spec.here, get->spec.name, &fd, &err) < 0 ||
			(fchmod(fd, get->spec.mode) < 0 &&
				err_set(&err, ERR_PERMISSION, "cannot change the mode of '%s'",
					utf8_quote(str_of(get->spec.name)).text) < 0))) {
		fail(get, &err);
		return;
	}
	finish(get, COPY_MODE);
}

/* --- in place ------------------------------------------------------------------------------- */

static const char *diff_of(struct copy_get *get)
{
	_cleanup_(strbuf_release) struct strbuf old = STRBUF_INIT_MAX(COPY_DIFF_MAX);
	_cleanup_close_ int fd = -1;
	ssize_t n;

	if (copy_here_read(get->spec.here, get->spec.name, &fd, NULL) < 0) {
		return NULL;
	}
	(void)strbuf_reserve(&old, COPY_DIFF_MAX);
	n = pread(fd, old.buf, COPY_DIFF_MAX, 0);
	if (n < 0 || (size_t)n == COPY_DIFF_MAX || get->content.dropped_bytes > 0) {
		return NULL;
	}
	strbuf_commit(&old, (size_t)n);
	return copy_diff(strbuf_str(&old), strbuf_str(&get->content), get->arena);
}

static enum copy_verdict written(const struct copy_get *get)
{
	return get->is_taken ? COPY_UPDATED : COPY_CREATED;
}

static void put_in_place(struct copy_get *get)
{
	struct copy_sum here;
	struct err err;

	if (get->is_there && (uint64_t)get->old.st_size == get->bytes && sum_here(get, &here) &&
		copy_sum_eq(&here, &get->sum)) {
		finish_same(get);
		return;
	}
	if (!get->beside) {
		if (get->is_there) {
			get->result.diff = diff_of(get);
		}
		finish(get, written(get));
	} else if (copy_here_file_commit(&get->beside, get->spec.mode, &err) < 0) {
		fail(get, &err);
	} else {
		finish(get, written(get));
	}
}

static void on_verified(void *arg, const struct copy_sum *sum, const struct err *err)
{
	struct copy_get *get = arg;
	struct err changed;

	get->digest = NULL; /* gone after this */
	if (err) {
		changed = *err;
		fail(get, &changed);
	} else if (!copy_sum_eq(sum, &get->sum)) {
		(void)err_set(&changed, ERR_SYSTEM, "'%s' was changed while it was copied",
			utf8_quote(str_of(get->spec.path)).text);
		fail(get, &changed);
	} else {
		put_in_place(get);
	}
}

/* --- reading -------------------------------------------------------------------------------- */

static int add_data(void *arg, struct str bytes, struct err *err)
{
	struct copy_get *get = arg;

	get->bytes += bytes.len;
	copy_summer_add(get->summer, bytes);
	if (!get->beside) {
		strbuf_addstr(&get->content, bytes);
	} else if (copy_here_file_add(get->beside, bytes, err) < 0) {
		return -1;
	}
	get->events.moved(get->arg, bytes.len);
	return 0;
}

static void on_read(void *arg, const struct err *err)
{
	struct copy_get *get = arg;
	struct copy_session *session = get->spec.session;
	struct err failed;

	if (err) {
		failed = *err;
		fail(get, &failed);
		return;
	}
	get->sum = copy_summer_end(get->summer);
	/* What is read back a second time would say no more than the first. */
	if (session->hasher && copy_hasher_can(session->hasher, get->spec.path) && get->bytes > 0) {
		get->digest =
			copy_digest_start(session, get->spec.path, get->bytes, on_verified, get);
	} else {
		put_in_place(get);
	}
}

static void on_opened(void *arg, const struct sftp_answer *answer)
{
	struct copy_get *get = arg;
	const struct sftp_download_spec spec = {
		.offset = get->begun,
		.expected_size = get->spec.size,
		.data = add_data,
		.done = on_read,
		.arg = get,
	};
	struct err err;

	if (answer->status != SFTP_OK) {
		(void)sftp_answer_err(answer, &err);
		fail(get, &err);
		return;
	}
	get->file = answer->file;
	if (!get->spec.is_dry_run && !get->beside &&
		copy_here_file_new(get->spec.here, get->spec.name, &get->beside, &err) < 0) {
		fail(get, &err);
		return;
	}
	if (!get->summer) {
		get->summer = copy_summer_new();
	}
	get->download = sftp_download_start(get->file, &spec);
}

static void open_there(struct copy_get *get)
{
	sftp_open(get->spec.session->sftp, get->spec.path, SFTP_READ, NULL,
		(struct sftp_then){on_opened, get});
}

static void on_begun(void *arg, const struct copy_sum *sum, const struct err *err)
{
	struct copy_get *get = arg;

	get->digest = NULL; /* gone after this */
	if (!err && copy_sum_eq(sum, &get->sum)) {
		get->begun = get->bytes;
		get->result.note = arena_printf(
			get->arena, "gone on with after %" PRIu64 " bytes", get->begun);
		get->events.moved(get->arg, get->begun);
	} else { /* it was changed meanwhile */
		copy_here_file_free(&get->beside);
		copy_summer_free(&get->summer);
		get->bytes = 0;
	}
	open_there(get);
}

/* What another time left of it, if it is still a beginning. */
static bool look_at_part(struct copy_get *get)
{
	if (!copy_here_file_go_on(
		    get->spec.here, get->spec.name, get->spec.size, &get->beside, &get->bytes)) {
		return false;
	}
	get->summer = copy_summer_new();
	if (copy_here_file_sum(get->beside, get->summer, NULL) < 0) {
		copy_here_file_free(&get->beside);
		copy_summer_free(&get->summer);
		get->bytes = 0;
		return false;
	}
	get->sum = copy_summer_now(get->summer);
	get->digest =
		copy_digest_start(get->spec.session, get->spec.path, get->bytes, on_begun, get);
	return true;
}

/* A rehearsal reads only what it shows. */
static void read_it(struct copy_get *get)
{
	if (get->spec.is_dry_run && (!get->is_there || get->spec.size >= (uint64_t)COPY_DIFF_MAX)) {
		finish(get, written(get));
		return;
	}
	get->may_keep = !get->spec.is_dry_run && may_go_on(get);
	if (!get->may_keep || !look_at_part(get)) {
		open_there(get);
	}
}

static void on_compared(void *arg, const struct copy_sum *sum, const struct err *err)
{
	struct copy_get *get = arg;
	struct copy_sum here;

	get->digest = NULL; /* gone after this */
	if (!err && sum_here(get, &here) && copy_sum_eq(sum, &here)) {
		finish_same(get);
	} else {
		read_it(get);
	}
}

static void on_looked(void *arg, const struct sftp_answer *answer)
{
	struct copy_get *get = arg;
	struct copy_session *session = get->spec.session;
	struct err err;

	if (answer->status != SFTP_OK) {
		(void)sftp_answer_err(answer, &err);
		fail(get, &err);
		return;
	}
	if (copy_here_look_place(get->spec.here, get->spec.name, get->spec.is_named, &get->old,
		    &get->is_taken, &err) < 0) {
		fail(get, &err);
		return;
	}
	get->is_there = get->is_taken && S_ISREG(get->old.st_mode);
	if (get->is_there && (uint64_t)get->old.st_size == get->spec.size && session->hasher &&
		copy_hasher_can(session->hasher, get->spec.path)) {
		get->digest =
			copy_digest_start(session, get->spec.path, UINT64_MAX, on_compared, get);
	} else {
		read_it(get);
	}
}

struct copy_get *copy_get_start(
	const struct copy_get_spec *spec, const struct copy_get_events *events, void *arg)
{
	struct copy_get *get = xcalloc(1, sizeof(*get));

	*get = (struct copy_get){
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.arena = arena_new(),
	};
	strbuf_init(&get->content, COPY_DIFF_MAX);
	sftp_stat(spec->session->sftp, spec->path, (struct sftp_then){on_looked, get});
	return get;
}
