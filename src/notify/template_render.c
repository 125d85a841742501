/*
 * Filling in templates.  See template.h; reading them is template.c.
 *
 * A notification without alerts (a summary, a digest, a notice) has its own title and text as
 * {{title}} and {{message}}, so that a template written for alerts says something of it too.
 */
#include <inttypes.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/time.h"
#include "notify/notify_text.h"
#include "notify/template.h"
#include "notify/template_internal.h"

/* What names stand for at one place of the template. */
struct view {
	const struct notification *notification;
	const struct alert *alert; /* NULL: there is none */
	const struct pair *pair;   /* within a list of pairs */
};

struct renderer {
	const struct template *template;
	template_escape_fn *escape;
	bool is_json; /* what the filter json made needs no escaping */
	struct strbuf *out;
};

static void add_number(int64_t number, struct strbuf *out)
{
	strbuf_addf(out, "%" PRId64, number);
}

static void add_time(int64_t time_ms, struct strbuf *out)
{
	if (time_ms > 0) {
		time_add_rfc3339(out, time_ms);
	}
}

static void add_flag(bool flag, struct strbuf *out)
{
	if (flag) {
		strbuf_adds(out, "true");
	}
}

static void add_maybe(const char *text, struct strbuf *out)
{
	strbuf_adds(out, text ? text : "");
}

static const struct alert nothing = {.fingerprint = "", .title = "", .source = "", .message = ""};

static void add_duration(const struct view *view, const struct alert *alert, struct strbuf *out)
{
	const int64_t end_ms =
		alert->is_resolved ? alert->resolved_ms : view->notification->time_ms;

	if (alert->started_ms > 0 && end_ms >= alert->started_ms) {
		time_add_duration(out, end_ms - alert->started_ms);
	}
}

static void add_title(const struct view *view, struct strbuf *out)
{
	if (view->alert) {
		strbuf_adds(out, view->alert->title);
	} else {
		notify_add_plain_title(view->notification, out);
	}
}

static void add_message(const struct view *view, struct strbuf *out)
{
	if (view->alert) {
		strbuf_adds(out, view->alert->message);
	} else {
		notify_add_plain_text(NULL, view->notification, out);
	}
}

static int64_t count_of(const struct notification *notification)
{
	if (notification->summary) {
		return notification->summary->count;
	}
	return notification_total(notification);
}

/* The value as it is; an empty one is what sections take for false. */
static void add_value(const struct view *view, const struct template_node *node, struct strbuf *out)
{
	const struct notification *notification = view->notification;
	const struct alert *alert = view->alert ? view->alert : &nothing;

	switch (node->value) {
	case VALUE_TITLE:
		add_title(view, out);
		break;
	case VALUE_SOURCE:
		strbuf_adds(out, alert->source);
		break;
	case VALUE_MESSAGE:
		add_message(view, out);
		break;
	case VALUE_SEVERITY:
		strbuf_adds(
			out, severity_name(view->alert ? alert->severity : notification->severity));
		break;
	case VALUE_STATUS:
		strbuf_adds(out, !view->alert ? "" : alert->is_resolved ? "resolved" : "firing");
		break;
	case VALUE_ID:
		if (alert->id > 0) {
			add_number(alert->id, out);
		}
		break;
	case VALUE_FINGERPRINT:
		strbuf_adds(out, alert->fingerprint);
		break;
	case VALUE_RUNBOOK:
		add_maybe(alert->runbook, out);
		break;
	case VALUE_EVENTS:
		add_number(alert->events, out);
		break;
	case VALUE_HIDDEN:
		if (alert->hidden > 0) {
			add_number(alert->hidden, out);
		}
		break;
	case VALUE_ACKED_BY:
		add_maybe(alert->acked_by, out);
		break;
	case VALUE_TIME:
		add_time(view->alert ? alert->time_ms : notification->time_ms, out);
		break;
	case VALUE_STARTED:
		add_time(alert->started_ms, out);
		break;
	case VALUE_ENDED:
		add_time(alert->resolved_ms, out);
		break;
	case VALUE_DURATION:
		add_duration(view, alert, out);
		break;
	case VALUE_FIRING:
		add_flag(view->alert && !alert->is_resolved, out);
		break;
	case VALUE_RESOLVED:
		add_flag(alert->is_resolved, out);
		break;
	case VALUE_LABEL:
		add_maybe(pairs_get(&alert->labels, node->key), out);
		break;
	case VALUE_FIELD:
		add_maybe(pairs_get(&alert->fields, node->key), out);
		break;
	case VALUE_SUBJECT:
		notify_add_plain_title(notification, out);
		break;
	case VALUE_TEXT:
		notify_add_plain_text(NULL, notification, out);
		break;
	case VALUE_PURPOSE:
		strbuf_adds(out, notification_purpose_name(notification->purpose));
		break;
	case VALUE_GROUP:
		add_maybe(notification->group, out);
		break;
	case VALUE_COUNT:
		add_number(count_of(notification), out);
		break;
	case VALUE_KEY:
		add_maybe(notification->key, out);
		break;
	case VALUE_REPEAT:
		add_flag(notification->may_be_repeat, out);
		break;
	case VALUE_NAME:
		add_maybe(view->pair ? view->pair->name : NULL, out);
		break;
	case VALUE_VALUE:
		add_maybe(view->pair ? view->pair->value : NULL, out);
		break;
	case VALUE_FIELDS:
	case VALUE_LABELS:
	case VALUE_ALERTS:
		break;
	}
}

/* Filters */

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static void add_url(struct str text, struct strbuf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (char_is_alnum(text.ptr[i]) || memchr("-._~", text.ptr[i], 4)) {
			strbuf_addc(out, text.ptr[i]);
		} else {
			strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)text.ptr[i]);
		}
	}
}

static void add_json(struct str text, struct strbuf *out)
{
	struct json_writer json;

	json_writer_init(&json, out, false);
	json_write_str(&json, text);
}

static void filter(const struct template_filter *filter, struct strbuf *text)
{
	struct strbuf out = STRBUF_INIT;

	switch (filter->kind) {
	case FILTER_UPPER:
		for (size_t i = 0; i < text->len; i++) {
			text->buf[i] = upper(text->buf[i]);
		}
		return;
	case FILTER_LOWER:
		for (size_t i = 0; i < text->len; i++) {
			text->buf[i] = char_lower(text->buf[i]);
		}
		return;
	case FILTER_CUT:
		notify_add_cut_chars(strbuf_str(text), filter->max, &out);
		break;
	case FILTER_JSON:
		add_json(strbuf_str(text), &out);
		break;
	case FILTER_URL:
		add_url(strbuf_str(text), &out);
		break;
	}
	strbuf_release(text);
	*text = out;
}

/* The same without the quotes around it. */
static void add_json_inside(struct str text, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf quoted = STRBUF_INIT;

	add_json(text, &quoted);
	strbuf_add(out, quoted.buf + 1, quoted.len - 2);
}

static bool is_json_text(const struct template_node *node)
{
	return node->filters_count > 0 &&
	       node->filters[node->filters_count - 1].kind == FILTER_JSON;
}

static void render_value(
	const struct renderer *r, const struct view *view, const struct template_node *node)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	add_value(view, node, &text);
	for (size_t i = 0; i < node->filters_count; i++) {
		filter(&node->filters[i], &text);
	}
	if (r->escape && !(r->is_json && is_json_text(node))) {
		r->escape(strbuf_str(&text), r->out);
	} else {
		strbuf_addstr(r->out, strbuf_str(&text));
	}
}

/* Sections */

static void render(const struct renderer *, const struct view *, size_t begin, size_t end);

static bool is_full(const struct renderer *r)
{
	return r->out->dropped_bytes > 0;
}

static bool has_list(const struct view *view, enum template_value list)
{
	const struct alert *alert = view->alert ? view->alert : &nothing;

	if (list == VALUE_ALERTS) {
		return view->notification->alerts_count > 0;
	}
	return (list == VALUE_FIELDS ? alert->fields : alert->labels).items_count > 0;
}

static bool is_true(const struct view *view, const struct template_node *node)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (node->value == VALUE_FIELDS || node->value == VALUE_LABELS ||
		node->value == VALUE_ALERTS) {
		return has_list(view, node->value);
	}
	add_value(view, node, &text);
	return text.len > 0 && !str_is(strbuf_str(&text), "0");
}

static void render_pairs(const struct renderer *r, const struct view *view,
	const struct pairs *pairs, size_t begin, size_t end)
{
	for (size_t i = 0; i < pairs->items_count && !is_full(r); i++) {
		struct view inner = *view;

		inner.pair = &pairs->items[i];
		render(r, &inner, begin, end);
	}
}

static void render_alerts(
	const struct renderer *r, const struct view *view, size_t begin, size_t end)
{
	for (size_t i = 0; i < view->notification->alerts_count && !is_full(r); i++) {
		struct view inner = *view;

		inner.alert = view->notification->alerts[i];
		render(r, &inner, begin, end);
	}
}

static void render_section(const struct renderer *r, const struct view *view, size_t at)
{
	const struct template_node *node = &r->template->nodes[at];
	const struct alert *alert = view->alert ? view->alert : &nothing;

	if (node->kind == NODE_INVERTED) {
		if (!is_true(view, node)) {
			render(r, view, at + 1, node->end);
		}
	} else if (node->value == VALUE_ALERTS) {
		render_alerts(r, view, at + 1, node->end);
	} else if (node->value == VALUE_FIELDS || node->value == VALUE_LABELS) {
		render_pairs(r, view, node->value == VALUE_FIELDS ? &alert->fields : &alert->labels,
			at + 1, node->end);
	} else if (is_true(view, node)) {
		render(r, view, at + 1, node->end);
	}
}

/* Recurses as deep as sections are nested: TEMPLATE_DEPTH_MAX. */
static void render(const struct renderer *r, const struct view *view, size_t begin, size_t end)
{
	size_t at = begin;

	while (at < end && !is_full(r)) {
		const struct template_node *node = &r->template->nodes[at];

		switch (node->kind) {
		case NODE_TEXT:
			strbuf_addstr(r->out, node->text);
			at++;
			break;
		case NODE_VALUE:
			render_value(r, view, node);
			at++;
			break;
		case NODE_SECTION:
		case NODE_INVERTED:
			render_section(r, view, at);
			at = node->end;
			break;
		}
	}
}

static void render_all(const struct renderer *r, const struct notification *notification)
{
	const struct view view = {
		.notification = notification,
		.alert = notification->alerts_count > 0 ? notification->alerts[0] : NULL,
	};

	render(r, &view, 0, r->template->nodes_count);
}

void template_render(const struct template *template, const struct notification *notification,
	template_escape_fn *escape, struct strbuf *out)
{
	const struct renderer renderer = {.template = template, .escape = escape, .out = out};

	render_all(&renderer, notification);
}

void template_render_json(const struct template *template, const struct notification *notification,
	struct strbuf *out)
{
	const struct renderer renderer = {
		.template = template,
		.escape = add_json_inside,
		.is_json = true,
		.out = out,
	};

	render_all(&renderer, notification);
}
