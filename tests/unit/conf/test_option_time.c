#include <jansson.h>

#include "base/alloc.h"
#include "base/cron_schedule.h"
#include "base/time_window.h"
#include "base/time_zone.h"
#include "cmocka_all.h"
#include "conf/option_time.h"
#include "conf/option_values.h"

struct times {
	struct time_zone *zone;
	struct cron_schedule *digest;
	struct option_list windows;
};

// clang-format off
static const struct option_row rows[] = {
	{.name = "zone", .type = &option_time_zone, .offset = offsetof(struct times, zone), .help = "where"},
	{.name = "digest", .type = &option_cron, .offset = offsetof(struct times, digest), .def = "@daily", .help = "when"},
	{.name = "windows", .shape = OPTION_LIST, .type = &option_time_window, .offset = offsetof(struct times, windows), .help = "when else"},
	{0},
};
// clang-format on

static const struct option_row *row_of(const char *name)
{
	return option_find(rows, str_of(name));
}

static void must_set(struct times *times, struct arena *arena, const char *name, const char *text)
{
	const struct option_context context = {.arena = arena};
	struct err err = {0};

	if (option_parse(row_of(name), &context, str_of(text), times, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static void test_values(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	struct times times;
	struct err err = {0};

	(void)state;
	if (option_rows_check(rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	option_set_defaults(rows, &context, &times);
	assert_null(times.zone);
	assert_int_equal(times.digest->hours, 1);
	assert_int_equal(times.windows.count, 0);

	must_set(&times, arena, "zone", " Europe/Berlin ");
	must_set(&times, arena, "digest", "0 8 * * mon-fri");
	must_set(&times, arena, "windows", "mon-fri 09:00-17:00");
	must_set(&times, arena, "windows", "sat,sun");
	assert_string_equal(time_zone_name(times.zone), "Europe/Berlin");
	assert_int_equal(times.digest->hours, 1 << 8);
	assert_int_equal(times.windows.count, 2);
	/* A list's items are what time_windows_hold() takes; 2025-07-05 was a Saturday. */
	assert_true(time_windows_hold(
		times.windows.items, times.windows.count, times.zone, 1751673600000));
	assert_false(time_windows_hold(
		times.windows.items, times.windows.count, times.zone, 1751664000000));
}

static void test_errors(void **state)
{
	static const struct {
		const char *name, *text, *error;
	} cases[] = {
		{"zone", "Europe/Berln", "did you mean 'Europe/Berlin'?"},
		{"zone", "/etc/passwd", "is not the name of a time zone"},
		{"digest", "0 25 * * *", "hour '25' must be from 0 to 23, at column 3"},
		{"windows", "mon 9-17", "'9' is not a time of day"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct times times = {0};
		struct err err = {0};

		assert_int_equal(option_parse(row_of(cases[i].name), &context,
					 str_of(cases[i].text), &times, &err),
			-1);
		assert_non_null(strstr(err.msg, cases[i].error));
		assert_null(times.zone);
		assert_null(times.digest);
		assert_int_equal(times.windows.count, 0);
	}
}

static bool is_alike(const char *name, const char *a, const char *b)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(strbuf_release) struct strbuf first = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf second = STRBUF_INIT;
	struct times times = {0};

	if (a) {
		must_set(&times, arena, name, a);
	}
	option_add_values(rows, &times, &first);
	times = (struct times){0};
	must_set(&times, arena, name, b);
	option_add_values(rows, &times, &second);
	return strcmp(first.buf, second.buf) == 0;
}

static void test_alike(void **state)
{
	(void)state;
	assert_true(is_alike("zone", "UTC", " UTC"));
	assert_false(is_alike("zone", "UTC", "Europe/Berlin"));
	assert_false(is_alike("zone", NULL, "UTC"));
	assert_true(is_alike("digest", "@daily", "0 0 * * *"));
	assert_false(is_alike("digest", "@daily", "0 0 */1 * 0-7"));
	assert_false(is_alike("digest", "0 0 * * mon#1", "0 0 * * mon#2"));
	assert_false(is_alike("digest", "0 0 L * *", "0 0 LW * *"));
	assert_false(is_alike("digest", NULL, "@daily"));
	assert_true(is_alike("windows", "daily", "mon-sun 00:00-24:00"));
	assert_false(is_alike("windows", "daily", "00:00-23:59"));
}

/* As text that an editor's validator reads. */
static void test_schemas(void **state)
{
	(void)state;
	for (const struct option_row *row = rows; row->name; row++) {
		_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
		json_t *schema;

		strbuf_addc(&text, '{');
		row->type->schema(row, &text);
		strbuf_addc(&text, '}');
		schema = json_loads(text.buf, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(schema);
		assert_string_equal(json_string_value(json_object_get(schema, "type")), "string");
		assert_non_null(
			strstr(json_string_value(json_object_get(schema, "pattern")), "|\\$\\{"));
		json_decref(schema);
		assert_non_null(row->type->syntax);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_schemas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
