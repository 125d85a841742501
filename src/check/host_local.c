/*
 * Collecting the facts of this machine.  See host_local.h.
 *
 * CPU time is sampled while nothing but the filesystems is being looked at, so that the check does
 * not measure itself; the processes come afterwards.
 */
#include "check/host_local.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "check/host_spaces.h"

enum {
	FILE_MAX = 16 << 20,
	PROCESSES_A_SLICE = 200,
	PROCESS_STAT_MAX = 2048,
};

struct host_local {
	struct host_local_spec spec;
	struct host_machine machine;
	struct host_spaces *spaces;
	struct timer *timer; /* the second CPU sample, then the next slice of processes */
	DIR *proc;           /* while processes are read */
	bool are_spaces_done;
	bool are_processes_done;
	host_local_done_fn *done;
	void *arg;
};

static const char *path_of(const struct host_local *local, const char *path)
{
	return arena_printf(
		local->spec.arena, "%s%s", local->spec.root ? local->spec.root : "", path);
}

/* A file that is not there is a section that is not there. */
static void read_section(struct host_local *local, const char *section, const char *path)
{
	struct strbuf text = STRBUF_INIT;

	if (file_read(path_of(local, path), FILE_REGULAR, FILE_MAX, &text, NULL) == 0) {
		host_facts_add_section(&local->machine.facts, str_of(section), strbuf_str(&text));
	}
	strbuf_release(&text);
}

static void read_files(struct host_local *local)
{
	static const struct {
		const char *section, *path;
	} files[] = {
		{"stat", "/proc/stat"},
		{"hostname", "/proc/sys/kernel/hostname"},
		{"uptime", "/proc/uptime"},
		{"loadavg", "/proc/loadavg"},
		{"meminfo", "/proc/meminfo"},
		{"mountinfo", "/proc/self/mountinfo"},
		{"fstab", "/etc/fstab"},
		{"pressure/cpu", "/proc/pressure/cpu"},
		{"pressure/memory", "/proc/pressure/memory"},
		{"pressure/io", "/proc/pressure/io"},
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		read_section(local, files[i].section, files[i].path);
	}
}

static void add_missing_root(struct host_local *local)
{
	struct stat st;

	if (stat(path_of(local, "/"), &st) == 0) {
		host_mounts_add_missing_root(&local->machine.facts.mounts,
			arena_printf(
				local->spec.arena, "%u:%u", major(st.st_dev), minor(st.st_dev)),
			local->spec.arena);
	}
}

/* Debian and its children leave a file behind when an upgrade wants a reboot; on others its absence
 * means nothing. */
static void read_reboot(struct host_local *local)
{
	const char *text = NULL;

	if (access(path_of(local, "/run/reboot-required"), F_OK) == 0 ||
		access(path_of(local, "/var/run/reboot-required"), F_OK) == 0) {
		text = "required";
	} else if (access(path_of(local, "/etc/debian_version"), F_OK) == 0) {
		text = "not required";
	}
	if (text) {
		host_facts_add_section(&local->machine.facts, str_of("reboot"), str_of(text));
	}
}

/* Asking needs no privilege; a container may forbid it. */
static void read_clock(struct host_local *local)
{
	struct timex timex = {.modes = 0};
	struct host_facts *facts = &local->machine.facts;
	int state = adjtimex(&timex);

	if (state < 0) {
		return;
	}
	facts->clock_synchronised = state != TIME_ERROR && !(timex.status & STA_UNSYNC);
	if (facts->clock_synchronised > 0) {
		facts->clock_offset_s =
			(double)timex.offset / (timex.status & STA_NANO ? 1e9 : 1e6);
	}
	facts->clock_error_s = (double)timex.maxerror / 1e6;
}

static void local_end_if_done(struct host_local *local)
{
	if (!local->are_spaces_done || !local->are_processes_done) {
		return;
	}
	/* Once more: now with what was measured. */
	host_mounts_choose(&local->machine.facts.mounts, local->spec.include_mounts,
		local->spec.exclude_mounts, local->spec.arena, &local->machine.filesystems);
	local->done(local->arg, &local->machine);
}

static void spaces_done(void *arg)
{
	struct host_local *local = arg;

	local->are_spaces_done = true;
	local_end_if_done(local);
}

static bool read_process(struct host_local *local, const char *pid)
{
	char text[PROCESS_STAT_MAX];
	char name[64];
	ssize_t len;
	int fd;

	if (snprintf(name, sizeof(name), "%s/stat", pid) >= (int)sizeof(name)) {
		return false;
	}
	fd = openat(dirfd(local->proc), name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	len = read(fd, text, sizeof(text));
	closep(&fd);
	if (len <= 0) {
		return false; /* it has just gone */
	}
	host_facts_add_section(
		&local->machine.facts, str_of("processes"), str_n(text, (size_t)len));
	return true;
}

static void processes_end(struct host_local *local)
{
	if (local->proc) {
		(void)closedir(local->proc);
		local->proc = NULL;
	}
	local->are_processes_done = true;
	local_end_if_done(local);
}

static void processes_slice(void *arg)
{
	struct host_local *local = arg;

	for (int i = 0; i < PROCESSES_A_SLICE; i++) {
		const struct dirent *entry = readdir(local->proc);

		if (!entry) {
			processes_end(local);
			return;
		}
		if (char_is_digit(entry->d_name[0])) {
			(void)read_process(local, entry->d_name);
		}
	}
	timer_set(local->timer, 0);
}

/* Where /proc hides the processes of others (hidepid), not even the first can be seen: then those
 * that can are no count. */
static void processes_start(struct host_local *local)
{
	local->proc = opendir(path_of(local, "/proc"));
	if (!local->proc || faccessat(dirfd(local->proc), "1/stat", R_OK, 0) < 0) {
		processes_end(local);
		return;
	}
	timer_free(&local->timer);
	local->timer = timer_add(local->spec.loop, 0, processes_slice, local);
}

static void second_cpu_sample(void *arg)
{
	struct host_local *local = arg;

	read_section(local, "stat", "/proc/stat");
	processes_start(local);
}

static void spaces_start(struct host_local *local)
{
	struct host_machine *machine = &local->machine;
	const struct host_spaces_spec spec = {
		.loop = local->spec.loop,
		.arena = local->spec.arena,
		.filesystems = &machine->filesystems,
		.mounts = &machine->facts.mounts,
		.timeout_ms = local->spec.mount_timeout_ms,
		.statfs = local->spec.statfs,
	};

	host_mounts_choose(&machine->facts.mounts, local->spec.include_mounts,
		local->spec.exclude_mounts, local->spec.arena, &machine->filesystems);
	local->spaces = host_spaces_start(&spec, spaces_done, local);
}

struct host_local *host_local_start(
	const struct host_local_spec *spec, host_local_done_fn *done, void *arg)
{
	struct host_local *local = arena_alloc(spec->arena, sizeof(*local));

	*local = (struct host_local){.spec = *spec, .done = done, .arg = arg};
	host_facts_init(&local->machine.facts, spec->arena);
	local->machine.facts.page_size = (double)sysconf(_SC_PAGESIZE);
	read_files(local);
	add_missing_root(local);
	read_reboot(local);
	read_clock(local);
	spaces_start(local);
	local->timer = timer_add(spec->loop, spec->cpu_sample_ms, second_cpu_sample, local);
	return local;
}

void host_local_free(struct host_local **local)
{
	struct host_local *l = TAKE(*local);

	if (!l) {
		return;
	}
	host_spaces_free(&l->spaces);
	timer_free(&l->timer);
	if (l->proc) {
		(void)closedir(l->proc);
	}
}

const char *host_local_phase(const struct host_local *local)
{
	const char *point = host_spaces_waits_for(local->spaces);

	if (!local->are_spaces_done && point) {
		return arena_printf(local->spec.arena, "waiting for '%s'", point);
	}
	return local->are_processes_done ? "ending" : "measuring this machine";
}
