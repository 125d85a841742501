#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cmd/usage.h"
#include "cmocka_all.h"

/* What a usage error writes to stderr. */
static void capture(const struct common_opts *common, const char *command, const char *text,
	struct strbuf *ret_written)
{
	char path[] = "/tmp/test_usage.XXXXXX";
	int fd = mkstemp(path);
	int saved = dup(STDERR_FILENO);
	struct err err = {0};

	assert_true(fd >= 0 && saved >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	usage_error(common, command, "%s", text);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(file_read(path, FILE_REGULAR, 4096, ret_written, &err), 0);
	(void)close(fd);
	(void)close(saved);
	(void)unlink(path);
}

static void is_plain_for_people(void **state)
{
	struct strbuf written = STRBUF_INIT;

	(void)state;
	capture(NULL, "check", "unknown option '--x'", &written);
	assert_string_equal(written.buf, "sre-toolkit check: unknown option '--x'\n");
	capture(NULL, NULL, "what\x1b[31m\nnext", &written);
	assert_string_equal(written.buf, "sre-toolkit: what\\x1b[31m\\nnext\n");
	strbuf_release(&written);
}

static void is_a_log_line_for_those_who_want_one(void **state)
{
	const struct common_opts common = {.log_format = LOG_JSON};
	const struct log_options options = {.level = LOG_LEVEL_ERROR, .format = LOG_JSON};
	struct strbuf written = STRBUF_INIT;
	struct err err = {0};

	(void)state;
	assert_int_equal(log_open(&options, &err), 0);
	capture(&common, "check", "no", &written);
	log_close();
	assert_int_equal(written.buf[0], '{');
	assert_non_null(strstr(written.buf, "\"component\": \"check\""));
	strbuf_release(&written);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_plain_for_people),
		cmocka_unit_test(is_a_log_line_for_those_who_want_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
