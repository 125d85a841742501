/*
 * Each value of each kind is told of, with its thresholds.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "cmd/kind_tables.h"
#include "cmocka_all.h"

static const struct doc_table *find_table(const struct doc_table *tables, const char *heading)
{
	for (; tables->heading; tables++) {
		if (strcmp(tables->heading, heading) == 0) {
			return tables;
		}
	}
	return NULL;
}

static const char *find_text(const struct doc_table *table, const char *name)
{
	for (const struct doc_pair *pair = table->pairs; pair->name; pair++) {
		if (strcmp(pair->name, name) == 0) {
			return pair->text;
		}
	}
	return NULL;
}

static void test_all_values_of_all_kinds(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct doc_table *tables = kind_tables(arena);
	size_t count = 0;
	const struct check_kind *const *kinds = check_kinds(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *heading =
			arena_printf(arena, "Values of %s checks", kinds[i]->variant.name);
		const struct doc_table *table = find_table(tables, heading);
		const struct check_value_row *value = kinds[i]->values;

		assert_int_equal(table != NULL, value && value->name);
		for (; value && value->name; value++) {
			const char *name = value->has_instances
						   ? arena_printf(arena, "%s[...]", value->name)
						   : value->name;
			const char *text = find_text(table, name);

			assert_non_null(text);
			assert_non_null(strstr(text, value->help));
		}
	}
}

static void test_thresholds_and_texts(void **state)
{
	static const struct {
		const char *table, *name, *text;
	} cases[] = {
		{"Values of http checks", "certificate_days[...]",
			"days until the first certificate of the chain expires; warning < 14; "
			"critical < 3"},
		{"Values of http checks", "tls_version", "TLSv1.3; a text, without thresholds"},
		{"Values of http checks", "redirects", "redirects followed"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct doc_table *tables = kind_tables(arena);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct doc_table *table = find_table(tables, cases[i].table);

		assert_non_null(table);
		assert_string_equal(find_text(table, cases[i].name), cases[i].text);
	}
}

static void test_plugins_say_nothing_beforehand(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_null(find_table(kind_tables(arena), "Values of exec checks"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_values_of_all_kinds),
		cmocka_unit_test(test_thresholds_and_texts),
		cmocka_unit_test(test_plugins_say_nothing_beforehand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
