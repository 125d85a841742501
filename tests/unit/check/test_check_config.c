/*
 * From configurations and targets to checks: what is filled in, and what is refused where.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/check_fixture.h"
#include "check/check_http.h"
#include "check/check_kinds.h"
#include "cmocka_all.h"
#include "conf/conf.h"

struct sections {
	struct check_defaults defaults;
	struct option_items checks;
};

// clang-format off
static const struct option_row rows[] = {
	{.name = "defaults", .shape = OPTION_SECTION, .rows = check_defaults_rows, .offset = offsetof(struct sections, defaults),
	 .help = "defaults"},
	{.name = "checks", .shape = OPTION_VARIANTS, .variants = &check_variants, .offset = offsetof(struct sections, checks),
	 .help = "checks"},
	{0},
};
// clang-format on

/* Read and finish; the errors a line each. */
static void read_config(
	const char *yaml, struct conf *conf, struct sections *sections, struct strbuf *errors)
{
	struct err err = {0};

	*sections = (struct sections){0};
	conf_init(conf);
	(void)conf_read_text(conf, "c.yaml", NULL, str_of(yaml), rows, sections, &err);
	check_config_finish(conf, &sections->defaults, &sections->checks);
	for (size_t i = 0; i < conf->errors_count; i++) {
		strbuf_addf(errors, "%s\n", conf->errors[i]);
	}
}

static void fills_in_what_is_not_said(void **state)
{
	static const char yaml[] = "defaults: {timeout: 3s, attempts: 4}\n"
				   "checks:\n"
				   "  - http: 'http://me:secret@example.com/'\n"
				   "  - {name: db, tcp: 'db-01:5432', timeout: 1s, attempts: 2,"
				   " interval: 1m, recover: 7}\n";
	struct conf conf;
	struct sections sections;
	struct strbuf errors = STRBUF_INIT;
	const struct check *web;
	const struct check *db;

	(void)state;
	read_config(yaml, &conf, &sections, &errors);
	assert_string_equal(errors.buf, "");
	assert_int_equal(sections.checks.count, 2);

	web = sections.checks.items[0];
	assert_ptr_equal(web->kind, &check_http);
	assert_string_equal(web->target, "http://me:***@example.com/");
	assert_string_equal(web->name, "http://me:***@example.com/");
	assert_string_equal(web->origin, "c.yaml:3:5");
	assert_int_equal(web->timeout_ms, 3000);
	assert_int_equal(web->attempts, 4);
	assert_int_equal(web->interval_ms, 30000); /* the default of defaults */
	assert_int_equal(web->recover, 1);

	db = sections.checks.items[1];
	assert_ptr_equal(db->kind, &check_tcp);
	assert_string_equal(db->name, "db");
	assert_string_equal(db->target, "tcp://db-01:5432");
	assert_int_equal(db->timeout_ms, 1000);
	assert_int_equal(db->attempts, 2);
	assert_int_equal(db->interval_ms, 60000);
	assert_int_equal(db->recover, 7);
	conf_release(&conf);
}

static void takes_what_is_right(void **state)
{
	static const char *const cases[] = {
		"checks: []\n",
		"checks:\n"
		"  - {name: a, http: 'http://x/', depends_on: [b, c]}\n"
		"  - {name: b, tcp: 'x:1', depends_on: c}\n"
		"  - {name: c, host: 'local:'}\n",
		"checks:\n"
		"  - {http: 'http://x/', warning: {total_seconds: 500ms, certificate_days: '< "
		"20d'},"
		" critical: {size_bytes: '> 1M', 'total_seconds[192.0.2.1:80]': 1}}\n",
		/* nobody knows beforehand what a plugin measures */
		"checks: [{exec: /bin/true, warning: {anything: 1}}]\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf conf;
		struct sections sections;
		struct strbuf errors = STRBUF_INIT;

		read_config(cases[i], &conf, &sections, &errors);
		assert_string_equal(errors.buf, "");
		conf_release(&conf);
	}
}

static void refuses_what_is_wrong_and_says_where(void **state)
{
	// clang-format off
	static const struct {
		const char *yaml, *errors;
	} cases[] = {
		{"checks:\n  - {name: web, http: 'http://a/'}\n  - {name: web, tcp: 'b:1'}\n",
		 "c.yaml:3:5: a check called 'web' is already at c.yaml:2:5; give one of them another name\n"},
		{"checks:\n  - tcp: 'b:1'\n  - tcp: 'b:1'\n",
		 "c.yaml:3:5: a check called 'tcp://b:1' is already at c.yaml:2:5; give one of them another name\n"},
		{"checks:\n  - {name: a, tcp: 'b:1', depends_on: [gateway]}\n  - {name: gatewya, tcp: 'c:1'}\n",
		 "c.yaml:2:5: check 'a' depends on 'gateway', and there is no such check; did you mean 'gatewya'?\n"},
		{"checks:\n  - {name: a, tcp: 'b:1', depends_on: [zzzzzz]}\n",
		 "c.yaml:2:5: check 'a' depends on 'zzzzzz', and there is no such check\n"},
		{"checks:\n  - {name: web, http: 'http://a/', warning: {total_second: 1}}\n",
		 "c.yaml:2:5: check 'web': warning: kind 'http' measures no 'total_second'; did you mean 'total_seconds'?\n"},
		{"checks:\n  - {name: web, http: 'http://a/', critical: {temperature: 1}}\n",
		 "c.yaml:2:5: check 'web': critical: kind 'http' measures no 'temperature' (see docs/checks/http.md)\n"},
		{"checks:\n  - {name: web, http: 'http://a/', critical: {protocol: 1}}\n",
		 "c.yaml:2:5: check 'web': critical: 'protocol' is a text and has no thresholds\n"},
		{"checks:\n  - {name: web, http: 'http://a/', critical: {size_bytes: 5s}}\n",
		 "c.yaml:2:5: check 'web': critical: 'size_bytes' is not a time; write a plain number\n"},
		{"checks:\n  - {name: web, http: 'http://a/', critical: {total_seconds: 5G}}\n",
		 "c.yaml:2:5: check 'web': critical: 'total_seconds' is not a size; write a plain number\n"},
		{"checks:\n  - {name: web, http: 'http://a/', critical: {'redirects[x]': 5}}\n",
		 "c.yaml:2:5: check 'web': critical: 'redirects' is one value; write it without [x]\n"},
		{"checks:\n  - {name: web, http: 'http://a/', critical: {'total_seconds[x': 5}}\n",
		 "c.yaml:2:5: check 'web': critical: 'total_seconds[x' names no value; write NAME or NAME[INSTANCE]\n"},
		{"checks:\n  - {name: web, http: 'http://a/', critical: {'[x]': 5}}\n",
		 "c.yaml:2:5: check 'web': critical: '[x]' names no value; write NAME or NAME[INSTANCE]\n"},
		{"checks:\n  - {name: web, http: 'http:///'}\n",
		 "c.yaml:2:5: check 'web': no host in 'http:///'\n"},
		{"checks:\n  - {name: web, http: 'htp://a/'}\n",
		 "c.yaml:2:5: check 'web': unknown scheme 'htp' in 'htp://a/'; did you mean 'http'?\n"},
		{"checks:\n  - {name: web, http: 'http://me:secret@a:70000/'}\n",
		 "c.yaml:2:5: check 'web': port must be a number from 1 to 65535 in 'http://me:***@a:70000/'\n"},
		{"checks:\n  - {name: db, tcp: 'db-01'}\n",
		 "c.yaml:2:5: check 'db': no port in 'tcp://db-01'\n"},
		{"checks:\n  - {name: db, tcp: 'db-01:1', timeout: -5s}\n",
		 "c.yaml:2:41: timeout: duration '-5s': must not be negative; write it like 500ms, 30s, 5m or 1h30m\n"},
		{"checks:\n  - {name: db, tcp: 'db-01:1', timeout: 10 parsecs}\n",
		 "c.yaml:2:41: timeout: duration '10 parsecs': unknown unit 'parsecs'; use ms, s, m, h, d or w\n"},
		{"checks:\n  - {name: db, tcp: 'db-01:1', attempts: 0}\n",
		 "c.yaml:2:42: attempts: number '0': must be from 1 to 100\n"},
		{"checks:\n  - {name: db, tpc: 'db-01:1'}\n",
		 "c.yaml:2:16: unknown key 'tpc' in check 'db'; did you mean 'tcp'?\n"},
		{"checks:\n  - {name: db}\n",
		 "c.yaml:2:5: check 'db' has no kind; it needs one of the keys 'exec', 'host', 'http', 'tcp'\n"},
		{"checks: [\n", "c.yaml:2:1: a list or mapping in brackets is not closed, or has nothing before a ','\n"},
		/* all errors at once, but for dependencies while checks are missing */
		{"checks:\n  - {name: a, tcp: 'b:1', colour: red, depends_on: [x]}\n"
		 "  - {name: a, http: 'http://a/', warning: {y: 1}, depends_on: [x]}\n",
		 "c.yaml:2:27: unknown key 'colour' in check 'a'\n"
		 "c.yaml:3:5: check 'a': warning: kind 'http' measures no 'y' (see docs/checks/http.md)\n"
		 "c.yaml:3:5: a check called 'a' is already at c.yaml:2:5; give one of them another name\n"},
		{"checks:\n  - {name: a, tcp: 'b:1', depends_on: [x]}\n  - {name: a, http: 'http://a/', warning: {y: 1}, critical: {z: 1}}\n",
		 "c.yaml:3:5: check 'a': warning: kind 'http' measures no 'y' (see docs/checks/http.md)\n"
		 "c.yaml:3:5: a check called 'a' is already at c.yaml:2:5; give one of them another name\n"
		 "c.yaml:2:5: check 'a' depends on 'x', and there is no such check\n"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf conf;
		struct sections sections;
		struct strbuf errors = STRBUF_INIT;

		read_config(cases[i].yaml, &conf, &sections, &errors);
		assert_string_equal(errors.buf, cases[i].errors);
		assert_null(strstr(errors.buf, "secret"));
		strbuf_release(&errors);
		conf_release(&conf);
	}
}

static void a_target_is_a_check(void **state)
{
	static const struct {
		const char *target, *shown;
		const struct check_kind *kind;
	} cases[] = {
		{"http://example.com/", "http://example.com/", &check_http},
		{"HTTPS://Example.com", "HTTPS://Example.com", &check_http},
		{"https://me:secret@example.com/", "https://me:***@example.com/", &check_http},
		{"tcp://example.com:25", "tcp://example.com:25", &check_tcp},
		{"local:", "local:", &check_host},
		{"exec:/bin/true -x", "exec:/bin/true -x", &check_exec},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check =
			checked_make(cases[i].target, &(struct check_settings){{0}}, arena);

		assert_ptr_equal(check->kind, cases[i].kind);
		assert_string_equal(check->target, cases[i].shown);
		assert_string_equal(check->name, cases[i].shown);
		assert_null(check->origin);
		assert_int_equal(check->timeout_ms, 60000);
		assert_int_equal(check->attempts, 1);
		arena_free(arena);
	}
}

static void settings_reach_everything(void **state)
{
	static const struct check_settings settings[] = {
		{{"timeout=5s", "attempts=3", "name=shop", "tags=web", "tags=prod",
			"labels.team=web", "warning.total_seconds=1", "critical.total_seconds=2s"}},
		{{"expect.status=301", "expect.status=400-404", "expect.json./status=ok",
			"expect.json./a.b/c=> 5", "expect.headers.Content-Type=^text/",
			"expect.body=a=b", "tls.verify=no", "headers.X-A=b=c"}},
	};
	struct arena *arena = arena_new();
	const struct check *check = checked_make("http://x/", &settings[0], arena);
	const struct http_opts *opts = checked_make("http://x/", &settings[1], arena)->opts;

	(void)state;
	assert_int_equal(check->timeout_ms, 5000);
	assert_int_equal(check->attempts, 3);
	assert_string_equal(check->name, "shop");
	assert_string_equal(check->target, "http://x/");
	assert_int_equal(check->tags.count, 2);
	assert_string_equal(OPTION_AT(&check->tags, const char *, 1), "prod");
	assert_string_equal(check->labels.keys[0], "team");
	assert_string_equal(check->warning.keys[0], "total_seconds");
	assert_int_equal(OPTION_AT(&check->critical, struct threshold, 0).unit, THRESHOLD_SECONDS);

	assert_int_equal(opts->expect.status.count, 2);
	assert_int_equal(OPTION_AT(&opts->expect.status, struct number_range, 0).low, 301);
	assert_int_equal(OPTION_AT(&opts->expect.status, struct number_range, 1).high, 404);
	assert_int_equal(opts->expect.json.count, 2);
	assert_string_equal(opts->expect.json.keys[0], "/status");
	assert_string_equal(opts->expect.json.keys[1], "/a.b/c");
	assert_int_equal(OPTION_AT(&opts->expect.json, struct json_expect, 1).how, JSON_COMPARES);
	assert_string_equal(opts->expect.headers.keys[0], "Content-Type");
	assert_int_equal(opts->expect.body.count, 1);
	assert_false(opts->tls.is_verified);
	assert_string_equal(opts->header_lines[0], "X-A: b=c");
	arena_free(arena);
}

/* Of several settings each target takes what its kind has. */
static void settings_are_for_whom_they_fit(void **state)
{
	const struct check_defaults defaults = {.timeout_ms = 1000, .attempts = 1, .recover = 1};
	struct check_setting settings[] = {{.text = str_of("expect.status=301")},
		{.text = str_of("send=x")}, {.text = str_of("timeout=5s")},
		{.text = str_of("nonsense=1")}};
	struct arena *arena = arena_new();
	const struct check *check = NULL;
	struct err err = {0};

	(void)state;
	assert_int_equal(check_from_target(str_of("http://x/"), &defaults, settings,
				 ARRAY_LEN(settings), arena, &check, &err),
		0);
	assert_int_equal(check->timeout_ms, 5000);
	assert_true(settings[0].is_used && settings[2].is_used);
	assert_false(settings[1].is_used || settings[3].is_used);
	assert_string_equal(settings[1].why.msg, "kind 'http': no setting 'send'");

	settings[0].text = str_of("expect=x");
	assert_int_equal(check_from_target(str_of("tcp://x:1"), &defaults, settings,
				 ARRAY_LEN(settings), arena, &check, &err),
		0);
	assert_true(settings[1].is_used);
	assert_string_equal(settings[3].why.msg, "kind 'tcp': no setting 'nonsense'");
	arena_free(arena);
}

static void refuses_what_is_no_target(void **state)
{
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *error;
	} cases[] = {
		// clang-format off
		{"htps://example.com", {{0}}, "unknown scheme 'htps:' in 'htps://example.com'; did you mean 'https:'?"},
		{"ftp://me:secret@example.com", {{0}}, "unknown scheme 'ftp:' in 'ftp://me:***@example.com'; known are exec, local, ssh, http, https, tcp"},
		{"tpc://x:1", {{0}}, "unknown scheme 'tpc:' in 'tpc://x:1'; did you mean 'tcp:'?"},
		{"\x1b[2J://x", {{0}}, "unknown scheme '\\x1b[2J:' in '\\x1b[2J://x'; known are exec, local, ssh, http, https, tcp"},
		{"://x", {{0}}, "unknown scheme ':' in '://x'; known are exec, local, ssh, http, https, tcp"},
		{"http://", {{0}}, "no host in 'http://'"},
		{"http:/x", {{0}}, "no scheme (like \"http://\") in 'http:/x'"},
		{"http://me:secret@x:70000/", {{0}}, "port must be a number from 1 to 65535 in 'http://me:***@x:70000/'"},
		{"http://x/", {{"timeout=0"}}, "'http://x/': setting 'timeout': duration '0': must be at least 1ms"},
		{"http://x/", {{"timeout=-5s"}}, "'http://x/': setting 'timeout': duration '-5s': must not be negative; write it like 500ms, 30s, 5m or 1h30m"},
		{"http://x/", {{"timeout=10 parsecs"}}, "'http://x/': setting 'timeout': duration '10 parsecs': unknown unit 'parsecs'; use ms, s, m, h, d or w"},
		{"http://x/", {{"timeout.5s"}}, "'http://x/': setting 'timeout.5s' has no value; write timeout.5s=VALUE"},
		{"http://x/", {{"timeout"}}, "'http://x/': setting 'timeout' has no value; write timeout=VALUE"},
		{"http://x/", {{"http=http://y/"}}, "kind 'http': no setting 'http'; did you mean 'http_version'?"},
		{"http://x/", {{"tiemout=5s"}}, "kind 'http': no setting 'tiemout'; did you mean 'timeout'?"},
		{"http://x/", {{"tls.verfy=no"}}, "'http://x/': setting 'tls.verfy': no setting 'verfy' in 'tls'; did you mean 'verify'?"},
		{"http://x/", {{"warning.total=1"}}, "'http://x/': warning: kind 'http' measures no 'total'; did you mean 'total_seconds'?"},
		{"http://x/", {{"warning.total_seconds=big"}}, "'http://x/': setting 'warning.total_seconds': 'big' is no number, duration or size (write 80, 80%, 500ms, 10G)"},
		{"http://me:secret@x/", {{"critical.size_bytes=1s"}}, "'http://me:***@x/': critical: 'size_bytes' is not a time; write a plain number"},
		{"http://me:secret@x/", {{"bearer_token=secret2"}}, "'http://me:***@x/': give username and password or bearer_token, not both"},
		// clang-format on
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check = NULL;
		struct err err = {0};

		if (checked_try(cases[i].target, &cases[i].settings, arena, &check, &err) == 0) {
			fail_msg("'%s' was taken", cases[i].target);
		}
		assert_string_equal(err.msg, cases[i].error);
		assert_int_equal(err.code, ERR_INPUT);
		assert_null(strstr(err.msg, "secret"));
		arena_free(arena);
	}
}

static void the_rows_are_right(void **state)
{
	struct err err = {0};

	(void)state;
	if (option_rows_check(rows, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static void expand(const char *yaml, struct strbuf *names, struct strbuf *errors)
{
	struct conf conf;
	struct sections sections;
	struct option_items all = {0};
	struct inventory *inventory;

	read_config(yaml, &conf, &sections, errors);
	assert_string_equal(errors->buf, "");
	inventory = inventory_new(conf.arena);
	assert_int_equal(inventory_add_group(inventory, "web", "web-[1-2]", NULL, NULL), 0);
	assert_int_equal(inventory_check(inventory, NULL), 0);
	check_config_expand(&conf, &sections.checks, inventory, &all);
	for (size_t i = 0; i < all.count; i++) {
		const struct check *check = all.items[i];

		strbuf_addf(names, "%s (%s) %lld\n", check->name, check->target,
			(long long)check->timeout_ms);
	}
	for (size_t i = 0; i < conf.errors_count; i++) {
		strbuf_addf(errors, "%s\n", conf.errors[i]);
	}
	conf_release(&conf);
}

static void there_is_a_check_for_each_server(void **state)
{
	static const struct {
		const char *yaml, *names, *errors;
	} cases[] = {
		{"checks: [{name: web, host: '@web', timeout: 3s}, {name: db, host: db-1}]",
			"web/web-1 (web-1) 3000\nweb/web-2 (web-2) 3000\ndb (db-1) 10000\n", ""},
		{"checks: [{host: '@web!web-1', timeout: 3s}]", "web-2 (web-2) 3000\n", ""},
		{"checks: [{host: 'ssh://sre@a[1-2]:22'}]",
			"ssh://sre@a1:22 (ssh://sre@a1:22) 10000\n"
			"ssh://sre@a2:22 (ssh://sre@a2:22) 10000\n",
			""},
		{"checks: [{host: 'local:'}, {tcp: 'a:1'}]",
			"local: (local:) 10000\ntcp://a:1 (tcp://a:1) 10000\n", ""},
		{"checks: [{name: x, host: '@nobody'}]", "",
			"c.yaml:1:10: check 'x': node set '@nobody': column 1: unknown group "
			"'nobody'\n"},
		{"checks: [{host: '@web'}, {host: web-2}]",
			"web-1 (web-1) 10000\nweb-2 (web-2) 10000\nweb-2 (web-2) 10000\n",
			"c.yaml:1:26: a check called 'web-2' is already at c.yaml:1:10; give one "
			"of them another name\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf names = STRBUF_INIT;
		struct strbuf errors = STRBUF_INIT;

		expand(cases[i].yaml, &names, &errors);
		assert_string_equal(names.buf, cases[i].names);
		assert_string_equal(errors.buf, cases[i].errors);
		strbuf_release(&names);
		strbuf_release(&errors);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rows_are_right),
		cmocka_unit_test(fills_in_what_is_not_said),
		cmocka_unit_test(there_is_a_check_for_each_server),
		cmocka_unit_test(takes_what_is_right),
		cmocka_unit_test(refuses_what_is_wrong_and_says_where),
		cmocka_unit_test(a_target_is_a_check),
		cmocka_unit_test(settings_reach_everything),
		cmocka_unit_test(settings_are_for_whom_they_fit),
		cmocka_unit_test(refuses_what_is_no_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
