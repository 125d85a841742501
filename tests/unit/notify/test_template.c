/*
 * Reading templates: what is one, and what is said of what is none.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "notify/template.h"

static void takes_what_is_one(void **state)
{
	static const char *const texts[] = {
		"",
		"no tag at all } }} {",
		"{{title}}",
		"{{ title | upper | cut:80 }}",
		"{{label.team}} {{field.disk usage}}",
		"{{#resolved}}a{{/resolved}}{{^resolved}}b{{/resolved}}",
		"{{#fields}}{{name}}={{value}}{{/fields}}",
		"{{#alerts}}{{#fields}}{{name}}{{/fields}}{{title}}{{/alerts}}",
		"{{^fields}}none{{/fields}}",
		"{{#label.team}}{{label.team}}{{/label.team}}",
		"{{{{title}}",
		"{{{{{{title}}",
		"{{title|cut:1|json|url|lower}}",
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct template *template = NULL;
		struct err err = {0};

		if (template_parse(str_of(texts[i]), arena, &template, &err) < 0) {
			fail_msg("%s: %s", texts[i], err.msg);
		}
		assert_true(str_is(template_source(template), texts[i]));
	}
	arena_free(arena);
}

static void says_what_is_wrong_and_where(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"a {{titel}}", "unknown name 'titel' at character 3; did you mean 'title'?"},
		{"ää {{xyzzy}}", "unknown name 'xyzzy' at character 4"},
		{"{{labels.team}}", "unknown name 'labels.team' at character 1; did you mean "
				    "'label.NAME'?"},
		{"{{label.}}", "no name behind 'label.' at character 1"},
		{"{{}}", "nothing in '{{}}' at character 1"},
		{"{{ }}", "nothing in '{{}}' at character 1"},
		{"{{title", "no '}}' behind '{{title' at character 1"},
		{"{{title}", "no '}}' behind '{{title}' at character 1"},
		{"{{title|uper}}", "unknown filter 'uper' at character 1; did you mean 'upper'?"},
		{"{{title|}}", "unknown filter '' at character 1"},
		{"{{title|cut}}", "no number, as in cut:80, behind 'cut' at character 1"},
		{"{{title|cut:}}", "no number of characters in 'cut:' at character 1"},
		{"{{title|cut:0}}", "no number of characters in 'cut:0' at character 1"},
		{"{{title|cut:-1}}", "no number of characters in 'cut:-1' at character 1"},
		{"{{title|upper:1}}", "nothing may stand behind 'upper' at character 1"},
		{"{{title|json|json|json|json|json}}",
			"too many filters before 'json' at character 1"},
		{"{{fields}}", "a list needs a section, {{#...}}, not 'fields' at character 1"},
		{"{{name}}",
			"only within {{#fields}} or {{#labels}} is there 'name' at character 1"},
		{"{{#alerts}}{{value}}{{/alerts}}",
			"only within {{#fields}} or {{#labels}} is there 'value' at character 12"},
		{"{{^fields}}{{name}}{{/fields}}",
			"only within {{#fields}} or {{#labels}} is there 'name' at character 12"},
		{"{{#resolved}}", "nothing closes the section 'resolved' at character 14"},
		{"{{#label.a}}", "nothing closes the section 'a' at character 13"},
		{"{{/resolved}}", "there is no section to close for 'resolved' at character 1"},
		{"{{#resolved}}{{#firing}}{{/resolved}}",
			"another section is to be closed before 'resolved' at character 25"},
		{"{{#label.a}}{{/label.b}}",
			"another section is to be closed before 'label.b' at character 13"},
		{"{{#label.a}}{{/field.a}}",
			"another section is to be closed before 'field.a' at character 13"},
		{"{{#alerts}}{{#alerts}}{{/alerts}}{{/alerts}}",
			"a list cannot stand within one of its kind: 'alerts' at character 12"},
		{"{{#fields}}{{#labels}}{{/labels}}{{/fields}}",
			"a list cannot stand within one of its kind: 'labels' at character 12"},
		{"\xff", "the template is not UTF-8 text"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct template *template = NULL;
		struct err err = {0};

		assert_int_equal(template_parse(str_of(cases[i].text), arena, &template, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_string_equal(err.msg, cases[i].error);
		assert_null(template);
		assert_int_equal(template_parse(str_of(cases[i].text), arena, &template, NULL), -1);
	}
	arena_free(arena);
}

static void has_limits(void **state)
{
	struct arena *arena = arena_new();
	struct template *template = NULL;
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};

	(void)state;
	for (int i = 0; i < TEMPLATE_DEPTH_MAX; i++) {
		strbuf_adds(&text, "{{#firing}}");
	}
	for (int i = 0; i < TEMPLATE_DEPTH_MAX; i++) {
		strbuf_adds(&text, "{{/firing}}");
	}
	assert_int_equal(template_parse(strbuf_str(&text), arena, &template, &err), 0);
	strbuf_adds(&text, "{{/firing}}");
	assert_int_equal(template_parse(strbuf_str(&text), arena, &template, &err), -1);
	strbuf_clear(&text);
	for (int i = 0; i <= TEMPLATE_DEPTH_MAX; i++) {
		strbuf_adds(&text, "{{#firing}}");
	}
	assert_int_equal(template_parse(strbuf_str(&text), arena, &template, &err), -1);
	assert_string_equal(err.msg, "too many sections around 'firing' at character 177");
	strbuf_clear(&text);
	strbuf_addn(&text, 'x', TEMPLATE_MAX);
	assert_int_equal(template_parse(strbuf_str(&text), arena, &template, &err), 0);
	strbuf_addc(&text, 'x');
	assert_int_equal(template_parse(strbuf_str(&text), arena, &template, &err), -1);
	strbuf_clear(&text);
	strbuf_add(&text, "a\0b", 3);
	assert_int_equal(template_parse(strbuf_str(&text), arena, &template, &err), -1);
	strbuf_release(&text);
	arena_free(arena);
}

static void is_an_option(void **state)
{
	static const struct option_row rows[] = {
		{.name = "a", .type = &option_template, .help = "h"}, {0}};
	struct arena *arena = arena_new();
	const struct option_context context = {.arena = arena};
	struct template *template = NULL;
	struct strbuf out = STRBUF_INIT;
	struct err err = {0};

	(void)state;
	option_template.add(&template, &out);
	assert_string_equal(out.buf, "");
	assert_int_equal(option_parse(rows, &context, str_of("{{title}}!"), &template, &err), 0);
	option_template.add(&template, &out);
	assert_string_equal(out.buf, "={{title}}!");
	assert_int_equal(option_parse(rows, &context, str_of("{{"), &template, &err), -1);
	strbuf_clear(&out);
	option_template.schema(rows, &out);
	assert_string_equal(out.buf, "\"type\": \"string\"");
	strbuf_release(&out);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_one),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(has_limits),
		cmocka_unit_test(is_an_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
