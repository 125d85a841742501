/*
 * What is kept of a host's words, and which of them make a message.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/host_words.h"

static void lines(void **state)
{
	static const struct {
		const char *out, *err;
		const char *out_line, *err_line, *any;
	} cases[] = {
		{"", "", "", "", ""},
		{"a", "", "a", "", "a"},
		{"a\nb", "c\nd", "a", "c", "c"},
		{"\r\n \t\n  a b \r\nc", "\n\n", "a b", "", "a b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct host_words words;

		host_words_init(&words);
		assert_true(host_words_add(&words, SSH_STREAM_STDOUT, str_of(cases[i].out)));
		assert_true(host_words_add(&words, SSH_STREAM_STDERR, str_of(cases[i].err)));
		assert_true(str_is(host_words_line(&words, SSH_STREAM_STDOUT), cases[i].out_line));
		assert_true(str_is(host_words_line(&words, SSH_STREAM_STDERR), cases[i].err_line));
		assert_true(str_is(host_words_any(&words), cases[i].any));
		assert_true(str_is(host_words_all(&words, SSH_STREAM_STDERR), cases[i].err));
		host_words_forget(&words, SSH_STREAM_STDERR);
		assert_true(str_is(host_words_all(&words, SSH_STREAM_STDERR), ""));
		assert_true(str_is(host_words_all(&words, SSH_STREAM_STDOUT), cases[i].out));
		host_words_release(&words);
	}
}

static void too_much(void **state)
{
	struct strbuf noise = STRBUF_INIT;
	struct host_words words;

	(void)state;
	strbuf_addn(&noise, 'x', 1 << 20);
	host_words_init(&words);
	assert_true(host_words_add(&words, SSH_STREAM_STDERR, strbuf_str(&noise)));
	assert_int_equal(host_words_all(&words, SSH_STREAM_STDERR).len, 4096);
	assert_true(host_words_add(&words, SSH_STREAM_STDOUT, strbuf_str(&noise)));
	assert_int_equal(host_words_all(&words, SSH_STREAM_STDOUT).len, 1 << 20);
	assert_false(host_words_add(&words, SSH_STREAM_STDOUT, str_of("x")));
	host_words_release(&words);
	strbuf_release(&noise);
}

static void messages(void **state)
{
	struct strbuf message = STRBUF_INIT;
	struct strbuf noise = STRBUF_INIT;

	(void)state;
	host_words_add_to(&message, str_of(""));
	assert_string_equal(message.buf, "");
	host_words_add_to(&message, str_of("a\x1b[0m"));
	assert_string_equal(message.buf, "a\\x1b[0m");
	host_words_add_to(&message, str_of("b"));
	assert_string_equal(message.buf, "a\\x1b[0m: b");
	strbuf_addn(&noise, 'x', 100000);
	strbuf_clear(&message);
	host_words_add_to(&message, strbuf_str(&noise));
	assert_int_equal(message.len, 160);
	assert_true(str_ends(strbuf_str(&message), "..."));
	strbuf_release(&message);
	strbuf_release(&noise);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(too_much),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
