/*
 * Which of the files in a folder may be a beginning.  What becomes of them: test_copy_put.c.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_begun.h"
#include "fleet/copy_fixture.h"

static struct {
	int count;
	char path[300];
} told;

static void on_begun(void *arg, const char *path, const struct sftp_attributes *attributes)
{
	(void)arg;
	told.count++;
	(void)snprintf(told.path, sizeof(told.path), "%s %d", path ? path : "none",
		path ? (int)attributes->size : 0);
}

static const char *find(struct copy_fixture *f, const struct copy_item *item, const char *path)
{
	told.count = 0;
	(void)copy_begun_start(f->session.sftp, path, item, on_begun, NULL);
	assert_int_equal(told.count, 0);
	copy_fixture_until(f, &told.count);
	return told.path;
}

static void make(const char *name, int size, mode_t mode)
{
	copy_fixture_make(name, "", mode | 0600);
	assert_int_equal(truncate(name, size), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void test_finding(void **state)
{
	const struct copy_item item = {.type = COPY_FILE,
		.size = 1000000,
		.sum = {"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}};
	struct copy_fixture f;
	struct copy_begun *begun;

	(void)state;
	if (!copy_fixture_start(&f, false)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	assert_string_equal(find(&f, &item, "none/a"), "none 0");
	assert_int_equal(mkdir("d", 0755), 0);
	assert_string_equal(find(&f, &item, "d/a"), "none 0");
	make("d/.a.ba7816bf8f01-00000001.copying", 65535, 0600);   /* too short */
	make("d/.a.ba7816bf8f01-00000002.copying", 1000001, 0600); /* longer than the whole */
	make("d/.a.ba7816bf8f01-00000003.copying", 900000, 0640);  /* not private */
	make("d/.b.ba7816bf8f01-00000004.copying", 900000, 0600);  /* of another file */
	make("d/.a.000000000000-00000005.copying", 900000, 0600);  /* of another content */
	make("d/.a.ba7816bf8f01-00000006", 900000, 0600);
	make("elsewhere", 900000, 0600);
	assert_int_equal(symlink("../elsewhere", "d/.a.ba7816bf8f01-00000007.copying"), 0);
	assert_int_equal(mkdir("d/.a.ba7816bf8f01-00000008.copying", 0700), 0);
	assert_string_equal(find(&f, &item, "d/a"), "none 0");
	make("d/.a.ba7816bf8f01-00000009.copying", 65536, 0600);
	assert_string_equal(find(&f, &item, "d/a"), "d/.a.ba7816bf8f01-00000009.copying 65536");
	make("d/.a.ba7816bf8f01-00000010.copying", 1000000, 0600); /* the longest */
	make("d/.a.ba7816bf8f01-00000011.copying", 70000, 0600);
	assert_string_equal(find(&f, &item, "d/a"), "d/.a.ba7816bf8f01-00000010.copying 1000000");
	/* Nobody is told. */
	told.count = 0;
	begun = copy_begun_start(f.session.sftp, "d/a", &item, on_begun, NULL);
	copy_begun_free(&begun);
	copy_begun_free(&begun); /* NULL */
	assert_int_equal(told.count, 0);
	copy_fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
