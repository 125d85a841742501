/*
 * A term is read up to where it ends, counted, and spelled out in order.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "conf/nodeset_internal.h"

struct collector {
	struct strbuf names;
	int left; /* names until it has enough */
};

static int collect(void *arg, struct str name)
{
	struct collector *collector = arg;

	strbuf_addstr(&collector->names, name);
	strbuf_addc(&collector->names, ' ');
	return --collector->left > 0 ? 0 : -1;
}

static void test_terms_one_after_another(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t end;
		int64_t count;
		const char *names;
	} table[] = {
		{"web-01", 6, 1, "web-01 "},
		{"r[1-2]n[8-10],x", 13, 6, "r1n8 r1n9 r1n10 r2n8 r2n9 r2n10 "},
		{"[a-c][07] y", 9, 3, "a07 b07 c07 "},
		{"n[1-9/3,5]!n1", 10, 4, "n1 n4 n7 n5 "},
		{"root@web-[1-2]:22,x", 17, 2, "root@web-1:22 root@web-2:22 "},
		{"[::1]:22 x", 8, 1, "[::1]:22 "},
	};
	struct term term = {0};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct err err;
		struct scan scan = {.text = str_of(table[i].text), .err = &err};
		struct collector collector = {.names = STRBUF_INIT, .left = 100};

		assert_return_code(term_parse(&scan, TERM_LOGINS, &term), 0);
		assert_int_equal(scan.pos, table[i].end);
		assert_int_equal(term.names_count, table[i].count);
		assert_return_code(term_each(&term, collect, &collector), 0);
		assert_string_equal(collector.names.buf, table[i].names);
		strbuf_release(&collector.names);
	}
	term_release(&term);
}

static void test_spelling_stops_when_told(void **state)
{
	(void)state;
	struct scan scan = {.text = str_of("[1-3][1-1000]")};
	struct collector collector = {.names = STRBUF_INIT, .left = 3};
	struct term term = {0};

	assert_return_code(term_parse(&scan, TERM_LOGINS, &term), 0);
	assert_int_equal(term_each(&term, collect, &collector), -1);
	assert_string_equal(collector.names.buf, "11 12 13 ");
	strbuf_release(&collector.names);
	term_release(&term);
}

static void test_where_the_error_is(void **state)
{
	(void)state;
	struct err err;
	struct scan scan = {.text = str_of("a b[3-1]"), .pos = 2, .err = &err};
	struct term term = {0};

	assert_int_equal(term_parse(&scan, TERM_LOGINS, &term), -1);
	assert_int_equal(scan.error_pos, 4);
	assert_string_equal(err.msg, "range '3-1' is reversed: write 1-3");
	term_release(&term);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms_one_after_another),
		cmocka_unit_test(test_spelling_stops_when_told),
		cmocka_unit_test(test_where_the_error_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
