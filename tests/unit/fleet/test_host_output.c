/*
 * One host's output, and everybody who wants it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "fleet/host_output.h"

static struct strbuf told;

static void tell(void *arg, size_t host, enum ssh_stream stream, struct str line, enum line_end end)
{
	(void)arg;
	strbuf_addf(&told, "%zu%c%s ", host, stream == SSH_STREAM_STDOUT ? 'o' : 'e',
		end == LINE_OPEN ? "?" : "");
	strbuf_addstr(&told, line);
	strbuf_addc(&told, '\n');
}

static struct host_output *new_output(
	const struct host_output_wants *wants, size_t host, const char *name)
{
	struct err err = {0};
	struct host_output *output = host_output_new(wants, host, str_of(name), &err);

	assert_non_null(output);
	return output;
}

static void end(struct host_output *output)
{
	struct err err = {0};

	assert_int_equal(host_output_end(output, &err), 0);
}

static void test_lines_as_they_come(void **state)
{
	const struct host_output_wants wants = {.line = tell};
	struct host_output *output = new_output(&wants, 7, "web-01");

	(void)state;
	strbuf_clear(&told);
	host_output_add(output, SSH_STREAM_STDOUT, str_of("a\nb"));
	assert_string_equal(told.buf, "7o a\n");
	host_output_add(output, SSH_STREAM_STDERR, str_of("x\n"));
	host_output_add(output, SSH_STREAM_STDOUT, str_of("c"));
	end(output);
	assert_string_equal(told.buf, "7o a\n7e x\n7o? bc\n");
	assert_int_equal(host_output_bytes(output), 6);
	host_output_free(&output);
	assert_null(output);
}

static void test_what_is_kept(void **state)
{
	struct capture_pool pool;
	const struct host_output_wants wants = {.pool = &pool};
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct host_output *output;

	(void)state;
	capture_pool_init(&pool, 2, 8192, 4096);
	output = new_output(&wants, 0, "web-01");
	host_output_add(output, SSH_STREAM_STDOUT, str_of("out"));
	host_output_add(output, SSH_STREAM_STDERR, str_of("e1\ne2"));
	end(output);
	host_output_add_text(output, SSH_STREAM_STDERR, &text);
	assert_string_equal(text.buf, "e1\ne2");
	strbuf_clear(&text);
	host_output_add_both(output, &text);
	assert_string_equal(text.buf, "out\nstderr: e1\nstderr: e2\n");
	assert_int_equal(host_output_left_out(output), 0);
	host_output_free(&output);
}

static void test_too_much_is_counted(void **state)
{
	struct capture_pool pool;
	const struct host_output_wants wants = {.pool = &pool};
	_cleanup_(strbuf_release) struct strbuf much = STRBUF_INIT;
	struct host_output *output;

	(void)state;
	capture_pool_init(&pool, 2, 8192, 4096);
	output = new_output(&wants, 0, "web-01");
	strbuf_addn(&much, 'x', 10000);
	host_output_add(output, SSH_STREAM_STDOUT, strbuf_str(&much));
	end(output);
	assert_int_equal(host_output_bytes(output), 10000);
	assert_true(host_output_left_out(output) >= 10000 - 4096);
	host_output_forget(output);
	host_output_forget(output);
	host_output_free(&output);
}

static void test_keys(void **state)
{
	const struct host_output_wants exact = {0}, masked = {.is_masked = true};
	struct host_output *outputs[] = {new_output(&exact, 0, "web-01"),
		new_output(&masked, 1, "web-01"), new_output(&masked, 2, "web-02")};

	(void)state;
	host_output_add(outputs[0], SSH_STREAM_STDOUT, str_of("I am web-01\n"));
	host_output_add(outputs[1], SSH_STREAM_STDOUT, str_of("I am web-01\n"));
	host_output_add(outputs[2], SSH_STREAM_STDOUT, str_of("I am web-02\n"));
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
		end(outputs[i]);
	}
	assert_string_equal(host_output_key(outputs[0])->text, host_output_key(outputs[1])->text);
	assert_string_not_equal(
		host_output_key(outputs[1])->text, host_output_key(outputs[2])->text);
	assert_string_equal(
		host_output_masked_key(outputs[1])->text, host_output_masked_key(outputs[2])->text);
	assert_string_equal(
		host_output_masked_key(outputs[0])->text, host_output_key(outputs[0])->text);
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
		host_output_free(&outputs[i]);
	}
}

static void test_excerpt(void **state)
{
	const struct host_output_wants wants = {0};
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf much = STRBUF_INIT;
	struct host_output *output = new_output(&wants, 0, "web-01");

	(void)state;
	host_output_add(output, SSH_STREAM_STDOUT, str_of("a\x1b[1m\n\xff"));
	end(output);
	host_output_add_excerpt(output, &text);
	assert_string_equal(text.buf, "a\\x1b[1m\n\\xff\n");
	host_output_free(&output);

	output = new_output(&wants, 0, "web-01");
	strbuf_addn(&much, 'x', 5000);
	host_output_add(output, SSH_STREAM_STDOUT, strbuf_str(&much));
	end(output);
	strbuf_clear(&text);
	host_output_add_excerpt(output, &text);
	assert_int_equal(text.len, HOST_EXCERPT_MAX + 1);
	host_output_free(&output);
}

static void test_files(void **state)
{
	char folder[] = "/tmp/test_host_output.XXXXXX";
	_cleanup_(strbuf_release) struct strbuf path = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct host_output_wants wants = {0};
	struct host_output *output;
	struct err err = {0};

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(output_dir_open(folder, &wants.dir, &err), 0);
	output = new_output(&wants, 0, "web-01");
	host_output_add(output, SSH_STREAM_STDERR, str_of("oops\n"));
	end(output);
	host_output_free(&output);
	output_dir_free(&wants.dir);
	strbuf_addf(&path, "%s/web-01.err", folder);
	assert_int_equal(file_read(path.buf, FILE_REGULAR, 100, &text, &err), 0);
	assert_string_equal(text.buf, "oops\n");
	assert_int_equal(unlink(path.buf), 0);
	assert_int_equal(rmdir(folder), 0); /* nothing else was made */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_as_they_come),
		cmocka_unit_test(test_what_is_kept),
		cmocka_unit_test(test_too_much_is_counted),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_excerpt),
		cmocka_unit_test(test_files),
	};
	int failed;

	strbuf_init(&told, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	strbuf_release(&told);
	return failed;
}
