#include <stdio.h>
#include <time.h>

#include "base/parse.h"
#include "cmocka_all.h"
#include "loop/child_fixture.h"

static void tells_how_it_ended_and_what_it_said(void **state)
{
	static const struct {
		const char *script;
		enum child_outcome outcome;
		int exit_code, term_signal;
		const char *out, *err;
	} rows[] = {
		{"true", CHILD_EXITED, 0, 0, "", ""},
		{"echo hello", CHILD_EXITED, 0, 0, "hello\n", ""},
		{"echo oops >&2; exit 3", CHILD_EXITED, 3, 0, "", "oops\n"},
		{"printf a; printf b >&2; printf c", CHILD_EXITED, 0, 0, "ac", "b"},
		{"exit 255", CHILD_EXITED, 255, 0, "", ""},
		{"kill -9 $$", CHILD_SIGNALED, 0, SIGKILL, "", ""},
		{"kill -TERM $$", CHILD_SIGNALED, 0, SIGTERM, "", ""},
		{"cat; echo end", CHILD_EXITED, 0, 0, "end\n", ""}, /* /dev/null */
		{"exec >&- 2>&-; exit 4", CHILD_EXITED, 4, 0, "", ""},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct kid kid;

		kid_run_shell(&kid, fixture, usual_spec(), rows[i].script);
		assert_int_equal(kid.end.outcome, rows[i].outcome);
		assert_int_equal(kid.end.exit_code, rows[i].exit_code);
		assert_int_equal(kid.end.term_signal, rows[i].term_signal);
		assert_string_equal(kid.end.out->buf, rows[i].out);
		assert_string_equal(kid.end.err->buf, rows[i].err);
		assert_in_range(kid.end.duration_ms, 0, 59999);
		kid_free(&kid);
	}
	assert_true(all_are_gone(NULL));
}

static void keeps_as_much_as_it_may_and_counts_the_rest(void **state)
{
	static const struct {
		const char *script;
		size_t stdout_max, stderr_max;
		size_t out_len, err_len;
		uint64_t out_dropped, err_dropped;
	} rows[] = {
		{"yes | head -c 200M", 1000, 1000, 1000, 0, 200 * 1048576 - 1000, 0},
		{"yes | head -c 3M >&2; printf xy", 1, 100, 1, 100, 1, 3 * 1048576 - 100},
		{"yes | head -c 100k; printf xyz >&2", 0, 3, 0, 3, 102400, 0},
		{"yes | head -c 100k", 102400, 0, 102400, 0, 0, 0},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = usual_spec();
		struct kid kid;

		spec.stdout_max = rows[i].stdout_max;
		spec.stderr_max = rows[i].stderr_max;
		kid_run_shell(&kid, fixture, spec, rows[i].script);
		assert_int_equal(kid.end.outcome, CHILD_EXITED);
		assert_int_equal(kid.end.out->len, rows[i].out_len);
		assert_int_equal(kid.end.err->len, rows[i].err_len);
		assert_int_equal(kid.end.out->dropped_bytes, rows[i].out_dropped);
		assert_int_equal(kid.end.err->dropped_bytes, rows[i].err_dropped);
		assert_in_range(kid.end.out->alloc, 0, rows[i].stdout_max + 1);
		kid_free(&kid);
	}
}

enum { INPUT_BYTES = 1 << 20 };

static struct str pattern(void)
{
	static char bytes[INPUT_BYTES];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (char)(i * 7 + i / 251);
	}
	return str_n(bytes, sizeof(bytes));
}

static void feeds_its_input(void **state)
{
	static const struct {
		const char *script;
		size_t out_len;
	} rows[] = {
		{"cat", INPUT_BYTES},
		{"head -c 10", 10}, /* reads no further: no SIGPIPE for us, and no error */
		{"true", 0},
		{"exec <&-; exit 0", 0},
	};
	struct fixture *fixture = *state;
	struct str input = pattern();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = usual_spec();
		struct kid kid;

		spec.input = input;
		kid_run_shell(&kid, fixture, spec, rows[i].script);
		assert_int_equal(kid.end.outcome, CHILD_EXITED);
		assert_int_equal(kid.end.exit_code, 0);
		assert_int_equal(kid.end.out->len, rows[i].out_len);
		assert_memory_equal(kid.end.out->buf, input.ptr, rows[i].out_len);
		kid_free(&kid);
	}
}

/* Under a fake clock: runs the script until it has ended, or says it is ready by making `flag`. */
struct flagged {
	struct kid kid;
	char flag[64];
};

static bool flag_is_there(const void *arg)
{
	const struct flagged *flagged = arg;

	return access(flagged->flag, F_OK) == 0;
}

/* `script` has the name of the flag in $0. */
static void flagged_start(struct flagged *flagged, struct fixture *fixture,
	const struct child_spec *usual, const char *script)
{
	struct child_spec spec = *usual;
	const char *argv[] = {"sh", "-c", script, flagged->flag, NULL};

	(void)snprintf(flagged->flag, sizeof(flagged->flag), "/tmp/test_child.%d", (int)getpid());
	(void)unlink(flagged->flag);
	spec.argv = argv;
	kid_start(&flagged->kid, fixture, &spec);
	run_until(fixture, flag_is_there, flagged);
	assert_int_equal(unlink(flagged->flag), 0);
	assert_int_equal(flagged->kid.done_count, 0);
}

static void is_killed_at_its_deadline(void **state)
{
	static const struct {
		const char *script;
		int64_t grace_ms;
		bool ignores_term;
		int exit_code, term_signal;
	} rows[] = {
		{"> $0; exec sleep 1000", 5000, false, 0, SIGTERM},
		{"> $0; exec sleep 1000", 0, false, 0, SIGKILL},
		{"trap 'exit 7' TERM; > $0; while :; do sleep 0.01; done", 5000, false, 7, 0},
		{"trap '' TERM; > $0; exec sleep 1000", 5000, true, 0, SIGKILL},
		{"> $0; kill -STOP $$", 5000, false, 0, SIGTERM},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = usual_spec();
		struct flagged flagged;
		struct kid *kid = &flagged.kid;

		time_fake(1000, 0);
		spec.kill_grace_ms = rows[i].grace_ms;
		flagged_start(&flagged, fixture, &spec, rows[i].script);
		time_fake_advance(60000);
		if (rows[i].ignores_term) {
			run_turns(fixture, 3);
			assert_int_equal(kid->done_count, 0);
			time_fake_advance(rows[i].grace_ms);
		}
		run_until(fixture, kid_is_done, kid);
		assert_int_equal(kid->end.outcome, CHILD_TIMED_OUT);
		assert_int_equal(kid->end.exit_code, rows[i].exit_code);
		assert_int_equal(kid->end.term_signal, rows[i].term_signal);
		assert_in_range(kid->end.duration_ms, 60000, 60000 + rows[i].grace_ms);
		kid_free(kid);
		time_fake_end();
		run_until(fixture, all_are_gone_reaping, NULL);
	}
}

static void waits_for_late_output_of_a_grandchild(void **state)
{
	static const struct {
		const char *script;
		const char *expected;
	} rows[] = {
		{"(sleep 0.05; echo late) & echo early", "early\nlate\n"},
		{"(sleep 0.05; echo late) >&2 & echo early", "early\n"},
		{"(exec >&-; sleep 0.05; echo late >&2) & echo early", "early\n"},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = usual_spec();
		struct kid kid;

		spec.drain_ms = 60000; /* ends when the output does, long before that */
		kid_run_shell(&kid, fixture, spec, rows[i].script);
		assert_int_equal(kid.end.outcome, CHILD_EXITED);
		assert_string_equal(kid.end.out->buf, rows[i].expected);
		assert_string_equal(kid.end.err->buf, i > 0 ? "late\n" : "");
		kid_free(&kid);
		run_until(fixture, all_are_gone_reaping, NULL);
	}
}

/* The script says the number of a process that it leaves behind. */
static void leaves_a_grandchild_alone_that_holds_its_output(void **state)
{
	static const int64_t drains_ms[] = {0, 1, 50};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(drains_ms); i++) {
		struct child_spec spec = usual_spec();
		struct kid kid;
		int64_t grandchild;
		struct err err;

		spec.drain_ms = drains_ms[i];
		kid_run_shell(&kid, fixture, spec, "sleep 1000 & echo $!");
		assert_int_equal(kid.end.outcome, CHILD_EXITED);
		assert_in_range(kid.end.duration_ms, 0, 30000);
		assert_int_equal(parse_int(str_trim(strbuf_str(kid.end.out)), 2, INT32_MAX,
					 &grandchild, &err),
			0);
		kid_free(&kid);
		assert_int_equal(waitpid((pid_t)grandchild, NULL, WNOHANG), 0); /* still runs */
		assert_int_equal(kill((pid_t)grandchild, SIGKILL), 0);
		assert_int_equal(waitpid((pid_t)grandchild, NULL, 0), grandchild);
	}
}

static void a_grandchild_that_never_stops_talking_does_not_hold_it(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct kid kid;

	spec.drain_ms = 20;
	spec.stdout_max = 100;
	kid_run_shell(&kid, fixture, spec, "yes &");
	assert_int_equal(kid.end.outcome, CHILD_EXITED);
	kid_free(&kid);
	run_until(fixture, all_are_gone_reaping, NULL); /* of SIGPIPE */
}

static void is_done_at_once_when_it_ended_in_time_unnoticed(void **state)
{
	struct fixture *fixture = *state;
	siginfo_t info;
	struct kid kid;

	time_fake(1000, 0);
	kid_start_shell(&kid, fixture, usual_spec(), "exit 5");
	assert_int_equal(waitid(P_PID, (id_t)child_pid(kid.child), &info, WEXITED | WNOWAIT), 0);
	time_fake_advance(100000);
	run(fixture);
	assert_int_equal(kid.end.outcome, CHILD_EXITED);
	assert_int_equal(kid.end.exit_code, 5);
	kid_free(&kid);
}

static int add_up(const void *arg)
{
	const int *numbers = arg;
	static const char text[] = "added";

	return write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ? -1 : numbers[0] + numbers[1];
}

static int crash(const void *arg)
{
	(void)arg;
	(void)raise(SIGKILL);
	return 0;
}

static int echo(const void *arg)
{
	char byte;

	while (read(STDIN_FILENO, &byte, 1) == 1) {
		if (write(*(const int *)arg, &byte, 1) != 1) {
			return 1;
		}
	}
	return 0;
}

static int sleep_long(const void *arg)
{
	(void)arg;
	(void)sleep(1000);
	return 0;
}

static void runs_a_function(void **state)
{
	static const int numbers[] = {19, 23};
	static const int out = STDOUT_FILENO, err = STDERR_FILENO;
	static const struct {
		int (*function)(const void *arg);
		const void *arg;
		const char *input;
		enum child_outcome outcome;
		int exit_code, term_signal;
		const char *out, *err;
	} rows[] = {
		{add_up, numbers, "", CHILD_EXITED, 42, 0, "added", ""},
		{crash, NULL, "", CHILD_SIGNALED, 0, SIGKILL, "", ""},
		{echo, &out, "", CHILD_EXITED, 0, 0, "", ""},
		{echo, &out, "parrot", CHILD_EXITED, 0, 0, "parrot", ""},
		{echo, &err, "parrot", CHILD_EXITED, 0, 0, "", "parrot"},
		{sleep_long, NULL, "", CHILD_TIMED_OUT, 0, SIGTERM, "", ""},
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct child_spec spec = usual_spec();
		struct kid kid;

		spec.function = rows[i].function;
		spec.function_arg = rows[i].arg;
		spec.input = str_of(rows[i].input);
		spec.timeout_ms = rows[i].outcome == CHILD_TIMED_OUT ? 20 : 60000;
		kid_run(&kid, fixture, &spec);
		assert_int_equal(kid.end.outcome, rows[i].outcome);
		assert_int_equal(kid.end.exit_code, rows[i].exit_code);
		assert_int_equal(kid.end.term_signal, rows[i].term_signal);
		assert_string_equal(kid.end.out->buf, rows[i].out);
		assert_string_equal(kid.end.err->buf, rows[i].err);
		kid_free(&kid);
	}
}

static int work_50_ms(const void *arg)
{
	(void)arg;
	while (clock() < CLOCKS_PER_SEC / 20) {
	}
	return 0;
}

static void tells_the_cpu_time(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct kid kid;

	spec.function = work_50_ms;
	kid_run(&kid, fixture, &spec);
	assert_in_range(kid.end.user_us + kid.end.system_us, 45000, 5000000);
	kid_free(&kid);
}

static void hardly_any_time_may_be_given(void **state)
{
	static const int64_t timeouts_ms[] = {1, INT64_MAX};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(timeouts_ms); i++) {
		struct child_spec spec = usual_spec();
		struct kid kid;

		spec.timeout_ms = timeouts_ms[i];
		kid_run_shell(&kid, fixture, spec, i == 0 ? "sleep 1000" : "true");
		assert_int_equal(kid.end.outcome, i == 0 ? CHILD_TIMED_OUT : CHILD_EXITED);
		kid_free(&kid);
		run_until(fixture, all_are_gone_reaping, NULL);
	}
}

enum { MANY = 500 };

static void many_at_once(void **state)
{
	struct fixture *fixture = *state;
	struct kid *kids = xcalloc(MANY, sizeof(*kids));

	for (int i = 0; i < MANY; i++) {
		char script[64];

		(void)snprintf(script, sizeof(script), "echo %d; exit %d", i, i % 256);
		kid_start_shell(&kids[i], fixture, usual_spec(), script);
	}
	run(fixture);
	for (int i = 0; i < MANY; i++) {
		char expected[16];

		(void)snprintf(expected, sizeof(expected), "%d\n", i);
		assert_int_equal(kids[i].done_count, 1);
		assert_int_equal(kids[i].end.outcome, CHILD_EXITED);
		assert_int_equal(kids[i].end.exit_code, i % 256);
		assert_string_equal(kids[i].end.out->buf, expected);
		kid_free(&kids[i]);
	}
	assert_true(all_are_gone(NULL));
	free(kids);
}

/* Frees itself, and all others, in the first `done` that comes. */
struct gang {
	struct child *children[10];
	int done_count;
};

static void gang_done(void *arg, const struct child_exit *end)
{
	struct gang *gang = arg;

	(void)end;
	gang->done_count++;
	for (size_t i = 0; i < ARRAY_LEN(gang->children); i++) {
		child_free(&gang->children[i]);
	}
}

static void done_may_free_it_and_others(void **state)
{
	static const char *const argv[] = {"true", NULL};
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct gang gang = {0};
	siginfo_t info;
	struct err err;

	spec.argv = argv;
	for (size_t i = 0; i < ARRAY_LEN(gang.children); i++) {
		assert_int_equal(child_start(fixture->loop, &spec, gang_done, &gang,
					 &gang.children[i], &err),
			0);
	}
	for (size_t i = 0; i < ARRAY_LEN(gang.children); i++) { /* all in one batch */
		assert_int_equal(
			waitid(P_PID, (id_t)child_pid(gang.children[i]), &info, WEXITED | WNOWAIT),
			0);
	}
	run(fixture);
	assert_int_equal(gang.done_count, 1);
	run_until(fixture, all_are_gone, NULL);
}

static void names_signals(void **state)
{
	(void)state;
	assert_string_equal(child_signal_name(SIGKILL), "SIGKILL");
	assert_string_equal(child_signal_name(SIGTERM), "SIGTERM");
	assert_string_equal(child_signal_name(SIGRTMIN), "see signal(7)");
	assert_string_equal(child_signal_name(0), "see signal(7)");
}

/* --- streams -------------------------------------------------------------------------------- */

/* A child that is talked with. */
struct talk {
	struct kid kid; /* first: it gets the calls */
	struct strbuf out, err;
	int drained;
	struct str answer; /* to be sent when the first output comes */
	bool frees_at_output;
};

static void talk_output(void *arg, enum child_stream stream, struct str bytes)
{
	struct talk *talk = arg;

	assert_true(bytes.len > 0);
	assert_int_equal(talk->kid.done_count, 0);
	strbuf_addstr(stream == CHILD_STDOUT ? &talk->out : &talk->err, bytes);
	if (talk->answer.len > 0) {
		child_send(talk->kid.child, talk->answer);
		child_end_input(talk->kid.child);
		talk->answer = str_of("");
	}
	if (talk->frees_at_output) {
		child_free(&talk->kid.child);
	}
}

static void talk_wants_input(void *arg)
{
	struct talk *talk = arg;

	talk->drained++;
}

static const struct child_streams talk_streams = {
	.has_input = true, .output = talk_output, .wants_input = talk_wants_input};

static void talk_start(struct talk *talk, struct fixture *fixture, const char *script)
{
	struct child_spec spec = usual_spec();

	talk->out = talk->err = (struct strbuf)STRBUF_INIT;
	spec.streams = &talk_streams;
	spec.timeout_ms = 0;
	kid_start_shell(&talk->kid, fixture, spec, script);
}

static void talk_end(struct talk *talk)
{
	kid_free(&talk->kid);
	strbuf_release(&talk->out);
	strbuf_release(&talk->err);
}

static void is_talked_with(void **state)
{
	struct talk talk = {.answer = str_of("fine\n")};

	talk_start(&talk, *state, "echo how are you; read a; echo \"you are $a\" >&2; cat; exit 3");
	run(*state);
	assert_string_equal(talk.out.buf, "how are you\n");
	assert_string_equal(talk.err.buf, "you are fine\n");
	assert_int_equal(talk.drained, 1);
	assert_int_equal(talk.kid.done_count, 1);
	assert_int_equal(talk.kid.end.outcome, CHILD_EXITED);
	assert_int_equal(talk.kid.end.exit_code, 3);
	assert_int_equal(talk.kid.end.out->len, 0); /* nothing is kept */
	child_send(talk.kid.child, str_of("too late"));
	child_end_input(talk.kid.child);
	talk_end(&talk);
}

static bool talk_has_said(const void *arg)
{
	const struct talk *talk = arg;

	return talk->out.len > 0;
}

/* What it does not read waits with us, and goes with it. */
static void reads_nothing(void **state)
{
	struct talk talk = {0};

	talk_start(&talk, *state, "echo up; exec sleep 1000");
	child_send(talk.kid.child, pattern());
	run_until(*state, talk_has_said, &talk);
	run_turns(*state, 20);
	assert_int_equal(talk.drained, 0);
	talk_end(&talk);
	run_until(*state, all_are_gone_reaping, NULL);
}

static void output_may_free_it(void **state)
{
	static const char *const scripts[] = {
		"echo now; exec sleep 1000",
		"echo now",
		"echo now >&2; exit 1",
		"echo now; (sleep 1000) &",
	};

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct talk talk = {.frees_at_output = true};

		talk_start(&talk, *state, scripts[i]);
		run(*state);
		assert_null(talk.kid.child);
		assert_int_equal(talk.kid.done_count, 0);
		assert_int_equal(talk.out.len + talk.err.len, 4);
		talk_end(&talk);
		run_until(*state, all_are_gone_reaping, NULL);
	}
}

/* The last of it comes when the process has gone already, and its time is over. */
static void output_may_free_it_at_the_end(void **state)
{
	struct talk talk = {.frees_at_output = true};
	struct child_spec spec = usual_spec();

	talk.out = talk.err = (struct strbuf)STRBUF_INIT;
	spec.streams = &talk_streams;
	spec.timeout_ms = 0;
	spec.drain_ms = 0;
	kid_start_shell(&talk.kid, *state, spec, "echo now; (sleep 1000) &");
	assert_int_equal(
		waitid(P_PID, (id_t)child_pid(talk.kid.child), &(siginfo_t){0}, WEXITED | WNOWAIT),
		0);
	run(*state);
	assert_null(talk.kid.child);
	assert_int_equal(talk.kid.done_count, 0);
	talk_end(&talk);
	run_until(*state, all_are_gone_reaping, NULL);
}

static void is_dismissed(void **state)
{
	static const char *const scripts[] = {
		"echo up; exec sleep 1000",
		"trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done",
		"trap '' TERM; echo up; while :; do sleep 0.01; done",        /* until SIGKILL */
		"(trap '' TERM; exec sleep 1000) & echo up; exec sleep 1000", /* its group too */
		"echo up; kill -STOP $$",
		"echo up",
	};

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		struct talk talk = {0};

		talk_start(&talk, *state, scripts[i]);
		run_until(*state, talk_has_said, &talk);
		child_dismiss(&talk.kid.child, 100);
		child_dismiss(&talk.kid.child, 100);
		assert_null(talk.kid.child);
		run_until(*state, all_are_gone_reaping, NULL);
		talk_end(&talk);
	}
}

/* A loop that is freed takes those along that were dismissed and have not gone. */
static void is_killed_with_the_loop(void **state)
{
	struct loop *loop = NULL;
	struct talk talk = {0};
	struct fixture other = {0};

	(void)state;
	assert_int_equal(loop_new(&loop, NULL), 0);
	other.loop = loop;
	talk_start(&talk, &other, "trap '' TERM; echo up; while :; do sleep 0.01; done");
	run_until(&other, talk_has_said, &talk);
	child_dismiss(&talk.kid.child, 100000);
	loop_free(&loop);
	talk_end(&talk);
	run_until(*state, all_are_gone_reaping, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(tells_how_it_ended_and_what_it_said),
		fixture_test(keeps_as_much_as_it_may_and_counts_the_rest),
		fixture_test(feeds_its_input),
		fixture_test(is_killed_at_its_deadline),
		fixture_test(waits_for_late_output_of_a_grandchild),
		fixture_test(leaves_a_grandchild_alone_that_holds_its_output),
		fixture_test(a_grandchild_that_never_stops_talking_does_not_hold_it),
		fixture_test(is_done_at_once_when_it_ended_in_time_unnoticed),
		fixture_test(runs_a_function),
		fixture_test(tells_the_cpu_time),
		fixture_test(hardly_any_time_may_be_given),
		fixture_test(many_at_once),
		fixture_test(done_may_free_it_and_others),
		fixture_test(names_signals),
		fixture_test(is_talked_with),
		fixture_test(reads_nothing),
		fixture_test(output_may_free_it),
		fixture_test(output_may_free_it_at_the_end),
		fixture_test(is_dismissed),
		fixture_test(is_killed_with_the_loop),
	};

	return cmocka_run_group_tests(tests, adopt_grandchildren, NULL);
}
