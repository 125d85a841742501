/*
 * Fingerprints stand in stores and at receivers: they may never change.
 */
#include "alert/fingerprint.h"
#include "base/alloc.h"
#include "cmocka_all.h"

#define S(text)                                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}

static void never_changes(void **state)
{
	const struct alert_input by_title = {.source = S("db-01"), .title = S("disk full")};
	const struct alert_input by_key = {.dedup_key = S("backup/db-01"), .title = S("other")};
	char hex[FINGERPRINT_SIZE];

	(void)state;
	/* sha256("s" 00000005 "db-01" "t" 00000009 "disk full"), sha256("k" 0000000c
	 * "backup/db-01") */
	alert_fingerprint(&by_title, hex);
	assert_string_equal(hex, "d7f83dc95986ec337a89579e881ff248a4679d29");
	alert_fingerprint(&by_key, hex);
	assert_string_equal(hex, "2101aa247a11ac484136dbf6e0697b1b1ea87631");
	fingerprint_text(str_of("abc"), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a3");
}

static void tells_problems_apart(void **state)
{
	static const struct {
		struct alert_input a, b;
		bool same;
	} cases[] = {
		{{.source = S("a"), .title = S("b")},
			{.source = S("a"),
				.title = S("b"),
				.severity = SEVERITY_CRITICAL,
				.message = S("m"),
				.is_resolve = true,
				.time_ms = 1},
			true},
		{{.source = S("ab"), .title = S("c")}, {.source = S("a"), .title = S("bc")}, false},
		{{.source = S("a"), .title = S("b")}, {.source = S("b"), .title = S("a")}, false},
		{{.source = S("a"), .title = S("b"), .dedup_key = S("k")},
			{.source = S("c"), .title = S("d"), .dedup_key = S("k")}, true},
		{{.source = S("a"), .title = S("b"), .dedup_key = S("k")},
			{.source = S("a"), .title = S("b")}, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char a[FINGERPRINT_SIZE];
		char b[FINGERPRINT_SIZE];

		alert_fingerprint(&cases[i].a, a);
		alert_fingerprint(&cases[i].b, b);
		assert_int_equal(strlen(a), FINGERPRINT_SIZE - 1);
		assert_int_equal(strcmp(a, b) == 0, cases[i].same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_changes),
		cmocka_unit_test(tells_problems_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
