/*
 * A command line in the ledger: what is kept, what never is, and reading it back.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/run_request.h"

static void test_what_is_kept(void **state)
{
	static const struct {
		const char *argv[8];
		const char *json;
	} cases[] = {
		{{"fleet", "uptime", "-t", "3"},
			"{\"arguments\": [\"fleet\", \"uptime\", \"-t\", \"3\"], \"withheld\": [], "
			"\"directory\": \"/d\", \"script\": null}"},
		{{"fleet", "--env", "A=secret", "--env=B=secret", "x"},
			"{\"arguments\": [\"fleet\", \"--env\", \"A=\", \"--env\", \"B=\", \"x\"], "
			"\"withheld\": [\"A\", \"B\"], \"directory\": \"/d\", \"script\": null}"},
		{{"fleet", "--", "--env", "A=1"}, "{\"arguments\": [\"fleet\", \"--\", \"--env\", "
						  "\"A=1\"], \"withheld\": [], "
						  "\"directory\": \"/d\", \"script\": null}"},
		{{"fleet", "--env"}, "{\"arguments\": [\"fleet\", \"--env\"], \"withheld\": [], "
				     "\"directory\": \"/d\", \"script\": null}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct arena *arena = arena_new();
		struct run_request request;
		int argc = 0;

		while (cases[i].argv[argc]) {
			argc++;
		}
		run_request_init(&request, argc, cases[i].argv, "/d", NULL, arena);
		run_request_add_json(&request, &out);
		assert_string_equal(out.buf, cases[i].json);
		arena_free(arena);
	}
}

static void test_it_is_read_back(void **state)
{
	static const char *const argv[] = {"fleet", "echo \"\\\t$x\"", "--env", "A=b", "--", "-x"};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct arena *arena = arena_new();
	struct run_request request, read = {0};
	struct err err = {0};

	(void)state;
	run_request_init(&request, (int)ARRAY_LEN(argv), argv, "/tmp", "abc", arena);
	run_request_add_json(&request, &out);
	assert_int_equal(run_request_read(out.buf, arena, &read, &err), 0);
	assert_int_equal(read.arguments_count, ARRAY_LEN(argv));
	for (size_t i = 0; i < read.arguments_count; i++) {
		assert_string_equal(read.arguments[i], request.arguments[i]);
	}
	assert_string_equal(read.arguments[3], "A=");
	assert_int_equal(read.withheld_count, 1);
	assert_string_equal(read.withheld[0], "A");
	assert_string_equal(read.directory, "/tmp");
	assert_string_equal(read.script, "abc");
	assert_int_equal(read.first_count, 0);
	assert_true(run_request_is_of(&read, "fleet"));
	assert_false(run_request_is_of(&read, "copy"));
	request.first_count = 20;
	strbuf_clear(&out);
	run_request_add_json(&request, &out);
	assert_int_equal(run_request_read(out.buf, arena, &read, &err), 0);
	assert_int_equal(read.first_count, 20);
	assert_int_equal(read.naming, RUN_NAMING_OPEN);
	assert_false(read.knows_config);
	request.knows_config = true;
	strbuf_clear(&out);
	run_request_add_json(&request, &out);
	assert_int_equal(run_request_read(out.buf, arena, &read, &err), 0);
	assert_true(read.knows_config);
	assert_null(read.config);
	request.config = "/etc/\"x\".yaml";
	strbuf_clear(&out);
	run_request_add_json(&request, &out);
	assert_int_equal(run_request_read(out.buf, arena, &read, &err), 0);
	assert_true(read.knows_config);
	assert_string_equal(read.config, request.config);
	for (enum run_naming naming = RUN_NAMING_TAKEN; naming <= RUN_NAMING_OWN; naming++) {
		request.naming = naming;
		strbuf_clear(&out);
		run_request_add_json(&request, &out);
		assert_int_equal(run_request_read(out.buf, arena, &read, &err), 0);
		assert_int_equal(read.naming, naming);
	}
	arena_free(arena);
}

static void test_what_is_none(void **state)
{
	static const char *const texts[] = {"", "{}", "[]", "{\"arguments\": []", "null",
		"{\"arguments\": [], \"withheld\": [], \"directory\": \"/\"}",
		"{\"arguments\": [1], \"withheld\": [], \"directory\": \"/\"}",
		"{\"arguments\": [\"a\"], \"withheld\": {}, \"directory\": \"/\"}",
		"{\"arguments\": [\"a\"], \"withheld\": []}"};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct run_request request = {0};
		struct err err = {0};

		assert_int_equal(run_request_read(texts[i], arena, &request, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_null(request.arguments);
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_it_is_read_back),
		cmocka_unit_test(test_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
