/*
 * Reading what a machine says of itself.  See host_facts.h.
 */
#include "check/host_facts.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum { NAME_MAX_BYTES = 256, COMM_MAX_BYTES = 64 };

void host_facts_init(struct host_facts *facts, struct arena *arena)
{
	*facts = (struct host_facts){
		.arena = arena,
		.uptime_s = NAN,
		.load = {NAN, NAN, NAN},
		.memory = {NAN, NAN, NAN, NAN},
		.clock_synchronised = NAN,
		.clock_offset_s = NAN,
		.clock_error_s = NAN,
		.page_size = 4096,
		.processes = -1,
		.zombies = -1,
	};
	for (size_t i = 0; i < HOST_RESOURCE_MAX; i++) {
		facts->pressure[i] = (struct host_pressure){NAN, NAN, NAN, NAN};
	}
}

/* The next word as a number that is not negative. */
static bool number_word(struct str *rest, double *ret_number)
{
	struct str word;
	double number;

	if (!str_word(rest, &word) || parse_double(word, &number, NULL) < 0 || number < 0) {
		return false;
	}
	*ret_number = number;
	return true;
}

static const char *safe_text(struct str text, size_t max, struct arena *arena)
{
	struct strbuf safe = STRBUF_INIT;
	const char *copy;

	utf8_add_escaped(&safe, text, max);
	copy = arena_strndup(arena, safe.buf, safe.len);
	strbuf_release(&safe);
	return copy;
}

static void add_hostname(struct host_facts *facts, struct str text)
{
	text = str_trim(text);
	if (text.len > 0) {
		facts->hostname = safe_text(text, NAME_MAX_BYTES, facts->arena);
	}
}

static void add_uptime(struct host_facts *facts, struct str text)
{
	struct str line;
	double seconds;

	if (str_line(&text, &line) && number_word(&line, &seconds) && seconds < 1e11) {
		facts->uptime_s = seconds;
	}
}

static void add_loadavg(struct host_facts *facts, struct str text)
{
	double load[3];
	struct str line;

	if (str_line(&text, &line) && number_word(&line, &load[0]) &&
		number_word(&line, &load[1]) && number_word(&line, &load[2])) {
		memcpy(facts->load, load, sizeof(load));
	}
}

/* "cpu  user nice system idle iowait irq softirq steal ..."; older kernels have fewer. */
static bool cpu_line(struct str line, struct host_cpu_times *ret_times)
{
	struct host_cpu_times times = {0};
	size_t count = 0;

	while (count < HOST_CPU_FIELD_MAX && number_word(&line, &times.ticks[count])) {
		count++;
	}
	if (count <= HOST_CPU_IDLE) {
		return false;
	}
	*ret_times = times;
	return true;
}

static void add_stat(struct host_facts *facts, struct str text)
{
	struct host_cpu_times times;
	struct str line;
	struct str word;
	int count = 0;
	bool has_total = false;

	while (str_line(&text, &line) && str_word(&line, &word) && str_starts(word, "cpu")) {
		if (word.len > 3) {
			count++;
		} else {
			has_total = cpu_line(line, &times);
		}
	}
	if (!has_total) {
		return;
	}
	facts->cpu_count = count;
	if (facts->cpu_samples == 2) {
		facts->cpu[0] = facts->cpu[1];
		facts->cpu_samples = 1;
	}
	facts->cpu[facts->cpu_samples++] = times;
}

/* "MemTotal:       24684096 kB" */
static bool meminfo_line(struct str line, struct str *ret_name, double *ret_bytes)
{
	size_t colon = str_find(line, ':', 0);
	struct str rest = str_sub(line, colon + 1, line.len);

	*ret_name = str_sub(line, 0, colon);
	if (colon == line.len || !number_word(&rest, ret_bytes)) {
		return false;
	}
	*ret_bytes *= 1024;
	return true;
}

/* Kernels before 3.14 have no MemAvailable: what is free or can be had back at once comes near. */
static void add_meminfo(struct host_facts *facts, struct str text)
{
	double free_now = NAN;
	double buffers = 0;
	double cached = 0;
	double reclaimable = 0;
	double shared = 0;
	struct host_memory memory = {NAN, NAN, NAN, NAN};
	const struct {
		const char *name;
		double *field;
	} fields[] = {
		{"MemTotal", &memory.total},
		{"MemAvailable", &memory.available},
		{"MemFree", &free_now},
		{"Buffers", &buffers},
		{"Cached", &cached},
		{"SReclaimable", &reclaimable},
		{"Shmem", &shared},
		{"SwapTotal", &memory.swap_total},
		{"SwapFree", &memory.swap_free},
	};
	struct str line;
	struct str name;
	double bytes;

	while (str_line(&text, &line)) {
		if (!meminfo_line(line, &name, &bytes)) {
			continue;
		}
		for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
			if (str_is(name, fields[i].name)) {
				*fields[i].field = bytes;
			}
		}
	}
	if (isnan(memory.available)) {
		memory.available = free_now + buffers + cached + reclaimable - shared;
		memory.available = memory.available < 0 ? 0 : memory.available;
	}
	facts->memory = memory;
}

/* "some avg10=1.36 avg60=0.93 avg300=0.50 total=12593386" */
static void pressure_line(struct str line, double *avg10, double *avg60)
{
	struct str word;
	double number;

	while (str_word(&line, &word)) {
		size_t equals = str_find(word, '=', 0);
		struct str value = str_sub(word, equals + 1, word.len);

		if (equals == word.len || parse_double(value, &number, NULL) < 0 || number < 0) {
			continue;
		}
		if (str_starts(word, "avg10=")) {
			*avg10 = number;
		} else if (str_starts(word, "avg60=")) {
			*avg60 = number;
		}
	}
}

static void add_pressure(struct host_pressure *pressure, struct str text)
{
	struct str line;
	struct str word;

	while (str_line(&text, &line)) {
		if (!str_word(&line, &word)) {
			continue;
		}
		if (str_is(word, "some")) {
			pressure_line(line, &pressure->some_avg10, &pressure->some_avg60);
		} else if (str_is(word, "full")) {
			pressure_line(line, &pressure->full_avg10, &pressure->full_avg60);
		}
	}
}

static void add_pressure_cpu(struct host_facts *facts, struct str text)
{
	add_pressure(&facts->pressure[HOST_CPU], text);
}

static void add_pressure_memory(struct host_facts *facts, struct str text)
{
	add_pressure(&facts->pressure[HOST_MEMORY], text);
}

static void add_pressure_io(struct host_facts *facts, struct str text)
{
	add_pressure(&facts->pressure[HOST_IO], text);
}

static void add_mountinfo(struct host_facts *facts, struct str text)
{
	host_mounts_add_mountinfo(&facts->mounts, text, facts->arena);
}

static void add_fstab(struct host_facts *facts, struct str text)
{
	host_mounts_add_fstab(&facts->mounts, text, facts->arena);
}

static void add_spaces(struct host_facts *facts, struct str text)
{
	host_mounts_add_spaces(&facts->mounts, text, facts->arena);
}

static void add_clock(struct host_facts *facts, struct str text)
{
	struct str line;

	while (str_line(&text, &line)) {
		size_t equals = str_find(line, '=', 0);
		struct str name = str_trim(str_sub(line, 0, equals));
		struct str value = str_trim(str_sub(line, equals + 1, line.len));
		bool is_yes;

		if (str_is(name, "synchronised") && parse_bool(value, &is_yes, NULL) == 0) {
			facts->clock_synchronised = is_yes;
		} else if (str_is(name, "offset_seconds")) {
			(void)parse_double(value, &facts->clock_offset_s, NULL);
		} else if (str_is(name, "error_seconds")) {
			(void)parse_double(value, &facts->clock_error_s, NULL);
		}
	}
}

static void add_reboot(struct host_facts *facts, struct str text)
{
	text = str_trim(text);
	if (str_is(text, "required")) {
		facts->reboot = HOST_REBOOT_REQUIRED;
	} else if (str_is(text, "not required")) {
		facts->reboot = HOST_REBOOT_NOT_REQUIRED;
	}
}

static void add_page_size(struct host_facts *facts, struct str text)
{
	int64_t bytes;

	if (parse_int(str_trim(text), 1, INT64_C(1) << 40, &bytes, NULL) == 0) {
		facts->page_size = (double)bytes;
	}
}

/* Keep the largest ones, sorted. */
static void keep_largest(
	struct host_facts *facts, const struct host_process *process, struct str comm)
{
	size_t pos = HOST_PROCESSES_SHOWN;

	while (pos > 0 && (!facts->largest[pos - 1].name || facts->largest[pos - 1].resident_pages <
								    process->resident_pages)) {
		pos--;
	}
	if (pos == HOST_PROCESSES_SHOWN || process->resident_pages == 0) {
		return;
	}
	memmove(&facts->largest[pos + 1], &facts->largest[pos],
		(HOST_PROCESSES_SHOWN - pos - 1) * sizeof(facts->largest[0]));
	facts->largest[pos] = *process;
	facts->largest[pos].name = safe_text(comm, COMM_MAX_BYTES, facts->arena);
}

static void keep_zombie(
	struct host_facts *facts, const struct host_process *process, struct str comm)
{
	int64_t pos = facts->zombies++;

	if (pos < HOST_PROCESSES_SHOWN) {
		facts->dead[pos] = *process;
		facts->dead[pos].name = safe_text(comm, COMM_MAX_BYTES, facts->arena);
	}
}

static size_t find_last(struct str text, char c)
{
	for (size_t pos = text.len; pos > 0; pos--) {
		if (text.ptr[pos - 1] == c) {
			return pos - 1;
		}
	}
	return text.len;
}

/* "123 (a (strange) name) S 1 ...": the name ends at the last ")"; rss is the 24th field. */
static void process_line(struct host_facts *facts, struct str line)
{
	enum { RSS_AFTER_PARENT = 19 };
	size_t open = str_find(line, '(', 0);
	size_t close = find_last(line, ')');
	struct str rest = str_sub(line, close + 1, line.len);
	struct str comm = str_sub(line, open + 1, close > open ? close - open - 1 : 0);
	struct host_process process = {0};
	struct str status;
	struct str parent;
	struct str skipped;

	if (close == line.len || open >= close || !str_word(&rest, &status) ||
		!str_word(&rest, &parent) ||
		parse_int(str_trim(str_sub(line, 0, open)), 0, INT32_MAX, &process.pid, NULL) < 0 ||
		parse_int(parent, 0, INT32_MAX, &process.parent, NULL) < 0) {
		return;
	}
	facts->processes++;
	if (str_is(status, "Z")) {
		keep_zombie(facts, &process, comm);
		return;
	}
	for (size_t i = 0; i < RSS_AFTER_PARENT; i++) {
		if (!str_word(&rest, &skipped)) {
			return;
		}
	}
	if (number_word(&rest, &process.resident_pages)) {
		keep_largest(facts, &process, comm);
	}
}

static void add_processes(struct host_facts *facts, struct str text)
{
	struct str line;

	if (facts->processes < 0) {
		facts->processes = 0;
		facts->zombies = 0;
	}
	while (str_line(&text, &line)) {
		process_line(facts, line);
	}
}

void host_facts_add_section(struct host_facts *facts, struct str name, struct str text)
{
	static const struct {
		const char *name;
		void (*add)(struct host_facts *, struct str text);
	} sections[] = {
		{"clock", add_clock},
		{"fstab", add_fstab},
		{"hostname", add_hostname},
		{"loadavg", add_loadavg},
		{"meminfo", add_meminfo},
		{"mountinfo", add_mountinfo},
		{"page_size", add_page_size},
		{"pressure/cpu", add_pressure_cpu},
		{"pressure/io", add_pressure_io},
		{"pressure/memory", add_pressure_memory},
		{"processes", add_processes},
		{"reboot", add_reboot},
		{"spaces", add_spaces},
		{"stat", add_stat},
		{"uptime", add_uptime},
	};

	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		if (str_is(name, sections[i].name)) {
			sections[i].add(facts, text);
			return;
		}
	}
}

/* Counters may go back a little (iowait does); then no time passed. */
static double ticks_passed(const struct host_facts *facts, enum host_cpu_field field)
{
	double ticks = facts->cpu[1].ticks[field] - facts->cpu[0].ticks[field];

	return ticks > 0 ? ticks : 0;
}

static double percent_of_time(const struct host_facts *facts, double ticks)
{
	double passed = 0;

	for (size_t i = 0; i < HOST_CPU_FIELD_MAX; i++) {
		passed += ticks_passed(facts, (enum host_cpu_field)i);
	}
	return facts->cpu_samples == 2 && passed > 0 ? 100 * ticks / passed : NAN;
}

double host_cpu_busy_percent(const struct host_facts *facts)
{
	double ticks = 0;

	for (size_t i = 0; i < HOST_CPU_FIELD_MAX; i++) {
		if (i != HOST_CPU_IDLE && i != HOST_CPU_IOWAIT) {
			ticks += ticks_passed(facts, (enum host_cpu_field)i);
		}
	}
	return percent_of_time(facts, ticks);
}

double host_cpu_iowait_percent(const struct host_facts *facts)
{
	return percent_of_time(facts, ticks_passed(facts, HOST_CPU_IOWAIT));
}

double host_cpu_steal_percent(const struct host_facts *facts)
{
	return percent_of_time(facts, ticks_passed(facts, HOST_CPU_STEAL));
}

/* `free` of `total` is not used; more than all of it may be. */
static double used_percent(double total, double free_bytes)
{
	return free_bytes < total ? 100 * (total - free_bytes) / total : 0;
}

double host_memory_used_percent(const struct host_memory *memory)
{
	if (!(memory->total > 0) || isnan(memory->available)) {
		return NAN;
	}
	return used_percent(memory->total, memory->available);
}

double host_swap_used_percent(const struct host_memory *memory)
{
	if (isnan(memory->swap_total) || isnan(memory->swap_free)) {
		return NAN;
	}
	return used_percent(memory->swap_total, memory->swap_free);
}
