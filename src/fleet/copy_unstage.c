/*
 * List it, remove what is in it, some at once, then itself.  See copy_unstage.h.
 */
#include "fleet/copy_unstage.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/vec.h"
#include "fleet/copy_litter.h"
#include "fleet/copy_path.h"

enum {
	NAMES_MAX = 100000, /* a folder of more stays */
	AT_ONCE = 32,       /* requests */
	OTHERS_BITS = 0077,
	BYTES_PER_S = 5000000, /* how fast the slowest host makes sums */
};

struct copy_unstage {
	struct sftp_client *sftp;
	const char *path;
	const struct sftp_attributes *now;
	copy_unstage_fn *fn;
	void *arg;
	struct arena *arena;
	struct sftp_file *folder;
	const char **names;
	size_t names_count, names_alloc;
	size_t next, pending;
	uint64_t bytes;
	struct sftp_attributes newest; /* of what is in it */
};

bool copy_unstage_is_old(
	const struct sftp_attributes *found, uint64_t bytes, const struct sftp_attributes *now)
{
	unsigned wanted = SFTP_HAS_OWNER | SFTP_HAS_TIMES;
	uint64_t still_s = COPY_LITTER_STILL_S + bytes / BYTES_PER_S;

	return (found->has & wanted) == wanted && (now->has & wanted) == wanted &&
	       found->uid == now->uid && found->mtime + still_s < now->mtime;
}

static void shut(struct copy_unstage *unstage)
{
	sftp_client_forget(unstage->sftp, unstage);
	sftp_file_free(&unstage->folder);
	arena_free(unstage->arena);
	free(unstage);
}

void copy_unstage_free(struct copy_unstage **unstage_ptr)
{
	struct copy_unstage *unstage = TAKE(*unstage_ptr);

	if (unstage) {
		shut(unstage);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_unstage *unstage, bool is_gone)
{
	copy_unstage_fn *fn = unstage->fn;
	void *arg = unstage->arg;

	shut(unstage);
	fn(arg, is_gone);
}

/* --- removing ------------------------------------------------------------------------------- */

static void on_folder_removed(void *arg, const struct sftp_answer *answer)
{
	finish(arg, answer->status == SFTP_OK || answer->status == SFTP_NO_SUCH_FILE);
}

static void on_removed(void *arg, const struct sftp_answer *answer);

static void remove_more(struct copy_unstage *unstage)
{
	while (unstage->pending < AT_ONCE && unstage->next < unstage->names_count) {
		const char *name = unstage->names[unstage->next++];

		unstage->pending++;
		sftp_remove(unstage->sftp, copy_join(unstage->path, str_of(name), unstage->arena),
			(struct sftp_then){on_removed, unstage});
	}
	if (unstage->pending == 0) {
		sftp_rmdir(unstage->sftp, unstage->path,
			(struct sftp_then){on_folder_removed, unstage});
	}
}

static void on_removed(void *arg, const struct sftp_answer *answer)
{
	struct copy_unstage *unstage = arg;

	(void)answer; /* then the folder cannot be removed either */
	unstage->pending--;
	remove_more(unstage);
}

/* --- what is in it -------------------------------------------------------------------------- */

static bool is_removable(const struct copy_unstage *unstage, const struct sftp_name *name)
{
	const struct sftp_attributes *found = &name->attributes;

	return unstage->names_count < NAMES_MAX && copy_is_staged(name->name) &&
	       (found->has & SFTP_HAS_MODE) && S_ISREG(found->mode) &&
	       (found->mode & OTHERS_BITS) == 0 &&
	       (!unstage->now || copy_unstage_is_old(found, 0, unstage->now));
}

static void take(struct copy_unstage *unstage, const struct sftp_name *name)
{
	*VEC_PUSH_IN(unstage->arena, unstage, names) = str_dup(name->name, unstage->arena);
	unstage->bytes += name->attributes.size;
	if (unstage->names_count == 1 || name->attributes.mtime > unstage->newest.mtime) {
		unstage->newest = name->attributes;
	}
}

static void on_names(void *arg, const struct sftp_answer *answer)
{
	struct copy_unstage *unstage = arg;

	if (answer->status == SFTP_EOF) {
		sftp_file_free(&unstage->folder);
		if (unstage->now && unstage->names_count > 0 &&
			!copy_unstage_is_old(&unstage->newest, unstage->bytes, unstage->now)) {
			finish(unstage, false);
		} else {
			remove_more(unstage);
		}
		return;
	}
	if (answer->status != SFTP_OK) {
		finish(unstage, false);
		return;
	}
	for (size_t i = 0; i < answer->names_count; i++) {
		const struct sftp_name *name = &answer->names[i];

		if (str_is(name->name, ".") || str_is(name->name, "..")) {
			continue;
		}
		if (!is_removable(unstage, name)) {
			finish(unstage, false);
			return;
		}
		take(unstage, name);
	}
	sftp_readdir(unstage->folder, (struct sftp_then){on_names, unstage});
}

static void on_folder(void *arg, const struct sftp_answer *answer)
{
	struct copy_unstage *unstage = arg;

	if (answer->status != SFTP_OK) {
		finish(unstage, answer->status == SFTP_NO_SUCH_FILE);
		return;
	}
	unstage->folder = answer->file;
	sftp_readdir(unstage->folder, (struct sftp_then){on_names, unstage});
}

struct copy_unstage *copy_unstage_start(struct sftp_client *sftp, const char *folder,
	const struct sftp_attributes *now, copy_unstage_fn *fn, void *arg)
{
	struct copy_unstage *unstage = xcalloc(1, sizeof(*unstage));

	*unstage = (struct copy_unstage){
		.sftp = sftp,
		.path = folder,
		.now = now,
		.fn = fn,
		.arg = arg,
		.arena = arena_new(),
	};
	sftp_opendir(sftp, folder, (struct sftp_then){on_folder, unstage});
	return unstage;
}
