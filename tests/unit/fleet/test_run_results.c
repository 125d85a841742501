/*
 * Results for programs, byte by byte where it matters.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/results_fixture.h"

static void take(void *arg, struct str piece)
{
	strbuf_addstr(arg, piece);
}

typedef void write_fn(const struct run_results *, const struct run_sink *);

static void write_all(write_fn *write, const struct run_results *results, struct strbuf *out)
{
	const struct run_sink sink = {take, out};

	strbuf_clear(out);
	write(results, &sink);
}

static void test_json(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct results_fixture f;
	json_t *document, *first, *second, *last;

	(void)state;
	results_fixture_init(&f);
	write_all(run_results_write_json, &f.results, &out);
	document = json_loads(out.buf, 0, NULL);
	assert_non_null(document);
	assert_int_equal(json_integer_value(json_object_get(document, "run")), 12);
	assert_string_equal(json_string_value(json_object_get(document, "started")),
		"2025-07-01T08:00:00.123Z");
	first = json_array_get(json_object_get(document, "results"), 0);
	second = json_array_get(json_object_get(document, "results"), 1);
	last = json_array_get(json_object_get(document, "results"), 3);
	assert_string_equal(json_string_value(json_object_get(first, "stdout")), "up 3 days\n");
	assert_int_equal(json_integer_value(json_object_get(first, "pid")), 4711);
	assert_string_equal(json_string_value(json_object_get(first, "transport")), "native");
	assert_string_equal(json_string_value(json_object_get(second, "stdout")),
		"up \xef\xbf\xbd\x01 \"x\",\n");
	assert_string_equal(json_string_value(json_object_get(second, "stderr")), "oops");
	assert_true(json_is_null(json_object_get(last, "connect_seconds")));
	assert_true(json_is_null(json_object_get(last, "timestamp")));
	assert_true(json_is_null(json_object_get(last, "transport")));
	assert_string_equal(json_string_value(json_object_get(last, "stdout")), "");
	json_decref(document);
	results_fixture_release(&f);
}

static void test_jsonl(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct results_fixture f;
	json_t *line;

	(void)state;
	results_fixture_init(&f);
	run_result_add_jsonl(&f.items[1], &out);
	assert_int_equal(str_find(strbuf_str(&out), '\n', 0), out.len - 1);
	line = json_loads(out.buf, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(line, "exit_code")), 3);
	json_decref(line);
	results_fixture_release(&f);
}

static void test_csv(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct results_fixture f;

	(void)state;
	results_fixture_init(&f);
	write_all(run_results_write_csv, &f.results, &out);
	assert_string_equal(out.buf,
		"name,outcome,success,code,exit_code,signal,message,duration_seconds,stdout,stderr,"
		"truncated_bytes\n"
		"web-01,ok,true,ok,0,,ok,0.25,\"up 3 days\n\",,0\n"
		"web-02,exit,false,exit,3,,exit 3,0,\"up \xff\x01 \"\"x\"\",\n\",oops,0\n"
		"web-03,unreachable,false,auth_failed,,,unreachable: no <key>,0,,,0\n"
		"db-01,not_started,false,interrupted,,,not started: the run was "
		"interrupted,0,,,0\n");
	results_fixture_release(&f);
}

static void test_junit(void **state)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct results_fixture f;

	(void)state;
	results_fixture_init(&f);
	write_all(run_results_write_junit, &f.results, &out);
	assert_non_null(strstr(out.buf, "tests=\"4\" failures=\"1\" errors=\"2\""));
	assert_non_null(strstr(out.buf, "<failure message=\"exit 3\" type=\"exit\">"));
	assert_non_null(strstr(
		out.buf, "<error message=\"unreachable: no &lt;key&gt;\" type=\"auth_failed\">"));
	assert_non_null(strstr(out.buf, "<system-err>oops</system-err>"));
	assert_non_null(strstr(out.buf, "</testsuites>"));
	results_fixture_release(&f);
}

static void count(void *arg, struct str piece)
{
	size_t *largest = arg;

	*largest = piece.len > *largest ? piece.len : *largest;
}

/* A document is never in memory as a whole, and what was written is forgotten. */
static void test_pieces(void **state)
{
	enum { HOSTS = 200 };
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct run_result *items = xcalloc(HOSTS, sizeof(*items));
	struct run_results results = {
		.command = "x", .items = items, .items_count = HOSTS, .started_wall_ms = 1};
	struct results_fixture f = {0};
	size_t largest = 0;
	const struct run_sink sink = {count, &largest};
	size_t free_bytes;

	(void)state;
	capture_pool_init(&f.pool, HOSTS * 2, 64 << 20, 65536);
	free_bytes = f.pool.free_bytes;
	f.wants.pool = &f.pool;
	strbuf_addn(&text, 'x', 60000);
	for (size_t i = 0; i < HOSTS; i++) {
		f.items[0] = (struct run_result){.name = "web-01"};
		fixture_write(&f, 0, text.buf, "");
		items[i] = f.items[0];
	}
	run_results_write_json(&results, &sink);
	assert_true(largest > 60000 && largest < 200000);
	assert_int_equal(f.pool.free_bytes, free_bytes);
	for (size_t i = 0; i < HOSTS; i++) {
		host_output_free(&items[i].output);
	}
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_jsonl),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_junit),
		cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
