/*
 * From rows to a notification.  See message.h.
 */
#include "alert/message.h"

#include <string.h>

#include "alert/digest.h"
#include "alert/notice.h"
#include "alert/pairs_json.h"
#include "base/alloc.h"
#include "store/store_message.h"

const unsigned telling_purposes = 1U << NOTIFICATION_TRIGGER | 1U << NOTIFICATION_REMINDER;

bool purpose_has_alerts(int purpose)
{
	return purpose >= NOTIFICATION_TRIGGER && purpose <= NOTIFICATION_RESEND;
}

void message_free(struct message *message)
{
	if (message) {
		arena_free(message->arena);
	}
}

void message_freep(struct message **message)
{
	message_free(*message);
}

static const char *copy(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

struct outbox_delivery message_copy_delivery(
	struct arena *arena, const struct outbox_delivery *delivery)
{
	struct outbox_delivery own = *delivery;

	own.key = copy(arena, delivery->key);
	own.receiver = copy(arena, delivery->receiver);
	own.route = copy(arena, delivery->route);
	own.group_key = copy(arena, delivery->group_key);
	own.hold_reason = copy(arena, delivery->hold_reason);
	own.content = copy(arena, delivery->content);
	own.result = copy(arena, delivery->result);
	return own;
}

/* --- Alerts --- */

static void fill_alert(const struct message_event *event, const struct outbox_delivery *delivery,
	struct arena *arena, struct alert *ret_alert)
{
	*ret_alert = (struct alert){
		.id = event->alert_id,
		.fingerprint = event->fingerprint,
		.episode_ms = event->started_ms,
		.title = event->title,
		.source = event->source,
		.message = event->message,
		.severity = event->severity,
		.runbook = event->runbook,
		.is_resolved = event->is_resolved,
		.time_ms = event->time_ms,
		.started_ms = event->started_ms,
		.acked_by = event->acked_by,
		.events = event->events,
		.hidden = delivery->hidden,
		.hidden_since_ms = delivery->hidden_since_ms,
	};
	if (event->is_resolved) {
		ret_alert->resolved_ms = event->resolved_ms ? event->resolved_ms : event->time_ms;
	}
	/* What accepting wrote is an object of strings; of anything else, nothing is told. */
	(void)pairs_from_json(event->fields, arena, &ret_alert->fields, NULL);
	(void)pairs_from_json(event->labels, arena, &ret_alert->labels, NULL);
}

static int load_alert(struct store_tx *tx, const struct outbox_delivery *delivery,
	struct arena *arena, const struct alert **ret_alert, struct err *err)
{
	struct alert *alert = arena_alloc(arena, sizeof(*alert));
	struct message_event event;

	if (message_event_get(tx, delivery->event_id, arena, &event, err) < 0) {
		return -1;
	}
	fill_alert(&event, delivery, arena, alert);
	*ret_alert = alert;
	return 0;
}

/* A group's key is its route's name and, on the next line, what its alerts have in common. */
static const char *group_text(const char *key)
{
	const char *newline = key ? strchr(key, '\n') : NULL;

	return newline && newline[1] != '\0' ? newline + 1 : NULL;
}

static int load_told(struct store_tx *tx, struct message *message, struct err *err)
{
	struct notification *notification = &message->notification;

	if (outbox_first_key(
		    tx, &message->delivery, message->arena, &notification->first_key, err) < 0) {
		return -1;
	}
	return notification->alerts_count > 1
		       ? 0
		       : outbox_told_severities(tx, &message->delivery,
				 telling_purposes | 1U << NOTIFICATION_RESEND, &notification->told,
				 err);
}

/* Its own first, then those it carries, the most severe first. */
static int load_alerts(struct store_tx *tx, struct message *message, struct err *err)
{
	struct notification *notification = &message->notification;
	const size_t most = message->receiver->kind->group_max;
	const struct alert **alerts;
	struct outbox_list carried = {0};

	if (message->delivery.stands_for > 1 && most > 1 &&
		outbox_carried(tx, message->delivery.id, (int64_t)most - 1, message->arena,
			&carried, err) < 0) {
		return -1;
	}
	alerts = arena_calloc(message->arena, carried.items_count + 1, sizeof(*alerts));
	if (load_alert(tx, &message->delivery, message->arena, &alerts[0], err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < carried.items_count; i++) {
		if (load_alert(tx, &carried.items[i], message->arena, &alerts[i + 1], err) < 0) {
			return -1;
		}
	}
	notification->alerts = alerts;
	notification->alerts_count = carried.items_count + 1;
	notification->alerts_total = message->delivery.stands_for;
	if (notification->alerts_total > 1) {
		notification->group = group_text(message->delivery.group_key);
	}
	for (size_t i = 0; i < notification->alerts_count; i++) {
		if (alerts[i]->severity > notification->severity) {
			notification->severity = alerts[i]->severity;
		}
	}
	return load_told(tx, message, err);
}

/* --- What is about no alert --- */

static int load_summary(struct store_tx *tx, struct message *message, struct err *err)
{
	struct notify_summary *summary = arena_alloc(message->arena, sizeof(*summary));
	struct message_summary sum;

	if (message_summary_get(tx, message->delivery.id, NOTIFICATION_RESOLVE, message->arena,
		    &sum, err) < 0) {
		return -1;
	}
	*summary = (struct notify_summary){.count = sum.count,
		.resolved = sum.resolved,
		.from_ms = sum.from_ms,
		.to_ms = sum.to_ms,
		.sources_count = sum.sources_count < SUMMARY_SOURCES_MAX ? sum.sources_count
									 : SUMMARY_SOURCES_MAX,
		.sources_total = sum.sources_total};
	for (int severity = 0; severity < SEVERITY_COUNT; severity++) {
		summary->firing[severity] = sum.firing[severity];
	}
	for (size_t i = 0; i < summary->sources_count; i++) {
		summary->sources[i] = (struct notify_count){
			.name = sum.sources[i].name, .count = sum.sources[i].count};
	}
	message->notification.summary = summary;
	return 0;
}

static int load_notice(struct message *message, struct err *err)
{
	struct notice notice;

	if (notice_read(message->delivery.content, message->arena, &notice, err) < 0) {
		return -1;
	}
	message->notification.title = notice.title;
	message->notification.text = notice.text;
	return 0;
}

static int load(struct store_tx *tx, const struct message_spec *spec, struct message *message,
	struct err *err)
{
	const int purpose = message->delivery.purpose;

	if (purpose_has_alerts(purpose)) {
		return load_alerts(tx, message, err);
	}
	if (purpose == NOTIFICATION_SUMMARY) {
		return load_summary(tx, message, err);
	}
	if (purpose == NOTIFICATION_NOTICE) {
		return load_notice(message, err);
	}
	if (purpose == NOTIFICATION_DIGEST) {
		return digest_load(tx, spec->settings, message->delivery.content, message->arena,
			&message->notification.digest, err);
	}
	return err_set(err, ERR_INPUT, "a delivery of purpose %d cannot be sent", purpose);
}

int message_load(struct store_tx *tx, const struct message_spec *spec, struct message **ret_message,
	struct err *err)
{
	const struct outbox_delivery *delivery = spec->delivery;
	struct arena *arena = arena_new();
	struct message *message = arena_alloc(arena, sizeof(*message));

	*message = (struct message){
		.arena = arena,
		.delivery = message_copy_delivery(arena, delivery),
		.receiver = spec->receiver,
	};
	message->notification = (struct notification){
		.key = message->delivery.key,
		.purpose = (enum notification_purpose)delivery->purpose,
		.severity = delivery->severity,
		.time_ms = spec->now_ms,
		.attempt = (int)delivery->attempts + 1,
	};
	if (load(tx, spec, message, err) < 0) {
		arena_free(arena);
		return -1;
	}
	*ret_message = message;
	return 0;
}
