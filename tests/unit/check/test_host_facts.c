/*
 * What machines say of themselves, and what some never do.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/host_facts.h"
#include "cmocka_all.h"

static bool near(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) < 0.005;
}

#define assert_near(a, b)                                                                          \
	do {                                                                                       \
		if (!near(a, b)) {                                                                 \
			fail_msg("%s is %g, not %g", #a, (double)(a), (double)(b));                \
		}                                                                                  \
	} while (0)

static void add(struct host_facts *facts, const char *name, const char *text)
{
	host_facts_add_section(facts, str_of(name), str_of(text));
}

static void knows_nothing_at_first(void **state)
{
	struct arena *arena = arena_new();
	struct host_facts facts;

	(void)state;
	host_facts_init(&facts, arena);
	add(&facts, "no such section", "1 2 3");
	assert_null(facts.hostname);
	assert_near(facts.uptime_s, NAN);
	assert_near(facts.load[0], NAN);
	assert_near(host_cpu_busy_percent(&facts), NAN);
	assert_near(host_memory_used_percent(&facts.memory), NAN);
	assert_near(host_swap_used_percent(&facts.memory), NAN);
	assert_near(facts.pressure[HOST_IO].some_avg10, NAN);
	assert_near(facts.clock_synchronised, NAN);
	assert_int_equal(facts.reboot, HOST_REBOOT_NOT_KNOWN);
	assert_int_equal(facts.processes, -1);
	arena_free(arena);
}

static void reads_a_debian_machine(void **state)
{
	struct arena *arena = arena_new();
	struct host_facts facts;

	(void)state;
	host_facts_init(&facts, arena);
	add(&facts, "hostname", "web-01\n");
	add(&facts, "uptime", "1036800.25 4000000.10\n");
	add(&facts, "loadavg", "0.52 1.25 2.00 3/512 12345\n");
	add(&facts, "meminfo",
		"MemTotal:       16384000 kB\n"
		"MemFree:          512000 kB\n"
		"MemAvailable:    8192000 kB\n"
		"Buffers:          100000 kB\n"
		"SwapCached:            0 kB\n"
		"SwapTotal:       1000000 kB\n"
		"SwapFree:         750000 kB\n"
		"HugePages_Total:       0\n");
	add(&facts, "pressure/cpu",
		"some avg10=1.36 avg60=0.93 avg300=0.50 total=12593386\n"
		"full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	add(&facts, "pressure/memory",
		"some avg10=0.01 avg60=0.12 avg300=0.21 total=9820510\n"
		"full avg10=2.50 avg60=0.11 avg300=0.20 total=9393674\n");
	add(&facts, "clock", "synchronised=yes\noffset_seconds=-0.25\nerror_seconds=0.5\n");
	add(&facts, "reboot", "required\n");
	add(&facts, "page_size", "16384\n");

	assert_string_equal(facts.hostname, "web-01");
	assert_near(facts.uptime_s, 1036800.25);
	assert_near(facts.load[0], 0.52);
	assert_near(facts.load[2], 2);
	assert_near(host_memory_used_percent(&facts.memory), 50);
	assert_near(facts.memory.available, 8192000.0 * 1024);
	assert_near(host_swap_used_percent(&facts.memory), 25);
	assert_near(facts.pressure[HOST_CPU].some_avg10, 1.36);
	assert_near(facts.pressure[HOST_MEMORY].full_avg10, 2.5);
	assert_near(facts.pressure[HOST_MEMORY].some_avg60, 0.12);
	assert_near(facts.pressure[HOST_IO].some_avg10, NAN);
	assert_near(facts.clock_synchronised, 1);
	assert_near(facts.clock_offset_s, -0.25);
	assert_near(facts.clock_error_s, 0.5);
	assert_near(facts.page_size, 16384);
	assert_int_equal(facts.reboot, HOST_REBOOT_REQUIRED);
	arena_free(arena);
}

static void counts_cpu_time_between_two_samples(void **state)
{
	static const struct {
		const char *name, *first, *second;
		double busy, iowait, steal;
		int cpus;
	} cases[] = {
		{"debian", "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5 1\n",
			"cpu  130 0 60 850 55 0 0 5 30 0\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 5 1\n",
			45, 5, 5, 2},
		{"alpine, idle", "cpu  5 0 5 100 0 0 0 0 0 0\ncpu0 5 0 5 100 0 0 0 0 0 0\n",
			"cpu  5 0 5 120 0 0 0 0 0 0\ncpu0 5 0 5 120 0 0 0 0 0 0\n", 0, 0, 0, 1},
		{"all busy", "cpu  0 0 0 0 0 0 0 0\n", "cpu  10 10 10 0 0 5 5 0\n", 100, 0, 0, 0},
		{"linux 2.4", "cpu  10 0 10 80\ncpu0 10 0 10 80\n",
			"cpu  20 0 10 170\ncpu0 20 0 10 170\n", 10, 0, 0, 1},
		{"iowait goes back", "cpu  10 0 0 100 50 0 0 0\n", "cpu  20 0 0 140 40 0 0 0\n", 20,
			0, 0, 0},
		{"no time passed", "cpu  1 1 1 1 1 1 1 1\n", "cpu  1 1 1 1 1 1 1 1\n", NAN, NAN,
			NAN, 0},
		{"a container that sees zeros", "cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0\n",
			"cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0\n", NAN, NAN, NAN, 1},
		{"nonsense", "cpu a b c d\n", "cpu\n", NAN, NAN, NAN, 0},
		{"empty", "", "", NAN, NAN, NAN, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct host_facts facts;

		host_facts_init(&facts, arena);
		add(&facts, "stat", cases[i].first);
		assert_near(host_cpu_busy_percent(&facts), NAN);
		add(&facts, "stat", cases[i].second);
		if (!near(host_cpu_busy_percent(&facts), cases[i].busy) ||
			!near(host_cpu_iowait_percent(&facts), cases[i].iowait) ||
			!near(host_cpu_steal_percent(&facts), cases[i].steal) ||
			facts.cpu_count != cases[i].cpus) {
			fail_msg("%s: busy %g, iowait %g, steal %g, %d cpus", cases[i].name,
				host_cpu_busy_percent(&facts), host_cpu_iowait_percent(&facts),
				host_cpu_steal_percent(&facts), facts.cpu_count);
		}
		arena_free(arena);
	}
}

static void reads_a_machine_with_256_cpus(void **state)
{
	struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct host_facts facts;

	(void)state;
	host_facts_init(&facts, arena);
	for (int sample = 0; sample < 2; sample++) {
		strbuf_clear(&text);
		strbuf_addf(&text, "cpu  %d 0 0 %d 0 0 0 0 0 0\n", 6400 * sample, 19200 * sample);
		for (int cpu = 0; cpu < 256; cpu++) {
			strbuf_addf(&text, "cpu%d 123456789 1 2 3 4 5 6 7 8 9\n", cpu);
		}
		strbuf_adds(&text, "intr 1");
		strbuf_addn(&text, ' ', 50000);
		add(&facts, "stat", text.buf);
	}
	assert_int_equal(facts.cpu_count, 256);
	assert_near(host_cpu_busy_percent(&facts), 25);
	strbuf_release(&text);
	arena_free(arena);
}

static void estimates_memory_on_old_kernels(void **state)
{
	static const struct {
		const char *name, *text;
		double percent;
	} cases[] = {
		{"before 3.14",
			"MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 400 kB\n"
			"SReclaimable: 50 kB\nShmem: 100 kB\n",
			50},
		{"more shared than cached", "MemTotal: 1000 kB\nMemFree: 10 kB\nShmem: 500 kB\n",
			100},
		{"no free either", "MemTotal: 1000 kB\nCached: 10 kB\n", NAN},
		{"no total", "MemAvailable: 1000 kB\n", NAN},
		{"zero", "MemTotal: 0 kB\nMemAvailable: 0 kB\n", NAN},
		{"more than all", "MemTotal: 10 kB\nMemAvailable: 20 kB\n", 0},
		{"nonsense", "MemTotal\nMemTotal:\n:\nMemTotal: x kB\nMemTotal: -5 kB\n", NAN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct host_facts facts;

		host_facts_init(&facts, arena);
		add(&facts, "meminfo", cases[i].text);
		if (!near(host_memory_used_percent(&facts.memory), cases[i].percent)) {
			fail_msg("%s: %g", cases[i].name, host_memory_used_percent(&facts.memory));
		}
		arena_free(arena);
	}
}

static void a_machine_without_swap_uses_none(void **state)
{
	struct arena *arena = arena_new();
	struct host_facts facts;

	(void)state;
	host_facts_init(&facts, arena);
	add(&facts, "meminfo", "SwapTotal: 0 kB\nSwapFree: 0 kB\n");
	assert_near(host_swap_used_percent(&facts.memory), 0);
	arena_free(arena);
}

static void process_text(struct strbuf *out, int pid, const char *name, char status, int rss)
{
	strbuf_addf(out,
		"%d (%s) %c 7 5 5 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 300 1000000 %d "
		"18446744073709551615 1 1 0 0 0\n",
		pid, name, status, rss);
}

static void counts_processes(void **state)
{
	struct arena *arena = arena_new();
	struct strbuf text = STRBUF_INIT;
	struct host_facts facts;

	(void)state;
	host_facts_init(&facts, arena);
	for (int i = 1; i <= 8; i++) {
		process_text(&text, i, "worker", 'S', 100 * i);
	}
	process_text(&text, 20, "a) R (b c", 'R', 5000);
	process_text(&text, 30, "kthreadd", 'I', 0);
	add(&facts, "processes", text.buf);
	strbuf_clear(&text);
	for (int i = 0; i < 7; i++) {
		process_text(&text, 40 + i, "lost\x1b", 'Z', 0);
	}
	strbuf_adds(&text, "\n12 no name S 1\n99 () \n(x) S 1\n-5 (x) S 1\n7 (x\n)9 (x\n");
	add(&facts, "processes", text.buf);

	assert_int_equal(facts.processes, 17);
	assert_int_equal(facts.zombies, 7);
	assert_int_equal(facts.largest[0].pid, 20);
	assert_string_equal(facts.largest[0].name, "a) R (b c");
	assert_int_equal(facts.largest[1].pid, 8);
	assert_int_equal(facts.largest[4].pid, 5);
	assert_int_equal(facts.dead[0].pid, 40);
	assert_int_equal(facts.dead[0].parent, 7);
	assert_string_equal(facts.dead[4].name, "lost\\x1b");
	strbuf_release(&text);
	arena_free(arena);
}

static void tolerates_nonsense(void **state)
{
	static const char *const names[] = {"hostname", "uptime", "stat", "loadavg", "meminfo",
		"mountinfo", "fstab", "spaces", "pressure/cpu", "clock", "processes", "page_size",
		"reboot"};
	static const char *const texts[] = {"", "\n\n", "-1 -1 -1 -1", "nan inf 1e999",
		"=====", ":::", "(((((", ")))))", "some avg10=x avg60= avg", "synchronised=perhaps",
		"\xff\xfe\x00", "cpu", "  - - -"};

	(void)state;
	for (size_t n = 0; n < ARRAY_LEN(names); n++) {
		struct arena *arena = arena_new();
		struct host_facts facts;

		host_facts_init(&facts, arena);
		for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
			add(&facts, names[n], texts[t]);
		}
		assert_near(facts.uptime_s, NAN);
		assert_near(facts.load[0], NAN);
		assert_near(facts.pressure[HOST_CPU].some_avg10, NAN);
		assert_near(facts.clock_synchronised, NAN);
		assert_int_equal(facts.mounts.mounts_count, 0);
		assert_int_equal(facts.reboot, HOST_REBOOT_NOT_KNOWN);
		arena_free(arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_nothing_at_first),
		cmocka_unit_test(reads_a_debian_machine),
		cmocka_unit_test(counts_cpu_time_between_two_samples),
		cmocka_unit_test(reads_a_machine_with_256_cpus),
		cmocka_unit_test(estimates_memory_on_old_kernels),
		cmocka_unit_test(a_machine_without_swap_uses_none),
		cmocka_unit_test(counts_processes),
		cmocka_unit_test(tolerates_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
