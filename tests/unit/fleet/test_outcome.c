/*
 * Outcomes: the words, the JSON and the exit code that scripts depend on.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "fleet/outcome.h"
#include "store/store_runs.h"

static const struct {
	struct outcome outcome;
	const char *text, *line, *json;
} all[] = {
	{{.kind = OUTCOME_OK}, "ok", "✓ web-01",
		"{\"outcome\": \"ok\", \"success\": true, \"code\": \"ok\", \"exit_code\": 0, "
		"\"signal\": null, \"clock\": null, \"message\": \"ok\"}"},
	{{.kind = OUTCOME_EXIT, .exit_code = 3}, "exit 3", "✗ web-01: exit 3",
		"{\"outcome\": \"exit\", \"success\": false, \"code\": \"exit\", \"exit_code\": 3, "
		"\"signal\": null, \"clock\": null, \"message\": \"exit 3\"}"},
	{{.kind = OUTCOME_SIGNAL, .signal = "TERM"}, "signal TERM", "✗ web-01: signal TERM",
		"{\"outcome\": \"signal\", \"success\": false, \"code\": \"signal\", "
		"\"exit_code\": "
		"null, \"signal\": \"TERM\", \"clock\": null, \"message\": \"signal TERM\"}"},
	{{.kind = OUTCOME_TIMEOUT, .clock = CLOCK_SILENCE}, "timeout (silence)",
		"✗ web-01: timeout (silence)",
		"{\"outcome\": \"timeout\", \"success\": false, \"code\": \"timeout\", "
		"\"exit_code\": null, \"signal\": null, \"clock\": \"silence\", \"message\": "
		"\"timeout (silence)\"}"},
	{{.kind = OUTCOME_TIMEOUT, .clock = CLOCK_CONNECT, .message = "waiting\n"},
		"timeout (connect): waiting\\n", "✗ web-01: timeout (connect): waiting\\n",
		"{\"outcome\": \"timeout\", \"success\": false, \"code\": \"timeout\", "
		"\"exit_code\": null, \"signal\": null, \"clock\": \"connect\", \"message\": "
		"\"timeout (connect): waiting\\\\n\"}"},
	{{.kind = OUTCOME_UNREACHABLE, .cause = CAUSE_AUTH_FAILED, .message = "no key\x1b[0m"},
		"unreachable: no key\\x1b[0m", "✗ web-01: unreachable: no key\\x1b[0m",
		"{\"outcome\": \"unreachable\", \"success\": false, \"code\": \"auth_failed\", "
		"\"exit_code\": null, \"signal\": null, \"clock\": null, \"message\": "
		"\"unreachable: no key\\\\x1b[0m\"}"},
	{{.kind = OUTCOME_UNREACHABLE}, "unreachable", "✗ web-01: unreachable",
		"{\"outcome\": \"unreachable\", \"success\": false, \"code\": \"unreachable\", "
		"\"exit_code\": null, \"signal\": null, \"clock\": null, \"message\": "
		"\"unreachable\"}"},
	{{.kind = OUTCOME_NOT_STARTED, .cause = CAUSE_INTERRUPTED},
		"not started: the run was interrupted",
		"- web-01: not started: the run was interrupted",
		"{\"outcome\": \"not_started\", \"success\": false, \"code\": \"interrupted\", "
		"\"exit_code\": null, \"signal\": null, \"clock\": null, \"message\": "
		"\"not started: the run was interrupted\"}"},
	/* The host would not, so it is marked as failed. */
	{{.kind = OUTCOME_NOT_STARTED, .cause = CAUSE_SUDO_FAILED}, "not started: sudo refused",
		"✗ web-01: not started: sudo refused",
		"{\"outcome\": \"not_started\", \"success\": false, \"code\": \"sudo_failed\", "
		"\"exit_code\": null, \"signal\": null, \"clock\": null, \"message\": "
		"\"not started: sudo refused\"}"},
	{{.kind = OUTCOME_EXIT, .exit_code = 1, .message = "no space is left"}, "no space is left",
		"✗ web-01: no space is left",
		"{\"outcome\": \"exit\", \"success\": false, \"code\": \"exit\", \"exit_code\": 1, "
		"\"signal\": null, \"clock\": null, \"message\": \"no space is left\"}"},
};

static void words(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct strbuf out = STRBUF_INIT;
		struct json_writer json;

		outcome_add_text(&out, &all[i].outcome);
		assert_string_equal(out.buf, all[i].text);
		strbuf_clear(&out);
		outcome_add_line(&out, false, str_of("web-01"), &all[i].outcome);
		assert_string_equal(out.buf, all[i].line);
		strbuf_clear(&out);
		json_writer_init(&json, &out, false);
		json_write_object_begin(&json);
		outcome_write_json(&json, &all[i].outcome);
		json_write_object_end(&json);
		assert_string_equal(out.buf, all[i].json);
		strbuf_release(&out);
	}
}

static void colours(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	outcome_add_line(&out, true, str_of("a\x1b"), &all[0].outcome);
	assert_string_equal(out.buf, "\x1b[32m✓\x1b[0m a\\x1b");
	strbuf_clear(&out);
	outcome_add_line(&out, true, str_of("a"), &all[1].outcome);
	assert_string_equal(out.buf, "\x1b[31m✗\x1b[0m a: \x1b[31mexit 3\x1b[0m");
	strbuf_release(&out);
}

static void made(void **state)
{
	(void)state;
	assert_int_equal(outcome_exit(0).kind, OUTCOME_OK);
	assert_int_equal(outcome_exit(255).kind, OUTCOME_EXIT);
	assert_int_equal(outcome_exit(300).exit_code, 300);
	assert_string_equal(outcome_signal("SIGKILL").signal, "KILL");
	assert_string_equal(outcome_signal("RTMIN+1").signal, "RTMIN+1");
	assert_string_equal(outcome_signal("ABCDEFGHIJKLMNOPQRS").signal, "ABCDEFGHIJKLMNOP");
	assert_string_equal(outcome_signal("").signal, "");
}

static void ledger(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct stored_run_host host = {.name = "x"};
		struct outcome back;
		struct strbuf out = STRBUF_INIT;

		outcome_store(&all[i].outcome, &host);
		assert_int_equal(host.outcome, all[i].outcome.kind);
		back = outcome_stored(&host);
		outcome_add_text(&out, &back);
		assert_string_equal(out.buf, all[i].text);
		assert_int_equal(back.cause, all[i].outcome.cause);
		strbuf_release(&out);
	}
	/* Of somebody else. */
	assert_int_equal(
		outcome_stored(&(struct stored_run_host){.outcome = 77}).kind, OUTCOME_NOT_STARTED);
	assert_int_equal(
		outcome_stored(&(struct stored_run_host){.outcome = -1}).kind, OUTCOME_NOT_STARTED);
	assert_int_equal(
		outcome_stored(&(struct stored_run_host){.outcome = OUTCOME_TIMEOUT, .detail = 9})
			.clock,
		CLOCK_TOTAL);
	assert_int_equal(outcome_stored(&(struct stored_run_host){
						.outcome = OUTCOME_UNREACHABLE, .detail = 999})
				 .cause,
		CAUSE_NONE);
	assert_string_equal(
		outcome_stored(&(struct stored_run_host){.outcome = OUTCOME_SIGNAL}).signal, "");
}

/* The numbers are in databases. */
static void numbers(void **state)
{
	(void)state;
	assert_int_equal(OUTCOME_OK, 0);
	assert_int_equal(OUTCOME_NOT_STARTED, 5);
	assert_int_equal(CLOCK_TOTAL, 2);
	assert_int_equal(CAUSE_AUTH_FAILED, 9);
	assert_int_equal(CAUSE_LOCAL_ERROR, 17);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(outcome_clock_name(CLOCK_CONNECT), "connect");
	assert_null(outcome_cause_name(CAUSE_NONE));
	for (int cause = CAUSE_NONE + 1; cause < CAUSE_MAX; cause++) {
		assert_true(strlen(outcome_cause_name((enum outcome_cause)cause)) > 3);
	}
}

static void parses(void **state)
{
	static const struct {
		const char *text;
		unsigned kinds; /* 0: refused */
	} cases[] = {
		{"ok", 1 << OUTCOME_OK},
		{"unreachable,timeout", 1 << OUTCOME_UNREACHABLE | 1 << OUTCOME_TIMEOUT},
		{" not-started , Exit", 1 << OUTCOME_NOT_STARTED | 1 << OUTCOME_EXIT},
		{"not_started", 1 << OUTCOME_NOT_STARTED},
		{"failed", 0x3e},
		{"signal,signal", 1 << OUTCOME_SIGNAL},
		{"", 0},
		{"ok,", 0},
		{"oks", 0},
		{"not started", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		unsigned kinds = 0;
		int got = outcome_kinds_parse(str_of(cases[i].text), &kinds, &err);

		assert_int_equal(got, cases[i].kinds ? 0 : -1);
		assert_int_equal(kinds, cases[i].kinds);
		assert_true(got == 0 || strstr(err.msg, "is none of ok, exit, signal"));
	}
}

static void runs(void **state)
{
	static const struct {
		size_t ok, exits, lost;
		enum outcome_run_end end;
		enum exit_code exit_code;
		const char *summary, *others, *json;
	} cases[] = {
		{20, 0, 0, RUN_COMPLETE, EXIT_CODE_OK, "20/20 servers responded successfully", "",
			"{\"total\": 20, \"ok\": 20, \"exit\": 0, \"signal\": 0, \"timeout\": 0, "
			"\"unreachable\": 0, \"not_started\": 0}"},
		{18, 1, 1, RUN_COMPLETE, EXIT_CODE_FAILED, "18/20 servers responded successfully",
			"1 exit, 1 not started",
			"{\"total\": 20, \"ok\": 18, \"exit\": 1, \"signal\": 0, \"timeout\": 0, "
			"\"unreachable\": 0, \"not_started\": 1}"},
		{1, 0, 1, RUN_INTERRUPTED, EXIT_CODE_INTERRUPTED,
			"1/2 servers responded successfully", "1 not started", NULL},
		{1, 0, 1, RUN_TERMINATED, EXIT_CODE_TERMINATED,
			"1/2 servers responded successfully", "1 not started", NULL},
		{1, 0, 1, RUN_DEADLINE, EXIT_CODE_DEADLINE, "1/2 servers responded successfully",
			"1 not started", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct outcome_counts counts = {0};
		struct strbuf out = STRBUF_INIT;
		struct json_writer json;

		for (size_t n = 0; n < cases[i].ok; n++) {
			outcome_count(&counts, &all[0].outcome);
		}
		for (size_t n = 0; n < cases[i].exits; n++) {
			outcome_count(&counts, &all[1].outcome);
		}
		for (size_t n = 0; n < cases[i].lost; n++) {
			outcome_count(&counts, &all[7].outcome);
		}
		assert_int_equal(outcome_exit_code(&counts, cases[i].end), cases[i].exit_code);
		outcome_add_summary(&out, &counts);
		assert_string_equal(out.buf, cases[i].summary);
		strbuf_clear(&out);
		outcome_add_others(&out, &counts);
		assert_string_equal(out.buf, cases[i].others);
		strbuf_clear(&out);
		json_writer_init(&json, &out, false);
		outcome_write_counts(&json, &counts);
		assert_true(!cases[i].json || strcmp(out.buf, cases[i].json) == 0);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(colours),
		cmocka_unit_test(made),
		cmocka_unit_test(ledger),
		cmocka_unit_test(numbers),
		cmocka_unit_test(names),
		cmocka_unit_test(parses),
		cmocka_unit_test(runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
