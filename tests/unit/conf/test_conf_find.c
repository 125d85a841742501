#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "conf/conf_find.h"

/* A folder of its own to be in, with a user's and a system's folder inside. */
struct fixture {
	struct arena *arena;
	char folder[64];
	int old_folder;
	char *home; /* what it was */
};

static void put(const char *path)
{
	assert_int_equal(file_write(path, str_of("{}\n"), 0600, NULL), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const char *home = getenv("HOME");

	f->arena = arena_new();
	f->home = home ? xstrdup(home) : NULL;
	f->old_folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(f->folder, sizeof(f->folder), "/tmp/test_conf_find.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	assert_int_equal(chdir(f->folder), 0);
	assert_int_equal(mkdir("home", 0755), 0);
	assert_int_equal(mkdir("home/.config", 0755), 0);
	assert_int_equal(mkdir("home/.config/sre-toolkit", 0755), 0);
	assert_int_equal(mkdir("xdg", 0755), 0);
	assert_int_equal(mkdir("xdg/sre-toolkit", 0755), 0);
	assert_int_equal(mkdir("other", 0755), 0);
	(void)setenv("HOME", arena_printf(f->arena, "%s/home", f->folder), 1);
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)unsetenv("SRE_TOOLKIT_CONFIG");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = {"sre-toolkit.yaml", "named.yaml", "system.yaml",
		"home/.config/sre-toolkit/config.yaml", "xdg/sre-toolkit/config.yaml",
		"other/real.yaml", "other/link.yaml"};
	static const char *const folders[] = {"home/.config/sre-toolkit", "home/.config", "home",
		"xdg/sre-toolkit", "xdg", "other"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)unlink(files[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		(void)rmdir(folders[i]);
	}
	assert_int_equal(fchdir(f->old_folder), 0);
	(void)close(f->old_folder);
	assert_int_equal(rmdir(f->folder), 0);
	if (f->home) {
		(void)setenv("HOME", f->home, 1);
	}
	free(f->home);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void assert_found(struct fixture *f, const char *given, const char *expected)
{
	const char *path = "untouched";
	struct err err = {0};

	if (conf_find_in("system.yaml", given, f->arena, &path, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	if (!expected) {
		assert_null(path);
		return;
	}
	assert_non_null(path);
	assert_string_equal(path, expected);
}

static void assert_refused(
	struct fixture *f, const char *given, enum err_code code, const char *text)
{
	const char *path = "untouched";
	struct err err = {0};

	assert_int_equal(conf_find_in("system.yaml", given, f->arena, &path, &err), -1);
	if (!strstr(err.msg, text)) {
		fail_msg("%s", err.msg);
	}
	assert_int_equal(err.code, code);
	assert_string_equal(path, "untouched");
}

static const char *in_folder(const struct fixture *f, const char *name)
{
	return arena_printf(f->arena, "%s/%s", f->folder, name);
}

static void test_order(void **state)
{
	struct fixture *f = *state;

	assert_found(f, NULL, NULL);
	put("system.yaml");
	assert_found(f, NULL, "system.yaml");
	put("home/.config/sre-toolkit/config.yaml");
	assert_found(f, NULL, in_folder(f, "home/.config/sre-toolkit/config.yaml"));
	(void)setenv("XDG_CONFIG_HOME", in_folder(f, "xdg"), 1);
	assert_found(f, NULL, "system.yaml");
	put("xdg/sre-toolkit/config.yaml");
	assert_found(f, NULL, in_folder(f, "xdg/sre-toolkit/config.yaml"));
	put("sre-toolkit.yaml");
	assert_found(f, NULL, "sre-toolkit.yaml");
	put("named.yaml");
	(void)setenv("SRE_TOOLKIT_CONFIG", "named.yaml", 1);
	assert_found(f, NULL, "named.yaml");
	assert_found(f, "system.yaml", "system.yaml");
}

static void test_environment(void **state)
{
	struct fixture *f = *state;

	put("home/.config/sre-toolkit/config.yaml");
	(void)setenv("SRE_TOOLKIT_CONFIG", "", 1);
	(void)setenv("XDG_CONFIG_HOME", "", 1);
	assert_found(f, NULL, in_folder(f, "home/.config/sre-toolkit/config.yaml"));
	(void)setenv("XDG_CONFIG_HOME", "xdg", 1); /* not absolute: as if it were not there */
	put("xdg/sre-toolkit/config.yaml");
	assert_found(f, NULL, in_folder(f, "home/.config/sre-toolkit/config.yaml"));
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)setenv("HOME", "home", 1);
	assert_found(f, NULL, NULL);
	(void)unsetenv("HOME");
	assert_found(f, NULL, NULL);
}

static void test_named_must_exist(void **state)
{
	struct fixture *f = *state;

	put("system.yaml");
	assert_refused(f, "none.yaml", ERR_NOT_FOUND,
		"configuration 'none.yaml': No such file or directory");
	(void)setenv("SRE_TOOLKIT_CONFIG", "none.yaml", 1);
	assert_refused(f, NULL, ERR_NOT_FOUND,
		"SRE_TOOLKIT_CONFIG: configuration 'none.yaml': No such file or directory");
}

static void test_file_of_others(void **state)
{
	struct fixture *f = *state;

	put("sre-toolkit.yaml");
	assert_int_equal(chmod("sre-toolkit.yaml", 0646), 0);
	assert_refused(f, NULL, ERR_PERMISSION,
		"'./sre-toolkit.yaml' is not used: it can be written by everybody; run chmod o-w "
		"on it, or name the file with --config");
	assert_found(f, "sre-toolkit.yaml", "sre-toolkit.yaml");
	assert_int_equal(chmod("sre-toolkit.yaml", 0600), 0);
	assert_found(f, NULL, "sre-toolkit.yaml");
}

static void test_folder_of_others(void **state)
{
	struct fixture *f = *state;

	put("sre-toolkit.yaml");
	assert_int_equal(chmod(".", 01777), 0);
	assert_refused(
		f, NULL, ERR_PERMISSION, "the folder that it is in can be written by everybody");
	assert_int_equal(chmod(".", 0755), 0);
	assert_found(f, NULL, "sre-toolkit.yaml");
	assert_int_equal(unlink("sre-toolkit.yaml"), 0);
	assert_int_equal(chmod(".", 0777), 0);
	assert_found(f, NULL, NULL);
}

static void test_links(void **state)
{
	struct fixture *f = *state;

	put("other/real.yaml");
	assert_int_equal(symlink("real.yaml", "other/link.yaml"), 0);
	assert_int_equal(symlink("other/link.yaml", "sre-toolkit.yaml"), 0);
	assert_found(f, NULL, "sre-toolkit.yaml");
	assert_int_equal(chmod("other", 0777), 0);
	assert_refused(f, NULL, ERR_PERMISSION,
		"the folder of what it links to can be written by everybody");
	assert_int_equal(chmod("other", 0755), 0);
	assert_int_equal(chmod("other/real.yaml", 0666), 0);
	assert_refused(f, NULL, ERR_PERMISSION, "what it links to can be written by everybody");
	assert_int_equal(unlink("other/real.yaml"), 0);
	assert_refused(f, NULL, ERR_NOT_FOUND, "configuration './sre-toolkit.yaml'");
	assert_int_equal(symlink("link.yaml", "other/real.yaml"), 0);
	assert_refused(f, NULL, ERR_INPUT, "too many symbolic links");
}

/* Other owners and groups can only be made by root. */
static void test_owners(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0) {
		skip_because("needs root");
	}
	put("sre-toolkit.yaml");
	assert_int_equal(chown("sre-toolkit.yaml", 1, 0), 0);
	assert_refused(f, NULL, ERR_PERMISSION, "it belongs to another user");
	assert_int_equal(chown("sre-toolkit.yaml", 0, 1), 0);
	assert_found(f, NULL, "sre-toolkit.yaml");
	assert_int_equal(chmod("sre-toolkit.yaml", 0664), 0);
	assert_refused(f, NULL, ERR_PERMISSION, "it can be written by its group");
	assert_int_equal(chown("sre-toolkit.yaml", 0, 0), 0); /* root's own group */
	assert_found(f, NULL, "sre-toolkit.yaml");
	assert_int_equal(chown(".", 1, 1), 0);
	assert_refused(f, NULL, ERR_PERMISSION, "the folder that it is in belongs to another");
	assert_int_equal(chown(".", 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_named_must_exist, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_owners, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
