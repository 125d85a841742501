/*
 * Files that wait in a folder of their own: uploaded, removed, interrupted.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_path.h"
#include "fleet/copy_put.h"
#include "fleet/copy_stage.h"

enum { LARGE = 4 * COPY_KEEP_MIN };

static struct copy_fixture f;
static struct copy_item items[3];
static const struct copy_tree tree = {.items = items, .items_count = 3};
static const size_t wanted[] = {0, 2};
static int is_uploaded, is_removed, is_begun, failures;
static uint64_t moved_bytes;
static char *left;

static void start(void)
{
	(void)umask(022);
	if (!copy_fixture_start(&f, true)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	is_uploaded = is_removed = is_begun = failures = 0;
	moved_bytes = 0;
	left = NULL;
	copy_fixture_make("a", "abc", 0644);
	copy_fixture_make("c", "see", 0755);
	items[0] = copy_fixture_item(&f, "a");
	items[2] = copy_fixture_item(&f, "c");
}

static void stop(void)
{
	free(left);
	copy_fixture_stop(&f);
}

static void on_moved(void *arg, uint64_t bytes)
{
	(void)arg;
	moved_bytes += bytes;
	is_begun = moved_bytes > COPY_KEEP_MIN + COPY_KEEP_MIN / 2;
}

static void on_failed(void *arg, size_t item, const struct err *err)
{
	(void)arg;
	(void)item;
	assert_int_not_equal(err->code, ERR_NONE);
	failures++;
}

static void on_uploaded(void *arg, const struct err *err)
{
	(void)arg;
	assert_null(err);
	is_uploaded++;
}

static void on_removed(void *arg, const char *path)
{
	(void)arg;
	left = path ? xstrdup(path) : NULL;
	is_removed++;
}

static struct copy_stage *begin(void)
{
	static const struct copy_stage_events events = {
		on_moved, on_failed, on_uploaded, on_removed};
	const struct copy_stage_spec spec = {
		.session = &f.session, .tree = &tree, .items = wanted, .items_count = 2};
	struct copy_stage *stage = copy_stage_start(&spec, &events, NULL);

	assert_true(copy_is_stage(str_of(copy_stage_folder(stage))));
	return stage;
}

static void finish(struct copy_stage *stage)
{
	copy_stage_remove(stage);
	assert_int_equal(is_removed, 0);
	copy_fixture_until(&f, &is_removed);
	assert_int_equal(is_removed, 1);
}

static void test_uploaded_and_removed(void **state)
{
	struct copy_stage *stage;
	const char *folder;
	struct stat st;

	(void)state;
	start();
	assert_int_equal(mkdir(".sre-toolkit-copy-00000000", 0700), 0);
	assert_int_equal(utimensat(AT_FDCWD, ".sre-toolkit-copy-00000000",
				 (struct timespec[2]){{.tv_sec = 1}, {.tv_sec = 1}}, 0),
		0);
	stage = begin();
	copy_fixture_until(&f, &is_uploaded);
	folder = copy_stage_folder(stage);
	assert_string_equal(copy_fixture_list(&f, folder), "0 2 ");
	assert_string_equal(copy_fixture_content(&f, arena_printf(f.arena, "%s/2", folder)), "see");
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(moved_bytes, 6);
	finish(stage);
	assert_null(left);
	assert_string_equal(copy_fixture_list(&f, "."), "a c "); /* the old one is gone, too */
	stop();
}

static void test_what_cannot_be_removed(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct copy_stage *stage;

	(void)state;
	start();
	stage = begin();
	copy_fixture_until(&f, &is_uploaded);
	copy_fixture_make(
		arena_printf(f.arena, "%s/notes", copy_stage_folder(stage)), "mine", 0600);
	copy_stage_add_left(stage, &text);
	finish(stage);
	assert_non_null(left);
	assert_string_equal(left, text.buf);
	assert_int_equal(access(left, F_OK), 0);
	strbuf_release(&text);
	stop();
}

static void test_where_no_folder_can_be_made(void **state)
{
	struct copy_stage *stage;

	(void)state;
	start();
	assert_int_equal(unlink("a") | unlink("c") | rmdir(f.sftp.folder), 0);
	stage = begin();
	copy_fixture_until(&f, &is_uploaded);
	assert_int_equal(failures, 2);
	finish(stage);
	assert_null(left);
	assert_int_equal(mkdir(f.sftp.folder, 0700), 0);
	stop();
}

/* So much is there that another copy would have gone on with it. */
static void test_interrupted(void **state)
{
	char *large = xcalloc(1, LARGE + 1);
	struct copy_stage *stage;

	(void)state;
	start();
	assert_int_equal(file_write("c", str_n(large, LARGE), 0600, NULL), 0);
	free(large);
	items[2] = copy_fixture_item(&f, "c");
	stage = begin();
	copy_fixture_until(&f, &is_begun);
	copy_stage_stop(stage);
	copy_fixture_until(&f, &is_uploaded);
	assert_int_equal(failures, 1);
	finish(stage);
	assert_null(left);
	assert_string_equal(copy_fixture_list(&f, "."), "a c ");
	stop();
}

static void test_freed(void **state)
{
	struct copy_stage *stage;

	(void)state;
	start();
	stage = begin();
	copy_stage_free(&stage);
	assert_null(stage);
	stage = begin();
	copy_fixture_until(&f, &is_uploaded);
	copy_stage_remove(stage);
	copy_stage_free(&stage);
	assert_int_equal(is_uploaded, 1);
	assert_int_equal(is_removed, 0);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uploaded_and_removed),
		cmocka_unit_test(test_what_cannot_be_removed),
		cmocka_unit_test(test_where_no_folder_can_be_made),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
