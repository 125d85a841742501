/*
 * Which piece of an input goes when.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/remote_input.h"
#include "fleet/supervisor.h"

static void assert_adds(struct remote_input *input, const char *expected)
{
	struct strbuf out = STRBUF_INIT;

	remote_input_add(input, &out);
	assert_string_equal(out.buf, expected);
	strbuf_release(&out);
}

static void small(void **state)
{
	struct remote_input input;

	(void)state;
	remote_input_init(&input, str_of("a\nb"));
	assert_adds(&input, "d3\na\nbe\n");
	assert_adds(&input, "");
	remote_input_taken(&input);
	assert_adds(&input, "");

	remote_input_init(&input, str_of(""));
	assert_adds(&input, "e\n");
	assert_adds(&input, "");
}

/* Never more than two under way, whatever a host says that it has taken. */
static void large(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct remote_input input;
	size_t chunk_len = SUPERVISOR_CHUNK_MAX + sizeof("d16384\n") - 1;

	(void)state;
	strbuf_addn(&text, 'x', 4 * SUPERVISOR_CHUNK_MAX);
	remote_input_init(&input, strbuf_str(&text));
	for (int i = 0; i < 9; i++) {
		remote_input_taken(&input);
	}
	remote_input_add(&input, &out);
	assert_int_equal(out.len, 2 * chunk_len);
	remote_input_add(&input, &out);
	assert_int_equal(out.len, 2 * chunk_len);
	remote_input_taken(&input);
	remote_input_add(&input, &out);
	assert_int_equal(out.len, 3 * chunk_len);
	remote_input_taken(&input);
	remote_input_add(&input, &out);
	assert_int_equal(out.len, 4 * chunk_len + 2);
	assert_true(str_ends(strbuf_str(&out), "xe\n"));
	strbuf_release(&text);
	strbuf_release(&out);
}

static void closed(void **state)
{
	struct remote_input input;

	(void)state;
	remote_input_init(&input, str_of("abc"));
	remote_input_close(&input);
	assert_adds(&input, "");
}

static void typed(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"", "\x04"},
		{"a\n", "a\n\x04"},
		{"a", "a\x04\x04"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;
		struct remote_input input;

		remote_input_init(&input, str_of(cases[i].text));
		remote_input_add_typed(&input, &out);
		assert_string_equal(out.buf, cases[i].expected);
		remote_input_add_typed(&input, &out);
		assert_string_equal(out.buf, cases[i].expected);
		strbuf_release(&out);
	}
}

static void typed_in_pieces(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct remote_input input;

	(void)state;
	strbuf_addn(&text, 'x', 20000);
	remote_input_init(&input, strbuf_str(&text));
	remote_input_add_typed(&input, &out);
	assert_int_equal(out.len, 16384);
	remote_input_add_typed(&input, &out);
	assert_int_equal(out.len, 20002);
	strbuf_release(&text);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small),
		cmocka_unit_test(large),
		cmocka_unit_test(closed),
		cmocka_unit_test(typed),
		cmocka_unit_test(typed_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
