/*
 * Which types a page tells of, and in which order.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/docs_internal.h"
#include "support/docs_fixture.h"

static void add_name(void *arg, const struct option_type *type)
{
	assert_non_null(type->syntax);
	strbuf_addf(arg, "%s ", type->name);
}

static void test_types_of_a_program(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_each_type(&docs_fixture_program, add_name, &out);
	assert_string_equal(out.buf, "boolean duration path size ");
}

static void test_keys_and_flags_but_nothing_else(void **state)
{
	static const struct option_type a = {.name = "a", .syntax = "x"};
	static const struct option_type b = {.name = "b", .syntax = "x"};
	static const struct option_type c = {.name = "c", .syntax = "x"};
	static const struct option_type plain = {.name = "plain"};
	static const struct option_row inner[] = {
		{.name = "i", .shape = OPTION_LIST, .type = &a, .help = "h"},
		{.name = "j", .type = &c, .help = "h", .flags = OPTION_FLAG_ONLY},
		{0},
	};
	static const struct option_row config[] = {
		{.name = "s", .shape = OPTION_SECTION, .rows = inner, .help = "h"},
		{.name = "t", .type = &plain, .help = "h"},
		{0},
	};
	static const struct option_row flags[] = {
		{.name = "f", .type = &b, .help = "h"},
		{.name = "g", .type = &c, .help = "h", .flags = OPTION_CONFIG_ONLY},
		{.name = "h", .type = &a, .help = "h"},
		{0},
	};
	static const struct option_set sets[] = {{"Options", flags, NULL}, {0}};
	static const struct doc_command command = {.name = "c", .summary = "s", .sets = sets};
	static const struct doc_command *const commands[] = {&command, NULL};
	const struct doc_program program = {.name = "p", .commands = commands, .config = config};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	docs_each_type(&program, add_name, &out);
	assert_string_equal(out.buf, "a b ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_of_a_program),
		cmocka_unit_test(test_keys_and_flags_but_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
