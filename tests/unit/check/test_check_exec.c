/*
 * Plugins, as real children.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <unistd.h>

#include "check/check_fixture.h"

static void ends_as_the_plugin_says(void **state)
{
	static const struct {
		const char *target;
		enum check_state state;
		enum check_code code;
		const char *message;
	} cases[] = {
		{"exec:sh -c 'echo fine'", CHECK_OK, CODE_OK, "fine"},
		{"exec:sh -c 'echo hm; exit 1'", CHECK_WARNING, CODE_PLUGIN_WARNING, "hm"},
		{"exec:sh -c 'echo no; exit 2'", CHECK_CRITICAL, CODE_PLUGIN_CRITICAL, "no"},
		{"exec:sh -c 'echo what; exit 3'", CHECK_UNKNOWN, CODE_PLUGIN_UNKNOWN, "what"},
		{"exec:sh -c 'echo odd; exit 4'", CHECK_UNKNOWN, CODE_BAD_EXIT_CODE,
			"exit code 4, which is none of a plugin's 0 to 3: odd"},
		{"exec:sh -c 'exit 255'", CHECK_UNKNOWN, CODE_BAD_EXIT_CODE,
			"exit code 255, which is none of a plugin's 0 to 3: no output"},
		{"exec:true", CHECK_OK, CODE_OK, "no output"},
		{"exec:false", CHECK_WARNING, CODE_PLUGIN_WARNING, "no output"},
		{"exec:sh -c 'echo oops >&2; exit 2'", CHECK_CRITICAL, CODE_PLUGIN_CRITICAL,
			"no output; stderr: oops"},
		{"exec:sh -c 'echo half; kill -9 $$'", CHECK_UNKNOWN, CODE_EXEC_SIGNALED,
			"killed by signal 9 (SIGKILL): half"},
		{"exec:/no/such/plugin", CHECK_UNKNOWN, CODE_EXEC_FAILED, "'/no/such/plugin'"},
		{"exec:no-such-plugin", CHECK_UNKNOWN, CODE_EXEC_FAILED, "'no-such-plugin'"},
		{"exec:/etc/passwd", CHECK_UNKNOWN, CODE_EXEC_FAILED, "'/etc/passwd'"},
		{"exec:/", CHECK_UNKNOWN, CODE_EXEC_FAILED, "'/'"},
		{"exec:printf '\\033[31mred|a=1'", CHECK_OK, CODE_OK, "\\x1b[31mred"},
		{"exec:  echo   a  'b  c' ", CHECK_OK, CODE_OK, "a b  c"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const struct check_settings none;
		struct checked checked;

		checked_run(&checked, *state, cases[i].target, &none);
		assert_outcome(&checked, cases[i].state, cases[i].code);
		assert_says(checked.result.message, cases[i].message);
		if (cases[i].state != CHECK_OK) {
			assert_true(*evidence_of(&checked.result, "command"));
		}
		checked_free(&checked);
	}
}

static void reads_performance_data(void **state)
{
	static const struct check_settings none;
	struct checked checked;
	const struct check_value *value;

	checked_run(&checked, *state,
		"exec:printf 'OK | time=20ms;;5000 /=2MB;3;4 u=U bad\\nmore\\nlines\\n'", &none);
	assert_outcome(&checked, CHECK_OK, CODE_OK);
	assert_string_equal(checked.result.message, "OK");
	assert_string_equal(checked.result.detail, "more\nlines");
	assert_int_equal(checked.result.values_count, 2);
	value = check_value_find(&checked.result, "time", NULL);
	assert_non_null(value);
	assert_int_equal(value->unit, UNIT_SECONDS);
	assert_true(fabs(value->number - 0.02) < 1e-9);
	assert_true(threshold_is_bad(&value->critical, 5.1));
	value = check_value_find(&checked.result, "/", NULL);
	assert_non_null(value);
	assert_true(value->number == 2097152);
	checked_free(&checked);
}

/* The plugin's own thresholds are its own affair; the user's are judged on top. */
static void judges_the_users_thresholds(void **state)
{
	static const struct {
		struct check_settings settings;
		enum check_state state;
		enum check_code code;
	} cases[] = {
		{{{0}}, CHECK_OK, CODE_OK},
		{{{"warning.load=4"}}, CHECK_WARNING, CODE_THRESHOLD_EXCEEDED},
		{{{"warning.load=6"}}, CHECK_OK, CODE_OK},
		{{{"critical.nothing=6"}}, CHECK_UNKNOWN, CODE_VALUE_MISSING},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct checked checked;

		checked_run(&checked, *state, "exec:echo 'OK | load=5;1;1000'", &cases[i].settings);
		assert_outcome(&checked, cases[i].state, cases[i].code);
		checked_free(&checked);
	}
}

static void shows_evidence_of_failures(void **state)
{
	static const struct check_settings settings = {{"output_max=1k"}};
	struct checked checked;

	checked_run(&checked, *state,
		"exec:sh -c 'echo bad \"|\" x= y; head -c 5000 /dev/zero; echo why >&2; exit 2'",
		&settings);
	assert_outcome(&checked, CHECK_CRITICAL, CODE_PLUGIN_CRITICAL);
	assert_string_equal(evidence_of(&checked.result, "exit_code"), "2");
	assert_string_equal(evidence_of(&checked.result, "stderr"), "why");
	assert_says(evidence_of(&checked.result, "perfdata"), "2 could not be read");
	assert_says(evidence_of(&checked.result, "output"), "bytes above output_max");
	assert_says(evidence_of(&checked.result, "command"), "sh -c 'echo bad \"|\"");
	checked_free(&checked);
}

static void gives_a_clean_environment(void **state)
{
	static const struct {
		struct check_settings settings;
		const char *message;
	} cases[] = {
		{{{0}}, "HOME LANG PATH / C.UTF-8"},
		{{{"inherit_env=KEEP_ME", "inherit_env=NOT_SET"}},
			"HOME KEEP_ME LANG PATH / C.UTF-8"},
		{{{"env.A_SECRET=x y=z", "env.LANG=de_DE.UTF-8", "env.HOME=/tmp"}},
			"A_SECRET HOME LANG PATH /tmp de_DE.UTF-8"},
		{{{"inherit_env=HOME", "inherit_env=KEEP_ME", "env.KEEP_ME=2"}},
			"HOME KEEP_ME LANG PATH / C.UTF-8"},
	};

	assert_int_equal(setenv("KEEP_ME", "1", 1), 0);
	assert_int_equal(setenv("DROP_ME", "1", 1), 0);
	assert_int_equal(setenv("HOME", "/", 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct checked checked;

		checked_run(&checked, *state,
			"exec:sh -c 'env | cut -d= -f1 | grep -vx -e PWD -e _ -e SHLVL -e OLDPWD | "
			"sort | tr \"\\n\" \" \"; echo $HOME $LANG'",
			&cases[i].settings);
		assert_string_equal(checked.result.message, cases[i].message);
		checked_free(&checked);
	}
}

static void never_shows_the_environment(void **state)
{
	static const struct check_settings settings = {{"env.TOKEN=s3cr3t"}};
	struct checked checked;

	checked_run(&checked, *state, "exec:sh -c 'test $TOKEN = s3cr3t && exit 2'", &settings);
	assert_outcome(&checked, CHECK_CRITICAL, CODE_PLUGIN_CRITICAL);
	for (size_t i = 0; i < checked.result.evidence_count; i++) {
		for (size_t k = 0; k < checked.result.evidence[i].texts_count; k++) {
			const char *text = checked.result.evidence[i].texts[k];

			assert_true(!strstr(text, "s3cr3t") || strstr(text, "test $TOKEN"));
		}
	}
	checked_free(&checked);
}

static void runs_in_its_folder_without_input(void **state)
{
	static const struct check_settings settings = {{"cwd=/usr"}};
	struct checked checked;

	checked_run(&checked, *state, "exec:sh -c 'pwd; cat'", &settings);
	assert_outcome(&checked, CHECK_OK, CODE_OK);
	assert_string_equal(checked.result.message, "/usr");
	assert_null(checked.result.detail);
	checked_free(&checked);
}

/* What the plugin started goes with it: the pipe that it holds is closed. */
static void kills_all_of_it_at_the_deadline(void **state)
{
	static const struct check_settings settings = {{"timeout=300ms"}};
	char fifo[] = "/tmp/test_check_exec.XXXXXX";
	struct checked checked;
	struct strbuf target = STRBUF_INIT;
	char byte;
	int fd;

	assert_non_null(mkdtemp(fifo));
	strbuf_addf(&target, "%s/fifo", fifo);
	assert_int_equal(mkfifo(target.buf, 0600), 0);
	fd = open(target.buf, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	strbuf_clear(&target);
	strbuf_addf(&target, "exec:sh -c 'echo begun; (echo x; exec sleep 600) >%s/fifo; echo end'",
		fifo);
	checked_run(&checked, *state, target.buf, &settings);
	assert_outcome(&checked, CHECK_UNKNOWN, CODE_TIMEOUT);
	assert_says(checked.result.message, "timed out after 300ms while running 'sh'");
	assert_string_equal(evidence_of(&checked.result, "stdout"), "begun");
	assert_says(evidence_of(&checked.result, "command"), "sh -c ");
	assert_true(checked.result.duration_us < 10 * 1000000);

	/* The end of file comes when the last writer is gone. */
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_int_equal(read(fd, &byte, 1), 1);
	while (read(fd, &byte, 1) > 0) {
	}
	(void)close(fd);
	strbuf_clear(&target);
	strbuf_addf(&target, "%s/fifo", fifo);
	(void)unlink(target.buf);
	(void)rmdir(fifo);
	strbuf_release(&target);
	checked_free(&checked);
}

static void refuses(void **state)
{
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *says;
	} cases[] = {
		{"exec:", {{0}}, "has no command"},
		{"exec:   ", {{0}}, "has no command"},
		{"exec:check 'x", {{0}}, "not closed"},
		{"exec:a | b", {{0}}, "no shell"},
		{"exec:a", {{"env.=x"}}, "'env' needs a key"},
		{"exec:a", {{"inherit_env=a=b"}}, "'a=b' is no name"},
		{"exec:a", {{"output_max=10"}}, "output_max"},
		{"exec:a", {{"output_max=1G"}}, "output_max"},
		{"exec:a", {{"shell=x"}}, "no setting 'shell'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check = NULL;
		struct err err = {0};

		assert_int_equal(
			checked_try(cases[i].target, &cases[i].settings, arena, &check, &err), -1);
		assert_says(err.msg, cases[i].says);
		arena_free(arena);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			ends_as_the_plugin_says, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			reads_performance_data, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			judges_the_users_thresholds, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			shows_evidence_of_failures, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			gives_a_clean_environment, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			never_shows_the_environment, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			runs_in_its_folder_without_input, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			kills_all_of_it_at_the_deadline, fixture_setup, fixture_teardown),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
