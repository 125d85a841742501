#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/yaml_explain.h"

/* Parses until it fails. */
static void explain(struct str text, struct yaml_place *ret_place, struct strbuf *out)
{
	yaml_parser_t parser;
	yaml_event_t event;

	assert_true(yaml_parser_initialize(&parser));
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.ptr, text.len);
	while (yaml_parser_parse(&parser, &event)) {
		const bool is_end = event.type == YAML_STREAM_END_EVENT;

		yaml_event_delete(&event);
		if (is_end) {
			fail_msg("'%s' is YAML", text.ptr);
		}
	}
	yaml_explain(&parser, text, ret_place, out);
	yaml_parser_delete(&parser);
}

/* "line:column: text" and a newline. */
static void must_explain(struct str text, const char *expected)
{
	_cleanup_(strbuf_release) struct strbuf why = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf all = STRBUF_INIT;
	struct yaml_place place = {0};

	if (yaml_text_is_readable(text, &place, &why)) {
		explain(text, &place, &why);
	}
	strbuf_addf(&all, "%u:%u: %s\n", place.line, place.column, why.buf);
	assert_string_equal(all.buf, expected);
}

static void test_broken(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{"a:\n\tb: 1\n", "2:1: tabs cannot indent YAML; use spaces\n"},
		{"\ta: 1\n", "1:1: tabs cannot indent YAML; use spaces\n"},
		{"a:\n  b: 1\n\tc: 2\n", "3:1: tabs cannot indent YAML; use spaces\n"},
		{"a:\n  - x\n  \t- y\n", "3:3: tabs cannot indent YAML; use spaces\n"},
		{"a: 1\n\tb: 2\n", "2:1: tabs cannot indent YAML; use spaces\n"},
		{"- a\n-\tb\n", "2:2: tabs cannot indent YAML; use spaces\n"},
		{"a: >\n\tb\n", "2:1: tabs cannot indent YAML; use spaces\n"},
		{"a: b: c\n", "1:5: a ':' is not allowed here; is the line indented too far, or a "
			      "text with ': ' in it not quoted?\n"},
		{"a: 1\n b: 2\n", "2:3: a ':' is not allowed here; is the line indented too far, "
				  "or a text with ': ' in it not quoted?\n"},
		{"a: [1, 2\nb: 3\n", "2:2: expected ',' or ']' here (the list begins on line 1)\n"},
		{"a: {x: 1\nb: 2\n",
			"2:2: expected ',' or '}' here (the mapping begins on line 1)\n"},
		{"a: [\n", "2:1: a list or mapping in brackets is not closed, or has nothing "
			   "before a ','\n"},
		{"a: 'x\nb: 1\n", "1:4: the quoted text that begins here does not end\n"},
		{"a: \"x\n", "1:4: the quoted text that begins here does not end\n"},
		{"a: \"x\\q\"\n",
			"1:6: unknown escape in a text in double quotes; write \\\\ for a "
			"backslash, or use single quotes\n"},
		{"a: @x\n", "1:4: a text cannot begin with '@' without quotes\n"},
		{"a: %x\n", "1:4: a text cannot begin with '%' without quotes\n"},
		{"a: `x`\n", "1:4: a text cannot begin with '`' without quotes\n"},
		{"a: *\n", "1:4: '*' and '&' must be followed by a name; quote a text that begins "
			   "with one of them\n"},
		{"a:\n  b: 1\n c: 2\n", "3:2: expected a key ('key: value') here; check "
					"indentation and quotes (the mapping begins on line 1)\n"},
		{"a:\n - 1\n b: 2\n", "3:2: expected a list item ('- ') here; check the "
				      "indentation (the list begins on line 2)\n"},
		{"a: 'it's'\n", "1:8: expected a key ('key: value') here; check indentation and "
				"quotes\n"},
		{"a: ]\n", "1:4: expected a value here; quote a text that begins with ',', ']' or "
			   "'}'\n"},
		{"a: - b\n", "1:4: a list item ('- ') is not allowed here; put it on a line of its "
			     "own, or quote the text\n"},
		{"a: |\n x\nz\n", "3:1: a key without ':' after it; check the indentation\n"},
		{"!x!y a: 1\n", "1:1: a value cannot begin with '!' here; quote it\n"},
		{"%YAML 2.0\n---\na: 1\n",
			"1:1: this version of YAML is not known; remove the '%YAML' line\n"},
		{"a: |9x\n", "1:6: after '|' or '>' the line must end; quote a text that begins "
			     "with one of them\n"},
		{"a: 1\n...\nb: 2\n", "3:1: there is more text after the end of the document\n"},
		{"a: 1\nb: \xff\n", "2:4: byte 0xff is not UTF-8; save the file as UTF-8\n"},
		{"a: \xc3\n", "1:4: byte 0xc3 is not UTF-8; save the file as UTF-8\n"},
		{"\xff\xfe"
		 "a\n",
			"1:1: the file is UTF-16 text; save it as UTF-8\n"},
		{"a: \x1b[31m\n",
			"1:4: control character U+001B is not allowed; is this a text file?\n"},
		{"a: 1\nb: \xef\xbb\xbf\n",
			"2:4: a byte order mark is allowed only at the beginning of the file\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		must_explain(str_of(cases[i].text), cases[i].fault);
	}
}

static void test_nul_byte(void **state)
{
	(void)state;

	must_explain(str_n("a: b\0c\n", 7),
		"1:5: control character U+0000 is not allowed; is this a text file?\n");
}

static void test_readable(void **state)
{
	static const char *const texts[] = {"", "a: b\r\nc:\td\n", "\xc2\x85\xc2\xa0\xe2\x80\xa8",
		"\xf0\x9f\x90\xb8\xee\x80\x80"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		_cleanup_(strbuf_release) struct strbuf why = STRBUF_INIT;
		struct yaml_place place = {0};

		assert_true(yaml_text_is_readable(str_of(texts[i]), &place, &why));
		assert_int_equal(place.line, 0);
		assert_int_equal(why.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
