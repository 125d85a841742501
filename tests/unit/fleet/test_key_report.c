/*
 * Host keys in words, JSON and CSV.
 */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "cmocka_all.h"
#include "fleet/key_report.h"
#include "fleet/survey_sample.h"
#include "net/ssh_host_key.h"

struct sample {
	struct arena *arena;
	struct ssh_hosts *hosts;
	struct surveyed_host list[7];
	struct key_plan plan;
	struct key_report report;
};

static const char *fingerprint(struct sample *sample, char letter)
{
	struct strbuf text = STRBUF_INIT;
	const char *kept;

	ssh_host_key_add_fingerprint(&text, sample_blob(sample->arena, letter));
	kept = arena_strdup(sample->arena, text.buf);
	strbuf_release(&text);
	return kept;
}

static int start(void **state)
{
	static const char *const names[] = {
		"web-01", "web-02", "web-03", "db-01", "db-02", "gone", "old"};
	static const char *const letters[] = {"aA", "aA", "b", "c", "dD", "", "e"};
	struct sample *sample = xcalloc(1, sizeof(*sample));

	sample->arena = arena_new();
	sample->hosts = ssh_hosts_new();
	ssh_hosts_read_text(sample->hosts,
		str_of(sample_known(sample->arena, "web-03 b\ndb-01 x\ndb-02 d\ndb-02 y\n@revoked "
						   "* D\n@cert-authority old z\n")),
		"/k\033h");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		sample->list[i] =
			sample_host(sample->arena, sample->hosts, "/k", names[i], letters[i]);
	}
	sample->list[5].problem = "no\nroute";
	key_plan_make(&sample->plan, sample->list, ARRAY_LEN(names), false, false, sample->arena);
	sample->report = (struct key_report){.plan = &sample->plan, .duration_ms = 1500};
	*state = sample;
	return 0;
}

static int end(void **state)
{
	struct sample *sample = *state;

	ssh_hosts_free(&sample->hosts);
	arena_free(sample->arena);
	free(sample);
	return 0;
}

static void test_text(void **state)
{
	struct sample *sample = *state;
	struct strbuf text = STRBUF_INIT;
	const char *expected = arena_printf(sample->arena,
		"✗ web-[01-02]: new\n"
		"    ED25519  %s  new\n"
		"    RSA      %s  new\n"
		"✓ web-03: known\n"
		"    ED25519  %s  known\n"
		"✗ db-01: CHANGED\n"
		"    ED25519  %s  changed: /k\\x1bh:2 has ED25519 %s\n"
		"✗ db-02: REVOKED\n"
		"    ED25519  %s  known\n"
		"    RSA      %s  revoked by /k\\x1bh:5\n"
		"    not shown: /k\\x1bh:4 has ED25519 %s\n"
		"✗ gone: unreachable: no\\nroute\n"
		"✓ old: known through an authority\n"
		"    ED25519  %s  authority by /k\\x1bh:6\n"
		"1 known, 1 known through an authority, 2 new, 1 CHANGED, 1 REVOKED, 1 "
		"unreachable\n",
		fingerprint(sample, 'a'), fingerprint(sample, 'A'), fingerprint(sample, 'b'),
		fingerprint(sample, 'c'), fingerprint(sample, 'x'), fingerprint(sample, 'd'),
		fingerprint(sample, 'D'), fingerprint(sample, 'y'), fingerprint(sample, 'e'));

	key_report_add_text(&sample->report, sample->arena, &text);
	assert_string_equal(text.buf, expected);
	assert_false(key_report_is_good(&sample->plan));
	strbuf_release(&text);
}

static void test_good(void **state)
{
	struct sample *sample = *state;
	struct key_plan plan = sample->plan;

	plan.hosts_count = 1;
	assert_false(key_report_is_good(&plan));
	plan.items[0].is_done = true;
	assert_true(key_report_is_good(&plan));
	assert_int_equal(key_report_state(&plan, 0), KEY_REPORT_RECORDED);
	sample->list[0].problem = "there may be more";
	assert_false(key_report_is_good(&plan));
}

static void test_json(void **state)
{
	struct sample *sample = *state;
	struct strbuf text = STRBUF_INIT;
	json_error_t error;
	const json_t *results, *key;
	json_t *root;

	key_report_add_json(&sample->report, &text);
	root = json_loads(text.buf, 0, &error);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(root, "summary"), "new")), 2);
	results = json_object_get(root, "results");
	assert_int_equal(json_array_size(results), 7);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(results, 5), "message")),
		"no\nroute");
	key = json_array_get(json_object_get(json_array_get(results, 3), "keys"), 0);
	assert_string_equal(json_string_value(json_object_get(key, "state")), "changed");
	assert_string_equal(json_string_value(json_object_get(key, "type")), "ssh-ed25519");
	assert_string_equal(json_string_value(json_object_get(key, "known_fingerprint")),
		fingerprint(sample, 'x'));
	assert_int_equal(json_integer_value(json_object_get(key, "line")), 2);
	assert_int_equal(
		json_array_size(json_object_get(json_array_get(results, 3), "not_shown")), 1);
	json_decref(root);
	strbuf_release(&text);
}

static void test_csv(void **state)
{
	struct sample *sample = *state;
	struct strbuf text = STRBUF_INIT;
	struct str rest, line;
	size_t lines = 0;

	key_report_add_csv(&sample->report, &text);
	assert_non_null(
		strstr(text.buf, arena_printf(sample->arena, "\nweb-02,new,ssh-rsa,%s,new,,,,\n",
					 fingerprint(sample, 'A'))));
	assert_non_null(strstr(text.buf, "\ngone,unreachable,,,,,,,\"no\nroute\"\n"));
	rest = strbuf_str(&text);
	while (str_line(&rest, &line)) {
		lines++;
	}
	assert_int_equal(lines, 1 + 9 + 2);
	strbuf_release(&text);
}

static void test_run_report(void **state)
{
	struct sample *sample = *state;
	struct run_report *run = run_report_new("fleet");
	struct strbuf text = STRBUF_INIT;

	key_report_tell(&sample->plan, run);
	run_report_add_json(run, 1, &text);
	assert_non_null(strstr(text.buf, "web-02: host key: new"));
	assert_non_null(strstr(text.buf, "gone: host key: unreachable: no"));
	assert_null(strstr(text.buf, "web-03"));
	strbuf_release(&text);
	run_report_free(run);
}

static void test_expected(void **state)
{
	struct sample *sample = *state;
	struct strbuf text = STRBUF_INIT;

	sample->list[0].is_compared = true;
	sample->list[0].review.keys[0].is_expected = true;
	sample->list[0].unexpected = 1;
	sample->plan.hosts_count = 1;
	key_report_add_text(&sample->report, sample->arena, &text);
	assert_non_null(strstr(text.buf, "new, as expected\n"));
	assert_non_null(strstr(text.buf, "new, NOT EXPECTED\n"));
	assert_int_equal(key_report_state(&sample->plan, 0), KEY_REPORT_NEW);
	sample->list[0].unexpected = 0;
	assert_int_equal(key_report_state(&sample->plan, 0), KEY_REPORT_EXPECTED);
	assert_true(key_report_is_good(&sample->plan));
	strbuf_release(&text);
}

static void test_outcome(void **state)
{
	struct sample *sample = *state;
	struct strbuf text = STRBUF_INIT;

	key_report_add_outcome(&sample->report, &text);
	assert_string_equal(text.buf, "");
	key_plan_make(&sample->plan, sample->list, 4, true, false, sample->arena);
	sample->report.is_dry_run = true;
	key_report_add_outcome(&sample->report, &text);
	assert_string_equal(text.buf,
		"db-01: not recorded: it has changed: only --replace-changed writes its keys\n"
		"would record 4 keys in /k\n");
	strbuf_clear(&text);
	sample->report.is_dry_run = false;
	sample->plan.items[0].is_done = true;
	sample->plan.items[1].failure = "disk\nfull";
	key_report_add_outcome(&sample->report, &text);
	assert_non_null(strstr(text.buf, "web-02: not recorded: disk\\nfull\n"));
	assert_non_null(strstr(text.buf, "recorded 2 keys in /k\n"));
	strbuf_release(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_good),
		TEST(test_json),
		TEST(test_csv),
		TEST(test_outcome),
		TEST(test_run_report),
		TEST(test_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
