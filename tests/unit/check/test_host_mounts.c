/*
 * Which filesystems count, how full they are, and which should not be read-only.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/host_mounts.h"
#include "cmocka_all.h"

#define DEBIAN_MOUNTS                                                                              \
	"21 27 0:19 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"            \
	"22 27 0:20 / /proc rw,nosuid shared:13 - proc proc rw\n"                                  \
	"23 27 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=4062892k\n"                   \
	"25 27 0:22 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=815520k\n"               \
	"27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro\n"                \
	"40 27 8:1 / /boot/efi rw,relatime shared:31 - vfat /dev/sda1 rw,fmask=0077\n"             \
	"41 27 253:0 / /var rw,relatime shared:33 - xfs /dev/mapper/vg-var rw,attr2\n"             \
	"42 41 253:0 /lib/x /srv/a\\040very\\040long\\040name rw - xfs /dev/mapper/vg-var rw\n"    \
	"43 27 7:0 / /snap/core/1 ro,nodev - squashfs /dev/loop0 ro\n"                             \
	"44 27 0:45 / /mnt/nas rw,relatime - nfs4 nas:/home rw,vers=4.2,hard\n"                    \
	"45 27 0:46 / /home/me/s rw - fuse.sshfs me@x:/ rw,user_id=1000\n"                         \
	"46 25 0:47 / /run/user/1000/doc rw - fuse.portal portal rw\n"                             \
	"47 41 0:48 / /var/lib/docker/overlay2/abc/merged rw - overlay overlay "                   \
	"rw,lowerdir=/a,upperdir=/b\n"

struct globs {
	const char *globs[4];
};

static struct option_list list_of(const struct globs *globs)
{
	struct option_list list = {0};

	while (list.count < ARRAY_LEN(globs->globs) && globs->globs[list.count]) {
		list.count++;
	}
	list.items = (void *)(uintptr_t)globs->globs;
	return list;
}

/* "point type, point type*, ..."; "*": remote, "!": read-only unasked. */
static char *choose(const char *mountinfo, const char *fstab, const struct globs *include,
	const struct globs *exclude)
{
	struct arena *arena = arena_new();
	struct host_mounts mounts = {0};
	struct host_filesystems chosen;
	struct option_list include_list = list_of(include);
	struct option_list exclude_list = list_of(exclude);
	struct strbuf out = STRBUF_INIT;

	host_mounts_add_mountinfo(&mounts, str_of(mountinfo), arena);
	host_mounts_add_fstab(&mounts, str_of(fstab), arena);
	host_mounts_choose(&mounts, &include_list, &exclude_list, arena, &chosen);
	for (size_t i = 0; i < chosen.items_count; i++) {
		const struct host_filesystem *filesystem = &chosen.items[i];

		strbuf_addf(&out, "%s%s %s%s%s", i ? ", " : "", filesystem->mount->point,
			filesystem->mount->type, filesystem->is_remote ? "*" : "",
			filesystem->is_read_only ? "!" : "");
		assert_null(filesystem->space);
	}
	arena_free(arena);
	return strbuf_detach(&out);
}

static void chooses(void **state)
{
	static const struct {
		const char *name, *mountinfo;
		struct globs include, exclude;
		const char *chosen;
	} cases[] = {
		{"debian", DEBIAN_MOUNTS, {{0}}, {{0}},
			"/ ext4, /boot/efi vfat, /home/me/s fuse.sshfs*, /mnt/nas nfs4*, /var xfs"},
		{"excluded points", DEBIAN_MOUNTS, {{0}}, {{"/boot/*", "/mnt/*"}},
			"/ ext4, /home/me/s fuse.sshfs*, /var xfs"},
		{"excluded types", DEBIAN_MOUNTS, {{0}}, {{"nfs*", "fuse.*"}},
			"/ ext4, /boot/efi vfat, /var xfs"},
		{"included besides", DEBIAN_MOUNTS, {{"/run"}}, {{0}},
			"/ ext4, /boot/efi vfat, /home/me/s fuse.sshfs*, /mnt/nas nfs4*, /run "
			"tmpfs, /var xfs"},
		{"only these", DEBIAN_MOUNTS, {{"/", "/run", "squashfs"}}, {{"*"}},
			"/ ext4, /run tmpfs, /snap/core/1 squashfs"},
		{"an included bind keeps its name", DEBIAN_MOUNTS, {{"/srv/*"}},
			{{"vfat", "nfs4", "fuse.*"}},
			"/ ext4, /srv/a very long name xfs, /var xfs"},
		{"a container",
			"1045 1000 0:60 / / rw,relatime - overlay overlay rw,lowerdir=/l\n"
			"1046 1045 0:63 / /proc rw - proc proc rw\n"
			"1047 1045 0:64 / /dev rw - tmpfs tmpfs rw,size=65536k\n"
			"1048 1045 8:1 /var/lib/docker/c/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n"
			"1049 1045 8:1 /var/lib/docker/c/hostname /etc/hostname rw - ext4 "
			"/dev/sda1 rw\n"
			"1050 1045 8:17 /volumes/v /data rw - ext4 /dev/sdb1 rw\n",
			{{0}}, {{0}}, "/ overlay, /data ext4"},
		{"alpine in memory",
			"15 1 0:14 / / rw,relatime - tmpfs rootfs rw,size=1000k\n"
			"16 15 0:15 / /proc rw - proc proc rw\n"
			"17 15 179:1 / /media/mmcblk0p1 ro,relatime - vfat /dev/mmcblk0p1 ro\n",
			{{0}}, {{0}}, "/ tmpfs, /media/mmcblk0p1 vfat"},
		{"mounted over",
			"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
			"2 1 8:2 / /data rw - ext4 /dev/sdb rw\n"
			"3 2 0:9 / /data rw - tmpfs tmpfs rw\n",
			{{0}}, {{0}}, "/ ext4"},
		{"btrfs subvolumes and zfs datasets",
			"1 0 0:30 /@ / rw - btrfs /dev/sda2 rw,subvol=/@\n"
			"2 1 0:30 /@home /home rw - btrfs /dev/sda2 rw,subvol=/@home\n"
			"3 1 0:40 / /tank rw - zfs tank rw,xattr\n"
			"4 3 0:41 / /tank/db rw - zfs tank/db rw,xattr\n",
			{{0}}, {{0}}, "/ btrfs, /tank zfs, /tank/db zfs"},
		{"no optional fields, several, an empty source",
			"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
			"2 1 8:2 / /b rw shared:1 master:2 unbindable - ext4 /dev/sdb rw\n"
			"3 1 8:3 / /c rw - ext4  rw\n",
			{{0}}, {{0}}, "/ ext4, /b ext4, /c ext4"},
		{"broken lines",
			"\n1 0 8:1 /\n1 0 8:1 / / rw ext4 /dev/sda1 rw\n- - - - - - -\n"
			"1 0 8:1 / /x rw -\n1 0 8:1 / /x rw - ext4\n",
			{{0}}, {{0}}, ""},
		{"escapes", "1 0 8:1 / /a\\134b\\011c\\04x\\ rw - ext4 /dev/sda rw\n", {{0}}, {{0}},
			"/a\\b\tc\\04x\\ ext4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *chosen = choose(cases[i].mountinfo, "", &cases[i].include, &cases[i].exclude);

		if (strcmp(chosen, cases[i].chosen) != 0) {
			fail_msg("%s: chosen are %s", cases[i].name, chosen);
		}
		free(chosen);
	}
}

static void tells_read_only_by_accident_from_by_intent(void **state)
{
	static const struct {
		const char *name, *mountinfo, *fstab;
		const char *chosen;
	} cases[] = {
		{"writable", "1 0 8:1 / / rw - ext4 /dev/sda1 rw,errors=remount-ro\n", "",
			"/ ext4"},
		{"the kernel gave up", "1 0 8:1 / / rw - ext4 /dev/sda1 ro,errors=remount-ro\n", "",
			"/ ext4!"},
		{"the kernel gave up, 6.15",
			"1 0 8:1 / / rw - ext4 /dev/sda1 rw,errors=remount-ro,emergency_ro\n", "",
			"/ ext4!"},
		{"it was shut down", "1 0 8:1 / / rw - ext4 /dev/sda1 rw,shutdown\n", "",
			"/ ext4!"},
		{"btrfs aborted", "1 0 0:30 / /data rw - btrfs /dev/sdb ro,space_cache\n", "",
			"/data btrfs!"},
		{"remounted by hand", "1 0 8:1 / /data ro - ext4 /dev/sda1 ro\n",
			"/dev/sda1 /data ext4 defaults 0 2\n", "/data ext4!"},
		{"fstab with a slash too many", "1 0 8:1 / /data ro - ext4 /dev/sda1 ro\n",
			"/dev/sda1 /data/ ext4 rw,noatime 0 2\n", "/data ext4!"},
		{"fstab says ro", "1 0 8:1 / /data ro - ext4 /dev/sda1 ro\n",
			"# x\n/dev/sda1\t/data\text4\tdefaults,ro 0 2\n", "/data ext4"},
		{"fstab says ro, and the kernel gave up",
			"1 0 8:1 / /data ro - ext4 /dev/sda1 ro\n", "/dev/sda1 /data ext4 ro 0 2\n",
			"/data ext4"},
		{"not in fstab", "1 0 8:1 / /data ro - ext4 /dev/sda1 ro\n",
			"/dev/sda2 /other ext4 defaults 0 2\n", "/data ext4"},
		{"mounted by hand", "1 0 8:1 / /data ro - ext4 /dev/sda1 ro\n",
			"/dev/sda1 /data ext4 noauto,user 0 2\n", "/data ext4"},
		{"a read-only bind", "1 0 8:1 / /data ro - ext4 /dev/sda1 rw\n", "", "/data ext4"},
		{"a read-only bind that fstab has",
			"1 0 8:1 / /d rw - ext4 /dev/sda1 rw\n2 0 8:1 /a /data ro - ext4 /dev/sda1 "
			"rw\n",
			"/d/a /data none bind,ro 0 0\n", "/d ext4"},
		{"seen through a bind only",
			"1 0 8:1 / /long/name ro - ext4 /dev/sda1 ro\n"
			"2 0 8:1 / /s ro - ext4 /dev/sda1 ro\n",
			"/dev/sda1 /long/name ext4 defaults 0 0\n", "/s ext4!"},
		{"images", "1 0 7:0 / /snap/x rw - squashfs /dev/loop0 ro\n", "", ""},
		{"a read-only export", "1 0 0:50 / /nas ro - nfs4 nas:/x ro\n",
			"nas:/x /nas nfs4 defaults 0 0\n", "/nas nfs4*"},
		{"an option that begins with ro",
			"1 0 8:1 / / rw - ext4 /dev/sda1 rw,rootcontext=x\n", "", "/ ext4"},
	};
	static const struct globs none = {{0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *chosen = choose(cases[i].mountinfo, cases[i].fstab, &none, &none);

		if (strcmp(chosen, cases[i].chosen) != 0) {
			fail_msg("%s: chosen are %s", cases[i].name, chosen);
		}
		free(chosen);
	}
}

static void reads_spaces(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		enum host_space_state state;
		int error;
		const char *point;
		double used, available, inodes;
	} cases[] = {
		{"4096 1000 500 450 200 150 /var\n", 1, HOST_SPACE_MEASURED, 0, "/var", 52.63,
			450.0 * 4096, 25},
		{"4096 1000 1000 950 0 0 /boot/efi\n", 1, HOST_SPACE_MEASURED, 0, "/boot/efi", 0,
			950.0 * 4096, NAN},
		{"512 100 0 0 10 0 /full", 1, HOST_SPACE_MEASURED, 0, "/full", 100, 0, 100},
		{"4096 0 0 0 0 0 /proc", 1, HOST_SPACE_MEASURED, 0, "/proc", NAN, NAN, NAN},
		{"4096 100 5 9223372036854775807 0 0 /x", 1, HOST_SPACE_MEASURED, 0, "/x", 100, 0,
			NAN},
		{"4096 100 200 200 5 9 /odd", 1, HOST_SPACE_MEASURED, 0, "/odd", NAN, 0, 0},
		{"stuck /mnt/a\\040b\n", 1, HOST_SPACE_STUCK, 0, "/mnt/a b", NAN, NAN, NAN},
		{"failed 107 /home/me/s\n", 1, HOST_SPACE_FAILED, 107, "/home/me/s", NAN, NAN, NAN},
		{"4096 1 1 1 1 1 /with space", 1, HOST_SPACE_MEASURED, 0, "/with space", 0, 4096,
			0},
		{"4096 1 1 1 1 1", 0, 0, 0, NULL, 0, 0, 0},
		{"4096 1 1 1 1 /x", 0, 0, 0, NULL, 0, 0, 0},
		{"-1 1 1 1 1 1 /x", 0, 0, 0, NULL, 0, 0, 0},
		{"stuck", 0, 0, 0, NULL, 0, 0, 0},
		{"failed /x", 0, 0, 0, NULL, 0, 0, 0},
		{"failed 99999 /x", 0, 0, 0, NULL, 0, 0, 0},
		{"\n \n", 0, 0, 0, NULL, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct host_mounts mounts = {0};

		host_mounts_add_spaces(&mounts, str_of(cases[i].text), arena);
		assert_int_equal(mounts.spaces_count, cases[i].count);
		if (cases[i].count > 0) {
			const struct host_space *space = &mounts.spaces[0];
			double got[] = {host_space_used_percent(space),
				host_space_available_bytes(space),
				host_space_inodes_used_percent(space)};
			double want[] = {cases[i].used, cases[i].available, cases[i].inodes};

			assert_int_equal(space->state, cases[i].state);
			assert_int_equal(space->error, cases[i].error);
			assert_string_equal(space->point, cases[i].point);
			for (size_t k = 0; k < ARRAY_LEN(got); k++) {
				if (isnan(got[k]) != isnan(want[k]) ||
					fabs(got[k] - want[k]) > 0.01) {
					fail_msg("%s: %zu is %g", cases[i].text, k, got[k]);
				}
			}
		}
		arena_free(arena);
	}
}

static void joins_spaces_with_their_filesystems(void **state)
{
	static const struct globs none = {{0}};
	struct option_list empty = list_of(&none);
	struct arena *arena = arena_new();
	struct host_mounts mounts = {0};
	struct host_filesystems chosen;
	const struct host_space space = {.point = "/var", .blocks = 5, .block_size = 512};

	(void)state;
	host_mounts_add_mountinfo(&mounts, str_of(DEBIAN_MOUNTS), arena);
	host_mounts_add_spaces(&mounts, str_of("4096 10 5 5 0 0 /\nstuck /nowhere\n"), arena);
	host_mounts_add_space(&mounts, &space, arena);
	host_mounts_choose(&mounts, &empty, &empty, arena, &chosen);
	assert_int_equal(chosen.items_count, 5);
	assert_non_null(chosen.items[0].space);
	assert_int_equal(chosen.items[0].space->blocks, 10);
	assert_null(chosen.items[1].space);
	assert_string_equal(chosen.items[4].mount->point, "/var");
	assert_int_equal(chosen.items[4].space->blocks, 5);
	arena_free(arena);
}

/* Many thousands of mounts (a node full of containers) take no time to speak of. */
static void chooses_among_many(void **state)
{
	static const struct globs none = {{0}};
	struct strbuf text = STRBUF_INIT;
	char *chosen;

	(void)state;
	strbuf_adds(&text, "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
	for (int i = 0; i < 20000; i++) {
		strbuf_addf(&text, "%d 1 8:1 /x /var/lib/kubelet/pods/%d rw - ext4 /dev/sda1 rw\n",
			i + 2, i);
	}
	chosen = choose(text.buf, "", &none, &none);
	assert_string_equal(chosen, "/ ext4");
	free(chosen);
	strbuf_release(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses),
		cmocka_unit_test(tells_read_only_by_accident_from_by_intent),
		cmocka_unit_test(reads_spaces),
		cmocka_unit_test(joins_spaces_with_their_filesystems),
		cmocka_unit_test(chooses_among_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
