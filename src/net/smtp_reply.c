/*
 * Replies are looked for again from their beginning whenever more has come: they are short.  See
 * smtp_reply.h.
 */
#include "net/smtp_reply.h"

#include <string.h>

#include "base/utf8.h"

enum { CODE_LEN = 3, CODE_MIN = 200, CODE_MAX = 599 };

/* -1: none. */
static int read_code(struct str line)
{
	int code = 0;

	if (line.len < CODE_LEN) {
		return -1;
	}
	for (size_t i = 0; i < CODE_LEN; i++) {
		if (!char_is_digit(line.ptr[i])) {
			return -1;
		}
		code = 10 * code + (line.ptr[i] - '0');
	}
	return code >= CODE_MIN && code <= CODE_MAX ? code : -1;
}

/* A number of up to three digits at `pos`; the position after it, or `pos`. */
static size_t skip_number(struct str text, size_t pos)
{
	size_t end = pos;

	while (end < text.len && end - pos < 3 && char_is_digit(text.ptr[end])) {
		end++;
	}
	return end;
}

/* Length of "5.1.1" at the front, whose class must be that of the code; 0: there is none. */
static size_t enhanced_len(int code, struct str text)
{
	size_t subject, detail;

	if (text.len < 2 || text.ptr[0] != (char)('0' + code / 100) || text.ptr[1] != '.') {
		return 0;
	}
	subject = skip_number(text, 2);
	if (subject == 2 || subject == text.len || text.ptr[subject] != '.') {
		return 0;
	}
	detail = skip_number(text, subject + 1);
	if (detail == subject + 1 || (detail < text.len && text.ptr[detail] != ' ')) {
		return 0;
	}
	return detail;
}

static void read_enhanced(struct smtp_reply *reply)
{
	struct str rest = reply->lines;
	struct str first = str_n("", 0);
	size_t len;

	(void)str_line(&rest, &first);
	len = enhanced_len(reply->code, first);
	memcpy(reply->enhanced, first.ptr, len);
	reply->enhanced[len] = '\0';
}

enum smtp_reply_found smtp_reply_find(
	struct str input, struct strbuf *lines, struct smtp_reply *ret_reply)
{
	size_t pos = 0;
	int code = 0;

	strbuf_clear(lines);
	for (;;) {
		size_t end = str_find(input, '\n', pos);
		struct str line = str_rtrim(str_sub(input, pos, end - pos));
		int line_code = read_code(line);
		char mark = line.len > CODE_LEN ? line.ptr[CODE_LEN] : ' ';

		if (end > SMTP_REPLY_MAX) {
			return SMTP_REPLY_BROKEN;
		}
		if (end == input.len) {
			return SMTP_REPLY_PARTIAL;
		}
		if (line_code < 0 || (pos > 0 && line_code != code) ||
			(mark != ' ' && mark != '-')) {
			return SMTP_REPLY_BROKEN;
		}
		code = line_code;
		strbuf_addstr(lines, str_sub(line, CODE_LEN + 1, line.len));
		strbuf_addc(lines, '\n');
		pos = end + 1;
		if (mark == ' ') {
			*ret_reply = (struct smtp_reply){
				.code = code, .lines = strbuf_str(lines), .size = pos};
			read_enhanced(ret_reply);
			return SMTP_REPLY_WHOLE;
		}
	}
}

void smtp_reply_add_text(const struct smtp_reply *reply, size_t max_bytes, struct strbuf *out)
{
	struct strbuf all = STRBUF_INIT;
	struct str rest = reply->lines;
	struct str line;

	while (str_line(&rest, &line)) {
		line = str_trim(str_sub(line, enhanced_len(reply->code, line), line.len));
		if (line.len > 0) {
			strbuf_adds(&all, all.len > 0 ? " " : "");
			strbuf_addstr(&all, line);
		}
	}
	utf8_add_escaped(out, strbuf_str(&all), max_bytes);
	strbuf_release(&all);
}

static void read_mechanisms(struct str rest, struct smtp_extensions *extensions)
{
	struct str word;

	extensions->has_auth = true;
	while (str_word(&rest, &word)) {
		if (str_case_eq(word, str_of("PLAIN"))) {
			extensions->has_auth_plain = true;
		} else if (str_case_eq(word, str_of("LOGIN"))) {
			extensions->has_auth_login = true;
		}
	}
}

void smtp_extensions_read(const struct smtp_reply *reply, struct smtp_extensions *ret_extensions)
{
	struct smtp_extensions extensions = {0};
	struct str rest = reply->lines;
	struct str line;

	(void)str_line(&rest, &line);
	while (str_line(&rest, &line)) {
		struct str parameters = line;
		struct str word;

		if (str_case_eq(str_sub(line, 0, 5), str_of("AUTH="))) {
			/* How it was written before there was a standard. */
			read_mechanisms(str_sub(line, 5, line.len), &extensions);
		} else if (!str_word(&parameters, &word)) {
			continue;
		} else if (str_case_eq(word, str_of("STARTTLS"))) {
			extensions.has_starttls = true;
		} else if (str_case_eq(word, str_of("8BITMIME"))) {
			extensions.has_8bitmime = true;
		} else if (str_case_eq(word, str_of("SIZE"))) {
			extensions.has_size = true;
		} else if (str_case_eq(word, str_of("AUTH"))) {
			read_mechanisms(parameters, &extensions);
		}
	}
	*ret_extensions = extensions;
}
