/*
 * What is sudo's and what is the program's, however it comes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "fleet/fake_login.h"
#include "fleet/sudo_command.h"

static struct {
	int started, refused, ended;
	struct strbuf out, errors;
	char outcome[300];
	uint32_t exit_code;
	bool frees; /* at the first output */
} told;

static struct ssh_login *login;
static struct sudo_command *sudo;

static int setup(void **state)
{
	(void)state;
	memset(&told, 0, sizeof(told));
	told.out = (struct strbuf)STRBUF_INIT;
	told.errors = (struct strbuf)STRBUF_INIT;
	login = fake_login_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sudo_command_free(&sudo);
	assert_int_equal(fake_commands_alive(), 0);
	ssh_login_free(&login);
	fake_login_forget();
	strbuf_release(&told.out);
	strbuf_release(&told.errors);
	return 0;
}

static void on_started(void *arg)
{
	(void)arg;
	told.started++;
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)arg;
	assert_int_equal(told.started, 1);
	strbuf_addstr(stream == SSH_STREAM_STDOUT ? &told.out : &told.errors, bytes);
	if (told.frees) {
		sudo_command_free(&sudo);
	}
}

static void on_refused(void *arg, const struct outcome *outcome)
{
	struct strbuf text = STRBUF_INIT;

	(void)arg;
	sudo = NULL;
	told.refused++;
	outcome_add_text(&text, outcome);
	(void)snprintf(told.outcome, sizeof(told.outcome), "%s", text.buf);
	strbuf_release(&text);
}

static void on_ended(void *arg, const struct ssh_exec_end *end)
{
	(void)arg;
	sudo = NULL;
	told.ended++;
	told.exit_code = end->exit_code;
}

static void start(const char *password)
{
	static const struct sudo_command_events events = {
		on_started, on_output, on_refused, on_ended};

	sudo = sudo_command_start(login, "exec cat", password, &events, NULL);
}

/* Its own marker, which is in what the host was asked to execute, with `word` behind it. */
static void says_word(const char *before, char word, const char *after, size_t piece)
{
	const char *at = strstr(login->command->line, "printf %s \"");
	struct strbuf text = STRBUF_INIT;

	assert_non_null(at);
	at += strlen("printf %s \"");
	strbuf_addf(&text, "%s%.*s%c%s", before, (int)strcspn(at, "\"") - 1, at, word, after);
	for (size_t i = 0; i < text.len; i += piece) {
		fake_command_says(
			login->command, SSH_STREAM_STDERR, str_sub(strbuf_str(&text), i, piece));
	}
	strbuf_release(&text);
}

static void says(enum ssh_stream stream, const char *text)
{
	fake_command_says(login->command, stream, str_of(text));
}

static void ends(uint32_t exit_code)
{
	fake_command_ended(login->command, (struct ssh_exec_end){.outcome = SSH_EXEC_EXITED,
						   .exit_code = exit_code,
						   .signal_name = "",
						   .text = ""});
}

static void test_course(void **state)
{
	(void)state;
	start(NULL);
	assert_int_equal(
		strncmp(login->command->line, "exec sudo -n -- /bin/sh -c 'printf", 34), 0);
	assert_non_null(strstr(login->command->line, "r\" >&2; exec cat'"));
	says(SSH_STREAM_STDOUT, "early ");
	says_word("Welcome\n", 'r', "warning\n", 1);
	assert_int_equal(told.started, 1);
	assert_string_equal(told.out.buf, "early ");
	sudo_command_send(sudo, str_of("input"));
	assert_true(str_is(fake_command_sent(login->command), "input"));
	says(SSH_STREAM_STDOUT, "late");
	assert_string_equal(told.out.buf, "early late");
	assert_string_equal(told.errors.buf, "warning\n");
	ends(3);
	assert_int_equal(told.ended, 1);
	assert_int_equal(told.exit_code, 3);
	assert_int_equal(told.refused, 0);
}

static void test_password(void **state)
{
	(void)state;
	start("secret");
	assert_int_equal(strncmp(login->command->line, "exec sudo -S -p '", 17), 0);
	assert_null(strstr(login->command->line, "secret"));
	assert_int_equal(fake_command_sent(login->command).len, 0);
	says_word("We trust you have received the usual lecture\n", 'p', "", 1000);
	assert_true(str_is(fake_command_sent(login->command), "secret\n"));
	says_word("\n", 'r', "", 1000);
	assert_int_equal(told.started, 1);
}

static void test_refused(void **state)
{
	(void)state;
	start("secret");
	says_word("lecture\n", 'p', "", 1000);
	says_word("Sorry, try again.\n", 'p', "", 1000);
	assert_int_equal(told.refused, 1);
	assert_non_null(strstr(told.outcome, "sudo refuses the password: Sorry, try again."));
	assert_int_equal(fake_commands_alive(), 0);
	start(NULL);
	says(SSH_STREAM_STDERR, "sudo: a password is required\n");
	ends(1);
	assert_int_equal(told.refused, 2);
	assert_non_null(strstr(told.outcome, "sudo: a password is required"));
	start(NULL);
	says(SSH_STREAM_STDOUT, "This account is not available.\n");
	ends(1);
	assert_int_equal(told.refused, 3);
	start(NULL);
	fake_command_ended(login->command,
		(struct ssh_exec_end){
			.outcome = SSH_EXEC_LOST, .signal_name = "", .text = "it has gone"});
	assert_int_equal(told.refused, 4);
	assert_non_null(strstr(told.outcome, "it has gone"));
	assert_int_equal(told.started + told.ended, 0);
}

static void test_freed(void **state)
{
	(void)state;
	start(NULL);
	told.frees = true;
	says(SSH_STREAM_STDOUT, "early");
	says_word("", 'r', "more", 1000);
	assert_null(sudo);
	assert_string_equal(told.errors.buf, "more");
	assert_int_equal(told.out.len, 0);
	sudo_command_free(&sudo); /* nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_course, setup, teardown),
		cmocka_unit_test_setup_teardown(test_password, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_freed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
