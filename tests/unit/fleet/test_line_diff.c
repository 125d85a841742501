/*
 * Differences: right, as few lines as can be, and bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "cmocka_all.h"
#include "fleet/line_diff.h"

struct lines {
	struct str *items;
	size_t items_count, items_alloc;
};

static struct line_diff_text split(const char *text, struct arena *arena)
{
	struct lines lines = {0};
	struct str rest = str_of(text);
	struct str line;

	while (str_line(&rest, &line)) {
		*VEC_PUSH_IN(arena, &lines, items) = line;
	}
	return (struct line_diff_text){lines.items, lines.items, lines.items_count};
}

static void add_line(void *arg, enum line_change change, struct str line)
{
	static const char marks[] = {
		[LINE_SAME] = ' ', [LINE_REMOVED] = '-', [LINE_ADDED] = '+', [LINE_HEADER] = '@'};

	if (change != LINE_HEADER) {
		strbuf_addc(arg, marks[change]);
	}
	strbuf_addstr(arg, line);
	strbuf_addc(arg, '\n');
}

static void tells(void **state)
{
	static const struct {
		const char *first, *second, *expected;
	} cases[] = {
		{"", "", ""},
		{"a\nb\n", "a\nb\n", ""},
		{"", "a\n", "@@ -1,0 +1,1 @@\n+a\n"},
		{"a\n", "", "@@ -1,1 +1,0 @@\n-a\n"},
		{"a\n", "b\n", "@@ -1,1 +1,1 @@\n-a\n+b\n"},
		{"a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
		{"a\nb\nc\n", "a\nc\n", "@@ -1,3 +1,2 @@\n a\n-b\n c\n"},
		{"a\nc\n", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n+b\n c\n"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
			"@@ -4,3 +4,3 @@\n 4\n-5\n+x\n 6\n"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
			"@@ -1,2 +1,2 @@\n-1\n+x\n 2\n@@ -8,2 +8,2 @@\n 8\n-9\n+y\n"},
		/* What is near is one place. */
		{"1\n2\n3\n4\n5\n", "1\nx\n3\ny\n5\n",
			"@@ -1,5 +1,5 @@\n 1\n-2\n+x\n 3\n-4\n+y\n 5\n"},
		{"1\n2\n3\n4\n5\n6\n", "1\nx\n3\n4\ny\n6\n",
			"@@ -1,6 +1,6 @@\n 1\n-2\n+x\n 3\n 4\n-5\n+y\n 6\n"},
		{"1\n2\n3\n4\n5\n6\n7\n", "1\nx\n3\n4\n5\ny\n7\n",
			"@@ -1,3 +1,3 @@\n 1\n-2\n+x\n 3\n@@ -5,3 +5,3 @@\n 5\n-6\n+y\n 7\n"},
		/* The example of the paper. */
		{"a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
			"@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n"},
		{"a\na\na\n", "a\na\n", "@@ -2,2 +2,1 @@\n a\n-a\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct line_diff_text first = split(cases[i].first, arena);
		struct line_diff_text second = split(cases[i].second, arena);
		struct strbuf out = STRBUF_INIT;

		assert_true(line_diff(&first, &second, 1, add_line, &out));
		if (strcmp(out.buf, cases[i].expected) != 0) {
			print_message("case %zu:\n%s", i, out.buf);
			fail();
		}
		strbuf_release(&out);
	}
}

/* Keys decide, lines are shown. */
static void keys(void **state)
{
	const struct str first_keys[] = {str_of("x"), str_of("y")};
	const struct str second_keys[] = {str_of("x"), str_of("z")};
	const struct str first_lines[] = {str_of("x of web-01"), str_of("y of web-01")};
	const struct str second_lines[] = {str_of("x of web-02"), str_of("z of web-02")};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_true(line_diff(&(struct line_diff_text){first_keys, first_lines, 2},
		&(struct line_diff_text){second_keys, second_lines, 2}, 3, add_line, &out));
	assert_string_equal(out.buf, "@@ -1,2 +1,2 @@\n x of web-02\n-y of web-01\n+z of web-02\n");
	strbuf_release(&out);
}

/* --- Anything --- */

struct applied {
	const struct line_diff_text *first;
	struct strbuf out;
	size_t pos, changes;
};

/* With all of the context, the difference spells both texts. */
static void apply(void *arg, enum line_change change, struct str line)
{
	struct applied *applied = arg;

	if (change == LINE_HEADER) {
		return;
	}
	if (change != LINE_ADDED) {
		assert_true(str_eq(line, applied->first->keys[applied->pos]));
		applied->pos++;
	}
	if (change != LINE_REMOVED) {
		strbuf_addstr(&applied->out, line);
		strbuf_addc(&applied->out, '\n');
	}
	applied->changes += change != LINE_SAME;
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void add_random(struct strbuf *out, uint32_t *seed)
{
	for (uint32_t count = next(seed) % 12; count > 0; count--) {
		strbuf_addf(out, "%c\n", 'a' + (int)(next(seed) % 3));
	}
}

/* Longest common subsequence, the slow way. */
static size_t fewest_changes(const struct line_diff_text *a, const struct line_diff_text *b)
{
	size_t table[16][16] = {{0}};

	for (size_t i = 1; i <= a->count; i++) {
		for (size_t j = 1; j <= b->count; j++) {
			size_t best = table[i - 1][j] > table[i][j - 1] ? table[i - 1][j]
									: table[i][j - 1];

			table[i][j] = str_eq(a->keys[i - 1], b->keys[j - 1])
					      ? table[i - 1][j - 1] + 1
					      : best;
		}
	}
	return a->count + b->count - 2 * table[a->count][b->count];
}

static void is_right_and_shortest(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int turn = 0; turn < 3000; turn++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct strbuf a = STRBUF_INIT;
		struct strbuf b = STRBUF_INIT;
		struct line_diff_text first;
		struct line_diff_text second;
		struct applied applied = {.out = STRBUF_INIT};

		add_random(&a, &seed);
		add_random(&b, &seed);
		first = split(a.buf, arena);
		second = split(b.buf, arena);
		applied.first = &first;
		assert_true(line_diff(&first, &second, 100, apply, &applied));
		if (strcmp(a.buf, b.buf) != 0) {
			assert_string_equal(applied.out.buf, b.buf);
			assert_int_equal(applied.pos, first.count);
		}
		assert_int_equal(applied.changes, fewest_changes(&first, &second));
		strbuf_release(&a);
		strbuf_release(&b);
		strbuf_release(&applied.out);
	}
}

static void gives_up(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct strbuf a = STRBUF_INIT;
	struct strbuf b = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct line_diff_text first;
	struct line_diff_text second;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		strbuf_addf(&a, "a %d\n", i);
		strbuf_addf(&b, "%s %d\n", i % 1000 == 500 ? "b" : "a", i);
	}
	first = split(a.buf, arena);
	second = split(b.buf, arena);
	assert_true(line_diff(&first, &second, 0, add_line, &out));
	assert_non_null(strstr(out.buf, "@@ -99501,1 +99501,1 @@\n-a 99500\n+b 99500\n"));
	strbuf_clear(&out);
	for (int i = 0; i < 1000; i++) {
		strbuf_addf(&b, "c %d\n", i);
	}
	second = split(b.buf, arena);
	assert_false(line_diff(&first, &second, 0, add_line, &out));
	assert_string_equal(out.buf, "");
	strbuf_release(&a);
	strbuf_release(&b);
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells),
		cmocka_unit_test(keys),
		cmocka_unit_test(is_right_and_shortest),
		cmocka_unit_test(gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
