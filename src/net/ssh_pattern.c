/*
 * Matching with one place to come back to: the last "*" seen.  See ssh_pattern.h.
 */
#include "net/ssh_pattern.h"

bool ssh_pattern_matches(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = pattern.len, star_text = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.ptr[p] == '*') {
			star = p++;
			star_text = t;
		} else if (p < pattern.len &&
			   (pattern.ptr[p] == '?' ||
				   char_lower(pattern.ptr[p]) == char_lower(text.ptr[t]))) {
			p++;
			t++;
		} else if (star < pattern.len) {
			p = star + 1;
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.ptr[p] == '*') {
		p++;
	}
	return p == pattern.len;
}

enum ssh_pattern_answer ssh_pattern_ask(struct str pattern, struct str text)
{
	bool is_negated = str_starts(pattern, "!");

	if (!ssh_pattern_matches(is_negated ? str_sub(pattern, 1, pattern.len) : pattern, text)) {
		return SSH_PATTERN_NO;
	}
	return is_negated ? SSH_PATTERN_NEGATED : SSH_PATTERN_YES;
}

bool ssh_pattern_list_matches(struct str list, struct str text)
{
	bool has_match = false;
	struct str pattern;

	while (str_split(&list, ',', &pattern)) {
		switch (ssh_pattern_ask(pattern, text)) {
		case SSH_PATTERN_NO:
			break;
		case SSH_PATTERN_YES:
			has_match = true;
			break;
		case SSH_PATTERN_NEGATED:
			return false;
		}
	}
	return has_match;
}

bool ssh_pattern_is_wild(struct str pattern)
{
	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.ptr[i] == '*' || pattern.ptr[i] == '?') {
			return true;
		}
	}
	return str_starts(pattern, "!");
}
