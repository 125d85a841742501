/*
 * The Prometheus text format: families together, everything escaped, nothing twice.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/prometheus_writer.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

static void assert_written(const struct prometheus_writer *w, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	prometheus_write(w, &sb);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

static void test_families_stay_together(void **state)
{
	(void)state;
	_cleanup_(prometheus_writer_freep) struct prometheus_writer *w = prometheus_writer_new();
	static const char *const names[] = {"web-01", "web-02"};

	assert_written(w, "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct prometheus_label labels[] = {
			{"check", names[i]}, {"team", NULL}, {"kind", "http"}};

		prometheus_add(w, &(struct prometheus_sample){.family = "sre_check_up",
					  .help = "Whether it is up.",
					  .labels = labels,
					  .labels_count = ARRAY_LEN(labels),
					  .value = (double)i});
		prometheus_add(w, &(struct prometheus_sample){.family = "sre_check_runs_total",
					  .type = PROMETHEUS_COUNTER,
					  .labels = labels,
					  .labels_count = 1,
					  .value = 1.5e10});
	}
	assert_written(w, "# HELP sre_check_up Whether it is up.\n"
			  "# TYPE sre_check_up gauge\n"
			  "sre_check_up{check=\"web-01\",kind=\"http\"} 0\n"
			  "sre_check_up{check=\"web-02\",kind=\"http\"} 1\n"
			  "# TYPE sre_check_runs_total counter\n"
			  "sre_check_runs_total{check=\"web-01\"} 15000000000\n"
			  "sre_check_runs_total{check=\"web-02\"} 15000000000\n");
}

static void test_values(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-1.5, "-1.5"},
		{0.1, "0.1"},
		{1e30, "1e+30"},
		{INFINITY, "+Inf"},
		{-INFINITY, "-Inf"},
		{NAN, "NaN"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(prometheus_writer_freep) struct prometheus_writer *w =
			prometheus_writer_new();
		_cleanup_(strbuf_release) struct strbuf expected = STRBUF_INIT;

		prometheus_add(w, &(struct prometheus_sample){.family = "x",
					  .type = PROMETHEUS_UNTYPED,
					  .value = cases[i].value});
		strbuf_addf(&expected, "# TYPE x untyped\nx %s\n", cases[i].text);
		assert_written(w, expected.buf);
	}
}

static void test_escapes(void **state)
{
	(void)state;
	_cleanup_(prometheus_writer_freep) struct prometheus_writer *w = prometheus_writer_new();
	const struct prometheus_label labels[] = {{"a-b:c", "say \"hi\"\\\nbye \xff\xc3\xa9"}};

	prometheus_add(w, &(struct prometheus_sample){.family = "9disk used %",
				  .help = "a \"b\"\\\nc",
				  .labels = labels,
				  .labels_count = 1,
				  .value = 1});
	assert_written(w,
		"# HELP _9disk_used__ a \"b\"\\\\\\nc\n"
		"# TYPE _9disk_used__ gauge\n"
		"_9disk_used__{a_b_c=\"say \\\"hi\\\"\\\\\\nbye \xef\xbf\xbd\xc3\xa9\"} 1\n");
}

static void test_duplicates_are_dropped(void **state)
{
	(void)state;
	_cleanup_(prometheus_writer_freep) struct prometheus_writer *w = prometheus_writer_new();
	const struct prometheus_label labels[] = {{"check", "a"}};

	for (int i = 1; i < 4; i++) {
		prometheus_add(w,
			&(struct prometheus_sample){
				.family = "up", .labels = labels, .labels_count = 1, .value = i});
		prometheus_add(w, &(struct prometheus_sample){.family = "up", .value = i});
	}
	assert_written(w, "# TYPE up gauge\nup{check=\"a\"} 1\nup 1\n");
}

static void test_histogram(void **state)
{
	(void)state;
	_cleanup_(prometheus_writer_freep) struct prometheus_writer *w = prometheus_writer_new();
	const struct prometheus_label le[] = {{"le", "+Inf"}};

	prometheus_add(w, &(struct prometheus_sample){.family = "d_seconds",
				  .suffix = "_bucket",
				  .type = PROMETHEUS_HISTOGRAM,
				  .labels = le,
				  .labels_count = 1,
				  .value = 3});
	prometheus_add(w, &(struct prometheus_sample){.family = "d_seconds",
				  .suffix = "_count",
				  .type = PROMETHEUS_HISTOGRAM,
				  .value = 3});
	assert_written(w, "# TYPE d_seconds histogram\n"
			  "d_seconds_bucket{le=\"+Inf\"} 3\n"
			  "d_seconds_count 3\n");
	prometheus_writer_free(NULL);
}

static void test_names(void **state)
{
	(void)state;
	static const char *const cases[][2] = {{"up", "up"}, {"a:b_c9", "a:b_c9"}, {"", "_"},
		{"1", "_1"}, {"/var", "_var"}, {"\xc3\xa9", "__"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;

		prometheus_add_name(&sb, str_of(cases[i][0]));
		assert_string_equal(sb.buf, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families_stay_together),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_duplicates_are_dropped),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
