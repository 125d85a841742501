#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/option_values.h"

struct values {
	bool is_on;
	int64_t number, timeout_ms, size;
	double ratio;
	const char *text, *path;
	int choice;
	struct option_list list;
	struct option_map map, map_list;
	struct {
		const char *text;
	} inner;
};

static const char *const choices[] = {"a", "b", NULL};

#define IN(field) offsetof(struct values, field)

// clang-format off
static const struct option_row inner_rows[] = {
	{.name = "text", .type = &option_string, .help = "text"},
	{0},
};

static const struct option_row rows[] = {
	{.name = "is_on", .type = &option_bool, .offset = IN(is_on), .help = "h"},
	{.name = "number", .type = &option_int, .offset = IN(number), .help = "h"},
	{.name = "timeout", .type = &option_duration, .offset = IN(timeout_ms), .help = "h"},
	{.name = "size", .type = &option_size, .offset = IN(size), .help = "h"},
	{.name = "ratio", .type = &option_double, .offset = IN(ratio), .help = "h"},
	{.name = "text", .type = &option_string, .offset = IN(text), .help = "h"},
	{.name = "path", .type = &option_path, .offset = IN(path), .help = "h"},
	{.name = "choice", .type = &option_choice, .offset = IN(choice), .choices = choices, .help = "h"},
	{.name = "list", .shape = OPTION_LIST, .type = &option_string, .offset = IN(list), .help = "h"},
	{.name = "map", .shape = OPTION_MAP, .type = &option_string, .offset = IN(map), .help = "h"},
	{.name = "map_list", .shape = OPTION_MAP_LIST, .type = &option_int, .offset = IN(map_list), .help = "h"},
	{.name = "inner", .shape = OPTION_SECTION, .rows = inner_rows, .offset = IN(inner), .help = "h"},
	{0},
};
// clang-format on

/* "name=value", and "inner.text=value". */
static void set(struct arena *arena, const char *setting, struct values *values)
{
	const struct option_context context = {.arena = arena};
	const struct str text = str_of(setting);
	const size_t equals = str_find(text, '=', 0);
	const struct str name = str_sub(text, 0, equals);
	const struct str value = str_sub(text, equals + 1, text.len);

	if (str_is(name, "inner.text")) {
		assert_int_equal(
			option_parse(inner_rows, &context, value, &values->inner, NULL), 0);
	} else {
		assert_int_equal(
			option_parse(option_find(rows, name), &context, value, values, NULL), 0);
	}
}

static char *values_of(const char *const *settings, size_t count)
{
	struct arena *arena = arena_new();
	struct values values = {0};
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < count; i++) {
		set(arena, settings[i], &values);
	}
	option_add_values(rows, &values, &out);
	arena_free(arena);
	return strbuf_detach(&out);
}

/* Each of these is another configuration. */
static void tells_all_apart(void **state)
{
	static const char *const sets[][3] = {
		{"is_on=no"},
		{"is_on=yes"},
		{"number=1"},
		{"timeout=1s"},
		{"size=1"},
		{"ratio=0.1"},
		{"ratio=0.10000000000000002"},
		{"text="},
		{"text=a"},
		{"path=a"},
		{"choice=b"},
		{"list=a"},
		{"list=a", "list=b"},
		{"list=b", "list=a"},
		{"list=a\n2:=b"},
		{"map=a=b"},
		{"map=b=a"},
		{"map=a=b", "map=c=d"},
		{"map_list=a=1"},
		{"map_list=a=1", "map_list=a=2"},
		{"map_list=a=1", "map_list=b=2"},
		{"inner.text=a"},
	};
	char *values[ARRAY_LEN(sets)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		size_t count = 0;
		char *again;

		while (count < 3 && sets[i][count]) {
			count++;
		}
		values[i] = values_of(sets[i], count);
		again = values_of(sets[i], count);
		assert_string_equal(values[i], again);
		free(again);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(values[i], values[k]) == 0) {
				fail_msg("%s is as %s", sets[i][0], sets[k][0]);
			}
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		free(values[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_all_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
