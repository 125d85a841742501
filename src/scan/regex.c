/*
 * PCRE2 behind a small door.  See regex.h.
 */
#include "scan/regex.h"

#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/alloc.h"

/* Steps of the matcher and its memory in KiB: enough for any sensible pattern over a megabyte,
 * reached within a fraction of a second by one that backtracks without end. */
enum { MATCH_STEPS_MAX = 10 * 1000 * 1000, MATCH_HEAP_MAX_KIB = 16 * 1024 };

struct regex {
	char *pattern;
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

int regex_new(struct str pattern, enum regex_flags flags, struct regex **ret_regex, struct err *err)
{
	uint32_t options =
		PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
		(flags & REGEX_LINES ? PCRE2_MULTILINE : 0) |
		(flags & REGEX_WHOLE ? PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL : 0);
	int error = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, options, &error, &at, NULL);
	struct regex *regex;

	if (!code) {
		PCRE2_UCHAR text[160] = {0};

		(void)pcre2_get_error_message(error, text, sizeof(text));
		return err_set(err, ERR_INPUT, "regular expression '%.*s': %s at column %zu",
			pattern.len > 80 ? 80 : (int)pattern.len, pattern.ptr, (const char *)text,
			(size_t)at + 1);
	}

	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where there is none, it interprets */
	regex = xcalloc(1, sizeof(*regex));
	regex->pattern = xstrndup(pattern.ptr, pattern.len);
	regex->code = code;
	regex->match = pcre2_match_data_create_from_pattern(code, NULL);
	regex->limits = pcre2_match_context_create(NULL);
	if (!regex->match || !regex->limits) {
		abort();
	}
	(void)pcre2_set_match_limit(regex->limits, MATCH_STEPS_MAX);
	(void)pcre2_set_heap_limit(regex->limits, MATCH_HEAP_MAX_KIB);
	*ret_regex = regex;
	return 0;
}

void regex_free(struct regex *regex)
{
	if (!regex) {
		return;
	}
	pcre2_match_context_free(regex->limits);
	pcre2_match_data_free(regex->match);
	pcre2_code_free(regex->code);
	free(regex->pattern);
	free(regex);
}

const char *regex_pattern(const struct regex *regex)
{
	return regex->pattern;
}

enum regex_match regex_find(
	const struct regex *regex, struct str text, size_t *ret_start, size_t *ret_end)
{
	int status = pcre2_match(
		regex->code, (PCRE2_SPTR)text.ptr, text.len, 0, 0, regex->match, regex->limits);

	if (status == PCRE2_ERROR_NOMATCH) {
		return REGEX_NO_MATCH;
	}
	if (status < 0) {
		return REGEX_GAVE_UP;
	}

	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->match);

	*ret_start = at[0];
	*ret_end = at[1];
	return REGEX_MATCHES;
}

enum regex_match regex_match(const struct regex *regex, struct str text)
{
	size_t start;
	size_t end;

	return regex_find(regex, text, &start, &end);
}

static void regex_free_object(void *regex)
{
	regex_free(regex);
}

static int parse_with(enum regex_flags flags, const struct option_context *context, struct str text,
	void *field, struct err *err)
{
	struct regex *regex = NULL;

	if (regex_new(text, flags, &regex, err) < 0) {
		return -1;
	}
	arena_on_free(context->arena, regex_free_object, regex);
	*(struct regex **)field = regex;
	return 0;
}

static int option_regex_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	return parse_with(REGEX_PLAIN, context, text, field, err);
}

static int option_regex_lines_parse(const struct option_row *row,
	const struct option_context *context, struct str text, void *field, struct err *err)
{
	(void)row;
	return parse_with(REGEX_LINES, context, text, field, err);
}

static const char regex_syntax[] =
	"as Perl has them (PCRE2); it may match anywhere in the text, unless ^ and $ say otherwise";

static void option_regex_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\"");
}

const struct option_type option_regex = {
	.name = "regular expression",
	.placeholder = "REGEX",
	.size = sizeof(struct regex *),
	.parse = option_regex_parse,
	.schema = option_regex_schema,
	.syntax = regex_syntax,
};

const struct option_type option_regex_lines = {
	.name = "regular expression",
	.placeholder = "REGEX",
	.size = sizeof(struct regex *),
	.parse = option_regex_lines_parse,
	.schema = option_regex_schema,
	.syntax = regex_syntax,
};
