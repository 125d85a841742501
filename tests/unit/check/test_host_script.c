/*
 * The program tells what it should under each shell that a host may have, in time, and nothing of
 * it stays behind.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/time.h"
#include "check/host_script.h"
#include "check/host_sections.h"
#include "cmocka_all.h"

enum { WAIT_MS = 60000, GONE_MS = 10000, PIECE = 65536 };

static const struct shell {
	const char *name, *path;
} shells[] = {
	{"dash", "/usr/bin/dash"},
	{"bash", "/usr/bin/bash"},
	{"busybox", "/usr/bin/busybox"},
};

/* A machine in a folder, tools of ours in front of PATH, and one conversation. */
struct machine {
	struct arena *arena;
	char root[64], tools[64];
	const char *shell, *login; /* the second runs the first; NULL: nobody does */
	struct host_facts facts;
	struct host_filesystems filesystems;
	struct host_sections sections;
	struct strbuf out;
	int64_t timeout_ms, most_ms;
	pid_t pid;
	int in_fd, out_fd;
};

static void write_file(const char *root, const char *path, const char *text, mode_t mode)
{
	struct strbuf file = STRBUF_INIT;

	strbuf_adds(&file, root);
	for (const char *c = path; *c; c++) {
		if (*c == '/' && c > path) {
			(void)mkdir(file.buf, 0755);
		}
		strbuf_addc(&file, *c);
	}
	assert_int_equal(file_write(file.buf, str_of(text), mode, NULL), 0);
	assert_int_equal(chmod(file.buf, mode), 0);
	strbuf_release(&file);
}

static void machine_init(struct machine *machine, const struct shell *shell)
{
	if (access(shell->path, X_OK) < 0) {
		skip_because("that shell is not installed");
	}
	*machine = (struct machine){
		.arena = arena_new(),
		.root = "/tmp/test_host_script.XXXXXX",
		.tools = "/tmp/test_host_tools.XXXXXX",
		.shell = shell->path,
		.out = STRBUF_INIT,
		.timeout_ms = 30000,
		.most_ms = 60000,
		.in_fd = -1,
		.out_fd = -1,
	};
	assert_non_null(mkdtemp(machine->root));
	assert_non_null(mkdtemp(machine->tools));
	host_facts_init(&machine->facts, machine->arena);
	assert_int_equal(host_sections_init(&machine->sections, &machine->facts, NULL), 0);
	write_file(machine->root, "/proc/stat", "cpu  1 2 3 4 5 6 7 8 9 0\ncpu0 1 2 3 4\n", 0644);
	write_file(machine->root, "/proc/uptime", "1000.5 2000.1", 0644); /* no newline */
	write_file(machine->root, "/proc/sys/kernel/hostname", "box\n", 0644);
	write_file(machine->root, "/proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 25 kB\n", 0644);
}

static void add_mounts(struct machine *machine, const char *const *points)
{
	struct strbuf text = STRBUF_INIT;

	for (int i = 0; points[i]; i++) {
		strbuf_addf(
			&text, "%d 0 0:%d / %s rw - nfs4 nas:/x rw\n", i + 1, i + 50, points[i]);
	}
	write_file(machine->root, "/proc/self/mountinfo", text.buf, 0644);
	strbuf_release(&text);
}

/* A `stat` that hangs for /dead..., and hides nothing else. */
static void add_stat(struct machine *machine)
{
	write_file(machine->tools, "/stat",
		"#!/bin/sh\n"
		"case $4 in\n"
		"/dead*) exec sleep 300;;\n"
		"/bad) echo \"stat: cannot read '/bad': Input/output error\" >&2; exit 1;;\n"
		"*) echo 512,100,60,60,0,0;;\n"
		"esac\n",
		0755);
}

static void run_shell(const struct machine *machine, const int in[2], const int out[2])
{
	_cleanup_(freep) char *path = xasprintf("%s:/usr/bin:/bin", machine->tools);

	(void)setsid();
	(void)setenv("PATH", path, 1);
	if (dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1 && dup2(out[1], 2) == 2) {
		(void)signal(SIGPIPE, SIG_DFL);
		if (machine->login) {
			(void)execl(machine->login, machine->login, "-c", HOST_SCRIPT_COMMAND,
				(char *)NULL);
		} else {
			(void)execl(machine->shell, "sh", (char *)NULL);
		}
	}
	_exit(99);
}

static void machine_send(const struct machine *machine, struct strbuf *text)
{
	assert_int_equal(file_write_all(machine->in_fd, strbuf_str(text)), 0);
	strbuf_release(text);
}

static void machine_start(struct machine *machine)
{
	const struct host_program program = {
		.root = machine->login ? "" : machine->root,
		.cpu_sample_ms = 20,
		.most_ms = machine->most_ms,
	};
	struct strbuf text = STRBUF_INIT;
	int in[2];
	int out[2];

	assert_true(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	machine->pid = fork();
	assert_true(machine->pid >= 0);
	if (machine->pid == 0) {
		run_shell(machine, in, out);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	machine->in_fd = in[1];
	machine->out_fd = out[0];
	host_sections_add_program(&machine->sections, &program, &text);
	machine_send(machine, &text);
}

static void choose(struct machine *machine)
{
	static const struct option_list none;

	host_mounts_choose(
		&machine->facts.mounts, &none, &none, machine->arena, &machine->filesystems);
}

/* False at the end of its output. */
static bool machine_read(struct machine *machine)
{
	static char piece[PIECE];
	struct pollfd fd = {.fd = machine->out_fd, .events = POLLIN};
	ssize_t got;

	assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
	got = read(machine->out_fd, piece, sizeof(piece));
	if (got > 0) {
		strbuf_add(&machine->out, piece, (size_t)got);
		host_sections_feed(&machine->sections, str_n(piece, (size_t)got));
	}
	return got > 0;
}

static void until_ready(struct machine *machine)
{
	while (!machine->sections.is_ready) {
		if (!machine_read(machine)) {
			fail_msg("it ended: %s", machine->out.buf);
		}
	}
}

static void machine_ask(struct machine *machine)
{
	struct strbuf questions = STRBUF_INIT;

	choose(machine);
	host_sections_add_questions(
		&machine->sections, &machine->filesystems, machine->timeout_ms, &questions);
	machine_send(machine, &questions);
}

static int exit_status(struct machine *machine)
{
	int status = 0;

	assert_int_equal(waitpid(machine->pid, &status, 0), machine->pid);
	return status;
}

/* A whole conversation. */
static void machine_run(struct machine *machine)
{
	machine_start(machine);
	until_ready(machine);
	machine_ask(machine);
	while (machine_read(machine)) {
	}
	choose(machine);
	if (!machine->sections.is_complete) {
		fail_msg("it ended: %s", machine->out.buf);
	}
	assert_int_equal(exit_status(machine), 0);
}

/* Is it one of the session that the program ran in? */
static bool is_left(const struct machine *machine, const char *pid)
{
	_cleanup_(freep) char *path = xasprintf("/proc/%s/stat", pid);
	struct strbuf text = STRBUF_INIT;
	const char *rest = NULL;
	int64_t session = 0;
	struct str words;
	struct str word;

	if (file_read(path, FILE_REGULAR, 4096, &text, NULL) == 0) {
		rest = strrchr(text.buf, ')');
	}
	if (rest && rest[2] != 'Z') {
		words = str_of(rest + 1);
		for (int i = 0; i < 4; i++) { /* state, parent, group, session */
			(void)str_word(&words, &word);
		}
		(void)parse_int(word, 0, INT32_MAX, &session, NULL);
	}
	strbuf_release(&text);
	return session == machine->pid;
}

static int left(const struct machine *machine)
{
	DIR *dir = opendir("/proc");
	int count = 0;

	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		count += char_is_digit(entry->d_name[0]) && is_left(machine, entry->d_name);
	}
	(void)closedir(dir);
	return count;
}

static void nobody_is_left(const struct machine *machine)
{
	int64_t end_ms = time_mono_ms() + GONE_MS;

	while (left(machine) > 0) {
		if (time_mono_ms() > end_ms) {
			fail_msg("%d processes are left", left(machine));
		}
		(void)poll(NULL, 0, 20);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void machine_end(struct machine *machine)
{
	closep(&machine->in_fd);
	closep(&machine->out_fd);
	nobody_is_left(machine);
	host_sections_release(&machine->sections);
	strbuf_release(&machine->out);
	arena_free(machine->arena);
	(void)nftw(machine->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	(void)nftw(machine->tools, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* "/ 40, /dead stuck" */
static const char *spaces_of(const struct machine *machine)
{
	struct strbuf out = STRBUF_INIT;
	const char *text;

	for (size_t i = 0; i < machine->filesystems.items_count; i++) {
		const struct host_filesystem *filesystem = &machine->filesystems.items[i];
		const struct host_space *space = filesystem->space;

		strbuf_addf(&out, "%s%s ", i ? ", " : "", filesystem->mount->point);
		if (!space) {
			strbuf_adds(&out, "unknown");
		} else if (space->state == HOST_SPACE_MEASURED) {
			strbuf_addf(&out, "%.0f", host_space_used_percent(space));
		} else if (space->state == HOST_SPACE_STUCK) {
			strbuf_adds(&out, "stuck");
		} else {
			strbuf_addf(&out, "error %d", space->error);
		}
	}
	text = arena_strndup(machine->arena, out.buf, out.len);
	strbuf_release(&out);
	return text;
}

static void tells_a_machine(void **state)
{
	static const char *const points[] = {"/", "/bad", "/a\\040b\\011$x'", NULL};
	struct machine machine;

	machine_init(&machine, *state);
	add_mounts(&machine, points);
	add_stat(&machine);
	write_file(machine.root, "/proc/1/stat",
		"1 (a (b) c) S 0 1 1 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 300 1000000 250 1 1\n",
		0644);
	write_file(machine.root, "/proc/71/stat", "71 (gone) Z 1 7 7 0 -1 4194560 100\n", 0644);
	write_file(machine.root, "/run/reboot-required", "", 0644);
	write_file(machine.tools, "/getconf", "#!/bin/sh\necho 16384\n", 0755);
	write_file(machine.tools, "/adjtimex",
		"#!/bin/sh\necho 'offset: 5 maxerror: 16000 status: 1'\n", 0755);
	machine_run(&machine);
	assert_string_equal(machine.facts.hostname, "box");
	assert_true(machine.facts.uptime_s > 1000.4 && machine.facts.uptime_s < 1000.6);
	assert_int_equal(machine.facts.cpu_samples, 2);
	assert_int_equal(machine.facts.cpu_count, 1);
	assert_true(host_memory_used_percent(&machine.facts.memory) > 74.9);
	assert_int_equal(machine.facts.processes, 2);
	assert_int_equal(machine.facts.zombies, 1);
	assert_string_equal(machine.facts.largest[0].name, "a (b) c");
	assert_true(machine.facts.largest[0].resident_pages > 249.9);
	assert_true(machine.facts.page_size > 16383);
	assert_int_equal(machine.facts.reboot, HOST_REBOOT_REQUIRED);
	assert_true(machine.facts.clock_synchronised > 0);
	assert_true(machine.facts.clock_error_s > 0.0159);
	assert_string_equal(spaces_of(&machine), "/ 40, /a b\t$x' 40, /bad error 5");
	machine_end(&machine);
}

static void tells_an_empty_machine(void **state)
{
	struct machine machine;

	machine_init(&machine, *state);
	machine_run(&machine);
	assert_int_equal(machine.facts.processes, -1);
	assert_int_equal(machine.facts.reboot, HOST_REBOOT_NOT_KNOWN);
	assert_string_equal(spaces_of(&machine), "");
	machine_end(&machine);
}

/* Those who hang are told as such in time, and are gone with the program. */
static void hides_nothing_behind_what_hangs(void **state)
{
	static const char *const points[] = {"/", "/dead1", "/dead2", "/x", NULL};
	struct machine machine;
	int64_t start_ms;

	machine_init(&machine, *state);
	add_mounts(&machine, points);
	add_stat(&machine);
	machine.timeout_ms = 1000;
	start_ms = time_mono_ms();
	machine_run(&machine);
	assert_string_equal(spaces_of(&machine), "/ 40, /dead1 stuck, /dead2 stuck, /x 40");
	assert_true(time_mono_ms() - start_ms >= 1000);
	machine_end(&machine);
}

/* Many mounts: those behind one that hangs in the same chain are not measured, the others are. */
static void asks_many(void **state)
{
	const char *points[71] = {"/dead"};
	struct machine machine;
	size_t stuck = 0;
	size_t unknown = 0;

	machine_init(&machine, *state);
	for (int i = 1; i < 70; i++) {
		points[i] = arena_printf(machine.arena, "/m%02d", i);
	}
	add_mounts(&machine, points);
	add_stat(&machine);
	machine.timeout_ms = 4000;
	machine_run(&machine);
	for (size_t i = 0; i < machine.filesystems.items_count; i++) {
		const struct host_space *space = machine.filesystems.items[i].space;

		unknown += !space;
		stuck += space && space->state == HOST_SPACE_STUCK;
	}
	assert_int_equal(stuck, 1);
	assert_int_equal(unknown, 2);
	machine_end(&machine);
}

/* The time is over before all have begun: they are ended nevertheless. */
static void ends_what_begins_late(void **state)
{
	const char *points[41] = {0};
	struct machine machine;

	machine_init(&machine, *state);
	for (int i = 0; i < 40; i++) {
		points[i] = arena_printf(machine.arena, "/dead%02d", i);
	}
	add_mounts(&machine, points);
	add_stat(&machine);
	machine.timeout_ms = 1;
	machine_run(&machine);
	assert_null(strstr(spaces_of(&machine), "/dead00 40"));
	machine_end(&machine);
}

/* Who was sent before and hangs in the kernel still: nobody else follows. */
static void sends_nobody_after_who_hangs(void **state)
{
	static const char *const points[] = {"/", "/dead", NULL};
	struct machine machine;

	machine_init(&machine, *state);
	add_mounts(&machine, points);
	add_stat(&machine);
	write_file(machine.root, "/proc/77/stat", "77 (stat) D 1 7 7 0 -1 4194560 100\n", 0644);
	write_file(machine.root, "/proc/77/cmdline", "stat\n-f\n-c\n%S\n/dead\n", 0644);
	machine_run(&machine); /* it has 30 s, and takes none */
	assert_string_equal(spaces_of(&machine), "/ 40, /dead stuck");
	machine_end(&machine);
}

static void does_without_stat(void **state)
{
	static const char *const points[] = {"/", "/dead", NULL};
	struct machine machine;

	machine_init(&machine, *state);
	add_mounts(&machine, points);
	write_file(machine.tools, "/stat", "#!/bin/sh\nexit 1\n", 0755);
	write_file(machine.tools, "/df",
		"#!/bin/sh\n"
		"[ $3 != /dead ] || exec sleep 300\n"
		"echo 'Filesystem 1024-blocks Used Available Capacity Mounted on'\n"
		"echo '/dev/sda1 100 40 60 40% /'\n",
		0755);
	machine.timeout_ms = 1000;
	machine_run(&machine);
	assert_string_equal(spaces_of(&machine), "/ 40, /dead stuck");
	machine_end(&machine);
}

/* busybox has a `sleep` of its own, whatever stands in PATH. */
static void does_with_whole_seconds(void **state)
{
	static const char *const points[] = {"/", "/dead", NULL};
	struct machine machine;

	machine_init(&machine, *state);
	add_mounts(&machine, points);
	add_stat(&machine);
	write_file(machine.tools, "/sleep",
		"#!/bin/sh\ncase $1 in *.*) exit 1;; esac\nexec /usr/bin/sleep $1\n", 0755);
	machine.timeout_ms = 1000;
	machine_run(&machine);
	assert_int_equal(machine.facts.cpu_samples, 2);
	assert_string_equal(spaces_of(&machine), "/ 40, /dead stuck");
	machine_end(&machine);
}

/* --- the connection goes -----------------------------------------------------------------------
 */

static void ends_when_nobody_is_there(void **state)
{
	struct machine machine;

	machine_init(&machine, *state);
	machine_start(&machine);
	until_ready(&machine);
	closep(&machine.in_fd);
	closep(&machine.out_fd);
	nobody_is_left(&machine);
	(void)exit_status(&machine);
	machine_end(&machine);
}

static void ends_when_nobody_speaks(void **state)
{
	struct machine machine;

	machine_init(&machine, *state);
	machine.most_ms = 500;
	machine_start(&machine);
	while (machine_read(&machine)) {
	}
	nobody_is_left(&machine);
	assert_false(machine.sections.is_complete);
	assert_true(machine.sections.is_ready);
	(void)exit_status(&machine);
	machine_end(&machine);
}

static void ends_while_it_asks(void **state)
{
	static const char *const points[] = {"/", "/dead", NULL};
	struct machine machine;

	machine_init(&machine, *state);
	add_mounts(&machine, points);
	add_stat(&machine);
	machine.timeout_ms = 1500;
	machine_start(&machine);
	until_ready(&machine);
	machine_ask(&machine);
	while (!strstr(machine.out.buf, "b 1") && machine_read(&machine)) {
	}
	closep(&machine.in_fd);
	closep(&machine.out_fd);
	nobody_is_left(&machine);
	(void)exit_status(&machine);
	machine_end(&machine);
}

static void does_nothing_when_cut(void **state)
{
	struct strbuf text = STRBUF_INIT;
	const struct host_program program = {.root = "", .cpu_sample_ms = 10, .most_ms = 1000};
	struct machine machine;
	int in[2];

	machine_init(&machine, *state);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	closep(&in[0]);
	closep(&in[1]);
	host_sections_add_program(&machine.sections, &program, &text);
	for (size_t cut = 1; cut < text.len; cut += 613) {
		struct strbuf part = STRBUF_INIT;
		int out[2];

		assert_true(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
		machine.pid = fork();
		if (machine.pid == 0) {
			run_shell(&machine, in, out);
		}
		(void)close(in[0]);
		(void)close(out[1]);
		machine.in_fd = in[1];
		machine.out_fd = out[0];
		strbuf_add(&part, text.buf, cut);
		machine_send(&machine, &part);
		closep(&machine.in_fd);
		while (machine_read(&machine)) {
		}
		closep(&machine.out_fd);
		(void)exit_status(&machine);
		assert_false(machine.sections.has_name);
	}
	strbuf_release(&text);
	machine_end(&machine);
}

/* --- login shells ------------------------------------------------------------------------------
 */

static void any_login_shell(void **state)
{
	static const char *const logins[] = {"/bin/dash", "/bin/bash", "/usr/bin/zsh",
		"/usr/bin/fish", "/usr/bin/tcsh", "/usr/bin/mksh"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		struct machine machine;

		if (access(logins[i], X_OK) < 0) {
			continue;
		}
		machine_init(&machine, &shells[0]);
		machine.login = logins[i];
		machine_run(&machine);
		assert_int_equal(machine.facts.cpu_samples, 2);
		assert_true(machine.facts.uptime_s > 0);
		machine_end(&machine);
	}
}

#define EACH(test)                                                                                 \
	{#test " dash", test, NULL, NULL, (void *)(uintptr_t)&shells[0]},                          \
		{#test " bash", test, NULL, NULL, (void *)(uintptr_t)&shells[1]},                  \
	{                                                                                          \
#test " busybox", test, NULL, NULL, (void *)(uintptr_t)&shells[2]                  \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EACH(tells_a_machine),
		EACH(tells_an_empty_machine),
		EACH(hides_nothing_behind_what_hangs),
		EACH(asks_many),
		EACH(ends_what_begins_late),
		EACH(sends_nobody_after_who_hangs),
		EACH(does_without_stat),
		EACH(does_with_whole_seconds),
		EACH(ends_when_nobody_is_there),
		EACH(ends_when_nobody_speaks),
		EACH(ends_while_it_asks),
		EACH(does_nothing_when_cut),
		cmocka_unit_test(any_login_shell),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
