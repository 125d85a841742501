/*
 * Filling in templates.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "notify/notify_fixture.h"
#include "notify/template.h"

static const char *render(struct notify_fixture *f, const char *text,
	const struct notification *notification, template_escape_fn *escape, size_t max)
{
	struct template *template = NULL;
	struct strbuf out = STRBUF_INIT_MAX(max);
	struct err err = {0};
	const char *copy;

	if (template_parse(str_of(text), f->arena, &template, &err) < 0) {
		fail_msg("%s: %s", text, err.msg);
		return NULL;
	}
	template_render(template, notification, escape, &out);
	copy = arena_strndup(f->arena, out.buf, out.len);
	strbuf_release(&out);
	return copy;
}

static void knows_what_an_alert_has(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		const char *text, *expected;
	} cases[] = {
		{NOTIFICATION_TRIGGER, "plain }} text", "plain }} text"},
		{NOTIFICATION_TRIGGER, "{{title}} on {{source}}: {{message}}",
			"disk full on db-01: /var is 98 % full\nand grows"},
		{NOTIFICATION_TRIGGER, "{{severity}} {{status}} {{id}} {{events}} {{purpose}}",
			"critical firing 42 3 trigger"},
		{NOTIFICATION_TRIGGER, "{{fingerprint|cut:8}}", "0123456…"},
		{NOTIFICATION_TRIGGER, "{{runbook}}", "https://wiki.example.com/disk?a=1&b=2"},
		{NOTIFICATION_TRIGGER, "{{time}} {{started}} ({{ended}}) {{duration}}",
			"2025-07-01T03:14:00.000Z 2025-07-01T02:14:07.000Z () 1 h"},
		{NOTIFICATION_TRIGGER, "{{label.team}} {{label.x}}{{field.mount}}", "db /var"},
		{NOTIFICATION_TRIGGER, "{{#firing}}on{{/firing}}{{#resolved}}off{{/resolved}}",
			"on"},
		{NOTIFICATION_TRIGGER, "{{^firing}}off{{/firing}}{{^resolved}}on{{/resolved}}",
			"on"},
		{NOTIFICATION_RESOLVE, "{{status}} {{ended}} {{duration}}",
			"resolved 2025-07-01T03:14:00.000Z 59 min 53 s"},
		{NOTIFICATION_ACKNOWLEDGE, "{{#acked_by}}by {{acked_by}}{{/acked_by}}", "by eve"},
		{NOTIFICATION_TRIGGER, "{{#acked_by}}by {{acked_by}}{{/acked_by}}", ""},
		{NOTIFICATION_TRIGGER, "{{#hidden}}+{{hidden}}{{/hidden}}", ""},
		{NOTIFICATION_TRIGGER,
			"{{#label.team}}yes{{/label.team}}{{^label.x}}no{{/label.x}}", "yesno"},
		{NOTIFICATION_TRIGGER, "{{#fields}}{{name}}={{value}};{{/fields}}",
			"used=98 %;mount=/var;"},
		{NOTIFICATION_TRIGGER,
			"{{#labels}}{{name|upper}} {{/labels}}{{^labels}}-{{/labels}}", "TEAM DC "},
		{NOTIFICATION_TRIGGER, "{{subject}}", "[CRITICAL] disk full (db-01)"},
		{NOTIFICATION_TRIGGER, "{{text}}", "/var is 98 % full\nand grows"},
		{NOTIFICATION_TRIGGER, "{{count}} {{group}} {{key|cut:4}} {{repeat}}", "1  0f8… "},
		{NOTIFICATION_TRIGGER, "{{{{title}} {{{{{{title}}", "{{title}} {{disk full"},
		{NOTIFICATION_TRIGGER, "{{title|upper}} {{severity | upper | lower}}",
			"DISK FULL critical"},
		{NOTIFICATION_TRIGGER, "{{message|json}}", "\"/var is 98 % full\\nand grows\""},
		{NOTIFICATION_TRIGGER, "{{message|url}}",
			"%2Fvar%20is%2098%20%25%20full%0Aand%20grows"},
		{NOTIFICATION_SUMMARY,
			"{{title}} {{count}}{{#alerts}}x{{/alerts}}{{source}}{{status}}",
			"[STORM] 212 alerts in 1 min 212"},
		{NOTIFICATION_NOTICE, "{{title}}|{{message|cut:7}}|{{severity}}|{{label.a}}",
			"[NOTICE] receiver 'chat' is dead|revoke…|warning|"},
		{NOTIFICATION_DIGEST, "{{message|cut:11}}{{#fields}}x{{/fields}}{{id}}",
			"open now: …"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(
			render(f, cases[i].text, notify_fixture_notification(f, cases[i].purpose),
				NULL, 0),
			cases[i].expected);
	}
}

static void goes_through_groups(void **state)
{
	struct notify_fixture *f = *state;
	struct notification *group = notify_fixture_group(f, 3);

	group->alerts_total = 9;
	assert_string_equal(render(f,
				    "{{count}} in {{group}}:{{#alerts}} {{id}} "
				    "{{title}}{{#labels}},{{value}}{{/labels}}{{/alerts}}",
				    group, NULL, 0),
		"9 in team=db: 1 disk 0,db,north 2 disk 1,db,north 3 disk 2,db,north");
	assert_string_equal(render(f, "{{title}}", group, NULL, 0), "disk 0");
}

static void bang(struct str value, struct strbuf *out)
{
	strbuf_addf(out, "<%.*s>", STR_ARG(value));
}

static void escapes_values_only(void **state)
{
	struct notify_fixture *f = *state;

	assert_string_equal(render(f, "<b>{{title|upper}}</b>{{label.x}}",
				    notify_fixture_notification(f, NOTIFICATION_TRIGGER), bang, 0),
		"<b><DISK FULL></b><>");
}

/* A template that makes gigabytes of nothing stops when there is no room. */
static void stops_when_it_is_full(void **state)
{
	struct notify_fixture *f = *state;
	struct strbuf text = STRBUF_INIT;
	const char *out;

	strbuf_adds(&text, "{{#alerts}}{{#fields}}");
	for (int i = 0; i < 1000; i++) {
		strbuf_adds(&text, "{{message}}");
	}
	strbuf_adds(&text, "{{/fields}}{{/alerts}}");
	out = render(f, text.buf, notify_fixture_group(f, 1000), NULL, 1000);
	assert_int_equal(strlen(out), 1000);
	strbuf_release(&text);
}

static const char *page; /* docs/templates.md */

/* What stands between the next two backquotes, "\\|" being "|" there; false if there are none. */
static bool next_code(struct str *line, struct strbuf *out)
{
	const size_t begin = str_find(*line, '`', 0);
	const size_t end = str_find(*line, '`', begin + 1);

	if (end >= line->len) {
		return false;
	}
	for (size_t i = begin + 1; i < end; i++) {
		if (line->ptr[i] != '\\' || line->ptr[i + 1] != '|') {
			strbuf_addc(out, line->ptr[i]);
		}
	}
	*line = str_sub(*line, end + 1, line->len);
	return true;
}

static struct notification *the_pages_alert(struct notify_fixture *f)
{
	struct notification *notification = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct alert *alert = notify_fixture_alert(f);
	const struct alert **alerts = arena_calloc(f->arena, 1, sizeof(*alerts));

	alert->message = "/var is 98 % full";
	alert->fields = (struct pairs){0};
	alert->labels = (struct pairs){0};
	pairs_set(&alert->fields, f->arena, str_of("mount"), str_of("/var"));
	pairs_set(&alert->labels, f->arena, str_of("team"), str_of("db"));
	alerts[0] = alert;
	notification->alerts = alerts;
	return notification;
}

/* The table at the end of the page, row by row. */
static void does_what_the_page_says(void **state)
{
	struct notify_fixture *f = *state;
	const struct notification *notification = the_pages_alert(f);
	struct strbuf text = STRBUF_INIT;
	struct str rest;
	struct str line;
	const char *table;
	size_t rows = 0;

	assert_int_equal(file_read(page, FILE_REGULAR, 1024 * 1024, &text, NULL), 0);
	table = strstr(text.buf, "| template | gives |");
	assert_non_null(table);
	rest = str_of(table);
	while (str_line(&rest, &line) && line.len > 0) {
		struct strbuf template = STRBUF_INIT;
		struct strbuf gives = STRBUF_INIT;

		if (next_code(&line, &template)) {
			assert_true(next_code(&line, &gives));
			assert_string_equal(
				render(f, template.buf, notification, NULL, 0), gives.buf);
			rows++;
		}
		strbuf_release(&template);
		strbuf_release(&gives);
	}
	assert_true(rows >= 10);
	strbuf_release(&text);
}

/* In a JSON text no value can end the string that it stands in. */
static void is_escaped_once_for_json(void **state)
{
	// clang-format off
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"{\"a\": \"{{title}}\"}", "{\"a\": \"a \\\"b\\\"\\\\\"}"},
		{"{\"a\": {{title|json}}}", "{\"a\": \"a \\\"b\\\"\\\\\"}"},
		{"{\"a\": {{title|upper|json}}}", "{\"a\": \"A \\\"B\\\"\\\\\"}"},
		/* not the last one: a string within a string */
		{"\"{{source|json|upper}}\"", "\"\\\"DB-01\\\"\""},
		{"\"{{title|upper}}\"", "\"A \\\"B\\\"\\\\\""},
		{"\"{{label.none}}\"", "\"\""},
	};
	// clang-format on
	struct notify_fixture *f = *state;
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *alerts[] = {alert};
	struct notification *notification = notify_fixture_notification(f, NOTIFICATION_TRIGGER);

	alert->title = "a \"b\"\\";
	notification->alerts = alerts;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct template *template = NULL;

		assert_int_equal(
			template_parse(str_of(cases[i].text), f->arena, &template, NULL), 0);
		template_render_json(template, notification, &out);
		assert_string_equal(out.buf, cases[i].expected);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_what_an_alert_has),
		TEST(goes_through_groups),
		TEST(escapes_values_only),
		TEST(stops_when_it_is_full),
		TEST(is_escaped_once_for_json),
		TEST(does_what_the_page_says),
	};

	char *path = xasprintf("%s/docs/templates.md", argc > 1 ? argv[1] : ".");
	int failed;

	page = path;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(path);
	return failed;
}
