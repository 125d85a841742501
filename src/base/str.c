/*
 * Looking at strings without owning them.  See str.h.
 */
#include "base/str.h"

#include "base/arena.h"

bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool str_is(struct str a, const char *s)
{
	return str_eq(a, str_of(s));
}

bool str_starts(struct str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.ptr, prefix, len) == 0;
}

bool str_ends(struct str s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len >= len && memcmp(s.ptr + s.len - len, suffix, len) == 0;
}

bool str_contains(struct str s, const char *needle)
{
	return memmem(s.ptr, s.len, needle, strlen(needle)) != NULL;
}

int str_cmp(struct str a, struct str b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	if (order != 0 || a.len == b.len) {
		return order;
	}
	return a.len < b.len ? -1 : 1;
}

size_t str_find(struct str s, char c, size_t from)
{
	const char *hit = from < s.len ? memchr(s.ptr + from, c, s.len - from) : NULL;

	return hit ? (size_t)(hit - s.ptr) : s.len;
}

struct str str_sub(struct str s, size_t pos, size_t len)
{
	if (pos > s.len) {
		pos = s.len;
	}
	if (len > s.len - pos) {
		len = s.len - pos;
	}
	return str_n(s.ptr + pos, len);
}

struct str str_ltrim(struct str s)
{
	while (s.len > 0 && char_is_space(s.ptr[0])) {
		s = str_n(s.ptr + 1, s.len - 1);
	}
	return s;
}

struct str str_rtrim(struct str s)
{
	while (s.len > 0 && char_is_space(s.ptr[s.len - 1])) {
		s.len--;
	}
	return s;
}

struct str str_trim(struct str s)
{
	return str_ltrim(str_rtrim(s));
}

bool str_split(struct str *rest, char sep, struct str *ret_piece)
{
	size_t at;

	if (!rest->ptr) {
		return false;
	}
	at = str_find(*rest, sep, 0);
	*ret_piece = str_n(rest->ptr, at);
	if (at < rest->len) {
		*rest = str_n(rest->ptr + at + 1, rest->len - at - 1);
	} else {
		*rest = str_n(NULL, 0);
	}
	return true;
}

bool str_line(struct str *rest, struct str *ret_line)
{
	size_t at;

	if (rest->len == 0) {
		return false;
	}
	at = str_find(*rest, '\n', 0);
	*ret_line = str_n(rest->ptr, at);
	if (ret_line->len > 0 && ret_line->ptr[ret_line->len - 1] == '\r') {
		ret_line->len--;
	}
	*rest = str_sub(*rest, at + 1, rest->len);
	return true;
}

static bool char_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool str_word(struct str *rest, struct str *ret_word)
{
	size_t start = 0;
	size_t end;

	while (start < rest->len && char_is_blank(rest->ptr[start])) {
		start++;
	}
	end = start;
	while (end < rest->len && !char_is_blank(rest->ptr[end])) {
		end++;
	}
	if (end == start) {
		return false;
	}
	*ret_word = str_n(rest->ptr + start, end - start);
	*rest = str_n(rest->ptr + end, rest->len - end);
	return true;
}

char *str_dup(struct str s, struct arena *arena)
{
	return arena_strndup(arena, s.ptr, s.len);
}

bool char_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool char_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool char_is_alnum(char c)
{
	return char_is_alpha(c) || char_is_digit(c);
}

bool str_is_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!char_is_digit(s.ptr[i])) {
			return false;
		}
	}
	return s.len > 0;
}

char char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int char_hex_value(char c)
{
	if (char_is_digit(c)) {
		return c - '0';
	}
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_case_eq(struct str a, struct str b)
{
	if (a.len != b.len) {
		return false;
	}
	for (size_t i = 0; i < a.len; i++) {
		if (char_lower(a.ptr[i]) != char_lower(b.ptr[i])) {
			return false;
		}
	}
	return true;
}
