/*
 * Command lines split into words, and words quoted again.
 */
#include "base/alloc.h"
#include "base/words.h"
#include "cmocka_all.h"

static void splits(void **state)
{
	static const struct {
		const char *text;
		const char *words[6];
	} cases[] = {
		{"check_load", {"check_load"}},
		{"  a  b\tc \n", {"a", "b", "c"}},
		{"check -w '5 6' -c \"a b\"", {"check", "-w", "5 6", "-c", "a b"}},
		{"a'b'\"c\"d", {"abcd"}},
		{"'' \"\"", {"", ""}},
		{"\"a\\\"b\\\\c\\d\"", {"a\"b\\c\\d"}},
		{"a\\ b \\'c \\|", {"a b", "'c", "|"}},
		{"'$HOME \\n' $HOME", {"$HOME \\n", "$HOME"}},
		{"'|' \">\" '$(x)'", {"|", ">", "$(x)"}},
		{"-w 10%:20% @1:2 ~:3", {"-w", "10%:20%", "@1:2", "~:3"}},
		{"\xc3\xa4 'x\ny'", {"\xc3\xa4", "x\ny"}},
		{"*.log {} ?", {"*.log", "{}", "?"}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const char *const *words = NULL;
		size_t n = 0;

		assert_int_equal(words_split(str_of(cases[i].text), arena, &words, NULL), 0);
		for (; cases[i].words[n]; n++) {
			assert_non_null(words[n]);
			assert_string_equal(words[n], cases[i].words[n]);
		}
		assert_null(words[n]);
		arena_free(arena);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		size_t len; /* 0: strlen */
		const char *says;
	} cases[] = {
		{"", 0, "empty"},
		{" \t ", 0, "empty"},
		{"a 'b", 0, "not closed"},
		{"a \"b\\\"", 0, "not closed"},
		{"a \\", 0, "backslash"},
		{"a | b", 0, "'|'"},
		{"a; b", 0, "';'"},
		{"a && b", 0, "'&'"},
		{"a >f", 0, "'>'"},
		{"a <f", 0, "'<'"},
		{"a `b`", 0, "'`'"},
		{"a $(b)", 0, "'$'"},
		{"a\0b", 3, "NUL"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const char *const *words = NULL;
		struct str text =
			str_n(cases[i].text, cases[i].len ? cases[i].len : strlen(cases[i].text));
		struct err err = {0};

		assert_int_equal(words_split(text, arena, &words, &err), -1);
		assert_null(words);
		assert_int_equal(err.code, ERR_INPUT);
		assert_non_null(strstr(err.msg, cases[i].says));
		arena_free(arena);
	}
}

static void quotes(void **state)
{
	static const struct {
		const char *word, *quoted;
	} cases[] = {
		{"check_load", "check_load"},
		{"/usr/lib/x-y.z", "/usr/lib/x-y.z"},
		{"80%", "80%"},
		{"", "''"},
		{"a b", "'a b'"},
		{"it's", "'it'\\''s'"},
		{"~:3", "'~:3'"},
		{"$x", "'$x'"},
		{"\xc3\xa4", "'\xc3\xa4'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct strbuf out = STRBUF_INIT;
		const char *const *words = NULL;

		words_add_quoted(cases[i].word, &out);
		assert_string_equal(out.buf, cases[i].quoted);
		assert_int_equal(words_split(strbuf_str(&out), arena, &words, NULL), 0);
		assert_string_equal(words[0], cases[i].word);
		assert_null(words[1]);
		strbuf_release(&out);
		arena_free(arena);
	}
}

static void quotes_all(void **state)
{
	static const char *const words[] = {"a", "b c", "", NULL};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	words_add_all_quoted(words, &out);
	assert_string_equal(out.buf, "a 'b c' ''");
	strbuf_release(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits),
		cmocka_unit_test(refuses),
		cmocka_unit_test(quotes),
		cmocka_unit_test(quotes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
