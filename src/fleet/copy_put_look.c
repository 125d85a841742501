/*
 * What is in a file's place, and whether it is the same: look -> (same size) sum -> mode.  Only
 * what differs is written; of a rehearsal all ends here, with what would change.
 */
#include <sys/stat.h>

#include "base/alloc.h"
#include "fleet/copy_diff.h"
#include "fleet/copy_put_internal.h"

enum { MODE_BITS = 07777 };

/* --- what would change ---------------------------------------------------------------------- */

static int add_content(void *arg, struct str bytes, struct err *err)
{
	struct copy_put *put = arg;

	(void)err;
	strbuf_addstr(&put->content, bytes);
	return 0;
}

static void on_content(void *arg, const struct err *err)
{
	struct copy_put *put = arg;

	if (!err && put->content.dropped_bytes == 0) {
		put->result.diff =
			copy_diff_file(strbuf_str(&put->content), put->spec.item->path, put->arena);
	}
	copy_put_finish(put, COPY_UPDATED);
}

static void on_old_opened(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;
	const struct sftp_download_spec spec = {
		.expected_size = put->old.size,
		.max_bytes = COPY_DIFF_MAX,
		.data = add_content,
		.done = on_content,
		.arg = put,
	};

	if (answer->status != SFTP_OK) {
		copy_put_finish(put, COPY_UPDATED);
		return;
	}
	put->file = answer->file;
	put->download = sftp_download_start(put->file, &spec);
}

static void rehearse(struct copy_put *put)
{
	if (put->is_there && put->spec.options->wants_diff && put->old.size < COPY_DIFF_MAX &&
		put->spec.item->size < COPY_DIFF_MAX) {
		sftp_open(copy_put_sftp(put), put->path, SFTP_READ, NULL,
			(struct sftp_then){on_old_opened, put});
	} else {
		copy_put_finish(put, put->is_there ? COPY_UPDATED : COPY_CREATED);
	}
}

/* --- looking -------------------------------------------------------------------------------- */

static void go_on(struct copy_put *put)
{
	if (copy_put_is_over(put)) {
		return;
	}
	if (put->is_there && !sftp_client_can(copy_put_sftp(put), SFTP_POSIX_RENAME)) {
		(void)err_set(&put->result.err, ERR_INPUT,
			"the server cannot replace '%s' in one step (posix-rename)",
			copy_put_quoted(put, put->path));
		copy_put_fail(put);
	} else if (put->spec.options->is_dry_run) {
		rehearse(put);
	} else {
		copy_put_write(put);
	}
}

static void on_mode_changed(void *arg, const struct sftp_answer *answer)
{
	if (answer->status != SFTP_OK) {
		copy_put_fail_answer(arg, answer);
	} else {
		copy_put_finish(arg, COPY_MODE);
	}
}

static void compare_mode(struct copy_put *put)
{
	const struct sftp_attributes mode = {.has = SFTP_HAS_MODE, .mode = copy_put_mode(put)};

	if (!(put->old.has & SFTP_HAS_MODE) || (put->old.mode & MODE_BITS) == mode.mode) {
		copy_put_finish(put, COPY_UNCHANGED);
	} else if (put->spec.options->is_dry_run) {
		copy_put_finish(put, COPY_MODE);
	} else if (!copy_put_is_over(put)) {
		sftp_setstat(copy_put_sftp(put), put->path, &mode,
			(struct sftp_then){on_mode_changed, put});
	}
}

static void on_compared(void *arg, const struct copy_sum *sum, const struct err *err)
{
	struct copy_put *put = arg;

	put->digest = NULL; /* gone after this */
	if (!err && copy_sum_eq(sum, &put->spec.item->sum)) {
		compare_mode(put);
	} else {
		go_on(put); /* also where it may be replaced and not be read */
	}
}

static void on_real(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status != SFTP_OK) {
		copy_put_fail_answer(put, answer);
		return;
	}
	put->path = str_dup(answer->names[0].name, put->arena);
	put->was_followed = true;
	copy_put_look(put);
}

static void found_other(struct copy_put *put)
{
	if (S_ISLNK(put->old.mode) && !put->was_followed) {
		sftp_realpath(copy_put_sftp(put), put->path, (struct sftp_then){on_real, put});
		return;
	}
	(void)err_set(&put->result.err, ERR_INPUT, "'%s' is %s there",
		copy_put_quoted(put, put->path),
		S_ISDIR(put->old.mode)   ? "a folder"
		: S_ISLNK(put->old.mode) ? "a link that leads nowhere"
					 : "no file");
	copy_put_fail(put);
}

static void on_looked(void *arg, const struct sftp_answer *answer)
{
	struct copy_put *put = arg;

	if (answer->status == SFTP_NO_SUCH_FILE) {
		go_on(put);
		return;
	}
	if (answer->status != SFTP_OK) {
		copy_put_fail_answer(put, answer);
		return;
	}
	put->old = answer->attributes;
	if ((put->old.has & SFTP_HAS_MODE) && !S_ISREG(put->old.mode)) {
		found_other(put);
		return;
	}
	put->is_there = true;
	if ((put->old.has & SFTP_HAS_SIZE) && put->old.size != put->spec.item->size) {
		go_on(put);
	} else if (!copy_put_is_over(put)) {
		put->digest = copy_digest_start(
			put->spec.session, put->path, UINT64_MAX, on_compared, put);
	}
}

void copy_put_look(struct copy_put *put)
{
	sftp_lstat(copy_put_sftp(put), put->path, (struct sftp_then){on_looked, put});
}
