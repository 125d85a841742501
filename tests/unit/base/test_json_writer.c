/*
 * JSON as another reader takes it, and as people see it.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "cmocka_all.h"

static void test_compact(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb, false);
	json_write_object_begin(&w);
	json_field_int(&w, "schema", 1);
	json_field_string(&w, "command", "check");
	json_field_time(&w, "started", 1751356800123);
	json_field_double(&w, "cpu", 41);
	json_field_bool(&w, "healthy", true);
	json_field_string(&w, "none", NULL);
	json_field_str(&w, "part", str_n("abcdef", 3));
	json_write_key(&w, "results");
	json_write_array_begin(&w);
	json_write_int(&w, -1);
	json_write_object_begin(&w);
	json_write_object_end(&w);
	json_write_array_begin(&w);
	json_write_array_end(&w);
	json_write_array_end(&w);
	json_write_object_end(&w);
	assert_string_equal(sb.buf,
		"{\"schema\": 1, \"command\": \"check\", \"started\": "
		"\"2025-07-01T08:00:00.123Z\", "
		"\"cpu\": 41.0, \"healthy\": true, \"none\": null, \"part\": \"abc\", "
		"\"results\": [-1, {}, []]}");
}

static void test_pretty(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb, true);
	json_write_object_begin(&w);
	json_field_int(&w, "total", 1);
	json_write_key(&w, "empty");
	json_write_object_begin(&w);
	json_write_object_end(&w);
	json_write_key(&w, "tags");
	json_write_array_begin(&w);
	json_write_string(&w, "a");
	json_write_bool(&w, false);
	json_write_null(&w);
	json_write_array_end(&w);
	json_write_key(&w, "results");
	json_write_array_begin(&w);
	json_write_object_begin(&w);
	json_field_string(&w, "name", "web-01");
	json_write_object_end(&w);
	json_write_object_begin(&w);
	json_write_object_end(&w);
	json_write_int(&w, 1);
	json_write_int(&w, 2);
	json_write_array_begin(&w);
	json_write_array_end(&w);
	json_write_array_end(&w);
	json_write_object_end(&w);
	assert_string_equal(sb.buf, "{\n"
				    "  \"total\": 1,\n"
				    "  \"empty\": {},\n"
				    "  \"tags\": [\"a\", false, null],\n"
				    "  \"results\": [\n"
				    "    {\n"
				    "      \"name\": \"web-01\"\n"
				    "    },\n"
				    "    {},\n"
				    "    1, 2,\n"
				    "    []\n"
				    "  ]\n"
				    "}");
}

static void test_document(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_document_begin(&w, &sb, "fleet last");
	json_field_time_or_null(&w, "started", 1751356800123);
	json_field_time_or_null(&w, "ended", 0);
	json_document_end(&w);
	assert_string_equal(sb.buf, "{\n"
				    "  \"schema\": 1,\n"
				    "  \"command\": \"fleet last\",\n"
				    "  \"started\": \"2025-07-01T08:00:00.123Z\",\n"
				    "  \"ended\": null\n"
				    "}\n");
}

static void test_members_written_elsewhere(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct json_writer w;

	json_writer_init(&w, &sb, true);
	json_write_object_begin(&w);
	json_write_members(&w, str_of("\"a\": 1, \"b\": 2"));
	json_field_int(&w, "c", 3);
	json_write_members(&w, str_of("\"d\": 4"));
	json_write_object_end(&w);
	assert_string_equal(sb.buf, "{\n  \"a\": 1, \"b\": 2,\n  \"c\": 3,\n  \"d\": 4\n}");
}

static void test_long_arrays_wrap(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct json_writer w;
	struct str rest;
	struct str line;
	size_t lines = 0;

	json_writer_init(&w, &sb, true);
	json_write_array_begin(&w);
	for (int i = 0; i < 500; i++) {
		json_write_int(&w, i * 1000);
	}
	json_write_array_end(&w);
	for (rest = strbuf_str(&sb); str_line(&rest, &line); lines++) {
		assert_true(line.len < 110);
	}
	assert_in_range(lines, 30, 60);

	json_t *read = json_loads(sb.buf, 0, NULL);

	assert_int_equal(json_array_size(read), 500);
	json_decref(read);
}

static void test_doubles(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{41, "41.0"},
		{0.214, "0.214"},
		{-0.0, "-0.0"},
		{1e300, "1e+300"},
		{1e-9, "1e-09"},
		{INFINITY, "null"},
		{NAN, "null"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		struct json_writer w;

		json_writer_init(&w, &sb, false);
		json_write_double(&w, cases[i].value);
		assert_string_equal(sb.buf, cases[i].text);
	}
}

static void test_strings(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		const char *text;
	} cases[] = {
		{{"", 0}, "\"\""},
		{{"a\"b\\c/d", 7}, "\"a\\\"b\\\\c/d\""},
		{{"\b\t\n\f\r", 5}, "\"\\b\\t\\n\\f\\r\""},
		{{"a\0b", 3}, "\"a\\u0000b\""},
		{{"\x1b[31m", 5}, "\"\\u001b[31m\""},
		{{"\x7f\xc2\x9b", 3}, "\"\\u007f\\u009b\""},
		{{"\xc3\xa9\xf0\x9f\x98\x80", 6}, "\"\xc3\xa9\xf0\x9f\x98\x80\""},
		{{"\xe2\x80\xae", 3}, "\"\\u202e\""},
		{{"\xf0\x9f\xbf\xbe", 4}, "\"\\ud83f\\udffe\""},
		{{"\xff\xc3", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{{"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		struct json_writer w;

		json_writer_init(&w, &sb, false);
		json_write_str(&w, cases[i].in);
		assert_string_equal(sb.buf, cases[i].text);
	}
}

/* Every byte and every pair of bytes is valid JSON that another reader accepts. */
static void test_all_bytes_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < 65536; i += 7) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		const char bytes[] = {(char)(i >> 8), (char)i};
		struct json_writer w;
		json_error_t error;

		json_writer_init(&w, &sb, false);
		json_write_str(&w, str_n(bytes, 2));

		json_t *read = json_loadb(sb.buf, sb.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

		assert_non_null(read);
		json_decref(read);
	}
}

static void test_raw_values(void **state)
{
	(void)state;
	struct strbuf out = STRBUF_INIT;
	struct json_writer json;

	json_writer_init(&json, &out, false);
	json_write_object_begin(&json);
	json_write_key(&json, "a");
	json_write_raw(&json, str_of("{\"b\": 1}"));
	json_field_int(&json, "c", 2);
	json_write_object_end(&json);
	assert_string_equal(out.buf, "{\"a\": {\"b\": 1}, \"c\": 2}");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_values),
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_members_written_elsewhere),
		cmocka_unit_test(test_long_arrays_wrap),
		cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_all_bytes_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
