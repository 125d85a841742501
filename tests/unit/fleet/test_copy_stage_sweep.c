/*
 * Which private folders of earlier copies go, and which stay, before OpenSSH's own server.
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
#include "fleet/copy_stage_sweep.h"

#define STAGE ".sre-toolkit-copy-"

static struct copy_fixture f;
static int is_done;
static struct sftp_attributes now;

static void start(void)
{
	(void)umask(022);
	if (!copy_fixture_start(&f, false)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	is_done = 0;
	now = (struct sftp_attributes){.has = SFTP_HAS_OWNER | SFTP_HAS_TIMES,
		.uid = geteuid(),
		.mtime = (uint32_t)time(NULL)};
}

static void age(const char *path, int64_t age_s)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void make(const char *folder, const char *name, mode_t mode, int64_t age_s)
{
	const char *path = arena_printf(f.arena, "%s/%s", folder, name);

	assert_int_equal(mkdir(folder, 0700), 0);
	copy_fixture_make(path, "part", 0600);
	age(path, age_s);
	assert_int_equal(chmod(folder, mode), 0);
	age(folder, age_s);
}

static void on_done(void *arg)
{
	(void)arg;
	is_done++;
}

static void sweep(void)
{
	is_done = 0;
	(void)copy_stage_sweep_start(f.session.sftp, &now, on_done, NULL);
	assert_int_equal(is_done, 0);
	copy_fixture_until(&f, &is_done);
	assert_int_equal(is_done, 1);
}

static void test_what_goes(void **state)
{
	(void)state;
	start();
	make(STAGE "00000001", "0", 0700, COPY_LITTER_STILL_S + 60);
	make(STAGE "00000002", ".0.0123456789ab-00000001.copying", 0700, 100000);
	make(STAGE "00000003", "0", 0700, COPY_LITTER_STILL_S - 60);
	make(STAGE "00000004", "0", 0755, 100000);
	make(STAGE "00000005", "notes", 0700, 100000);
	make(STAGE "0000000x", "0", 0700, 100000);
	make(STAGE "000000006", "0", 0700, 100000);
	make("elsewhere", "0", 0700, 100000);
	assert_int_equal(symlink("elsewhere", STAGE "00000007"), 0);
	copy_fixture_make(STAGE "00000008", "a file", 0700);
	age(STAGE "00000008", 100000);
	sweep();
	assert_string_equal(copy_fixture_list(&f, "."),
		STAGE "000000006 " STAGE "00000003 " STAGE "00000004 " STAGE "00000005 " STAGE
		      "00000007 " STAGE "00000008 " STAGE "0000000x elsewhere ");
	assert_string_equal(copy_fixture_list(&f, "elsewhere"), "0 ");
	copy_fixture_stop(&f);
}

static void test_where_anyone_may_write(void **state)
{
	(void)state;
	start();
	make(STAGE "00000001", "0", 0700, 100000);
	assert_int_equal(chmod(".", 0777), 0);
	sweep();
	assert_string_equal(copy_fixture_list(&f, "."), STAGE "00000001 ");
	assert_int_equal(chmod(".", 0700), 0);
	now.uid++; /* of somebody else */
	sweep();
	assert_string_equal(copy_fixture_list(&f, "."), STAGE "00000001 ");
	copy_fixture_stop(&f);
}

static void test_stopped_and_freed(void **state)
{
	struct copy_stage_sweep *stopped;

	(void)state;
	start();
	make(STAGE "00000001", "0", 0700, 100000);
	stopped = copy_stage_sweep_start(f.session.sftp, &now, on_done, NULL);
	copy_stage_sweep_stop(stopped);
	copy_fixture_until(&f, &is_done);
	stopped = copy_stage_sweep_start(f.session.sftp, &now, on_done, NULL);
	copy_stage_sweep_free(&stopped);
	assert_null(stopped);
	assert_string_equal(copy_fixture_list(&f, "."), STAGE "00000001 ");
	assert_int_equal(is_done, 1);
	sweep();
	assert_string_equal(copy_fixture_list(&f, "."), "");
	copy_fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes),
		cmocka_unit_test(test_where_anyone_may_write),
		cmocka_unit_test(test_stopped_and_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
