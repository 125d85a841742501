/*
 * The words that all receivers use.  See notify_text.h; keeping them short is notify_cut.c.
 */
#include "notify/notify_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/vec.h"
#include "notify/notifier.h"
#include "notify/template.h"

enum {
	DEDUP_DIGEST_BYTES = 20,
	LIST_SHOWN_MAX = 20,
	UNCUT_MAX = 100, /* bytes of a title that every receiver shows whole */
};

/* Pieces */

static void add_time(int64_t time_ms, bool has_day, struct strbuf *out)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm = {0};

	(void)gmtime_r(&seconds, &tm);
	if (has_day) {
		strbuf_addf(out, "%04d-%02d-%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	}
	strbuf_addf(out, "%02d:%02d UTC", tm.tm_hour, tm.tm_min);
}

void notify_add_time(int64_t time_ms, int64_t now_ms, struct strbuf *out)
{
	enum { DAY_MS = 24 * 3600 * 1000 };

	add_time(time_ms, time_ms / DAY_MS != now_ms / DAY_MS, out);
}

void notify_add_more(int64_t count, struct strbuf *out)
{
	if (count > 0) {
		strbuf_addf(out, "and %" PRId64 " more", count);
	}
}

void notify_add_hidden(const struct alert *alert, struct strbuf *out)
{
	if (alert->hidden > 0) {
		strbuf_addf(out, "+%" PRId64 " since ", alert->hidden);
		notify_add_time(alert->hidden_since_ms, alert->time_ms, out);
	}
}

static const char *severity_word(enum severity severity)
{
	static const char *const words[SEVERITY_COUNT] = {
		[SEVERITY_INFO] = "INFO",
		[SEVERITY_WARNING] = "WARNING",
		[SEVERITY_CRITICAL] = "CRITICAL",
	};

	return words[severity];
}

const char *notify_word(const struct notification *notification)
{
	switch (notification->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
		return severity_word(notification->severity);
	case NOTIFICATION_RESOLVE:
		return "RESOLVED";
	case NOTIFICATION_ACKNOWLEDGE:
		return "ACKNOWLEDGED";
	case NOTIFICATION_SUMMARY:
		return "STORM";
	case NOTIFICATION_DIGEST:
		return "DIGEST";
	case NOTIFICATION_NOTICE:
		return "NOTICE";
	case NOTIFICATION_TEST:
		return "TEST";
	case NOTIFICATION_PURPOSES:
		break;
	}
	return "";
}

bool notification_is_good(const struct notification *notification)
{
	return notification->purpose == NOTIFICATION_RESOLVE;
}

size_t notify_shown_alerts(const struct receiver *receiver, const struct notification *notification)
{
	size_t max = SIZE_MAX;

	if (receiver) {
		max = receiver->kind->group_max > 0 ? receiver->kind->group_max : 1;
	}
	return notification->alerts_count < max ? notification->alerts_count : max;
}

/* "disk full (db-01)" */
static void add_subject(const struct alert *alert, struct strbuf *out)
{
	strbuf_addf(out, "%s (%s)", alert->title, alert->source);
}

/* Titles */

static void add_group_title(const struct notification *notification, struct strbuf *out)
{
	strbuf_addf(out, "[%s ×%" PRId64 "] ", notify_word(notification),
		notification_total(notification));
	if (notification->group) {
		strbuf_adds(out, notification->group);
		return;
	}
	add_subject(notification->alerts[0], out);
	strbuf_addc(out, ' ');
	notify_add_more(notification_total(notification) - 1, out);
}

static void add_summary_title(const struct notify_summary *summary, struct strbuf *out)
{
	strbuf_addf(out, "[STORM] %" PRId64 " %s in ", summary->count,
		summary->count == 1 ? "alert" : "alerts");
	time_add_duration(out, summary->to_ms - summary->from_ms);
}

static void add_digest_title(const struct notify_digest *digest, struct strbuf *out)
{
	strbuf_addf(out,
		"[DIGEST] %" PRId64 " open, %" PRId64 " fired, %" PRId64 " resolved since ",
		digest->open.total, digest->fired.total, digest->resolved.total);
	add_time(digest->from_ms, true, out);
}

static void add_alerts_title(const struct notification *notification, struct strbuf *out)
{
	if (notification_total(notification) > 1) {
		add_group_title(notification, out);
		return;
	}
	strbuf_addf(out, "[%s] ", notify_word(notification));
	add_subject(notification->alerts[0], out);
}

void notify_add_plain_title(const struct notification *notification, struct strbuf *out)
{
	switch (notification->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_RESOLVE:
	case NOTIFICATION_ACKNOWLEDGE:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_TEST:
		add_alerts_title(notification, out);
		break;
	case NOTIFICATION_SUMMARY:
		add_summary_title(notification->summary, out);
		break;
	case NOTIFICATION_DIGEST:
		add_digest_title(notification->digest, out);
		break;
	case NOTIFICATION_NOTICE:
		strbuf_addf(out, "[NOTICE] %s", notification->title);
		break;
	case NOTIFICATION_PURPOSES:
		break;
	}
}

/* In one line, whatever the template and its values have. */
static void add_title_of_template(const struct template *template,
	const struct notification *notification, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(NOTIFY_TITLE_MAX);
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	struct str rest;
	struct str word;

	template_render(template, notification, NULL, &text);
	rest = strbuf_str(&text);
	for (size_t i = 0; i < text.len; i++) {
		text.buf[i] = char_is_space(text.buf[i]) ? ' ' : text.buf[i];
	}
	while (str_word(&rest, &word)) {
		strbuf_adds(&line, line.len > 0 ? " " : "");
		strbuf_addstr(&line, word);
	}
	notify_add_cut(strbuf_str(&line), NOTIFY_TITLE_MAX, out);
}

void notify_add_title(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out)
{
	const size_t start = out->len;

	if (receiver->title) {
		add_title_of_template(receiver->title, notification, out);
	}
	/* A template may come to nothing; a message without a title is none. */
	if (out->len == start) {
		notify_add_plain_title(notification, out);
	}
}

/* Texts */

static void new_line(size_t start, struct strbuf *out)
{
	if (out->len > start) {
		strbuf_addc(out, '\n');
	}
}

void notify_add_status(
	const struct notification *notification, const struct alert *alert, struct strbuf *out)
{
	const size_t start = out->len;

	notify_add_hidden(alert, out);
	if (notification->purpose == NOTIFICATION_REMINDER) {
		new_line(start, out);
		strbuf_adds(out, "still firing after ");
		time_add_duration(out, notification->time_ms - alert->started_ms);
	}
	if (alert->is_resolved && alert->resolved_ms > 0) {
		new_line(start, out);
		strbuf_adds(out, "resolved after ");
		time_add_duration(out, alert->resolved_ms - alert->started_ms);
	}
	if (alert->acked_by) {
		new_line(start, out);
		strbuf_addf(out, "acknowledged by %s", alert->acked_by);
	}
	if (notification->may_be_repeat) {
		new_line(start, out);
		strbuf_adds(out, "sent again: it may have arrived before");
	}
}

void notify_add_alert(
	const struct notification *notification, const struct alert *alert, struct strbuf *out)
{
	strbuf_addf(out, "[%s] ", alert->is_resolved ? "RESOLVED" : severity_word(alert->severity));
	add_subject(alert, out);
	if (alert->hidden > 0) {
		strbuf_adds(out, ", ");
		notify_add_hidden(alert, out);
	}
	if (notification->purpose == NOTIFICATION_REMINDER) {
		strbuf_adds(out, ", firing for ");
		time_add_duration(out, notification->time_ms - alert->started_ms);
	}
}

static void add_group_text(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out)
{
	const size_t shown = notify_shown_alerts(receiver, notification);
	const int64_t more = notification_total(notification) - (int64_t)shown;

	for (size_t i = 0; i < shown; i++) {
		strbuf_adds(out, i ? "\n• " : "• ");
		notify_add_alert(notification, notification->alerts[i], out);
	}
	if (more > 0) {
		strbuf_addc(out, '\n');
		notify_add_more(more, out);
	}
	if (notification->may_be_repeat) {
		strbuf_adds(out, "\nsent again: it may have arrived before");
	}
}

bool notify_has_message(const struct alert *alert)
{
	return alert->message[0] != '\0' &&
	       (strcmp(alert->message, alert->title) != 0 || strlen(alert->title) > UNCUT_MAX);
}

static void add_alerts_text(const struct receiver *receiver,
	const struct notification *notification, struct strbuf *out)
{
	const struct alert *alert = notification->alerts[0];
	size_t start = out->len;

	if (notification_total(notification) > 1) {
		add_group_text(receiver, notification, out);
		return;
	}
	if (notify_has_message(alert) || (receiver && receiver->title)) {
		strbuf_adds(out, alert->message);
	}
	if (out->len > start) {
		strbuf_addc(out, '\n');
		start = out->len;
	}
	notify_add_status(notification, alert, out);
	if (out->len == start && start > 0 && out->buf[start - 1] == '\n') {
		strbuf_truncate(out, start - 1);
	}
}

/* ", 3 silenced": what there is of it. */
static void add_count(int64_t count, const char *what, bool *has_one, struct strbuf *out)
{
	if (count > 0) {
		strbuf_addf(out, "%s%" PRId64 " %s", *has_one ? ", " : "", count, what);
		*has_one = true;
	}
}

static void add_sources(const struct notify_summary *summary, struct strbuf *out)
{
	const int64_t others = summary->sources_total - (int64_t)summary->sources_count;

	strbuf_adds(out, "\nmost affected: ");
	for (size_t i = 0; i < summary->sources_count; i++) {
		strbuf_addf(out, "%s%s (%" PRId64 ")", i ? ", " : "", summary->sources[i].name,
			summary->sources[i].count);
	}
	if (others > 0) {
		strbuf_addf(out, " and %" PRId64 " other %s", others,
			others == 1 ? "source" : "sources");
	}
}

static void add_summary_text(const struct notification *notification, struct strbuf *out)
{
	const struct notify_summary *summary = notification->summary;
	bool has_one = false;

	strbuf_addf(out, "stands for %" PRId64 " alerts, from ", summary->count);
	notify_add_time(summary->from_ms, notification->time_ms, out);
	strbuf_adds(out, " to ");
	notify_add_time(summary->to_ms, notification->time_ms, out);
	strbuf_adds(out, ": ");
	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--) {
		add_count(summary->firing[severity], severity_name((enum severity)severity),
			&has_one, out);
	}
	add_count(summary->resolved, "resolved", &has_one, out);
	if (summary->sources_count > 0) {
		add_sources(summary, out);
	}
}

/* The digest */

static void add_digest_list(const struct notification *notification, const char *heading,
	const struct notify_digest_list *list, struct strbuf *out)
{
	const size_t shown =
		list->alerts_count < LIST_SHOWN_MAX ? list->alerts_count : LIST_SHOWN_MAX;

	strbuf_addf(out, "%s: %" PRId64, heading, list->total);
	for (size_t i = 0; i < shown; i++) {
		const struct alert *alert = &list->alerts[i];

		strbuf_adds(out, "\n• ");
		notify_add_alert(notification, alert, out);
		strbuf_adds(out, ", since ");
		notify_add_time(alert->started_ms, notification->time_ms, out);
	}
	if (list->total > (int64_t)shown && shown > 0) {
		strbuf_adds(out, "\n• ");
		notify_add_more(list->total - (int64_t)shown, out);
	}
}

static void add_not_sent(const struct notify_digest *digest, struct strbuf *out)
{
	bool has_one = false;

	if (digest->suppressed + digest->silenced + digest->inhibited == 0) {
		return;
	}
	strbuf_adds(out, "\nnot sent: ");
	add_count(digest->suppressed, "suppressed", &has_one, out);
	add_count(digest->silenced, "silenced", &has_one, out);
	add_count(digest->inhibited, "inhibited", &has_one, out);
}

static void add_digest_text(const struct notification *notification, struct strbuf *out)
{
	const struct notify_digest *digest = notification->digest;

	add_digest_list(notification, "open now", &digest->open, out);
	strbuf_addc(out, '\n');
	add_digest_list(notification, "fired", &digest->fired, out);
	strbuf_addc(out, '\n');
	add_digest_list(notification, "resolved", &digest->resolved, out);
	add_not_sent(digest, out);
	for (size_t i = 0; i < digest->failed_count; i++) {
		strbuf_addf(out, "\nnot delivered to %s: %" PRId64, digest->failed[i].name,
			digest->failed[i].count);
	}
	for (size_t i = 0; i < digest->dead_count; i++) {
		strbuf_addf(
			out, "\ndead receiver %s: %s", digest->dead[i].name, digest->dead[i].value);
	}
	for (size_t i = 0; i < digest->silences_count; i++) {
		strbuf_addf(out, "\nsilence that ends soon: %s", digest->silences[i]);
	}
}

void notify_add_plain_text(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out)
{
	switch (notification->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_RESOLVE:
	case NOTIFICATION_ACKNOWLEDGE:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_TEST:
		add_alerts_text(receiver, notification, out);
		break;
	case NOTIFICATION_SUMMARY:
		add_summary_text(notification, out);
		break;
	case NOTIFICATION_DIGEST:
		add_digest_text(notification, out);
		break;
	case NOTIFICATION_NOTICE:
		strbuf_adds(out, notification->text);
		break;
	case NOTIFICATION_PURPOSES:
		break;
	}
}

void notify_add_text(const struct receiver *receiver, const struct notification *notification,
	struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT_MAX(NOTIFY_TEXT_MAX);

	if (!receiver->text) {
		notify_add_plain_text(receiver, notification, out);
		return;
	}
	template_render(receiver->text, notification, NULL, &text);
	notify_add_cut(str_rtrim(strbuf_str(&text)), NOTIFY_TEXT_MAX, out);
}

/* Facts */

void notify_add_fact(struct pairs *facts, struct arena *arena, const char *name, const char *value)
{
	*VEC_PUSH_IN(arena, facts, items) = (struct pair){name, value};
}

void notify_list_facts(const struct notification *notification, const struct alert *alert,
	struct arena *arena, struct pairs *ret_facts)
{
	struct pairs facts = {0};
	struct strbuf since = STRBUF_INIT;

	for (size_t i = 0; i < alert->fields.items_count; i++) {
		notify_add_fact(
			&facts, arena, alert->fields.items[i].name, alert->fields.items[i].value);
	}
	for (size_t i = 0; i < alert->labels.items_count; i++) {
		notify_add_fact(
			&facts, arena, alert->labels.items[i].name, alert->labels.items[i].value);
	}
	notify_add_time(alert->started_ms, notification->time_ms, &since);
	notify_add_fact(&facts, arena, "since", arena_strndup(arena, since.buf, since.len));
	strbuf_release(&since);
	*ret_facts = facts;
}

void notify_add_dedup_key(const struct alert *alert, struct strbuf *out)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	unsigned char digest[EVP_MAX_MD_SIZE];

	strbuf_addf(&text, "%s:%" PRId64, alert->fingerprint, alert->episode_ms);
	if (!EVP_Digest(text.buf, text.len, digest, NULL, EVP_sha256(), NULL)) {
		abort(); /* out of memory */
	}
	strbuf_adds(out, "sre:");
	for (size_t i = 0; i < DEDUP_DIGEST_BYTES; i++) {
		strbuf_addf(out, "%02x", digest[i]);
	}
}
