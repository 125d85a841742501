#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/option.h"

static const char *const colors[] = {"red", "green", NULL};

// clang-format off
static const struct option_row good_inner[] = {
	{.name = "depth", .type = &option_int, .def = "1", .help = "how deep"},
	{0},
};

static const struct option_row bad_inner[] = {
	{.name = "Depth", .type = &option_int, .help = "how deep"},
	{0},
};

static const struct option_row http_rows[] = {
	{.name = "http", .type = &option_string, .help = "URL", .flags = OPTION_VARIANT_KEY},
	{0},
};

static const struct option_row keyless_rows[] = {
	{.name = "url", .type = &option_string, .help = "URL"},
	{0},
};

static const struct option_row clashing_rows[] = {
	{.name = "clash", .type = &option_string, .help = "URL", .flags = OPTION_VARIANT_KEY},
	{.name = "depth", .type = &option_int, .help = "again"},
	{0},
};
// clang-format on

static const struct option_variant http = {.name = "http", .rows = http_rows};
static const struct option_variant keyless = {.name = "keyless", .rows = keyless_rows};
static const struct option_variant clash = {.name = "clash", .rows = clashing_rows};

static const struct option_variant *const *good_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&http};

	*ret_count = ARRAY_LEN(kinds);
	return kinds;
}

static const struct option_variant *const *unsorted_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&http, &clash};

	*ret_count = ARRAY_LEN(kinds);
	return kinds;
}

static const struct option_variant *const *keyless_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&keyless};

	*ret_count = ARRAY_LEN(kinds);
	return kinds;
}

static const struct option_variant *const *clashing_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&clash};

	*ret_count = ARRAY_LEN(kinds);
	return kinds;
}

static const struct option_variants good_variants = {.common = good_inner, .kinds = good_kinds};
static const struct option_variants unsorted = {.common = good_inner, .kinds = unsorted_kinds};
static const struct option_variants keyless_variants = {
	.common = good_inner, .kinds = keyless_kinds};
static const struct option_variants clashing = {.common = good_inner, .kinds = clashing_kinds};

static const struct option_section_list good_list = {
	.what = "route", .rows = good_inner, .item_size = 64, .origin_offset = 56};
static const struct option_section_list bad_list = {
	.what = "route", .rows = bad_inner, .item_size = 64};
static const struct option_section_list rowless_list = {.what = "route", .item_size = 64};
static const struct option_section_list nameless_list = {.rows = good_inner, .item_size = 64};
static const struct option_section_list small_list = {
	.what = "route", .rows = good_inner, .item_size = 64, .origin_offset = 60};

static const struct option_row endless[] = {
	{.name = "again", .shape = OPTION_SECTION, .rows = endless, .help = "again"},
	{0},
};

static void test_rows(void **state)
{
	// clang-format off
	static const struct {
		struct option_row rows[3];
		const char *error; /* NULL: none */
	} cases[] = {
		{{{0}}, NULL},
		{{{.name = "a", .type = &option_int, .help = "h"}, {.name = "b", .letter = 'b', .type = &option_int, .help = "h"}}, NULL},
		{{{.name = "a", .type = &option_int, .help = "h", .def = "1"}}, NULL},
		{{{.name = "a", .shape = OPTION_LIST, .type = &option_int, .help = "h", .def = "1, 2"}}, NULL},
		{{{.name = "a", .shape = OPTION_MAP, .type = &option_int, .help = "h", .def = "x=1, y=2"}}, NULL},
		{{{.name = "a", .type = &option_choice, .choices = colors, .help = "h", .def = "red"}}, NULL},
		{{{.name = "a", .shape = OPTION_SECTION, .rows = good_inner, .help = "h"}}, NULL},
		{{{.name = "a", .shape = OPTION_VARIANTS, .variants = &good_variants, .help = "h"}}, NULL},
		{{{.name = "a", .type = &option_int, .help = "h"},
		  {.name = "b", .type = &option_int, .help = "h", .flags = OPTION_DEPRECATED, .instead = "a"}}, NULL},
		{{{.name = "a-b", .type = &option_int, .help = "h"}}, "option 'a-b': a name is made of"},
		{{{.name = "aB", .type = &option_int, .help = "h"}}, "a name is made of"},
		{{{.name = "_a", .type = &option_int, .help = "h"}}, "a name is made of"},
		{{{.name = "a", .type = &option_int}}, "has no help"},
		{{{.name = "a", .type = &option_int, .help = "ends."}}, "without a full stop"},
		{{{.name = "a", .help = "h"}}, "has no type"},
		{{{.name = "a", .type = &option_int, .help = "h"}, {.name = "a", .type = &option_int, .help = "h"}}, "stands in the table twice"},
		{{{.name = "a", .letter = 'x', .type = &option_int, .help = "h"}, {.name = "b", .letter = 'x', .type = &option_int, .help = "h"}},
		 "option 'b': its letter is another"},
		{{{.name = "a", .type = &option_int, .help = "h", .def = "x"}}, "option 'a': the default: number 'x'"},
		{{{.name = "a", .type = &option_int, .help = "h", .def = "1", .flags = OPTION_REQUIRED}}, "is required"},
		{{{.name = "a", .type = &option_int, .help = "h", .def = "5", .min = 1, .max = 4}}, "the default"},
		{{{.name = "a", .type = &option_choice, .help = "h"}}, "choices go with"},
		{{{.name = "a", .type = &option_int, .choices = colors, .help = "h"}}, "choices go with"},
		{{{.name = "a", .shape = OPTION_SECTION, .help = "h"}}, "a section without rows"},
		{{{.name = "a", .shape = OPTION_SECTION, .rows = bad_inner, .help = "h"}}, "option 'Depth': a name"},
		{{{.name = "a", .type = &option_int, .rows = good_inner, .help = "h"}}, "its shape is of values"},
		{{{.name = "a", .shape = OPTION_VARIANTS, .help = "h"}}, "without any"},
		{{{.name = "a", .shape = OPTION_VARIANTS, .variants = &unsorted, .help = "h"}}, "kind 'clash': "},
		{{{.name = "a", .shape = OPTION_VARIANTS, .variants = &keyless_variants, .help = "h"}}, "kind 'keyless': has no key row"},
		{{{.name = "a", .shape = OPTION_VARIANTS, .variants = &clashing, .help = "h"}}, "option 'depth' is common"},
		{{{.name = "a", .type = &option_int, .help = "h"},
		  {.name = "b", .type = &option_bool, .help = "h", .flags = OPTION_DEPRECATED, .instead = "a"}}, "does not share the field"},
		{{{.name = "b", .type = &option_bool, .help = "h", .flags = OPTION_DEPRECATED, .instead = "gone"}}, "does not share the field"},
		{{{.name = "b", .type = &option_bool, .help = "h", .instead = "a"}}, "is not deprecated"},
		{{{.name = "a", .shape = OPTION_SECTION_LIST, .list = &good_list, .help = "h"}}, NULL},
		{{{.name = "a", .shape = OPTION_SECTION_LIST, .help = "h"}}, "option 'a': is a list of sections without any"},
		{{{.name = "a", .shape = OPTION_SECTION_LIST, .list = &bad_list, .help = "h"}}, "option 'Depth': a name"},
		{{{.name = "a", .shape = OPTION_SECTION_LIST, .list = &rowless_list, .help = "h"}}, "option 'a': its list has no name or no rows"},
		{{{.name = "a", .shape = OPTION_SECTION_LIST, .list = &nameless_list, .help = "h"}}, "option 'a': its list has no name or no rows"},
		{{{.name = "a", .shape = OPTION_SECTION_LIST, .list = &small_list, .help = "h"}}, "option 'a': its items have no room for the origin"},
		{{{.name = "a", .shape = OPTION_SECTION_LIST, .list = &good_list, .help = "h", .def = "x"}}, "option 'a': holds rows, so it has no default"},
		{{{.name = "a", .shape = OPTION_VARIANTS, .variants = &good_variants, .help = "h", .def = "x"}}, "option 'a': holds rows, so it has no default"},
		{{{.name = "a", .shape = OPTION_SECTION, .rows = good_inner, .help = "h", .def = "x"}}, "option 'a': holds rows, so it has no default"},
		{{{.name = "a", .type = &option_int, .list = &good_list, .help = "h"}}, "its shape is of values"},
		{{{.name = "a", .shape = OPTION_SECTION, .rows = endless, .help = "h"}}, "nested more than"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int failed = option_rows_check(cases[i].rows, &err);

		if (!cases[i].error && failed) {
			fail_msg("case %zu: %s", i, err.msg);
		}
		if (cases[i].error && (!failed || !strstr(err.msg, cases[i].error))) {
			fail_msg("case %zu: '%s' is not in '%s'", i, cases[i].error, err.msg);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
