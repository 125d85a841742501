/*
 * The look before the leap, where there is nobody to ask.
 */
#include "cmd/cmd_fixture.h"
#include "cmd/server_guard.h"

static void who_may_go(void **state)
{
	static const struct {
		struct guard_opts opts;
		size_t count;
		bool is_harmless;
		int status;
		const char *error;
	} cases[] = {
		{{.confirm_over = 10}, 10, false, 0, NULL},
		{{.confirm_over = 10}, 11, false, -1, "say --yes if it is meant"},
		{{.confirm_over = 10}, 11, true, 0, NULL},
		{{.confirm_over = 10, .is_yes = true}, 11, false, 0, NULL},
		{{.confirm_over = 0}, 1, false, -1, "1 server"},
		{{.confirm_over = 10, .is_yes = true, .max_hosts = 5}, 6, false, -1,
			"6 servers, and --max-hosts allows 5"},
		{{.confirm_over = 10, .max_hosts = 5}, 6, true, -1, "--max-hosts"},
		{{.confirm_over = 10, .max_hosts = 6}, 6, false, 0, NULL},
	};
	const struct common_opts common = {.is_quiet = true};
	int saved = redirect(STDERR_FILENO, "err"); /* no terminal */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct server_selection selection = {
			.hosts_count = cases[i].count, .folded = "web"};
		struct err err = {0};

		assert_int_equal(server_guard(&cases[i].opts, &common, &selection,
					 cases[i].is_harmless, &err),
			cases[i].status);
		if (cases[i].error) {
			assert_int_equal(err.code, ERR_INPUT);
			assert_non_null(strstr(err.msg, cases[i].error));
		}
	}
	restore(STDERR_FILENO, saved);
}

static void what_is_shown(void **state)
{
	static const struct guard_opts opts = {.is_yes = true};
	static const struct common_opts common = {0};
	_cleanup_(strbuf_release) struct strbuf names = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf seen = STRBUF_INIT;
	struct server_selection selection = {
		.hosts_count = 200, .set = {.repeats = 1, .repeated = "host-7"}};
	struct err err = {0};
	int saved;

	(void)state;
	for (int i = 0; i < 200; i++) {
		strbuf_addf(&names, "%shost-%d.example.com", i > 0 ? "," : "", i * i);
	}
	selection.folded = names.buf;
	saved = redirect(STDERR_FILENO, "err");
	assert_int_equal(server_guard(&opts, &common, &selection, false, &err), 0);
	restore(STDERR_FILENO, saved);
	read_text("err", &seen);
	assert_said(&seen, "200 servers: host-0.example.com,");
	assert_said(
		&seen, ".example.com, ... (--list shows all)\nhost-7 is named twice, and counts");
	assert_true(seen.len < 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(who_may_go),
		cmd_test(what_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
