/*
 * The root of a configuration: its rows, and the key `include`, which brings in more files.
 *
 * A file is read whole, then what it includes, in written order; so lists go on where the
 * includer's end.  A file is read once: coming to it again is a cycle or a slip.
 */
#include <sys/stat.h>

#include <errno.h>
#include <glob.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/vec.h"
#include "conf/conf_internal.h"
#include "conf/shown.h"

static const char include_key[] = "include";
static const char free_prefix[] = "x-";

/* What a file includes, until it has been read itself. */
struct include {
	const char *path;    /* from its folder on */
	const char *pattern; /* for glob(); NULL: it is a file */
	struct yaml_place place;
};

struct includes {
	struct include *includes;
	size_t includes_count, includes_alloc;
};

static void read_tree(struct conf_reader *r, struct str text, struct includes *ret_includes);

const char *conf_folder_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash) {
		return NULL;
	}
	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

struct conf_file *conf_file_add(
	struct conf_reader *r, const char *name, const char *base_dir, const char *path)
{
	struct conf_file *file = arena_alloc(r->conf->arena, sizeof(*file));
	struct stat st;

	file->name = arena_strdup(r->conf->arena, name);
	file->base_dir = base_dir;
	file->number = (uint32_t)r->files_count;
	if (path && stat(path, &st) == 0) {
		file->has_identity = true;
		file->dev = st.st_dev;
		file->ino = st.st_ino;
	}
	*VEC_PUSH(r, files) = file;
	return file;
}

static bool is_same_file(const struct conf_file *a, const struct conf_file *b)
{
	return a->has_identity && b->has_identity && a->dev == b->dev && a->ino == b->ino;
}

/* "a.yaml -> b.yaml -> a.yaml", the includers of `file` down to itself. */
static void add_chain(const struct conf_file *file, struct strbuf *out)
{
	if (file->includer) {
		add_chain(file->includer, out);
		strbuf_adds(out, " -> ");
	}
	strbuf_adds(out, file->name);
}

static bool is_within(const struct conf_file *file, const struct conf_file *outer)
{
	for (const struct conf_file *f = file->includer; f; f = f->includer) {
		if (f == outer) {
			return true;
		}
	}
	return false;
}

/* Tells and refuses what was read before. */
static bool is_new(struct conf_reader *r, const struct conf_file *file)
{
	_cleanup_(strbuf_release) struct strbuf chain = STRBUF_INIT;

	for (size_t i = 0; i < r->files_count; i++) {
		const struct conf_file *other = r->files[i];

		if (other == file || !is_same_file(other, file)) {
			continue;
		}
		if (is_within(file, other)) {
			add_chain(file, &chain);
			conf_fault(
				r, file->place, "include: files include each other: %s", chain.buf);
		} else {
			conf_fault(r, file->place, "include: '%s' is included already at %s:%u:%u",
				file->name, other->includer->name, other->place.line,
				other->place.column);
		}
		return false;
	}
	return true;
}

static int include_depth(const struct conf_file *file)
{
	int depth = 0;

	for (; file->includer; file = file->includer) {
		depth++;
	}
	return depth;
}

static bool may_include(struct conf_reader *r, struct yaml_place place)
{
	if (r->files_count >= CONF_INCLUDES_MAX) {
		conf_fault(r, place, "include: more than %d files", CONF_INCLUDES_MAX);
		return false;
	}
	if (include_depth(r->file) >= CONF_INCLUDE_DEPTH_MAX) {
		conf_fault(r, place, "include: files include files more than %d deep",
			CONF_INCLUDE_DEPTH_MAX);
		return false;
	}
	return true;
}

/* False when a limit is reached, so that further files need not be tried. */
static bool include_file(struct conf_reader *r, const char *path, struct yaml_place place)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct conf_file *file;
	struct err err = {0};

	if (!may_include(r, place)) {
		return false;
	}
	file = conf_file_add(r, path, conf_folder_of(r->conf->arena, path), path);
	file->includer = r->file;
	file->place = place;
	if (!is_new(r, file)) {
		return true;
	}
	if (file_read(path, FILE_REGULAR, CONF_FILE_MAX, &text, &err) < 0) {
		conf_fault(r, place, "include: %s", err.msg);
		return true;
	}
	conf_read_root(r, file, strbuf_str(&text));
	return true;
}

/* A folder that is not there yet has no files in it. */
static int is_serious(const char *path, int errnum)
{
	(void)path;
	return errnum != ENOENT && errnum != ENOTDIR;
}

/* A pattern that matches nothing is fine: a folder for files to come. */
static void include_pattern(struct conf_reader *r, const struct include *include)
{
	glob_t found;
	int status = glob(include->pattern, 0, is_serious, &found);

	if (status == GLOB_NOSPACE) {
		abort();
	}
	if (status == GLOB_ABORTED) {
		conf_fault(r, include->place, "include: cannot read the folder of '%s': %s",
			shown(str_of(include->path)).text, errno_text(errno));
	}
	for (size_t i = 0; status == 0 && i < found.gl_pathc; i++) {
		if (!include_file(r, found.gl_pathv[i], include->place)) {
			break;
		}
	}
	globfree(&found);
}

static void include_all(struct conf_reader *r, const struct includes *includes)
{
	for (size_t i = 0; i < includes->includes_count; i++) {
		const struct include *include = &includes->includes[i];

		if (include->pattern) {
			include_pattern(r, include);
		} else {
			(void)include_file(r, include->path, include->place);
		}
	}
}

/* The key `include` */

/* A folder's name in a pattern is meant as it stands. */
static const char *pattern_of(const struct conf_reader *r, struct str text)
{
	_cleanup_(strbuf_release) struct strbuf folder = STRBUF_INIT;
	struct option_context context = r->context;

	for (const char *c = context.base_dir; *c; c++) {
		if (strchr("*?[\\", *c)) {
			strbuf_addc(&folder, '\\');
		}
		strbuf_addc(&folder, *c);
	}
	context.base_dir = folder.buf;
	return option_resolve_path(&context, text);
}

static bool is_pattern(const char *path, struct str text)
{
	struct stat st;

	return (str_contains(text, "*") || str_contains(text, "?") || str_contains(text, "[")) &&
	       stat(path, &st) < 0;
}

static void note_include(
	struct conf_reader *r, const struct yaml_node *value, struct includes *includes)
{
	struct str text;

	if (value->is_bad) {
		return;
	}
	if (value->shape != YAML_TEXT || value->count == 0) {
		conf_fault(r, value->place, "include: expected a file or a pattern, not %s",
			value->shape == YAML_TEXT ? "nothing" : yaml_shape_name(value));
		return;
	}
	if (r->conf->no_files) {
		conf_fault(r, value->place, "include: files are not read here");
		return;
	}
	if (conf_text(r, include_key, value, &text)) {
		struct include *include = VEC_PUSH_IN(r->conf->arena, includes, includes);

		include->path = option_resolve_path(&r->context, text);
		include->pattern = is_pattern(include->path, text) ? pattern_of(r, text) : NULL;
		include->place = value->place;
	}
}

static void note_includes(
	struct conf_reader *r, const struct yaml_node *value, struct includes *includes)
{
	if (yaml_is_null(value)) {
		return;
	}
	if (value->shape != YAML_LIST) {
		note_include(r, value, includes);
		return;
	}
	for (uint32_t i = 0; i < value->count; i++) {
		note_include(r, value->items[i], includes);
	}
}

static void unknown_key(struct conf_reader *r, const struct yaml_node *key)
{
	struct conf_names names = {0};

	if (!conf_faults_are_full(r)) {
		conf_names_add(&names, r->conf->arena, r->rows);
		*VEC_PUSH_IN(r->conf->arena, &names, names) = include_key;
	}
	conf_unknown_key(r, key, "", &names);
}

static bool root_key(void *arg, struct conf_reader *r, const struct yaml_pair *pair,
	const struct option_row *row)
{
	struct includes *includes = arg;
	const struct str key = yaml_text(pair->key);

	if (str_is(key, include_key)) {
		note_includes(r, pair->value, includes);
		return true;
	}
	if (row) {
		return false;
	}
	if (!str_starts(key, free_prefix)) {
		unknown_key(r, pair->key);
	}
	return true;
}

/* Files */

static void tell_fault(void *arg, struct yaml_place place, const char *text)
{
	conf_fault(arg, place, "%s", text);
}

static void read_tree(struct conf_reader *r, struct str text, struct includes *ret_includes)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct conf_table tables[] = {{r->rows, r->base}, {0}};
	struct yaml_tree tree = {
		.arena = arena,
		.nodes_left = r->nodes_left,
		.fault = tell_fault,
		.fault_arg = r,
	};

	if (yaml_tree_read(&tree, text) == 0) {
		conf_read_map(r, tables, tree.root, root_key, ret_includes);
	}
	r->nodes_left = tree.nodes_left;
}

void conf_read_root(struct conf_reader *r, const struct conf_file *file, struct str text)
{
	const struct conf_file *includer = r->file;
	struct includes includes = {0};

	r->file = file;
	r->context.base_dir = r->interpolation.base_dir = file->base_dir ? file->base_dir : ".";
	read_tree(r, text, &includes);
	include_all(r, &includes);

	r->file = includer;
	if (includer) {
		r->context.base_dir = r->interpolation.base_dir =
			includer->base_dir ? includer->base_dir : ".";
	}
}
