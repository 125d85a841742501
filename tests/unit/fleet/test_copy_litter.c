/*
 * What goes and what stays, before OpenSSH's own server.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_litter.h"
#include "fleet/copy_path.h"

#define SUM ".0123456789ab"

static struct copy_fixture f;
static int is_done;
static int asked;

static void start(void)
{
	(void)umask(022);
	if (!copy_fixture_start(&f, false)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	assert_int_equal(mkdir("d", 0755), 0);
	is_done = 0;
	asked = 0;
}

static bool is_part(void *arg, struct str name)
{
	(void)arg;
	asked++;
	return copy_is_temporary_of(name, str_of("a"), NULL);
}

static void on_done(void *arg)
{
	(void)arg;
	is_done++;
}

static const struct copy_litter_events events = {is_part, on_done};

static void sweep(const char *folder)
{
	(void)copy_litter_start(f.session.sftp, folder, &events, NULL);
	assert_int_equal(is_done, 0);
	copy_fixture_until(&f, &is_done);
	assert_int_equal(is_done, 1);
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
	make("d/.a" SUM "-00000001.copying", 0600, COPY_LITTER_STILL_S + 60);
	make("d/.a" SUM "-00000002.copying", 0600,
		time(NULL) - 1); /* kept on purpose, of another */
	make("d/.a" SUM "-00000003.copying", 0600, COPY_LITTER_STILL_S - 60);
	make("d/.a" SUM "-00000004.copying", 0644, 100000);
	make("d/.b" SUM "-00000005.copying", 0600, 100000);
	make("d/.a" SUM ".copying", 0600, 100000);
	make("d/a", 0600, 100000);
	assert_int_equal(mkdir("d/.a" SUM "-00000006.copying", 0700), 0);
	assert_int_equal(symlink("a", "d/.a" SUM "-00000007.copying"), 0);
	sweep("d");
	assert_string_equal(copy_fixture_list(&f, "d"),
		".a" SUM "-00000003.copying .a" SUM "-00000004.copying .a" SUM
		"-00000006.copying .a" SUM "-00000007.copying .a" SUM ".copying .b" SUM
		"-00000005.copying a ");
	copy_fixture_stop(&f);
}

static void test_nothing_to_do(void **state)
{
	(void)state;
	start();
	sweep("d");
	is_done = 0;
	make("d/a", 0600, 100000);
	sweep("d");
	is_done = 0;
	sweep("none");
	assert_int_equal(asked, 0);
	copy_fixture_stop(&f);
}

static void test_of_others(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		skip_because("needs root");
	}
	start();
	make("d/.a" SUM "-00000001.copying", 0600, 100000);
	assert_int_equal(chown("d/.a" SUM "-00000001.copying", 12345, 12345), 0);
	sweep("d");
	assert_string_equal(copy_fixture_list(&f, "d"), ".a" SUM "-00000001.copying ");
	copy_fixture_stop(&f);
}

static void test_freed(void **state)
{
	struct copy_litter *litter;

	(void)state;
	start();
	make("d/.a" SUM "-00000001.copying", 0600, 100000);
	litter = copy_litter_start(f.session.sftp, "d", &events, NULL);
	copy_fixture_until(&f, &asked);
	copy_litter_free(&litter);
	assert_null(litter);
	sweep("none");
	assert_int_equal(asked, 1);
	copy_fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_goes),
		cmocka_unit_test(test_nothing_to_do),
		cmocka_unit_test(test_of_others),
		cmocka_unit_test(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
