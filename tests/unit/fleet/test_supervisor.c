/*
 * What is sent to a host: what is refused, and that nothing of the user's is in the command to
 * execute.  test_supervisor_script.c runs it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "fleet/supervisor.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})

static void refuses(void **state)
{
	const struct {
		struct supervisor_spec spec;
		const char *text; /* NULL: it is fine */
	} cases[] = {
		{{.command = "uptime"}, NULL},
		{{.command = ""}, NULL},
		{{.command = "-x"}, NULL},
		{{0}, "there is no command"},
		{{.argv = ARGV("")}, "there is no command"},
		{{.argv = (const char *const[]){NULL}}, "there is no command"},
		{{.argv = ARGV("-x", "y")}, "the program '-x' begins with '-'"},
		{{.argv = ARGV("x", "-y", "", "\n")}, NULL},
		{{.command = "x", .env = ARGV("A=1", "_b2=", "c=\n=")}, NULL},
		{{.command = "x", .env = ARGV("A")}, "'A' is no name of a variable"},
		{{.command = "x", .env = ARGV("=1")}, "'' is no name"},
		{{.command = "x", .env = ARGV("1A=1")}, "'1A' is no name"},
		{{.command = "x", .env = ARGV("A B=1")}, "'A B' is no name"},
		{{.command = "x", .env = ARGV("A\n=1")}, "'A\\n' is no name"},
		{{.command = "x", .env = ARGV("UID=0")}, "the variable 'UID' is the shell's own"},
		{{.command = "x", .has_nice = true, .nice = 19}, NULL},
		{{.command = "x", .has_nice = true, .nice = 20},
			"nice 20 is not between -20 and 19"},
		{{.command = "x", .has_nice = true, .nice = -21}, "nice -21"},
		{{.command = "x", .shell = "/bin/ba sh"}, "the shell '/bin/ba sh' is not letters"},
		{{.command = "x", .sudo_user = "-u"}, "the user '-u' is not letters"},
		{{.command = "x", .sudo_user = ""}, "the user '' is not letters"},
		{{.command = "x", .sudo_user = "a'b"}, "the user 'a'b' is not letters"},
		{{.command = "x", .sudo_user = "www-data"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};
		int got = supervisor_check(&cases[i].spec, &err);

		if ((got == 0) != !cases[i].text) {
			fail_msg("case %zu: %d %s", i, got, err.msg);
		}
		if (cases[i].text && !strstr(err.msg, cases[i].text)) {
			fail_msg("no '%s' in: %s", cases[i].text, err.msg);
		}
	}
}

static void refuses_what_is_too_long(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};

	(void)state;
	strbuf_addn(&text, 'x', SUPERVISOR_TEXT_MAX);
	assert_int_equal(supervisor_check(&(struct supervisor_spec){.command = text.buf}, &err), 0);
	strbuf_addc(&text, 'x');
	assert_int_equal(
		supervisor_check(&(struct supervisor_spec){.command = text.buf}, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(supervisor_check(&(struct supervisor_spec){.argv = (const char *[]){"x",
									    text.buf, NULL}},
				 &err),
		-1);
	strbuf_release(&text);
}

static void keys_are_random(void **state)
{
	struct supervisor_key a;
	struct supervisor_key b;

	(void)state;
	assert_int_equal(supervisor_key_init(&a, NULL), 0);
	assert_int_equal(supervisor_key_init(&b, NULL), 0);
	assert_int_equal(strlen(a.secret), SUPERVISOR_KEY_LEN);
	assert_int_equal(strlen(a.greeting), SUPERVISOR_KEY_LEN);
	assert_int_equal(a.secret[0], 0x1e);
	assert_int_equal(strspn(a.secret + 1, "0123456789abcdef"), 32);
	assert_string_equal(a.secret + 33, " ");
	assert_string_not_equal(a.secret, b.secret);
	assert_string_not_equal(a.secret, a.greeting);
}

static void executes(void **state)
{
	const struct {
		struct supervisor_spec spec;
		const char *begin;
	} cases[] = {
		{{.command = "secret"}, "exec /bin/sh -c 's=\"$("},
		{{.argv = ARGV("secret"), .shell = "/bin/dash"}, "exec /bin/dash -c 's=\"$("},
		{{.command = "secret", .sudo = SUPERVISOR_SUDO_QUIET},
			"exec sudo -n -- /bin/sh -c 's=\"$("},
		{{.command = "secret", .sudo = SUPERVISOR_SUDO_QUIET, .sudo_user = "db"},
			"exec sudo -n -u db -- /bin/sh -c 's=\"$("},
		{{.command = "secret", .sudo = SUPERVISOR_SUDO_PASSWORD},
			"exec sudo -S -p '\x1eg p' -- /bin/sh -c 'printf %s \"\x1eg r\" >&2; "
			"s=\"$("},
	};
	const struct supervisor_key key = {"\x1es ", "\x1eg "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		size_t quotes = 0;

		supervisor_add_exec(&out, &cases[i].spec, &key);
		if (!str_starts(strbuf_str(&out), cases[i].begin)) {
			fail_msg("case %zu: %s", i, out.buf);
		}
		for (const char *c = out.buf; *c; c++) {
			quotes += *c == '\'';
		}
		assert_int_equal(quotes % 2, 0);
		assert_null(strpbrk(out.buf, "\n!"));
		assert_null(strstr(out.buf, "secret"));
		assert_null(strstr(out.buf, key.secret));
		strbuf_release(&out);
	}
}

/* Whatever the login shell is, it sees letters, digits and what is harmless in single quotes. */
static void executes_with_a_tty(void **state)
{
	const struct {
		struct supervisor_spec spec;
		const char *begin;
	} cases[] = {
		{{.command = "ls"}, "exec /bin/sh -c 'echo \"\x1eg t$$\"; eval \"$(printf \""},
		{{.argv = ARGV("ls"), .shell = "/bin/dash"},
			"exec /bin/dash -c 'echo \"\x1eg t$$\"; eval \"$(printf \""},
		{{.command = "-x!'\n%\\", .sudo = SUPERVISOR_SUDO_QUIET, .sudo_user = "db"},
			"exec sudo -n -u db -- /bin/sh -c 'echo \"\x1eg t$$\"; eval \"$(printf \""},
		{{.command = "!",
			 .directory = "'",
			 .env = ARGV("A=\"b"),
			 .sudo = SUPERVISOR_SUDO_PASSWORD},
			"exec sudo -S -p '\x1eg p' -- /bin/sh -c 'printf %s \"\x1eg r\"; echo "
			"\"\x1eg t$$\"; "
			"eval \"$(printf \""},
	};
	const struct supervisor_key key = {"\x1es ", "\x1eg "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct str rest;

		supervisor_add_tty_exec(&out, &cases[i].spec, &key);
		if (!str_starts(strbuf_str(&out), cases[i].begin)) {
			fail_msg("case %zu: %s", i, out.buf);
		}
		rest = str_sub(strbuf_str(&out), strlen(cases[i].begin), out.len);
		assert_true(str_ends(rest, "\")\"'"));
		rest = str_sub(rest, 0, rest.len - strlen("\")\"'"));
		for (size_t at = 0; at < rest.len; at++) {
			assert_true(char_is_alnum(rest.ptr[at]) || rest.ptr[at] == '\\');
		}
		strbuf_release(&out);
	}
}

static void settings(void **state)
{
	const struct supervisor_key key = {"\x1es ", "\x1eg "};
	const struct supervisor_spec full = {
		.argv = ARGV("echo", "a\nb", ""),
		.directory = "-x",
		.env = ARGV("A=1=2", "B=\n"),
		.has_nice = true,
		.nice = -5,
		.has_input = true,
		.quiet_s = 4,
		.grace_s = 2,
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	supervisor_add_settings(&out, &full, &key);
	assert_non_null(strstr(out.buf, "\nmain \"$@\"\n.\n\x1es \n4\n2\ninput\n1\n./-x\n"
					"2\nA\n1\n1=2\nB\n2\n\n\n"
					"6\n1\nnice\n1\n-n\n1\n-5\n1\necho\n2\na\nb\n1\n\n"));
	assert_null(strstr(out.buf, key.greeting));
	strbuf_clear(&out);
	supervisor_add_settings(&out, &(struct supervisor_spec){.command = "-x"}, &key);
	assert_non_null(
		strstr(out.buf, ".\n\x1es \n8\n3\nnone\n1\n\n0\n3\n1\n/bin/sh\n1\n-c\n1\n -x\n"));
	strbuf_release(&out);
}

static void follows(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	supervisor_add_beat(&out);
	supervisor_add_input(&out, str_of("a\nb"));
	supervisor_add_input_end(&out);
	supervisor_add_stop(&out);
	assert_string_equal(out.buf, "h\nd3\na\nbe\nk\n");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(keys_are_random),
		cmocka_unit_test(executes),
		cmocka_unit_test(executes_with_a_tty),
		cmocka_unit_test(settings),
		cmocka_unit_test(follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
