#include <sys/stat.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cmocka_all.h"
#include "net/ssh_program_fixture.h"
#include "net/ssh_program_internal.h"
#include "support/run_program.h"

/* A program that says what it was given, where ssh is expected. */
static const char *make_recorder(struct ssh_fixture *fixture)
{
	const char *path = ssh_fixture_write(fixture, "recorder",
		arena_printf(fixture->arena,
			"#!/bin/sh\nexec >> %s/record\nprintf '%%s\\n' \"$@\"\n"
			"while [ \"$1\" != -F ]; do shift; done\ncat \"$2\"\n"
			"env | grep ASKPASS\necho 'no ssh at all' >&2\nexit 255\n",
			fixture->folder));

	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

/* All that the recorder was told at one login. */
static const char *record(struct ssh_fixture *fixture, const struct ssh_program_options *options,
	const struct ssh_program_spec *spec)
{
	const char *path = ssh_fixture_path(fixture, "record");
	struct strbuf text = STRBUF_INIT;
	struct ssh_program *program = NULL;
	struct program_told told;
	const char *kept;

	(void)unlink(path);
	assert_int_equal(ssh_program_new(fixture->loop, options, &program, NULL), 0);
	program_open(fixture, program, spec, &told);
	ssh_fixture_until(fixture, told_something, &told);
	assert_int_equal(told.end.cause, SSH_END_LOCAL);
	assert_string_equal(told.end.text, "web-01: no ssh at all");
	ssh_program_free(&program);
	assert_int_equal(file_read(path, FILE_REGULAR, 65536, &text, NULL), 0);
	kept = arena_strdup(fixture->arena, text.buf);
	strbuf_release(&text);
	return kept;
}

static void assert_has(const char *text, const char *line)
{
	if (!text || !strstr(text, line)) {
		fail_msg("'%s' is not in '%s'", line, text ? text : "nothing");
	}
}

static void tells_ssh_all_that_it_must(void **state)
{
	static const char *const always[] = {"-N\n", "LogLevel=DEBUG2\n", "ControlMaster=yes\n",
		"ControlPersist=no\n", "ConnectTimeout=10\n", "--\nweb-01\n",
		"NoHostAuthenticationForLocalhost no\n", "BatchMode yes\n",
		"SSH_ASKPASS_REQUIRE=force\n"};
	struct ssh_fixture *fixture = *state;
	struct ssh_program_options options = {.program = make_recorder(fixture)};
	struct ssh_program_spec spec = {.name = "web-01", .connect_timeout_ms = 9500};
	const char *text = record(fixture, &options, &spec);

	for (size_t i = 0; i < ARRAY_LEN(always); i++) {
		assert_has(text, always[i]);
	}
	assert_has(text, "BatchMode=yes\n");
	assert_has(text, "StrictHostKeyChecking=yes\n");
	assert_has(text, "StrictHostKeyChecking yes\n"); /* of bastions */
	assert_has(text, "ServerAliveInterval=5\n");
	assert_has(text, "ServerAliveCountMax=3\n");
	assert_has(text, "/.ssh/config\"\n");
	assert_has(text, "Include \"/etc/ssh/ssh_config\"\n");
	assert_null(strstr(text, "HostName="));

	options.accepts_new_host_keys = true;
	spec.address = "127.0.0.1";
	spec.username = "operator";
	spec.port = 2222;
	spec.password = "secret";
	spec.alive_interval_ms = 1500;
	spec.alive_count_max = 7;
	text = record(fixture, &options, &spec);
	assert_has(text, "BatchMode=no\n");
	assert_has(text, "StrictHostKeyChecking=accept-new\n");
	assert_has(text, "StrictHostKeyChecking accept-new\n");
	assert_has(text, "ServerAliveInterval=2\n");
	assert_has(text, "ServerAliveCountMax=7\n");
	assert_has(text, "HostName=127.0.0.1\n");
	assert_has(text, "-l\noperator\n");
	assert_has(text, "Port=2222\n");
	assert_null(strstr(text, "secret"));
}

static void reads_the_given_file_anew_when_it_changes(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *file = ssh_fixture_write(fixture, "given", "# first\nHost x\n");
	const struct ssh_program_options options = {
		.program = make_recorder(fixture), .config_file = file};
	const struct ssh_program_spec spec = {.name = "web-01", .connect_timeout_ms = 9500};
	struct ssh_program *program = NULL;
	struct strbuf text = STRBUF_INIT;
	struct program_told told;

	assert_int_equal(chmod(file, 0664), 0); /* ssh -F does not mind either */
	assert_int_equal(ssh_program_new(fixture->loop, &options, &program, NULL), 0);
	for (int i = 0; i < 3; i++) {
		program_open(fixture, program, &spec, &told);
		ssh_fixture_until(fixture, told_something, &told);
		if (i == 1) {
			(void)ssh_fixture_write(fixture, "given", "# a second one\nHost y\n");
		}
	}
	ssh_program_free(&program);
	assert_int_equal(
		file_read(ssh_fixture_path(fixture, "record"), FILE_REGULAR, 65536, &text, NULL),
		0);
	assert_has(text.buf, "# first\nHost x\n");
	assert_has(text.buf, "# a second one\nHost y\n");
	assert_null(strstr(text.buf, "Include"));
	strbuf_release(&text);
}

/* ssh itself reads what is made for it, and with it what the user has. */
static void makes_what_ssh_can_read(void **state)
{
	struct ssh_fixture *fixture = *state;
	const struct ssh_program_options options = {.accepts_new_host_keys = false};
	struct ssh_program *program = NULL;

	assert_int_equal(ssh_program_new(fixture->loop, &options, &program, NULL), 0);
	assert_int_equal(RUN("ssh", "-G", "-F", program->wrapper, "127.0.0.1"), 0);
	ssh_program_free(&program);
}

static void says_that_passwords_cannot_be_handed_on(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program *program = program_make(fixture, "");
	struct ssh_program_spec spec = program_spec(ssh_fixture_sshd(fixture, ""));
	struct program_told told;

	(void)close(program->helper_fd);
	program->helper_fd = -1;
	spec.password = "secret";
	program_open(fixture, program, &spec, &told);
	ssh_fixture_until(fixture, told_something, &told);
	assert_int_equal(told.end.cause, SSH_END_LOCAL);
	assert_has(told.end.text, "cannot be given a password");
	spec.password = NULL; /* others are not affected */
	program_connect(fixture, program, &spec, &told);
	ssh_program_login_free(&told.login);
	ssh_program_free(&program);
}

static void says_why_there_is_none(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_program *program = NULL;
	struct err err = {0};

	assert_int_equal(
		ssh_program_new(fixture->loop,
			&(struct ssh_program_options){.program = "/no/such/ssh"}, &program, &err),
		-1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_has(err.msg, "/no/such/ssh");
	assert_int_equal(ssh_program_new(fixture->loop,
				 &(struct ssh_program_options){.config_file = "/no/such/config"},
				 &program, &err),
		-1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_has(err.msg, "/no/such/config");
	assert_null(program);
}

static void a_program_that_cannot_be_started_is_told(void **state)
{
	struct ssh_fixture *fixture = *state;
	const char *path = ssh_fixture_write(fixture, "nonsense", "no program\n");
	const struct ssh_program_options options = {.program = path};
	const struct ssh_program_spec spec = {.name = "web-01", .connect_timeout_ms = 9500};
	struct ssh_program *program = NULL;
	struct program_told told;

	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(ssh_program_new(fixture->loop, &options, &program, NULL), 0);
	program_open(fixture, program, &spec, &told);
	ssh_fixture_until(fixture, told_something, &told);
	assert_int_equal(told.end.cause, SSH_END_LOCAL);
	assert_has(told.end.text, path);
	ssh_program_free(&program);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_ssh_all_that_it_must),
		TEST(reads_the_given_file_anew_when_it_changes),
		TEST(makes_what_ssh_can_read),
		TEST(says_that_passwords_cannot_be_handed_on),
		TEST(says_why_there_is_none),
		TEST(a_program_that_cannot_be_started_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
