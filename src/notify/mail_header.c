/*
 * A value is first made harmless, then written as it is if it can be, else in encoded words: Q
 * where that is shorter, and B for what is far from ASCII.  See mail_header.h.
 */
#include "notify/mail_header.h"

#include <string.h>

#include "base/base64.h"
#include "base/calendar.h"
#include "base/utf8.h"

enum {
	ENCODED_WORD_MAX = 75, /* RFC 2047 section 2 */
	WORD_MAX = 60,         /* longer words are encoded, so that they can be broken */
	DELETE = 0x7f,
};

static const char hex[] = "0123456789ABCDEF";

/* Of the line at the end. */
static size_t column(const struct strbuf *out)
{
	const char *newline = memrchr(out->buf, '\n', out->len);

	return newline ? out->len - (size_t)(newline + 1 - out->buf) : out->len;
}

/* On a new line, the space that says that it goes on. */
static void fold(struct strbuf *out)
{
	strbuf_adds(out, "\r\n ");
}

/* Valid UTF-8 without anything that is not seen. */
static void clean(struct str value, struct strbuf *out)
{
	while (value.len > 0) {
		uint32_t c = 0;
		size_t len = utf8_decode(value, &c);

		if (len > 0 && (c < ' ' || c == DELETE)) {
			strbuf_addc(out, ' ');
		} else if (len == 0 || utf8_is_unsafe(c)) {
			utf8_add_char(out, UTF8_REPLACEMENT);
		} else {
			strbuf_add(out, value.ptr, len);
		}
		value = str_sub(value, len > 0 ? len : 1, value.len);
	}
}

static bool is_ascii(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] >= DELETE) {
			return false;
		}
	}
	return true;
}

/* Can a clean text stand as it is, folded at its spaces?  They must survive that. */
static bool is_plain(struct str text)
{
	struct str rest = text;
	struct str word;

	if (!is_ascii(text) || str_contains(text, "=?") || str_contains(text, "  ") ||
		str_starts(text, " ") || str_ends(text, " ")) {
		return false;
	}
	while (str_split(&rest, ' ', &word)) {
		if (word.len > WORD_MAX) {
			return false;
		}
	}
	return true;
}

static void add_folded(struct strbuf *out, struct str text)
{
	struct str rest = text;
	struct str word;
	bool is_first = true;

	while (str_split(&rest, ' ', &word)) {
		if (!is_first && column(out) + 1 + word.len > MAIL_COLUMNS) {
			fold(out);
		} else if (!is_first) {
			strbuf_addc(out, ' ');
		}
		strbuf_addstr(out, word);
		is_first = false;
	}
}

/* Encoded words */

/* What needs no code within one, in a phrase neither. */
static bool is_safe(char c)
{
	return char_is_alnum(c) || (c != '\0' && strchr("!*+-/", c));
}

static size_t q_len(struct str text)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		len += is_safe(text.ptr[i]) || text.ptr[i] == ' ' ? 1 : 3;
	}
	return len;
}

static void add_q(struct strbuf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (is_safe(text.ptr[i])) {
			strbuf_addc(out, text.ptr[i]);
		} else if (c == ' ') {
			strbuf_addc(out, '_');
		} else {
			strbuf_addf(out, "=%c%c", hex[c >> 4], hex[c & 0xf]);
		}
	}
}

/* As many whole characters from the front as fit into `max` letters of the encoding; one at least.
 */
static struct str fitting(struct str text, bool is_base64, size_t max)
{
	size_t end = 0;

	for (;;) {
		uint32_t c;
		size_t len = utf8_decode(str_sub(text, end, text.len), &c);
		struct str longer = str_sub(text, 0, end + len);

		if (len == 0 ||
			(end > 0 && (is_base64 ? base64_len(longer.len) : q_len(longer)) > max)) {
			return str_sub(text, 0, end);
		}
		end += len;
	}
}

static void add_encoded(struct strbuf *out, struct str text)
{
	static const char base64_start[] = "=?UTF-8?B?";
	static const char q_start[] = "=?UTF-8?Q?";
	static const char word_end[] = "?=";
	enum { FRAME = sizeof(q_start) + sizeof(word_end) - 2, ROOM_MIN = 12 };
	bool is_base64 = base64_len(text.len) < q_len(text);

	while (text.len > 0) {
		struct str part;
		size_t room;

		if (column(out) + FRAME + ROOM_MIN > MAIL_COLUMNS) {
			fold(out);
		}
		room = MAIL_COLUMNS - column(out) - FRAME;
		if (room > ENCODED_WORD_MAX - FRAME) {
			room = ENCODED_WORD_MAX - FRAME;
		}
		part = fitting(text, is_base64, room);
		strbuf_adds(out, is_base64 ? base64_start : q_start);
		if (is_base64) {
			base64_add(out, part);
		} else {
			add_q(out, part);
		}
		strbuf_adds(out, word_end);
		text = str_sub(text, part.len, text.len);
		if (text.len > 0) {
			fold(out);
		}
	}
}

void mail_header_add_text(struct strbuf *out, const char *name, struct str value)
{
	struct strbuf text = STRBUF_INIT;

	clean(value, &text);
	strbuf_addf(out, "%s: ", name);
	if (is_plain(strbuf_str(&text))) {
		add_folded(out, strbuf_str(&text));
	} else {
		add_encoded(out, strbuf_str(&text));
	}
	strbuf_adds(out, "\r\n");
	strbuf_release(&text);
}

/* Addresses */

/* Words of letters and digits, with spaces between them. */
static bool is_phrase(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!is_safe(name.ptr[i]) && name.ptr[i] != ' ') {
			return false;
		}
	}
	return is_plain(name);
}

static void add_quoted(struct strbuf *out, struct str name)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"' || name.ptr[i] == '\\') {
			strbuf_addc(out, '\\');
		}
		strbuf_addc(out, name.ptr[i]);
	}
	strbuf_addc(out, '"');
}

static void add_name(struct strbuf *out, struct str written)
{
	struct strbuf clean_name = STRBUF_INIT;
	struct str name;

	clean(written, &clean_name);
	name = strbuf_str(&clean_name);
	if (is_phrase(name)) {
		add_folded(out, name);
	} else if (is_ascii(name) && name.len < WORD_MAX && !str_contains(name, "=?")) {
		add_quoted(out, name);
	} else {
		add_encoded(out, name);
	}
	strbuf_release(&clean_name);
}

static void add_address(struct strbuf *out, const struct mail_address *address)
{
	size_t len = strlen(address->address);

	if (!address->name || address->name[0] == '\0') {
		strbuf_adds(out, address->address);
		return;
	}
	add_name(out, str_of(address->name));
	if (column(out) + len + strlen(" <>,") > MAIL_COLUMNS) {
		fold(out);
	} else {
		strbuf_addc(out, ' ');
	}
	strbuf_addf(out, "<%s>", address->address);
}

void mail_header_add_addresses(
	struct strbuf *out, const char *name, const struct mail_address *addresses, size_t count)
{
	strbuf_addf(out, "%s: ", name);
	for (size_t i = 0; i < count; i++) {
		if (i > 0) {
			strbuf_addc(out, ',');
			fold(out);
		}
		add_address(out, &addresses[i]);
	}
	strbuf_adds(out, "\r\n");
}

void mail_header_add_date(struct strbuf *out, const char *name, int64_t wall_ms)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	const struct calendar_time t = calendar_time(wall_ms);

	strbuf_addf(out, "%s: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", name, days[t.weekday],
		t.day, months[t.month - 1], t.year, t.hour, t.minute, t.second);
}

void mail_header_add_ids(struct strbuf *out, const char *name, const char *const *ids)
{
	strbuf_addf(out, "%s: ", name);
	for (size_t i = 0; ids[i]; i++) {
		if (i > 0) {
			fold(out);
		}
		strbuf_addf(out, "<%s>", ids[i]);
	}
	strbuf_adds(out, "\r\n");
}

bool mail_id_is_valid(struct str id)
{
	size_t ats = 0;

	if (id.len > MAIL_ID_MAX || str_starts(id, "@") || str_ends(id, "@")) {
		return false;
	}
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		ats += c == '@';
		if (!char_is_alnum(c) && (c == '\0' || !strchr("@.!#$%&'*+-/=?^_`{|}~", c))) {
			return false;
		}
	}
	return ats == 1;
}

bool mail_field_name_is_valid(struct str name)
{
	if (name.len == 0 || name.len > MAIL_FIELD_NAME_MAX || !char_is_alpha(name.ptr[0])) {
		return false;
	}
	for (size_t i = 0; i < name.len; i++) {
		if (!char_is_alnum(name.ptr[i]) && name.ptr[i] != '-') {
			return false;
		}
	}
	return true;
}
