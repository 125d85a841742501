/*
 * At the beginning of each word, everything that could begin there is tried, the longest form
 * first.  A matcher looks at what is left of the line and returns how many bytes are its own, or 0.
 */
#include "fleet/fold_mask.h"

#include <string.h>

#include <arpa/inet.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "conf/login_name.h"

enum {
	NAME_MIN = 2, /* a shorter name is found everywhere */
	IP_MAX = 45,
	POINTER_MIN = 10, /* with its 0x */
	PARTS_MAX = 8,    /* of one duration */
};

struct fold_mask fold_mask_of(struct str name)
{
	name = login_name_host(name); /* hosts do not know how they are logged in to */
	return (struct fold_mask){
		.name = name, .short_name = str_sub(name, 0, str_find(name, '.', 0))};
}

/* --- Characters --- */

static char at(struct str s, size_t pos)
{
	return pos < s.len ? s.ptr[pos] : '\0';
}

static bool is_hex(char c)
{
	return char_is_digit(c) || (char_lower(c) >= 'a' && char_lower(c) <= 'f');
}

/* Asked for every byte. */
static inline bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static size_t digits(struct str s, size_t pos)
{
	size_t count = 0;

	while (char_is_digit(at(s, pos + count))) {
		count++;
	}
	return count;
}

static size_t spaces(struct str s, size_t pos)
{
	size_t count = 0;

	while (at(s, pos + count) == ' ' || at(s, pos + count) == '\t') {
		count++;
	}
	return count;
}

/* "dd"; 255 if it is not that. */
static unsigned two_digits(struct str s, size_t pos)
{
	return digits(s, pos) == 2
		       ? (unsigned)(s.ptr[pos] - '0') * 10 + (unsigned)(s.ptr[pos + 1] - '0')
		       : 255;
}

static bool begins_with(struct str s, size_t pos, struct str word)
{
	return word.len > 0 && s.len - pos >= word.len &&
	       str_case_eq(str_sub(s, pos, word.len), word);
}

/* --- The name --- */

static size_t match_name(struct str s, struct str name)
{
	char next = at(s, name.len);

	return name.len >= NAME_MIN && char_lower(s.ptr[0]) == char_lower(name.ptr[0]) &&
			       begins_with(s, 0, name) && !is_word(next) && next != '-'
		       ? name.len
		       : 0;
}

/* --- Addresses, ids --- */

/* The same on every host. */
static bool is_common_ip(struct str ip)
{
	return str_starts(ip, "127.") || str_starts(ip, "0.") || str_starts(ip, "255.") ||
	       str_is(ip, "::1") || str_is(ip, "::");
}

static size_t match_ip(struct str s)
{
	char text[IP_MAX + 1];
	unsigned char address[16];
	size_t colons = 0;
	size_t len = 0;

	while (len <= IP_MAX && (is_hex(at(s, len)) || at(s, len) == ':' || at(s, len) == '.')) {
		colons += at(s, len) == ':';
		len++;
	}
	/* "10.0.0.1:80" and "10.0.0.1." */
	if (colons == 1) {
		len = str_find(s, ':', 0);
	}
	while (len > 0 &&
		(at(s, len - 1) == '.' || (at(s, len - 1) == ':' && at(s, len - 2) != ':'))) {
		len--;
	}
	if (len == 0 || len > IP_MAX || is_word(at(s, len)) || at(s, len) == '-') {
		return 0;
	}
	memcpy(text, s.ptr, len);
	text[len] = '\0';
	return inet_pton(colons > 1 ? AF_INET6 : AF_INET, text, address) == 1 &&
			       !is_common_ip(str_n(s.ptr, len))
		       ? len
		       : 0;
}

/* `form` has x for a hexadecimal digit. */
static size_t match_form(struct str s, const char *form)
{
	size_t len = strlen(form);

	if (s.len < len || is_word(at(s, len)) || at(s, len) == form[len / 2]) {
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		if (form[i] == 'x' ? !is_hex(s.ptr[i]) : s.ptr[i] != form[i]) {
			return 0;
		}
	}
	return len;
}

static size_t match_uuid(struct str s)
{
	return match_form(s, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

static size_t match_mac(struct str s)
{
	size_t len = match_form(s, "xx:xx:xx:xx:xx:xx");

	return at(s, len) == ':' ? 0 : len;
}

static size_t match_pointer(struct str s)
{
	size_t len = 2;

	if (at(s, 0) != '0' || at(s, 1) != 'x') {
		return 0;
	}
	while (is_hex(at(s, len))) {
		len++;
	}
	return len >= POINTER_MIN && !is_word(at(s, len)) ? len : 0;
}

/* --- Times --- */

static bool is_one_of(struct str s, size_t pos, const char *names, size_t len)
{
	for (const char *name = names; *name; name += len) {
		if (begins_with(s, pos, str_n(name, len))) {
			return true;
		}
	}
	return false;
}

static bool is_month(struct str s, size_t pos)
{
	return is_one_of(s, pos, "JanFebMarAprMayJunJulAugSepOctNovDec", 3);
}

static bool is_weekday(struct str s, size_t pos)
{
	return is_one_of(s, pos, "MonTueWedThuFriSatSun", 3);
}

/* "Z", "+02:00", "+0200", " +0200" */
static size_t match_offset(struct str s, size_t pos)
{
	size_t begin = pos;

	if (at(s, pos) == 'Z' && !is_word(at(s, pos + 1))) {
		return 1;
	}
	pos += at(s, pos) == ' ';
	if (at(s, pos) != '+' && at(s, pos) != '-') {
		return 0;
	}
	pos++;
	if (digits(s, pos) == 4) {
		return pos + 4 - begin;
	}
	return two_digits(s, pos) < 24 && at(s, pos + 2) == ':' && two_digits(s, pos + 3) < 60
		       ? pos + 5 - begin
		       : 0;
}

/* "8:15", "08:15:02", "08:15:02,123+02:00" */
static size_t match_time(struct str s, size_t pos, bool needs_seconds)
{
	size_t begin = pos;
	size_t hours = digits(s, pos);

	pos += hours;
	if (hours == 0 || hours > 2 || at(s, pos) != ':' || two_digits(s, pos + 1) >= 60) {
		return 0;
	}
	pos += 3;
	if (at(s, pos) != ':') {
		return needs_seconds || is_word(at(s, pos)) ? 0 : pos - begin;
	}
	if (two_digits(s, pos + 1) > 60) {
		return 0;
	}
	pos += 3;
	if ((at(s, pos) == '.' || at(s, pos) == ',') && digits(s, pos + 1) > 0) {
		pos += 1 + digits(s, pos + 1);
	}
	pos += match_offset(s, pos);
	return is_word(at(s, pos)) || at(s, pos) == ':' ? 0 : pos - begin;
}

/* "2026-11-22", "2026/11/22", "22/Nov/2026" */
static size_t match_date(struct str s, size_t pos)
{
	char between = at(s, pos + 4);

	if (digits(s, pos) == 4 && (between == '-' || between == '/') &&
		two_digits(s, pos + 5) <= 12 && at(s, pos + 7) == between &&
		two_digits(s, pos + 8) <= 31) {
		return 10;
	}
	if (two_digits(s, pos) <= 31 && at(s, pos + 2) == '/' && is_month(s, pos + 3) &&
		at(s, pos + 6) == '/' && digits(s, pos + 7) == 4) {
		return 11;
	}
	return 0;
}

/* " 2026", " UTC 2026" after a time, and " 2026" after a day. */
static size_t match_year(struct str s, size_t pos)
{
	size_t begin = pos;
	size_t zone = 0;

	while (at(s, pos + 1 + zone) >= 'A' && at(s, pos + 1 + zone) <= 'Z') {
		zone++;
	}
	if (zone > 0 && zone <= 5) {
		pos += 1 + zone;
	}
	return at(s, pos) == ' ' && digits(s, pos + 1) == 4 && !is_word(at(s, pos + 5))
		       ? pos + 5 - begin
		       : 0;
}

/* "Nov 22", "Sun Nov 22 2026", "Sun 2026-11-22" */
static size_t match_day(struct str s)
{
	size_t pos = 0;
	size_t day;

	if (is_weekday(s, pos)) {
		pos += 3 + (at(s, 3) == ',');
		pos += spaces(s, pos);
	}
	day = match_date(s, pos);
	if (day > 0) {
		return pos + day;
	}
	if (!is_month(s, pos) || spaces(s, pos + 3) == 0) {
		return 0;
	}
	pos += 3 + spaces(s, pos + 3);
	day = digits(s, pos);
	if (day == 0 || day > 2 || is_word(at(s, pos + day))) {
		return 0;
	}
	return pos + day;
}

/* A day, and the time and year that may follow. */
static size_t match_moment(struct str s)
{
	size_t pos = match_day(s);
	size_t gap;
	size_t time;

	if (pos == 0) {
		return 0;
	}
	gap = at(s, pos) == 'T' || at(s, pos) == ':' ? 1 : spaces(s, pos);
	time = gap > 0 ? match_time(s, pos + gap, false) : 0;
	if (time > 0) {
		pos += gap + time;
		return pos + match_year(s, pos);
	}
	if (is_word(at(s, pos))) {
		return 0;
	}
	/* "Nov 22  2026", as ls(1) has it */
	return gap > 0 && !char_is_digit(s.ptr[0]) && digits(s, pos + gap) == 4 &&
			       !is_word(at(s, pos + gap + 4))
		       ? pos + gap + 4
		       : pos;
}

/* --- Durations --- */

static size_t match_unit(struct str s, size_t pos)
{
	static const char *const units[] = {"milliseconds", "millisecond", "microseconds",
		"seconds", "minutes", "second", "minute", "hours", "weeks", "hour", "days", "week",
		"secs", "mins", "day", "sec", "min", "hrs", "ms", "us", "ns", "hr", "s", "m", "h",
		"d", "w"};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t len = strlen(units[i]);

		if (begins_with(s, pos, str_of(units[i])) && !char_is_alpha(at(s, pos + len))) {
			return len;
		}
	}
	return 0;
}

/* "1.2s", "0m1.234s", "3 days, 4:05", "1h 2min" */
static size_t match_duration(struct str s, size_t pos)
{
	size_t begin = pos;
	size_t end = pos;

	for (int parts = 0; parts < PARTS_MAX; parts++) {
		size_t unit;
		size_t gap = end == begin ? 0 : spaces(s, pos);

		gap += at(s, pos) == ',' ? 1 + spaces(s, pos + 1) : 0;
		pos += gap;
		unit = match_time(s, pos, false);
		if (unit > 0) {
			return pos + unit - begin;
		}
		if (digits(s, pos) == 0) {
			break;
		}
		pos += digits(s, pos);
		if (at(s, pos) == '.' && digits(s, pos + 1) > 0) {
			pos += 1 + digits(s, pos + 1);
		}
		unit = match_unit(s, pos + spaces(s, pos));
		if (unit == 0) {
			break;
		}
		pos += spaces(s, pos) + unit;
		end = pos;
	}
	return end - begin;
}

/* A word after which a duration was measured; its length with what separates them. */
static size_t match_measured(struct str s)
{
	static const char *const words[] = {
		"up", "took", "in", "after", "elapsed", "uptime", "real", "user", "sys", "time"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i]);

		if (words[i][0] == char_lower(s.ptr[0]) && begins_with(s, 0, str_of(words[i])) &&
			!is_word(at(s, len))) {
			len += at(s, len) == ':' || at(s, len) == '=';
			return len + spaces(s, len);
		}
	}
	return 0;
}

static bool is_ago(struct str s, size_t pos)
{
	size_t gap = spaces(s, pos);

	return gap > 0 && begins_with(s, pos + gap, str_of("ago"));
}

/* --- Pids --- */

/* "pid 4711", "PID: 4711", "pid=4711": what is before the number. */
static size_t match_pid_word(struct str s)
{
	size_t len = strlen("pid");

	if (char_lower(s.ptr[0]) != 'p' || !begins_with(s, 0, str_of("pid"))) {
		return 0;
	}
	len += at(s, len) == ':' || at(s, len) == '=';
	len += spaces(s, len);
	return digits(s, len) > 0 && len > strlen("pid") ? len : 0;
}

/* --- Lines --- */

struct found {
	size_t kept;   /* bytes that stay as they are, before */
	size_t masked; /* bytes that go */
	const char *mask;
};

static bool find_measured(struct str s, struct found *ret_found)
{
	size_t kept = match_measured(s);
	size_t len = kept > 0 ? match_duration(s, kept) : 0;

	if (len > 0) {
		*ret_found = (struct found){kept, len, "<duration>"};
		return true;
	}
	kept = match_pid_word(s);
	if (kept > 0) {
		*ret_found = (struct found){kept, digits(s, kept), "<pid>"};
		return true;
	}
	len = char_is_digit(at(s, 0)) ? match_duration(s, 0) : 0;
	if (len > 0 && is_ago(s, len)) {
		*ret_found = (struct found){0, len, "<duration>"};
		return true;
	}
	return false;
}

static size_t match_clock(struct str s)
{
	return match_time(s, 0, true);
}

/* What the first byte must be for a matcher to be asked. */
enum first {
	FIRST_DIGIT = 1 << 0,
	FIRST_HEX = 1 << 1, /* a letter */
	FIRST_DAY = 1 << 2, /* of a month or weekday */
	FIRST_COLON = 1 << 3,
};

static unsigned first_of(char c)
{
	unsigned firsts = 0;

	if (char_is_digit(c)) {
		return FIRST_DIGIT;
	}
	if (c == ':') {
		return FIRST_COLON;
	}
	c = char_lower(c);
	if (c >= 'a' && c <= 'f') {
		firsts |= FIRST_HEX;
	}
	return c != '\0' && strchr("jfmasondtw", c) ? firsts | FIRST_DAY : firsts;
}

static bool find(const struct fold_mask *mask, struct str s, struct found *ret_found)
{
	static const struct {
		size_t (*match)(struct str);
		unsigned firsts;
		const char *mask;
	} matchers[] = {
		{match_moment, FIRST_DIGIT | FIRST_DAY, "<time>"},
		{match_clock, FIRST_DIGIT, "<time>"},
		{match_uuid, FIRST_DIGIT | FIRST_HEX, "<id>"},
		{match_mac, FIRST_DIGIT | FIRST_HEX, "<mac>"},
		{match_ip, FIRST_DIGIT | FIRST_HEX | FIRST_COLON, "<ip>"},
		{match_pointer, FIRST_DIGIT, "<pointer>"},
	};
	unsigned first = first_of(s.ptr[0]);
	size_t len = match_name(s, mask->name);

	if (len == 0) {
		len = match_name(s, mask->short_name);
	}
	if (len > 0) {
		*ret_found = (struct found){0, len, "<host>"};
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(matchers); i++) {
		len = matchers[i].firsts & first ? matchers[i].match(s) : 0;
		if (len > 0) {
			*ret_found = (struct found){0, len, matchers[i].mask};
			return true;
		}
	}
	return find_measured(s, ret_found);
}

/* "sshd[4711]" is at its bracket; the length of the number. */
static size_t match_bracket(struct str line, size_t pos)
{
	size_t len;

	if (line.ptr[pos] != '[' || pos == 0 || !is_word(line.ptr[pos - 1])) {
		return 0;
	}
	len = digits(line, pos + 1);
	return at(line, pos + 1 + len) == ']' ? len : 0;
}

static bool can_begin(char c)
{
	return is_word(c) || c == ':';
}

/* In the middle of a number there is none: "1.2.3", "1:2:3". */
static bool is_beginning(struct str line, size_t pos)
{
	char before = pos > 0 ? line.ptr[pos - 1] : ' ';

	if (is_word(before) || before == '-' || (before == '.' && is_word(line.ptr[pos]))) {
		return false;
	}
	return before != ':' || pos < 2 || !char_is_digit(line.ptr[pos - 2]) ||
	       !char_is_digit(line.ptr[pos]);
}

/* The rest of a word is passed by. */
static size_t next_place(struct str line, size_t pos)
{
	do {
		pos++;
	} while (pos < line.len && is_word(line.ptr[pos - 1]) && is_word(line.ptr[pos]));
	return pos;
}

void fold_mask_add(const struct fold_mask *mask, struct str line, struct strbuf *out)
{
	size_t done = 0; /* what has been appended or masked */
	size_t pos = 0;

	while (pos < line.len) {
		struct found found = {0};

		if (match_bracket(line, pos) > 0) {
			found = (struct found){1, match_bracket(line, pos), "<pid>"};
		} else if (!can_begin(line.ptr[pos]) || !is_beginning(line, pos) ||
			   !find(mask, str_sub(line, pos, line.len), &found)) {
			pos = next_place(line, pos);
			continue;
		}
		strbuf_add(out, line.ptr + done, pos - done + found.kept);
		strbuf_adds(out, found.mask);
		pos += found.kept + found.masked;
		done = pos;
	}
	strbuf_add(out, line.ptr + done, line.len - done);
}
