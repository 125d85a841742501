/*
 * What was folded reads back as the same set, and is as short as a person would write it.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/nodeset.h"

static void assert_same_set(const struct nodeset *a, const struct nodeset *b)
{
	assert_int_equal(a->names_count, b->names_count);
	for (size_t i = 0; i < a->names_count; i++) {
		assert_true(nodeset_contains(b, str_of(a->names[i])));
	}
}

/* Fold, and read it back; in the arena. */
static const char *fold_checked(const char *text, struct arena *arena)
{
	struct nodeset set;
	struct nodeset again;
	struct err err;
	const char *folded;

	if (nodeset_parse(str_of(text), NULL, arena, &set, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	folded = nodeset_fold(&set, arena);
	if (set.names_count == 0) {
		return folded;
	}
	if (nodeset_parse(str_of(folded), NULL, arena, &again, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_same_set(&set, &again);
	return folded;
}

static void test_fold(void **state)
{
	(void)state;
	static const struct {
		const char *text, *folded;
	} table[] = {
		// clang-format off
		{"web", "web"},
		{"a!a", ""},
		{"web-1", "web-1"},
		{"web-1,web-2", "web-[1-2]"},
		{"web-1,web-3", "web-[1,3]"},
		{"web-[01-07],web-09,db-01", "web-[01-07,09],db-01"},
		{"db-1,web-2,db-2,web-1", "db-[1-2],web-[1-2]"},
		{"web-[10,9,11,2]", "web-[2,9-11]"},
		{"n[08-11]", "n[08-11]"},
		{"n[8-11]", "n[8-11]"},
		{"n[8-11],n[08-09]", "n[8-11,08-09]"},
		{"n[01-100]", "n[01-100]"},
		{"n[001-100]", "n[001-100]"},
		{"n[001-100],n[01-20]", "n[01-20,001-100]"},
		{"n[1,01,001]", "n[1,01,001]"},
		{"n[0-3]", "n[0-3]"},
		{"n[00-03]", "n[00-03]"},
		{"n[0,00]", "n[0,00]"},
		{"[1-3]", "[1-3]"},
		{"n[1-9/2]", "n[1,3,5,7,9]"},
		{"rack[1-3]-node[01-04]", "rack[1-3]-node[01-04]"},
		{"rack[1-3]-node[01-04]!rack2-node03", "rack[1,3]-node[01-04],rack2-node[01-02,04]"},
		{"rack[1-3]-node[01-04],rack4-node01", "rack[1-3]-node[01-04],rack4-node01"},
		{"a1-b2,a2-b1", "a1-b2,a2-b1"},
		{"a[1-20]b[1-2],a7b[3-9]", "a[1-20]b[1-2],a7b[3-9]"},
		{"db2-[1-3].eu4.example.com", "db2-[1-3].eu4.example.com"},
		{"10.0.[0-1].[1-254]", "10.0.[0-1].[1-254]"},
		{"r[1-2]c[3-4]s[5-6]n[07-08]", "r[1-2]c[3-4]s[5-6]n[07-08]"},
		{"a1b1c1d1e1f1g1h1i[1-2]", "a1b1c1d1e1f1g1h1i1,a1b1c1d1e1f1g1h1i2"},
		{"n1234567890123456,n1234567890123457", "n1234567890123456,n1234567890123457"},
		{"n[999999999999998-999999999999999]", "n[999999999999998-999999999999999]"},
		{"db-[a-c]", "db-a,db-b,db-c"},
		{"fe80::[1-2]", "fe80::[1-2]"},
		// clang-format on
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();

		assert_string_equal(fold_checked(table[i].text, arena), table[i].folded);
	}
}

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Sets with holes, mixed padding and several columns. */
static void test_fold_random_sets(void **state)
{
	(void)state;
	uint32_t seed = 1;

	for (int round = 0; round < 200; round++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct strbuf text = STRBUF_INIT;

		for (int i = 0; i < 60; i++) {
			int width_a = (int)(random_next(&seed) % 3);
			int width_b = (int)(random_next(&seed) % 4);

			strbuf_addf(&text, "n%0*u-%0*u ", width_a, random_next(&seed) % 12, width_b,
				random_next(&seed) % 120);
		}
		(void)fold_checked(text.buf, arena);
		strbuf_release(&text);
	}
}

static void test_fold_large(void **state)
{
	(void)state;
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	assert_string_equal(fold_checked("r[1-20]-n[0001-5000]", arena), "r[1-20]-n[0001-5000]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_random_sets),
		cmocka_unit_test(test_fold_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
