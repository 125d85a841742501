/*
 * Look at the folder, list it, remove one after the other.  See copy_stage_sweep.h.
 */
#include "fleet/copy_stage_sweep.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/vec.h"
#include "fleet/copy_path.h"
#include "fleet/copy_unstage.h"

enum {
	NAMES_MAX = 20000, /* in a larger folder what comes later stays */
	FOLDERS_MAX = 100,
	OTHERS_WRITE = 0002,
	MODE_BITS = 07777,
	PRIVATE = 0700,
};

struct copy_stage_sweep {
	struct sftp_client *sftp;
	struct sftp_attributes now;
	copy_stage_sweep_fn *fn;
	void *arg;
	struct arena *arena;
	struct sftp_file *file; /* the folder */
	size_t names;
	const char **folders;
	size_t folders_count, folders_alloc, next;
	struct copy_unstage *unstage;
	bool is_stopping;
};

static void shut(struct copy_stage_sweep *sweep)
{
	copy_unstage_free(&sweep->unstage);
	sftp_client_forget(sweep->sftp, sweep);
	sftp_file_free(&sweep->file);
	arena_free(sweep->arena);
	free(sweep);
}

void copy_stage_sweep_free(struct copy_stage_sweep **sweep_ptr)
{
	struct copy_stage_sweep *sweep = TAKE(*sweep_ptr);

	if (sweep) {
		shut(sweep);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_stage_sweep *sweep)
{
	copy_stage_sweep_fn *fn = sweep->fn;
	void *arg = sweep->arg;

	shut(sweep);
	fn(arg);
}

static void remove_next(struct copy_stage_sweep *sweep);

static void on_unstaged(void *arg, bool is_gone)
{
	struct copy_stage_sweep *sweep = arg;

	(void)is_gone; /* else the next time */
	sweep->unstage = NULL;
	remove_next(sweep);
}

static void remove_next(struct copy_stage_sweep *sweep)
{
	if (sweep->is_stopping || sweep->next >= sweep->folders_count) {
		finish(sweep);
		return;
	}
	sweep->unstage = copy_unstage_start(
		sweep->sftp, sweep->folders[sweep->next++], &sweep->now, on_unstaged, sweep);
}

static void end_list(struct copy_stage_sweep *sweep)
{
	sftp_file_free(&sweep->file);
	remove_next(sweep);
}

static bool may_be_stage(const struct copy_stage_sweep *sweep, const struct sftp_name *name)
{
	const struct sftp_attributes *found = &name->attributes;

	return copy_is_stage(name->name) && (found->has & SFTP_HAS_MODE) && S_ISDIR(found->mode) &&
	       (found->mode & MODE_BITS) == PRIVATE && copy_unstage_is_old(found, 0, &sweep->now);
}

static void on_names(void *arg, const struct sftp_answer *answer)
{
	struct copy_stage_sweep *sweep = arg;

	if (answer->status != SFTP_OK || sweep->is_stopping) {
		end_list(sweep);
		return;
	}
	for (size_t i = 0; i < answer->names_count; i++) {
		const struct sftp_name *name = &answer->names[i];

		if (sweep->folders_count < FOLDERS_MAX && may_be_stage(sweep, name)) {
			*VEC_PUSH_IN(sweep->arena, sweep, folders) =
				str_dup(name->name, sweep->arena);
		}
	}
	sweep->names += answer->names_count;
	if (sweep->names >= NAMES_MAX) {
		end_list(sweep);
	} else {
		sftp_readdir(sweep->file, (struct sftp_then){on_names, sweep});
	}
}

static void on_folder(void *arg, const struct sftp_answer *answer)
{
	struct copy_stage_sweep *sweep = arg;

	if (answer->status != SFTP_OK) {
		finish(sweep);
		return;
	}
	sweep->file = answer->file;
	sftp_readdir(sweep->file, (struct sftp_then){on_names, sweep});
}

static void on_looked(void *arg, const struct sftp_answer *answer)
{
	struct copy_stage_sweep *sweep = arg;
	const struct sftp_attributes *folder = &answer->attributes;

	if (answer->status != SFTP_OK || sweep->is_stopping || !(folder->has & SFTP_HAS_MODE) ||
		(folder->mode & OTHERS_WRITE) != 0) {
		finish(sweep);
		return;
	}
	sftp_opendir(sweep->sftp, ".", (struct sftp_then){on_folder, sweep});
}

struct copy_stage_sweep *copy_stage_sweep_start(struct sftp_client *sftp,
	const struct sftp_attributes *now, copy_stage_sweep_fn *fn, void *arg)
{
	struct copy_stage_sweep *sweep = xcalloc(1, sizeof(*sweep));

	*sweep = (struct copy_stage_sweep){
		.sftp = sftp, .now = *now, .fn = fn, .arg = arg, .arena = arena_new()};
	sftp_stat(sftp, ".", (struct sftp_then){on_looked, sweep});
	return sweep;
}

void copy_stage_sweep_stop(struct copy_stage_sweep *sweep)
{
	sweep->is_stopping = true;
}
