/*
 * Lines, whatever the pieces.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/line_assembler.h"

static void add_line(void *arg, struct str line, enum line_end end)
{
	static const char *const marks[] = {
		[LINE_END] = "|", [LINE_SPLIT] = ">", [LINE_OPEN] = "_"};

	strbuf_addstr(arg, line);
	strbuf_adds(arg, marks[end]);
}

static void lines(void **state)
{
	static const struct {
		const char *input, *expected;
	} cases[] = {
		{"", ""},
		{"\n", "|"},
		{"\n\n", "||"},
		{"a\nbc\n", "a|bc|"},
		{"a\nbc", "a|bc_"},
		{"a\r\nbc\r\n", "a|bc|"},
		{"\r\n", "|"},
		{"a\r\r\n", "a|"},
		{"10%\r20%\r100%\ndone\n", "100%|done|"},
		{"10%\r20%\r", "20%_"},
		{"10%\r\r20%", "20%_"},
		{"\rx\n", "x|"},
		{"\r", ""},
		{"12345678\n", "12345678|"},
		{"123456789\n", "12345678>9|"},
		{"1234567812345678\n", "12345678>12345678|"},
		{"12345678123456781\nx", "12345678>12345678>1|x_"},
		{"12345678\r\n", "12345678|"},
		{"123456\r789\n", "789|"},
		{"\x1b[1m\xff\n", "\x1b[1m\xff|"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece < 20; piece++) {
			struct str input = str_of(cases[i].input);
			struct strbuf out = STRBUF_INIT;
			struct line_assembler assembler;

			line_assembler_init(&assembler, 8, add_line, &out);
			for (size_t pos = 0; pos < input.len; pos += piece) {
				line_assembler_add(&assembler, str_sub(input, pos, piece));
			}
			line_assembler_flush(&assembler);
			assert_string_equal(out.buf, cases[i].expected);
			line_assembler_release(&assembler);
			strbuf_release(&out);
		}
	}
}

/* A prompt can be shown, and what follows is a line again. */
static void flush(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct line_assembler assembler;

	(void)state;
	line_assembler_init(&assembler, 0, add_line, &out);
	line_assembler_flush(&assembler);
	line_assembler_add(&assembler, str_of("name: "));
	line_assembler_flush(&assembler);
	line_assembler_flush(&assembler);
	line_assembler_add(&assembler, str_of("x\ny\n"));
	assert_string_equal(out.buf, "name: _x|y|");
	line_assembler_release(&assembler);
	strbuf_release(&out);
}

static void nul_bytes(void **state)
{
	struct strbuf out = STRBUF_INIT;
	struct line_assembler assembler;

	(void)state;
	line_assembler_init(&assembler, 0, add_line, &out);
	line_assembler_add(&assembler, str_n("a\0b\n", 4));
	assert_int_equal(out.len, 4);
	assert_memory_equal(out.buf, "a\0b|", 4);
	line_assembler_release(&assembler);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(flush),
		cmocka_unit_test(nul_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
