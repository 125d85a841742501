#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_program_folder.h"
#include "support/run_program.h"

struct place {
	char path[40];
};

static int place_setup(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));

	(void)snprintf(place->path, sizeof(place->path), "/tmp/test_folder.XXXXXX");
	assert_non_null(mkdtemp(place->path));
	*state = place;
	return setenv("XDG_RUNTIME_DIR", place->path, 1);
}

static int place_teardown(void **state)
{
	struct place *place = *state;

	(void)RUN("rm", "-rf", place->path);
	free(place);
	return unsetenv("XDG_RUNTIME_DIR");
}

static char *inside(const struct place *place, const char *name)
{
	return xasprintf("%s/%s", place->path, name);
}

static void is_for_us_alone_and_goes(void **state)
{
	const struct place *place = *state;
	struct ssh_program_folder *folder = NULL;
	char *path, *file;
	struct stat info;

	assert_int_equal(ssh_program_folder_new(&folder, NULL), 0);
	path = xstrdup(ssh_program_folder_path(folder));
	assert_int_equal(strncmp(path, place->path, strlen(place->path)), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	file = xasprintf("%s/1", path);
	assert_int_equal(mknod(file, S_IFREG | 0600, 0), 0);
	ssh_program_folder_free(&folder);
	ssh_program_folder_free(&folder);
	assert_null(folder);
	assert_int_equal(access(path, F_OK), -1);
	free(path);
	free(file);
}

static void sweeps_what_nobody_holds(void **state)
{
	const struct place *place = *state;
	char *abandoned = inside(place, "sre-toolkit-ssh.abcdef");
	char *file = inside(place, "sre-toolkit-ssh.abcdef/7");
	char *others = inside(place, "other.abcdef");
	char *open_one = inside(place, "sre-toolkit-ssh.shared");
	char *link = inside(place, "sre-toolkit-ssh.link");
	struct ssh_program_folder *held = NULL, *second = NULL;
	char *held_path;

	assert_int_equal(mkdir(abandoned, 0700), 0);
	assert_int_equal(mknod(file, S_IFSOCK | 0600, 0), 0);
	assert_int_equal(mkdir(others, 0700), 0);
	assert_int_equal(mkdir(open_one, 0700), 0);
	assert_int_equal(chmod(open_one, 0755), 0); /* not made by us */
	assert_int_equal(symlink(others, link), 0);
	assert_int_equal(ssh_program_folder_new(&held, NULL), 0);
	held_path = xstrdup(ssh_program_folder_path(held));
	assert_int_equal(access(abandoned, F_OK), -1);
	assert_int_equal(access(others, F_OK), 0);
	assert_int_equal(access(open_one, F_OK), 0);
	assert_int_equal(unlink(link), 0);

	assert_int_equal(ssh_program_folder_new(&second, NULL), 0);
	assert_string_not_equal(ssh_program_folder_path(second), held_path);
	assert_int_equal(access(held_path, F_OK), 0);
	ssh_program_folder_free(&second);
	assert_int_equal(access(held_path, F_OK), 0);
	ssh_program_folder_free(&held);
	ssh_program_folder_sweep("/no/such/place");
	free(held_path);
	free(abandoned);
	free(file);
	free(others);
	free(open_one);
	free(link);
}

static void takes_no_place_that_will_not_do(void **state)
{
	const struct place *place = *state;
	static const char *const names[] = {"with space", "with%h", "with~",
		"long-long-long-long-long-long-long-long-long-long-long-long", "missing/folder",
		"open"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct ssh_program_folder *folder = NULL;
		char *runtime = inside(place, names[i]);

		if (mkdir(runtime, 0700) == 0 && strcmp(names[i], "open") == 0) {
			assert_int_equal(chmod(runtime, 0777), 0);
		}
		assert_int_equal(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
		assert_int_equal(ssh_program_folder_new(&folder, NULL), 0);
		assert_int_equal(
			strncmp(ssh_program_folder_path(folder), "/tmp/sre-toolkit-ssh.", 21), 0);
		ssh_program_folder_free(&folder);
		free(runtime);
	}
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "relative", 1), 0);
	ssh_program_folder_sweep("/tmp/nothing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			is_for_us_alone_and_goes, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			sweeps_what_nobody_holds, place_setup, place_teardown),
		cmocka_unit_test_setup_teardown(
			takes_no_place_that_will_not_do, place_setup, place_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
