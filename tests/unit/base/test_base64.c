/*
 * Base64 there and back.
 */
#include "base/alloc.h"
#include "base/base64.h"
#include "cmocka_all.h"

static void test_vectors(void **state)
{
	/* RFC 4648, section 10, and both last letters. */
	static const struct {
		const char *bytes, *text;
	} cases[] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xfb\xef\xbe", "++++"},
		{"\xff\xff\xff", "////"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf text = STRBUF_INIT;
		struct strbuf bytes = STRBUF_INIT;

		base64_add(&text, str_of(cases[i].bytes));
		assert_string_equal(text.buf, cases[i].text);
		assert_int_equal(base64_len(strlen(cases[i].bytes)), text.len);
		assert_int_equal(base64_decode(strbuf_str(&text), &bytes, NULL), 0);
		assert_string_equal(bytes.buf, cases[i].bytes);
		strbuf_release(&text);
		strbuf_release(&bytes);
	}
}

static void test_every_byte(void **state)
{
	char all[256];
	struct strbuf text = STRBUF_INIT;
	struct strbuf bytes = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++) {
		all[i] = (char)i;
	}
	base64_add(&text, str_n(all, sizeof(all)));
	assert_int_equal(base64_decode(strbuf_str(&text), &bytes, NULL), 0);
	assert_int_equal(bytes.len, sizeof(all));
	assert_memory_equal(bytes.buf, all, sizeof(all));
	strbuf_release(&text);
	strbuf_release(&bytes);
}

static void test_appends(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	strbuf_adds(&out, "a ");
	base64_add(&out, str_of("foo"));
	assert_string_equal(out.buf, "a Zm9v");
	assert_int_equal(base64_decode(str_of("Zm8"), &out, NULL), 0); /* without padding */
	assert_string_equal(out.buf, "a Zm9vfo");
	strbuf_release(&out);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"Z", "it ends in the middle of a byte"},
		{"Zm9vY", "it ends in the middle of a byte"},
		{"Zh==", "it ends in the middle of a byte"},
		{"Zm9=", "it ends in the middle of a byte"},
		{"Zg=", "a letter that it does not have"},
		{"Zg===", "it ends in the middle of a byte"},
		{"====", "a letter that it does not have"},
		{"Zg==Zg==", "a letter that it does not have"},
		{"Zm 9v", "it ends in the middle of a byte"},
		{"Zm9v\nZm9v\n==", "a letter that it does not have"},
		{"Zm9-", "a letter that it does not have"},
		{"\xc3\xa4==", "a letter that it does not have"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct err err = {0};

		assert_int_equal(base64_decode(str_of(cases[i].text), &out, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		if (!strstr(err.msg, cases[i].message)) {
			fail_msg("'%s': %s", cases[i].text, err.msg);
		}
		assert_int_equal(out.len, 0);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
