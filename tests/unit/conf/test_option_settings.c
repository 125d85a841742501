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
	const struct option_list list = {.items = settings, .count = count};

	return option_apply_settings(f->sets, &context, &list, &f->err);
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
		{"timeout", "setting 'timeout' is not KEY=VALUE"},
		{"=x", "setting '=x' is not KEY=VALUE"},
		{"", "setting '' is not KEY=VALUE"},
		{"timout=5s", "setting 'timout': unknown key 'timout'; did you mean 'timeout'?"},
		{"zzzzzzz=5s", "setting 'zzzzzzz': unknown key 'zzzzzzz'"},
		{"expct.body=x", "setting 'expct.body': unknown key 'expct'; did you mean "
				 "'expect'?"},
		{"expect.bdy=x", "setting 'expect.bdy': unknown key 'bdy' in 'expect'; did you "
				 "mean 'body'?"},
		{"expect=x", "setting 'expect': 'expect' needs a key: expect.KEY=VALUE"},
		{"expect.=x", "setting 'expect.': 'expect' needs a key: expect.KEY=VALUE"},
		{"timeout.x=5s", "setting 'timeout.x': 'timeout' has no keys of its own"},
		{"warning=1", "setting 'warning': 'warning' needs a key: warning.KEY=NUMBER"},
		{"warning.a=b", "setting 'warning.a': number 'b': not a decimal number"},
		{"timeout=soon", "setting 'timeout': duration 'soon': not a duration"},
		{"status=1", "setting 'status': number '1': must be from 100 to 599"},
		{"\x1b=1", "setting '\\x1b': unknown key '\\x1b'"},
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

static void test_what_cannot_be_set(void **state)
{
	struct fixture *f = *state;
	const struct option_context context = {.arena = f->arena};
	struct sample_tcp tcp = {0};
	struct sample sample = {0};
	const struct option_set sets[] = {{.rows = sample_tcp_rows, .base = &tcp},
		{.rows = sample_rows, .base = &sample}, {0}};
	const char *variants[] = {"dialogue=x"};
	const char *flag[] = {"verbose=1"};
	const char *secret[] = {"pin=hunter2"};
	const struct option_list lists[] = {{variants, 1}, {flag, 1}, {secret, 1}};

	assert_int_equal(option_apply_settings(sets, &context, &lists[0], &f->err), -1);
	assert_string_equal(f->err.msg,
		"setting 'dialogue': 'dialogue' can be set only in a configuration file");
	assert_int_equal(option_apply_settings(sets, &context, &lists[1], &f->err), -1);
	assert_string_equal(f->err.msg, "setting 'verbose': unknown key 'verbose'");
	assert_int_equal(option_apply_settings(sets, &context, &lists[2], &f->err), -1);
	assert_string_equal(
		f->err.msg, "setting 'pin': the value (not shown) is not a valid integer");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_settings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_set, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
