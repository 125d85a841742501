/*
 * Which folders go with all that is in them, before OpenSSH's own server.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_litter.h"
#include "fleet/copy_unstage.h"

#define PART ".12.0123456789ab-00000001.copying"

static struct copy_fixture f;
static int is_done;
static bool was_gone;
static struct sftp_attributes now;

static void start(void)
{
	(void)umask(022);
	if (!copy_fixture_start(&f, false)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	assert_int_equal(mkdir("d", 0700), 0);
	is_done = 0;
	now = (struct sftp_attributes){.has = SFTP_HAS_OWNER | SFTP_HAS_TIMES,
		.uid = geteuid(),
		.mtime = (uint32_t)time(NULL)};
}

static void on_done(void *arg, bool is_gone)
{
	(void)arg;
	was_gone = is_gone;
	is_done++;
}

static bool unstage(const struct sftp_attributes *by)
{
	is_done = 0;
	(void)copy_unstage_start(f.session.sftp, "d", by, on_done, NULL);
	assert_int_equal(is_done, 0);
	copy_fixture_until(&f, &is_done);
	assert_int_equal(is_done, 1);
	return was_gone;
}

static void make(const char *name, mode_t mode, int64_t age_s)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};

	copy_fixture_make(name, "part", mode);
	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void test_what_goes(void **state)
{
	(void)state;
	start();
	for (int i = 0; i < 100; i++) {
		make(arena_printf(f.arena, "d/%d", i), 0600, 0);
	}
	make("d/" PART, 0600, 0);
	assert_true(unstage(NULL));
	assert_int_equal(access("d", F_OK), -1);
	assert_true(unstage(NULL)); /* there is none */
	assert_int_equal(mkdir("d", 0700), 0);
	make("d/0", 0600, COPY_LITTER_STILL_S + 60);
	make("d/" PART, 0600, COPY_LITTER_STILL_S + 60);
	assert_true(unstage(&now));
	assert_int_equal(mkdir("d", 0700), 0);
	assert_true(unstage(&now));
	copy_fixture_stop(&f);
}

static void test_what_stays(void **state)
{
	static const struct {
		const char *name;
		mode_t mode;
		int64_t age_s;
	} cases[] = {
		{"d/1", 0600, COPY_LITTER_STILL_S - 60},
		{"d/1", 0644, 100000},
		{"d/1a", 0600, 100000},
		{"d/..1", 0600, 100000},
		{"d/.a.0123456789ab-00000001.copying", 0600, 100000},
		{"d/.1.0123456789ab-0000000x.copying", 0600, 100000},
		{"d/.1.0123456789ab.copying", 0600, 100000},
		{"d/notes", 0600, 100000},
	};

	(void)state;
	start();
	make("d/0", 0600, 100000);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		make(cases[i].name, cases[i].mode, cases[i].age_s);
		assert_false(unstage(&now));
		assert_int_equal(access("d/0", F_OK), 0);
		assert_int_equal(unlink(cases[i].name), 0);
	}
	assert_int_equal(mkdir("d/1", 0700), 0);
	assert_false(unstage(NULL));
	assert_int_equal(rmdir("d/1"), 0);
	assert_int_equal(symlink("0", "d/1"), 0);
	assert_false(unstage(NULL));
	now.uid++;
	assert_int_equal(unlink("d/1"), 0);
	assert_false(unstage(&now));
	assert_string_equal(copy_fixture_list(&f, "d"), "0 ");
	copy_fixture_stop(&f);
}

static void test_age(void **state)
{
	static const struct {
		unsigned has;
		uint32_t uid, age_s;
		uint64_t bytes;
		bool is_old;
	} cases[] = {
		{SFTP_HAS_OWNER | SFTP_HAS_TIMES, 7, COPY_LITTER_STILL_S + 1, 0, true},
		{SFTP_HAS_OWNER | SFTP_HAS_TIMES, 7, COPY_LITTER_STILL_S, 0, false},
		{SFTP_HAS_OWNER | SFTP_HAS_TIMES, 8, COPY_LITTER_STILL_S + 1, 0, false},
		{SFTP_HAS_TIMES, 7, COPY_LITTER_STILL_S + 1, 0, false},
		{SFTP_HAS_OWNER, 7, COPY_LITTER_STILL_S + 1, 0, false},
		{SFTP_HAS_OWNER | SFTP_HAS_TIMES, 7, COPY_LITTER_STILL_S + 100, 500000000, false},
		{SFTP_HAS_OWNER | SFTP_HAS_TIMES, 7, COPY_LITTER_STILL_S + 101, 500000000, true},
	};
	const struct sftp_attributes by = {
		.has = SFTP_HAS_OWNER | SFTP_HAS_TIMES, .uid = 7, .mtime = 1000000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct sftp_attributes found = {.has = cases[i].has,
			.uid = cases[i].uid,
			.mtime = by.mtime - cases[i].age_s};

		assert_int_equal(copy_unstage_is_old(&found, cases[i].bytes, &by), cases[i].is_old);
	}
}

static void test_freed(void **state)
{
	struct copy_unstage *freed;

	(void)state;
	start();
	freed = copy_unstage_start(f.session.sftp, "d", NULL, on_done, NULL);
	copy_unstage_free(&freed);
	assert_null(freed);
	make("d/notes", 0600, 0);
	assert_false(unstage(NULL));
	copy_fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes),
		cmocka_unit_test(test_what_stays),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
