/*
 * TZif files, made by hand: what is read, and what is refused.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time_zone_internal.h"
#include "cmocka_all.h"

static void add_number(struct strbuf *out, uint64_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		strbuf_addc(out, (char)(value >> (8 * i)));
	}
}

/* What a file is made of; `version` 0 has 32-bit times and no rule. */
struct made {
	char version;
	int64_t changes[4];
	int changes_count;
	int change_types[4];
	int types_count;
	struct {
		int offset_s, is_dst, name;
	} types[3];
	const char *names; /* separated by "/", which becomes NUL */
	const char *footer;
	int leap_count, ut_count;
};

static const struct made berlin = {
	.version = '2',
	.changes = {1743296400, 1761440400},
	.changes_count = 2,
	.change_types = {1, 2},
	.types_count = 3,
	.types = {{3208, 0, 0}, {7200, 1, 4}, {3600, 0, 9}},
	.names = "LMT/CEST/CET/",
	.footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n",
};

static void add_header(struct strbuf *out, const struct made *made, bool is_empty)
{
	strbuf_adds(out, "TZif");
	strbuf_addc(out, made->version);
	strbuf_addn(out, '\0', 15);
	add_number(out, is_empty ? 0 : (uint64_t)made->ut_count, 4);
	add_number(out, 0, 4);
	add_number(out, is_empty ? 0 : (uint64_t)made->leap_count, 4);
	add_number(out, is_empty ? 0 : (uint64_t)made->changes_count, 4);
	add_number(out, is_empty ? 1 : (uint64_t)made->types_count, 4);
	add_number(out, is_empty ? 1 : strlen(made->names), 4);
}

static void add_block(struct strbuf *out, const struct made *made, int time_len)
{
	for (int i = 0; i < made->changes_count; i++) {
		add_number(out, (uint64_t)made->changes[i], time_len);
	}
	for (int i = 0; i < made->changes_count; i++) {
		add_number(out, (uint64_t)made->change_types[i], 1);
	}
	for (int i = 0; i < made->types_count; i++) {
		add_number(out, (uint64_t)made->types[i].offset_s, 4);
		add_number(out, (uint64_t)made->types[i].is_dst, 1);
		add_number(out, (uint64_t)made->types[i].name, 1);
	}
	for (const char *c = made->names; *c; c++) {
		strbuf_addc(out, *c == '/' ? '\0' : *c);
	}
	strbuf_addn(out, '\0', (size_t)made->leap_count * (size_t)(time_len + 4));
	strbuf_addn(out, '\1', (size_t)made->ut_count);
}

static void make(struct strbuf *out, const struct made *made)
{
	strbuf_clear(out);
	add_header(out, made, made->version != '\0');
	if (made->version == '\0') {
		add_block(out, made, 4);
		return;
	}
	strbuf_addn(out, '\0', 6 + 1);
	add_header(out, made, false);
	add_block(out, made, 8);
	strbuf_adds(out, made->footer);
}

static struct time_zone *must_parse(const struct made *made)
{
	_cleanup_(strbuf_release) struct strbuf file = STRBUF_INIT;
	struct time_zone *zone = NULL;
	struct err err = {0};

	make(&file, made);
	if (time_zone_parse(strbuf_str(&file), "Made/Up", &zone, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return zone;
}

static void test_whole(void **state)
{
	_cleanup_(time_zone_freep) struct time_zone *zone = must_parse(&berlin);

	(void)state;
	assert_string_equal(time_zone_name(zone), "Made/Up");
	assert_string_equal(time_zone_span(zone, 1743296399999).abbreviation, "LMT");
	assert_int_equal(time_zone_span(zone, 0).offset_s, 3208);
	assert_string_equal(time_zone_span(zone, 1743296400000).abbreviation, "CEST");
	assert_true(time_zone_span(zone, 1743296400000).is_dst);
	assert_string_equal(time_zone_span(zone, 1761440400000).abbreviation, "CET");
	/* The table's end cuts the rule's stretch, which began at the same instant. */
	assert_true(time_zone_span(zone, 1761440400000).start_ms == 1761440400000);
	assert_true(time_zone_span(zone, 1761440400000).end_ms == 1774746000000);
	assert_string_equal(time_zone_span(zone, 4086547200000).abbreviation, "CEST");
}

static void test_first_version(void **state)
{
	struct made made = berlin;
	_cleanup_(time_zone_freep) struct time_zone *zone = NULL;

	(void)state;
	made.version = '\0';
	made.changes[0] = -2000000000;
	zone = must_parse(&made);
	assert_string_equal(time_zone_span(zone, -2000000000001).abbreviation, "LMT");
	assert_string_equal(time_zone_span(zone, -2000000000000).abbreviation, "CEST");
	assert_string_equal(time_zone_span(zone, 4086547200000).abbreviation, "CET");
	assert_true(time_zone_span(zone, 4086547200000).end_ms == INT64_MAX);
}

static void test_without_a_rule(void **state)
{
	struct made made = berlin;
	_cleanup_(time_zone_freep) struct time_zone *zone = NULL;

	(void)state;
	made.version = '3';
	made.footer = "\n\n";
	made.ut_count = 3;
	zone = must_parse(&made);
	assert_string_equal(time_zone_span(zone, 4086547200000).abbreviation, "CET");
}

static void test_rule_only(void **state)
{
	struct made made = berlin;
	_cleanup_(time_zone_freep) struct time_zone *zone = NULL;

	(void)state;
	made.version = '4';
	made.changes_count = 0;
	zone = must_parse(&made);
	assert_string_equal(time_zone_span(zone, 0).abbreviation, "CET");
	assert_string_equal(time_zone_span(zone, 1743296400000).abbreviation, "CEST");
}

static void must_fail(struct str file, const char *error)
{
	struct time_zone *zone = NULL;
	struct err err = {0};

	assert_int_equal(time_zone_parse(file, "Made/Up", &zone, &err), -1);
	assert_null(zone);
	assert_non_null(strstr(err.msg, "time zone 'Made/Up'"));
	if (!strstr(err.msg, error)) {
		fail_msg("'%s' is not in '%s'", error, err.msg);
	}
}

static void must_refuse(const struct made *made, const char *error)
{
	_cleanup_(strbuf_release) struct strbuf file = STRBUF_INIT;

	make(&file, made);
	must_fail(strbuf_str(&file), error);
}

#define REFUSE(error, ...)                                                                         \
	{                                                                                          \
		struct made made = berlin;                                                         \
		__VA_ARGS__;                                                                       \
		must_refuse(&made, error);                                                         \
	}

static void test_damaged(void **state)
{
	(void)state;
	REFUSE("its changes are not in order", made.changes[1] = made.changes[0]);
	REFUSE("its changes are not in order", made.changes[1] = INT64_MIN);
	REFUSE("a change is too far away", made.changes[1] = INT64_MAX);
	REFUSE("a change is too far away", made.changes[0] = INT64_MIN);
	REFUSE("a change is to a type that is not there", made.change_types[1] = 3);
	REFUSE("it has no types", made.types_count = 0; made.changes_count = 0);
	REFUSE("a type is too far from UTC", made.types[0].offset_s = INT32_MIN);
	REFUSE("a type is too far from UTC", made.types[0].offset_s = 26 * 3600);
	REFUSE("neither standard nor daylight saving", made.types[0].is_dst = 2);
	REFUSE("no proper abbreviation", made.types[0].name = 13);
	REFUSE("no proper abbreviation", made.types[0].name = 255);
	REFUSE("no proper abbreviation", made.types[0].name = 3);
	REFUSE("no proper abbreviation", made.names = "LMT/CEST/CET");
	REFUSE("no proper abbreviation", made.names = "LMTABCDEFGHIJKLM/");
	REFUSE("no proper abbreviation", made.names = "L\x1bT/CEST/CET/");
	REFUSE("counts leap seconds", made.leap_count = 1);
	REFUSE("its version is unknown", made.version = '1');
	REFUSE("its version is unknown", made.version = 'x');
	REFUSE("it has no proper end", made.footer = "");
	REFUSE("it has no proper end", made.footer = "\nCET-1");
	REFUSE("it has no proper end", made.footer = "CET-1\n");
	REFUSE("is damaged: time zone rule 'nonsense!'", made.footer = "\nnonsense!\n");
}

static void test_cut_anywhere(void **state)
{
	_cleanup_(strbuf_release) struct strbuf file = STRBUF_INIT;

	(void)state;
	make(&file, &berlin);
	for (size_t len = 0; len < file.len; len++) {
		must_fail(str_n(file.buf, len), "");
	}
}

static void test_other_files(void **state)
{
	_cleanup_(strbuf_release) struct strbuf file = STRBUF_INIT;

	(void)state;
	must_fail(str_of(""), "its file is of another kind");
	must_fail(str_of("# tzdata\n"), "its file is of another kind");
	strbuf_adds(&file, "TZif2");
	strbuf_addn(&file, '\xff', 39); /* counts that no file holds */
	must_fail(strbuf_str(&file), "it ends within its tables");
	strbuf_addn(&file, 'x', TIME_ZONE_FILE_MAX);
	must_fail(strbuf_str(&file), "is too large");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_first_version),
		cmocka_unit_test(test_without_a_rule),
		cmocka_unit_test(test_rule_only),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_other_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
