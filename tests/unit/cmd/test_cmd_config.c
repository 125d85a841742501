/*
 * `config`: its verbs over good, bad and missing configurations.
 */
#include <jansson.h>

#include "cmd/cmd_fixture.h"

static const char good[] = "defaults: {timeout: 3s}\n"
			   "checks:\n"
			   "  - {name: web, http: 'http://me:secret@x/'}\n"
			   "  - {name: db, tcp: 'db:5432'}\n"
			   "  - {http: 'http://y/', bearer_token: hunter2}\n";

static json_t *load(const struct strbuf *text)
{
	json_t *document = json_loadb(text->buf, text->len, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(document);
	return document;
}

static void check_says_whether_it_is_right(void **state)
{
	// clang-format off
	static const struct {
		const char *yaml; /* NULL: there is no file */
		int exit_code;
		const char *out, *err;
	} cases[] = {
		{"checks: [{tcp: 'x:1'}]\n", 0, "c.yaml: configuration OK, 1 check\n", ""},
		{"checks: [{tcp: 'x:1'}, {tcp: 'x:2'}]\n", 0, "c.yaml: configuration OK, 2 checks\n", ""},
		{"{}\n", 0, "c.yaml: configuration OK, 0 checks\n", ""},
		{"alerts: {receivers: [{log: auto}]}\n", 0, "c.yaml: configuration OK, 0 checks\n", ""},
		{"alerts: {slack_webhook: 'http://x/'}\n", 0, "c.yaml: configuration OK, 0 checks, 1 receiver of alerts\n", ""},
		{"chekcs: []\n", 2, "", "sre-toolkit: c.yaml:1:1: unknown key 'chekcs'; did you mean 'checks'?\n"},
		{"checks: [{tcp: 'x'}, {http: 'y'}]\n", 2, "",
		 "sre-toolkit: c.yaml:1:10: checks[0]: no port in 'tcp://x'\n"
		 "sre-toolkit: c.yaml:1:22: checks[1]: no scheme (like \"http://\") in 'y'\n"},
		{NULL, 2, "", "sre-toolkit: "},
	};
	// clang-format on
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)unlink("c.yaml");
		if (cases[i].yaml) {
			write_text("c.yaml", cases[i].yaml);
		}
		cmd_run(f, &cmd_config, &(struct cmd_args){{"check", "--config", "c.yaml"}});
		assert_exit(f, cases[i].exit_code);
		assert_string_equal(f->out.buf, cases[i].out);
		if (cases[i].yaml) {
			assert_string_equal(f->err.buf, cases[i].err);
		} else {
			assert_said(&f->err, "'c.yaml'");
		}
	}
}

/* That there is none is an error for `check`; `show` has defaults to show. */
static void no_configuration_at_all(void **state)
{
	struct cmd_fixture *f = *state;

	cmd_run(f, &cmd_config, &(struct cmd_args){{"check"}});
	assert_exit(f, 2);
	assert_said(&f->err, "sre-toolkit config: there is no configuration (looked at ");
	cmd_run(f, &cmd_config, &(struct cmd_args){{"show"}});
	assert_exit(f, 0);
	assert_true(str_starts(strbuf_str(&f->out), "# no configuration file; all defaults\n"));
	assert_said(&f->out, "defaults.timeout: 10s");
}

static void show_says_where_each_value_is_from(void **state)
{
	static const char *const lines[] = {"# c.yaml\n",
		"\ndefaults.timeout: 3s                              # c.yaml:1:21\n",
		"\ndefaults.attempts: 1                              # default\n",
		"\nchecks[1].tcp: db:5432                            # c.yaml:4:21\n",
		"\nchecks[2].bearer_token: ***  "};
	struct cmd_fixture *f = *state;

	write_text("c.yaml", good);
	cmd_run(f, &cmd_config, &(struct cmd_args){{"show", "-c", "c.yaml"}});
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		assert_said(&f->out, lines[i]);
	}
	assert_null(strstr(f->out.buf, "hunter2"));
	assert_null(strstr(f->out.buf, "secret"));
}

static void show_as_json(void **state)
{
	struct cmd_fixture *f = *state;
	json_t *document;
	const json_t *values;
	bool is_seen = false;

	write_text("c.yaml", good);
	cmd_run(f, &cmd_config, &(struct cmd_args){{"show", "-c", "c.yaml", "-o", "json"}});
	assert_exit(f, 0);
	document = load(&f->out);
	assert_int_equal(json_integer_value(json_object_get(document, "schema")), 1);
	assert_string_equal(json_string_value(json_object_get(document, "file")), "c.yaml");
	values = json_object_get(document, "values");
	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *value = json_array_get(values, i);

		if (strcmp(json_string_value(json_object_get(value, "path")), "defaults.timeout") ==
			0) {
			is_seen = true;
			assert_string_equal(
				json_string_value(json_object_get(value, "value")), "3s");
			assert_string_equal(
				json_string_value(json_object_get(value, "origin")), "c.yaml:1:21");
		}
	}
	assert_true(is_seen);
	assert_null(strstr(f->out.buf, "hunter2"));
	json_decref(document);
}

/* Whatever stands in a value, a terminal shows it as it is. */
static void show_is_safe(void **state)
{
	struct cmd_fixture *f = *state;

	write_text("c.yaml", "checks: [{name: \"a\\e[2J\\nb\", tcp: 'x:1'}]\n");
	cmd_run(f, &cmd_config, &(struct cmd_args){{"show", "-c", "c.yaml"}});
	assert_exit(f, 0);
	assert_null(strchr(f->out.buf, '\x1b'));
	assert_said(&f->out, "checks[0].name: a\\x1b[2J\\nb ");
}

static void schema_is_a_schema(void **state)
{
	struct cmd_fixture *f = *state;
	json_t *document;

	cmd_run(f, &cmd_config, &(struct cmd_args){{"schema"}});
	assert_exit(f, 0);
	document = load(&f->out);
	assert_non_null(json_object_get(document, "$schema"));
	assert_non_null(json_object_get(json_object_get(document, "properties"), "checks"));
	json_decref(document);

	cmd_run(f, &cmd_config, &(struct cmd_args){{"schema", "--output-file", "results"}});
	assert_exit(f, 0);
	assert_string_equal(f->out.buf, "");
	read_text("results", &f->out);
	json_decref(load(&f->out));
}

static void other_verbs_are_none(void **state)
{
	static const struct {
		struct cmd_args args;
		const char *err;
	} cases[] = {
		{{{0}}, "sre-toolkit config: write sre-toolkit config check, show or schema\n"},
		{{{"chekc"}}, "sre-toolkit config: unknown verb 'chekc'; did you mean 'check'?\n"},
		{{{"zzzzz"}}, "sre-toolkit config: write sre-toolkit config check, show or "
			      "schema\n"},
		{{{"check", "show"}}, "sre-toolkit config: write sre-toolkit config check, show or "
				      "schema\n"},
	};
	struct cmd_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cmd_run(f, &cmd_config, &cases[i].args);
		assert_exit(f, 2);
		assert_string_equal(f->err.buf, cases[i].err);
		assert_string_equal(f->out.buf, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(check_says_whether_it_is_right),
		cmd_test(no_configuration_at_all),
		cmd_test(show_says_where_each_value_is_from),
		cmd_test(show_as_json),
		cmd_test(show_is_safe),
		cmd_test(schema_is_a_schema),
		cmd_test(other_verbs_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
