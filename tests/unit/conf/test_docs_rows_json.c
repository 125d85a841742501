/*
 * Rows as JSON, as another reader takes it.
 */
#include <jansson.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static json_t *document;

static int setup(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_add_rows_json(&docs_fixture_program, &out);
	document = json_loads(out.buf, JSON_REJECT_DUPLICATES, NULL);
	return document ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(document);
	return 0;
}

/* "tcp,send" */
static void add_kinds(json_t *row, struct strbuf *out)
{
	size_t i;
	json_t *kind;

	json_array_foreach(json_object_get(row, "kinds"), i, kind)
	{
		strbuf_addf(out, "%s%s", i ? "," : "", json_string_value(kind));
	}
}

/* The row of a command or, where command is "", of the configuration. */
static json_t *find_row(const char *command, const char *kinds, const char *path)
{
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(document, "rows"), i, row)
	{
		_cleanup_(strbuf_release) struct strbuf row_kinds = STRBUF_INIT;
		const char *row_command = json_string_value(json_object_get(row, "command"));
		const char *row_path = json_string_value(json_object_get(row, "path"));

		add_kinds(row, &row_kinds);
		if (strcmp(row_path, path) == 0 && strcmp(row_kinds.buf, kinds) == 0 &&
			strcmp(row_command ? row_command : "", command) == 0) {
			return row;
		}
	}
	return NULL;
}

static void test_rows(void **state)
{
	static const struct {
		const char *command, *kinds, *path;
		const char *expected; /* a part of the row; NULL: it is not there */
	} cases[] = {
		{"check", "", "--timeout",
			"{'place': 'flag', 'heading': 'Options', 'name': 'timeout', 'letter': 't', "
			"'shape': 'one', 'type': 'duration', 'placeholder': 'DURATION', 'default': "
			"'10s', 'min': 1, 'max': 3600000, 'range': '1ms to 1h', 'choices': null, "
			"'flags': [], 'is_switch': false}"},
		{"check", "", "--tag",
			"{'shape': 'list', 'letter': '', 'placeholder': 'TAG', 'min': null}"},
		{"check", "", "--fail-on", "{'choices': ['never', 'warning', 'critical']}"},
		{"check", "", "--follow", "{'is_switch': true, 'is_on_by_default': true}"},
		{"check", "", "--attempts", "{'flags': ['deprecated'], 'instead': 'retries'}"},
		{"check", "", "--trace", "{'flags': ['hidden']}"},
		{"check", "", "--token", "{'flags': ['secret', 'required']}"},
		{"check", "", "--body-max", "{'since': '0.2'}"},
		{"check", "", "--greeting", NULL},
		{"config", "", "--timeout", "{'heading': 'Common options', 'letter': ''}"},
		{"", "", "store",
			"{'place': 'key', 'command': null, 'heading': null, 'type': 'path'}"},
		{"", "", "ssh", "{'shape': 'section', 'type': null, 'placeholder': null}"},
		{"", "", "ssh.jump.host", "{'flags': ['required']}"},
		{"", "", "groups", "{'shape': 'map_list'}"},
		{"", "", "checks", "{'shape': 'variants'}"},
		{"", "", "checks[].name", "{'kinds': []}"},
		{"", "http", "checks[].http", "{'kinds': ['http'], 'flags': ['variant_key']}"},
		{"", "http", "checks[].expect.status", "{'shape': 'list', 'default': '200, 204'}"},
		{"", "exec", "checks[].method", NULL},
		{"", "tcp", "checks[].dialogue", "{'shape': 'variants'}"},
		{"", "tcp,send", "checks[].dialogue[].send", "{'kinds': ['tcp', 'send']}"},
		{"", "", "alerts.routes", "{'shape': 'section_list', 'type': null}"},
		{"", "", "alerts.routes[].receiver", "{'kinds': [], 'flags': ['required']}"},
		{"", "send", "alerts.receivers[].send", "{'kinds': ['send']}"},
		{"", "", "only_flag", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *row = find_row(cases[i].command, cases[i].kinds, cases[i].path);
		json_t *expected;
		json_t *value;
		const char *key;
		char text[512];

		assert_int_equal(row != NULL, cases[i].expected != NULL);
		if (!row) {
			continue;
		}
		(void)snprintf(text, sizeof(text), "%s", cases[i].expected);
		for (char *c = text; *c; c++) {
			*c = *c == '\'' ? '"' : *c;
		}
		expected = json_loads(text, 0, NULL);
		assert_non_null(expected);
		json_object_foreach(expected, key, value)
		{
			if (!json_equal(json_object_get(row, key), value)) {
				fail_msg("%s: %s", cases[i].path, key);
			}
		}
		json_decref(expected);
	}
}

static void test_flags_of_later_sets_are_left_out(void **state)
{
	size_t i;
	json_t *row;
	int count = 0;

	(void)state;
	json_array_foreach(json_object_get(document, "rows"), i, row)
	{
		count += strcmp(json_string_value(json_object_get(row, "path")), "--timeout") == 0;
	}
	assert_int_equal(count, 3); /* one for each command */
}

static void test_commands(void **state)
{
	json_t *commands = json_object_get(document, "commands");
	json_t *check = json_array_get(commands, 0);
	json_t *logs = json_array_get(commands, 2);

	(void)state;
	assert_int_equal(json_array_size(commands), 3);
	assert_string_equal(json_string_value(json_object_get(check, "name")), "check");
	assert_int_equal(json_array_size(json_object_get(check, "examples")), 2);
	assert_int_equal(json_array_size(json_object_get(check, "argument_words")), 4);
	assert_true(json_is_null(json_object_get(logs, "argument_words")));
	assert_int_equal(json_array_size(json_object_get(logs, "examples")), 0);
	assert_string_equal(json_string_value(json_object_get(document, "program")), "demo-tool");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_flags_of_later_sets_are_left_out),
		cmocka_unit_test(test_commands),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
