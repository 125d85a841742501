/*
 * Choosing a machine's filesystems.  See host_mounts.h.
 */
#include "check/host_mounts.h"

#include <assert.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/parse.h"
#include "base/vec.h"

enum { MOUNTS_MAX = 100000 };

enum kind_of_type {
	TYPE_REAL,
	TYPE_REMOTE, /* real, and may hang */
	TYPE_VIRTUAL,
	TYPE_IMAGE, /* full and read-only by nature */
	TYPE_ROOT_ONLY,
};

/* Types that are not plain filesystems on a disk; "fuse.*" are remote where not listed. */
static const struct {
	const char *name;
	enum kind_of_type kind;
} types[] = {
	{"9p", TYPE_REMOTE},
	{"afs", TYPE_REMOTE},
	{"autofs", TYPE_VIRTUAL},
	{"beegfs", TYPE_REMOTE},
	{"binder", TYPE_VIRTUAL},
	{"binfmt_misc", TYPE_VIRTUAL},
	{"bpf", TYPE_VIRTUAL},
	{"ceph", TYPE_REMOTE},
	{"cgroup", TYPE_VIRTUAL},
	{"cgroup2", TYPE_VIRTUAL},
	{"cifs", TYPE_REMOTE},
	{"coda", TYPE_REMOTE},
	{"configfs", TYPE_VIRTUAL},
	{"cramfs", TYPE_IMAGE},
	{"cvmfs", TYPE_VIRTUAL},
	{"debugfs", TYPE_VIRTUAL},
	{"devpts", TYPE_VIRTUAL},
	{"devtmpfs", TYPE_VIRTUAL},
	{"drvfs", TYPE_REMOTE},
	{"efivarfs", TYPE_VIRTUAL},
	{"erofs", TYPE_IMAGE},
	{"fuse", TYPE_REMOTE},
	{"fuse.archivemount", TYPE_IMAGE},
	{"fuse.fuse-overlayfs", TYPE_ROOT_ONLY},
	{"fuse.gvfsd-fuse", TYPE_VIRTUAL},
	{"fuse.lxcfs", TYPE_VIRTUAL},
	{"fuse.portal", TYPE_VIRTUAL},
	{"fuse.snapfuse", TYPE_IMAGE},
	{"fuse.squashfuse", TYPE_IMAGE},
	{"fuse.squashfuse_ll", TYPE_IMAGE},
	{"fusectl", TYPE_VIRTUAL},
	{"glusterfs", TYPE_REMOTE},
	{"gpfs", TYPE_REMOTE},
	{"hugetlbfs", TYPE_VIRTUAL},
	{"iso9660", TYPE_IMAGE},
	{"lustre", TYPE_REMOTE},
	{"mqueue", TYPE_VIRTUAL},
	{"ncpfs", TYPE_REMOTE},
	{"nfs", TYPE_REMOTE},
	{"nfs4", TYPE_REMOTE},
	{"nfsd", TYPE_VIRTUAL},
	{"nsfs", TYPE_VIRTUAL},
	{"overlay", TYPE_ROOT_ONLY},
	{"proc", TYPE_VIRTUAL},
	{"pstore", TYPE_VIRTUAL},
	{"ramfs", TYPE_ROOT_ONLY},
	{"romfs", TYPE_IMAGE},
	{"rootfs", TYPE_ROOT_ONLY},
	{"rpc_pipefs", TYPE_VIRTUAL},
	{"securityfs", TYPE_VIRTUAL},
	{"selinuxfs", TYPE_VIRTUAL},
	{"smackfs", TYPE_VIRTUAL},
	{"smb3", TYPE_REMOTE},
	{"smbfs", TYPE_REMOTE},
	{"squashfs", TYPE_IMAGE},
	{"sysfs", TYPE_VIRTUAL},
	{"tmpfs", TYPE_ROOT_ONLY},
	{"tracefs", TYPE_VIRTUAL},
	{"udf", TYPE_IMAGE},
	{"vboxsf", TYPE_REMOTE},
	{"virtiofs", TYPE_REMOTE},
};

/* Container managers bind single files of the host's disk over these. */
static const char *const bound_files[] = {
	"/etc/hosts",
	"/etc/hostname",
	"/etc/resolv.conf",
	"/dev/termination-log",
	"/run/.containerenv",
};

static enum kind_of_type kind_of(const char *type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(types[i].name, type) == 0) {
			return types[i].kind;
		}
	}
	return str_starts(str_of(type), "fuse.") ? TYPE_REMOTE : TYPE_REAL;
}

static bool is_octal(struct str text, size_t pos)
{
	return pos + 3 < text.len && text.ptr[pos] == '\\' && text.ptr[pos + 1] >= '0' &&
	       text.ptr[pos + 1] <= '3' && text.ptr[pos + 2] >= '0' && text.ptr[pos + 2] <= '7' &&
	       text.ptr[pos + 3] >= '0' && text.ptr[pos + 3] <= '7';
}

/* The kernel writes white space and backslashes in names as \040 and the like. */
static const char *unescape(struct str text, struct arena *arena)
{
	char *copy = arena_strndup(arena, text.ptr, text.len);
	size_t len = 0;

	for (size_t pos = 0; pos < text.len; pos++) {
		if (is_octal(text, pos)) {
			copy[len] =
				(char)((text.ptr[pos + 1] - '0') * 64 +
					(text.ptr[pos + 2] - '0') * 8 + (text.ptr[pos + 3] - '0'));
			pos += 3;
		} else {
			copy[len] = text.ptr[pos];
		}
		len++;
	}
	copy[len] = '\0';
	return copy;
}

/* "36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue" */
static void add_mountinfo_line(struct host_mounts *mounts, struct str line, struct arena *arena)
{
	struct str field[6];
	struct str word;
	struct str after[3];

	for (size_t i = 0; i < ARRAY_LEN(field); i++) {
		if (!str_word(&line, &field[i])) {
			return;
		}
	}
	do {
		if (!str_word(&line, &word)) {
			return;
		}
	} while (!str_is(word, "-"));
	if (!str_word(&line, &after[0]) || !str_word(&line, &after[1])) {
		return;
	}
	if (!str_word(&line, &after[2])) { /* an empty source leaves two words only */
		after[2] = after[1];
		after[1] = str_of("");
	}
	*VEC_PUSH_IN(arena, mounts, mounts) = (struct host_mount){
		.device_id = str_dup(field[2], arena),
		.root = unescape(field[3], arena),
		.point = unescape(field[4], arena),
		.options = str_dup(field[5], arena),
		.type = str_dup(after[0], arena),
		.source = unescape(after[1], arena),
		.super_options = str_dup(after[2], arena),
	};
}

void host_mounts_add_mountinfo(struct host_mounts *mounts, struct str text, struct arena *arena)
{
	struct str line;

	while (mounts->mounts_count < MOUNTS_MAX && str_line(&text, &line)) {
		add_mountinfo_line(mounts, line, arena);
	}
}

void host_mounts_add_missing_root(
	struct host_mounts *mounts, const char *device_id, struct arena *arena)
{
	for (size_t i = 0; i < mounts->mounts_count; i++) {
		if (strcmp(mounts->mounts[i].point, "/") == 0) {
			return;
		}
	}
	if (mounts->mounts_count == 0) { /* nothing is known of this machine's mounts */
		return;
	}
	*VEC_PUSH_IN(arena, mounts, mounts) = (struct host_mount){
		.device_id = arena_strdup(arena, device_id),
		.root = "/",
		.point = "/",
		.options = "",
		.type = "unknown",
		.source = "",
		.super_options = "",
	};
}

/* "/data/" is "/data". */
static struct str without_slashes(struct str point)
{
	while (point.len > 1 && point.ptr[point.len - 1] == '/') {
		point.len--;
	}
	return point;
}

void host_mounts_add_fstab(struct host_mounts *mounts, struct str text, struct arena *arena)
{
	struct str line;

	while (mounts->fstab_count < MOUNTS_MAX && str_line(&text, &line)) {
		struct str field[4];
		size_t count = 0;

		while (count < ARRAY_LEN(field) && str_word(&line, &field[count])) {
			count++;
		}
		if (count == ARRAY_LEN(field) && field[0].ptr[0] != '#') {
			*VEC_PUSH_IN(arena, mounts, fstab) = (struct host_fstab_entry){
				.point = unescape(without_slashes(field[1]), arena),
				.options = str_dup(field[3], arena),
			};
		}
	}
}

void host_mounts_add_space(
	struct host_mounts *mounts, const struct host_space *space, struct arena *arena)
{
	struct host_space *copy = VEC_PUSH_IN(arena, mounts, spaces);

	*copy = *space;
	copy->point = arena_strdup(arena, space->point);
}

/* The next word as a number that is not negative. */
static bool number_word(struct str *rest, uint64_t *ret_number)
{
	struct str word;
	int64_t number;

	if (!str_word(rest, &word) || parse_int(word, 0, INT64_MAX, &number, NULL) < 0) {
		return false;
	}
	*ret_number = (uint64_t)number;
	return true;
}

static bool space_line(struct str line, struct host_space *space)
{
	struct str rest = line;
	struct str word;
	uint64_t error;

	if (!str_word(&rest, &word)) {
		return false;
	}
	if (str_is(word, "stuck")) {
		space->state = HOST_SPACE_STUCK;
	} else if (str_is(word, "failed")) {
		if (!number_word(&rest, &error) || error > 4095) {
			return false;
		}
		space->state = HOST_SPACE_FAILED;
		space->error = (int)error;
	} else {
		uint64_t *const numbers[] = {&space->block_size, &space->blocks,
			&space->blocks_free, &space->blocks_available, &space->files,
			&space->files_free};

		rest = line;
		for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
			if (!number_word(&rest, numbers[i])) {
				return false;
			}
		}
	}
	space->point = str_trim(rest).ptr;
	return str_trim(rest).len > 0;
}

void host_mounts_add_spaces(struct host_mounts *mounts, struct str text, struct arena *arena)
{
	struct str line;

	while (mounts->spaces_count < MOUNTS_MAX && str_line(&text, &line)) {
		struct host_space space = {0};

		line = str_trim(line);
		if (space_line(line, &space)) {
			space.point = unescape(
				str_n(space.point, (size_t)(line.ptr + line.len - space.point)),
				arena);
			*VEC_PUSH_IN(arena, mounts, spaces) = space;
		}
	}
}

/* Is `name` one of a comma-separated list? */
static bool has_option(const char *options, const char *name)
{
	struct str rest = str_of(options);
	struct str option;

	while (str_split(&rest, ',', &option)) {
		if (str_is(option, name)) {
			return true;
		}
	}
	return false;
}

static const struct host_fstab_entry *fstab_entry(
	const struct host_mounts *mounts, const char *point)
{
	for (size_t i = 0; i < mounts->fstab_count; i++) {
		if (strcmp(mounts->fstab[i].point, point) == 0) {
			return &mounts->fstab[i];
		}
	}
	return NULL;
}

/*
 * Read-only that nobody asked for.  The kernel that gives up on a filesystem (errors=remount-ro, a
 * btrfs abort) makes the filesystem read-only and leaves the mount "rw"; newer ones say
 * "emergency_ro" or "shutdown".  Whoever asks for it gets both "ro" (mount -o ro) or only the
 * mount's (a read-only bind).  Both are wrong where fstab says otherwise: somebody remounted it by
 * hand, or it came up read-only at boot.
 */
static bool is_read_only_unasked(const struct host_mounts *mounts, const struct host_mount *mount)
{
	const struct host_fstab_entry *entry;

	if (has_option(mount->super_options, "emergency_ro") ||
		has_option(mount->super_options, "shutdown")) {
		return true;
	}
	if (!has_option(mount->super_options, "ro")) {
		return false;
	}
	if (has_option(mount->options, "rw")) {
		return true;
	}
	entry = fstab_entry(mounts, mount->point);
	return entry && !has_option(entry->options, "ro") &&
	       !has_option(entry->options, "noauto") && !has_option(entry->options, "bind") &&
	       !has_option(entry->options, "rbind");
}

/* Images and overlays without a writable layer are so by nature; servers have their reasons. */
static bool may_become_read_only(const char *type)
{
	return kind_of(type) == TYPE_REAL || strcmp(type, "tmpfs") == 0;
}

static bool any_glob_matches(const struct option_list *globs, const struct host_mount *mount)
{
	for (size_t i = 0; i < globs->count; i++) {
		const char *glob = OPTION_AT(globs, const char *, i);

		if (fnmatch(glob, glob[0] == '/' ? mount->point : mount->type, 0) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_bound_file(const struct host_mount *mount)
{
	for (size_t i = 0; i < ARRAY_LEN(bound_files); i++) {
		if (strcmp(mount->point, bound_files[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_real(const struct host_mount *mount)
{
	switch (kind_of(mount->type)) {
	case TYPE_REAL:
	case TYPE_REMOTE:
		return !is_bound_file(mount);
	case TYPE_ROOT_ONLY:
		return strcmp(mount->point, "/") == 0;
	case TYPE_VIRTUAL:
	case TYPE_IMAGE:
		break;
	}
	return false;
}

static void add_filesystem(const struct host_mount *mount, bool is_read_only, struct arena *arena,
	struct host_filesystems *chosen)
{
	*VEC_PUSH_IN(arena, chosen, items) = (struct host_filesystem){
		.mount = mount,
		.is_remote = kind_of(mount->type) == TYPE_REMOTE,
		.is_read_only = is_read_only,
	};
}

/* The same device again is the same bytes seen from another place. */
static void add_device(const struct host_mount *mount, bool is_read_only, struct map *devices,
	struct arena *arena, struct host_filesystems *chosen)
{
	struct str id = str_of(mount->device_id);
	size_t *index = map_get(devices, id);

	if (index) {
		struct host_filesystem *same;

		assert(*index < chosen->items_count && chosen->items);
		same = &chosen->items[*index];
		same->is_read_only = same->is_read_only || is_read_only;
		if (strlen(mount->point) < strlen(same->mount->point)) {
			same->mount = mount;
		}
		return;
	}
	index = arena_alloc(arena, sizeof(*index));
	*index = chosen->items_count;
	(void)map_set(devices, id, index);
	add_filesystem(mount, is_read_only, arena, chosen);
}

static int compare_points(const void *a, const void *b)
{
	const struct host_filesystem *fa = a;
	const struct host_filesystem *fb = b;

	return strcmp(fa->mount->point, fb->mount->point);
}

static void join_spaces(const struct host_mounts *mounts, struct host_filesystems *filesystems)
{
	struct map *spaces = map_new(MAP_KEYS_BORROWED);

	for (size_t i = 0; i < mounts->spaces_count; i++) {
		(void)map_set(spaces, str_of(mounts->spaces[i].point), &mounts->spaces[i]);
	}
	for (size_t i = 0; i < filesystems->items_count; i++) {
		struct host_filesystem *filesystem = &filesystems->items[i];

		filesystem->space = map_get(spaces, str_of(filesystem->mount->point));
	}
	map_free(spaces);
}

/* What was mounted last over a point is what is there. */
static struct map *visible_mounts(const struct host_mounts *mounts)
{
	struct map *visible = map_new(MAP_KEYS_BORROWED);

	for (size_t i = 0; i < mounts->mounts_count; i++) {
		(void)map_set(visible, str_of(mounts->mounts[i].point), &mounts->mounts[i]);
	}
	return visible;
}

void host_mounts_choose(const struct host_mounts *mounts, const struct option_list *include,
	const struct option_list *exclude, struct arena *arena,
	struct host_filesystems *ret_filesystems)
{
	struct host_filesystems chosen = {0};
	struct map *visible = visible_mounts(mounts);
	struct map *devices = map_new(MAP_KEYS_BORROWED);

	for (size_t i = 0; i < mounts->mounts_count; i++) {
		const struct host_mount *mount = &mounts->mounts[i];
		bool is_read_only =
			may_become_read_only(mount->type) && is_read_only_unasked(mounts, mount);

		if (map_get(visible, str_of(mount->point)) != mount) {
			continue;
		}
		if (any_glob_matches(include, mount)) {
			add_filesystem(mount, is_read_only, arena, &chosen);
		} else if (is_real(mount) && !any_glob_matches(exclude, mount)) {
			add_device(mount, is_read_only, devices, arena, &chosen);
		}
	}
	map_free(devices);
	map_free(visible);
	if (chosen.items_count > 0) {
		qsort(chosen.items, chosen.items_count, sizeof(chosen.items[0]), compare_points);
	}
	join_spaces(mounts, &chosen);
	*ret_filesystems = chosen;
}

static bool is_measured(const struct host_space *space)
{
	return space && space->state == HOST_SPACE_MEASURED;
}

/* Some filesystems let it go below zero, which looks like a very large number. */
static uint64_t blocks_available(const struct host_space *space)
{
	return space->blocks_available > space->blocks ? 0 : space->blocks_available;
}

/* Blocks that root keeps for itself are neither used nor free; so df rounds them out, too. */
static double percent_used(uint64_t total, uint64_t free_total, uint64_t free_for_users)
{
	double used = total > free_total ? (double)(total - free_total) : 0;

	if (used + (double)free_for_users <= 0) {
		return NAN;
	}
	return 100 * used / (used + (double)free_for_users);
}

double host_space_used_percent(const struct host_space *space)
{
	if (!is_measured(space) || space->blocks == 0) {
		return NAN;
	}
	return percent_used(space->blocks, space->blocks_free, blocks_available(space));
}

double host_space_available_bytes(const struct host_space *space)
{
	if (!is_measured(space) || space->blocks == 0) {
		return NAN;
	}
	return (double)blocks_available(space) * (double)space->block_size;
}

double host_space_inodes_used_percent(const struct host_space *space)
{
	if (!is_measured(space) || space->files == 0) {
		return NAN;
	}
	return percent_used(space->files, space->files_free, space->files_free);
}
