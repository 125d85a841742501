/*
 * Commands with a terminal, and how they are stopped.
 */
#include "cmocka_all.h"
#include "fleet/remote_command_fixture.h"

static void tty(void **state)
{
	(void)state;
	start((struct remote_command_spec){
		.supervised = {.command = "top"}, .wants_tty = true, .columns = 99, .rows = 33});
	assert_true(channel->spec.wants_tty);
	assert_int_equal(channel->spec.columns, 99);
	assert_int_equal(channel->spec.rows, 33);
	assert_int_equal(channel->spec.drain_ms, REMOTE_DRAIN_MS);
	pass(0);
	assert_string_equal(told.out.buf, "started 0, ");
	assert_sent("\x04");
	says("x");
	pass(100000);
	assert_sent(""); /* nobody wants beats */
	exits(2);
	assert_ended("started 0, out x, exit 2", false, false);
	assert_int_equal(told.end.pid, 0);
}

static void tty_input(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_addn(&text, 'x', 20000);
	start((struct remote_command_spec){
		.supervised = {.has_input = true}, .input = strbuf_str(&text), .wants_tty = true});
	fake_command_wants_input(channel);
	assert_sent("");
	pass(0);
	assert_int_equal(fake_command_sent(channel).len, 16384);
	fake_command_wants_input(channel);
	assert_int_equal(fake_command_sent(channel).len, 20000 - 16384 + 2);
	fake_command_wants_input(channel);
	assert_sent("");
	strbuf_release(&text);
}

static void tty_with_sudo(void **state)
{
	struct remote_command_spec spec = with_password;

	(void)state;
	spec.wants_tty = true;
	start(spec);
	says("The usual lecture\r\n");
	fake_supervisor_says(channel, "p");
	assert_sent("pass\n");
	pass(1000);
	assert_string_equal(told.out.buf, "");
	fake_supervisor_says(channel, "r");
	assert_sent("\x04");
	assert_string_equal(told.out.buf, "started 0, ");
	says("x");
	is_killed("INT");
	assert_ended("started 0, out x, signal INT", false, false);
}

static void tty_and_clocks(void **state)
{
	(void)state;
	start((struct remote_command_spec){.wants_tty = true, .silence_ms = 1000});
	pass(0);
	pass(1000);
	pass(2000);
	assert_ended(
		"started 0, timeout (silence): silent for 1 s, and was told to end", false, true);
}

static void tty_and_stop(void **state)
{
	(void)state;
	start((struct remote_command_spec){.wants_tty = true});
	pass(0);
	remote_command_stop(told.command);
	pass(1999);
	assert_false(told.has_ended);
	pass(1);
	assert_ended("started 0, unreachable: its terminal was hung up, and it was not seen to end",
		false, true);
}

static void says_process(void)
{
	fake_supervisor_says(channel, "t");
	says("77\r\n");
}

/* The channel is closed, and the host is asked on another whether anything is left. */
static void begin_look(struct remote_command_spec spec)
{
	spec.wants_tty = true;
	start(spec);
	pass(0);
	says_process();
	assert_string_equal(told.out.buf, "started 0, ");
	if (spec.silence_ms == 0 && spec.total_ms == 0) {
		remote_command_stop(told.command);
		remote_command_stop(told.command);
	}
	pass(spec.silence_ms + spec.total_ms);
	assert_true(channel->is_over);
	assert_ptr_not_equal(login->command, channel);
	channel = login->command;
	assert_non_null(strstr(channel->line, "p=77 "));
	remote_command_stop(told.command);
	assert_false(told.has_ended);
}

static void tty_and_look(void **state)
{
	static const struct {
		struct remote_command_spec spec;
		uint32_t exit_code;
		const char *out;
		bool may_be_running;
	} cases[] = {
		{{.start_ms = 0}, 42, "started 0, signal HUP", false},
		{{.start_ms = 0}, 1,
			"started 0, unreachable: its terminal was hung up, and it was not seen to "
			"end",
			true},
		{{.silence_ms = 1000}, 42,
			"started 0, timeout (silence): silent for 1 s, and was ended there", false},
		{{.total_ms = 1000}, 42,
			"started 0, timeout (total): it took more than 1 s, and was ended there",
			false},
		{{.total_ms = 1000}, 1,
			"started 0, timeout (total): it took more than 1 s, and was told to end",
			true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)setup(state);
		begin_look(cases[i].spec);
		exits(cases[i].exit_code);
		assert_ended(cases[i].out, false, cases[i].may_be_running);
		assert_int_equal(told.end.pid, 77);
		(void)teardown(state);
	}
}

static void tty_and_look_without_answer(void **state)
{
	(void)state;
	begin_look((struct remote_command_spec){0});
	pass(SUPERVISOR_GRACE_S * 1000 + 1999);
	assert_false(told.has_ended);
	pass(1);
	assert_ended("started 0, unreachable: its terminal was hung up, and it was not seen to end",
		false, true);
}

static void tty_freed_in_a_look(void **state)
{
	(void)state;
	begin_look((struct remote_command_spec){0});
	remote_command_free(&told.command);
	assert_int_equal(fake_commands_alive(), 0);
	pass(1000000);
	assert_false(told.has_ended);
}

/* It may tell of its process before we have told that it runs, or as it is being stopped. */
static void tty_tells_early(void **state)
{
	(void)state;
	start((struct remote_command_spec){.wants_tty = true});
	says_process();
	assert_string_equal(told.out.buf, "started 77, ");
	pass(0);
	assert_string_equal(told.out.buf, "started 77, ");
	exits(0);
	assert_ended("started 77, ok", false, false);
	(void)teardown(state);
	(void)setup(state);
	start((struct remote_command_spec){.wants_tty = true});
	remote_command_stop(told.command);
	says_process();
	pass(0);
	channel = login->command;
	exits(42);
	assert_ended("signal HUP", false, false);
	(void)teardown(state);
	(void)setup(state);
	start((struct remote_command_spec){.wants_tty = true});
	pass(0);
	remote_command_stop(told.command);
	pass(1000);
	says_process();
	pass(0);
	channel = login->command;
	exits(42);
	assert_ended("started 0, signal HUP", false, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tty),
		TEST(tty_input),
		TEST(tty_with_sudo),
		TEST(tty_and_clocks),
		TEST(tty_and_stop),
		cmocka_unit_test(tty_and_look),
		TEST(tty_and_look_without_answer),
		TEST(tty_freed_in_a_look),
		TEST(tty_tells_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
