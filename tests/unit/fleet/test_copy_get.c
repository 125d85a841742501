/*
 * Files fetched, before OpenSSH's own server.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_get.h"

static struct copy_fixture f;
static struct copy_here *here;
static bool is_dry_run, is_named;

static struct {
	int done;
	struct copy_result result;
	char path[300], diff[300];
	char note[100];
	uint64_t moved;
	int is_enough; /* of it */
} told;

enum { LARGE = 20 * 1024 * 1024, ENOUGH = 9 * 1024 * 1024 };

static void start(bool has_sums)
{
	(void)umask(022);
	if (!copy_fixture_start(&f, has_sums)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	is_dry_run = false;
	is_named = false;
	assert_int_equal(mkdir("there", 0755), 0);
	assert_int_equal(copy_here_open("here", COPY_HERE_MAKE, &here, NULL), 0);
}

static void stop(void)
{
	copy_here_close(&here);
	copy_fixture_stop(&f);
}

static void on_moved(void *arg, uint64_t bytes)
{
	(void)arg;
	told.moved += bytes;
	told.is_enough = told.moved >= ENOUGH;
}

static void on_done(void *arg, const struct copy_result *result)
{
	(void)arg;
	told.done++;
	told.result = *result;
	(void)snprintf(told.path, sizeof(told.path), "%s", result->path);
	(void)snprintf(told.note, sizeof(told.note), "%s", result->note ? result->note : "");
	(void)snprintf(told.diff, sizeof(told.diff), "%s", result->diff ? result->diff : "");
}

static const struct copy_get_events events = {on_moved, on_done};

static struct copy_get *begin(const char *path, const char *name, uint64_t size)
{
	const struct copy_get_spec spec = {
		.session = &f.session,
		.here = here,
		.path = path,
		.name = name,
		.size = size,
		.mode = 0640,
		.is_named = is_named,
		.is_dry_run = is_dry_run,
	};

	memset(&told, 0, sizeof(told));
	return copy_get_start(&spec, &events, NULL);
}

static enum copy_verdict get(const char *path, const char *name)
{
	struct stat st = {0};

	(void)stat(path, &st);
	(void)begin(path, name, (uint64_t)st.st_size);
	assert_int_equal(told.done, 0);
	copy_fixture_until(&f, &told.done);
	return told.result.verdict;
}

static void test_course(void **state)
{
	(void)state;
	for (int has_sums = 0; has_sums < 2; has_sums++) {
		start(has_sums);
		copy_fixture_make("there/a", "1", 0600);
		assert_int_equal(get("there/a", "a"), COPY_CREATED);
		assert_string_equal(told.path, "here/a");
		assert_int_equal(told.moved, 1);
		assert_int_equal(get("there/a", "a"), COPY_UNCHANGED);
		assert_int_equal(told.moved, has_sums ? 0 : 1);
		copy_fixture_make("there/a", "2", 0600);
		assert_int_equal(get("there/a", "a"), COPY_UPDATED);
		assert_string_equal(copy_fixture_content(&f, "here/a"), "2");
		assert_int_equal(chmod("here/a", 0600), 0);
		assert_int_equal(get("there/a", "a"), COPY_MODE);
		copy_fixture_make("there/a", "", 0600);
		assert_int_equal(get("there/a", "a"), COPY_UPDATED);
		assert_string_equal(copy_fixture_content(&f, "here/a"), "");
		assert_string_equal(copy_fixture_list(&f, "here"), "a ");
		stop();
	}
}

static void test_failures(void **state)
{
	(void)state;
	start(true);
	assert_int_equal(get("there/none", "none"), COPY_FAILED);
	assert_string_equal(told.result.err.msg, "cannot look at 'there/none': No such file");
	assert_int_equal(mkdir("here/d", 0755), 0);
	copy_fixture_make("there/a", "1", 0600);
	assert_int_equal(get("there/a", "d"), COPY_FAILED);
	assert_int_equal(get("there/a", "../x"), COPY_FAILED);
	assert_int_equal(get("there/a", "none/x"), COPY_FAILED);
	assert_string_equal(copy_fixture_list(&f, "here"), "d ");
	stop();
}

/* What is here and no file stays, and a rehearsal says so; a link is replaced. */
static void test_something_else(void **state)
{
	struct stat st;

	(void)state;
	start(true);
	copy_fixture_make("there/a", "1", 0600);
	copy_fixture_make("here/kept", "mine", 0600);
	assert_int_equal(mkfifo("here/pipe", 0600) | mkdir("here/d", 0755), 0);
	assert_int_equal(symlink("kept", "here/link") | symlink("pipe", "here/out"), 0);
	for (int i = 0; i < 2; i++) {
		is_dry_run = i == 0;
		assert_int_equal(get("there/a", "pipe"), COPY_FAILED);
		assert_string_equal(told.result.err.msg, "'here/pipe' is no file here");
		assert_int_equal(get("there/a", "d"), COPY_FAILED);
		assert_string_equal(told.result.err.msg, "'here/d' is a folder here");
		is_named = true;
		assert_int_equal(get("there/a", "out"), COPY_FAILED);
		assert_string_equal(
			told.result.err.msg, "'here/out' is a link to what is no file here");
		is_named = false;
		assert_int_equal(get("there/a", "link"), COPY_UPDATED);
		assert_string_equal(copy_fixture_content(&f, "here/link"), i == 0 ? "mine" : "1");
	}
	assert_int_equal(get("there/a", "out"), COPY_UPDATED);
	assert_int_equal(lstat("here/pipe", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_string_equal(copy_fixture_content(&f, "here/kept"), "mine");
	assert_string_equal(copy_fixture_list(&f, "here"), "d kept link out pipe ");
	stop();
}

static void test_rehearsal(void **state)
{
	(void)state;
	start(true);
	is_dry_run = true;
	copy_fixture_make("there/a", "1\n2\n", 0600);
	assert_int_equal(get("there/a", "a"), COPY_CREATED);
	assert_string_equal(copy_fixture_list(&f, "here"), "");
	copy_fixture_make("here/a", "1\n3\n", 0640);
	assert_int_equal(get("there/a", "a"), COPY_UPDATED);
	assert_string_equal(told.diff, "@@ -1,2 +1,2 @@\n 1\n-3\n+2\n");
	assert_string_equal(copy_fixture_content(&f, "here/a"), "1\n3\n");
	stop();
}

static void test_freed(void **state)
{
	struct strbuf content = STRBUF_INIT;
	struct copy_get *one;

	(void)state;
	start(true);
	strbuf_addn(&content, 'x', 5000000);
	assert_int_equal(file_write("there/a", strbuf_str(&content), 0644, NULL), 0);
	one = begin("there/a", "a", 5000000);
	copy_fixture_until(&f, (const int *)&told.moved);
	copy_get_free(&one);
	assert_int_equal(told.done, 0);
	assert_string_equal(copy_fixture_list(&f, "here"), "");
	strbuf_release(&content);
	stop();
}

/* Random enough that no piece is like another. */
static void make_large(struct strbuf *content)
{
	uint32_t number = 1;

	while (content->len < LARGE) {
		number = number * 1664525 + 1013904223;
		strbuf_addn(content, (char)(number >> 24), 1);
	}
	assert_int_equal(file_write("there/large", strbuf_str(content), 0644, NULL), 0);
}

/* What is here afterwards. */
static const char *interrupt(void)
{
	struct copy_get *one = begin("there/large", "large", LARGE);
	_cleanup_(freep) char *left = NULL;
	const char *names;

	assert_null(copy_get_left(one, false));
	assert_null(copy_get_left(one, true)); /* nothing is here yet */
	copy_fixture_until(&f, &told.is_enough);
	left = copy_get_left(one, false);
	assert_non_null(left);
	copy_get_free(&one);
	names = copy_fixture_list(&f, "here");
	assert_true(strncmp(left, "here/.large.000000000000-", 25) == 0);
	assert_int_equal(strncmp(left + 5, names, strlen(left) - 5), 0);
	return names;
}

static void check_large(const struct strbuf *content)
{
	struct strbuf fetched = STRBUF_INIT;

	assert_int_equal(file_read("here/large", FILE_REGULAR, LARGE, &fetched, NULL), 0);
	assert_true(str_eq(strbuf_str(&fetched), strbuf_str(content)));
	assert_string_equal(copy_fixture_list(&f, "here"), "large ");
	strbuf_release(&fetched);
}

static void test_gone_on_with(void **state)
{
	struct strbuf content = STRBUF_INIT;

	(void)state;
	start(true);
	make_large(&content);
	(void)interrupt();
	assert_int_equal(get("there/large", "large"), COPY_CREATED);
	assert_int_equal(strncmp(told.note, "gone on with after ", 19), 0);
	assert_true(told.result.bytes > 0 && told.result.bytes <= LARGE - ENOUGH);
	assert_int_equal(told.moved, LARGE);
	check_large(&content);
	/* Twice, and what is in its place is another one. */
	copy_fixture_make("here/large", "old", 0640);
	(void)interrupt();
	(void)interrupt();
	assert_int_equal(get("there/large", "large"), COPY_UPDATED);
	check_large(&content);
	strbuf_release(&content);
	stop();
}

static void test_no_beginning(void **state)
{
	struct strbuf content = STRBUF_INIT;

	(void)state;
	start(true);
	make_large(&content);
	(void)interrupt();
	content.buf[5] ^= 1; /* it was changed meanwhile */
	assert_int_equal(file_write("there/large", strbuf_str(&content), 0644, NULL), 0);
	assert_int_equal(get("there/large", "large"), COPY_CREATED);
	assert_string_equal(told.note, "");
	assert_int_equal(told.result.bytes, LARGE);
	check_large(&content);
	/* Or became shorter than what is here. */
	assert_int_equal(unlink("here/large"), 0);
	(void)interrupt();
	strbuf_truncate(&content, ENOUGH - 1);
	assert_int_equal(file_write("there/large", strbuf_str(&content), 0644, NULL), 0);
	assert_int_equal(get("there/large", "large"), COPY_CREATED);
	assert_int_equal(told.result.bytes, ENOUGH - 1);
	check_large(&content);
	strbuf_release(&content);
	stop();
}

/* Nobody can say what as many bytes are there: nothing is kept. */
static void test_without_sums(void **state)
{
	struct strbuf content = STRBUF_INIT;
	_cleanup_(freep) char *left = NULL;
	struct copy_get *one;

	(void)state;
	start(false);
	make_large(&content);
	one = begin("there/large", "large", LARGE);
	copy_fixture_until(&f, &told.is_enough);
	assert_null(copy_get_left(one, false));
	left = copy_get_left(one, true); /* it would stay if the process ended now */
	assert_non_null(left);
	assert_int_equal(access(left, F_OK), 0);
	copy_get_free(&one);
	assert_string_equal(copy_fixture_list(&f, "here"), "");
	strbuf_release(&content);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_course),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_something_else),
		cmocka_unit_test(test_rehearsal),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_gone_on_with),
		cmocka_unit_test(test_no_beginning),
		cmocka_unit_test(test_without_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
