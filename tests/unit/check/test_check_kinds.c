/*
 * The table of kinds keeps what each kind promises.
 */
#include "base/alloc.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "cmocka_all.h"

static void is_sorted_and_complete(void **state)
{
	size_t count = 0;
	size_t variants_count = 0;
	const struct check_kind *const *kinds = check_kinds(&count);
	const struct option_variant *const *variants = check_kind_variants(&variants_count);

	(void)state;
	assert_true(count >= 4);
	assert_int_equal(variants_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct check_kind *kind = kinds[i];
		struct err err = {0};

		assert_ptr_equal(variants[i], &kind->variant);
		assert_ptr_equal(kind->variant.object, kind);
		assert_true(kind->variant.opts_size > 0);
		if (option_rows_check(kind->variant.rows, &err) < 0) {
			fail_msg("%s: %s", kind->variant.name, err.msg);
		}
		if (i > 0) {
			assert_true(strcmp(kinds[i - 1]->variant.name, kind->variant.name) < 0);
		}
		assert_non_null(kind->variant.summary);
		assert_non_null(kind->schemes[0]);
		assert_non_null(kind->from_target);
		assert_non_null(kind->target);
		assert_non_null(kind->start);
		assert_int_not_equal(kind->timeout_state, CHECK_OK);
	}
	assert_null(kinds[count]);
}

static void schemes_lead_to_kinds(void **state)
{
	static const struct {
		const char *scheme;
		const struct check_kind *kind;
	} cases[] = {
		{"http", &check_http},
		{"https", &check_http},
		{"HTTPS", &check_http},
		{"tcp", &check_tcp},
		{"local", &check_host},
		{"exec", &check_exec},
		{"htt", NULL},
		{"httpss", NULL},
		{"host", NULL},
		{"", NULL},
	};
	size_t count = 0;
	const struct check_kind *const *kinds = check_kinds(&count);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_ptr_equal(check_kind_by_scheme(str_of(cases[i].scheme)), cases[i].kind);
	}
	/* No two kinds have the same. */
	for (size_t i = 0; i < count; i++) {
		for (const char *const *scheme = kinds[i]->schemes; *scheme; scheme++) {
			assert_ptr_equal(check_kind_by_scheme(str_of(*scheme)), kinds[i]);
		}
	}
}

/* The name of a value says its unit, so that nobody has to look it up. */
static void values_are_named_by_their_units(void **state)
{
	static const struct {
		const char *suffix;
		enum check_unit unit;
	} units[] = {
		{"_seconds", UNIT_SECONDS},
		{"_bytes", UNIT_BYTES},
		{"_percent", UNIT_PERCENT},
		{"_days", UNIT_DAYS},
	};
	size_t count = 0;
	const struct check_kind *const *kinds = check_kinds(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (const struct check_value_row *row = kinds[i]->values; row && row->name;
			row++) {
			assert_non_null(row->help);
			for (size_t u = 0; u < ARRAY_LEN(units); u++) {
				if (str_ends(str_of(row->name), units[u].suffix) !=
					(row->unit == units[u].unit)) {
					fail_msg("%s: %s", kinds[i]->variant.name, row->name);
				}
			}
			for (const struct check_value_row *other = kinds[i]->values; other != row;
				other++) {
				assert_string_not_equal(other->name, row->name);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_sorted_and_complete),
		cmocka_unit_test(schemes_lead_to_kinds),
		cmocka_unit_test(values_are_named_by_their_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
