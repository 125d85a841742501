/*
 * Styles stand in the elements, because many readers drop style sheets.  See mail_html.h.
 */
#include "notify/mail_html.h"

#include <inttypes.h>

#include "notify/notifier.h"
#include "notify/notify_text.h"

enum { TITLE_MAX = 2000, CELL_MAX = 400, NAME_MAX_BYTES = 100, LINK_MAX = 2048 };

#define RED "#c62828"
#define ORANGE "#a85a00"
#define BLUE "#1565c0"
#define GREEN "#2e7d32"
#define GREY "#546e7a"

#define BLOCK "margin:0 0 16px;overflow-wrap:anywhere"
#define TABLE "border-collapse:collapse;width:100%;margin:0 0 16px"
#define CELL                                                                                       \
	"padding:4px 12px 4px 0;border-bottom:1px solid #888;text-align:left;vertical-align:top"

static void escape(struct str character, struct strbuf *out)
{
	static const struct {
		char character;
		const char *escaped;
	} escapes[] = {
		{'&', "&amp;"},
		{'<', "&lt;"},
		{'>', "&gt;"},
		{'"', "&quot;"},
		{'\'', "&#39;"},
		{'\n', "<br>"},
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (character.len == 1 && character.ptr[0] == escapes[i].character) {
			strbuf_adds(out, escapes[i].escaped);
			return;
		}
	}
	strbuf_addstr(out, character);
}

static void add_text(struct strbuf *out, struct str text, size_t max)
{
	const struct notify_limit limit = {.max = max, .unit = NOTIFY_BYTES, .escape = escape};

	(void)notify_add_limited(text, &limit, out);
}

static void add_paragraph(struct strbuf *out, struct str text)
{
	if (text.len > 0) {
		strbuf_adds(out, "<p style=\"" BLOCK ";white-space:pre-wrap\">");
		add_text(out, text, MAIL_MESSAGE_MAX);
		strbuf_adds(out, "</p>\n");
	}
}

static const char *severity_colour(enum severity severity)
{
	switch (severity) {
	case SEVERITY_CRITICAL:
		return RED;
	case SEVERITY_WARNING:
		return ORANGE;
	case SEVERITY_INFO:
		break;
	}
	return BLUE;
}

static const char *colour(const struct notification *notification)
{
	switch (notification->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_SUMMARY:
	case NOTIFICATION_NOTICE:
		return severity_colour(notification->severity);
	case NOTIFICATION_RESOLVE:
		return GREEN;
	case NOTIFICATION_ACKNOWLEDGE:
		return BLUE;
	case NOTIFICATION_DIGEST:
	case NOTIFICATION_TEST:
	case NOTIFICATION_PURPOSES:
		break;
	}
	return GREY;
}

static void add_badge(struct strbuf *out, const char *background, const char *word)
{
	strbuf_addf(out,
		"<span style=\"background:%s;color:#fff;font-size:13px;font-weight:bold;"
		"padding:2px 8px;border-radius:3px;white-space:nowrap\">%s</span>",
		background, word);
}

/* "[CRITICAL] disk full (db-01)": the word as a badge, the rest as a heading. */
static void add_heading(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out)
{
	struct strbuf title = STRBUF_INIT;
	struct strbuf prefix = STRBUF_INIT;
	struct str rest;

	notify_add_title(receiver, notification, &title);
	strbuf_addf(&prefix, "[%s] ", notify_word(notification));
	rest = strbuf_str(&title);
	if (str_starts(rest, prefix.buf)) {
		rest = str_sub(rest, prefix.len, rest.len);
	}
	strbuf_adds(out, "<p style=\"margin:0 0 8px\">");
	add_badge(out, colour(notification), notify_word(notification));
	strbuf_adds(out, "</p>\n<h1 style=\"font-size:20px;line-height:1.3;" BLOCK "\">");
	add_text(out, rest, TITLE_MAX);
	strbuf_adds(out, "</h1>\n");
	strbuf_release(&title);
	strbuf_release(&prefix);
}

static void begin_table(struct strbuf *out)
{
	strbuf_adds(out, "<table style=\"" TABLE "\">\n");
}

static void end_table(struct strbuf *out)
{
	strbuf_adds(out, "</table>\n");
}

static void add_row(struct strbuf *out, const char *name, struct str value)
{
	strbuf_adds(out, "<tr><th scope=\"row\" style=\"" CELL "\">");
	add_text(out, str_of(name), NAME_MAX_BYTES);
	strbuf_adds(out, "</th><td style=\"" CELL ";width:100%;overflow-wrap:anywhere\">");
	add_text(out, value, MAIL_FACT_MAX);
	strbuf_adds(out, "</td></tr>\n");
}

static void add_count_row(struct strbuf *out, const char *name, int64_t count)
{
	struct strbuf number = STRBUF_INIT;

	strbuf_addf(&number, "%" PRId64, count);
	add_row(out, name, strbuf_str(&number));
	strbuf_release(&number);
}

/* "and 12 more", as the last row of a table of two columns. */
static void add_more_row(struct strbuf *out, int64_t count)
{
	if (count > 0) {
		strbuf_adds(out, "<tr><td colspan=\"2\" style=\"" CELL "\">");
		notify_add_more(count, out);
		strbuf_adds(out, "</td></tr>\n");
	}
}

static void add_facts(
	const struct notification *notification, struct arena *arena, struct strbuf *out)
{
	const size_t start = out->len;
	struct pairs facts;
	size_t shown = 0;

	notify_list_facts(notification, notification->alerts[0], arena, &facts);
	if (facts.items_count == 0) {
		return;
	}
	begin_table(out);
	for (; shown < facts.items_count && out->len - start < MAIL_FACTS_MAX; shown++) {
		add_row(out, facts.items[shown].name, str_of(facts.items[shown].value));
	}
	add_more_row(out, (int64_t)(facts.items_count - shown));
	end_table(out);
}

static void add_runbook(const struct alert *alert, struct strbuf *out)
{
	struct str url = str_of(alert->runbook ? alert->runbook : "");

	if (url.len > LINK_MAX || !(str_starts(url, "http://") || str_starts(url, "https://"))) {
		return;
	}
	strbuf_adds(out, "<p style=\"" BLOCK "\"><a href=\"");
	add_text(out, url, SIZE_MAX);
	strbuf_adds(out, "\">Runbook</a></p>\n");
}

static const char *alert_word(const struct alert *alert)
{
	static const char *const words[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "INFO",
		[SEVERITY_WARNING] = "WARNING",
		[SEVERITY_CRITICAL] = "CRITICAL",
	};

	return alert->is_resolved ? "RESOLVED" : words[alert->severity];
}

/* One of several, as a row: its word; title, source, and since when. */
static void add_alert_row(
	const struct notification *notification, const struct alert *alert, struct strbuf *out)
{
	struct strbuf since = STRBUF_INIT;

	strbuf_adds(out, "<tr><td style=\"" CELL "\">");
	add_badge(out, alert->is_resolved ? GREEN : severity_colour(alert->severity),
		alert_word(alert));
	strbuf_adds(out, "</td><td style=\"" CELL ";width:100%;overflow-wrap:anywhere\"><b>");
	add_text(out, str_of(alert->title), CELL_MAX);
	strbuf_adds(out, "</b> (");
	add_text(out, str_of(alert->source), CELL_MAX);
	strbuf_adds(out, ")<br>since ");
	notify_add_time(alert->started_ms, notification->time_ms, &since);
	if (alert->hidden > 0) {
		strbuf_adds(&since, ", ");
		notify_add_hidden(alert, &since);
	}
	add_text(out, strbuf_str(&since), CELL_MAX);
	strbuf_adds(out, "</td></tr>\n");
	strbuf_release(&since);
}

static void add_group(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out)
{
	const size_t shown = notify_shown_alerts(receiver, notification);

	begin_table(out);
	for (size_t i = 0; i < shown; i++) {
		add_alert_row(notification, notification->alerts[i], out);
	}
	add_more_row(out, notification_total(notification) - (int64_t)shown);
	end_table(out);
	if (notification->may_be_repeat) {
		add_paragraph(out, str_of("sent again: it may have arrived before"));
	}
}

/* The text that every receiver has, or what the receiver's template makes of it. */
static void add_common_text(const struct receiver *receiver,
	const struct notification *notification, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT;

	notify_add_text(receiver, notification, &text);
	add_paragraph(out, strbuf_str(&text));
	strbuf_release(&text);
}

static void add_alerts(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct strbuf *out)
{
	bool is_group = notification_total(notification) > 1;

	if (is_group && !receiver->text) {
		add_group(receiver, notification, out);
		return;
	}
	add_common_text(receiver, notification, out);
	if (!is_group) {
		add_facts(notification, arena, out);
		add_runbook(notification->alerts[0], out);
	}
}

static void add_subheading(struct strbuf *out, const char *heading, int64_t total)
{
	strbuf_addf(out, "<h2 style=\"font-size:17px;margin:16px 0 8px\">%s: %" PRId64 "</h2>\n",
		heading, total);
}

static void add_digest_list(const struct notification *notification, const char *heading,
	const struct notify_digest_list *list, struct strbuf *out)
{
	enum { LIST_SHOWN_MAX = 50 };
	const size_t shown =
		list->alerts_count < LIST_SHOWN_MAX ? list->alerts_count : LIST_SHOWN_MAX;

	add_subheading(out, heading, list->total);
	if (shown == 0) {
		return;
	}
	begin_table(out);
	for (size_t i = 0; i < shown; i++) {
		add_alert_row(notification, &list->alerts[i], out);
	}
	add_more_row(out, list->total - (int64_t)shown);
	end_table(out);
}

/* What did not reach anybody. */
static void add_digest_losses(const struct notify_digest *digest, struct strbuf *out)
{
	if (digest->dead_count > 0) {
		add_subheading(out, "Dead receivers", (int64_t)digest->dead_count);
		begin_table(out);
		for (size_t i = 0; i < digest->dead_count; i++) {
			add_row(out, digest->dead[i].name, str_of(digest->dead[i].value));
		}
		end_table(out);
	}
	if (digest->failed_count > 0) {
		add_subheading(out, "Receivers that did not get everything",
			(int64_t)digest->failed_count);
		begin_table(out);
		for (size_t i = 0; i < digest->failed_count; i++) {
			add_count_row(out, digest->failed[i].name, digest->failed[i].count);
		}
		end_table(out);
	}
}

static void add_digest_quiet(const struct notify_digest *digest, struct strbuf *out)
{
	int64_t total = digest->suppressed + digest->silenced + digest->inhibited;

	if (total > 0) {
		add_subheading(out, "Not sent", total);
		begin_table(out);
		add_count_row(out, "suppressed", digest->suppressed);
		add_count_row(out, "silenced", digest->silenced);
		add_count_row(out, "inhibited", digest->inhibited);
		end_table(out);
	}
	if (digest->silences_count > 0) {
		add_subheading(out, "Silences that end soon", (int64_t)digest->silences_count);
		for (size_t i = 0; i < digest->silences_count; i++) {
			add_paragraph(out, str_of(digest->silences[i]));
		}
	}
}

static void add_digest(const struct notification *notification, struct strbuf *out)
{
	const struct notify_digest *digest = notification->digest;

	add_digest_losses(digest, out);
	add_digest_list(notification, "Open now", &digest->open, out);
	add_digest_list(notification, "Fired", &digest->fired, out);
	add_digest_list(notification, "Resolved", &digest->resolved, out);
	add_digest_quiet(digest, out);
}

static void add_content(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct strbuf *out)
{
	switch (notification->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_RESOLVE:
	case NOTIFICATION_ACKNOWLEDGE:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_TEST:
		add_alerts(receiver, notification, arena, out);
		break;
	case NOTIFICATION_DIGEST:
		if (!receiver->text) {
			add_digest(notification, out);
			break;
		}
		add_common_text(receiver, notification, out);
		break;
	case NOTIFICATION_SUMMARY:
	case NOTIFICATION_NOTICE:
		add_common_text(receiver, notification, out);
		break;
	case NOTIFICATION_PURPOSES:
		break;
	}
}

/* Whom to ask for more. */
static void add_footer(const struct notification *notification, struct strbuf *out)
{
	strbuf_adds(out, "<p style=\"font-size:13px;color:#777;margin:24px 0 0\">sre-toolkit");
	if (notification->alerts_count == 1 && notification->alerts[0]->id > 0) {
		strbuf_addf(out, " &middot; sre-toolkit alert why %" PRId64,
			notification->alerts[0]->id);
	}
	strbuf_adds(out, "</p>\n");
}

void mail_html_add(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct strbuf *out)
{
	strbuf_adds(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
		"<title>sre-toolkit</title>\n</head>\n"
		"<body style=\"margin:0;padding:12px;font:16px/1.45 sans-serif\">\n"
		"<div style=\"max-width:640px;margin:0 auto\">\n");
	add_heading(receiver, notification, out);
	add_content(receiver, notification, arena, out);
	add_footer(notification, out);
	strbuf_adds(out, "</div>\n</body>\n</html>\n");
}
