#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/terminal.h"
#include "cmd/common_options.h"
#include "cmocka_all.h"

static void output_goes_to_the_file(void **state)
{
	char path[] = "/tmp/test_common_options.XXXXXX";
	int fd = mkstemp(path);
	const struct common_opts common = {.output_file = path};
	struct strbuf content = STRBUF_INIT;
	struct err err = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(common_write_output(&common, str_of("results\n"), &err), 0);
	assert_int_equal(file_read(path, FILE_REGULAR, 100, &content, &err), 0);
	assert_string_equal(content.buf, "results\n");
	assert_int_equal(common_width(&common), 0);
	assert_false(common_has_color(&common));
	strbuf_release(&content);
	(void)close(fd);
	(void)unlink(path);
}

static void a_file_that_cannot_be_written_is_an_error(void **state)
{
	const struct common_opts common = {.output_file = "/nowhere/at/all"};
	struct err err = {0};

	(void)state;
	assert_int_equal(common_write_output(&common, str_of("x"), &err), -1);
	assert_non_null(strstr(err.msg, "/nowhere/at/all"));
}

/* A reader that has seen enough is no failure. */
static void a_closed_pipe_is_no_error(void **state)
{
	const struct common_opts common = {0};
	int saved = dup(STDOUT_FILENO);
	int ends[2];
	struct err err = {0};
	int status;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(ends), 0);
	(void)close(ends[0]);
	assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
	status = common_write_output(&common, str_of("x\n"), &err);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(status, 0);
	(void)close(ends[1]);
	(void)close(saved);
}

static void colour_follows_the_flag(void **state)
{
	const struct common_opts always = {.color = COLOR_ALWAYS, .output_file = "/tmp/x"};
	const struct common_opts never = {.color = COLOR_NEVER};

	(void)state;
	assert_true(common_has_color(&always));
	assert_false(common_has_color(&never));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_goes_to_the_file),
		cmocka_unit_test(a_file_that_cannot_be_written_is_an_error),
		cmocka_unit_test(a_closed_pipe_is_no_error),
		cmocka_unit_test(colour_follows_the_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
