/*
 * Which verbs a command has, and which flags go with each.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static const struct doc_command *command_called(const char *name)
{
	const struct doc_command *const *c = docs_fixture_program.commands;

	while (strcmp((*c)->name, name) != 0) {
		c++;
	}
	return *c;
}

static const struct option_row *row_called(const struct doc_command *command, const char *name)
{
	const struct option_row *row = NULL;

	for (const struct option_set *set = command->sets; set->rows && !row; set++) {
		row = option_find(set->rows, str_of(name));
	}
	assert_non_null(row);
	return row;
}

static void found_by_name(void **state)
{
	const struct doc_command *config = command_called("config");

	(void)state;
	assert_string_equal(doc_verb_find(config, "show")->summary, "all that it says");
	assert_string_equal(doc_verb_find(config, NULL)->summary, "looking at it");
	assert_null(doc_verb_find(config, "sho"));
	assert_null(doc_verb_find(config, ""));
	assert_null(doc_verb_find(command_called("logs"), "show"));
	assert_null(doc_verb_find(command_called("logs"), NULL));
}

static void flags_of_verbs(void **state)
{
	static const struct {
		const char *verb, *flag;
		bool goes;
	} cases[] = {
		{NULL, "deep", true},
		{NULL, "format", false},
		{"show", "deep", false},
		{"show", "format", true},
		{"show", "into", true},
		{"schema", "into", true},
		{"schema", "format", true},
		{"schema", "verbose", true}, /* of the last set */
		{NULL, "verbose", true},
	};
	const struct doc_command *config = command_called("config");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(doc_verb_takes(config, doc_verb_find(config, cases[i].verb),
					 row_called(config, cases[i].flag)),
			cases[i].goes);
	}
}

static void said_of_flags(void **state)
{
	static const struct {
		const char *command, *flag, *facts;
	} cases[] = {
		{"config", "deep", ""}, /* goes without a verb, too */
		{"config", "format", "default table; fewer with some verbs; with show, schema"},
		{"config", "into", "with show, schema"},
		{"config", "verbose", ""},
		{"check", "retries", "default 3; at least 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct doc_command *command = command_called(cases[i].command);
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		docs_add_flag_facts(command, row_called(command, cases[i].flag), &out);
		assert_string_equal(out.buf ? out.buf : "", cases[i].facts);
	}
}

static const char *formats_of(const struct option_row *row, struct strbuf *out)
{
	strbuf_clear(out);
	docs_add_choices(row, " ", out);
	return out->buf;
}

static void rows_of_verbs(void **state)
{
	const struct doc_command *config = command_called("config");
	struct arena *arena = arena_new();
	const struct doc_command schema =
		doc_command_with(config, doc_verb_find(config, "schema"), arena);
	const struct doc_command show =
		doc_command_with(config, doc_verb_find(config, "show"), arena);
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_string_equal(formats_of(row_called(config, "format"), &out), "table tree");
	assert_string_equal(formats_of(row_called(&schema, "format"), &out), "tree");
	assert_string_equal(row_called(&schema, "format")->help, "how it is shown");
	assert_null(row_called(&schema, "format")->def);
	assert_string_equal(row_called(&schema, "into")->help, "write the schema there");
	assert_string_equal(row_called(config, "into")->help, "write it there");
	assert_true(doc_verb_takes(
		&schema, doc_verb_find(config, "schema"), row_called(&schema, "verbose")));
	assert_false(doc_verb_takes(
		&schema, doc_verb_find(config, "schema"), row_called(&schema, "deep")));
	assert_string_equal(schema.name, "config");

	/* Nothing to change, nothing copied. */
	assert_ptr_equal(show.sets, config->sets);
	assert_ptr_equal(doc_command_with(config, NULL, arena).sets, config->sets);
	arena_free(arena);
}

static void said_of_verbs(void **state)
{
	const struct doc_command *config = command_called("config");
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct doc_verb bare = {.name = "bare"};

	(void)state;
	docs_add_verb_usage(doc_verb_find(config, "show"), &out);
	strbuf_adds(&out, ": ");
	assert_true(docs_add_verb_flags(config, doc_verb_find(config, "show"), ", ", &out));
	assert_string_equal(out.buf, "show [KEY...]: --format, --into");
	strbuf_adds(&out, "; ");
	assert_true(docs_add_verb_flags(config, doc_verb_find(config, "schema"), ", ", &out));
	assert_string_equal(out.buf, "show [KEY...]: --format, --into; --format=tree, --into");
	strbuf_truncate(&out, strlen("show [KEY...]: --format, --into"));
	assert_false(docs_add_verb_flags(config, &bare, ", ", &out));
	docs_add_verb_usage(&bare, &out);
	assert_string_equal(out.buf, "show [KEY...]: --format, --intobare");
}

static void words_to_complete(void **state)
{
	struct arena *arena = arena_new();
	const char *const *words = docs_argument_words(command_called("config"), arena);

	(void)state;
	assert_string_equal(words[0], "check");
	assert_string_equal(words[1], "show");
	assert_string_equal(words[2], "schema");
	assert_null(words[3]);
	assert_string_equal(docs_argument_words(command_called("check"), arena)[0], "local:");
	assert_null(docs_argument_words(command_called("logs"), arena));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_name),
		cmocka_unit_test(flags_of_verbs),
		cmocka_unit_test(said_of_flags),
		cmocka_unit_test(rows_of_verbs),
		cmocka_unit_test(said_of_verbs),
		cmocka_unit_test(words_to_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
