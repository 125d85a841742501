/*
 * Facts as values, failures, a line for people, evidence.
 */
#include <math.h>

#include "base/alloc.h"
#include "check/host_report.h"
#include "check/judge.h"
#include "cmocka_all.h"

/* A healthy machine: "/" and a mount from the network. */
static const char healthy[] =
	"hostname\0web-01\n\0"
	"uptime\0"
	"1036800.25 5\n\0"
	"stat\0cpu  0 0 0 0 0 0 0 0\ncpu0 0\ncpu1 0\n\0"
	"stat\0cpu  4 0 0 96 0 0 0 0\ncpu0 0\ncpu1 0\n\0"
	"loadavg\0"
	"0.50 1.00 1.50 1/100 1\n\0"
	"meminfo\0MemTotal: 1000 kB\nMemAvailable: 688 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n\0"
	"mountinfo\0"
	"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /nas rw - nfs4 nas:/x rw\n\0"
	"spaces\0"
	"4096 100 59 59 1000 900 /\n1048576 1000 800 800 0 0 /nas\n\0"
	"pressure/memory\0some avg10=1.00 avg60=2.00\nfull avg10=3.00 avg60=4.00\n\0"
	"clock\0synchronised=yes\noffset_seconds=0.001\nerror_seconds=0.01\n\0"
	"processes\0"
	"1 (init) S 0 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 300 1000 256 1\n"
	"9 (big) S 1 1 1 0 -1 0 1 0 0 0 1 2 0 0 20 0 1 0 300 1000 512 1\n"
	"8 (lost) Z 9 8 8\n\0"
	"reboot\0not required\n\0";

struct reported {
	struct arena *arena;
	struct host_facts facts;
	struct host_filesystems filesystems;
	struct check_result result;
};

/* name, text, name, text ...; "" ends. */
static void add_sections(struct host_facts *facts, const char *sections)
{
	while (*sections) {
		const char *text = sections + strlen(sections) + 1;

		host_facts_add_section(facts, str_of(sections), str_of(text));
		sections = text + strlen(text) + 1;
	}
}

static void report_init(struct reported *reported, const char *sections, const char *more)
{
	static const struct option_list none;

	*reported = (struct reported){.arena = arena_new()};
	reported->result.arena = reported->arena;
	host_facts_init(&reported->facts, reported->arena);
	add_sections(&reported->facts, sections);
	add_sections(&reported->facts, more);
	host_mounts_choose(
		&reported->facts.mounts, &none, &none, reported->arena, &reported->filesystems);
	host_report_add_values(&reported->facts, &reported->filesystems, &reported->result);
}

static void assert_value(
	const struct reported *reported, const char *name, const char *instance, double expected)
{
	const struct check_value *value = check_value_find(&reported->result, name, instance);

	if (!value) {
		fail_msg("there is no %s[%s]", name, instance ? instance : "");
	} else if (fabs(value->number - expected) > 0.005) {
		fail_msg("%s is %g, not %g", name, value->number, expected);
	}
}

static void has_a_value_for_every_row_and_no_other(void **state)
{
	static const char more[] = "pressure/cpu\0some avg10=1 avg60=1\n\0"
				   "pressure/io\0some avg10=1 avg60=1\nfull avg10=1 avg60=1\n\0";
	struct reported reported;

	(void)state;
	report_init(&reported, healthy, more);
	for (const struct check_value_row *row = host_values; row->name; row++) {
		const struct check_value *value =
			check_value_find(&reported.result, row->name, NULL);

		if (!value || value->unit != row->unit) {
			fail_msg("%s is missing or has another unit", row->name);
		}
	}
	for (size_t i = 0; i < reported.result.values_count; i++) {
		const struct check_value *value = &reported.result.values[i];
		const struct check_value_row *row = host_values;

		while (row->name && strcmp(row->name, value->name) != 0) {
			row++;
		}
		if (!row->name || (value->instance && !row->has_instances)) {
			fail_msg("%s has no row, or no instances", value->name);
		}
	}
	arena_free(reported.arena);
}

static void measures(void **state)
{
	struct reported reported;

	(void)state;
	report_init(&reported, healthy, "");
	assert_value(&reported, "uptime_seconds", NULL, 1036800.25);
	assert_value(&reported, "cpu_percent", NULL, 4);
	assert_value(&reported, "cpu_count", NULL, 2);
	assert_value(&reported, "load1_per_cpu", NULL, 0.25);
	assert_value(&reported, "memory_percent", NULL, 31.2);
	assert_value(&reported, "swap_used_percent", NULL, 0);
	assert_value(&reported, "disk_used_percent", NULL, 41);
	assert_value(&reported, "disk_used_percent", "/", 41);
	assert_value(&reported, "disk_used_percent", "/nas", 20);
	assert_value(&reported, "disk_free_bytes", NULL, 59 * 4096.0);
	assert_value(&reported, "disk_free_bytes", "/nas", 800 * 1048576.0);
	assert_value(&reported, "inodes_used_percent", NULL, 10);
	assert_null(check_value_find(&reported.result, "inodes_used_percent", "/nas"));
	assert_value(&reported, "pressure_memory_full_avg60_percent", NULL, 4);
	assert_null(check_value_find(&reported.result, "pressure_io_some_avg10_percent", NULL));
	assert_value(&reported, "clock_synchronised", NULL, 1);
	assert_value(&reported, "processes", NULL, 3);
	assert_value(&reported, "zombies", NULL, 1);
	assert_value(&reported, "reboot_required", NULL, 0);
	assert_value(&reported, "filesystems_read_only", NULL, 0);
	arena_free(reported.arena);
}

static void sums_up(void **state)
{
	static const struct {
		const char *sections, *more, *summary;
	} cases[] = {
		{healthy, "", "up 12 days, cpu 4.0 %, memory 31.2 %, disk 41 %"},
		{healthy, "reboot\0required\0",
			"up 12 days, cpu 4.0 %, memory 31.2 %, disk 41 %, reboot required"},
		{"uptime\0"
		 "90 1\n\0",
			"", "up 1 min 30 s"},
		{"meminfo\0MemTotal: 4 kB\nMemAvailable: 1 kB\n\0", "", "memory 75.0 %"},
		{"", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct reported reported;

		report_init(&reported, cases[i].sections, cases[i].more);
		host_report_add_summary(&reported.facts, &reported.filesystems, &out);
		assert_string_equal(out.buf, cases[i].summary);
		strbuf_release(&out);
		arena_free(reported.arena);
	}
}

#define FAIL(point, error)                                                                         \
	"mountinfo\0"                                                                              \
	"3 1 8:3 / " point " rw - xfs /dev/sdb rw\n\0"                                             \
	"spaces\0failed " error " " point "\n\0"

static void finds_what_is_wrong(void **state)
{
	static const struct {
		const char *name, *sections, *more;
		enum check_state state;
		enum check_code code;
		const char *text;
	} cases[] = {
		{"healthy", healthy, "", CHECK_OK, CODE_OK, ""},
		{"read-only", healthy,
			"mountinfo\0"
			"3 1 8:3 / /v rw - ext4 /dev/sdb ro\n\0"
			"spaces\0"
			"1 1 1 1 1 1 /v\n\0",
			CHECK_CRITICAL, CODE_FILESYSTEM_READ_ONLY,
			"filesystem '/v' (ext4 on /dev/sdb) has become read-only"},
		{"stuck", healthy, "spaces\0stuck /nas\n\0", CHECK_CRITICAL, CODE_MOUNT_STUCK,
			"filesystem '/nas' (nfs4 from nas:/x) does not answer"},
		{"both", healthy,
			"mountinfo\0"
			"3 1 8:3 / /v rw - ext4 /dev/sdb ro\n\0"
			"spaces\0"
			"1 1 1 1 1 1 /v\nstuck /nas\n\0",
			CHECK_CRITICAL, CODE_FILESYSTEM_READ_ONLY,
			"filesystem '/v' (ext4 on /dev/sdb) has become read-only; "
			"filesystem '/nas' (nfs4 from nas:/x) does not answer"},
		{"many", healthy,
			"mountinfo\0"
			"3 1 8:3 / /a rw - ext4 /dev/a ro\n4 1 8:4 / /b rw - ext4 /dev/b ro\n"
			"5 1 8:5 / /c rw - ext4 /dev/c ro\n6 1 8:6 / /d rw - ext4 /dev/d ro\n"
			"7 1 8:7 / /e rw - ext4 /dev/e ro\n\0"
			"spaces\0"
			"1 1 1 1 1 1 /a\n1 1 1 1 1 1 /b\n1 1 1 1 1 1 /c\n1 1 1 1 1 1 /d\n"
			"1 1 1 1 1 1 /e\n\0",
			CHECK_CRITICAL, CODE_FILESYSTEM_READ_ONLY,
			"filesystem '/a' (ext4 on /dev/a) has become read-only; "
			"filesystem '/b' (ext4 on /dev/b) has become read-only; "
			"filesystem '/c' (ext4 on /dev/c) has become read-only and 2 more"},
		{"broken", healthy, FAIL("/v", "5"), CHECK_CRITICAL, CODE_MEASURE_FAILED,
			"filesystem '/v' (xfs on /dev/sdb) is broken: Input/output error"},
		{"no right to", healthy, FAIL("/v", "13"), CHECK_OK, CODE_OK, ""},
		{"unmounted meanwhile", healthy, FAIL("/v", "2"), CHECK_OK, CODE_OK, ""},
		{"no process for it", healthy, FAIL("/v", "11"), CHECK_UNKNOWN, CODE_MEASURE_FAILED,
			"filesystem '/v' (xfs on /dev/sdb) could not be "
			"measured: Resource temporarily unavailable"},
		{"no answer", healthy,
			"mountinfo\0"
			"3 1 8:3 / /v rw - xfs /dev/sdb rw\n\0",
			CHECK_UNKNOWN, CODE_MEASURE_FAILED,
			"filesystem '/v' (xfs on /dev/sdb) could not be measured"},
		{"strange names", healthy,
			"mountinfo\0"
			"3 1 8:3 / /a\\012\x1b rw - ext4 /dev/\xff ro\n\0"
			"spaces\0"
			"1 1 1 1 1 1 /a\\012\x1b\n\0",
			CHECK_CRITICAL, CODE_FILESYSTEM_READ_ONLY,
			"filesystem '/a\\n\\x1b' (ext4 on /dev/\\xff) has become read-only"},
		{"nothing", "", "", CHECK_UNKNOWN, CODE_MEASURE_FAILED,
			"memory could not be measured (/proc/meminfo); no filesystem could be "
			"found "
			"(/proc/self/mountinfo)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		enum check_code code = CODE_TIMEOUT;
		struct reported reported;
		enum check_state found;

		report_init(&reported, cases[i].sections, cases[i].more);
		found = host_report_add_failures(
			&reported.facts, &reported.filesystems, &out, &code);
		if (found != cases[i].state || code != cases[i].code ||
			strcmp(out.buf, cases[i].text) != 0) {
			fail_msg("%s: %s, %s: %s", cases[i].name, check_state_name(found),
				check_code_name(code), out.buf);
		}
		strbuf_release(&out);
		arena_free(reported.arena);
	}
}

static bool has_evidence(const struct check_result *result, const char *name, const char *text)
{
	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct check_evidence *evidence = &result->evidence[i];

		for (size_t k = 0; k < evidence->texts_count; k++) {
			if (strcmp(evidence->name, name) == 0 &&
				strcmp(evidence->texts[k], text) == 0) {
				return true;
			}
		}
	}
	return false;
}

static void explains(void **state)
{
	static const struct {
		const char *value, *more, *name, *text;
	} cases[] = {
		{"memory_percent", "", "largest_processes", "9 big 2.0 MiB"},
		{"memory_percent", "", "largest_processes", "1 init 1.0 MiB"},
		{"zombies", "", "zombies", "8 lost, parent 9"},
		{"disk_used_percent", "", "commands", "df -h"},
		{"inodes_used_percent", "", "commands", "df -i"},
		{"load1", "", "commands", "top -b -n 1 | head -n 15"},
		{NULL,
			"mountinfo\0"
			"3 1 8:3 / /v rw - ext4 /dev/sdb ro,x\n\0"
			"spaces\0"
			"1 1 1 1 1 1 /v\n\0",
			"read_only", "/v ext4, mount rw, filesystem ro,x"},
		{NULL,
			"mountinfo\0"
			"3 1 8:3 / /v\\040w rw - ext4 /dev/sdb ro,x\n\0"
			"spaces\0"
			"1 1 1 1 1 1 /v\\040w\n\0",
			"commands", "dmesg | tail -n 50; findmnt '/v w'"},
		{NULL, "spaces\0stuck /nas\n\0", "commands", "df -h /nas & sleep 5; kill -9 $!"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reported reported;

		report_init(&reported, healthy, cases[i].more);
		if (cases[i].value) {
			check_value_find(&reported.result, cases[i].value, NULL)->state =
				CHECK_WARNING;
		}
		host_report_explain(&reported.facts, &reported.filesystems, &reported.result);
		if (!has_evidence(&reported.result, cases[i].name, cases[i].text)) {
			fail_msg("no evidence '%s' of %s", cases[i].text, cases[i].name);
		}
		arena_free(reported.arena);
	}
}

static void has_thresholds_that_can_be_read(void **state)
{
	(void)state;
	for (const struct check_value_row *row = host_values; row->name; row++) {
		struct threshold threshold;

		assert_true(!row->warning ||
			    threshold_parse(str_of(row->warning), &threshold, NULL) == 0);
		assert_true(!row->critical ||
			    threshold_parse(str_of(row->critical), &threshold, NULL) == 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_a_value_for_every_row_and_no_other),
		cmocka_unit_test(measures),
		cmocka_unit_test(sums_up),
		cmocka_unit_test(finds_what_is_wrong),
		cmocka_unit_test(explains),
		cmocka_unit_test(has_thresholds_that_can_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
