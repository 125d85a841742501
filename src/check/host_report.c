/*
 * A machine's facts as a result.  See host_report.h.
 */
#include "check/host_report.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/words.h"

enum { NAMED_MAX = 3, NAME_BYTES_MAX = 200 };

// clang-format off
const struct check_value_row host_values[] = {
	{.name = "hostname", .unit = UNIT_TEXT, .help = "its name"},
	{.name = "uptime_seconds", .unit = UNIT_SECONDS, .help = "time since it was started"},
	{.name = "cpu_percent", .unit = UNIT_PERCENT, .help = "time of all CPUs that was not idle or waiting for I/O, during cpu_sample"},
	{.name = "cpu_iowait_percent", .unit = UNIT_PERCENT, .help = "time in which a CPU had nothing to do but wait for I/O"},
	{.name = "cpu_steal_percent", .unit = UNIT_PERCENT, .help = "time that the hypervisor gave to others"},
	{.name = "cpu_count", .unit = UNIT_NONE, .help = "CPUs that are online"},
	{.name = "load1", .unit = UNIT_NONE, .help = "load average of the last minute"},
	{.name = "load5", .unit = UNIT_NONE, .help = "load average of the last 5 minutes"},
	{.name = "load15", .unit = UNIT_NONE, .help = "load average of the last 15 minutes"},
	{.name = "load1_per_cpu", .unit = UNIT_NONE, .help = "load1 divided by cpu_count"},
	{.name = "memory_percent", .unit = UNIT_PERCENT, .help = "memory that is not available (MemAvailable)",
	 .warning = "95", .critical = "98"},
	{.name = "memory_available_bytes", .unit = UNIT_BYTES, .help = "memory that programs can still get without swapping"},
	{.name = "memory_total_bytes", .unit = UNIT_BYTES, .help = "memory it has"},
	{.name = "swap_used_percent", .unit = UNIT_PERCENT, .help = "swap that is used; 0 without swap"},
	{.name = "disk_used_percent", .unit = UNIT_PERCENT, .has_instances = true,
	 .help = "space that is used, as df counts; of the fullest filesystem without [mount point]",
	 .warning = "90", .critical = "97"},
	{.name = "disk_free_bytes", .unit = UNIT_BYTES, .has_instances = true,
	 .help = "space that users can still get; the least of all without [mount point]"},
	{.name = "inodes_used_percent", .unit = UNIT_PERCENT, .has_instances = true,
	 .help = "inodes that are used; the most of all without [mount point]",
	 .warning = "90", .critical = "97"},
	{.name = "filesystems_read_only", .unit = UNIT_NONE, .help = "filesystems that have become read-only and should not be"},
	{.name = "mounts_stuck", .unit = UNIT_NONE, .help = "mounts that did not answer within mount_timeout"},
	{.name = "pressure_cpu_some_avg10_percent", .unit = UNIT_PERCENT, .help = "time in which a task waited for a CPU, last 10 s"},
	{.name = "pressure_cpu_some_avg60_percent", .unit = UNIT_PERCENT, .help = "the same, last 60 s"},
	{.name = "pressure_memory_some_avg10_percent", .unit = UNIT_PERCENT, .help = "time in which a task waited for memory, last 10 s"},
	{.name = "pressure_memory_some_avg60_percent", .unit = UNIT_PERCENT, .help = "the same, last 60 s"},
	{.name = "pressure_memory_full_avg10_percent", .unit = UNIT_PERCENT, .help = "time in which all tasks waited for memory, last 10 s"},
	{.name = "pressure_memory_full_avg60_percent", .unit = UNIT_PERCENT, .help = "the same, last 60 s"},
	{.name = "pressure_io_some_avg10_percent", .unit = UNIT_PERCENT, .help = "time in which a task waited for I/O, last 10 s"},
	{.name = "pressure_io_some_avg60_percent", .unit = UNIT_PERCENT, .help = "the same, last 60 s"},
	{.name = "pressure_io_full_avg10_percent", .unit = UNIT_PERCENT, .help = "time in which all tasks waited for I/O, last 10 s"},
	{.name = "pressure_io_full_avg60_percent", .unit = UNIT_PERCENT, .help = "the same, last 60 s"},
	{.name = "clock_synchronised", .unit = UNIT_BOOL, .help = "1 if something keeps its clock right (NTP, PTP)"},
	{.name = "clock_offset_seconds", .unit = UNIT_SECONDS, .help = "what the kernel still has to correct; while synchronised"},
	{.name = "clock_error_seconds", .unit = UNIT_SECONDS, .help = "the most the clock can be wrong by, as the kernel knows it"},
	{.name = "processes", .unit = UNIT_NONE, .help = "processes, those of the kernel included"},
	{.name = "zombies", .unit = UNIT_NONE, .help = "processes that have ended and that their parent has not buried"},
	{.name = "reboot_required", .unit = UNIT_BOOL, .help = "1 if an upgrade asks for a reboot (Debian, Ubuntu)"},
	{0},
};
// clang-format on

static void add_known(
	struct check_result *result, const char *name, enum check_unit unit, double number)
{
	if (!isnan(number)) {
		check_value_add(result, name, unit, number);
	}
}

static void add_cpu(const struct host_facts *facts, struct check_result *result)
{
	add_known(result, "cpu_percent", UNIT_PERCENT, host_cpu_busy_percent(facts));
	add_known(result, "cpu_iowait_percent", UNIT_PERCENT, host_cpu_iowait_percent(facts));
	add_known(result, "cpu_steal_percent", UNIT_PERCENT, host_cpu_steal_percent(facts));
	if (facts->cpu_count > 0) {
		check_value_add(result, "cpu_count", UNIT_NONE, facts->cpu_count);
	}
	add_known(result, "load1", UNIT_NONE, facts->load[0]);
	add_known(result, "load5", UNIT_NONE, facts->load[1]);
	add_known(result, "load15", UNIT_NONE, facts->load[2]);
	if (facts->cpu_count > 0) {
		add_known(result, "load1_per_cpu", UNIT_NONE, facts->load[0] / facts->cpu_count);
	}
}

static void add_memory(const struct host_facts *facts, struct check_result *result)
{
	const struct host_memory *memory = &facts->memory;

	add_known(result, "memory_percent", UNIT_PERCENT, host_memory_used_percent(memory));
	add_known(result, "memory_available_bytes", UNIT_BYTES, memory->available);
	add_known(result, "memory_total_bytes", UNIT_BYTES, memory->total);
	add_known(result, "swap_used_percent", UNIT_PERCENT, host_swap_used_percent(memory));
}

/* What is measured of every filesystem, and which of two is worse. */
static const struct space_value {
	const char *name;
	enum check_unit unit;
	double (*measure)(const struct host_space *);
	bool is_less_worse;
} space_values[] = {
	{"disk_used_percent", UNIT_PERCENT, host_space_used_percent, false},
	{"disk_free_bytes", UNIT_BYTES, host_space_available_bytes, true},
	{"inodes_used_percent", UNIT_PERCENT, host_space_inodes_used_percent, false},
};

/* Of the worst filesystem; NaN if none has it. */
static double worst_space(
	const struct host_filesystems *filesystems, const struct space_value *value)
{
	double worst = NAN;

	for (size_t i = 0; i < filesystems->items_count; i++) {
		double number = value->measure(filesystems->items[i].space);

		if (isnan(worst) || (value->is_less_worse ? number < worst : number > worst)) {
			worst = number;
		}
	}
	return worst;
}

static const char *safe_name(const char *name, struct arena *arena)
{
	struct strbuf safe = STRBUF_INIT;
	const char *copy;

	utf8_add_escaped(&safe, str_of(name), NAME_BYTES_MAX);
	copy = arena_strndup(arena, safe.buf, safe.len);
	strbuf_release(&safe);
	return copy;
}

static void add_spaces(const struct host_filesystems *filesystems, struct check_result *result)
{
	for (size_t v = 0; v < ARRAY_LEN(space_values); v++) {
		const struct space_value *value = &space_values[v];

		add_known(result, value->name, value->unit, worst_space(filesystems, value));
		for (size_t i = 0; i < filesystems->items_count; i++) {
			double number = value->measure(filesystems->items[i].space);

			if (!isnan(number)) {
				check_value_add_instance(result, value->name,
					safe_name(
						filesystems->items[i].mount->point, result->arena),
					value->unit, number);
			}
		}
	}
}

static bool is_read_only(const struct host_filesystem *filesystem)
{
	return filesystem->is_read_only;
}

static bool is_stuck(const struct host_filesystem *filesystem)
{
	return filesystem->space && filesystem->space->state == HOST_SPACE_STUCK;
}

/* Errors that say that the filesystem itself is broken or gone. */
static bool is_broken(const struct host_filesystem *filesystem)
{
	static const int errors[] = {
		EIO, ENOTCONN, ESTALE, EHOSTDOWN, EHOSTUNREACH, ENODEV, ENXIO, EUCLEAN};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (filesystem->space && filesystem->space->state == HOST_SPACE_FAILED &&
			filesystem->space->error == errors[i]) {
			return true;
		}
	}
	return false;
}

/* Others: it was unmounted meanwhile, or is another user's business (a private FUSE mount). */
static bool is_unmeasured(const struct host_filesystem *filesystem)
{
	const struct host_space *space = filesystem->space;

	return !space ||
	       (space->state == HOST_SPACE_FAILED && space->error != EACCES &&
		       space->error != EPERM && space->error != ENOENT && !is_broken(filesystem));
}

static size_t count_those(
	const struct host_filesystems *filesystems, bool (*is)(const struct host_filesystem *))
{
	size_t count = 0;

	for (size_t i = 0; i < filesystems->items_count; i++) {
		count += is(&filesystems->items[i]);
	}
	return count;
}

static void add_pressure(const struct host_facts *facts, struct check_result *result)
{
	const struct host_pressure *cpu = &facts->pressure[HOST_CPU];
	const struct host_pressure *memory = &facts->pressure[HOST_MEMORY];
	const struct host_pressure *io = &facts->pressure[HOST_IO];
	const struct {
		const char *name;
		double number;
	} values[] = {
		{"pressure_cpu_some_avg10_percent", cpu->some_avg10},
		{"pressure_cpu_some_avg60_percent", cpu->some_avg60},
		{"pressure_memory_some_avg10_percent", memory->some_avg10},
		{"pressure_memory_some_avg60_percent", memory->some_avg60},
		{"pressure_memory_full_avg10_percent", memory->full_avg10},
		{"pressure_memory_full_avg60_percent", memory->full_avg60},
		{"pressure_io_some_avg10_percent", io->some_avg10},
		{"pressure_io_some_avg60_percent", io->some_avg60},
		{"pressure_io_full_avg10_percent", io->full_avg10},
		{"pressure_io_full_avg60_percent", io->full_avg60},
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		add_known(result, values[i].name, UNIT_PERCENT, values[i].number);
	}
}

static void add_processes(const struct host_facts *facts, struct check_result *result)
{
	if (facts->processes >= 0) {
		check_value_add(result, "processes", UNIT_NONE, (double)facts->processes);
		check_value_add(result, "zombies", UNIT_NONE, (double)facts->zombies);
	}
}

void host_report_add_values(const struct host_facts *facts,
	const struct host_filesystems *filesystems, struct check_result *result)
{
	if (facts->hostname) {
		check_value_add_text(result, "hostname", facts->hostname);
	}
	add_known(result, "uptime_seconds", UNIT_SECONDS, facts->uptime_s);
	add_cpu(facts, result);
	add_memory(facts, result);
	add_spaces(filesystems, result);
	check_value_add(result, "filesystems_read_only", UNIT_NONE,
		(double)count_those(filesystems, is_read_only));
	check_value_add(
		result, "mounts_stuck", UNIT_NONE, (double)count_those(filesystems, is_stuck));
	add_pressure(facts, result);
	add_known(result, "clock_synchronised", UNIT_BOOL, facts->clock_synchronised);
	add_known(result, "clock_offset_seconds", UNIT_SECONDS, facts->clock_offset_s);
	add_known(result, "clock_error_seconds", UNIT_SECONDS, facts->clock_error_s);
	add_processes(facts, result);
	if (facts->reboot != HOST_REBOOT_NOT_KNOWN) {
		check_value_add(result, "reboot_required", UNIT_BOOL,
			facts->reboot == HOST_REBOOT_REQUIRED);
	}
}

static void add_part(struct strbuf *out, const char *separator, const char *name)
{
	if (out->len > 0) {
		strbuf_adds(out, separator);
	}
	strbuf_adds(out, name);
}

static void add_percent(struct strbuf *out, const char *name, double percent, int decimals)
{
	if (!isnan(percent)) {
		add_part(out, ", ", name);
		strbuf_addf(out, " %.*f %%", decimals, percent);
	}
}

void host_report_add_summary(const struct host_facts *facts,
	const struct host_filesystems *filesystems, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT;

	if (!isnan(facts->uptime_s)) {
		strbuf_adds(&text, "up ");
		time_add_duration(&text, (int64_t)(facts->uptime_s * 1000));
	}
	add_percent(&text, "cpu", host_cpu_busy_percent(facts), 1);
	add_percent(&text, "memory", host_memory_used_percent(&facts->memory), 1);
	add_percent(&text, "disk", worst_space(filesystems, &space_values[0]), 0);
	if (facts->reboot == HOST_REBOOT_REQUIRED) {
		add_part(&text, ", ", "reboot required");
	}
	strbuf_addstr(out, strbuf_str(&text));
	strbuf_release(&text);
}

static void add_name(struct strbuf *out, const char *name)
{
	strbuf_addc(out, '\'');
	utf8_add_escaped(out, str_of(name), NAME_BYTES_MAX);
	strbuf_addc(out, '\'');
}

/* "filesystem '/var' (ext4 on /dev/sda2)" */
static void add_filesystem(struct strbuf *out, const struct host_filesystem *filesystem)
{
	const struct host_mount *mount = filesystem->mount;

	strbuf_adds(out, "filesystem ");
	add_name(out, mount->point);
	strbuf_adds(out, " (");
	utf8_add_escaped(out, str_of(mount->type), NAME_BYTES_MAX);
	strbuf_adds(out, filesystem->is_remote ? " from " : " on ");
	utf8_add_escaped(out, str_of(mount->source), NAME_BYTES_MAX);
	strbuf_addc(out, ')');
}

/* Name those that are so: all of what is wrong with them is in `what`, or else their error is. */
static bool add_those(const struct host_filesystems *filesystems,
	bool (*is)(const struct host_filesystem *), const char *what, struct strbuf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < filesystems->items_count; i++) {
		const struct host_filesystem *filesystem = &filesystems->items[i];

		if (!is(filesystem) || ++count > NAMED_MAX) {
			continue;
		}
		add_part(out, "; ", "");
		add_filesystem(out, filesystem);
		strbuf_adds(out, what);
		if (filesystem->space && filesystem->space->error != 0) {
			strbuf_addf(out, ": %s", errno_text(filesystem->space->error));
		}
	}
	if (count > NAMED_MAX) {
		strbuf_addf(out, " and %zu more", count - NAMED_MAX);
	}
	return count > 0;
}

static bool add_missing(const struct host_facts *facts, const struct host_filesystems *filesystems,
	struct strbuf *out)
{
	bool has_memory = !isnan(host_memory_used_percent(&facts->memory));

	if (!has_memory) {
		add_part(out, "; ", "memory could not be measured (/proc/meminfo)");
	}
	if (filesystems->items_count == 0) {
		add_part(out, "; ", "no filesystem could be found (/proc/self/mountinfo)");
	}
	return !has_memory || filesystems->items_count == 0;
}

enum check_state host_report_add_failures(const struct host_facts *facts,
	const struct host_filesystems *filesystems, struct strbuf *out, enum check_code *ret_code)
{
	static const struct {
		bool (*is)(const struct host_filesystem *);
		const char *what;
		enum check_state state;
		enum check_code code;
	} failures[] = {
		{is_read_only, " has become read-only", CHECK_CRITICAL, CODE_FILESYSTEM_READ_ONLY},
		{is_stuck, " does not answer", CHECK_CRITICAL, CODE_MOUNT_STUCK},
		{is_broken, " is broken", CHECK_CRITICAL, CODE_MEASURE_FAILED},
		{is_unmeasured, " could not be measured", CHECK_UNKNOWN, CODE_MEASURE_FAILED},
	};
	enum check_state state = CHECK_OK;
	enum check_code code = CODE_OK;

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (add_those(filesystems, failures[i].is, failures[i].what, out)) {
			state = check_state_worse(state, failures[i].state);
			code = code == CODE_OK ? failures[i].code : code;
		}
	}
	if (add_missing(facts, filesystems, out)) {
		state = check_state_worse(state, CHECK_UNKNOWN);
		code = code == CODE_OK ? CODE_MEASURE_FAILED : code;
	}
	*ret_code = code;
	return state;
}

static bool is_bad(const struct check_result *result, const char *prefix)
{
	for (size_t i = 0; i < result->values_count; i++) {
		const struct check_value *value = &result->values[i];

		if (str_starts(str_of(value->name), prefix) &&
			(value->state == CHECK_WARNING || value->state == CHECK_CRITICAL)) {
			return true;
		}
	}
	return false;
}

static void explain_memory(const struct host_facts *facts, struct check_result *result)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < HOST_PROCESSES_SHOWN && facts->largest[i].name; i++) {
		const struct host_process *process = &facts->largest[i];

		strbuf_clear(&text);
		strbuf_addf(&text, "%lld %s ", (long long)process->pid, process->name);
		check_number_add_text(
			process->resident_pages * facts->page_size, UNIT_BYTES, &text);
		check_evidence_append(result, "largest_processes", strbuf_str(&text));
	}
	strbuf_release(&text);
}

static void explain_zombies(const struct host_facts *facts, struct check_result *result)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < HOST_PROCESSES_SHOWN && facts->dead[i].name; i++) {
		const struct host_process *process = &facts->dead[i];

		strbuf_clear(&text);
		strbuf_addf(&text, "%lld %s, parent %lld", (long long)process->pid, process->name,
			(long long)process->parent);
		check_evidence_append(result, "zombies", strbuf_str(&text));
	}
	strbuf_release(&text);
}

static void explain_read_only(
	const struct host_filesystems *filesystems, struct check_result *result)
{
	for (size_t i = 0; i < filesystems->items_count; i++) {
		const struct host_mount *mount = filesystems->items[i].mount;

		if (filesystems->items[i].is_read_only) {
			struct strbuf text = STRBUF_INIT;

			strbuf_addf(&text, "%s %s, mount %s, filesystem %s", mount->point,
				mount->type, mount->options, mount->super_options);
			check_evidence_append(result, "read_only", strbuf_str(&text));
			strbuf_release(&text);
		}
	}
}

/* A command with the mount point of the first filesystem that is so in the middle. */
static void add_command_for(const struct host_filesystems *filesystems,
	bool (*is)(const struct host_filesystem *), const char *before, const char *after,
	struct check_result *result)
{
	for (size_t i = 0; i < filesystems->items_count; i++) {
		if (is(&filesystems->items[i])) {
			struct strbuf text = STRBUF_INIT;

			strbuf_addf(&text, "%s ", before);
			words_add_quoted(filesystems->items[i].mount->point, &text);
			strbuf_adds(&text, after);
			check_evidence_append(result, "commands", strbuf_str(&text));
			strbuf_release(&text);
			return;
		}
	}
}

/* What to type to see the same. */
static void explain_commands(
	const struct host_filesystems *filesystems, struct check_result *result)
{
	static const struct {
		const char *value, *command;
	} commands[] = {
		{"cpu_", "top -b -n 1 | head -n 15"},
		{"load", "top -b -n 1 | head -n 15"},
		{"memory_", "ps -eo pid,rss,args --sort=-rss | head -n 10"},
		{"swap_", "free -m"},
		{"disk_", "df -h"},
		{"inodes_", "df -i"},
		{"pressure_", "head /proc/pressure/*"},
		{"clock_", "timedatectl"},
		{"processes", "ps -ef"},
		{"zombies", "ps -eo pid,ppid,stat,comm | awk '$3 ~ /^Z/'"},
		{"reboot_", "cat /run/reboot-required.pkgs"},
		{"uptime_", "uptime"},
	};

	add_command_for(filesystems, is_read_only, "dmesg | tail -n 50; findmnt", "", result);
	/* In the background: it hangs, too. */
	add_command_for(filesystems, is_stuck, "df -h", " & sleep 5; kill -9 $!", result);
	add_command_for(filesystems, is_broken, "df -h", "", result);
	add_command_for(filesystems, is_unmeasured, "df -h", "", result);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (is_bad(result, commands[i].value)) {
			check_evidence_append(result, "commands", str_of(commands[i].command));
		}
	}
}

void host_report_explain(const struct host_facts *facts, const struct host_filesystems *filesystems,
	struct check_result *result)
{
	if (is_bad(result, "memory_") || is_bad(result, "swap_") ||
		is_bad(result, "pressure_memory_")) {
		explain_memory(facts, result);
	}
	if (is_bad(result, "zombies")) {
		explain_zombies(facts, result);
	}
	explain_read_only(filesystems, result);
	explain_commands(filesystems, result);
}
