#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/conf_fixture.h"

static void must_read(struct conf_fixture *f, const char *text)
{
	if (conf_fixture_read(f, str_of(text)) < 0) {
		fail_msg("%s", f->errors.buf);
	}
}

static const struct sample_check *check_at(const struct conf_fixture *f, size_t i)
{
	assert_true(i < f->sample.checks.count);
	return f->sample.checks.items[i];
}

static void test_items(void **state)
{
	struct conf_fixture *f = *state;
	const struct sample_http *http;
	const struct sample_tcp *tcp;
	const struct sample_step *step;

	must_read(f, "checks:\n"
		     "  - name: api\n"
		     "    http: http://x/\n"
		     "    method: HEAD\n"
		     "    expect: {body: ok}\n"
		     "    warning: {total_seconds: 1, 'disk[/var]': 0.5}\n"
		     "  - {name: mail, tcp: 'x:25', timeout: 2s, open: no,\n"
		     "     dialogue: [{wait: '^220'}, {send: QUIT}]}\n");
	assert_int_equal(f->sample.checks.count, 2);

	assert_string_equal(check_at(f, 0)->name, "api");
	assert_ptr_equal(check_at(f, 0)->variant, &sample_http_kind);
	assert_string_equal(check_at(f, 0)->origin, "c.yaml:2:5");
	assert_int_equal(check_at(f, 0)->timeout_ms, 10000);
	assert_int_equal(check_at(f, 0)->warning.count, 2);
	assert_string_equal(check_at(f, 0)->warning.keys[1], "disk[/var]");
	http = check_at(f, 0)->opts;
	assert_string_equal(http->url, "http://x/");
	assert_int_equal(http->method, 1);
	assert_int_equal(http->status.count, 2);
	assert_string_equal(http->expect.body, "ok");
	assert_null(http->expect.header);

	assert_ptr_equal(check_at(f, 1)->variant, &sample_tcp_kind);
	assert_int_equal(check_at(f, 1)->timeout_ms, 2000);
	tcp = check_at(f, 1)->opts;
	assert_false(tcp->is_open);
	assert_int_equal(tcp->dialogue.count, 2);
	step = tcp->dialogue.items[1];
	assert_ptr_equal(step->variant, &sample_send);
	assert_string_equal(((const struct sample_text *)step->opts)->text, "QUIT");
	assert_string_equal(step->origin, "c.yaml:8:33");
}

static void test_option_called_as_a_kind(void **state)
{
	static const char *const texts[] = {
		"checks: [{name: a, http: x, tcp: yes}]\n",
		"checks: [{name: a, tcp: yes, http: x}]\n",
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		must_read(f, texts[i]);
		assert_ptr_equal(check_at(f, 0)->variant, &sample_http_kind);
		assert_true(((const struct sample_http *)check_at(f, 0)->opts)->has_tcp);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *errors;
	} cases[] = {
		{"checks: [{name: api, http: x, timout: 2s}]\n",
			"c.yaml:1:31: unknown key 'timout' in check 'api'; did you mean "
			"'timeout'?\n"},
		{"checks: [{name: api, http: x, metod: HEAD}]\n",
			"c.yaml:1:31: unknown key 'metod' in check 'api'; did you mean "
			"'method'?\n"},
		{"checks: [{name: api, tcp: x, method: HEAD}]\n",
			"c.yaml:1:30: key 'method' is for kind 'http', but check 'api' is of kind "
			"'tcp'\n"},
		{"checks: [{name: api, http: x, expect: {bdy: x}}]\n",
			"c.yaml:1:40: unknown key 'bdy' in 'expect'; did you mean 'body'?\n"},
		{"checks: [{name: api}]\n", "c.yaml:1:10: check 'api' has no kind; it needs one of "
					    "the keys 'http', 'ping', 'tcp'\n"},
		{"checks: [{}]\n", "c.yaml:1:10: checks[0] has no kind; it needs one of the keys "
				   "'http', 'ping', 'tcp'\n"
				   "c.yaml:1:10: key 'name' is missing in checks[0]\n"},
		{"checks: [{name: api, htpt: x}]\n",
			"c.yaml:1:22: unknown key 'htpt' in check 'api'; did you mean 'http'?\n"},
		{"checks: [{name: api, method: HEAD}]\n",
			"c.yaml:1:10: check 'api' has no kind; it needs one of the keys 'http', "
			"'ping', 'tcp'\n"},
		{"checks: [{name: api, method: HEAD, zzzzzz: 1, timeout: x}]\n",
			"c.yaml:1:10: check 'api' has no kind; it needs one of the keys 'http', "
			"'ping', 'tcp'\n"
			"c.yaml:1:36: unknown key 'zzzzzz' in check 'api'\n"
			"c.yaml:1:56: timeout: duration 'x': not a duration; write it like 500ms, "
			"30s, 5m or 1h30m\n"},
		{"checks: [{name: api, http: x, ping: y}]\n",
			"c.yaml:1:31: check 'api' has two kinds, 'http' and 'ping'; keep one\n"},
		{"checks: [{http: x}]\n", "c.yaml:1:10: key 'name' is missing in checks[0]\n"},
		{"checks: [{name: a, http: }]\n",
			"c.yaml:1:26: http: no value is given (string)\n"},
		{"checks: [api]\n", "c.yaml:1:10: expected a check here, a mapping ('key: value'), "
				    "not a text\n"},
		{"checks: [[]]\n", "c.yaml:1:10: expected a check here, a mapping ('key: value'), "
				   "not a list\n"},
		{"checks:\n  -\n", "c.yaml:2:4: expected a check here, a mapping ('key: value'), "
				   "not nothing\n"},
		{"checks: [{name: a, tcp: x, min: 2, max: 1}]\n",
			"c.yaml:1:10: check 'a': min is larger than max\n"},
		{"checks: [{name: a, tcp: x, min: 2, max: 1, open: x}]\n",
			"c.yaml:1:50: open: 'x' is neither true nor false; use true, yes, on, "
			"false, no or off\n"},
		{"checks: [{name: a, tcp: x, dialogue: [{sned: x}, {wait: a, send: b}, {}]}]\n",
			"c.yaml:1:40: unknown key 'sned' in checks[0].dialogue[0]; did you mean "
			"'send'?\n"
			"c.yaml:1:60: checks[0].dialogue[1] has two kinds, 'wait' and 'send'; keep "
			"one\n"
			"c.yaml:1:70: checks[0].dialogue[2] has no kind; it needs one of the keys "
			"'send', 'wait'\n"},
		{"checks: [{name: \"a\\nb\", http: x, y: 1}]\n",
			"c.yaml:1:34: unknown key 'y' in check 'a\\nb'\n"},
		{"checks: [{name: , http: x}]\n",
			"c.yaml:1:17: name: no value is given (string)\n"},
		{"checks: [{name: [a], http: x, y: 1}]\n",
			"c.yaml:1:17: name: expected one value (string), not a list\n"
			"c.yaml:1:31: unknown key 'y' in checks[0]\n"},
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(conf_fixture_read(f, str_of(cases[i].text)), -1);
		assert_string_equal(f->errors.buf, cases[i].errors);
	}
}

static const struct sample_route *route_at(const struct conf_fixture *f, size_t i)
{
	assert_true(i < f->sample.mail.routes.count);
	return f->sample.mail.routes.items[i];
}

static void test_sections(void **state)
{
	struct conf_fixture *f = *state;

	must_read(f, "mail:\n"
		     "  smtp: x\n"
		     "  routes:\n"
		     "    - {name: web, to: [a, b], match: {team: web}, repeat: 1h}\n"
		     "    - to: c\n"
		     "      again: 2h\n"
		     "      quiet: {groups: {g: [h, i]}}\n");
	assert_int_equal(f->sample.mail.routes.count, 2);
	assert_string_equal(route_at(f, 0)->name, "web");
	assert_string_equal(route_at(f, 0)->origin, "c.yaml:4:7");
	assert_int_equal(route_at(f, 0)->to.count, 2);
	assert_string_equal(OPTION_AT(&route_at(f, 0)->match, const char *, 0), "web");
	assert_int_equal(route_at(f, 0)->wait_ms, 30000);
	assert_int_equal(route_at(f, 0)->repeat_ms, 3600000);
	assert_int_equal(route_at(f, 0)->sum_ms, 3630000);
	assert_string_equal(route_at(f, 1)->origin, "c.yaml:5:7");
	assert_null(route_at(f, 1)->name);
	assert_int_equal(route_at(f, 1)->repeat_ms, 7200000);
	assert_int_equal(route_at(f, 1)->match.count, 0);
	assert_int_equal(route_at(f, 1)->quiet.groups.count, 1);
	assert_int_equal(f->conf.warnings_count, 1);
	assert_string_equal(
		f->conf.warnings[0], "c.yaml:6:7: key 'again' is deprecated; use 'repeat'");
}

static void test_one_section_needs_no_list(void **state)
{
	struct conf_fixture *f = *state;

	must_read(f, "mail:\n"
		     "  smtp: x\n"
		     "  routes:\n"
		     "    to: a\n");
	assert_int_equal(f->sample.mail.routes.count, 1);
	assert_string_equal(route_at(f, 0)->origin, "c.yaml:4:5");
	assert_string_equal(conf_where(&f->conf, "mail.routes[0].to[0]"), "c.yaml:4:9");

	must_read(f, "mail: {smtp: x, routes: }\n");
	assert_int_equal(f->sample.mail.routes.count, 0);
	must_read(f, "mail: {smtp: x, routes: []}\n");
	assert_int_equal(f->sample.mail.routes.count, 0);
	must_read(f, "mail: {smtp: x}\n");
	assert_int_equal(f->sample.mail.routes.count, 0);
}

static void test_variants_in_a_section(void **state)
{
	struct conf_fixture *f = *state;
	const struct sample_step *step;

	must_read(f, "mail: {smtp: x, receivers: [{send: a}, {wait: b}]}\n");
	assert_int_equal(f->sample.mail.receivers.count, 2);
	step = f->sample.mail.receivers.items[1];
	assert_ptr_equal(step->variant, &sample_wait);
	assert_string_equal(((const struct sample_text *)step->opts)->text, "b");
	assert_string_equal(step->origin, "c.yaml:1:40");
	assert_string_equal(conf_where(&f->conf, "mail.receivers[1].wait"), "c.yaml:1:47");
}

/* Texts stand within "mail: {smtp: x, " and "}". */
static void test_errors_in_sections(void **state)
{
	static const struct {
		const char *text, *errors;
	} cases[] = {
		{"routes: [{to: a, mtach: {}}]", "c.yaml:1:34: unknown key 'mtach' in "
						 "mail.routes[0]; did you mean 'match'?\n"},
		{"routes: [{name: web, to: a, zzzzzz: 1}]",
			"c.yaml:1:45: unknown key 'zzzzzz' in route 'web'\n"},
		{"routes: [{to: a}, {name: b}]", "c.yaml:1:35: key 'to' is missing in route 'b'\n"},
		{"routes: [{}]", "c.yaml:1:26: key 'to' is missing in mail.routes[0]\n"},
		{"routes: {name: b}", "c.yaml:1:25: key 'to' is missing in route 'b'\n"},
		{"routes: [{to: a, wait: soon}]",
			"c.yaml:1:40: wait: duration 'soon': not a duration; write it like 500ms, "
			"30s, 5m or 1h30m\n"},
		{"routes: [{to: a, wait: 1h, repeat: 1m}]",
			"c.yaml:1:26: mail.routes[0]: wait is longer than repeat\n"},
		{"routes: [{to: a, wait: 1h, repeat: 1m, x: 1}]",
			"c.yaml:1:56: unknown key 'x' in mail.routes[0]\n"},
		{"routes: [{to: a, repeat: 1h, again: 2h}]",
			"c.yaml:1:46: again: given already at c.yaml:1:42\n"},
		{"routes: [{to: a, quiet: {fiels: x}}]",
			"c.yaml:1:42: unknown key 'fiels' in 'quiet'; did you mean 'files'?\n"},
		{"routes: web",
			"c.yaml:1:25: routes: expected a list of mappings ('- key: value'), "
			"not a text\n"},
		{"routes: [web, {to: a}, [b]]",
			"c.yaml:1:26: expected a route here, a mapping ('key: value'), not a text\n"
			"c.yaml:1:40: expected a route here, a mapping ('key: value'), not a "
			"list\n"},
		{"routes: [~]", "c.yaml:1:26: expected a route here, a mapping ('key: value'), not "
				"nothing\n"},
		{"routes: [{to: a}], routes: []",
			"c.yaml:1:36: key 'routes' is given twice; the first is on line 1\n"},
		{"receivers: [{sned: a}]",
			"c.yaml:1:30: unknown key 'sned' in mail.receivers[0]; did you mean "
			"'send'?\n"},
		{"receivers: {send: a}",
			"c.yaml:1:28: receivers: expected a list ('- '), not a mapping\n"},
	};
	struct conf_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(freep) char *text = xasprintf("mail: {smtp: x, %s}\n", cases[i].text);

		assert_int_equal(conf_fixture_read(f, str_of(text)), -1);
		assert_string_equal(f->errors.buf, cases[i].errors);
	}
}

static void test_bad_sections_stay(void **state)
{
	struct conf_fixture *f = *state;

	assert_int_equal(
		conf_fixture_read(f, str_of("mail: {smtp: x, routes: [3, {name: a}, {to: b, x: 1}, "
					    "{to: c, wait: 9h}, {to: d}]}\n")),
		-1);
	assert_int_equal(f->conf.errors_count, 4);
	assert_int_equal(f->sample.mail.routes.count, 5);
	for (size_t i = 0; i < 4; i++) {
		assert_null(route_at(f, i)->origin);
	}
	assert_int_equal(route_at(f, 0)->repeat_ms, 14400000);
	assert_string_equal(route_at(f, 1)->name, "a");
	assert_non_null(route_at(f, 4)->origin);
	assert_string_equal(OPTION_AT(&route_at(f, 4)->to, const char *, 0), "d");
}

/* What is wrong keeps its place, so that those after it have their own. */
static void test_bad_items_stay(void **state)
{
	struct conf_fixture *f = *state;

	assert_int_equal(
		conf_fixture_read(f, str_of("checks: [3, {name: a, http: x, ping: y}, {name: b}, "
					    "{name: c, tcp: x, open: z}, {name: d, tcp: x}]\n")),
		-1);
	assert_int_equal(f->conf.errors_count, 4);
	assert_int_equal(f->sample.checks.count, 5);
	for (size_t i = 0; i < 4; i++) {
		assert_null(check_at(f, i)->opts);
	}
	assert_null(check_at(f, 0)->name);
	assert_string_equal(check_at(f, 1)->name, "a");
	assert_string_equal(check_at(f, 4)->name, "d");
	assert_non_null(check_at(f, 4)->opts);
}

static void test_many_bad_items(void **state)
{
	struct conf_fixture *f = *state;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "checks:\n");
	for (int i = 0; i < 20000; i++) {
		strbuf_adds(&text, "- {htpp: x, nmae: y, timout: z}\n");
	}
	assert_int_equal(conf_fixture_read(f, strbuf_str(&text)), -1);
	assert_int_equal(f->conf.errors_count, CONF_ERRORS_MAX);
	assert_int_equal(f->conf.errors_dropped, 20000 * 4 - CONF_ERRORS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_option_called_as_a_kind),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_one_section_needs_no_list),
		cmocka_unit_test(test_variants_in_a_section),
		cmocka_unit_test(test_errors_in_sections),
		cmocka_unit_test(test_bad_sections_stay),
		cmocka_unit_test(test_bad_items_stay),
		cmocka_unit_test(test_many_bad_items),
	};

	return cmocka_run_group_tests(tests, conf_fixture_setup, conf_fixture_teardown);
}
