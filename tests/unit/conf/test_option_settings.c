#include "base/alloc.h"
#include "cmocka_all.h"
#include "conf/option_settings.h"
#include "support/conf_sample.h"

struct fixture {
	struct arena *arena;
	struct sample_check check;
	struct sample_http http;
	struct sample_mail mail;
	struct option_set sets[4];
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const struct option_context context = {.arena = f->arena = arena_new()};

	f->sets[0] = (struct option_set){.rows = sample_check_rows, .base = &f->check};
	f->sets[1] = (struct option_set){.rows = sample_http_rows, .base = &f->http};
	f->sets[2] = (struct option_set){.rows = sample_mail_rows, .base = &f->mail};
	for (int i = 0; i < 3; i++) {
		option_set_defaults(f->sets[i].rows, &context, f->sets[i].base);
	}
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

static int apply(struct fixture *f, const char **settings, size_t count)
{
	const struct option_context context = {.arena = f->arena};
	struct option_settings all;
	int status = 0;

	option_settings_init(&all, f->sets, &context);
	for (size_t i = 0; i < count && status == 0; i++) {
		status = option_settings_apply(&all, str_of(settings[i]), &f->err);
	}
	return status;
}

static void test_settings(void **state)
{
	const char *settings[] = {"timeout=5s", "status=200", "expect.body=a=b", "method=HEAD",
		"warning.total_seconds=1", "status=301", "warning.disk[/var.x]=0.5", "method=POST",
		"password=", "max_time=6s"};
	struct fixture *f = *state;

	if (apply(f, settings, ARRAY_LEN(settings)) < 0) {
		fail_msg("%s", f->err.msg);
	}
	assert_int_equal(f->check.timeout_ms, 6000);
	assert_int_equal(f->http.status.count, 2);
	assert_int_equal(OPTION_AT(&f->http.status, int64_t, 1), 301);
	assert_string_equal(f->http.expect.body, "a=b");
	assert_int_equal(f->http.method, 2);
	assert_int_equal(f->check.warning.count, 2);
	assert_string_equal(f->check.warning.keys[1], "disk[/var.x]");
	assert_true(OPTION_AT(&f->check.warning, double, 1) == 0.5);
	assert_string_equal(f->mail.password, "");
}

static void test_none(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(apply(f, NULL, 0), 0);
	assert_int_equal(f->http.status.count, 2);
}

static void test_errors(void **state)
{
	static const struct {
		const char *setting, *error;
	} cases[] = {
		{"timeout", "setting 'timeout' has no value; write timeout=VALUE"},
		{"=x", "setting '=x' is not KEY=VALUE"},
		{"", "setting '' is not KEY=VALUE"},
		{"timout=5s", "no setting 'timout'; did you mean 'timeout'?"},
		{"timout", "no setting 'timout'; did you mean 'timeout'?"},
		{"zzzzzzz=5s", "no setting 'zzzzzzz'"},
		{"http=x", "no setting 'http'"},
		{"expct.body=x", "no setting 'expct'; did you mean "
				 "'expect'?"},
		{"expect.bdy=x", "setting 'expect.bdy': no setting 'bdy' in 'expect'; did you "
				 "mean 'body'?"},
		{"expect=x", "setting 'expect': 'expect' needs a key: expect.KEY=VALUE"},
		{"expect.=x", "setting 'expect.': 'expect' needs a key: expect.KEY=VALUE"},
		{"timeout.x=5s", "setting 'timeout.x': 'timeout' has no keys of its own"},
		{"warning=1", "setting 'warning': 'warning' needs a key: warning.KEY=NUMBER"},
		{"warning.a=b", "setting 'warning.a': number 'b': not a decimal number"},
		{"routes=x", "setting 'routes': 'routes' can be set only in a configuration file"},
		{"routes.to=x",
			"setting 'routes.to': 'routes' can be set only in a configuration file"},
		{"timeout=soon", "setting 'timeout': duration 'soon': not a duration"},
		{"status=1", "setting 'status': number '1': must be from 100 to 599"},
		{"\x1b=1", "no setting '\\x1b'"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *settings[] = {cases[i].setting};

		assert_int_equal(apply(f, settings, 1), -1);
		if (strncmp(f->err.msg, cases[i].error, strlen(cases[i].error)) != 0) {
			fail_msg("%s: %s", cases[i].setting, f->err.msg);
		}
		assert_int_equal(f->err.code, ERR_INPUT);
	}
}

static void test_know(void **state)
{
	static const struct {
		const char *setting;
		bool is_known;
	} cases[] = {{"timeout=1", true}, {"timeout", true}, {"expect.none=1", true},
		{"status.x", true}, {"timout=1", false}, {"http=x", false}, {"", false},
		{"=", false}};
	struct fixture *f = *state;
	const struct option_context context = {.arena = f->arena};
	struct option_settings all;

	option_settings_init(&all, f->sets, &context);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			option_settings_know(&all, str_of(cases[i].setting)), cases[i].is_known);
	}
}

static void test_what_cannot_be_set(void **state)
{
	static const struct {
		const char *setting, *error;
	} cases[] = {
		{"dialogue=x",
			"setting 'dialogue': 'dialogue' can be set only in a configuration file"},
		{"verbose=1", "no setting 'verbose'"},
		{"tcp=x", "no setting 'tcp'"},
		{"pin=hunter2", "setting 'pin': the value (not shown) is not a valid integer"},
	};
	struct fixture *f = *state;
	struct sample_tcp tcp = {0};
	struct sample sample = {0};

	f->sets[0] = (struct option_set){.rows = sample_tcp_rows, .base = &tcp};
	f->sets[1] = (struct option_set){.rows = sample_rows, .base = &sample};
	f->sets[2] = (struct option_set){0};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *settings[] = {cases[i].setting};

		assert_int_equal(apply(f, settings, 1), -1);
		assert_string_equal(f->err.msg, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_know, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_set, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
