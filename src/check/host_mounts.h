/*
 * Which filesystems of a machine are worth measuring, how full they are, and which have become
 * read-only although nobody asked for it.  Pure: it reads texts and numbers that others bring.
 *
 * Real filesystems are those that hold data of their own: on a disk or from the network.  Kernel
 * interfaces, memory filesystems, overlays of containers and images that are full by nature
 * (squashfs, iso9660) are not, except that "/" always counts unless it is such an image.  A device
 * that is mounted in several places, or bound, is shown once, at its shortest mount point.
 */
#ifndef CHECK_HOST_MOUNTS_H
#define CHECK_HOST_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "conf/option.h"

/* A line of /proc/self/mountinfo. */
struct host_mount {
	const char *device_id;     /* "8:1" */
	const char *root;          /* what of the filesystem is mounted; "/" unless it is bound */
	const char *point;         /* where */
	const char *options;       /* of this mount: "rw,relatime" */
	const char *type;          /* "ext4", "nfs4", "fuse.sshfs" */
	const char *source;        /* "/dev/sda1", "nas:/home" */
	const char *super_options; /* of the filesystem, wherever it is mounted */
};

/* A line of /etc/fstab. */
struct host_fstab_entry {
	const char *point;
	const char *options;
};

enum host_space_state {
	HOST_SPACE_MEASURED,
	HOST_SPACE_STUCK,  /* did not answer in time */
	HOST_SPACE_FAILED, /* the system said no: error */
};

/* What statfs(2) says of a mount point; the counts are blocks. */
struct host_space {
	const char *point;
	enum host_space_state state;
	int error; /* errno; 0: not known */
	uint64_t block_size;
	uint64_t blocks, blocks_free, blocks_available;
	uint64_t files, files_free;
};

struct host_mounts {
	struct host_mount *mounts;
	size_t mounts_count, mounts_alloc;
	struct host_fstab_entry *fstab;
	size_t fstab_count, fstab_alloc;
	struct host_space *spaces;
	size_t spaces_count, spaces_alloc;
};

/* Texts are copied into the arena; lines that cannot be read are left out. */
void host_mounts_add_mountinfo(struct host_mounts *, struct str text, struct arena *);
void host_mounts_add_fstab(struct host_mounts *, struct str text, struct arena *);

/*
 * Whose root is a folder of a filesystem that is mounted somewhere above (a chroot) sees lines for
 * others, but none for "/".  Add it then, on the device ("8:1") that it is found to be on.
 */
void host_mounts_add_missing_root(struct host_mounts *, const char *device_id, struct arena *);

/*
 * Lines of numbers and a mount point, written as mountinfo writes it (a space is \040):
 *
 *   BLOCK_SIZE BLOCKS FREE AVAILABLE FILES FILES_FREE POINT      as of `stat -f -c '%S %b %f %a %c
 * %d'` stuck POINT failed ERRNO POINT
 */
void host_mounts_add_spaces(struct host_mounts *, struct str text, struct arena *);
void host_mounts_add_space(struct host_mounts *, const struct host_space *, struct arena *);

/* A filesystem that was chosen. */
struct host_filesystem {
	const struct host_mount *mount;
	const struct host_space *space; /* NULL: not measured (yet) */
	bool is_remote;                 /* over a network or a user's process: may hang */
	bool is_read_only;              /* and should not be */
};

struct host_filesystems {
	struct host_filesystem *items; /* sorted by mount point */
	size_t items_count, items_alloc;
};

/*
 * The filesystems to measure.  `include` and `exclude` are lists of globs (const char *): one that
 * begins with "/" is compared with the mount point, any other with the type.  What is included is
 * measured whatever it is, under its own mount point, even if it is excluded too.
 */
void host_mounts_choose(const struct host_mounts *, const struct option_list *include,
	const struct option_list *exclude, struct arena *,
	struct host_filesystems *ret_filesystems);

/* As df counts: of what ordinary users can have; NaN if it has no such thing or was not measured.
 */
double host_space_used_percent(const struct host_space *);
double host_space_available_bytes(const struct host_space *);
double host_space_inodes_used_percent(const struct host_space *);

#endif
