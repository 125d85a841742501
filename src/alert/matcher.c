/*
 * One name, one comparison, one value.  See matcher.h.
 */
#include "alert/matcher.h"

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "scan/regex.h"

enum matcher_op {
	OP_IS,
	OP_IS_NOT,
	OP_MATCHES,
	OP_MATCHES_NOT,
};

struct matcher {
	const char *text;
	const char *name;
	enum matcher_op op;
	const char *value;
	struct regex *regex; /* of the latter two */
};

static const char syntax[] = "label=value, label!=value, label=~regex or label!~regex";

const char *matcher_text(const struct matcher *matcher)
{
	return matcher->text;
}

const char *matcher_subject_get(const struct matcher_subject *subject, const char *name)
{
	const char *value;

	if (strcmp(name, "severity") == 0) {
		return severity_name(subject->severity);
	}
	if (strcmp(name, "source") == 0) {
		return subject->source;
	}
	if (strcmp(name, "title") == 0) {
		return subject->title;
	}
	value = pairs_get(subject->labels, name);
	return value ? value : "";
}

static bool matches_value(const struct matcher *matcher, const char *value)
{
	switch (matcher->op) {
	case OP_IS:
		return strcmp(value, matcher->value) == 0;
	case OP_IS_NOT:
		return strcmp(value, matcher->value) != 0;
	case OP_MATCHES:
		return regex_match(matcher->regex, str_of(value)) == REGEX_MATCHES;
	case OP_MATCHES_NOT:
		return regex_match(matcher->regex, str_of(value)) == REGEX_NO_MATCH;
	}
	return false;
}

bool matcher_matches(const struct matcher *matcher, const struct matcher_subject *subject)
{
	return matches_value(matcher, matcher_subject_get(subject, matcher->name));
}

static const struct matcher *at(const struct option_list *list, size_t i)
{
	return OPTION_AT(list, const struct matcher *, i);
}

bool matchers_match(const struct option_list *matchers, const struct matcher_subject *subject)
{
	for (size_t i = 0; i < matchers->count; i++) {
		if (!matcher_matches(at(matchers, i), subject)) {
			return false;
		}
	}
	return true;
}

/* --- what follows from what --- */

/* Of a severity all values are known, of others those that a matcher takes alone. */
static bool exclude_each_other(const struct matcher *a, const struct matcher *b)
{
	if (strcmp(a->name, b->name) != 0) {
		return false;
	}
	if (a->op == OP_IS) {
		return !matches_value(b, a->value);
	}
	return b->op == OP_IS && !matches_value(a, b->value);
}

/* A severity that every matcher on it takes. */
static bool has_severity(const struct option_list *matchers, const struct matcher **ret_last)
{
	bool found = false;

	for (int severity = 0; severity < SEVERITY_COUNT && !found; severity++) {
		found = true;
		for (size_t i = 0; i < matchers->count; i++) {
			if (strcmp(at(matchers, i)->name, "severity") == 0) {
				*ret_last = at(matchers, i);
				found = found &&
					matches_value(at(matchers, i), severity_names[severity]);
			}
		}
	}
	return found;
}

bool matchers_can_match(const struct option_list *matchers, const struct matcher **ret_one,
	const struct matcher **ret_other)
{
	const struct matcher *last = NULL;

	for (size_t i = 0; i < matchers->count; i++) {
		for (size_t j = i + 1; j < matchers->count; j++) {
			if (exclude_each_other(at(matchers, i), at(matchers, j))) {
				*ret_one = at(matchers, i);
				*ret_other = at(matchers, j);
				return false;
			}
		}
	}
	if (!has_severity(matchers, &last)) {
		*ret_one = *ret_other = last;
		return false;
	}
	return true;
}

/* Matches every value there can be. */
static bool takes_all(const struct matcher *matcher)
{
	if (strcmp(matcher->name, "severity") == 0) {
		for (int severity = 0; severity < SEVERITY_COUNT; severity++) {
			if (!matches_value(matcher, severity_names[severity])) {
				return false;
			}
		}
		return true;
	}
	return matcher->op == OP_MATCHES && strcmp(matcher->value, ".*") == 0;
}

/* Whatever `narrow` takes, `wide` takes. */
static bool follows(const struct matcher *wide, const struct matcher *narrow)
{
	if (strcmp(wide->name, narrow->name) != 0) {
		return false;
	}
	return narrow->op == OP_IS
		       ? matches_value(wide, narrow->value)
		       : wide->op == narrow->op && strcmp(wide->value, narrow->value) == 0;
}

bool matchers_cover(const struct option_list *wide, const struct option_list *narrow)
{
	for (size_t i = 0; i < wide->count; i++) {
		bool is_covered = takes_all(at(wide, i));

		for (size_t j = 0; j < narrow->count && !is_covered; j++) {
			is_covered = follows(at(wide, i), at(narrow, j));
		}
		if (!is_covered) {
			return false;
		}
	}
	return true;
}

bool matchers_are_narrow(const struct option_list *matchers)
{
	for (size_t i = 0; i < matchers->count; i++) {
		const struct matcher *matcher = at(matchers, i);

		if (strcmp(matcher->name, "severity") == 0) {
			if (!takes_all(matcher)) {
				return true;
			}
			continue;
		}
		if ((matcher->op == OP_IS || matcher->op == OP_MATCHES) &&
			!matches_value(matcher, "")) {
			return true;
		}
	}
	return false;
}

/* --- reading --- */

/* Where the comparison begins, and its length; 0 if there is none. */
static size_t find_op(struct str text, enum matcher_op *ret_op, size_t *ret_at)
{
	for (size_t i = 0; i < text.len; i++) {
		char next = i + 1 < text.len ? text.ptr[i + 1] : '\0';

		if (text.ptr[i] == '=' || (text.ptr[i] == '!' && (next == '=' || next == '~'))) {
			*ret_at = i;
			if (text.ptr[i] == '!') {
				*ret_op = next == '=' ? OP_IS_NOT : OP_MATCHES_NOT;
				return 2;
			}
			*ret_op = next == '~' ? OP_MATCHES : OP_IS;
			return next == '~' ? 2 : 1;
		}
	}
	return 0;
}

/* In double quotes; `value` is with them. */
static int unquote(struct str value, struct arena *arena, const char **ret_value, struct err *err)
{
	char *text = arena_alloc(arena, value.len + 1);
	size_t len = 0;
	size_t i = 1;

	for (; i < value.len && value.ptr[i] != '"'; i++) {
		if (value.ptr[i] == '\\' && i + 1 < value.len &&
			(value.ptr[i + 1] == '"' || value.ptr[i + 1] == '\\')) {
			i++;
		}
		text[len++] = value.ptr[i];
	}
	if (i + 1 != value.len) {
		return err_set(err, ERR_INPUT, "the value %s must end with its closing quote",
			utf8_quote(value).text);
	}
	*ret_value = text;
	return 0;
}

static int value_set(
	struct matcher *matcher, struct str value, struct arena *arena, struct err *err)
{
	if (str_starts(value, "\"")) {
		return unquote(value, arena, &matcher->value, err);
	}
	if (str_starts(value, "=")) {
		return err_set(err, ERR_INPUT, "'==' is no comparison, write '='");
	}
	matcher->value = str_dup(value, arena);
	return 0;
}

static void free_regex(void *regex)
{
	regex_free(regex);
}

static int regex_set(struct matcher *matcher, struct arena *arena, struct err *err)
{
	if (regex_new(str_of(matcher->value), REGEX_WHOLE, &matcher->regex, err) < 0) {
		return -1;
	}
	arena_on_free(arena, free_regex, matcher->regex);
	return 0;
}

/* A severity that does not exist is a slip; others' values cannot be known. */
static int severity_check(const struct matcher *matcher, struct err *err)
{
	enum severity severity;

	if (strcmp(matcher->name, "severity") != 0 || matcher->regex) {
		return 0;
	}
	return severity_parse(str_of(matcher->value), &severity, err);
}

/* A slip of the keyboard is a letter too few, or two in the wrong order; a letter more or another
 * one may make a label: "sources", "tithe". */
static bool is_slip(const char *name, const char *own)
{
	const size_t len = strlen(name), own_len = strlen(own);
	size_t same = 0, rest;

	while (same < len && name[same] == own[same]) {
		same++;
	}
	if (len + 1 == own_len) {
		return strcmp(name + same, own + same + 1) == 0;
	}
	rest = same + 2;
	return len == own_len && rest <= len && name[same] == own[same + 1] &&
	       name[same + 1] == own[same] && strcmp(name + rest, own + rest) == 0;
}

static int name_check(const struct matcher *matcher, struct err *err)
{
	static const char *const own[] = {"severity", "source", "title"};

	if (*matcher->name == '\0') {
		return err_set(err, ERR_INPUT, "there is no label in front of the comparison");
	}
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		if (strcmp(matcher->name, own[i]) != 0 &&
			str_case_eq(str_of(matcher->name), str_of(own[i]))) {
			return err_set(err, ERR_INPUT, "write '%s' in small letters", own[i]);
		}
		if (is_slip(matcher->name, own[i])) {
			return err_set(err, ERR_INPUT, "there is no '%s', did you mean '%s'?",
				matcher->name, own[i]);
		}
	}
	return 0;
}

static int parse(struct str text, struct arena *arena, struct matcher *matcher, struct err *err)
{
	size_t op_at = 0;
	size_t op_len = find_op(text, &matcher->op, &op_at);
	struct str value = str_trim(str_sub(text, op_at + op_len, text.len));

	if (text.len > MATCHER_MAX) {
		return err_set(err, ERR_LIMIT, "it is longer than %d bytes", MATCHER_MAX);
	}
	if (!utf8_is_valid(text) || str_find(text, '\0', 0) < text.len) {
		return err_set(err, ERR_INPUT, "it is no UTF-8 text");
	}
	if (op_len == 0) {
		return err_set(err, ERR_INPUT, "it compares nothing: write %s", syntax);
	}
	matcher->text = str_dup(text, arena);
	matcher->name = str_dup(str_trim(str_sub(text, 0, op_at)), arena);
	if (name_check(matcher, err) < 0 || value_set(matcher, value, arena, err) < 0) {
		return -1;
	}
	if ((matcher->op == OP_MATCHES || matcher->op == OP_MATCHES_NOT) &&
		regex_set(matcher, arena, err) < 0) {
		return -1;
	}
	return severity_check(matcher, err);
}

int matcher_parse(
	struct str text, struct arena *arena, struct matcher **ret_matcher, struct err *err)
{
	struct matcher *matcher = arena_alloc(arena, sizeof(*matcher));

	text = str_trim(text);
	if (text.len == 0) {
		return err_set(err, ERR_INPUT, "an empty matcher; write %s", syntax);
	}
	if (parse(text, arena, matcher, err) < 0) {
		return err_wrap(err, "matcher '%s'", utf8_quote(text).text);
	}
	*ret_matcher = matcher;
	return 0;
}

static int option_matcher_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	return matcher_parse(text, context->arena, field, err);
}

static void option_matcher_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\", \"pattern\": \"^[^=!]+(!?=|!~)|\\\\$\\\\{\"");
}

static void option_matcher_add(const void *field, struct strbuf *out)
{
	const struct matcher *const *matcher = field;

	if (*matcher) {
		strbuf_adds(out, (*matcher)->text);
	}
}

const struct option_type option_matcher = {
	.name = "matcher",
	.placeholder = "MATCHER",
	.size = sizeof(struct matcher *),
	.parse = option_matcher_parse,
	.schema = option_matcher_schema,
	.syntax = "label=value, label!=value, label=~regex or label!~regex; severity, source and "
		  "title "
		  "count as labels, one that is not there is empty, and a regular expression must "
		  "match the whole value",
	.add = option_matcher_add,
};
