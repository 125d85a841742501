/*
 * The program runs as it must under each shell that a host may have: nothing stays, every byte
 * arrives, and how the command ended is told.
 */
#include <sys/stat.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/host_fixture.h"
#include "fleet/supervisor_script.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

enum { END_MS = 60000 /* 5 s are promised, and the machine may be busy */ };

/* Each is run by the name of sh: bash is another one then. */
static const struct shell {
	const char *name, *path;
} shells[] = {
	{"dash", "/usr/bin/dash"},
	{"bash", "/usr/bin/bash"},
	{"busybox", "/usr/bin/busybox"},
};

static char folder[] = "/tmp/test_supervisor.XXXXXX";
static char path[128];
static char *shell; /* the one that the tests are run with now */

static int enter(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(folder)) {
		return -1;
	}
	(void)snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
	return 0;
}

static void put(const char *name, const char *content)
{
	_cleanup_(freep) char *file = xasprintf("%s/%s", folder, name);

	assert_int_equal(file_write(file, str_of(content), 0755, NULL), 0);
}

static int leave(void **state)
{
	_cleanup_(freep) char *sudo = xasprintf("%s/sudo", folder);

	(void)state;
	(void)unlink(sudo);
	return rmdir(folder);
}

static int shell_enter(void **state)
{
	const struct shell *wanted = *state;
	_cleanup_(freep) char *place = xasprintf("%s/%s", folder, wanted->name);

	shell = xasprintf("%s/sh", place);
	return mkdir(place, 0755) == 0 && symlink(wanted->path, shell) == 0 ? 0 : -1;
}

static int shell_leave(void **state)
{
	const struct shell *wanted = *state;
	_cleanup_(freep) char *place = xasprintf("%s/%s", folder, wanted->name);

	(void)unlink(shell);
	free(TAKE(shell));
	return rmdir(place);
}

static void need(void **state)
{
	const struct shell *wanted = *state;

	if (access(wanted->path, X_OK) < 0) {
		skip_because("that shell is not installed");
	}
}

static void start(struct host *host, struct supervisor_spec spec)
{
	spec.shell = shell;
	host_start(host, &spec);
}

/* --- How it ended --- */

static void tells_the_end(void **state)
{
	static const struct {
		const char *command, *events;
		int status;
	} cases[] = {
		{"exit 0", "started, exit 0, ", 0},
		{"exit 1", "started, exit 1, ", 1},
		{"exit 127", "started, exit 127, ", 127},
		{"exit 128", "started, exit 128, ", 128},
		{"exit 129", "started, exit 129, ", 129},
		{"exit 137", "started, exit 137, ", 137},
		{"exit 143", "started, exit 143, ", 143},
		{"exit 192", "started, exit 192, ", 192},
		{"exit 254", "started, exit 254, ", 254},
		{"exit 255", "started, exit 255, ", 255},
		{"kill -TERM $$", "started, signal TERM, ", 143},
		{"kill -KILL $$", "started, signal KILL, ", 137},
		{"kill -INT $$", "started, signal INT, ", 130},
		{"kill -HUP $$", "started, signal HUP, ", 129},
		{"kill -PIPE $$", "started, signal PIPE, ", 141},
		{"kill -USR1 $$", "started, signal USR1, ", 138},
		{"ulimit -c 0; kill -SEGV $$", "started, signal SEGV, ", 139},
		/* A shell that tells of another's end has exited. */
		{"exec 2>/dev/null; sh -c 'kill -TERM $$'; exit $?", "started, exit 143, ", 143},
		/* Signals to the whole group concern the command only. */
		{"trap 'exit 5' TERM; kill -TERM 0; sleep 1", "started, exit 5, ", 5},
		{"trap '' HUP; kill -HUP 0; exit 6", "started, exit 6, ", 6},
	};

	need(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host host = {0};

		start(&host, (struct supervisor_spec){.command = cases[i].command});
		host_until_closed(&host);
		if (strcmp(host.events.buf, cases[i].events) != 0) {
			fail_msg("%s: %s (%s)", cases[i].command, host.events.buf, host.err.buf);
		}
		assert_int_equal(host_status(&host), cases[i].status);
		assert_string_equal(host.err.buf, "");
		host_gone(&host, END_MS);
		host_stop(&host);
	}
}

static void tells_every_exit_code(void **state)
{
	need(state);
	for (int code = 1; code < 256; code += 23) {
		_cleanup_(freep) char *command = xasprintf("exit %d", code);
		_cleanup_(freep) char *exited = xasprintf("started, exit %d, ", code);
		struct host host = {0};

		start(&host, (struct supervisor_spec){.command = command});
		host_until_closed(&host);
		assert_string_equal(host.events.buf, exited);
		host_stop(&host);
	}
}

static void tells_what_cannot_be_run(void **state)
{
	struct host none = {0};
	struct host folder_gone = {0};

	need(state);
	start(&none, (struct supervisor_spec){.argv = ARGV("/nonexistent/program")});
	host_until_closed(&none);
	assert_string_equal(none.events.buf, "started, exit 127, ");
	assert_non_null(strstr(none.err.buf, "/nonexistent/program"));
	host_stop(&none);

	start(&folder_gone,
		(struct supervisor_spec){.command = "echo x", .directory = "/nonexistent"});
	host_until_closed(&folder_gone);
	assert_string_equal(folder_gone.events.buf, "started, nowhere, exit 126, ");
	assert_string_equal(folder_gone.out.buf, "");
	host_stop(&folder_gone);
}

/* The server's session need not begin with us. */
static void leads_a_group(void **state)
{
	struct host host = {.no_session = true};

	need(state);
	start(&host, (struct supervisor_spec){.command = "sleep 300", .grace_s = 1});
	host_until(&host, "started");
	assert_int_not_equal(host.group, getpgrp());
	host_hang_up(&host);
	host_gone(&host, END_MS);
	host_stop(&host);
}

/* What we ask for goes through the shell that the user happens to have. */
static void any_login_shell(void **state)
{
	static const char *const logins[] = {"/bin/dash", "/bin/bash", "/usr/bin/zsh",
		"/usr/bin/fish", "/usr/bin/tcsh", "/usr/bin/mksh"};

	(void)state;
	put("sudo", "#!/bin/sh\nshift 4\nexec \"$@\"\n");
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		struct host plain = {.login = logins[i]};
		struct host asks = {.login = logins[i]};

		if (access(logins[i], X_OK) < 0) {
			continue;
		}
		host_start(&plain, &(struct supervisor_spec){.command = "echo \"it's $((1+1))\""});
		host_until_closed(&plain);
		assert_string_equal(plain.out.buf, "it's 2\n");
		assert_string_equal(plain.events.buf, "started, exit 0, ");
		host_stop(&plain);

		(void)setenv("PATH", path, 1);
		host_start(&asks,
			&(struct supervisor_spec){.command = "", .sudo = SUPERVISOR_SUDO_PASSWORD});
		(void)setenv("PATH", "/usr/bin:/bin", 1);
		host_until(&asks, "ready");
		assert_string_equal(asks.err.buf, "");
		host_stop(&asks);
	}
}

/* --- What arrives --- */

static void arguments_are_exact(void **state)
{
	static const char *const odd[] = {"it's \"q\" $x `y` \\n", "", "-n", "a\nb\n", "\n", "  ",
		"*", "ä→😀", "$(echo x)", "\x01\x02\x1e\x7f\x80\x81\x88\xff", "=", "."};
	const char *argv[ARRAY_LEN(odd) + 3] = {"/usr/bin/printf", "<%s>"};
	struct strbuf expected = STRBUF_INIT;
	struct host host = {0};

	need(state);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		argv[i + 2] = odd[i];
		strbuf_addf(&expected, "<%s>", odd[i]);
	}
	start(&host, (struct supervisor_spec){.argv = argv});
	host_until_closed(&host);
	assert_string_equal(host.out.buf, expected.buf);
	assert_string_equal(host.err.buf, "");
	host_stop(&host);
	strbuf_release(&expected);
}

static void command_lines_are_exact(void **state)
{
	static const struct {
		const char *command, *out;
	} cases[] = {
		{"echo 'a  b' \"$((1+1))\"\necho \"ä'\"", "a  b 2\nä'\n"},
		{"-x", ""},
		{"echo x # '", "x\n"},
		{"cat <<'.'\n.x\n.\necho y", ".x\ny\n"},
	};

	need(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host host = {0};

		start(&host, (struct supervisor_spec){.command = cases[i].command});
		host_until_closed(&host);
		assert_string_equal(host.out.buf, cases[i].out);
		if (cases[i].command[0] == '-') {
			assert_string_equal(host.events.buf, "started, exit 127, ");
		}
		host_stop(&host);
	}
}

static void surroundings(void **state)
{
	bool has_nice = access("/usr/bin/nice", X_OK) == 0;
	int nicer = nice(0) < 12 ? nice(0) + 7 : 19;
	struct host host = {0};
	char end[64];

	need(state);
	/* Also names that the program itself uses. */
	start(&host,
		(struct supervisor_spec){
			.command = "pwd; printf '<%s>' \"$n\" \"$w\" \"$IFS\" \"$q\"; nice; umask",
			.directory = "/usr/lib",
			.env = ARGV("n=x\ny ", "IFS=ab", "w=", "q=PATH=x"),
			.has_nice = has_nice,
			.nice = 7});
	host_until_closed(&host);
	assert_non_null(strstr(host.out.buf, "/usr/lib\n<x\ny ><"));
	(void)snprintf(end, sizeof(end), "><PATH=x>%d\n", has_nice ? nicer : nice(0));
	assert_non_null(strstr(host.out.buf, end));
	host_stop(&host);
}

/* The command finds the secret nowhere; it has what the login has, and nothing of ours. */
static void the_secret_is_ours(void **state)
{
	struct host host = {0};

	need(state);
	start(&host, (struct supervisor_spec){
			     .command = "env; tr '\\0' ' ' </proc/$PPID/cmdline; "
					"tr '\\0' ' ' </proc/$PPID/environ; ls -l /proc/self/fd/"});
	host_until_closed(&host);
	assert_null(strstr(host.out.buf, str_sub(str_of(host.key.secret), 1, 32).ptr));
	assert_null(strstr(host.out.buf, "\x1e"));
	assert_null(strstr(host.out.buf, " 4 -> "));
	assert_null(strstr(host.out.buf, " 5 -> "));
	assert_null(strstr(host.out.buf, " 6 -> "));
	assert_non_null(strstr(host.out.buf, " 0 -> /dev/null"));
	host_stop(&host);
}

/* Interrupts are not ignored, as they would be in the background of a shell. */
static void signals_are_as_usual(void **state)
{
	struct host host = {0};

	need(state);
	start(&host, (struct supervisor_spec){
			     .argv = ARGV("grep", "-E", "Sig(Ign|Blk)", "/proc/self/status")});
	host_until_closed(&host);
	assert_string_equal(host.out.buf, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	host_stop(&host);
}

static void much_output(void **state)
{
	struct host host = {.is_counting = true};

	need(state);
	start(&host,
		(struct supervisor_spec){
			.command =
				"dd if=/dev/zero bs=65536 count=1600 2>/dev/null; printf e >&2"});
	host_until_closed(&host);
	assert_int_equal(host.out_bytes, 1600 * 65536);
	assert_string_equal(host.err.buf, "e");
	assert_string_equal(host.events.buf, "started, exit 0, ");
	host_stop(&host);
}

static void output_is_exact(void **state)
{
	char bytes[256];
	_cleanup_(freep) char *command =
		xasprintf("cat %s/bytes; cat %s/bytes >&2", folder, folder);
	_cleanup_(freep) char *file = xasprintf("%s/bytes", folder);
	struct host host = {0};

	need(state);
	for (int i = 0; i < 256; i++) {
		bytes[i] = (char)i;
	}
	assert_int_equal(file_write(file, str_n(bytes, 256), 0644, NULL), 0);
	start(&host, (struct supervisor_spec){.command = command});
	host_until_closed(&host);
	assert_int_equal(host.out.len, 256);
	assert_memory_equal(host.out.buf, bytes, 256);
	assert_int_equal(host.err.len, 256);
	assert_memory_equal(host.err.buf, bytes, 256);
	host_stop(&host);
	(void)unlink(file);
}

/* --- What goes --- */

static void ends_when_we_hang_up(void **state)
{
	struct host host = {0};

	need(state);
	start(&host, (struct supervisor_spec){.command = "trap '' TERM HUP; echo set >&2;"
							 " (trap '' TERM; sleep 300) & sleep 301"});
	host_until(&host, "set");
	host_hang_up(&host);
	host_gone(&host, END_MS);
	host_stop(&host);
}

/* Also before it has heard all of what it is to do: then it does nothing. */
static void ends_when_we_never_said_all(void **state)
{
	const struct supervisor_spec spec = {.command = "touch x; sleep 300", .shell = shell};
	struct strbuf settings = STRBUF_INIT;

	need(state);
	for (size_t part = 0; part < 4; part++) {
		/* The first settings are never sent. */
		struct supervisor_spec waits = spec;
		struct host host = {0};
		struct strbuf some = STRBUF_INIT;

		waits.sudo = SUPERVISOR_SUDO_PASSWORD;
		put("sudo", "#!/bin/sh\nshift 4\nexec \"$@\"\n");
		(void)setenv("PATH", path, 1);
		host_start(&host, &waits);
		(void)setenv("PATH", "/usr/bin:/bin", 1);
		strbuf_clear(&settings);
		supervisor_add_settings(&settings, &spec, &host.key);
		strbuf_add(&some, settings.buf, settings.len * part / 4);
		host_send(&host, &some);
		host_hang_up(&host);
		host_until_closed(&host);
		assert_false(host_has(&host, "started"));
		host_gone(&host, END_MS);
		strbuf_release(&some);
		host_stop(&host);
	}
	strbuf_release(&settings);
}

static void ends_when_we_ask(void **state)
{
	struct strbuf stop = STRBUF_INIT;
	struct host polite = {0};
	struct host deaf = {0};

	need(state);
	supervisor_add_stop(&stop);
	start(&polite, (struct supervisor_spec){.command = "trap 'echo bye; exit 9' TERM;"
							   " echo set >&2; sleep 300 & wait"});
	host_until(&polite, "set");
	host_send(&polite, &stop);
	host_until(&polite, "exit");
	assert_string_equal(polite.events.buf, "started, exit 9, ");
	host_gone(&polite, END_MS);
	host_until_closed(&polite);
	assert_string_equal(polite.out.buf, "bye\n");
	host_stop(&polite);

	start(&deaf, (struct supervisor_spec){
			     .command = "trap '' TERM; echo set >&2; sleep 300", .grace_s = 1});
	host_until(&deaf, "set");
	host_send(&deaf, &stop);
	host_gone(&deaf, END_MS);
	host_until_closed(&deaf);
	assert_string_equal(deaf.events.buf, "started, ");
	host_stop(&deaf);
	strbuf_release(&stop);
}

static void ends_when_nothing_is_heard(void **state)
{
	const struct supervisor_spec spec = {.command = "sleep 300", .quiet_s = 2, .grace_s = 1};
	struct host host = {0};
	int64_t began_ms;

	need(state);
	start(&host, spec);
	host_until(&host, "started");
	for (int i = 0; i < 12; i++) {
		host_beat(&host);
		(void)poll(NULL, 0, 500);
	}
	assert_true(host_left(&host) > 0);
	assert_string_equal(host.events.buf, "started, ");
	began_ms = time_mono_ms();
	host_until(&host, "signal TERM");
	assert_true(time_mono_ms() - began_ms < 2 * END_MS);
	host_gone(&host, END_MS);
	host_stop(&host);
}

static void what_it_leaves_is_left(void **state)
{
	struct host host = {0};

	need(state);
	start(&host, (struct supervisor_spec){.command = "sleep 300 & echo x"});
	host_until(&host, "exit 0");
	assert_int_equal(host_status(&host), 0);
	host_hang_up(&host);
	/* The sleep, and nothing else, even after the time that ending a group takes. */
	for (int i = 0; i < 1200 && host_left(&host) != 1; i++) {
		(void)poll(NULL, 0, 50);
	}
	(void)poll(NULL, 0, 1000);
	assert_int_equal(host_left(&host), 1);
	host_stop(&host);
}

/* --- Input --- */

/* Send it as fast as it is taken. */
static void send_input(struct host *host, struct str input)
{
	struct strbuf out = STRBUF_INIT;
	int sent = 0;

	for (size_t pos = 0; pos < input.len; pos += SUPERVISOR_CHUNK_MAX) {
		while (sent - host->taken >= SUPERVISOR_CHUNKS_MAX) {
			int taken = host->taken;

			strbuf_clear(&host->events);
			host_until(host, "taken");
			assert_true(host->taken > taken);
		}
		strbuf_clear(&out);
		supervisor_add_input(&out, str_sub(input, pos, SUPERVISOR_CHUNK_MAX));
		supervisor_add_beat(&out);
		host_send(host, &out);
		sent++;
	}
	strbuf_clear(&out);
	supervisor_add_input_end(&out);
	host_send(host, &out);
	strbuf_release(&out);
}

static void input_is_exact(void **state)
{
	static const size_t sizes[] = {0, 1, 16384, 16385, 700001};

	need(state);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct strbuf input = STRBUF_INIT;
		struct host host = {0};
		uint32_t seed = 1;

		for (size_t pos = 0; pos < sizes[i]; pos++) {
			seed = seed * 1664525 + 1013904223;
			strbuf_addc(&input, (char)(seed >> 24));
		}
		start(&host, (struct supervisor_spec){.argv = ARGV("cat"), .has_input = true});
		host_until(&host, "started");
		send_input(&host, strbuf_str(&input));
		host_until_closed(&host);
		assert_int_equal(host.out.len, input.len);
		assert_memory_equal(host.out.buf, input.buf, input.len);
		assert_true(host_has(&host, "exit 0"));
		host_gone(&host, END_MS);
		strbuf_release(&input);
		host_stop(&host);
	}
}

/* Input that nobody reads neither keeps the command from ending nor us from being heard. */
static void input_that_is_not_read(void **state)
{
	struct strbuf chunks = STRBUF_INIT;
	struct strbuf input = STRBUF_INIT;
	struct host ends = {0};
	struct host stays = {0};

	need(state);
	strbuf_addn(&input, 'x', SUPERVISOR_CHUNK_MAX);
	for (int i = 0; i < SUPERVISOR_CHUNKS_MAX; i++) {
		supervisor_add_input(&chunks, strbuf_str(&input));
	}
	start(&ends, (struct supervisor_spec){.command = "sleep 1; exit 4", .has_input = true});
	host_until(&ends, "started");
	host_send(&ends, &chunks);
	host_until(&ends, "exit 4");
	host_gone(&ends, END_MS);
	host_stop(&ends);

	start(&stays,
		(struct supervisor_spec){.command = "sleep 300", .has_input = true, .grace_s = 1});
	host_until(&stays, "started");
	host_send(&stays, &chunks);
	host_send(&stays, &chunks);
	host_hang_up(&stays);
	host_gone(&stays, END_MS);
	host_stop(&stays);
	strbuf_release(&input);
	strbuf_release(&chunks);
}

/* --- Another user --- */

static const char fake_sudo[] = "#!/bin/sh\n"
				"while [ \"$1\" != -- ]; do\n"
				"	case $1 in -p) shift; prompt=$1;; esac\n"
				"	shift\n"
				"done\n"
				"shift\n"
				"printf %s \"$prompt\" >&2\n"
				"IFS= read -r password || exit 1\n"
				"[ \"$password\" = right ] && exec \"$@\"\n"
				"printf 'Sorry, try again.\\n%s' \"$prompt\" >&2\n"
				"read -r password || exit 1\n";

static void asks_for_a_password(void **state)
{
	const struct supervisor_spec spec = {
		.command = "echo ran", .sudo = SUPERVISOR_SUDO_PASSWORD, .shell = shell};
	struct strbuf line = STRBUF_INIT;
	struct host right = {0};
	struct host wrong = {0};

	need(state);
	put("sudo", fake_sudo);
	(void)setenv("PATH", path, 1);
	host_start(&right, &spec);
	host_start(&wrong, &spec);
	(void)setenv("PATH", "/usr/bin:/bin", 1);

	host_until(&right, "password");
	strbuf_adds(&line, "right\n");
	host_send(&right, &line);
	host_until(&right, "ready");
	strbuf_clear(&line);
	supervisor_add_settings(&line, &spec, &right.key);
	host_send(&right, &line);
	host_until_closed(&right);
	assert_string_equal(right.events.buf, "password, ready, started, exit 0, ");
	assert_string_equal(right.out.buf, "ran\n");
	assert_string_equal(right.err.buf, "");

	host_until(&wrong, "password");
	strbuf_clear(&line);
	strbuf_adds(&line, "wrong\n");
	host_send(&wrong, &line);
	host_until(&wrong, "password, password");
	host_hang_up(&wrong);
	host_until_closed(&wrong);
	assert_false(host_has(&wrong, "started"));
	assert_string_equal(wrong.err.buf, "Sorry, try again.\n");
	host_stop(&right);
	host_stop(&wrong);
	strbuf_release(&line);
}

// clang-format off
#define WITH(test, number) \
	cmocka_unit_test_prestate_setup_teardown(test, shell_enter, shell_leave, \
		(void *)(uintptr_t)&shells[number])
#define WITH_ALL(test) WITH(test, 0), WITH(test, 1), WITH(test, 2)
// clang-format on

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ALL(tells_the_end),
		WITH_ALL(tells_every_exit_code),
		WITH_ALL(tells_what_cannot_be_run),
		WITH_ALL(leads_a_group),
		cmocka_unit_test(any_login_shell),
		WITH_ALL(arguments_are_exact),
		WITH_ALL(command_lines_are_exact),
		WITH_ALL(surroundings),
		WITH_ALL(the_secret_is_ours),
		WITH_ALL(signals_are_as_usual),
		WITH_ALL(much_output),
		WITH_ALL(output_is_exact),
		WITH_ALL(ends_when_we_hang_up),
		WITH_ALL(ends_when_we_never_said_all),
		WITH_ALL(ends_when_we_ask),
		WITH_ALL(ends_when_nothing_is_heard),
		WITH_ALL(what_it_leaves_is_left),
		WITH_ALL(input_is_exact),
		WITH_ALL(input_that_is_not_read),
		WITH_ALL(asks_for_a_password),
	};

	(void)setenv("PATH", "/usr/bin:/bin", 1);
	/* Who starts the tests may ignore them (nohup, a shell's background); a server does not. */
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGQUIT, SIG_DFL);
	return cmocka_run_group_tests(tests, enter, leave);
}
