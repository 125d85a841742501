/*
 * The course of `check`: its exit codes, where its output goes, and how it is stopped.  Plugins of
 * one line stand for targets.
 */
#include <jansson.h>

#include "cmd/cmd_fixture.h"

static void the_exit_code_says_how_it_is(void **state)
{
	static const struct {
		struct cmd_args args;
		int exit_code;
	} cases[] = {
		{{{"exec:true"}}, 0},
		{{{"exec:sh -c 'exit 1'"}}, 0}, /* a warning is healthy ... */
		{{{"exec:sh -c 'exit 1'", "--fail-on", "warning"}}, 1}, /* ... unless one says so */
		{{{"exec:sh -c 'exit 2'"}}, 1},
		{{{"exec:sh -c 'exit 3'"}}, 1},
		{{{"exec:sh -c 'exit 99'"}}, 1},
		{{{"exec:true", "exec:sh -c 'exit 2'", "exec:echo"}}, 1},
		{{{"exec:/nowhere"}}, 1},
		{{{"-o", "nagios", "exec:true"}}, 0},
		{{{"-o", "nagios", "exec:sh -c 'exit 1'"}}, 1},
		{{{"-o", "nagios", "exec:sh -c 'exit 2'"}}, 2},
		{{{"-o", "nagios", "exec:sh -c 'exit 3'"}}, 3},
		{{{"-o", "nagios", "exec:sh -c 'exit 3'", "exec:sh -c 'exit 1'"}}, 3},
	};
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cmd_run(f, &cmd_check, &cases[i].args);
		assert_exit(f, cases[i].exit_code);
		assert_string_equal(f->err.buf, "");
	}
}

static void wrong_usage_does_nothing(void **state)
{
	// clang-format off
	static const struct {
		struct cmd_args args;
		const char *says;
	} cases[] = {
		{{{0}}, "sre-toolkit check: nothing to check: give a target "},
		{{{"htps://x/"}}, "sre-toolkit check: unknown scheme 'htps:' in 'htps://x/'; did you mean 'https:'?\n"},
		{{{"local"}}, "sre-toolkit check: no check is called 'local'; "},
		{{{"--", "-web-01"}}, "sre-toolkit check: "},
		{{{"web 01;reboot"}}, "sre-toolkit check: "},
		{{{"ssh://-oProxyCommand=x"}}, "sre-toolkit check: "},
		{{{"ssh://-x@web-01"}}, "sre-toolkit check: "},
		{{{"tcp://x:1", "--set", "exepct=x"}}, "no setting 'exepct'; did you mean 'expect'?\n"},
		{{{"tcp://x:1", "--warning", "total=1"}}, "kind 'tcp' measures no 'total'; did you mean 'total_seconds'?\n"},
		{{{"tcp://x:1", "--resolver", "nonsense"}}, "sre-toolkit check: --resolver: 'nonsense' is no name server's address\n"},
		{{{"tcp://x:1", "--config", "/nowhere"}}, "/nowhere"},
	};
	// clang-format on
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cmd_run(f, &cmd_check, &cases[i].args);
		assert_exit(f, 2);
		assert_said(&f->err, cases[i].says);
		assert_string_equal(f->out.buf, "");
	}
}

static void output_goes_where_it_is_told(void **state)
{
	struct cmd_fixture *f = *state;
	struct strbuf file = STRBUF_INIT;
	json_t *document;

	cmd_run(f, &cmd_check, &(struct cmd_args){{"exec:echo fine"}});
	assert_true(str_ends(strbuf_str(&f->out), "  ok  fine\n"));

	cmd_run(f, &cmd_check,
		&(struct cmd_args){{"-o", "json", "--output-file", "results", "exec:echo fine",
			"exec:sh -c 'exit 2'"}});
	assert_exit(f, 1);
	assert_string_equal(f->out.buf, "");
	read_text("results", &file);
	document = json_loadb(file.buf, file.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(document);
	assert_int_equal(json_array_size(json_object_get(document, "results")), 2);
	json_decref(document);
	strbuf_release(&file);

	/* Each as it comes: two lines, whatever their order. */
	cmd_run(f, &cmd_check,
		&(struct cmd_args){{"-o", "jsonl", "exec:echo fine", "exec:echo good"}});
	assert_said(&f->out, "\"message\": \"fine\"");
	assert_said(&f->out, "\"message\": \"good\"");

	cmd_run(f, &cmd_check,
		&(struct cmd_args){{"--output-file", "/nowhere/results", "exec:true"}});
	assert_exit(f, 1);
	assert_said(&f->err, "/nowhere/results");
}

static void failures_are_tried_again(void **state)
{
	static const char plugin[] = "exec:sh -c 'test -e seen && exit 0; : > seen; exit 2'";
	struct cmd_fixture *f = *state;

	cmd_run(f, &cmd_check,
		&(struct cmd_args){{plugin, "--attempts", "3", "--attempt-pause", "1ms"}});
	assert_exit(f, 0);
	assert_said(&f->out, "(attempt 2)");
}

static void the_deadline_ends_all(void **state)
{
	struct cmd_fixture *f = *state;

	cmd_run(f, &cmd_check,
		&(struct cmd_args){{"exec:sleep 60", "exec:sleep 61", "exec:echo fine",
			"--deadline", "300ms", "--workers", "2"}});
	assert_exit(f, 124);
	assert_said(&f->out, "exec:sleep 60");
	assert_said(&f->out, "the deadline of the run passed while ");
	assert_said(&f->out, "not started: the deadline of the run passed");
	assert_said(&f->out, "0 of 3 healthy in ");
}

/* What was measured is printed. */
static void signals_stop_it(void **state)
{
	static const struct {
		const char *plugin;
		int exit_code;
		const char *says;
	} cases[] = {
		{"exec:sh -c 'kill -INT $PPID; sleep 60'", 130, "interrupted while "},
		{"exec:sh -c 'kill -TERM $PPID; sleep 60'", 143, "terminated while "},
	};
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cmd_run(f, &cmd_check, &(struct cmd_args){{cases[i].plugin}});
		assert_exit(f, cases[i].exit_code);
		assert_said(&f->out, cases[i].says);
	}
}

static void watching_repeats(void **state)
{
	static const char plugin[] = "exec:sh -c 'echo x >> seen; echo run `wc -l < seen`;"
				     " test `wc -l < seen` -lt 3 || kill -INT $PPID'";
	struct cmd_fixture *f = *state;

	cmd_run(f, &cmd_check, &(struct cmd_args){{plugin, "--watch", "--interval", "100ms"}});
	assert_exit(f, 130);
	assert_said(&f->out, "run 1\n");
	assert_said(&f->out, "run 2\n");
}

static void configured_checks_can_be_chosen(void **state)
{
	static const struct {
		struct cmd_args args;
		const char *expected; /* messages in order */
	} cases[] = {
		{{{0}}, "one two three "},
		{{{"--tag", "a"}}, "one two "},
		{{{"--name", "t*"}}, "two three "},
		{{{"--tag", "a", "--name", "t*"}}, "two "},
		{{{"three", "one"}}, "three one "},
	};
	struct cmd_fixture *f = *state;

	write_text("sre-toolkit.yaml", "checks:\n"
				       "  - {name: one, exec: echo one, tags: a}\n"
				       "  - {name: two, exec: echo two, tags: [a, b]}\n"
				       "  - {name: three, exec: echo three}\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cmd_args args = {{"-o", "json"}};
		struct strbuf messages = STRBUF_INIT;
		json_t *document;
		json_t *results;

		for (size_t k = 0; cases[i].args.of[k]; k++) {
			args.of[2 + k] = cases[i].args.of[k];
		}
		cmd_run(f, &cmd_check, &args);
		assert_exit(f, 0);
		document = json_loadb(f->out.buf, f->out.len, 0, NULL);
		assert_non_null(document);
		results = json_object_get(document, "results");
		for (size_t k = 0; k < json_array_size(results); k++) {
			strbuf_addf(&messages, "%s ",
				json_string_value(
					json_object_get(json_array_get(results, k), "message")));
		}
		assert_string_equal(messages.buf, cases[i].expected);
		strbuf_release(&messages);
		json_decref(document);
	}

	cmd_run(f, &cmd_check, &(struct cmd_args){{"--tag", "c"}});
	assert_exit(f, 2);
	assert_said(&f->err, "matches none of the 3 configured checks");
}

static void the_run_report_has_what_is_not_well(void **state)
{
	struct cmd_fixture *f = *state;

	cmd_run(f, &cmd_check,
		&(struct cmd_args){{"exec:echo fine", "exec:sh -c 'echo full; exit 2'",
			"exec:sh -c 'echo slow; exit 1'"}});
	assert_exit(f, 1);
	assert_said(&f->report, "exec:sh -c 'echo full; exit 2': full");
	assert_said(&f->report, "exec:sh -c 'echo slow; exit 1': slow");
	assert_null(strstr(f->report.buf, "fine"));
	assert_said(&f->report, "\"exit_code\": 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(the_exit_code_says_how_it_is),
		cmd_test(wrong_usage_does_nothing),
		cmd_test(output_goes_where_it_is_told),
		cmd_test(failures_are_tried_again),
		cmd_test(the_deadline_ends_all),
		cmd_test(signals_stop_it),
		cmd_test(watching_repeats),
		cmd_test(configured_checks_can_be_chosen),
		cmd_test(the_run_report_has_what_is_not_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
