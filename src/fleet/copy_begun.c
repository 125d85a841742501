/*
 * Looking through a folder.  See copy_begun.h.
 */
#include "fleet/copy_begun.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "fleet/copy_path.h"

enum { OTHERS_BITS = 0077 };

struct copy_begun {
	struct sftp_client *sftp;
	const struct copy_item *item;
	copy_begun_fn *fn;
	void *arg;
	struct arena *arena;
	const char *parent;
	struct str head; /* ".NAME.SUM", which its name begins with */
	struct sftp_file *folder;
	const char *found; /* NULL: nothing yet */
	struct sftp_attributes found_as;
};

void copy_begun_free(struct copy_begun **begun_ptr)
{
	struct copy_begun *begun = TAKE(*begun_ptr);

	if (begun) {
		sftp_client_forget(begun->sftp, begun);
		sftp_file_free(&begun->folder);
		arena_free(begun->arena);
		free(begun);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_begun *begun)
{
	sftp_client_forget(begun->sftp, begun);
	sftp_file_free(&begun->folder);
	begun->fn(begun->arg, begun->found, &begun->found_as);
	arena_free(begun->arena);
	free(begun);
}

static bool has_name(const struct copy_begun *begun, struct str name)
{
	return copy_name_is_plain(name) && name.len > begun->head.len + strlen(COPY_SUFFIX) &&
	       str_eq(str_sub(name, 0, begun->head.len), begun->head) && copy_is_temporary(name);
}

static bool may_be_one(const struct copy_begun *begun, const struct sftp_attributes *found)
{
	return (found->has & SFTP_HAS_MODE) && S_ISREG(found->mode) &&
	       (found->mode & OTHERS_BITS) == 0 && found->size <= begun->item->size &&
	       found->size >= COPY_BEGUN_MIN &&
	       (!begun->found || found->size > begun->found_as.size);
}

static void on_names(void *arg, const struct sftp_answer *answer)
{
	struct copy_begun *begun = arg;

	if (answer->status != SFTP_OK) {
		finish(begun);
		return;
	}
	for (size_t i = 0; i < answer->names_count; i++) {
		const struct sftp_name *name = &answer->names[i];

		if (has_name(begun, name->name) && may_be_one(begun, &name->attributes)) {
			begun->found = copy_join(begun->parent, name->name, begun->arena);
			begun->found_as = name->attributes;
		}
	}
	sftp_readdir(begun->folder, (struct sftp_then){on_names, begun});
}

static void on_folder(void *arg, const struct sftp_answer *answer)
{
	struct copy_begun *begun = arg;

	if (answer->status != SFTP_OK) {
		finish(begun);
		return;
	}
	begun->folder = answer->file;
	sftp_readdir(begun->folder, (struct sftp_then){on_names, begun});
}

struct copy_begun *copy_begun_start(struct sftp_client *sftp, const char *path,
	const struct copy_item *item, copy_begun_fn *fn, void *arg)
{
	struct copy_begun *begun = xcalloc(1, sizeof(*begun));

	*begun = (struct copy_begun){
		.sftp = sftp, .item = item, .fn = fn, .arg = arg, .arena = arena_new()};
	begun->parent = copy_parent(str_of(path), begun->arena);
	begun->head = copy_base_name(str_of(copy_temporary(path, &item->sum, NULL, begun->arena)));
	begun->head.len -= strlen(COPY_SUFFIX);
	sftp_opendir(sftp, begun->parent, (struct sftp_then){on_folder, begun});
	return begun;
}
