/*
 * Scripts as commands: what is refused, and that a shell runs what is made of the rest.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/script_command.h"
#include "support/run_program.h"

/* What the command writes when its input is the script and `more`; its exit code. */
static int run(struct str script, const char *const *args, size_t args_count, const char *more,
	struct strbuf *ret_out)
{
	static const char here[] = "/bin/sh \"$1/command\" <\"$1/input\" >\"$1/out\" 2>&1";
	_cleanup_(strbuf_release) struct strbuf command = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf input = STRBUF_INIT;
	char folder[] = "/tmp/test_script.XXXXXX";
	struct err err = {0};
	int exit_code;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(script_command_add(&command, script, args, args_count, &err), 0);
	strbuf_addstr(&input, script);
	strbuf_adds(&input, more);
	assert_int_equal(file_write("command", strbuf_str(&command), 0600, &err), 0);
	assert_int_equal(file_write("input", strbuf_str(&input), 0600, &err), 0);
	exit_code = RUN("sh", "-c", here, "sh", folder);
	assert_int_equal(file_read("out", FILE_REGULAR, 65536, ret_out, &err), 0);
	(void)unlink("command");
	(void)unlink("input");
	(void)unlink("out");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(folder), 0); /* nothing is left of it */
	return exit_code;
}

static void test_a_shell_runs_it(void **state)
{
	static const struct {
		const char *script;
		const char *args[3];
		const char *more, *out;
		int exit_code;
	} cases[] = {
		{"echo hi", {NULL}, "", "hi\n", 0},
		{"echo hi\n\n\n", {NULL}, "", "hi\n", 0},
		{"echo \"$# $1 $2\"\nexit 3\n", {"a b", "it's $HOME"}, "", "2 a b it's $HOME\n", 3},
		{"#!/bin/sh\ncat\n", {NULL}, "one\ntwo", "one\ntwo", 0},
		{"#! /bin/sh -e \nfalse\necho no\n", {NULL}, "", "", 1},
		{"#!\nprintf '%s\\n' '\\n' \"$(echo `echo x`)\"\n", {NULL}, "", "\\n\nx\n", 0},
		{"#!/usr/bin/env sh\ncat <<END_OF_SCRIPT\nin\nEND_OF_SCRIPT\n", {NULL}, "", "in\n",
			0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
		size_t count = 0;

		while (cases[i].args[count]) {
			count++;
		}
		assert_int_equal(
			run(str_of(cases[i].script), cases[i].args, count, cases[i].more, &out),
			cases[i].exit_code);
		assert_string_equal(out.buf, cases[i].out);
	}
}

static void test_a_long_one(void **state)
{
	_cleanup_(strbuf_release) struct strbuf script = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	while (script.len < 300 * 1024) {
		strbuf_adds(&script, "# a line of nothing\n");
	}
	strbuf_adds(&script, "cat; echo end\n");
	assert_int_equal(run(strbuf_str(&script), NULL, 0, "rest\n", &out), 0);
	assert_string_equal(out.buf, "rest\nend\n");
}

static void test_what_is_refused(void **state)
{
	static const struct {
		struct str script;
		const char *error;
	} cases[] = {
		{{"", 0}, "the script is empty"},
		{{"\x7f"
		  "ELF\0\0",
			 6},
			"is no text"},
		{{"#!/bin/sh\r\necho hi\r\n", 20}, "end as on Windows"},
	};
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf large = STRBUF_INIT;
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(script_command_add(&out, cases[i].script, NULL, 0, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, cases[i].error));
	}
	strbuf_addn(&large, 'x', SCRIPT_BYTES_MAX + 1);
	assert_int_equal(script_command_add(&out, strbuf_str(&large), NULL, 0, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_shell_runs_it),
		cmocka_unit_test(test_a_long_one),
		cmocka_unit_test(test_what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
