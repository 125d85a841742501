/*
 * Three ways to write a text.  See mail_body.h.
 */
#include "notify/mail_body.h"

#include <stdbool.h>

#include "base/base64.h"
#include "base/utf8.h"

enum {
	COLUMNS = 76,
	BASE64_LINE_BYTES = COLUMNS / 4 * 3,
	CONTROL_MAX = 0x1f,
	DELETE = 0x7f,
};

static const char hex[] = "0123456789ABCDEF";

const char *mail_encoding_name(enum mail_encoding encoding)
{
	static const char *const names[] = {
		[MAIL_7BIT] = "7bit",
		[MAIL_QUOTED_PRINTABLE] = "quoted-printable",
		[MAIL_BASE64] = "base64",
	};

	return names[encoding];
}

/* The end of a line at the front, in bytes; 0: there is none. */
static size_t line_end_len(struct str text)
{
	if (str_starts(text, "\r\n")) {
		return 2;
	}
	return str_starts(text, "\n") || str_starts(text, "\r") ? 1 : 0;
}

static size_t clean_one(struct str text, struct strbuf *out)
{
	uint32_t c = 0;
	size_t len = line_end_len(text);

	if (len > 0) {
		strbuf_adds(out, "\r\n");
		return len;
	}
	len = utf8_decode(text, &c);
	if (len == 0 || (c <= CONTROL_MAX && c != '\t') || c == DELETE) {
		utf8_add_char(out, UTF8_REPLACEMENT);
		return len > 0 ? len : 1;
	}
	strbuf_add(out, text.ptr, len);
	return len;
}

void mail_body_clean(struct str text, struct strbuf *out)
{
	size_t start = out->len;

	while (text.len > 0) {
		text = str_sub(text, clean_one(text, out), text.len);
	}
	if (out->len == start || out->buf[out->len - 1] != '\n') {
		strbuf_adds(out, "\r\n");
	}
}

/* Would some server or reader change this line? */
static bool is_line_plain(struct str line)
{
	if (line.len > COLUMNS || str_starts(line, "From ") || str_ends(line, " ") ||
		str_ends(line, "\t")) {
		return false;
	}
	for (size_t i = 0; i < line.len; i++) {
		if ((unsigned char)line.ptr[i] >= DELETE) {
			return false;
		}
	}
	return true;
}

static size_t base64_size(size_t len)
{
	size_t lines = (len + BASE64_LINE_BYTES - 1) / BASE64_LINE_BYTES;

	return base64_len(len) + 2 * lines;
}

enum mail_encoding mail_body_choose(struct str clean)
{
	struct strbuf quoted = STRBUF_INIT;
	struct str rest = clean;
	struct str line;
	bool is_plain = true;
	bool is_quoted_longer;

	while (is_plain && str_line(&rest, &line)) {
		is_plain = is_line_plain(line);
	}
	if (is_plain) {
		return MAIL_7BIT;
	}
	mail_body_add(clean, MAIL_QUOTED_PRINTABLE, &quoted);
	is_quoted_longer = quoted.len > base64_size(clean.len);
	strbuf_release(&quoted);
	return is_quoted_longer ? MAIL_BASE64 : MAIL_QUOTED_PRINTABLE;
}

/* May byte `i` of the line stand for itself? */
static bool is_literal(struct str line, size_t i)
{
	char c = line.ptr[i];

	if (c == ' ' || c == '\t') {
		return i + 1 < line.len;
	}
	return c > ' ' && c < DELETE && c != '=';
}

/* The first byte of a line that a mail server might take for something else. */
static bool is_dangerous_start(struct str line)
{
	return str_starts(line, "From ") || str_starts(line, ".");
}

static void add_quoted_line(struct str line, struct strbuf *out)
{
	size_t start = out->len;

	for (size_t i = 0; i < line.len; i++) {
		bool is_plain = is_literal(line, i) && !(i == 0 && is_dangerous_start(line));
		size_t width = is_plain ? 1 : 3;
		/* The last piece needs no "=" after it. */
		size_t room = i + 1 < line.len ? COLUMNS - 1 : COLUMNS;
		unsigned char c = (unsigned char)line.ptr[i];

		if (out->len - start + width > room) {
			strbuf_adds(out, "=\r\n");
			start = out->len;
		}
		if (is_plain) {
			strbuf_addc(out, line.ptr[i]);
		} else {
			strbuf_addf(out, "=%c%c", hex[c >> 4], hex[c & 0xf]);
		}
	}
	strbuf_adds(out, "\r\n");
}

static void add_base64(struct str clean, struct strbuf *out)
{
	for (size_t pos = 0; pos < clean.len; pos += BASE64_LINE_BYTES) {
		base64_add(out, str_sub(clean, pos, BASE64_LINE_BYTES));
		strbuf_adds(out, "\r\n");
	}
}

void mail_body_add(struct str clean, enum mail_encoding encoding, struct strbuf *out)
{
	struct str rest = clean;
	struct str line;

	switch (encoding) {
	case MAIL_7BIT:
		strbuf_addstr(out, clean);
		break;
	case MAIL_QUOTED_PRINTABLE:
		while (str_line(&rest, &line)) {
			add_quoted_line(line, out);
		}
		break;
	case MAIL_BASE64:
		add_base64(clean, out);
		break;
	}
}
