/*
 * The verbs of all subcommands keep what their structs promise; and what goes with one.
 */
#include <string.h>

#include "cmd/cmd_fixture.h"
#include "cmd/verbs.h"

static const struct cmd *const commands[] = {&cmd_alert, &cmd_config, &cmd_fleet};

static bool has_row(const struct cmd *cmd, struct str name)
{
	for (const struct option_set *set = cmd->doc.sets; set->rows; set++) {
		if (set->rows != common_rows && option_find(set->rows, name)) {
			return true;
		}
	}
	return false;
}

struct row_of {
	const struct cmd *cmd;
	const char *name;
};

static const struct option_row *find_row(const struct row_of *of)
{
	for (const struct option_set *set = of->cmd->doc.sets; set->rows; set++) {
		const struct option_row *row = option_find(set->rows, str_of(of->name));

		if (row) {
			return row;
		}
	}
	return NULL;
}

static bool is_among(const char *const *words, const char *word)
{
	for (; *words; words++) {
		if (strcmp(*words, word) == 0) {
			return true;
		}
	}
	return false;
}

/* What a verb says of a flag is of one that it takes; it takes no more than the flag does. */
static void check_own_rows(const struct cmd *cmd, const struct verb *verb)
{
	for (const struct doc_verb_row *own = verb->doc.own; own && own->name; own++) {
		const struct option_row *row = find_row(&(struct row_of){cmd, own->name});

		if (!row || !doc_verb_takes(&cmd->doc, &verb->doc, row)) {
			fail_msg("%s %s: has no flag '%s'", cmd->doc.name, verb->doc.name,
				own->name);
		}
		for (size_t i = 0; own->choices && own->choices[i]; i++) {
			assert_true(is_among(row->choices, own->choices[i]));
		}
		assert_true(!own->choices || !row->def || is_among(own->choices, row->def));
	}
}

static void check_verb_rows(const struct cmd *cmd, const struct verb *verb)
{
	struct str rest = str_of(verb->doc.flags), flag;

	while (str_word(&rest, &flag)) {
		if (!has_row(cmd, flag)) {
			fail_msg("%s %s: no flag '%.*s'", cmd->doc.name, verb->doc.name,
				(int)flag.len, flag.ptr);
		}
	}
	check_own_rows(cmd, verb);
	assert_non_null(verb->run);
	assert_true(strlen(verb->doc.summary) > 0);
	if (verb->doc.name) {
		assert_non_null(verb->doc.examples);
		assert_true(verb->args_min == 0 || verb->doc.arguments);
		assert_true(verb->args_max == VERB_ARGS_ANY || verb->args_max >= verb->args_min);
		assert_string_equal(verb_suggest(cmd, verb->doc.name), verb->doc.name);
	}
	assert_ptr_equal(verb_find(cmd, verb->doc.name), verb);
}

static bool is_taken(const struct cmd *cmd, const struct option_row *row)
{
	for (const struct doc_verb *const *v = cmd->doc.verbs; *v; v++) {
		if (doc_verb_takes(&cmd->doc, *v, row)) {
			return true;
		}
	}
	return false;
}

static void tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct cmd *cmd = commands[i];

		for (const struct doc_verb *const *v = cmd->doc.verbs; *v; v++) {
			check_verb_rows(cmd, verb_find(cmd, (*v)->name));
		}
		for (const struct option_set *set = cmd->doc.sets; set->rows; set++) {
			for (const struct option_row *row = set->rows; row->name; row++) {
				assert_true(is_taken(cmd, row)); /* else nobody could give it */
			}
		}
		assert_null(verb_find(cmd, "nonsense"));
		assert_null(verb_suggest(cmd, "nonsense"));
	}
	assert_null(verb_find(&cmd_check, "list"));
	assert_null(verb_suggest(&cmd_check, "list"));
}

static void values_that_go_with_one(void **state)
{
	static const struct {
		const struct cmd *cmd;
		const char *verb;
		const char *argv[6];
		const char *told; /* NULL: it goes */
	} cases[] = {
		{&cmd_fleet, "last", {"fleet", "last", "-o", "csv"}, NULL},
		{&cmd_fleet, "last", {"fleet", "-o", "csv", "last"}, NULL},
		{&cmd_fleet, "last", {"fleet", "last", "-o", "junit"},
			"option '-o': 'junit' is not one of text, json, csv"},
		{&cmd_fleet, "last", {"fleet", "--output=xml", "last"},
			"option '--output': 'xml' is not one of text, json, csv"},
		{&cmd_fleet, "retry", {"fleet", "retry", "-o", "junit"}, NULL},
		{&cmd_fleet, NULL, {"fleet", "uptime", "-o", "junit"}, NULL},
		{&cmd_alert, "list", {"alert", "list", "-o", "csv", "-v"}, NULL},
		{&cmd_alert, "why", {"alert", "why", "-vo", "csv"},
			"option '-o': 'csv' is not one of text, json"},
		{&cmd_alert, NULL, {"alert", "-o", "csv"},
			"option '-o': 'csv' is not one of text, json"},
		{&cmd_config, "show", {"config", "show", "-o", "json"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cmd_run run = {.cmd = cases[i].cmd, .argv = cases[i].argv};
		struct err err = {0};

		while (run.argv[run.argc]) {
			run.argc++;
		}
		assert_int_equal(
			verb_read_line(&run, doc_verb_find(&run.cmd->doc, cases[i].verb), &err),
			cases[i].told ? -1 : 0);
		assert_string_equal(err.msg, cases[i].told ? cases[i].told : "");
	}
}

static void where_it_is_explained(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	verb_add_see(&cmd_fleet, doc_verb_find(&cmd_fleet.doc, "last"), &out);
	assert_string_equal(out.buf, "see sre-toolkit fleet last --help");
	strbuf_clear(&out);
	verb_add_see(&cmd_fleet, doc_verb_find(&cmd_fleet.doc, NULL), &out);
	assert_string_equal(out.buf, "see sre-toolkit fleet --help");
	strbuf_clear(&out);
	verb_add_see(&cmd_check, NULL, &out);
	assert_string_equal(out.buf, "see sre-toolkit check --help");
}

static void what_goes_with_one(void **state)
{
	static const struct {
		const struct cmd *cmd;
		const char *verb, *flag;
		size_t args_count;
		const char *hint;
		int exit_code;
		const char *told; /* the whole of it */
	} cases[] = {
		{&cmd_fleet, "last", "limit", 0, NULL, 0, ""},
		{&cmd_fleet, "last", "verbose", 0, NULL, 0, ""},
		{&cmd_fleet, "diff", NULL, 2, NULL, 0, ""},
		{&cmd_fleet, NULL, "hosts", 9, NULL, 0, ""},
		{&cmd_fleet, "last", "hosts", 0, NULL, 2,
			"sre-toolkit fleet: --hosts does not go with last\n"},
		{&cmd_fleet, "last", "max_hosts", 0, "; do this", 2,
			"sre-toolkit fleet: --max-hosts does not go with last; do this\n"},
		{&cmd_fleet, NULL, "limit", 1, "; do this", 2,
			"sre-toolkit fleet: --limit does not go with running a command\n"},
		{&cmd_fleet, "diff", NULL, 1, NULL, 2,
			"sre-toolkit fleet: write sre-toolkit fleet diff ID1 ID2\n"},
		{&cmd_fleet, "diff", NULL, 3, NULL, 2,
			"sre-toolkit fleet: diff: one argument too many: 'c'\n"},
		{&cmd_alert, NULL, "dead", 0, NULL, 2,
			"sre-toolkit alert: --dead does not go with sending an alert\n"},
		{&cmd_alert, "test", NULL, 9, NULL, 0, ""},
		{&cmd_config, "schema", "output", 0, NULL, 2,
			"sre-toolkit config: --output does not go with schema\n"},
	};
	static const char *const args[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct common_opts common = {0};
		const struct option_row *given =
			cases[i].flag ? find_row(&(struct row_of){cases[i].cmd, cases[i].flag})
				      : NULL;
		struct command_line line = {.given = &given, .given_count = given ? 1 : 0};
		const struct cmd_run run = {.cmd = cases[i].cmd, .common = &common, .line = &line};
		const struct verb_call call = {
			verb_find(cases[i].cmd, cases[i].verb), args, cases[i].args_count};
		int saved = redirect(STDERR_FILENO, "err");

		f->exit_code = verb_check(&run, &call, cases[i].hint);
		restore(STDERR_FILENO, saved);
		read_text("err", &f->err);
		assert_exit(f, cases[i].exit_code);
		assert_string_equal(f->err.buf, cases[i].told);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(values_that_go_with_one),
		cmocka_unit_test(where_it_is_explained),
		cmd_test(what_goes_with_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
