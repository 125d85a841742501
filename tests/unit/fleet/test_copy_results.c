/*
 * Results of a copy as text, JSON and CSV.
 */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_results.h"

static struct copy_results results;
static struct copy_host_result items[4];

static void add(size_t host, enum copy_verdict verdict, const char *path, const char *message)
{
	struct copy_result result = {.verdict = verdict, .path = path, .bytes = 1536};

	if (message) {
		(void)err_set(&result.err, ERR_LIMIT, "%s", message);
	}
	copy_results_add(&results, host, &result);
}

static void end(size_t host, const struct outcome *outcome, const char *left)
{
	const struct copy_host_end told = {
		.outcome = *outcome, .duration_ms = 1500, .connect_ms = 5, .left = left};

	copy_results_end(&results, host, &told);
}

static int setup(void **state)
{
	static const char *const names[] = {"web-01", "web-02", "web-03", "web-04"};
	static const char *const sources[] = {"app.conf"};
	const struct outcome ok = outcome_exit(0);
	const struct outcome failed = {
		.kind = OUTCOME_EXIT, .exit_code = 1, .message = "no space is left for '/b'"};
	const struct outcome gone = {.kind = OUTCOME_UNREACHABLE,
		.cause = CAUSE_AUTH_FAILED,
		.message = "permission denied"};

	(void)state;
	memset(items, 0, sizeof(items));
	results = (struct copy_results){.arena = arena_new(),
		.keeps_all = true,
		.sources = sources,
		.sources_count = 1,
		.destination = "/etc/app/",
		.items = items,
		.items_count = 4};
	for (size_t i = 0; i < 4; i++) {
		items[i].name = names[i];
	}
	add(0, COPY_CREATED, "/a", NULL);
	add(0, COPY_UNCHANGED, "/b", NULL);
	end(0, &ok, NULL);
	add(1, COPY_CREATED, "/a", NULL);
	add(1, COPY_FAILED, "/b", "no space is left for '/b'");
	end(1, &failed, "/.b.copying");
	end(2, &gone, NULL);
	add(3, COPY_FAILED, "/b", "no space is left for '/b'");
	end(3, &failed, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(results.arena);
	return 0;
}

static void test_text(void **state)
{
	static const char *const expected[] = {
		"✓ web-01: 1 created, 1 unchanged (3.0 KiB)\n",
		"✗ web-02: no space is left for '/b'; 1 created, 1 failed (3.0 KiB)\n"
		"  failed  /b: no space is left for '/b'\n"
		"  left behind on web-02: /.b.copying\n",
		"✗ web-03: unreachable: permission denied\n",
		"✗ web-04: no space is left for '/b'\n",
	};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		strbuf_clear(&text);
		copy_result_add_text(&results, &items[i], false, false, &text);
		assert_string_equal(text.buf, expected[i]);
	}
	strbuf_clear(&text);
	copy_result_add_text(&results, &items[0], false, true, &text);
	assert_string_equal(text.buf, "✓ web-01: 1 created, 1 unchanged (3.0 KiB)\n"
				      "  created  /a\n"
				      "  unchanged  /b\n");
	strbuf_clear(&text);
	copy_results_add_summary(&results, &text);
	assert_string_equal(text.buf, "1/4 servers copied successfully: 1 unreachable, 2 failed\n");
	strbuf_release(&text);
}

/* What is kept of it, apart from how it ended. */
static void test_story(void **state)
{
	static const char *const expected[] = {
		"1 created, 1 unchanged (3.0 KiB)\n",
		"1 created, 1 failed (3.0 KiB)\n"
		"  failed  /b: no space is left for '/b'\n"
		"  left behind on web-02: /.b.copying\n",
		"",
		"1 failed (1.5 KiB)\n"
		"  failed  /b: no space is left for '/b'\n",
	};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		strbuf_clear(&text);
		copy_result_add_story(&results, &items[i], &text);
		assert_string_equal(text.buf ? text.buf : "", expected[i]);
	}
	strbuf_release(&text);
}

/* A million files that went well are not kept one by one. */
static void test_what_is_kept(void **state)
{
	struct copy_result result = {.verdict = COPY_CREATED, .path = "/a"};
	struct strbuf text = STRBUF_INIT;
	const struct outcome ok = outcome_exit(0);

	(void)state;
	results.keeps_all = false;
	items[0] = (struct copy_host_result){.name = "web-01"};
	for (int i = 0; i < 1000; i++) {
		copy_results_add(&results, 0, &result);
	}
	assert_int_equal(items[0].files_count, 0);
	result.backup = "/a~";
	for (int i = 0; i < 1000; i++) {
		copy_results_add(&results, 0, &result);
	}
	assert_true(items[0].files_count < 100);
	end(0, &ok, NULL);
	copy_result_add_text(&results, &items[0], false, false, &text);
	assert_true(str_starts(
		strbuf_str(&text), "✓ web-01: 2000 created\n  created  /a, before: /a~\n"));
	assert_non_null(strstr(text.buf, "  and more; -v shows all of them\n"));
	strbuf_release(&text);
}

static void test_folded(void **state)
{
	struct copy_result same = {
		.verdict = COPY_UPDATED, .path = "/a", .diff = "@@ -1,1 +1,1 @@\n-1\n+2\n"};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		items[i].files_count = 0;
		items[i].files_alloc = 0;
		if (i != 2) {
			copy_results_add(&results, i, &same);
		}
	}
	results.is_dry_run = true;
	copy_results_add_folded(&results, false, &text);
	assert_string_equal(text.buf, "web-[01-02,04] (3)\n"
				      "  would be updated  /a\n"
				      "    @@ -1,1 +1,1 @@\n"
				      "    -1\n"
				      "    +2\n");
	strbuf_release(&text);
}

static void test_json(void **state)
{
	struct strbuf text = STRBUF_INIT;
	const json_t *item;
	json_t *json;

	(void)state;
	copy_results_write_json(&results, &text);
	json = json_loads(text.buf, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "schema")), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json, "summary"), "failed")), 2);
	item = json_array_get(json_object_get(json, "results"), 1);
	assert_string_equal(json_string_value(json_object_get(item, "outcome")), "failed");
	assert_string_equal(json_string_value(json_object_get(item, "code")), "no_space");
	assert_string_equal(json_string_value(json_object_get(item, "left_behind")), "/.b.copying");
	assert_int_equal(json_array_size(json_object_get(item, "files")), 2);
	item = json_array_get(json_object_get(json, "results"), 2);
	assert_string_equal(json_string_value(json_object_get(item, "code")), "auth_failed");
	json_decref(json);
	strbuf_clear(&text);
	copy_result_add_jsonl(&results, &items[0], &text);
	json = json_loads(text.buf, 0, NULL);
	assert_non_null(json);
	assert_true(strchr(text.buf, '\n') == text.buf + text.len - 1);
	json_decref(json);
	strbuf_release(&text);
}

/* One spelling, in every format, for what any run on many hosts knows. */
static void test_words_of_any_run(void **state)
{
	static const struct {
		struct outcome outcome;
		const char *line, *outcome_name, *code, *message;
	} cases[] = {
		{{.kind = OUTCOME_NOT_STARTED, .cause = CAUSE_INTERRUPTED},
			"- web-03: not started: the run was interrupted\n", "not_started",
			"interrupted", "not started: the run was interrupted"},
		{{.kind = OUTCOME_NOT_STARTED, .cause = CAUSE_SUDO_FAILED, .message = "no"},
			"✗ web-03: not started: no\n", "not_started", "sudo_failed",
			"not started: no"},
		{{.kind = OUTCOME_EXIT, .exit_code = 1, .cause = CAUSE_INTERRUPTED},
			"✗ web-03: the run was interrupted\n", "failed", "interrupted",
			"the run was interrupted"},
		{{.kind = OUTCOME_TIMEOUT, .clock = CLOCK_SILENCE}, "✗ web-03: timeout (silence)\n",
			"timeout", "timeout", "timeout (silence)"},
	};
	struct strbuf text = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *json;

		items[2].outcome = cases[i].outcome;
		strbuf_clear(&text);
		copy_result_add_text(&results, &items[2], false, false, &text);
		assert_string_equal(text.buf, cases[i].line);
		strbuf_clear(&text);
		copy_result_add_jsonl(&results, &items[2], &text);
		json = json_loads(text.buf, 0, NULL);
		assert_non_null(json);
		assert_string_equal(
			json_string_value(json_object_get(json, "outcome")), cases[i].outcome_name);
		assert_string_equal(
			json_string_value(json_object_get(json, "code")), cases[i].code);
		assert_string_equal(
			json_string_value(json_object_get(json, "message")), cases[i].message);
		json_decref(json);
		strbuf_clear(&text);
		copy_results_write_csv(&results, &text);
		assert_non_null(strstr(text.buf, cases[i].message));
	}
	strbuf_clear(&text);
	results.counts.of[OUTCOME_UNREACHABLE]--;
	results.counts.of[OUTCOME_NOT_STARTED]++;
	copy_results_add_summary(&results, &text);
	assert_string_equal(text.buf, "1/4 servers copied successfully: 1 not started, 2 failed\n");
	strbuf_release(&text);
}

static void test_csv(void **state)
{
	struct strbuf text = STRBUF_INIT;

	(void)state;
	copy_results_write_csv(&results, &text);
	assert_non_null(strstr(text.buf,
		"name,outcome,success,code,message,duration_seconds,bytes,unchanged,created,"
		"updated,mode,skipped,failed\n"
		"web-01,ok,true,ok,,1.5,3072,1,1,0,0,0,0\n"
		"web-02,failed,false,no_space,no space is left for '/b',1.5,3072,0,1,0,0,0,1\n"));
	strbuf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_story, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words_of_any_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_csv, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
