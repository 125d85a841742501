/*
 * Zones by their names: what is found, and what is refused.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/time_zone.h"
#include "cmocka_all.h"

/* Each test begins with the system's database and no TZ. */
static int setup(void **state)
{
	(void)state;
	(void)unsetenv("TZDIR");
	(void)unsetenv("TZ");
	return 0;
}

static int offset_of(const char *name)
{
	_cleanup_(time_zone_freep) struct time_zone *zone = NULL;
	struct err err = {0};

	if (time_zone_open(str_of(name), &zone, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_int_equal(err.code, ERR_NONE);
	assert_string_equal(time_zone_name(zone), name);
	return time_zone_span(zone, 1751328000000).offset_s;
}

static void must_fail(const char *name, enum err_code code, const char *error)
{
	struct time_zone *zone = NULL;
	struct err err = {0};

	assert_int_equal(time_zone_open(str_of(name), &zone, &err), -1);
	assert_null(zone);
	if (err.code != code || !strstr(err.msg, error)) {
		fail_msg("'%s' is not in '%s' (%d)", error, err.msg, err.code);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(offset_of("UTC"), 0);
	assert_int_equal(offset_of("Europe/Berlin"), 7200);
	assert_int_equal(offset_of("America/Argentina/Buenos_Aires"), -3 * 3600);
	assert_int_equal(offset_of("Etc/GMT+5"), -5 * 3600);
	assert_int_equal(offset_of("EST5EDT"), -4 * 3600);
}

static void test_no_names(void **state)
{
	static const char *const names[] = {"", "/etc/passwd", "../../../etc/passwd",
		"Europe/../UTC", "Europe/", "Europe Berlin", ".", "-x", "Europe/Berlin\n",
		"\x1b[1m", "A23456789012345678901234567890123456789012345678901234567890123456789"};
	struct time_zone *zone = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		must_fail(names[i], ERR_INPUT, "is not the name of a time zone; write one like");
	}
	assert_int_equal(time_zone_open(str_n("UTC\0x", 5), &zone, NULL), -1);
}

static void test_unknown(void **state)
{
	(void)state;
	must_fail("Europe/Berln", ERR_NOT_FOUND,
		"no time zone 'Europe/Berln' in '/usr/share/zoneinfo'; did you mean "
		"'Europe/Berlin'?");
	must_fail("europe/berlin", ERR_NOT_FOUND, "did you mean 'Europe/Berlin'?");
	must_fail("utc", ERR_NOT_FOUND, "did you mean 'UTC'?");
	must_fail("loacl", ERR_NOT_FOUND, "did you mean 'local'?");
	must_fail("Nowhere/At_all", ERR_NOT_FOUND,
		"no time zone 'Nowhere/At_all' in '/usr/share/zoneinfo'");
	must_fail("Europe", ERR_INPUT, "time zone 'Europe': cannot read ");
}

/* A database of our own, in an empty folder. */
static void test_other_database(void **state)
{
	char folder[] = "/tmp/test_time_zone.XXXXXX";
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;
	_cleanup_(freep) char *zone_path = NULL;
	_cleanup_(freep) char *bad_path = NULL;

	(void)state;
	assert_non_null(mkdtemp(folder));
	zone_path = xasprintf("%s/Mine", folder);
	bad_path = xasprintf("%s/Bad", folder);
	assert_int_equal(file_read("/usr/share/zoneinfo/Asia/Kathmandu", FILE_REGULAR,
				 TIME_ZONE_FILE_MAX, &content, NULL),
		0);
	assert_int_equal(file_write(zone_path, strbuf_str(&content), 0644, NULL), 0);
	assert_int_equal(file_write(bad_path, str_of("no zone"), 0644, NULL), 0);

	(void)setenv("TZDIR", folder, 1);
	assert_int_equal(offset_of("Mine"), 20700);
	assert_int_equal(offset_of("UTC"), 0);
	must_fail("Mein", ERR_NOT_FOUND, "no time zone 'Mein' in '/tmp/test_time_zone.");
	must_fail("Bad", ERR_INPUT, "time zone 'Bad': its file is of another kind");
	(void)setenv("TZDIR", bad_path, 1);
	must_fail("Mine", ERR_NOT_FOUND, "no time zone 'Mine' in '/tmp/test_time_zone.");
	(void)setenv("TZDIR", "/nonexistent", 1);
	must_fail("Mine", ERR_NOT_FOUND, "is tzdata installed?");

	(void)unlink(zone_path);
	(void)unlink(bad_path);
	assert_int_equal(rmdir(folder), 0);
}

static void test_local(void **state)
{
	static const struct {
		const char *variable;
		int offset_s;
	} cases[] = {
		{"", 0},
		{":", 0},
		{"Asia/Kathmandu", 20700},
		{":Asia/Kathmandu", 20700},
		{"/usr/share/zoneinfo/Asia/Kathmandu", 20700},
		{":/usr/share/zoneinfo/Asia/Kathmandu", 20700},
		{"CET-1CEST,M3.5.0,M10.5.0/3", 7200},
		{"XYZ-5:45", 20700},
		{"<+0545>-5:45", 20700},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)setenv("TZ", cases[i].variable, 1);
		assert_int_equal(offset_of("local"), cases[i].offset_s);
	}
	(void)unsetenv("TZ"); /* this machine's, whichever it is */
	(void)offset_of("local");
}

static void test_bad_variable(void **state)
{
	(void)state;
	(void)setenv("TZ", "Europe/Berln", 1);
	must_fail("local", ERR_NOT_FOUND,
		"the environment variable TZ: no time zone 'Europe/Berln' in");
	(void)setenv("TZ", "../x", 1);
	must_fail("local", ERR_INPUT,
		"the environment variable TZ: '../x' is neither a zone nor a rule");
	(void)setenv("TZ", "/nonexistent", 1);
	must_fail("local", ERR_NOT_FOUND, "the environment variable TZ: time zone 'local'");
	(void)setenv("TZ", "/dev/zero", 1);
	must_fail("local", ERR_INPUT, "not a regular file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_names, setup),
		cmocka_unit_test_setup(test_no_names, setup),
		cmocka_unit_test_setup(test_unknown, setup),
		cmocka_unit_test_setup(test_other_database, setup),
		cmocka_unit_test_setup(test_local, setup),
		cmocka_unit_test_setup(test_bad_variable, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
