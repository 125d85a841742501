/*
 * Walking through folders.  See copy_tree.h.
 */
#include "fleet/copy_tree.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fleet/copy_path.h"

/* A path that is added. */
struct walk {
	struct copy_tree *tree;
	int depth;
	struct err *err;
};

static int add_path(struct walk *walk, const char *path, const char *name, size_t parent);

void copy_tree_init(struct copy_tree *tree, struct arena *arena)
{
	*tree = (struct copy_tree){.arena = arena};
}

static int fail(struct walk *walk, const char *what, const char *path)
{
	return err_set_errno(
		walk->err, errno, "cannot %s '%s'", what, utf8_quote(str_of(path)).text);
}

static int add_item(struct walk *walk, const struct copy_item *item)
{
	struct copy_tree *tree = walk->tree;

	if (tree->items_count == COPY_ITEMS_MAX) {
		return err_set(
			walk->err, ERR_LIMIT, "more than %d files and folders", COPY_ITEMS_MAX);
	}
	*VEC_PUSH_IN(tree->arena, tree, items) = *item;
	return 0;
}

static int add_file(struct walk *walk, struct copy_item *item)
{
	_cleanup_close_ int fd = open(item->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return fail(walk, "read", item->path);
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(walk->err, ERR_INPUT, "'%s' is no file any more",
			utf8_quote(str_of(item->path)).text);
	}
	if (copy_sum_file(item->path, fd, UINT64_MAX, &item->sum, &item->size, walk->err) < 0) {
		return -1;
	}
	walk->tree->files++;
	walk->tree->bytes += item->size;
	return add_item(walk, item);
}

static int add_link(struct walk *walk, struct copy_item *item)
{
	char target[PATH_MAX];
	ssize_t len = readlink(item->path, target, sizeof(target));

	if (len < 0) {
		return fail(walk, "read the link", item->path);
	}
	if ((size_t)len == sizeof(target)) {
		return err_set(walk->err, ERR_LIMIT, "the link '%s' is too long",
			utf8_quote(str_of(item->path)).text);
	}
	item->target = arena_strndup(walk->tree->arena, target, (size_t)len);
	walk->tree->links++;
	return add_item(walk, item);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of a folder, sorted; in the arena. */
struct names {
	const char **names;
	size_t names_count, names_alloc;
};

static int read_names(struct walk *walk, const char *path, struct names *names)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	if (!folder) {
		return fail(walk, "read the folder", path);
	}
	errno = 0;
	while ((entry = readdir(folder)) != NULL) { // NOLINT(concurrency-mt-unsafe)
		if (copy_name_is_plain(str_of(entry->d_name))) {
			*VEC_PUSH_IN(walk->tree->arena, names, names) =
				arena_strdup(walk->tree->arena, entry->d_name);
		}
		errno = 0;
	}
	if (errno != 0) {
		int status = fail(walk, "read the folder", path);

		(void)closedir(folder);
		return status;
	}
	(void)closedir(folder);
	if (names->names_count > 1) {
		qsort(names->names, names->names_count, sizeof(const char *), by_name);
	}
	return 0;
}

static int add_folder(struct walk *walk, const struct copy_item *item)
{
	struct names names = {0};
	size_t number = walk->tree->items_count + 1;

	if (walk->depth == COPY_DEPTH_MAX) {
		return err_set(walk->err, ERR_LIMIT, "'%s': more than %d folders within folders",
			utf8_quote(str_of(item->path)).text, COPY_DEPTH_MAX);
	}
	walk->tree->folders++;
	if (add_item(walk, item) < 0 || read_names(walk, item->path, &names) < 0) {
		return -1;
	}
	walk->depth++;
	for (size_t i = 0; i < names.names_count; i++) {
		struct arena *arena = walk->tree->arena;
		struct str name = str_of(names.names[i]);

		if (add_path(walk, copy_join(item->path, name, arena),
			    item->name[0] ? copy_join(item->name, name, arena) : names.names[i],
			    number) < 0) {
			return -1;
		}
	}
	walk->depth--;
	return 0;
}

static int add_path(struct walk *walk, const char *path, const char *name, size_t parent)
{
	struct copy_item item = {.path = path, .name = name, .parent = parent};
	struct stat st;

	if ((walk->depth == 0 ? stat(path, &st) : lstat(path, &st)) < 0) {
		return fail(walk, "read", path);
	}
	item.mode = st.st_mode & 0777;
	if (S_ISREG(st.st_mode)) {
		item.type = COPY_FILE;
		return add_file(walk, &item);
	}
	if (S_ISDIR(st.st_mode)) {
		item.type = COPY_FOLDER;
		return add_folder(walk, &item);
	}
	if (S_ISLNK(st.st_mode)) {
		item.type = COPY_LINK;
		return add_link(walk, &item);
	}
	return err_set(walk->err, ERR_INPUT, "'%s' is neither a file nor a folder nor a link",
		utf8_quote(str_of(path)).text);
}

int copy_tree_add(struct copy_tree *tree, const char *path, const char *name, struct err *err)
{
	struct walk walk = {.tree = tree, .err = err};

	return add_path(&walk, arena_strdup(tree->arena, path), arena_strdup(tree->arena, name), 0);
}
