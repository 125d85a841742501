/*
 * What is written of which hosts, and what never is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/key_plan.h"
#include "fleet/survey_sample.h"
#include "support/run_program.h"

struct place {
	struct arena *arena;
	struct ssh_hosts *hosts;
	char folder[64], path[128];
};

static void know(struct place *place, const char *lines)
{
	const char *text = sample_known(place->arena, lines);

	assert_int_equal(file_write(place->path, str_of(text), 0600, NULL), 0);
	ssh_hosts_free(&place->hosts);
	place->hosts = ssh_hosts_new();
	ssh_hosts_read_text(place->hosts, str_of(text), place->path);
}

static void assert_file(const struct place *place, const char *lines)
{
	struct strbuf text = STRBUF_INIT;

	(void)file_read(place->path, FILE_REGULAR, 1 << 20, &text, NULL);
	assert_string_equal(text.buf, sample_known(place->arena, lines));
	strbuf_release(&text);
}

#define HOST(name, letters) sample_host(place->arena, place->hosts, place->path, name, letters)

static void test_plan(void **state)
{
	struct place *place = *state;
	struct key_plan plan;

	know(place, "known a\nknown A\nchanged x\nrevoked a\n@revoked revoked B\n");
	const struct surveyed_host hosts[] = {HOST("known", "aA"), HOST("new", "aA"),
		HOST("changed", "b"), HOST("revoked", "aB"), HOST("gone", ""), HOST("new", "aA")};
	const struct {
		bool records, replaces;
		size_t keys, recorded_hosts, replaced_hosts;
		bool is_refused[ARRAY_LEN(hosts)];
	} cases[] = {
		{false, false, 0, 0, 0, {false}},
		{true, false, 2, 1, 0, {false, false, true, true}},
		{false, true, 1, 0, 1, {false, false, false, true}},
		{true, true, 3, 1, 1, {false, false, false, true}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		key_plan_make(&plan, hosts, ARRAY_LEN(hosts), cases[i].records, cases[i].replaces,
			place->arena);
		assert_int_equal(plan.keys, cases[i].keys);
		assert_int_equal(plan.recorded_hosts, cases[i].recorded_hosts);
		assert_int_equal(plan.replaced_hosts, cases[i].replaced_hosts);
		for (size_t h = 0; h < ARRAY_LEN(hosts); h++) {
			assert_int_equal(plan.items[h].refusal != NULL, cases[i].is_refused[h]);
		}
	}
	assert_int_equal(key_plan_carry_out(&plan), 0);
	assert_file(place, "known a\nknown A\nrevoked a\n@revoked revoked B\nnew a\nnew A\n"
			   "changed b\n");
	assert_true(plan.items[1].is_done && plan.items[2].is_done && plan.items[5].is_done);
	assert_false(plan.items[0].is_done || plan.items[3].is_done || plan.items[4].is_done);
}

static void test_nowhere(void **state)
{
	struct place *place = *state;
	struct key_plan plan;

	know(place, "changed x\n");
	struct surveyed_host hosts[] = {
		HOST("new", "a"), HOST("new", "a"), HOST("changed", "y"), HOST("other", "b")};

	hosts[0].record_path = NULL;
	hosts[1].record_path = "/dev/null";
	hosts[3].unexpected = 1;
	hosts[2].problem = "it hung up"; /* perhaps it has the old one still */
	key_plan_make(&plan, hosts, ARRAY_LEN(hosts), true, true, place->arena);
	assert_int_equal(plan.keys, 0);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		assert_non_null(plan.items[i].refusal);
	}
	assert_int_equal(key_plan_carry_out(&plan), 0);
	assert_file(place, "changed x\n");
}

/* One file cannot be written: its hosts fail, the others do not. */
static void test_failure(void **state)
{
	struct place *place = *state;
	struct strbuf files = STRBUF_INIT;
	struct key_plan plan;

	know(place, "");
	struct surveyed_host hosts[] = {HOST("a", "a"), HOST("b", "b"), HOST("c", "c")};

	hosts[0].record_path = hosts[2].record_path = place->folder;
	key_plan_make(&plan, hosts, ARRAY_LEN(hosts), true, false, place->arena);
	key_plan_add_files(&plan, &files);
	assert_string_equal(files.buf, "2 files");
	assert_int_equal(key_plan_carry_out(&plan), 2);
	assert_non_null(strstr(plan.items[0].failure, place->folder));
	assert_non_null(plan.items[2].failure);
	assert_true(plan.items[1].is_done);
	assert_file(place, "b b\n");
	strbuf_clear(&files);
	key_plan_make(&plan, hosts + 1, 1, true, false, place->arena);
	key_plan_add_files(&plan, &files);
	assert_string_equal(files.buf, place->path);
	strbuf_release(&files);
}

/* The old key stands in the second file, which loses it; the new one goes to the first. */
static void test_other_file(void **state)
{
	struct place *place = *state;
	struct key_plan plan;
	char second[160];
	struct strbuf text = STRBUF_INIT;

	(void)snprintf(second, sizeof(second), "%s2", place->path);
	know(place, "web x\n");
	assert_int_equal(rename(place->path, second), 0);
	struct surveyed_host host = HOST("web", "a");
	const char *const paths[] = {place->path, second, NULL};

	host.paths = paths;
	key_plan_make(&plan, &host, 1, false, true, place->arena);
	assert_int_equal(key_plan_carry_out(&plan), 0);
	assert_file(place, "web a\n");
	assert_int_equal(file_read(second, FILE_REGULAR, 1 << 20, &text, NULL), 0);
	assert_string_equal(text.buf, "");
	strbuf_release(&text);
}

static int start(void **state)
{
	struct place *place = xcalloc(1, sizeof(*place));

	place->arena = arena_new();
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/test_key_plan.XXXXXX");
	*state = place;
	if (!mkdtemp(place->folder)) {
		return -1;
	}
	(void)snprintf(place->path, sizeof(place->path), "%s/known_hosts", place->folder);
	return 0;
}

static int end(void **state)
{
	struct place *place = *state;
	int status = RUN("rm", "-rf", place->folder);

	ssh_hosts_free(&place->hosts);
	arena_free(place->arena);
	free(place);
	return status;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_plan),
		TEST(test_nowhere),
		TEST(test_failure),
		TEST(test_other_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
