/*
 * Messages as DATA has them.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/smtp_data.h"

static void test_add(void **state)
{
	static const struct {
		struct str message;
		const char *data;
	} cases[] = {
		{{"", 0}, ".\r\n"},
		{{"a", 1}, "a\r\n.\r\n"},
		{{"a\r\n", 3}, "a\r\n.\r\n"},
		{{"a\nb\rc\r\nd", 8}, "a\r\nb\r\nc\r\nd\r\n.\r\n"},
		{{"\r\n\r\n", 4}, "\r\n\r\n.\r\n"},
		{{"\n\r", 2}, "\r\n\r\n.\r\n"},
		{{"\r\r\n", 3}, "\r\n\r\n.\r\n"},
		{{".", 1}, "..\r\n.\r\n"},
		{{"..\n.a\n", 6}, "...\r\n..a\r\n.\r\n"},
		{{"a.\n", 3}, "a.\r\n.\r\n"},
		{{"a\n.\nb", 5}, "a\r\n..\r\nb\r\n.\r\n"},
		{{"a\r.\rb", 5}, "a\r\n..\r\nb\r\n.\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf data = STRBUF_INIT;

		smtp_data_add(cases[i].message, &data);
		assert_string_equal(data.buf, cases[i].data);
		strbuf_release(&data);
	}
}

static void test_check(void **state)
{
	struct strbuf message = STRBUF_INIT;
	struct err err = {0};

	(void)state;
	assert_int_equal(smtp_data_check(str_of(""), &err), -1);
	assert_string_equal(err.msg, "message is empty");
	assert_int_equal(smtp_data_check(str_n("a\0", 2), &err), -1);
	assert_string_equal(err.msg, "NUL in the message");
	strbuf_adds(&message, "a\n");
	strbuf_addn(&message, 'x', SMTP_LINE_MAX);
	assert_int_equal(smtp_data_check(strbuf_str(&message), &err), 0);
	strbuf_adds(&message, "\r");
	assert_int_equal(smtp_data_check(strbuf_str(&message), &err), 0);
	strbuf_addn(&message, 'x', SMTP_LINE_MAX + 1);
	assert_int_equal(smtp_data_check(strbuf_str(&message), &err), -1);
	assert_string_equal(err.msg, "line 3 of the message is longer than 998 bytes");
	strbuf_release(&message);
}

static void test_8bit(void **state)
{
	(void)state;
	assert_false(smtp_data_is_8bit(str_of("")));
	assert_false(smtp_data_is_8bit(str_of("a\x7f")));
	assert_true(smtp_data_is_8bit(str_of("a\x80")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_8bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
