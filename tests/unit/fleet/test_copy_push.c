/*
 * Trees put in place, before OpenSSH's own server.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_push.h"

static struct copy_fixture f;

static struct {
	int done;
	bool has_failed;
	struct err err;
	struct strbuf results; /* "created d/a; failed d/b: ...", in the order of the tree */
	char of[300][600];     /* the same of each item */
	uint64_t moved;
	bool stops_at_once;
	struct copy_push *push;
} told;

static int setup(void **state)
{
	(void)state;
	(void)umask(022);
	(void)copy_fixture_start(&f, true);
	told.results = (struct strbuf)STRBUF_INIT;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	strbuf_release(&told.results);
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
	told.moved += bytes;
}

static void on_result(void *arg, size_t item, const struct copy_result *result)
{
	(void)arg;
	(void)snprintf(told.of[item], sizeof(told.of[item]), "%s %s%s%s; ",
		copy_verdict_name(result->verdict), result->path,
		result->verdict == COPY_FAILED ? ": " : "",
		result->verdict == COPY_FAILED ? result->err.msg : "");
	if (told.stops_at_once) {
		copy_push_stop(told.push);
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
	told.push = NULL;
}

/* Sources, with names: NULL-terminated pairs. */
static void push(const char *const *sources, const char *destination, bool is_dry_run)
{
	static const struct copy_push_events events = {on_moved, on_result, on_done};
	struct copy_tree tree;
	const struct copy_push_spec spec = {
		.tree = &tree,
		.destination = destination,
		.options = {.is_dry_run = is_dry_run, .backup = COPY_BACKUP_NONE},
	};

	copy_tree_init(&tree, f.arena);
	for (; sources[0]; sources += 2) {
		assert_int_equal(copy_tree_add(&tree, sources[0], sources[1], NULL), 0);
	}
	memset(told.of, 0, sizeof(told.of));
	told.done = 0;
	told.moved = 0;
	told.push = copy_push_start(&f.session, &spec, &events, NULL);
	copy_fixture_until(&f, &told.done);
	assert_int_equal(sftp_client_pending(f.session.sftp), 0);
	strbuf_clear(&told.results);
	for (size_t i = 0; i < ARRAY_LEN(told.of); i++) {
		strbuf_adds(&told.results, told.of[i]);
	}
}

static void make_tree(void)
{
	assert_int_equal(mkdir("s", 0755) | mkdir("s/ro", 0755), 0);
	copy_fixture_make("s/a", "1", 0644);
	copy_fixture_make("s/ro/b", "22", 0640);
	assert_int_equal(symlink("a", "s/link"), 0);
	assert_int_equal(chmod("s/ro", 0555), 0);
}

static const char *const tree_by_own_name[] = {"s", "", NULL};
static const char *const tree_by_name[] = {"s", "s", NULL};
static const char *const file_by_own_name[] = {"s/a", "", NULL};

static void test_folder(void **state)
{
	struct stat st;

	(void)state;
	need_server();
	make_tree();
	push(tree_by_own_name, "d", true);
	assert_string_equal(told.results.buf,
		"created d; created d/a; created d/link; created d/ro; created d/ro/b; ");
	assert_int_equal(access("d", F_OK), -1);
	push(tree_by_own_name, "d", false);
	assert_false(told.has_failed);
	assert_int_equal(told.moved, 3);
	assert_string_equal(copy_fixture_content(&f, "d/ro/b"), "22");
	assert_string_equal(copy_fixture_content(&f, "d/link"), "1");
	assert_int_equal(stat("d/ro", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0555);
	push(tree_by_own_name, "d", false);
	assert_string_equal(told.results.buf, "unchanged d; unchanged d/a; unchanged d/link; "
					      "unchanged d/ro; unchanged d/ro/b; ");
	push(tree_by_name, "d/", false);
	assert_string_equal(copy_fixture_list(&f, "d"), "a link ro s ");
	assert_int_equal(chmod("s/ro", 0755) | chmod("d/ro", 0755) | chmod("d/s/ro", 0755), 0);
}

static void test_destinations(void **state)
{
	static const struct {
		const char *const *sources;
		const char *destination;
		const char *results; /* or the error */
		bool is_error;
	} cases[] = {
		{file_by_own_name, "f", "created f; ", false},
		{file_by_own_name, "d", "created d/a; ", false},
		{file_by_own_name, "none/f", "there is no folder 'none'", true},
		{file_by_own_name, "none/", "there is no folder 'none/'", true},
		{tree_by_name, "none/", "there is no folder 'none/'", true},
		{tree_by_name, "s/a", "'s/a' is no folder", true},
		{tree_by_own_name, "s/a", "failed s/a: 's/a' is a file there; ", false},
		{tree_by_own_name, "none/x", "there is no folder 'none'", true},
	};

	(void)state;
	need_server();
	make_tree();
	assert_int_equal(mkdir("d", 0755), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		push(cases[i].sources, cases[i].destination, false);
		assert_int_equal(told.has_failed, cases[i].is_error);
		assert_string_equal(
			cases[i].is_error ? told.err.msg : told.results.buf, cases[i].results);
	}
	assert_int_equal(chmod("s/ro", 0755), 0);
}

static void test_what_is_in_the_way(void **state)
{
	(void)state;
	need_server();
	make_tree();
	assert_int_equal(mkdir("d", 0755) | mkdir("d/a", 0755), 0);
	copy_fixture_make("d/ro", "a file", 0644);
	assert_int_equal(symlink("elsewhere", "d/link"), 0);
	push(tree_by_own_name, "d", false);
	/* What would be in a folder that is none is left out. */
	assert_string_equal(told.results.buf,
		"unchanged d; failed d/a: 'd/a' is a folder there; updated d/link; "
		"failed d/ro: 'd/ro' is a file there; ");
	assert_string_equal(copy_fixture_list(&f, "d"), "a link ro ");
	assert_string_equal(copy_fixture_content(&f, "d/ro"), "a file");
	assert_int_equal(unlink("d/link") | mkdir("d/link", 0755), 0);
	push(tree_by_own_name, "d", false);
	assert_non_null(strstr(told.results.buf, "failed d/link: 'd/link' is a folder there; "));
	assert_int_equal(chmod("s/ro", 0755), 0);
}

static void test_many(void **state)
{
	char path[40];
	char content[40];
	size_t created = 0;

	(void)state;
	need_server();
	assert_int_equal(mkdir("s", 0755), 0);
	for (int i = 0; i < 200; i++) {
		(void)snprintf(path, sizeof(path), "s/file-%d", i);
		(void)snprintf(content, sizeof(content), "content %d", i);
		copy_fixture_make(path, content, 0644);
	}
	push(tree_by_own_name, "d", false);
	for (const char *at = told.results.buf; (at = strstr(at, "created ")) != NULL; at++) {
		created++;
	}
	assert_int_equal(created, 201);
	assert_string_equal(copy_fixture_content(&f, "d/file-123"), "content 123");
	assert_string_equal(copy_fixture_list(&f, "d"), copy_fixture_list(&f, "s"));
	/* Stopped after the first, the others are not begun. */
	told.stops_at_once = true;
	push(tree_by_own_name, "e", false);
	told.stops_at_once = false;
	assert_false(told.has_failed);
	assert_string_equal(copy_fixture_list(&f, "e"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_destinations, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
