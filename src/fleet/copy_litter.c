/*
 * List, and only if there is something: make a file that tells who we are and what time it is
 * there, remove it and what is older.  See copy_litter.h.
 */
#include "fleet/copy_litter.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/vec.h"
#include "fleet/copy_path.h"

enum {
	NAMES_MAX = 20000, /* in a larger folder what comes later stays */
	PARTS_MAX = 100,
	OTHERS_BITS = 0077,
	PRIVATE = 0600,
	BYTES_PER_S = 5000000, /* how fast the slowest host makes sums of a part that is whole */
};

struct part {
	const char *path;
	struct sftp_attributes attributes;
};

struct copy_litter {
	struct sftp_client *sftp;
	const char *path;
	struct copy_litter_events events;
	void *arg;
	struct arena *arena;
	struct sftp_file *file; /* the folder, then the one that we made */
	size_t names;
	struct part *parts;
	size_t parts_count, parts_alloc;
	const char *own; /* the one that we made */
	struct sftp_attributes now;
	size_t next;
};

static void shut(struct copy_litter *litter)
{
	sftp_client_forget(litter->sftp, litter);
	sftp_file_free(&litter->file);
	arena_free(litter->arena);
	free(litter);
}

void copy_litter_free(struct copy_litter **litter_ptr)
{
	struct copy_litter *litter = TAKE(*litter_ptr);

	if (litter) {
		shut(litter);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_litter *litter)
{
	void (*done)(void *arg) = litter->events.done;
	void *arg = litter->arg;

	shut(litter);
	done(arg);
}

/* --- what may go ---------------------------------------------------------------------------- */

static bool is_old(const struct copy_litter *litter, const struct sftp_attributes *part)
{
	uint64_t still_s = COPY_LITTER_STILL_S + part->size / BYTES_PER_S;

	return (part->has & SFTP_HAS_TIMES) && part->mtime + still_s < litter->now.mtime;
}

static bool is_own(const struct copy_litter *litter, const struct sftp_attributes *part)
{
	return (part->has & SFTP_HAS_OWNER) && part->uid == litter->now.uid;
}

static void remove_next(struct copy_litter *litter);

static void on_removed(void *arg, const struct sftp_answer *answer)
{
	(void)answer; /* else the next time */
	remove_next(arg);
}

static void remove_next(struct copy_litter *litter)
{
	while (litter->next < litter->parts_count) {
		const struct part *part = &litter->parts[litter->next++];

		if (is_own(litter, &part->attributes) && is_old(litter, &part->attributes)) {
			sftp_remove(
				litter->sftp, part->path, (struct sftp_then){on_removed, litter});
			return;
		}
	}
	finish(litter);
}

/* --- who we are, and what time it is -------------------------------------------------------- */

static void on_own_removed(void *arg, const struct sftp_answer *answer)
{
	struct copy_litter *litter = arg;
	unsigned wanted = SFTP_HAS_OWNER | SFTP_HAS_TIMES;

	if (answer->status != SFTP_OK || (litter->now.has & wanted) != wanted) {
		finish(litter);
	} else {
		remove_next(litter);
	}
}

static void on_known(void *arg, const struct sftp_answer *answer)
{
	struct copy_litter *litter = arg;

	if (answer->status == SFTP_OK) {
		litter->now = answer->attributes;
	}
	sftp_file_free(&litter->file);
	sftp_remove(litter->sftp, litter->own, (struct sftp_then){on_own_removed, litter});
}

static void on_made(void *arg, const struct sftp_answer *answer)
{
	struct copy_litter *litter = arg;

	if (answer->status != SFTP_OK) {
		finish(litter);
		return;
	}
	litter->file = answer->file;
	sftp_fstat(litter->file, (struct sftp_then){on_known, litter});
}

static void make_own(struct copy_litter *litter)
{
	static const struct sftp_attributes private = {.has = SFTP_HAS_MODE, .mode = PRIVATE};
	static const struct copy_sum sum = {
		"0000000000000000000000000000000000000000000000000000000000000000"};

	litter->own = copy_temporary(copy_join(litter->path, str_of("time"), litter->arena), &sum,
		copy_salt(litter->arena), litter->arena);
	sftp_open(litter->sftp, litter->own, SFTP_WRITE | SFTP_CREATE | SFTP_EXCLUSIVE, &private,
		(struct sftp_then){on_made, litter});
}

/* --- what there is -------------------------------------------------------------------------- */

static void on_listed(void *arg, const struct sftp_answer *answer)
{
	struct copy_litter *litter = arg;

	(void)answer;
	if (litter->parts_count > 0) {
		make_own(litter);
	} else {
		finish(litter);
	}
}

static void end_list(struct copy_litter *litter)
{
	sftp_close(&litter->file, (struct sftp_then){on_listed, litter});
}

static bool may_be_part(const struct copy_litter *litter, const struct sftp_name *name)
{
	const struct sftp_attributes *found = &name->attributes;

	return copy_name_is_plain(name->name) && copy_is_temporary(name->name) &&
	       (found->has & SFTP_HAS_MODE) && S_ISREG(found->mode) &&
	       (found->mode & OTHERS_BITS) == 0 && litter->events.is_part(litter->arg, name->name);
}

static void on_names(void *arg, const struct sftp_answer *answer)
{
	struct copy_litter *litter = arg;

	if (answer->status != SFTP_OK) {
		end_list(litter);
		return;
	}
	for (size_t i = 0; i < answer->names_count; i++) {
		const struct sftp_name *name = &answer->names[i];

		if (litter->parts_count < PARTS_MAX && may_be_part(litter, name)) {
			*VEC_PUSH_IN(litter->arena, litter, parts) = (struct part){
				.path = copy_join(litter->path, name->name, litter->arena),
				.attributes = name->attributes,
			};
		}
	}
	litter->names += answer->names_count;
	if (litter->names >= NAMES_MAX) {
		end_list(litter);
	} else {
		sftp_readdir(litter->file, (struct sftp_then){on_names, litter});
	}
}

static void on_folder(void *arg, const struct sftp_answer *answer)
{
	struct copy_litter *litter = arg;

	if (answer->status != SFTP_OK) {
		finish(litter);
		return;
	}
	litter->file = answer->file;
	sftp_readdir(litter->file, (struct sftp_then){on_names, litter});
}

struct copy_litter *copy_litter_start(struct sftp_client *sftp, const char *folder,
	const struct copy_litter_events *events, void *arg)
{
	struct copy_litter *litter = xcalloc(1, sizeof(*litter));

	*litter = (struct copy_litter){
		.sftp = sftp,
		.path = folder,
		.events = *events,
		.arg = arg,
		.arena = arena_new(),
	};
	sftp_opendir(sftp, folder, (struct sftp_then){on_folder, litter});
	return litter;
}
