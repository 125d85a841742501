/*
 * JSON, read back by a JSON library; the envelope is a contract.
 */
#include <jansson.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "check/format_kinds.h"
#include "check/report_fixture.h"
#include "cmocka_all.h"

static json_t *load(const char *text, size_t len)
{
	json_error_t error;
	json_t *document = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (!document) {
		fail_msg("line %d: %s in: %s", error.line, error.text, text);
	}
	return document;
}

static json_t *load_report(const struct report_fixture *f)
{
	char *text = report_fixture_write(f, &format_json);
	json_t *document = load(text, strlen(text));

	free(text);
	return document;
}

/* As text, keys in the order in which they stand. */
static void assert_json(const json_t *value, const char *expected)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void has_the_documented_envelope(void **state)
{
	struct report_fixture f;
	json_t *document;

	(void)state;
	report_fixture_init(&f);
	document = load_report(&f);
	assert_int_equal(json_array_size(json_object_get(document, "results")), REPORT_OUTCOMES);
	(void)json_object_del(document, "results");
	assert_json(document,
		"{\"schema\":1,\"command\":\"check\",\"started\":\"2025-07-01T08:00:00.123Z\","
		"\"duration_seconds\":1.234567,\"summary\":{\"total\":5,\"ok\":1,\"warning\":1,"
		"\"critical\":2,\"unknown\":1}}");
	json_decref(document);

	report_fixture_take(&f, REPORT_OK, 0);
	document = load_report(&f);
	assert_json(json_object_get(document, "results"), "[]");
	assert_json(json_object_get(document, "summary"),
		"{\"total\":0,\"ok\":0,\"warning\":0,\"critical\":0,\"unknown\":0}");
	json_decref(document);
	report_fixture_release(&f);
}

static void has_all_of_a_result(void **state)
{
	// clang-format off
	static const char *const expected[] = {
		[REPORT_OK] =
		"{\"name\":\"web\",\"target\":\"https://example.com/\",\"kind\":\"fake\",\"state\":\"ok\",\"healthy\":true,"
		"\"code\":\"ok\",\"message\":\"status 200 in 12 ms, 1.2 KiB\",\"duration_seconds\":0.012345,\"attempts\":1,"
		"\"timestamp\":\"2025-07-01T08:00:00.123Z\",\"values\":{\"total_seconds\":1.23e-5,\"size_bytes\":500000000000,"
		"\"certificate_days\":41.5,\"is_fresh\":true,\"requests\":12345678901,\"protocol\":\"HTTP/2\",\"lost\":null},"
		"\"evidence\":{\"address\":\"192.0.2.1:443\"},\"tags\":[\"web\",\"prod\"],"
		"\"labels\":{\"team\":\"web\",\"site\":\"fra\"},\"runbook\":\"https://wiki.example.com/web\"}",
		[REPORT_WARNING] =
		"{\"name\":\"disks\",\"target\":\"local:\",\"kind\":\"fake\",\"state\":\"warning\",\"healthy\":true,"
		"\"code\":\"threshold_exceeded\",\"message\":\"disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days\","
		"\"duration_seconds\":0.2,\"attempts\":1,\"timestamp\":\"2025-07-01T08:00:00.123Z\","
		"\"values\":{\"disk_used_percent[/]\":91.5,\"disk_used_percent[/var]\":41.0}}",
		[REPORT_CRITICAL] =
		"{\"name\":\"db\",\"target\":\"tcp://db-01:5432\",\"kind\":\"fake\",\"state\":\"critical\",\"healthy\":false,"
		"\"code\":\"connection_refused\",\"message\":\"connection refused by 192.0.2.7:5432\","
		"\"detail\":\"first line\\nsecond line\",\"duration_seconds\":0.0015,\"attempts\":3,"
		"\"timestamp\":\"2025-07-01T08:00:00.123Z\",\"values\":{},\"evidence\":{\"address\":\"192.0.2.7:5432\","
		"\"certificates\":[\"CN=db-01\",\"CN=our root\"],\"steps\":[\"only one\"],"
		"\"command\":\"nc -v -w 10 db-01 5432\"},\"runbook\":\"https://wiki.example.com/db\"}",
		[REPORT_UNKNOWN] =
		"{\"name\":\"late\",\"target\":\"https://late.example.com/\",\"kind\":\"fake\",\"state\":\"unknown\","
		"\"healthy\":false,\"code\":\"not_started\",\"message\":\"not started: interrupted\",\"duration_seconds\":0.0,"
		"\"attempts\":1,\"timestamp\":\"2025-07-01T08:00:00.123Z\",\"values\":{}}",
		[REPORT_HOSTILE] =
		"{\"name\":\"a\\\"b',c|d=e;\\n\\u001B[31m<&>\xef\xbf\xbd\",\"target\":\"tcp://\xe2\x82\xac\xe2\x80\xae\\t|\","
		"\"kind\":\"fake\",\"state\":\"critical\",\"healthy\":false,\"code\":\"body_mismatch\","
		"\"message\":\"the body is 'a|b \\\"c\\\" <d> & ]]>, \\\\x1b[0m'\",\"duration_seconds\":1e-6,\"attempts\":1,"
		"\"timestamp\":\"2025-07-01T08:00:00.123Z\",\"values\":{\"size_bytes[it's|a=\\\"b\\\"\\n\\\\]\":1,"
		"\"rate[\xef\xbf\xbd]\":-0.5},\"evidence\":{\"body\":\"<html>\\\\r\\\\n\\\\x1b]0;owned\\\\x07\\\\xff\"},"
		"\"labels\":{\"x\\\"\\n\":\"\\\\\xef\xbf\xbd\"}}",
	};
	// clang-format on
	struct report_fixture f;
	json_t *document;

	(void)state;
	report_fixture_init(&f);
	document = load_report(&f);
	for (size_t i = 0; i < REPORT_OUTCOMES; i++) {
		assert_json(json_array_get(json_object_get(document, "results"), i), expected[i]);
	}
	json_decref(document);
	report_fixture_release(&f);
}

static void a_warning_is_unhealthy_where_one_says_so(void **state)
{
	struct report_fixture f;
	json_t *document;

	(void)state;
	report_fixture_init(&f);
	f.report.is_fail_on_warning = true;
	report_fixture_take(&f, REPORT_WARNING, 1);
	document = load_report(&f);
	assert_true(json_is_false(json_object_get(
		json_array_get(json_object_get(document, "results"), 0), "healthy")));
	json_decref(document);
	report_fixture_release(&f);
}

/* Each line by itself is what stands in the document. */
static void lines_are_the_same_results(void **state)
{
	struct report_fixture f;
	json_t *document;
	char *text;
	struct str rest;
	struct str line;
	size_t i = 0;

	(void)state;
	report_fixture_init(&f);
	document = load_report(&f);
	text = report_fixture_write(&f, &format_jsonl);
	assert_true(str_ends(str_of(text), "\n"));
	rest = str_of(text);
	for (; str_line(&rest, &line); i++) {
		json_t *result = load(line.ptr, line.len);

		assert_true(json_equal(
			result, json_array_get(json_object_get(document, "results"), i)));
		json_decref(result);
	}
	assert_int_equal(i, REPORT_OUTCOMES);
	free(text);
	json_decref(document);
	report_fixture_release(&f);
}

/* Whatever stands in the texts, a terminal shows the output as it is. */
static void nothing_acts_on_a_terminal(void **state)
{
	struct report_fixture f;
	char *text;

	(void)state;
	report_fixture_init(&f);
	text = report_fixture_write(&f, &format_json);
	for (const char *c = text; *c; c++) {
		assert_true((unsigned char)*c >= 0x20 || *c == '\n');
	}
	assert_null(strstr(text, "\xe2\x80\xae"));
	free(text);
	report_fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_documented_envelope),
		cmocka_unit_test(has_all_of_a_result),
		cmocka_unit_test(a_warning_is_unhealthy_where_one_says_so),
		cmocka_unit_test(lines_are_the_same_results),
		cmocka_unit_test(nothing_acts_on_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
