/*
 * The programs of `copy --sudo`, run by the shells that hosts have: what they see, what they put in
 * place, what they refuse.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/copy_fixture.h"
#include "fleet/copy_litter.h"
#include "fleet/copy_path.h"
#include "fleet/copy_put.h"
#include "fleet/copy_sudo_script.h"

#define ABC_SUM "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHELL_ARGS 3

static const char *const shells[][SHELL_ARGS] = {
	{"/bin/dash", NULL},
	{"/bin/bash", NULL},
	{"/bin/busybox", "sh", NULL},
};

static struct copy_fixture f;
static const char *const *shell;
static const struct copy_sum abc = {ABC_SUM};

static void start(void)
{
	(void)umask(022);
	f = (struct copy_fixture){.arena = arena_new()};
	(void)snprintf(f.sftp.folder, sizeof(f.sftp.folder), "/tmp/copy-sudo-XXXXXX");
	assert_non_null(mkdtemp(f.sftp.folder));
	assert_int_equal(chdir(f.sftp.folder), 0);
}

static void stop(void)
{
	char command[200];

	(void)snprintf(command, sizeof(command), "rm -rf %s", f.sftp.folder);
	assert_int_equal(chdir("/"), 0);
	if (fork() == 0) {
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	(void)wait(NULL);
	arena_free(f.arena);
}

/* What it says. */
static const char *run(const char *script, const char *input)
{
	const char *argv[8] = {0};
	size_t argc = 0;
	const char *out;
	pid_t pid;
	int status;

	for (size_t i = 0; i < SHELL_ARGS && shell[i]; i++) {
		argv[argc++] = shell[i];
	}
	argv[argc++] = "-c";
	argv[argc++] = script;
	argv[argc] = "sh";
	assert_int_equal(file_write("in.txt", str_of(input), 0600, NULL), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int in = open("in.txt", O_RDONLY | O_CLOEXEC);
		int out_fd = open("out.txt", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (dup2(in, 0) == 0 && dup2(out_fd, 1) == 1) {
			(void)execv(argv[0], (char *const *)(uintptr_t)argv);
		}
		_exit(99);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	out = copy_fixture_content(&f, "out.txt");
	(void)unlink("in.txt");
	(void)unlink("out.txt");
	return out;
}

static struct copy_sudo_seen see(const char *how_and_path)
{
	struct copy_sudo_seen seen;
	struct str line =
		str_trim(str_of(run(copy_sudo_look, arena_printf(f.arena, "%s\n", how_and_path))));

	if (!copy_sudo_parse_seen(line, &seen)) {
		fail_msg("%s: '%.*s'", how_and_path, STR_ARG(line));
	}
	return seen;
}

static void test_showing(void **state)
{
	char large[COPY_DIFF_MAX + 1];
	struct strbuf bytes = STRBUF_INIT, input = STRBUF_INIT;
	struct str rest, line;

	(void)state;
	memset(large, 'x', sizeof(large));
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		copy_fixture_make("-a b'\"$(touch x)", "a\nb\\c\t\377\n", 0640);
		copy_fixture_make("empty", "", 0640);
		assert_int_equal(file_write("large", str_n(large, COPY_DIFF_MAX), 0600, NULL), 0);
		assert_int_equal(
			file_write("largest", str_n(large, COPY_DIFF_MAX - 1), 0600, NULL), 0);
		assert_int_equal(mkdir("d", 0755), 0);
		copy_sudo_add_question(&input, "-a b'\"$(touch x)");
		strbuf_adds(&input, "./empty\n./large\n./d\n./none\n./largest\n");
		rest = str_of(run(copy_sudo_show, input.buf));
		assert_true(str_line(&rest, &line));
		assert_true(copy_sudo_parse_content(line, &bytes));
		assert_string_equal(bytes.buf, "a\nb\\c\t\377\n");
		assert_true(str_line(&rest, &line));
		assert_int_equal(line.len, 0);
		for (int j = 0; j < 3; j++) {
			assert_true(str_line(&rest, &line));
			assert_true(str_is(line, "-"));
			assert_false(copy_sudo_parse_content(line, &bytes));
		}
		strbuf_clear(&bytes);
		assert_true(str_line(&rest, &line));
		assert_true(copy_sudo_parse_content(line, &bytes));
		assert_true(str_eq(strbuf_str(&bytes), str_n(large, COPY_DIFF_MAX - 1)));
		assert_int_equal(rest.len, 0);
		strbuf_clear(&bytes);
		strbuf_clear(&input);
		stop();
	}
	assert_false(copy_sudo_parse_content(str_of("0"), &bytes));
	assert_false(copy_sudo_parse_content(str_of("0g"), &bytes));
	assert_false(copy_sudo_parse_content(str_of("0A"), &bytes));
	strbuf_release(&bytes);
	strbuf_release(&input);
}

static void test_looking(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		copy_fixture_make("a b'\"$(touch x)", "abc", 0640);
		assert_int_equal(mkdir("d", 0755), 0);
		assert_int_equal(chmod("d", 02750), 0);
		assert_int_equal(symlink("a b'\"$(touch x)", "link"), 0);
		assert_int_equal(symlink("no where", "dangling"), 0);
		assert_int_equal(symlink("d", "to-d"), 0);
		assert_int_equal(mkfifo("pipe", 0644), 0);
		assert_int_equal(see("f./a b'\"$(touch x)").is, COPY_SUDO_FILE);
		assert_int_equal(see("f./a b'\"$(touch x)").mode, 0640);
		assert_string_equal(see("f./a b'\"$(touch x)").sum.hex, ABC_SUM);
		assert_int_equal(see("f./link").is, COPY_SUDO_FILE);
		assert_int_equal(see("f./link").mode, 0640);
		assert_int_equal(see("l./link").is, COPY_SUDO_LINK);
		assert_true(str_is(see("l./dangling").target, "no where"));
		assert_int_equal(see("f./dangling").is, COPY_SUDO_OTHER);
		assert_int_equal(see("f./d").is, COPY_SUDO_FOLDER);
		assert_int_equal(see("f./d").mode, 02750);
		assert_int_equal(see("f./to-d").is, COPY_SUDO_FOLDER);
		assert_int_equal(see("l./d").is, COPY_SUDO_FOLDER);
		assert_int_equal(see("f./pipe").is, COPY_SUDO_OTHER);
		assert_int_equal(see("f./none").is, COPY_SUDO_NONE);
		assert_int_equal(see("l./none").is, COPY_SUDO_NONE);
		stop();
	}
}

static void test_what_is_no_answer(void **state)
{
	static const char *const lines[] = {"", "nothing", "file", "file 644",
		"file 6x4 0 0 a a " ABC_SUM, "file 644 0 0 root root", "folder",
		"folder 755 0 0 root", "folder 777777 0 0 a a"};
	struct copy_sudo_seen seen;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_false(copy_sudo_parse_seen(str_of(lines[i]), &seen));
	}
	assert_true(copy_sudo_parse_seen(str_of("file 644 0 0 a a -"), &seen));
	assert_string_equal(seen.sum.hex, ""); /* cannot be read: it is not the same */
	assert_false(copy_sudo_can_say("a\nb"));
	assert_true(copy_sudo_can_say("a b"));
}

static void test_answers_of_placing(void **state)
{
	static const struct {
		const char *line;
		bool is_good;
		int number;
	} cases[] = {
		{"ok", true, 0},
		{"ok 1", true, 1},
		{"ok 99", true, 99},
		{"ok 100", false, 7},
		{"ok 0", false, 7},
		{"ok ", false, 7},
		{"ok -1", false, 7},
		{"okay", false, 7},
		{"! no", false, 7},
		{"", false, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int number = 7;

		assert_int_equal(
			copy_sudo_parse_placed(str_of(cases[i].line), &number), cases[i].is_good);
		assert_int_equal(number, cases[i].number);
	}
}

static struct strbuf input = STRBUF_INIT;

static void begin(const char *backup)
{
	const struct copy_sudo_settings settings = {
		.staged = "staged", .salt = "0000abcd", .backup = backup};

	strbuf_clear(&input);
	copy_sudo_add_settings(&input, &settings);
}

static void test_placing(void **state)
{
	struct stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		assert_int_equal(mkdir("staged", 0755) | mkdir("d", 0755), 0);
		copy_fixture_make("staged/0", "abc", 0600);
		copy_fixture_make("d/-old $(x)", "old", 0600);
		copy_fixture_make("real", "old", 0600);
		assert_int_equal(symlink("../real", "d/to-real"), 0);
		assert_int_equal(symlink("elsewhere", "d/link"), 0);
		assert_int_equal(symlink(".", "d/to-folder"), 0);
		begin("~");
		copy_sudo_add_file(&input, "d/new", 0604, "0", &abc);
		copy_sudo_add_file(&input, "d/-old $(x)", 0640, "0", &abc);
		copy_sudo_add_file(&input, "d/to-real", 0644, "0", &abc);
		copy_sudo_add_folder(&input, "d/sub", 0750);
		copy_sudo_add_file(&input, "d/sub/x", 0644, "0", &abc);
		copy_sudo_add_link(&input, "d/link", "a b");
		copy_sudo_add_link(&input, "d/new-link", "-x");
		copy_sudo_add_link(&input, "d/to-folder", "sub");
		copy_sudo_add_attributes(&input, "d/sub/x", 0600);
		assert_string_equal(
			run(copy_sudo_place, input.buf), "ok\nok\nok\nok\nok\nok\nok\nok\nok\n");
		assert_string_equal(copy_fixture_content(&f, "d/-old $(x)"), "abc");
		assert_string_equal(copy_fixture_content(&f, "d/-old $(x)~"), "old");
		assert_string_equal(copy_fixture_content(&f, "real"), "abc");
		assert_string_equal(copy_fixture_content(&f, "real~"), "old");
		assert_int_equal(lstat("d/to-real", &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_int_equal(stat("d/new", &st), 0);
		assert_int_equal(st.st_mode, 0100604);
		assert_int_equal(stat("d/sub", &st), 0);
		assert_int_equal(st.st_mode & 0777, 0750);
		assert_int_equal(stat("d/sub/x", &st), 0);
		assert_int_equal(st.st_mode, 0100600);
		assert_string_equal(copy_fixture_list(&f, "d"),
			"-old $(x) -old $(x)~ link new new-link sub to-folder to-real ");
		assert_string_equal(copy_fixture_list(&f, "d/sub"), "x ");
		stop();
	}
}

/* What was kept is not replaced by what was changed in the same second. */
static void test_backups_of_one_second(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		assert_int_equal(mkdir("staged", 0755) | mkdir("d", 0755), 0);
		copy_fixture_make("staged/0", "abc", 0600);
		copy_fixture_make("d/a", "old", 0600);
		copy_fixture_make("d/b", "old", 0600);
		copy_fixture_make("d/b.t~", "older", 0600);
		copy_fixture_make("d/c", "old", 0640);
		assert_int_equal(symlink("nowhere", "d/c.t~"), 0);
		assert_int_equal(mkdir("d/c.t.1~", 0700), 0);
		begin(".t~");
		copy_sudo_add_file(&input, "d/a", 0644, "0", &abc);
		copy_sudo_add_file(&input, "d/b", 0644, "0", &abc);
		copy_sudo_add_file(&input, "d/c", 0644, "0", &abc);
		copy_sudo_add_file(&input, "d/a", 0644, "0", &abc);
		assert_string_equal(run(copy_sudo_place, input.buf), "ok\nok 1\nok 2\nok 1\n");
		assert_string_equal(copy_fixture_content(&f, "d/a.t~"), "old");
		assert_string_equal(copy_fixture_content(&f, "d/a.t.1~"), "abc");
		assert_string_equal(copy_fixture_content(&f, "d/b"), "abc");
		assert_string_equal(copy_fixture_content(&f, "d/b.t~"), "older");
		assert_string_equal(copy_fixture_content(&f, "d/b.t.1~"), "old");
		assert_string_equal(copy_fixture_content(&f, "d/c.t.2~"), "old");
		assert_string_equal(copy_fixture_list(&f, "d"),
			"a a.t.1~ a.t~ b b.t.1~ b.t~ c c.t.1~ c.t.2~ c.t~ ");
		assert_string_equal(copy_fixture_list(&f, "d/c.t.1~"), "");
		stop();
	}
}

/* The same where no file can have two names. */
static void test_backups_without_links(void **state)
{
	const char *path = getenv("PATH");
	char *saved = xstrdup(path ? path : "/usr/bin:/bin");
	struct strbuf mine = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		assert_int_equal(mkdir("staged", 0755) | mkdir("d", 0755) | mkdir("bin", 0755), 0);
		copy_fixture_make("bin/ln", "#!/bin/sh\nexit 1\n", 0755);
		strbuf_clear(&mine);
		strbuf_addf(&mine, "%s/bin:%s", f.sftp.folder, saved);
		assert_int_equal(setenv("PATH", mine.buf, 1), 0);
		copy_fixture_make("staged/0", "abc", 0600);
		copy_fixture_make("d/b", "old", 0640);
		copy_fixture_make("d/b.t~", "older", 0600);
		begin(".t~");
		copy_sudo_add_file(&input, "d/b", 0644, "0", &abc);
		copy_sudo_add_file(&input, "d/b", 0644, "0", &abc);
		assert_string_equal(run(copy_sudo_place, input.buf), "ok 1\nok 2\n");
		assert_string_equal(copy_fixture_content(&f, "d/b.t~"), "older");
		assert_string_equal(copy_fixture_content(&f, "d/b.t.1~"), "old");
		assert_string_equal(copy_fixture_content(&f, "d/b.t.2~"), "abc");
		assert_string_equal(copy_fixture_list(&f, "d"), "b b.t.1~ b.t.2~ b.t~ ");
		assert_int_equal(setenv("PATH", saved, 1), 0);
		stop();
	}
	strbuf_release(&mine);
	free(saved);
}

static void make_left(const char *name, mode_t mode, int64_t age_s)
{
	struct timespec times[2] = {{.tv_sec = time(NULL) - age_s}, {.tv_sec = time(NULL) - age_s}};

	copy_fixture_make(name, "part", mode);
	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

#define OLD_SUM ".0123456789ab"

/* Killed while it was at it, and the name is to the letter what it is called until it is whole. */
static void test_what_earlier_ones_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		assert_int_equal(mkdir("staged", 0755) | mkdir("d", 0755) | mkdir("e", 0755), 0);
		copy_fixture_make("staged/0", "abc", 0600);
		make_left("d/.a b" OLD_SUM "-00000001.copying", 0600, COPY_LITTER_STILL_S + 60);
		make_left("d/.a b" OLD_SUM "-00000002.copying", 0640, 100000); /* as it will be */
		make_left("d/.a b" OLD_SUM "-00000003.copying", 0600, COPY_LITTER_STILL_S - 60);
		make_left("d/.a b" OLD_SUM "-00000004.copying", 0666, 100000);
		make_left("d/.a b" OLD_SUM "-0000000x.copying", 0600, 100000);
		make_left("d/.c" OLD_SUM "-00000005.copying", 0600, 100000);
		make_left("e/.a b" OLD_SUM "-00000006.copying", 0600, 100000);
		assert_int_equal(mkdir("d/.a b" OLD_SUM "-00000007.copying", 0700), 0);
		assert_int_equal(symlink("../staged/0", "d/.a b" OLD_SUM "-00000008.copying"), 0);
		begin(NULL);
		copy_sudo_add_file(&input, "d/a b", 0640, "0", &abc);
		copy_sudo_add_file(&input, "e/*", 0640, "0", &abc);
		assert_string_equal(run(copy_sudo_place, input.buf), "ok\nok\n");
		assert_string_equal(copy_fixture_list(&f, "d"),
			".a b" OLD_SUM "-00000003.copying .a b" OLD_SUM
			"-00000004.copying .a b" OLD_SUM "-00000007.copying .a b" OLD_SUM
			"-00000008.copying .a b" OLD_SUM "-0000000x.copying .c" OLD_SUM
			"-00000005.copying a b ");
		assert_string_equal(
			copy_fixture_list(&f, "e"), "* .a b" OLD_SUM "-00000006.copying ");
		stop();
	}
}

/* A file that cannot be moved into place shows under which name it would have been. */
static void test_name_until_it_is_whole(void **state)
{
	char name[COPY_NAME_MAX + 1] = {0};

	(void)state;
	memset(name, 'n', COPY_NAME_MAX);
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		const char *list;
		struct str line, rest;

		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		assert_int_equal(mkdir("staged", 0755) | mkdir("bin", 0755), 0);
		copy_fixture_make("staged/0", "abc", 0600);
		copy_fixture_make("bin/mv", "#!/bin/sh\nshift\necho \"$1\" >>names\n", 0755);
		begin(NULL);
		copy_sudo_add_file(&input, "a b", 0640, "0", &abc);
		copy_sudo_add_file(&input, name, 0640, "0", &abc);
		list = run(arena_printf(f.arena, "PATH=$PWD/bin:$PATH\n%s", copy_sudo_place),
			input.buf);
		assert_string_equal(list, "ok\nok\n");
		rest = str_of(copy_fixture_content(&f, "names"));
		assert_true(str_line(&rest, &line));
		assert_true(copy_is_temporary_of(copy_base_name(line), str_of("a b"), &abc));
		assert_true(str_line(&rest, &line));
		assert_true(copy_is_temporary_of(copy_base_name(line), str_of(name), &abc));
		stop();
	}
}

static void test_refusing(void **state)
{
	static const struct copy_sum other = {
		"0000000000000000000000000000000000000000000000000000000000000000"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		const char *said;

		shell = shells[i];
		if (access(shell[0], X_OK) < 0) {
			continue;
		}
		start();
		assert_int_equal(
			mkdir("staged", 0755) | mkdir("d", 0755) | mkdir("d/sub", 0755), 0);
		copy_fixture_make("staged/0", "abc", 0600);
		copy_fixture_make("d/a", "old", 0600);
		begin(NULL);
		copy_sudo_add_file(&input, "d/a", 0644, "0", &other);
		copy_sudo_add_file(&input, "d/a", 0644, "1", &abc);
		copy_sudo_add_file(&input, "d/sub", 0644, "0", &abc);
		copy_sudo_add_file(&input, "none/a/b", 0644, "0", &abc);
		copy_sudo_add_folder(&input, "d/a", 0755);
		copy_sudo_add_link(&input, "d/sub", "x");
		copy_sudo_add_attributes(&input, "d/none", 0644);
		copy_sudo_add_file(&input, "d/last", 0644, "0", &abc);
		said = run(copy_sudo_place, input.buf);
		assert_non_null(strstr(said, "! the checksum of what has arrived is wrong\n! "));
		assert_non_null(strstr(said, "! it is a folder there\n! "));
		assert_non_null(strstr(said, "\nok\n"));
		assert_string_equal(copy_fixture_content(&f, "d/a"), "old");
		assert_string_equal(copy_fixture_list(&f, "d"), "a last sub ");
		assert_string_equal(copy_fixture_list(&f, "d/sub"), "");
		stop();
	}
	strbuf_release(&input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looking),
		cmocka_unit_test(test_showing),
		cmocka_unit_test(test_what_is_no_answer),
		cmocka_unit_test(test_placing),
		cmocka_unit_test(test_answers_of_placing),
		cmocka_unit_test(test_backups_of_one_second),
		cmocka_unit_test(test_backups_without_links),
		cmocka_unit_test(test_what_earlier_ones_left),
		cmocka_unit_test(test_name_until_it_is_whole),
		cmocka_unit_test(test_refusing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
