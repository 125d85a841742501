/*
 * libyaml says what it was looking for; a person wants to know what to change.  See yaml_explain.h.
 */
#include "conf/yaml_explain.h"

#include "base/alloc.h"
#include "base/utf8.h"
#include "conf/shown.h"

/* YAML's own list: tab, line breaks, and all that can be seen. */
static bool is_allowed(uint32_t c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f) || c == 0x85 ||
	       (c >= 0xa0 && c != 0xfffe && c != 0xffff && c != 0xfeff);
}

/* As libyaml counts lines. */
static bool is_break(uint32_t c, struct str rest)
{
	return c == '\n' || (c == '\r' && !str_starts(rest, "\n")) || c == 0x85 || c == 0x2028 ||
	       c == 0x2029;
}

static bool is_utf16(struct str text)
{
	return str_starts(text, "\xff\xfe") || str_starts(text, "\xfe\xff");
}

static bool refuse_character(struct str text, uint32_t c, size_t len, struct strbuf *explanation)
{
	if (len == 0 && is_utf16(text)) {
		strbuf_adds(explanation, "the file is UTF-16 text; save it as UTF-8");
	} else if (len == 0) {
		strbuf_addf(explanation, "byte 0x%02x is not UTF-8; save the file as UTF-8",
			(unsigned char)text.ptr[0]);
	} else if (c == 0xfeff) {
		strbuf_adds(explanation,
			"a byte order mark is allowed only at the beginning of the file");
	} else {
		strbuf_addf(explanation,
			"control character U+%04X is not allowed; is this a text file?", c);
	}
	return false;
}

bool yaml_text_is_readable(
	struct str text, struct yaml_place *ret_place, struct strbuf *explanation)
{
	struct yaml_place place = {1, 1};

	while (text.len > 0) {
		uint32_t c = 0;
		const size_t len = utf8_decode(text, &c);

		if (len == 0 || !is_allowed(c)) {
			*ret_place = place;
			return refuse_character(text, c, len, explanation);
		}
		text = str_n(text.ptr + len, text.len - len);
		place.column++;
		if (is_break(c, text)) {
			place = (struct yaml_place){place.line + 1, 1};
		}
	}
	return true;
}

/* What libyaml says, what it was doing then (NULL: whatever), and what we say. */
struct explanation {
	const char *problem;
	const char *context;
	const char *text;
	/* Where the construct begins is the place that matters, as the problem is only seen at
	 * the end of it. */
	bool is_at_beginning;
	const char *beginning; /* "the list": " (the list begins on line 3)" is added */
};

// clang-format off
static const struct explanation explanations[] = {
	{"mapping values are not allowed in this context", NULL,
	 "a ':' is not allowed here; is the line indented too far, or a text with ': ' in it not quoted?", false, NULL},
	{"block sequence entries are not allowed in this context", NULL,
	 "a list item ('- ') is not allowed here; put it on a line of its own, or quote the text", false, NULL},
	{"mapping keys are not allowed in this context", NULL,
	 "a key ('? ') is not allowed here; check the indentation, or quote the text", false, NULL},
	{"could not find expected ':'", NULL,
	 "a key without ':' after it; check the indentation", true, NULL},
	{"found unexpected end of stream", "while scanning a quoted scalar",
	 "the quoted text that begins here does not end", true, NULL},
	{"found unexpected document indicator", "while scanning a quoted scalar",
	 "the quoted text that begins here does not end before '---' or '...'", true, NULL},
	{"found unknown escape character", NULL,
	 "unknown escape in a text in double quotes; write \\\\ for a backslash, or use single quotes", false, NULL},
	{"did not find expected alphabetic or numeric character", NULL,
	 "'*' and '&' must be followed by a name; quote a text that begins with one of them", true, NULL},
	{"did not find expected key", "while parsing a block mapping",
	 "expected a key ('key: value') here; check indentation and quotes", false, "the mapping"},
	{"did not find expected '-' indicator", NULL,
	 "expected a list item ('- ') here; check the indentation", false, "the list"},
	{"did not find expected ',' or ']'", NULL,
	 "expected ',' or ']' here", false, "the list"},
	{"did not find expected ',' or '}'", NULL,
	 "expected ',' or '}' here", false, "the mapping"},
	{"did not find expected node content", "while parsing a flow node",
	 "a list or mapping in brackets is not closed, or has nothing before a ','", false, NULL},
	{"did not find expected node content", NULL,
	 "expected a value here; quote a text that begins with ',', ']' or '}'", false, NULL},
	{"did not find expected <document start>", NULL,
	 "there is more text after the end of the document", false, NULL},
	{"found undefined tag handle", NULL,
	 "a value cannot begin with '!' here; quote it", false, NULL},
	{"found incompatible YAML document", NULL,
	 "this version of YAML is not known; remove the '%YAML' line", false, NULL},
	{"did not find expected comment or line break", NULL,
	 "after '|' or '>' the line must end; quote a text that begins with one of them", false, NULL},
};
// clang-format on

static bool is_same(const char *said, const char *known)
{
	return !known || (said && strcmp(said, known) == 0);
}

static const struct explanation *find_explanation(const yaml_parser_t *parser)
{
	for (size_t i = 0; i < ARRAY_LEN(explanations); i++) {
		if (is_same(parser->problem, explanations[i].problem) &&
			is_same(parser->context, explanations[i].context)) {
			return &explanations[i];
		}
	}
	return NULL;
}

/* Line `number`, counted from 0. */
static struct str line_at(struct str text, size_t number)
{
	struct str line = str_n("", 0);

	for (size_t i = 0; i <= number; i++) {
		if (!str_line(&text, &line)) {
			return str_n("", 0);
		}
	}
	return line;
}

static bool is_indented_by_tab(struct str line)
{
	size_t i = 0;

	while (i < line.len && line.ptr[i] == ' ') {
		i++;
	}
	return i < line.len && line.ptr[i] == '\t';
}

/* The character at a mark, as text; empty past the end of the line. */
static struct str character_at(struct str line, size_t column)
{
	uint32_t c;

	for (; column > 0 && line.len > 0; column--) {
		const size_t len = utf8_decode(line, &c);

		line = str_sub(line, len > 0 ? len : 1, line.len);
	}
	return str_sub(line, 0, utf8_decode(line, &c));
}

static bool explain_tab(const yaml_parser_t *parser, struct str text, struct yaml_place *ret_place,
	struct strbuf *explanation)
{
	const struct str line = line_at(text, parser->problem_mark.line);

	if (!is_indented_by_tab(line) &&
		!str_is(character_at(line, parser->problem_mark.column), "\t")) {
		return false;
	}
	ret_place->line = (uint32_t)parser->problem_mark.line + 1;
	ret_place->column = (uint32_t)str_find(line, '\t', 0) + 1;
	strbuf_adds(explanation, "tabs cannot indent YAML; use spaces");
	return true;
}

static struct yaml_place place_of(yaml_mark_t mark)
{
	return (struct yaml_place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

void yaml_explain(const yaml_parser_t *parser, struct str text, struct yaml_place *ret_place,
	struct strbuf *explanation)
{
	const struct explanation *known = find_explanation(parser);
	const char *problem = parser->problem ? parser->problem : "unknown problem";

	*ret_place = place_of(parser->problem_mark);
	if (explain_tab(parser, text, ret_place, explanation)) {
		return;
	}
	if (strcmp(problem, "found character that cannot start any token") == 0) {
		const struct str line = line_at(text, parser->problem_mark.line);

		strbuf_addf(explanation, "a text cannot begin with '%s' without quotes",
			shown(character_at(line, parser->problem_mark.column)).text);
		return;
	}
	if (!known) {
		strbuf_addf(explanation, "not valid YAML: %s", problem);
		return;
	}
	if (known->is_at_beginning) {
		*ret_place = place_of(parser->context_mark);
	}
	strbuf_adds(explanation, known->text);
	if (known->beginning && parser->context_mark.line != parser->problem_mark.line) {
		strbuf_addf(explanation, " (%s begins on line %zu)", known->beginning,
			parser->context_mark.line + 1);
	}
}
