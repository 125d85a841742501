/*
 * Performance data of plugins.
 */
#include <math.h>

#include "base/alloc.h"
#include "check/perfdata.h"
#include "cmocka_all.h"

static void reads(void **state)
{
	static const struct {
		const char *text;
		const char *label;
		double value;
		enum check_unit unit;
		const char *warning, *critical; /* as Nagios writes them */
		double min, max;
	} cases[] = {
		{"a=1", "a", 1, UNIT_NONE, "", "", NAN, NAN},
		{"time=0.012s;1;2;0;10", "time", 0.012, UNIT_SECONDS, "1", "2", 0, 10},
		{"rta=12.5ms;100;500;0;", "rta", 0.0125, UNIT_SECONDS, "0.1", "0.5", 0, NAN},
		{"t=250us", "t", 0.00025, UNIT_SECONDS, "", "", NAN, NAN},
		{"/=2MB;3;4;0;5", "/", 2097152, UNIT_BYTES, "3145728", "4194304", 0, 5242880},
		{"x=1KB", "x", 1024, UNIT_BYTES, "", "", NAN, NAN},
		{"x=1.5GiB", "x", 1610612736, UNIT_BYTES, "", "", NAN, NAN},
		{"size=615B;;;0", "size", 615, UNIT_BYTES, "", "", 0, NAN},
		{"pl=0%;20;60;;100", "pl", 0, UNIT_PERCENT, "20", "60", NAN, 100},
		{"in=12345c", "in", 12345, UNIT_COUNTER, "", "", NAN, NAN},
		{"temp=21.5C", "temp", 21.5, UNIT_COUNTER, "", "", NAN, NAN},
		{"v=-1.5e3;~:10;10:", "v", -1500, UNIT_NONE, "~:10", "10:", NAN, NAN},
		{"v=+4;@1:2;5:6", "v", 4, UNIT_NONE, "@1:2", "5:6", NAN, NAN},
		{"v=.5", "v", 0.5, UNIT_NONE, "", "", NAN, NAN},
		{"v=3rpm", "v", 3, UNIT_NONE, "", "", NAN, NAN},
		{"v=2e", "v", 2, UNIT_NONE, "", "", NAN, NAN},
		{"v=U", "v", NAN, UNIT_NONE, "", "", NAN, NAN},
		{"v=U;1;2", "v", NAN, UNIT_NONE, "1", "2", NAN, NAN},
		{"'a b'=1", "a b", 1, UNIT_NONE, "", "", NAN, NAN},
		{"'it''s = 5 ;'=7;1", "it's = 5 ;", 7, UNIT_NONE, "1", "", NAN, NAN},
		{"'C:\\ used'=1MB", "C:\\ used", 1048576, UNIT_BYTES, "", "", NAN, NAN},
		{"it's=1", "it's", 1, UNIT_NONE, "", "", NAN, NAN},
		{"a=1;junk;2", "a", 1, UNIT_NONE, "", "2", NAN, NAN},
		{"a=1;1;2;x;y", "a", 1, UNIT_NONE, "1", "2", NAN, NAN},
		{"a=1;1;2;3;4;5;6", "a", 1, UNIT_NONE, "1", "2", 3, 4},
		{"a=1;;;;", "a", 1, UNIT_NONE, "", "", NAN, NAN},
		{"'a\x1b[1m'=1", "a\\x1b[1m", 1, UNIT_NONE, "", "", NAN, NAN},
		{"\xff=1", "\\xff", 1, UNIT_NONE, "", "", NAN, NAN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct perfdata perfdata = {0};
		struct strbuf text = STRBUF_INIT;
		const struct perfdata_item *item;

		perfdata_read(str_of(cases[i].text), arena, &perfdata);
		if (perfdata.items_count != 1 || perfdata.skipped_count != 0) {
			fail_msg("'%s' gives %zu items, %zu skipped", cases[i].text,
				perfdata.items_count, perfdata.skipped_count);
		}
		item = &perfdata.items[0];
		assert_string_equal(item->label, cases[i].label);
		assert_int_equal(isnan(item->value), isnan(cases[i].value));
		if (!isnan(item->value) && fabs(item->value - cases[i].value) > 1e-9) {
			fail_msg("'%s' gives %g", cases[i].text, item->value);
		}
		assert_int_equal(item->unit, cases[i].unit);
		threshold_add_nagios(&item->warning, &text);
		assert_string_equal(text.buf, cases[i].warning);
		strbuf_clear(&text);
		threshold_add_nagios(&item->critical, &text);
		assert_string_equal(text.buf, cases[i].critical);
		assert_true(item->min == cases[i].min || (isnan(item->min) && isnan(cases[i].min)));
		assert_true(item->max == cases[i].max || (isnan(item->max) && isnan(cases[i].max)));
		strbuf_release(&text);
		arena_free(arena);
	}
}

/* A threshold of one number is a range from zero, so that a negative value is outside. */
static void a_lone_threshold_begins_at_zero(void **state)
{
	struct arena *arena = arena_new();
	struct perfdata perfdata = {0};

	(void)state;
	perfdata_read(str_of("a=1;10"), arena, &perfdata);
	assert_true(threshold_is_bad(&perfdata.items[0].warning, -1));
	assert_false(threshold_is_bad(&perfdata.items[0].warning, 10));
	assert_true(threshold_is_bad(&perfdata.items[0].warning, 11));
	arena_free(arena);
}

static void goes_on_behind_what_is_broken(void **state)
{
	static const struct {
		const char *text;
		size_t items, skipped;
		const char *first;
	} cases[] = {
		{"", 0, 0, ""},
		{"  \n ", 0, 0, ""},
		{"a=1 b=2\nc=3", 3, 0, ""},
		{"load 1=0.5 b=2", 2, 1, "load"},
		{"a= b=2", 1, 1, "a="},
		{"=1 b=2", 1, 1, "=1"},
		{"''=1 b=2", 1, 1, "''=1"},
		{"a=1,5 b=2", 1, 1, "a=1,5"},
		{"a=1.2.3 b=2", 1, 1, "a=1.2.3"},
		{"a=0x10 b=2", 1, 1, "a=0x10"},
		{"a=nan b=inf c=1e999", 0, 3, "a=nan"},
		{"'a=1 b=2", 1, 1, "'a=1"},
		{"'a'x=1 b=2", 1, 1, "'a'x=1"},
		{"a=1 a=2 b=3", 2, 1, "a=2"},
		{"a=;;; b=2", 1, 1, "a=;;;"},
		{"a=U5 b=2", 2, 0, ""},
		{"| a=1", 1, 1, "|"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct perfdata perfdata = {0};

		perfdata_read(str_of(cases[i].text), arena, &perfdata);
		if (perfdata.items_count != cases[i].items ||
			perfdata.skipped_count != cases[i].skipped) {
			fail_msg("'%s' gives %zu items, %zu skipped", cases[i].text,
				perfdata.items_count, perfdata.skipped_count);
		}
		assert_int_equal(perfdata.skipped_first.len, strlen(cases[i].first));
		assert_true(
			cases[i].skipped == 0 || str_is(perfdata.skipped_first, cases[i].first));
		arena_free(arena);
	}
}

static void keeps_no_more_than_its_maximum(void **state)
{
	struct arena *arena = arena_new();
	struct perfdata perfdata = {0};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < PERFDATA_ITEMS_MAX + 10; i++) {
		strbuf_addf(&text, "a%d=%d ", i, i);
	}
	perfdata_read(strbuf_str(&text), arena, &perfdata);
	assert_int_equal(perfdata.items_count, PERFDATA_ITEMS_MAX);
	assert_int_equal(perfdata.skipped_count, 10);
	strbuf_release(&text);
	arena_free(arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(a_lone_threshold_begins_at_zero),
		cmocka_unit_test(goes_on_behind_what_is_broken),
		cmocka_unit_test(keeps_no_more_than_its_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
