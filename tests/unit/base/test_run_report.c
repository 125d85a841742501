/*
 * The run report: what is in it, and how much of it at most.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/run_report.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"

static void test_json(void **state)
{
	(void)state;
	_cleanup_(run_report_freep) struct run_report *report = NULL;
	_cleanup_(strbuf_release) struct strbuf json = STRBUF_INIT;

	time_fake(1000, 1751356800123);
	report = run_report_new("setup");
	run_report_add(report, REPORT_ACTIONS, str_of("installed nginx"));
	run_report_add(report, REPORT_ACTIONS, str_of("started nginx"));
	run_report_add(report, REPORT_ERRORS, str_of("web-02:\n\x1b[31munreachable"));
	time_fake_advance(1500);
	run_report_add_json(report, 1, &json);
	time_fake_end();
	assert_string_equal(json.buf, "{\n"
				      "  \"schema\": 1,\n"
				      "  \"name\": \"setup\",\n"
				      "  \"started\": \"2025-07-01T08:00:00.123Z\",\n"
				      "  \"duration_seconds\": 1.5,\n"
				      "  \"success\": false,\n"
				      "  \"exit_code\": 1,\n"
				      "  \"counts\": {\n"
				      "    \"actions\": 2,\n"
				      "    \"warnings\": 0,\n"
				      "    \"errors\": 1\n"
				      "  },\n"
				      "  \"actions\": [\"installed nginx\", \"started nginx\"],\n"
				      "  \"warnings\": [],\n"
				      "  \"errors\": [\"web-02:\\\\n\\\\x1b[31munreachable\"],\n"
				      "  \"omitted\": {\n"
				      "    \"actions\": 0,\n"
				      "    \"warnings\": 0,\n"
				      "    \"errors\": 0\n"
				      "  }\n"
				      "}\n");
}

static json_int_t number(json_t *root, const char *object, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(root, object), key));
}

static void test_lists_are_capped(void **state)
{
	(void)state;
	_cleanup_(run_report_freep) struct run_report *report = run_report_new("check");
	_cleanup_(strbuf_release) struct strbuf json = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	json_t *root;

	strbuf_addn(&text, 'x', 5000);
	for (int i = 0; i < REPORT_LIST_MAX + 5; i++) {
		run_report_add(report, REPORT_WARNINGS, strbuf_str(&text));
	}
	run_report_add_json(report, 0, &json);
	root = json_loads(json.buf, 0, NULL);
	assert_non_null(root);
	assert_true(json_is_true(json_object_get(root, "success")));
	assert_int_equal(number(root, "counts", "warnings"), REPORT_LIST_MAX + 5);
	assert_int_equal(number(root, "omitted", "warnings"), 5);
	assert_int_equal(json_array_size(json_object_get(root, "warnings")), REPORT_LIST_MAX);
	assert_int_equal(json_string_length(json_array_get(json_object_get(root, "warnings"), 0)),
		REPORT_TEXT_MAX);
	json_decref(root);
	run_report_free(NULL);
}

static void test_write(void **state)
{
	(void)state;
	_cleanup_(run_report_freep) struct run_report *report = run_report_new("check");
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;
	char path[] = "/tmp/test_run_report.XXXXXX";
	struct err err = {0};
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(run_report_write(report, 124, path, NULL), 0);
	assert_int_equal(file_read(path, FILE_REGULAR, 10000, &content, NULL), 0);
	assert_non_null(strstr(content.buf, "\"exit_code\": 124,"));
	assert_int_equal(unlink(path), 0);

	assert_int_equal(run_report_write(report, 0, "/no/such/folder/r.json", &err), -1);
	assert_string_equal(err.msg, "run report: cannot write '/no/such/folder/r.json': "
				     "No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_lists_are_capped),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
