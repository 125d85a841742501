/*
 * Decoding C escapes, quoting for shells.  See escape.h.
 */
#include "base/escape.h"

static int simple_escape(char c)
{
	static const char from[] = "rntb0\\\"'e";
	static const char to[] = "\r\n\t\b\0\\\"'\x1b";
	const char *at = c ? strchr(from, c) : NULL;

	return at ? (unsigned char)to[at - from] : -1;
}

int escape_decode(struct str text, struct strbuf *out, struct err *err)
{
	for (size_t i = 0; i < text.len; i++) {
		struct str rest = str_sub(text, i + 1, text.len);

		if (text.ptr[i] != '\\') {
			strbuf_addc(out, text.ptr[i]);
		} else if (rest.len >= 3 && rest.ptr[0] == 'x' &&
			   char_hex_value(rest.ptr[1]) >= 0 && char_hex_value(rest.ptr[2]) >= 0) {
			strbuf_addc(out, (char)(char_hex_value(rest.ptr[1]) * 16 +
						 char_hex_value(rest.ptr[2])));
			i += 3;
		} else if (rest.len > 0 && simple_escape(rest.ptr[0]) >= 0) {
			strbuf_addc(out, (char)simple_escape(rest.ptr[0]));
			i++;
		} else {
			return err_set(err, ERR_INPUT,
				"unknown escape at column %zu; use \\r \\n \\t \\0 \\xHH or \\\\",
				i + 1);
		}
	}
	return 0;
}

static bool is_harmless(char c)
{
	return char_is_alnum(c) || (c && strchr("%+,-./:=@_", c));
}

void escape_add_shell_word(struct strbuf *out, struct str word)
{
	bool is_plain = word.len > 0;

	for (size_t i = 0; i < word.len && is_plain; i++) {
		is_plain = is_harmless(word.ptr[i]);
	}
	if (is_plain) {
		strbuf_addstr(out, word);
		return;
	}
	strbuf_addc(out, '\'');
	for (size_t i = 0; i < word.len; i++) {
		if (word.ptr[i] == '\'') {
			strbuf_adds(out, "'\\''");
		} else {
			strbuf_addc(out, word.ptr[i]);
		}
	}
	strbuf_addc(out, '\'');
}
