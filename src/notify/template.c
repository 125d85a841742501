/*
 * Reading templates.  See template.h; filling them in is template_render.c.
 *
 * What is wrong with one is said when the configuration is read, so that an alert at night finds no
 * mistake: unknown names, sections that do not close, lists within themselves.
 */
#include "notify/template.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "notify/template_internal.h"

enum { CUT_MAX = 100000 };

static const struct template_name {
	const char *name;
	enum template_value value;
} names[] = {
	{"title", VALUE_TITLE},
	{"source", VALUE_SOURCE},
	{"message", VALUE_MESSAGE},
	{"severity", VALUE_SEVERITY},
	{"status", VALUE_STATUS},
	{"id", VALUE_ID},
	{"fingerprint", VALUE_FINGERPRINT},
	{"runbook", VALUE_RUNBOOK},
	{"events", VALUE_EVENTS},
	{"hidden", VALUE_HIDDEN},
	{"acked_by", VALUE_ACKED_BY},
	{"time", VALUE_TIME},
	{"started", VALUE_STARTED},
	{"ended", VALUE_ENDED},
	{"duration", VALUE_DURATION},
	{"firing", VALUE_FIRING},
	{"resolved", VALUE_RESOLVED},
	{"subject", VALUE_SUBJECT},
	{"text", VALUE_TEXT},
	{"purpose", VALUE_PURPOSE},
	{"group", VALUE_GROUP},
	{"count", VALUE_COUNT},
	{"key", VALUE_KEY},
	{"repeat", VALUE_REPEAT},
	{"name", VALUE_NAME},
	{"value", VALUE_VALUE},
	{"fields", VALUE_FIELDS},
	{"labels", VALUE_LABELS},
	{"alerts", VALUE_ALERTS},
};

static const char *const filter_names[] = {
	[FILTER_UPPER] = "upper",
	[FILTER_LOWER] = "lower",
	[FILTER_CUT] = "cut",
	[FILTER_JSON] = "json",
	[FILTER_URL] = "url",
};

struct template_parser {
	struct arena *arena;
	struct template *template;
	struct str source;
	size_t at;                       /* of the tag at hand, for errors */
	size_t open[TEMPLATE_DEPTH_MAX]; /* nodes of the sections around here */
	size_t depth;
};

static int fail(const struct template_parser *p, struct err *err, const char *what, struct str name)
{
	const struct str before = str_sub(p->source, 0, p->at);
	size_t column = 1;

	for (size_t i = 0; i < before.len; i++) {
		column += ((unsigned char)before.ptr[i] & 0xc0) != 0x80;
	}
	return err_set(
		err, ERR_INPUT, "%s '%s' at character %zu", what, utf8_quote(name).text, column);
}

static int unknown(const struct template_parser *p, struct err *err, const char *what,
	struct str name, const char *near)
{
	(void)fail(p, err, what, name);
	if (near && err) {
		struct err told = *err;

		return err_set(err, ERR_INPUT, "%s; did you mean '%s'?", told.msg, near);
	}
	return -1;
}

static int find_value(const struct template_parser *p, struct str name, struct template_node *node,
	struct err *err)
{
	const char *known[ARRAY_LEN(names) + 2] = {"label.NAME", "field.NAME"};

	if (str_starts(name, "label.") || str_starts(name, "field.")) {
		const struct str key = str_sub(name, strlen("label."), name.len);

		node->value = str_starts(name, "label.") ? VALUE_LABEL : VALUE_FIELD;
		node->key = str_dup(key, p->arena);
		return key.len > 0 ? 0 : fail(p, err, "no name behind", name);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_is(name, names[i].name)) {
			node->value = names[i].value;
			return 0;
		}
		known[i + 2] = names[i].name;
	}
	return unknown(p, err, "unknown name", name, suggest(name, known, ARRAY_LEN(known)));
}

static bool is_list(enum template_value value)
{
	return value == VALUE_FIELDS || value == VALUE_LABELS || value == VALUE_ALERTS;
}

static bool is_pair_list(enum template_value value)
{
	return value == VALUE_FIELDS || value == VALUE_LABELS;
}

/* {{name}} and {{value}} are of the list around them. */
static bool is_within_pairs(const struct template_parser *p)
{
	for (size_t i = 0; i < p->depth; i++) {
		const struct template_node *node = &p->template->nodes[p->open[i]];

		if (node->kind == NODE_SECTION && is_pair_list(node->value)) {
			return true;
		}
	}
	return false;
}

static bool is_within_alerts(const struct template_parser *p)
{
	for (size_t i = 0; i < p->depth; i++) {
		const struct template_node *node = &p->template->nodes[p->open[i]];

		if (node->kind == NODE_SECTION && node->value == VALUE_ALERTS) {
			return true;
		}
	}
	return false;
}

static int add_filter(const struct template_parser *p, struct str text, struct template_node *node,
	struct err *err)
{
	const size_t colon = str_find(text, ':', 0);
	const struct str name = str_trim(str_sub(text, 0, colon));
	struct template_filter *filter = &node->filters[node->filters_count];
	int64_t max = 0;

	if (node->filters_count == TEMPLATE_FILTERS_MAX) {
		return fail(p, err, "too many filters before", text);
	}
	for (size_t i = 0; i < ARRAY_LEN(filter_names); i++) {
		if (!str_is(name, filter_names[i])) {
			continue;
		}
		filter->kind = (enum template_filter_kind)i;
		if ((filter->kind == FILTER_CUT) != (colon < text.len)) {
			return fail(p, err,
				filter->kind == FILTER_CUT ? "no number, as in cut:80, behind"
							   : "nothing may stand behind",
				name);
		}
		if (filter->kind == FILTER_CUT &&
			parse_int(str_trim(str_sub(text, colon + 1, text.len)), 1, CUT_MAX, &max,
				NULL) < 0) {
			return fail(p, err, "no number of characters in", text);
		}
		filter->max = (size_t)max;
		node->filters_count++;
		return 0;
	}
	return unknown(p, err, "unknown filter", name,
		suggest(name, filter_names, ARRAY_LEN(filter_names)));
}

/* "severity|upper" */
static int add_value(struct template_parser *p, struct str tag, struct err *err)
{
	struct template_node node = {.kind = NODE_VALUE};
	struct str rest = tag;
	struct str piece;

	(void)str_split(&rest, '|', &piece);
	piece = str_trim(piece);
	if (find_value(p, piece, &node, err) < 0) {
		return -1;
	}
	if (is_list(node.value)) {
		return fail(p, err, "a list needs a section, {{#...}}, not", piece);
	}
	if ((node.value == VALUE_NAME || node.value == VALUE_VALUE) && !is_within_pairs(p)) {
		return fail(p, err, "only within {{#fields}} or {{#labels}} is there", piece);
	}
	while (rest.ptr && str_split(&rest, '|', &piece)) {
		if (add_filter(p, str_trim(piece), &node, err) < 0) {
			return -1;
		}
	}
	*VEC_PUSH_IN(p->arena, p->template, nodes) = node;
	return 0;
}

static int open_section(
	struct template_parser *p, struct str name, bool is_inverted, struct err *err)
{
	struct template_node node = {.kind = is_inverted ? NODE_INVERTED : NODE_SECTION};

	if (find_value(p, name, &node, err) < 0) {
		return -1;
	}
	if (p->depth == TEMPLATE_DEPTH_MAX) {
		return fail(p, err, "too many sections around", name);
	}
	if (!is_inverted && ((is_pair_list(node.value) && is_within_pairs(p)) ||
				    (node.value == VALUE_ALERTS && is_within_alerts(p)))) {
		return fail(p, err, "a list cannot stand within one of its kind:", name);
	}
	p->open[p->depth++] = p->template->nodes_count;
	*VEC_PUSH_IN(p->arena, p->template, nodes) = node;
	return 0;
}

static int close_section(struct template_parser *p, struct str name, struct err *err)
{
	struct template_node named = {0};
	struct template_node *node;

	if (find_value(p, name, &named, err) < 0) {
		return -1;
	}
	if (p->depth == 0) {
		return fail(p, err, "there is no section to close for", name);
	}
	node = &p->template->nodes[p->open[p->depth - 1]];
	if (node->value != named.value || (named.key && strcmp(node->key, named.key) != 0)) {
		return fail(p, err, "another section is to be closed before", name);
	}
	node->end = p->template->nodes_count;
	p->depth--;
	return 0;
}

static int add_tag(struct template_parser *p, struct str tag, struct err *err)
{
	tag = str_trim(tag);
	if (tag.len == 0) {
		return fail(p, err, "nothing in", str_of("{{}}"));
	}
	switch (tag.ptr[0]) {
	case '#':
		return open_section(p, str_trim(str_sub(tag, 1, tag.len)), false, err);
	case '^':
		return open_section(p, str_trim(str_sub(tag, 1, tag.len)), true, err);
	case '/':
		return close_section(p, str_trim(str_sub(tag, 1, tag.len)), err);
	default:
		return add_value(p, tag, err);
	}
}

static void add_text(struct template_parser *p, struct str text)
{
	if (text.len > 0) {
		*VEC_PUSH_IN(p->arena, p->template, nodes) =
			(struct template_node){.kind = NODE_TEXT, .text = text};
	}
}

static bool starts_at(struct str text, size_t at, const char *what)
{
	return str_starts(str_sub(text, at, text.len), what);
}

/* The position of `what` at or after `from`; the length if there is none. */
static size_t find(struct str text, const char *what, size_t from)
{
	const char *hit = memmem(text.ptr + from, text.len - from, what, strlen(what));

	return hit ? (size_t)(hit - text.ptr) : text.len;
}

static int parse_all(struct template_parser *p, struct err *err)
{
	const struct str source = p->source;
	size_t at = 0;

	while (at < source.len) {
		const size_t begin = find(source, "{{", at);
		size_t end;

		add_text(p, str_sub(source, at, begin - at));
		if (begin == source.len) {
			break;
		}
		p->at = begin;
		if (starts_at(source, begin, "{{{{")) {
			add_text(p, str_sub(source, begin, 2));
			at = begin + 4;
			continue;
		}
		end = find(source, "}}", begin + 2);
		if (end == source.len) {
			return fail(p, err, "no '}}' behind", str_sub(source, begin, 20));
		}
		if (add_tag(p, str_sub(source, begin + 2, end - begin - 2), err) < 0) {
			return -1;
		}
		at = end + 2;
	}
	return 0;
}

static const char *name_of(const struct template_node *node)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].value == node->value) {
			return names[i].name;
		}
	}
	return node->key;
}

int template_parse(
	struct str text, struct arena *arena, struct template **ret_template, struct err *err)
{
	struct template_parser p = {
		.arena = arena,
		.template = arena_alloc(arena, sizeof(*p.template)),
		.source = str_n(str_dup(text, arena), text.len),
	};

	if (text.len > TEMPLATE_MAX) {
		return err_set(err, ERR_INPUT, "a template has at most %d bytes, not %zu",
			TEMPLATE_MAX, text.len);
	}
	if (!utf8_is_valid(text) || str_find(text, '\0', 0) < text.len) {
		return err_set(err, ERR_INPUT, "the template is not UTF-8 text");
	}
	p.template->source = p.source;
	if (parse_all(&p, err) < 0) {
		return -1;
	}
	p.at = text.len;
	if (p.depth > 0) {
		const struct template_node *node = &p.template->nodes[p.open[p.depth - 1]];

		return fail(&p, err, "nothing closes the section", str_of(name_of(node)));
	}
	*ret_template = p.template;
	return 0;
}

struct str template_source(const struct template *template)
{
	return template->source;
}

/* The option */

static int option_template_parse(const struct option_row *row, const struct option_context *context,
	struct str text, void *field, struct err *err)
{
	(void)row;
	return template_parse(text, context->arena, field, err);
}

static void option_template_schema(const struct option_row *row, struct strbuf *out)
{
	(void)row;
	strbuf_adds(out, "\"type\": \"string\"");
}

static void option_template_add(const void *field, struct strbuf *out)
{
	const struct template *template = *(struct template *const *)field;

	if (template) {
		strbuf_addc(out, '=');
		strbuf_addstr(out, template->source);
	}
}

const struct option_type option_template = {
	.name = "template",
	.placeholder = "TEMPLATE",
	.size = sizeof(struct template *),
	.parse = option_template_parse,
	.schema = option_template_schema,
	.syntax = "text in which {{title}}, {{severity|upper}}, {{field.disk}} and the like stand "
		  "for "
		  "what a message has to say; see docs/templates.md",
	.add = option_template_add,
};
