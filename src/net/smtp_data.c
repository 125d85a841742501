/*
 * One pass over the lines of a message, which end in whatever they end in.  See smtp_data.h.
 */
#include "net/smtp_data.h"

/* The next line, whatever it ends in; false at the end.  A last line needs no end. */
static bool next_line(struct str *rest, struct str *ret_line)
{
	size_t end = 0;
	size_t next;

	if (rest->len == 0) {
		return false;
	}
	while (end < rest->len && rest->ptr[end] != '\r' && rest->ptr[end] != '\n') {
		end++;
	}
	next = end + 1;
	if (next < rest->len && rest->ptr[end] == '\r' && rest->ptr[next] == '\n') {
		next++;
	}
	*ret_line = str_sub(*rest, 0, end);
	*rest = str_sub(*rest, next, rest->len);
	return true;
}

int smtp_data_check(struct str message, struct err *err)
{
	struct str rest = message;
	struct str line;

	if (message.len == 0) {
		return err_set(err, ERR_INPUT, "message is empty");
	}
	if (str_find(message, '\0', 0) < message.len) {
		return err_set(err, ERR_INPUT, "NUL in the message");
	}
	for (size_t number = 1; next_line(&rest, &line); number++) {
		if (line.len > SMTP_LINE_MAX) {
			return err_set(err, ERR_INPUT,
				"line %zu of the message is longer than %d bytes", number,
				SMTP_LINE_MAX);
		}
	}
	return 0;
}

void smtp_data_add(struct str message, struct strbuf *out)
{
	struct str rest = message;
	struct str line;

	while (next_line(&rest, &line)) {
		strbuf_adds(out, str_starts(line, ".") ? "." : "");
		strbuf_addstr(out, line);
		strbuf_adds(out, "\r\n");
	}
	strbuf_adds(out, ".\r\n");
}

bool smtp_data_is_8bit(struct str message)
{
	for (size_t i = 0; i < message.len; i++) {
		if ((unsigned char)message.ptr[i] > 0x7f) {
			return true;
		}
	}
	return false;
}
