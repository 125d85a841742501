/*
 * XML that any reader takes, whatever the text in it.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/xml_writer.h"
#include "cmocka_all.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static void test_document(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct xml_writer w;

	xml_writer_init(&w, &sb);
	xml_write_begin(&w, "testsuites");
	xml_write_begin(&w, "testsuite");
	xml_write_attribute_string(&w, "name", "check");
	xml_write_attribute_int(&w, "tests", 2);
	xml_write_begin(&w, "testcase");
	xml_write_attribute(&w, "name", str_n("web-01xx", 6));
	xml_write_end(&w);
	xml_write_begin(&w, "testcase");
	xml_write_begin(&w, "failure");
	xml_write_text(&w, str_of("it is\n"));
	xml_write_text(&w, str_of("down"));
	xml_write_end(&w);
	xml_write_end(&w);
	xml_write_end(&w);
	xml_write_end(&w);
	assert_int_equal(w.depth, 0);
	assert_string_equal(sb.buf, DECLARATION "<testsuites>\n"
						"  <testsuite name=\"check\" tests=\"2\">\n"
						"    <testcase name=\"web-01\"/>\n"
						"    <testcase>\n"
						"      <failure>it is\ndown</failure>\n"
						"    </testcase>\n"
						"  </testsuite>\n"
						"</testsuites>\n");
}

static void test_escapes(void **state)
{
	(void)state;
	static const struct {
		struct str in;
		const char *text, *attribute;
	} cases[] = {
		{{"a<b>&\"'", 7}, "a&lt;b&gt;&amp;\"'", "a&lt;b&gt;&amp;&quot;'"},
		{{"]]>", 3}, "]]&gt;", "]]&gt;"},
		{{"a\tb\nc\rd", 7}, "a\tb\nc&#xd;d", "a&#x9;b&#xa;c&#xd;d"},
		{{"\x1b[31m\0", 6}, "\xef\xbf\xbd[31m\xef\xbf\xbd", "\xef\xbf\xbd[31m\xef\xbf\xbd"},
		{{"\xff\xc3\xa9", 3}, "\xef\xbf\xbd\xc3\xa9", "\xef\xbf\xbd\xc3\xa9"},
		{{"\xef\xbf\xbe\xef\xbf\xbf", 6}, "\xef\xbf\xbd\xef\xbf\xbd",
			"\xef\xbf\xbd\xef\xbf\xbd"},
		{{"\xc2\x9b\xe2\x80\xae", 5}, "&#x9b;&#x202e;", "&#x9b;&#x202e;"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
		_cleanup_(strbuf_release) struct strbuf expected = STRBUF_INIT;
		struct xml_writer w;

		xml_writer_init(&w, &sb);
		xml_write_begin(&w, "e");
		xml_write_attribute(&w, "a", cases[i].in);
		xml_write_text(&w, cases[i].in);
		xml_write_end(&w);
		strbuf_addf(&expected, DECLARATION "<e a=\"%s\">%s</e>\n", cases[i].attribute,
			cases[i].text);
		assert_string_equal(sb.buf, expected.buf);
	}
}

static void test_mixed_content_gets_no_space(void **state)
{
	(void)state;
	_cleanup_(strbuf_release) struct strbuf sb = STRBUF_INIT;
	struct xml_writer w;

	xml_writer_init(&w, &sb);
	xml_write_begin(&w, "p");
	xml_write_text(&w, str_of("a "));
	xml_write_begin(&w, "b");
	xml_write_text(&w, str_of("bold"));
	xml_write_end(&w);
	xml_write_text(&w, str_of(""));
	xml_write_end(&w);
	assert_string_equal(sb.buf, DECLARATION "<p>a <b>bold</b></p>\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_mixed_content_gets_no_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
