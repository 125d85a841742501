/*
 * Collecting from file trees as different machines have them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <unistd.h>

#include "base/file.h"
#include "check/host_local.h"
#include "loop/loop_fixture.h"

#define PID_1 "1 (init) S 0 1 1 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 300 1000000 250 1 1 1\n"
#define PID_7 "7 (gone) Z 1 7 7 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 300 0 0 1 1 1\n"

/* A machine: files by their path; every filesystem has 100 blocks, 60 of them free. */
struct machine {
	const char *name;
	struct {
		const char *path, *text;
	} files[12];
	double uptime_s, memory_percent, pressure;
	int cpus;
	int64_t processes, zombies;
	enum host_reboot reboot;
	const char *filesystems;
};

static const struct machine machines[] = {
	{
		.name = "debian",
		.files =
			{
				{"/proc/stat",
					"cpu  1 2 3 4 5 6 7 8 9 0\ncpu0 1 2 3 4\ncpu1 1 2 3 4\n"},
				{"/proc/uptime", "1000.5 2000.1\n"},
				{"/proc/sys/kernel/hostname", "box\n"},
				{"/proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 25 kB\n"},
				{"/proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
							 "2 1 0:5 / /proc rw - proc proc rw\n"
							 "3 1 0:9 / /nas rw - nfs4 nas:/x rw\n"},
				{"/proc/pressure/io",
					"some avg10=1.50 avg60=0.00 avg300=0.00 total=0\n"},
				{"/proc/1/stat", PID_1},
				{"/proc/7/stat", PID_7},
				{"/proc/irq/x", ""},
				{"/run/reboot-required", "*** System restart required ***\n"},
			},
		.uptime_s = 1000.5,
		.memory_percent = 75,
		.pressure = 1.5,
		.cpus = 2,
		.processes = 2,
		.zombies = 1,
		.reboot = HOST_REBOOT_REQUIRED,
		.filesystems = "/ 40, /nas 40",
	},
	{
		.name = "debian that needs no reboot, before 5.2",
		.files =
			{
				{"/proc/stat", "cpu  1 2 3 4 5 6 7 8 9 0\ncpu0 1 2 3 4\n"},
				{"/proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 100 kB\n"},
				{"/proc/1/stat", PID_1},
				{"/etc/debian_version", "12.5\n"},
			},
		.uptime_s = NAN,
		.memory_percent = 0,
		.pressure = NAN,
		.cpus = 1,
		.processes = 1,
		.zombies = 0,
		.reboot = HOST_REBOOT_NOT_REQUIRED,
		.filesystems = "",
	},
	{
		.name = "a container that hides the processes of others",
		.files =
			{
				{"/proc/self/mountinfo",
					"1 0 0:60 / / rw - overlay overlay rw,lowerdir=/x\n"},
				{"/proc/7/stat", PID_7},
			},
		.uptime_s = NAN,
		.memory_percent = NAN,
		.pressure = NAN,
		.cpus = 0,
		.processes = -1,
		.zombies = -1,
		.reboot = HOST_REBOOT_NOT_KNOWN,
		.filesystems = "/ 40",
	},
	{
		.name = "a chroot, where \"/\" is no mount",
		.files =
			{
				{"/proc/self/mountinfo", "2 1 0:5 / /proc rw - proc proc rw\n"},
			},
		.uptime_s = NAN,
		.memory_percent = NAN,
		.pressure = NAN,
		.processes = -1,
		.zombies = -1,
		.reboot = HOST_REBOOT_NOT_KNOWN,
		.filesystems = "/ 40",
	},
	{
		.name = "nothing at all",
		.uptime_s = NAN,
		.memory_percent = NAN,
		.pressure = NAN,
		.processes = -1,
		.zombies = -1,
		.reboot = HOST_REBOOT_NOT_KNOWN,
		.filesystems = "",
	},
};

static int fake_statfs(const char *point, struct statfs *fs)
{
	(void)point;
	memset(fs, 0, sizeof(*fs));
	fs->f_bsize = 512;
	fs->f_blocks = 100;
	fs->f_bfree = 60;
	fs->f_bavail = 60;
	return 0;
}

struct collected {
	struct fixture *fixture;
	struct arena *arena;
	char root[32];
	struct host_local *local;
	const struct host_machine *machine;
};

static void write_file(const char *root, const char *path, const char *text)
{
	struct strbuf file = STRBUF_INIT;

	strbuf_adds(&file, root);
	for (const char *c = path; *c; c++) {
		if (*c == '/' && c > path) {
			(void)mkdir(file.buf, 0700);
		}
		strbuf_addc(&file, *c);
	}
	assert_int_equal(file_write(file.buf, str_of(text), 0600, NULL), 0);
	strbuf_release(&file);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void done(void *arg, const struct host_machine *machine)
{
	struct collected *collected = arg;

	assert_null(collected->machine);
	collected->machine = machine;
}

static void collect_start(
	struct collected *collected, struct fixture *fixture, const struct machine *machine)
{
	static const struct option_list none;
	struct host_local_spec spec = {
		.loop = fixture->loop,
		.include_mounts = &none,
		.exclude_mounts = &none,
		.cpu_sample_ms = 10,
		.mount_timeout_ms = 60000,
		.statfs = fake_statfs,
	};

	*collected = (struct collected){
		.fixture = fixture, .arena = arena_new(), .root = "/tmp/test_host.XXXXXX"};
	assert_non_null(mkdtemp(collected->root));
	for (size_t i = 0; i < ARRAY_LEN(machine->files) && machine->files[i].path; i++) {
		write_file(collected->root, machine->files[i].path, machine->files[i].text);
	}
	spec.arena = collected->arena;
	spec.root = collected->root;
	collected->local = host_local_start(&spec, done, collected);
}

static void collected_free(struct collected *collected)
{
	host_local_free(&collected->local);
	assert_null(collected->local);
	assert_int_equal(nftw(collected->root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	arena_free(collected->arena);
}

static void assert_number(const char *machine, const char *what, double number, double expected)
{
	if (isnan(number) != isnan(expected) || fabs(number - expected) > 0.001) {
		fail_msg("%s: %s is %g, not %g", machine, what, number, expected);
	}
}

static void collects(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		const struct machine *machine = &machines[i];
		struct collected collected;
		struct strbuf text = STRBUF_INIT;
		const struct host_facts *facts;

		collect_start(&collected, *state, machine);
		assert_string_equal(host_local_phase(collected.local), "measuring this machine");
		assert_int_equal(loop_run(collected.fixture->loop, NULL), 0);
		assert_non_null(collected.machine);
		facts = &collected.machine->facts;
		assert_number(machine->name, "uptime", facts->uptime_s, machine->uptime_s);
		assert_number(machine->name, "memory", host_memory_used_percent(&facts->memory),
			machine->memory_percent);
		assert_number(machine->name, "pressure", facts->pressure[HOST_IO].some_avg10,
			machine->pressure);
		assert_number(machine->name, "cpus", facts->cpu_count, machine->cpus);
		assert_number(machine->name, "processes", (double)facts->processes,
			(double)machine->processes);
		assert_number(
			machine->name, "zombies", (double)facts->zombies, (double)machine->zombies);
		assert_int_equal(facts->reboot, machine->reboot);
		for (size_t k = 0; k < collected.machine->filesystems.items_count; k++) {
			const struct host_filesystem *filesystem =
				&collected.machine->filesystems.items[k];

			strbuf_addf(&text, "%s%s %.0f", k ? ", " : "", filesystem->mount->point,
				host_space_used_percent(filesystem->space));
		}
		assert_string_equal(text.buf, machine->filesystems);
		strbuf_release(&text);
		collected_free(&collected);
	}
}

static void reads_thousands_of_processes_in_slices(void **state)
{
	struct collected collected;
	struct strbuf path = STRBUF_INIT;

	collect_start(&collected, *state, &machines[0]);
	for (int pid = 10; pid < 1510; pid++) {
		strbuf_clear(&path);
		strbuf_addf(&path, "/proc/%d/stat", pid);
		write_file(collected.root, path.buf, PID_1);
	}
	assert_int_equal(loop_run(collected.fixture->loop, NULL), 0);
	assert_int_equal(collected.machine->facts.processes, 1502);
	strbuf_release(&path);
	collected_free(&collected);
}

static void free_it(void *arg)
{
	struct collected *collected = arg;

	host_local_free(&collected->local);
}

static void can_be_freed_at_any_time(void **state)
{
	static const int64_t delays_ms[] = {0, 1, 5, 10, 11, 12, 20};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(delays_ms); i++) {
		struct collected collected;
		struct timer *timer;

		collect_start(&collected, fixture, &machines[0]);
		timer = timer_add(fixture->loop, delays_ms[i], free_it, &collected);
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		timer_free(&timer);
		collected_free(&collected);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(collects, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			reads_thousands_of_processes_in_slices, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			can_be_freed_at_any_time, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
