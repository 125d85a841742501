/*
 * Contents told as they come, whatever pieces they come in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/copy_sudo_show.h"
#include "fleet/fake_login.h"
#include "support/loop_turns.h"

static struct loop *loop;
static struct ssh_login *login;
static struct copy_sudo_show *show;
static struct strbuf told;
static const char *const paths[] = {"/a", "b", "/c"};

static void on_content(void *arg, size_t path, struct str bytes)
{
	(void)arg;
	strbuf_addf(&told, "%zu %.*s, ", path, STR_ARG(bytes));
}

static void on_done(void *arg)
{
	(void)arg;
	show = NULL;
	strbuf_adds(&told, "done");
}

static int setup(void **state)
{
	static const struct copy_sudo_show_events events = {on_content, on_done};
	struct copy_sudo_show_spec spec = {.paths = paths, .count = ARRAY_LEN(paths)};

	(void)state;
	time_fake(1000, 0);
	if (loop_new(&loop, NULL) < 0) {
		return -1;
	}
	told = (struct strbuf)STRBUF_INIT;
	login = fake_login_open();
	spec.loop = loop;
	spec.login = login;
	show = copy_sudo_show_start(&spec, &events, NULL);
	fake_supervisor_says(login->command, "started 77");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	copy_sudo_show_free(&show);
	strbuf_release(&told);
	loop_free(&loop);
	ssh_login_free(&login);
	fake_login_forget();
	time_fake_end();
	return 0;
}

/* The last word, which is told from the loop. */
static void end(const char *word, uint32_t exit_code)
{
	fake_supervisor_says(login->command, word);
	fake_command_ended(login->command,
		(struct ssh_exec_end){.outcome = SSH_EXEC_EXITED, .exit_code = exit_code});
	loop_turns(loop, 3);
}

static void says(const char *text, size_t piece)
{
	for (size_t i = 0; i < strlen(text); i += piece) {
		fake_command_says(
			login->command, SSH_STREAM_STDOUT, str_sub(str_of(text), i, piece));
	}
}

static void test_course(void **state)
{
	(void)state;
	assert_non_null(strstr(login->command->line, "sudo -n"));
	assert_non_null(strstr(login->command->sent.buf, "/a\n./b\n/c\n"));
	says("61620a\n-\n\n", 1);
	assert_string_equal(told.buf, "0 ab\n, 2 , ");
	end("exit 0", 0);
	assert_string_equal(told.buf, "0 ab\n, 2 , done");
}

/* More lines than were asked for, no hexadecimal, too long, no end. */
static void test_nonsense(void **state)
{
	struct strbuf line = STRBUF_INIT;

	(void)state;
	says("sudo: what?\n", 100);
	strbuf_addn(&line, '6', 700000);
	strbuf_addc(&line, '\n');
	says(line.buf, 30000);
	says("63\n64\n65", 100);
	assert_string_equal(told.buf, "2 c, ");
	end("exit 1", 1);
	assert_string_equal(told.buf, "2 c, done");
	strbuf_release(&line);
}

static void test_stopped(void **state)
{
	(void)state;
	copy_sudo_show_stop(show);
	assert_int_equal(told.len, 0);
	end("signal 15", 143);
	assert_string_equal(told.buf, "done");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_course, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stopped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
