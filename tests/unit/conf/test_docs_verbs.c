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
		{"schema", "format", false},
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
		{"config", "format", "with show"},
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
		cmocka_unit_test(said_of_verbs),
		cmocka_unit_test(words_to_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
