/*
 * Trees fetched, before OpenSSH's own server; hostile ones are in tests/e2e/test_copy.py.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_pull.h"

static struct copy_fixture f;

static struct {
	int done;
	bool has_failed;
	struct err err;
	char of[40][600]; /* "created here/a; ", in the order of finding */
	char results[4000];
	struct copy_pull *pull;
	bool stops_at_once;
} told;

static int setup(void **state)
{
	(void)state;
	(void)umask(022);
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
}

static void on_moved(void *arg, uint64_t bytes)
{
	(void)arg;
	(void)bytes;
}

static void on_result(void *arg, size_t item, const struct copy_result *result)
{
	(void)arg;
	(void)snprintf(told.of[item], sizeof(told.of[item]), "%s %s; ",
		copy_verdict_name(result->verdict), result->path);
	if (told.stops_at_once) {
		copy_pull_stop(told.pull);
	}
}

static void on_done(void *arg, const struct err *err)
{
	(void)arg;
	told.done++;
	told.has_failed = err != NULL;
	if (err) {
		told.err = *err;
	}
}

static void pull(const struct copy_pull_spec *spec)
{
	static const struct copy_pull_events events = {on_moved, on_result, on_done};
	size_t at = 0;

	memset(told.of, 0, sizeof(told.of));
	told.done = 0;
	told.pull = copy_pull_start(&f.session, spec, &events, NULL);
	assert_int_equal(told.done, 0);
	copy_fixture_until(&f, &told.done);
	for (size_t i = 0; i < ARRAY_LEN(told.of); i++) {
		at += (size_t)snprintf(
			told.results + at, sizeof(told.results) - at, "%s", told.of[i]);
	}
}

static void make_tree(void)
{
	assert_int_equal(mkdir("t", 0755) | mkdir("t/ro", 0755), 0);
	copy_fixture_make("t/ro/b", "22", 0640);
	assert_int_equal(symlink("ro/b", "t/link"), 0);
	assert_int_equal(chmod("t/ro", 0555), 0);
}

static const char *const t_path[] = {"t"};
static const char *const t_name[] = {"t"};
static const char *const no_name[] = {""};

static void test_tree(void **state)
{
	static const struct copy_pull_spec spec = {.sources = t_path,
		.names = t_name,
		.sources_count = 1,
		.parent = "into",
		.folder = "into/web-01"};
	static const struct copy_pull_spec itself = {
		.sources = t_path, .names = no_name, .sources_count = 1, .folder = "itself"};
	struct copy_pull_spec dry = spec;
	struct stat st;

	(void)state;
	need_server();
	make_tree();
	dry.is_dry_run = true;
	pull(&dry);
	assert_false(told.has_failed);
	assert_non_null(strstr(told.results, "created into/web-01/t/ro/b; "));
	assert_int_equal(access("into", F_OK), -1);
	pull(&spec);
	assert_false(told.has_failed);
	assert_non_null(strstr(told.results, "created into/web-01/t; "));
	assert_non_null(strstr(told.results, "created into/web-01/t/link; "));
	assert_string_equal(copy_fixture_content(&f, "into/web-01/t/ro/b"), "22");
	assert_int_equal(stat("into/web-01/t/ro", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755); /* we may always write in ours */
	pull(&spec);
	assert_null(strstr(told.results, "created"));
	assert_non_null(strstr(told.results, "unchanged into/web-01/t/link; "));
	pull(&itself);
	assert_string_equal(copy_fixture_content(&f, "itself/ro/b"), "22");
	assert_int_equal(chmod("t/ro", 0755), 0);
}

static void test_what_cannot_be(void **state)
{
	static const char *const file_path[] = {"t/ro/b"};
	static const struct copy_pull_spec nowhere = {
		.sources = t_path, .names = t_name, .sources_count = 1, .folder = "no/such"};
	static const struct copy_pull_spec nameless = {
		.sources = file_path, .names = no_name, .sources_count = 1, .folder = "itself"};
	static const struct copy_pull_spec plain = {
		.sources = t_path, .names = t_name, .sources_count = 1, .folder = "itself"};

	(void)state;
	need_server();
	make_tree();
	pull(&nowhere);
	assert_true(told.has_failed);
	assert_string_equal(
		told.err.msg, "cannot make the folder 'no/such': No such file or directory");
	pull(&nameless);
	assert_false(told.has_failed);
	assert_string_equal(told.results, "failed itself; ");
	told.stops_at_once = true;
	pull(&plain);
	told.stops_at_once = false;
	assert_false(told.has_failed);
	assert_int_equal(access("itself/t/ro/b", F_OK), -1);
	assert_int_equal(chmod("t/ro", 0755), 0);
}

/* What the user says has all but its last name, or all of it; a rehearsal makes nothing. */
static void test_folders(void **state)
{
	static const struct {
		const char *parent, *folder, *says; /* NULL: it can be */
		bool must_be;
	} cases[] = {
		{NULL, "no", "there is no folder 'no' here", true},
		{NULL, "no/such", "cannot make the folder 'no/such': No such file or directory",
			false},
		{"no/such", "no/such/web-01",
			"cannot make the folder 'no/such': No such file or directory", false},
		{NULL, "file", "cannot open the folder 'file': Not a directory", false},
		{NULL, "one/", NULL, false},
		{"several", "several/web-01", NULL, false},
		{NULL, "one", NULL, true},
	};

	(void)state;
	need_server();
	make_tree();
	copy_fixture_make("file", "", 0644);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct copy_pull_spec spec = {.sources = t_path,
			.names = t_name,
			.sources_count = 1,
			.parent = cases[i].parent,
			.folder = cases[i].folder,
			.must_be = cases[i].must_be};

		for (int dry = 1; dry >= 0; dry--) {
			spec.is_dry_run = dry;
			pull(&spec);
			assert_int_equal(told.has_failed, cases[i].says != NULL);
			if (cases[i].says) {
				assert_string_equal(told.err.msg, cases[i].says);
			}
		}
		assert_int_equal(access("no", F_OK), -1);
	}
	assert_string_equal(copy_fixture_content(&f, "one/t/ro/b"), "22");
	assert_string_equal(copy_fixture_content(&f, "several/web-01/t/ro/b"), "22");
	assert_int_equal(chmod("t/ro", 0755), 0);
}

/* A rehearsal says what the fetch would come to. */
static void test_what_is_in_the_way(void **state)
{
	struct copy_pull_spec spec = {
		.sources = t_path, .names = t_name, .sources_count = 1, .folder = "itself"};

	(void)state;
	need_server();
	make_tree();
	assert_int_equal(mkdir("itself", 0755) | mkdir("itself/t", 0755), 0);
	assert_int_equal(mkdir("itself/t/link", 0755), 0);
	copy_fixture_make("itself/t/ro", "mine", 0644);
	for (int i = 0; i < 2; i++) {
		spec.is_dry_run = i == 0;
		pull(&spec);
		assert_false(told.has_failed);
		assert_non_null(strstr(told.results, "unchanged itself/t; "));
		assert_non_null(strstr(told.results, "failed itself/t/link; "));
		assert_non_null(strstr(told.results, "failed itself/t/ro; "));
	}
	assert_string_equal(copy_fixture_content(&f, "itself/t/ro"), "mine");
	assert_int_equal(chmod("t/ro", 0755), 0);
}

/* Of the same kind, one within a folder, and one that was asked for. */
static void test_special(void **state)
{
	static const char *const paths[] = {"t", "t/pipe", "t/to-pipe", "t/ro/b"};
	static const char *const names[] = {"t", "named", "followed", "b"};
	struct copy_pull_spec spec = {
		.sources = paths, .names = names, .sources_count = 4, .folder = "into"};

	(void)state;
	need_server();
	make_tree();
	assert_int_equal(mkfifo("t/pipe", 0600) | symlink("pipe", "t/to-pipe"), 0);
	for (int i = 0; i < 2; i++) {
		spec.is_dry_run = i == 0;
		pull(&spec);
		assert_false(told.has_failed);
		assert_non_null(strstr(told.results, "failed into/named; "));
		assert_non_null(strstr(told.results, "failed into/followed; "));
		assert_non_null(strstr(told.results, "skipped into/t/pipe; "));
		assert_non_null(strstr(told.results, "created into/t/to-pipe; "));
		assert_non_null(strstr(told.results, "created into/b; "));
	}
	assert_int_equal(access("into/named", F_OK), -1);
	assert_int_equal(chmod("t/ro", 0755), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tree, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folders, setup, teardown),
		cmocka_unit_test_setup_teardown(test_special, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_in_the_way, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
