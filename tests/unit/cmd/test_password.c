/*
 * Passwords from files, and from nobody.
 */
#include <sys/stat.h>

#include "cmd/cmd_fixture.h"
#include "cmd/password.h"

static void files(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *password, *error;
	} cases[] = {
		{"topsecret\n", 0600, "topsecret", NULL},
		{"topsecret", 0400, "topsecret", NULL},
		{"topsecret\r\n", 0600, "topsecret", NULL},
		{" top secret ", 0600, " top secret ", NULL},
		{"topsecret\n", 0644, NULL, "can be read by others (mode 0644): chmod 600 it"},
		{"topsecret\n", 0640, NULL, "can be read by others"},
		{"", 0600, NULL, "the password is empty"},
		{"\n", 0600, NULL, "the password is empty"},
		{"topsecret\nmore\n", 0600, NULL, "has more than one line"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct password_source source = {.flag = "--password-file", .file = "seen"};
		_cleanup_(password_release) struct strbuf password = STRBUF_INIT;
		struct err err = {0};
		int status;

		write_text("seen", cases[i].text);
		assert_int_equal(chmod("seen", cases[i].mode), 0);
		status = password_get(&source, &password, &err);
		assert_int_equal(status, cases[i].password ? 0 : -1);
		if (cases[i].password) {
			assert_string_equal(password.buf, cases[i].password);
		} else {
			assert_non_null(strstr(err.msg, cases[i].error));
			assert_null(strstr(err.msg, "topsecret"));
		}
		assert_int_equal(unlink("seen"), 0);
	}
}

static void what_is_no_file(void **state)
{
	_cleanup_(strbuf_release) struct strbuf large = STRBUF_INIT;
	_cleanup_(password_release) struct strbuf password = STRBUF_INIT;
	struct password_source source = {.flag = "--password-file", .file = "nothing"};
	struct err err = {0};

	(void)state;
	assert_int_equal(password_get(&source, &password, &err), -1);
	assert_non_null(strstr(err.msg, "--password-file: cannot read 'nothing'"));
	strbuf_addn(&large, 'x', PASSWORD_MAX + 1);
	write_text("seen", large.buf);
	source.file = "seen";
	assert_int_equal(password_get(&source, &password, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	source.is_asked = true;
	assert_int_equal(password_get(&source, &password, &err), -1);
	assert_non_null(strstr(err.msg, "do not go together"));
}

static void nobody_to_ask(void **state)
{
	const struct password_source none = {.flag = "--password-file"};
	const struct password_source asked = {
		.flag = "--password-file", .is_asked = true, .question = "? "};
	_cleanup_(password_release) struct strbuf password = STRBUF_INIT;
	struct err err = {0};
	int saved = redirect(STDERR_FILENO, "err"); /* no terminal */

	(void)state;
	assert_int_equal(password_get(&none, &password, &err), 0);
	assert_int_equal(password.len, 0);
	assert_int_equal(password_get(&asked, &password, &err), -1);
	assert_non_null(strstr(err.msg, "no terminal to ask"));
	restore(STDERR_FILENO, saved);
}

static void both(void **state)
{
	struct password_opts opts = {.login_file = "seen", .sudo_file = "results"};
	_cleanup_(password_release) struct strbuf login = STRBUF_INIT_MAX(PASSWORD_MAX);
	_cleanup_(password_release) struct strbuf sudo = STRBUF_INIT_MAX(PASSWORD_MAX);
	struct err err = {0};

	(void)state;
	write_text("seen", "one\n");
	write_text("results", "two\n");
	assert_int_equal(password_get_both(&opts, &login, &sudo, &err), 0);
	assert_string_equal(login.buf, "one");
	assert_string_equal(sudo.buf, "two");
	opts.sudo_file = "nowhere";
	assert_int_equal(password_get_both(&opts, &login, &sudo, &err), -1);
	assert_non_null(strstr(err.msg, "--sudo-password-file"));
	opts.login_file = "nowhere too";
	assert_int_equal(password_get_both(&opts, &login, &sudo, &err), -1);
	assert_non_null(strstr(err.msg, "--password-file: cannot read 'nowhere too'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmd_test(files),
		cmd_test(what_is_no_file),
		cmd_test(nobody_to_ask),
		cmd_test(both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
