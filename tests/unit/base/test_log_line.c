/*
 * One line of the log in each format.
 */
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/log_line.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

static const struct log_context root = {
	.component = "check",
	.fields = (const struct log_field[]){{"check", "web1"}, {"kind", "http"}},
	.fields_count = 2,
};
static const struct log_context run = {
	.fields = (const struct log_field[]){{"run", "42"}},
	.fields_count = 1,
	.parent = &root,
};

static struct log_line line_of(enum log_level level, const struct log_context *context)
{
	return (struct log_line){.level = level,
		.context = context,
		.message = str_of("web-01 is up"),
		.wall_ms = 1751356800123};
}

static void test_text(void **state)
{
	(void)state;
	static const struct {
		enum log_level level;
		const struct log_context *context;
		const char *text;
	} cases[] = {
		{LOG_LEVEL_INFO, NULL, "2025-07-01 08:00:00,123 [INFO    ] web-01 is up\n"},
		{LOG_LEVEL_INFO, &root,
			"2025-07-01 08:00:00,123 [INFO    ] check: web-01 is up (check=web1 "
			"kind=http)\n"},
		{LOG_LEVEL_ERROR, &run,
			"2025-07-01 08:00:00,123 [ERROR   ] check: web-01 is up (check=web1 "
			"kind=http run=42)\n"},
		{LOG_LEVEL_WARN, NULL, "2025-07-01 08:00:00,123 [WARNING ] web-01 is up\n"},
		{LOG_LEVEL_DEBUG, NULL, "2025-07-01 08:00:00,123 [DEBUG   ] web-01 is up\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		const struct log_line line = line_of(cases[i].level, cases[i].context);

		strbuf_adds(&sb, "before ");
		log_line_add_text(&sb, &line);
		assert_string_equal(sb.buf + 7, cases[i].text);
	}
}

static void test_values(void **state)
{
	(void)state;
	static const struct {
		const char *value, *text;
	} cases[] = {
		{"plain", "k=plain"},
		{"", "k=\"\""},
		{"two words", "k=\"two words\""},
		{"a=b", "k=\"a=b\""},
		{"say \"hi\"", "k=\"say \\\"hi\\\"\""},
		{"a\nb\x1b[0m", "k=\"a\\nb\\x1b[0m\""},
		{"\xff", "k=\\xff"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		_cleanup_(strbuf_release) struct strbuf expected = STRBUF_INIT;
		const struct log_field field = {"k", cases[i].value};
		const struct log_context context = {.fields = &field, .fields_count = 1};
		const struct log_line line = line_of(LOG_LEVEL_INFO, &context);

		log_line_add_body(&sb, &line);
		strbuf_addf(&expected, "web-01 is up (%s)", cases[i].text);
		assert_string_equal(sb.buf, expected.buf);
	}
}

static void test_json(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct log_line line = line_of(LOG_LEVEL_WARN, &run);

	log_line_add_json(&sb, &line);
	assert_string_equal(sb.buf,
		"{\"time\": \"2025-07-01T08:00:00.123Z\", \"level\": \"warning\", "
		"\"component\": \"check\", \"message\": \"web-01 is up\", "
		"\"check\": \"web1\", \"kind\": \"http\", \"run\": \"42\"}\n");

	line.context = NULL;
	line.repeated = 12;
	strbuf_clear(&sb);
	log_line_add_json(&sb, &line);
	assert_string_equal(sb.buf,
		"{\"time\": \"2025-07-01T08:00:00.123Z\", \"level\": \"warning\", "
		"\"message\": \"web-01 is up\", \"repeated\": 12}\n");
}

static void test_journal(void **state)
{
	(void)state;
	static const int priorities[] = {3, 4, 6, 7};

	for (int level = 0; level < 4; level++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		_cleanup_(strbuf_release) struct strbuf expected = STRBUF_INIT;
		const struct log_line line = line_of((enum log_level)level, &root);

		log_line_add_journal(&sb, &line, LOG_TEXT);
		strbuf_addf(&expected, "<%d>check: web-01 is up (check=web1 kind=http)\n",
			priorities[level]);
		assert_string_equal(sb.buf, expected.buf);
	}

	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	const struct log_line line = line_of(LOG_LEVEL_ERROR, NULL);

	log_line_add_journal(&sb, &line, LOG_JSON);
	assert_string_equal(sb.buf, "<3>{\"time\": \"2025-07-01T08:00:00.123Z\", "
				    "\"level\": \"error\", \"message\": \"web-01 is up\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_journal),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
