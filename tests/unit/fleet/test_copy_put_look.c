/*
 * What is in a file's place before it is put there: a link, something else, the same, another; and
 * rehearsals, which only look.
 */
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_put.h"

static struct copy_fixture f;
static struct copy_put_options options;

/* What was told of a put. */
static struct {
	int done;
	struct copy_result result;
	char path[400], diff[400];
} told;

static int setup(void **state)
{
	(void)state;
	options = (struct copy_put_options){.time_suffix = ".then~"};
	(void)copy_fixture_start(&f, true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (f.session.sftp) {
		copy_fixture_stop(&f);
	}
	return 0;
}

static void need_server(void)
{
	if (!f.session.sftp) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	(void)umask(022);
}

static void on_moved(void *arg, uint64_t bytes)
{
	(void)arg;
	(void)bytes;
}

static void on_done(void *arg, const struct copy_result *result)
{
	(void)arg;
	told.done++;
	told.result = *result;
	(void)snprintf(told.path, sizeof(told.path), "%s", result->path);
	(void)snprintf(told.diff, sizeof(told.diff), "%s", result->diff ? result->diff : "");
}

static enum copy_verdict put(const char *source, const char *path)
{
	static const struct copy_put_events events = {on_moved, on_done};
	struct copy_item item = copy_fixture_item(&f, source);
	const struct copy_put_spec spec = {
		.session = &f.session, .item = &item, .path = path, .options = &options};

	memset(&told, 0, sizeof(told));
	(void)copy_put_start(&spec, &events, NULL);
	assert_int_equal(told.done, 0);
	copy_fixture_until(&f, &told.done);
	return told.result.verdict;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode;
}

static void test_rehearsal(void **state)
{
	(void)state;
	need_server();
	options.is_dry_run = true;
	options.wants_diff = true;
	assert_int_equal(mkdir("d", 0755), 0);
	copy_fixture_make("a", "1\nB\n3\n", 0644);
	assert_int_equal(put("a", "d/a"), COPY_CREATED);
	assert_string_equal(copy_fixture_list(&f, "d"), "");
	copy_fixture_make("d/a", "1\n2\n3\n", 0600);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_string_equal(told.diff, "@@ -1,3 +1,3 @@\n 1\n-2\n+B\n 3\n");
	assert_string_equal(copy_fixture_content(&f, "d/a"), "1\n2\n3\n");
	copy_fixture_make("d/a", "1\nB\n3\n", 0600);
	assert_int_equal(put("a", "d/a"), COPY_MODE);
	assert_int_equal(mode_of("d/a"), 0100600);
	assert_int_equal(chmod("d/a", 0644), 0);
	assert_int_equal(put("a", "d/a"), COPY_UNCHANGED);
}

static void test_links(void **state)
{
	char path[400];

	(void)state;
	need_server();
	copy_fixture_make("a", "new", 0644);
	assert_int_equal(mkdir("d", 0755) | mkdir("real", 0755), 0);
	copy_fixture_make("real/a", "old", 0644);
	assert_int_equal(symlink("../real/a", "d/a"), 0);
	assert_int_equal(put("a", "d/a"), COPY_UPDATED);
	assert_true(S_ISLNK(mode_of("d/a")));
	assert_string_equal(copy_fixture_content(&f, "real/a"), "new");
	(void)snprintf(path, sizeof(path), "%s/real/a", f.sftp.folder);
	assert_string_equal(told.path, path);
	assert_int_equal(symlink("loop", "d/loop"), 0);
	assert_int_equal(put("a", "d/loop"), COPY_FAILED);
	assert_string_equal(copy_fixture_list(&f, "d"), "a loop ");
}

static void test_what_cannot_be(void **state)
{
	(void)state;
	need_server();
	copy_fixture_make("a", "new", 0644);
	assert_int_equal(mkdir("d", 0755) | mkdir("d/folder", 0755), 0);
	assert_int_equal(mkfifo("d/pipe", 0644), 0);
	assert_int_equal(put("a", "d/folder"), COPY_FAILED);
	assert_string_equal(told.result.err.msg, "'d/folder' is a folder there");
	assert_int_equal(told.result.err.code, ERR_INPUT);
	assert_int_equal(put("a", "d/pipe"), COPY_FAILED);
	assert_string_equal(told.result.err.msg, "'d/pipe' is no file there");
	assert_int_equal(put("a", "none/a"), COPY_FAILED);
	assert_string_equal(
		told.result.err.msg, "cannot create a file beside 'none/a': No such file");
	assert_string_equal(copy_result_code(&told.result), "not_found");
	assert_int_equal(put("a", "/proc/a"), COPY_FAILED);
	assert_string_equal(copy_fixture_list(&f, "d"), "folder pipe ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rehearsal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
