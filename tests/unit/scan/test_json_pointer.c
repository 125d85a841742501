#include "base/alloc.h"
#include "cmocka_all.h"
#include "scan/json_pointer.h"

/* The document and the pointers of RFC 6901, section 5, and some more. */
static const char document_text[] =
	"{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4,"
	"\"i\\\\j\": 5, \"k\\\"l\": 6, \" \": 7, \"m~n\": 8, \"o\": {\"\": {\"p\": 9}}, \"01\": "
	"10}";

static const json_t *get(const json_t *document, const char *pointer)
{
	struct err err = {0};

	assert_int_equal(json_pointer_check(str_of(pointer), &err), 0);
	return json_pointer_get(document, str_of(pointer));
}

static void finds_what_the_rfc_says(void **state)
{
	static const struct {
		const char *pointer;
		int expected;
	} cases[] = {
		{"/", 0},
		{"/a~1b", 1},
		{"/c%d", 2},
		{"/e^f", 3},
		{"/g|h", 4},
		{"/i\\j", 5},
		{"/k\"l", 6},
		{"/ ", 7},
		{"/m~0n", 8},
		{"/o//p", 9},
		{"/01", 10},
	};
	json_t *document = json_loads(document_text, 0, NULL);

	(void)state;
	assert_ptr_equal(get(document, ""), document);
	assert_int_equal(json_array_size(get(document, "/foo")), 2);
	assert_string_equal(json_string_value(get(document, "/foo/0")), "bar");
	assert_string_equal(json_string_value(get(document, "/foo/1")), "baz");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			json_integer_value(get(document, cases[i].pointer)), cases[i].expected);
	}
	json_decref(document);
}

static void finds_nothing_where_there_is_nothing(void **state)
{
	static const char *const pointers[] = {"/nope", "/foo/2", "/foo/-", "/foo/00", "/foo/01",
		"/foo/", "/foo/1x", "/foo/0/0", "/a~1b/c", "/foo/99999999999999999999", "//",
		"/o/p"};
	json_t *document = json_loads(document_text, 0, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
		assert_null(get(document, pointers[i]));
	}
	json_decref(document);
}

static void refuses_what_is_no_pointer(void **state)
{
	static const struct {
		const char *pointer;
		const char *text;
	} cases[] = {
		{"status", "did you mean '/status'?"},
		{"/a~b", "column 3"},
		{"/~2", "column 2"},
		{"/a~", "column 3"},
		{"$.status", "must be empty or begin with '/'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err err = {0};

		assert_int_equal(json_pointer_check(str_of(cases[i].pointer), &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, cases[i].text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_the_rfc_says),
		cmocka_unit_test(finds_nothing_where_there_is_nothing),
		cmocka_unit_test(refuses_what_is_no_pointer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
