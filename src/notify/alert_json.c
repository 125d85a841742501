/*
 * Alerts and notifications as JSON.  See alert_json.h.
 */
#include "notify/alert_json.h"

#include "base/alloc.h"
#include "notify/notifier.h"
#include "notify/notify_text.h"
#include "notify/shorten.h"

/* null: it has not happened. */
static void field_pairs(struct json_writer *json, const char *key, const struct pairs *pairs)
{
	json_write_key(json, key);
	pairs_write_json(pairs, json);
}

void alert_json_write(const struct alert *alert, struct json_writer *json)
{
	_cleanup_(strbuf_release) struct strbuf key = STRBUF_INIT;

	notify_add_dedup_key(alert, &key);
	json_write_object_begin(json);
	json_field_int(json, "id", alert->id);
	json_field_string(json, "status", alert->is_resolved ? "resolved" : "firing");
	json_field_string(json, "severity", severity_name(alert->severity));
	json_field_string(json, "title", alert->title);
	json_field_string(json, "source", alert->source);
	json_field_string(json, "message", alert->message);
	field_pairs(json, "fields", &alert->fields);
	field_pairs(json, "labels", &alert->labels);
	json_field_string(json, "runbook", alert->runbook);
	json_field_string(json, "fingerprint", alert->fingerprint);
	json_field_string(json, "episode", key.buf);
	json_field_time(json, "time", alert->time_ms);
	json_field_time(json, "started", alert->started_ms);
	json_field_time_or_null(json, "resolved", alert->is_resolved ? alert->resolved_ms : 0);
	json_field_string(json, "acknowledged_by", alert->acked_by);
	json_field_int(json, "events", alert->events);
	json_field_int(json, "hidden", alert->hidden);
	json_field_time_or_null(
		json, "hidden_since", alert->hidden > 0 ? alert->hidden_since_ms : 0);
	json_write_object_end(json);
}

static void write_count(
	const struct notify_count *count, const char *name, struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_string(json, name, count->name);
	json_field_int(json, "count", count->count);
	json_write_object_end(json);
}

static void write_summary(const struct notify_summary *summary, struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_int(json, "count", summary->count);
	json_write_key(json, "firing");
	json_write_object_begin(json);
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		json_field_int(json, severity_name((enum severity)i), summary->firing[i]);
	}
	json_write_object_end(json);
	json_field_int(json, "resolved", summary->resolved);
	json_field_time(json, "from", summary->from_ms);
	json_field_time(json, "to", summary->to_ms);
	json_field_int(json, "sources_total", summary->sources_total);
	json_write_key(json, "sources");
	json_write_array_begin(json);
	for (size_t i = 0; i < summary->sources_count; i++) {
		write_count(&summary->sources[i], "source", json);
	}
	json_write_array_end(json);
	json_write_object_end(json);
}

static void write_digest_list(
	const char *key, const struct notify_digest_list *list, struct json_writer *json)
{
	json_write_key(json, key);
	json_write_object_begin(json);
	json_field_int(json, "total", list->total);
	json_write_key(json, "alerts");
	json_write_array_begin(json);
	for (size_t i = 0; i < list->alerts_count; i++) {
		alert_json_write(&list->alerts[i], json);
	}
	json_write_array_end(json);
	json_write_object_end(json);
}

static void write_dead(const struct notify_digest *digest, struct json_writer *json)
{
	json_write_key(json, "dead");
	json_write_array_begin(json);
	for (size_t i = 0; i < digest->dead_count; i++) {
		json_write_object_begin(json);
		json_field_string(json, "receiver", digest->dead[i].name);
		json_field_string(json, "reason", digest->dead[i].value);
		json_write_object_end(json);
	}
	json_write_array_end(json);
}

static void write_digest(const struct notify_digest *digest, struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_time(json, "from", digest->from_ms);
	json_field_time(json, "to", digest->to_ms);
	write_digest_list("open", &digest->open, json);
	write_digest_list("fired", &digest->fired, json);
	write_digest_list("resolved", &digest->resolved, json);
	json_field_int(json, "suppressed", digest->suppressed);
	json_field_int(json, "silenced", digest->silenced);
	json_field_int(json, "inhibited", digest->inhibited);
	json_write_key(json, "failed");
	json_write_array_begin(json);
	for (size_t i = 0; i < digest->failed_count; i++) {
		write_count(&digest->failed[i], "receiver", json);
	}
	json_write_array_end(json);
	write_dead(digest, json);
	json_write_key(json, "silences");
	json_write_array_begin(json);
	for (size_t i = 0; i < digest->silences_count; i++) {
		json_write_string(json, digest->silences[i]);
	}
	json_write_array_end(json);
	json_write_object_end(json);
}

/* As receivers for people have them, so that a program can hand them on. */
static void write_texts(const struct receiver *receiver, const struct notification *notification,
	struct json_writer *json)
{
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	notify_add_title(receiver, notification, &title);
	notify_add_text(receiver, notification, &text);
	json_field_str(json, "title", strbuf_str(&title));
	json_field_str(json, "text", strbuf_str(&text));
}

static void write_notification(const struct receiver *receiver,
	const struct notification *notification, bool is_shortened, struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_int(json, "schema", ALERT_JSON_SCHEMA);
	json_field_string(json, "key", notification->key);
	json_field_string(json, "purpose", notification_purpose_name(notification->purpose));
	json_field_string(json, "receiver", receiver->name);
	json_field_string(json, "severity", severity_name(notification->severity));
	json_field_time(json, "time", notification->time_ms);
	json_field_bool(json, "shortened", is_shortened);
	write_texts(receiver, notification, json);
	json_field_string(json, "group", notification->group);
	json_field_int(json, "alerts_total", notification_total(notification));
	json_write_key(json, "alerts");
	json_write_array_begin(json);
	for (size_t i = 0; i < notification->alerts_count; i++) {
		alert_json_write(notification->alerts[i], json);
	}
	json_write_array_end(json);
	if (notification->purpose == NOTIFICATION_SUMMARY) {
		json_write_key(json, "summary");
		write_summary(notification->summary, json);
	}
	if (notification->purpose == NOTIFICATION_DIGEST) {
		json_write_key(json, "digest");
		write_digest(notification->digest, json);
	}
	json_write_object_end(json);
}

void notification_add_json(const struct receiver *receiver, const struct notification *notification,
	size_t max_bytes, struct strbuf *out)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct notification *shown = notification_shorten_to(notification, max_bytes, arena);
	const size_t start = out->len;

	while (shown) {
		struct json_writer json;

		strbuf_truncate(out, start);
		json_writer_init(&json, out, false);
		write_notification(receiver, shown, shown != notification, &json);
		shown = out->len - start > max_bytes ? notification_shorten(shown, arena) : NULL;
	}
}
