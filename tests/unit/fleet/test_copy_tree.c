/*
 * Folders as lists.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"

static struct copy_fixture f;

static int setup(void **state)
{
	(void)state;
	f = (struct copy_fixture){.arena = arena_new()};
	(void)snprintf(f.sftp.folder, sizeof(f.sftp.folder), "/tmp/copy-tree-XXXXXX");
	return mkdtemp(f.sftp.folder) && chdir(f.sftp.folder) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	char command[200];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", f.sftp.folder);
	(void)chdir("/");
	if (fork() == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	arena_free(f.arena);
	return 0;
}

static void test_folder(void **state)
{
	struct copy_tree tree;

	(void)state;
	assert_int_equal(mkdir("d", 0750), 0);
	assert_int_equal(mkdir("d/sub", 0700), 0);
	assert_int_equal(chmod("d", 0750), 0);
	copy_fixture_make("d/b", "abc", 0640);
	copy_fixture_make("d/sub/x", "", 04755);
	assert_int_equal(symlink("b", "d/a-link"), 0);
	assert_int_equal(symlink("nowhere", "d/sub/dangling"), 0);
	copy_tree_init(&tree, f.arena);
	assert_int_equal(copy_tree_add(&tree, "d", "there", NULL), 0);
	assert_int_equal(tree.items_count, 6);
	assert_int_equal(tree.files, 2);
	assert_int_equal(tree.folders, 2);
	assert_int_equal(tree.links, 2);
	assert_int_equal(tree.bytes, 3);
	assert_string_equal(tree.items[0].name, "there");
	assert_int_equal(tree.items[0].mode, 0750);
	assert_int_equal(tree.items[0].parent, 0);
	assert_string_equal(tree.items[1].name, "there/a-link");
	assert_string_equal(tree.items[1].target, "b");
	assert_string_equal(tree.items[2].name, "there/b");
	assert_string_equal(tree.items[2].path, "d/b");
	assert_int_equal(tree.items[2].mode, 0640);
	assert_string_equal(tree.items[2].sum.hex,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(tree.items[2].parent, 1);
	assert_string_equal(tree.items[3].name, "there/sub");
	assert_string_equal(tree.items[4].name, "there/sub/dangling");
	assert_int_equal(tree.items[4].parent, 4);
	assert_string_equal(tree.items[5].name, "there/sub/x");
	assert_int_equal(
		tree.items[5].mode, 0755); /* without the bit that makes it somebody else's */
}

static void test_own_name(void **state)
{
	struct copy_tree tree;

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	copy_fixture_make("d/b", "abc", 0640);
	assert_int_equal(symlink("d", "link"), 0);
	copy_tree_init(&tree, f.arena);
	assert_int_equal(copy_tree_add(&tree, "link", "", NULL), 0); /* is followed */
	assert_int_equal(tree.items_count, 2);
	assert_int_equal(tree.items[0].type, COPY_FOLDER);
	assert_string_equal(tree.items[0].name, "");
	assert_string_equal(tree.items[1].name, "b");
}

static void test_refused(void **state)
{
	struct copy_tree tree;
	struct err err = {0};
	char path[4000] = "deep";

	(void)state;
	copy_tree_init(&tree, f.arena);
	assert_int_equal(copy_tree_add(&tree, "none\n", "", &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "cannot read 'none\\n': No such file or directory");
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(mkfifo("d/pipe", 0644), 0);
	assert_int_equal(copy_tree_add(&tree, "d", "", &err), -1);
	assert_string_equal(err.msg, "'d/pipe' is neither a file nor a folder nor a link");
	for (int i = 0; i <= COPY_DEPTH_MAX; i++) {
		assert_int_equal(mkdir(path, 0755), 0);
		memcpy(path + strlen(path), "/d", 3);
	}
	assert_int_equal(copy_tree_add(&tree, "deep", "", &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
