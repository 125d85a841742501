/*
 * See settings_fixture.h.
 */
#include "alert/settings_fixture.h"

#include "alert/matcher.h"
#include "base/strbuf.h"
#include "cmocka_all.h"

struct sections {
	struct alert_settings alerts;
};

// clang-format off
static const struct option_row rows[] = {
	{.name = "alerts", .shape = OPTION_SECTION, .rows = alert_settings_rows, .offset = offsetof(struct sections, alerts),
	 .help = "alerts"},
	{0},
};
// clang-format on

void settings_open(struct settings_fixture *fixture, const char *yaml)
{
	struct sections sections = {0};
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};

	conf_init(&fixture->conf);
	strbuf_addf(&text, "alerts:\n%s\n", yaml);
	(void)conf_read_text(
		&fixture->conf, "c.yaml", NULL, strbuf_str(&text), rows, &sections, &err);
	strbuf_release(&text);
	fixture->alerts = sections.alerts;
	alert_settings_finish(&fixture->conf, &fixture->alerts);
}

void settings_close(struct settings_fixture *fixture)
{
	conf_release(&fixture->conf);
}

void settings_check(const struct settings_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct settings_fixture fixture;
		struct strbuf errors = STRBUF_INIT;

		settings_open(&fixture, cases[i].yaml);
		for (size_t j = 0; j < fixture.conf.errors_count; j++) {
			strbuf_addf(&errors, "%s\n", fixture.conf.errors[j]);
		}
		assert_string_equal(errors.buf, cases[i].errors);
		strbuf_release(&errors);
		settings_close(&fixture);
	}
}

static void add_list(struct strbuf *out, const struct option_list *names)
{
	for (size_t i = 0; i < names->count; i++) {
		strbuf_addf(out, "%s%s", i > 0 ? ", " : "", OPTION_AT(names, const char *, i));
	}
}

void settings_assert_routes(const char *yaml, const char *expected)
{
	struct settings_fixture fixture;
	struct strbuf text = STRBUF_INIT;

	settings_open(&fixture, yaml);
	assert_int_equal(fixture.conf.errors_count, 0);
	for (size_t i = 0; i < fixture.alerts.routes.count; i++) {
		const struct route *route = fixture.alerts.routes.items[i];

		for (size_t j = 0; j < route->match.count; j++) {
			strbuf_addf(&text, "%s ",
				matcher_text(OPTION_AT(&route->match, struct matcher *, j)));
		}
		strbuf_adds(&text, "-> ");
		add_list(&text, &route->receivers);
		strbuf_addc(&text, '\n');
	}
	assert_string_equal(text.buf, expected);
	strbuf_release(&text);
	settings_close(&fixture);
}
