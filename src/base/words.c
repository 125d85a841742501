/*
 * Splitting and quoting command lines.  See words.h.
 */
#include "base/words.h"

#include <string.h>

#include "base/vec.h"

struct splitter {
	struct str text;
	size_t pos;
	struct strbuf word;
	struct arena *arena;
	const char **words;
	size_t words_count, words_alloc;
	struct err *err;
};

/* 'literal': `pos` is behind the opening quote. */
static int single_quoted(struct splitter *s)
{
	size_t end = str_find(s->text, '\'', s->pos);

	if (end == s->text.len) {
		return err_set(s->err, ERR_INPUT, "a single quote (') is not closed");
	}
	strbuf_add(&s->word, s->text.ptr + s->pos, end - s->pos);
	s->pos = end + 1;
	return 0;
}

static int double_quoted(struct splitter *s)
{
	while (s->pos < s->text.len) {
		char c = s->text.ptr[s->pos++];

		if (c == '"') {
			return 0;
		}
		if (c == '\\' && s->pos < s->text.len &&
			(s->text.ptr[s->pos] == '"' || s->text.ptr[s->pos] == '\\')) {
			c = s->text.ptr[s->pos++];
		}
		strbuf_addc(&s->word, c);
	}
	return err_set(s->err, ERR_INPUT, "a double quote (\") is not closed");
}

static int escaped(struct splitter *s)
{
	if (s->pos == s->text.len) {
		return err_set(s->err, ERR_INPUT, "a backslash with nothing behind it");
	}
	strbuf_addc(&s->word, s->text.ptr[s->pos++]);
	return 0;
}

/* What a shell would act on; `c` stands at pos - 1. */
static bool wants_shell(const struct splitter *s, char c)
{
	return (c != '\0' && strchr("|&;<>`", c)) ||
	       (c == '$' && s->pos < s->text.len && s->text.ptr[s->pos] == '(');
}

static int one_word(struct splitter *s)
{
	int status = 0;

	while (status == 0 && s->pos < s->text.len && !char_is_space(s->text.ptr[s->pos])) {
		char c = s->text.ptr[s->pos++];

		if (c == '\'') {
			status = single_quoted(s);
		} else if (c == '"') {
			status = double_quoted(s);
		} else if (c == '\\') {
			status = escaped(s);
		} else if (wants_shell(s, c)) {
			status = err_set(s->err, ERR_INPUT,
				"no shell reads this, so '%c' has no meaning; "
				"put it in quotes, or run [sh, -c, \"...\"]",
				c);
		} else {
			strbuf_addc(&s->word, c);
		}
	}
	return status;
}

static int all_words(struct splitter *s)
{
	for (;;) {
		while (s->pos < s->text.len && char_is_space(s->text.ptr[s->pos])) {
			s->pos++;
		}
		if (s->pos == s->text.len) {
			return 0;
		}
		strbuf_clear(&s->word);
		if (one_word(s) < 0) {
			return -1;
		}
		*VEC_PUSH_IN(s->arena, s, words) =
			arena_strndup(s->arena, s->word.buf, s->word.len);
	}
}

int words_split(
	struct str text, struct arena *arena, const char *const **ret_words, struct err *err)
{
	struct splitter s = {.text = text, .word = STRBUF_INIT, .arena = arena, .err = err};
	int status;

	if (str_find(text, '\0', 0) < text.len) {
		return err_set(err, ERR_INPUT, "a command cannot contain a NUL byte");
	}
	status = all_words(&s);
	strbuf_release(&s.word);
	if (status < 0) {
		return -1;
	}
	if (s.words_count == 0) {
		return err_set(err, ERR_INPUT, "the command is empty");
	}
	*VEC_PUSH_IN(arena, &s, words) = NULL;
	*ret_words = s.words;
	return 0;
}

static bool is_plain(char c)
{
	return char_is_alnum(c) || (c != '\0' && strchr("%+,-./:=@_", c));
}

void words_add_quoted(const char *word, struct strbuf *out)
{
	bool needs_quotes = *word == '\0';

	for (const char *c = word; *c; c++) {
		needs_quotes = needs_quotes || !is_plain(*c);
	}
	if (!needs_quotes) {
		strbuf_adds(out, word);
		return;
	}
	strbuf_addc(out, '\'');
	for (const char *c = word; *c; c++) {
		if (*c == '\'') {
			strbuf_adds(out, "'\\''");
		} else {
			strbuf_addc(out, *c);
		}
	}
	strbuf_addc(out, '\'');
}

void words_add_all_quoted(const char *const *words, struct strbuf *out)
{
	for (size_t i = 0; words[i]; i++) {
		if (i > 0) {
			strbuf_addc(out, ' ');
		}
		words_add_quoted(words[i], out);
	}
}
