/*
 * When the digest is due, and what it says.
 */
#include "alert/digest.h"

#include "alert/accept.h"
#include "alert/pairs_json.h"
#include "alert/silence.h"
#include "base/cron_schedule.h"
#include "base/parse.h"
#include "base/time_zone.h"
#include "base/vec.h"
#include "store/store_channel.h"
#include "store/store_digest.h"
#include "store/store_holds.h"
#include "store/store_outbox.h"
#include "store/store_silences.h"

enum {
	LIST_MAX = 20,                  /* alerts of each list that are named */
	SILENCE_SOON_MS = 86400 * 1000, /* silences that end within so long are told */
	DAY_MS = 86400 * 1000,
};

static const char mark_name[] = "digest";

/* --- From when to when --- */

static const char *content_of(const struct digest_range *range, struct arena *arena)
{
	return arena_printf(arena, "%lld %lld", (long long)range->from_ms, (long long)range->to_ms);
}

static int read_content(const char *content, struct digest_range *ret_range, struct err *err)
{
	struct str rest = str_of(content ? content : ""), from, to;

	*ret_range = (struct digest_range){.limit = LIST_MAX};
	if (!str_word(&rest, &from) || !str_word(&rest, &to) ||
		parse_int(from, 0, INT64_MAX, &ret_range->from_ms, NULL) < 0 ||
		parse_int(to, 0, INT64_MAX, &ret_range->to_ms, NULL) < 0) {
		return err_set(err, ERR_INPUT, "the content of a digest is not from when to when");
	}
	return 0;
}

/* --- Queueing --- */

static int queue(struct store_tx *tx, const struct alert_settings *settings,
	const struct digest_range *range, struct arena *arena, struct err *err)
{
	const struct option_list *receivers = &settings->digest_to;

	for (size_t i = 0; i < receivers->count; i++) {
		const struct outbox_delivery delivery = {
			.receiver = OPTION_AT(receivers, const char *, i),
			.purpose = NOTIFICATION_DIGEST,
			.severity = SEVERITY_INFO,
			.route = "digest",
			.created_ms = range->to_ms,
			.due_ms = range->to_ms,
			.expires_ms = range->to_ms + DAY_MS, /* then the next one is there */
			.content = content_of(range, arena),
		};
		int64_t id;

		if (outbox_add(tx, &delivery, &id, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int digest_queue_due(struct store_tx *tx, const struct alert_settings *settings, int64_t now_ms,
	struct arena *arena, bool *ret_is_queued, struct err *err)
{
	const struct time_zone *zone = settings->time_zone ? settings->time_zone : time_zone_utc();
	struct digest_range range = {.to_ms = now_ms};

	*ret_is_queued = false;
	if (!settings->digest) {
		return 0;
	}
	if (store_mark_get_ms(tx, mark_name, &range.from_ms, err) < 0) {
		return -1;
	}
	if (range.from_ms == 0 || range.from_ms > now_ms) { /* or the clock was set back */
		return store_mark_set_ms(tx, mark_name, now_ms, err);
	}
	if (cron_schedule_next(settings->digest, zone, range.from_ms + 1) > now_ms) {
		return 0;
	}
	if (queue(tx, settings, &range, arena, err) < 0 ||
		store_mark_set_ms(tx, mark_name, now_ms, err) < 0) {
		return -1;
	}
	*ret_is_queued = true;
	return 0;
}

static int range_now(
	struct store_tx *tx, int64_t now_ms, struct digest_range *ret_range, struct err *err)
{
	int64_t latest_ms;

	if (store_mark_get_ms(tx, mark_name, &latest_ms, err) < 0) {
		return -1;
	}
	*ret_range = (struct digest_range){
		.from_ms =
			latest_ms > 0 && latest_ms < now_ms - DAY_MS ? latest_ms : now_ms - DAY_MS,
		.to_ms = now_ms,
		.limit = LIST_MAX,
	};
	return 0;
}

int digest_queue_now(struct store_tx *tx, const struct alert_settings *settings, int64_t now_ms,
	struct arena *arena, struct err *err)
{
	struct digest_range range;

	if (settings->digest_to.count == 0) {
		return err_set(err, ERR_INPUT,
			"nobody gets a digest: write alerts.digest (when) and alerts.digest_to "
			"(who)");
	}
	if (range_now(tx, now_ms, &range, err) < 0) {
		return -1;
	}
	return queue(tx, settings, &range, arena, err);
}

/* --- What it says --- */

static void fill_alert(const struct stored_alert *stored, struct arena *arena, struct alert *alert)
{
	*alert = (struct alert){
		.id = stored->id,
		.fingerprint = stored->fingerprint,
		.episode_ms = stored->started_ms,
		.title = stored->title,
		.source = stored->source,
		.message = stored->message,
		.severity = stored->severity,
		.runbook = stored->runbook,
		.is_resolved = stored->resolved_ms > 0,
		.time_ms = stored->updated_ms,
		.started_ms = stored->started_ms,
		.resolved_ms = stored->resolved_ms,
		.acked_by = stored->acked_by,
		.events = stored->events,
	};
	/* What accepting wrote is an object of strings; of anything else, nothing is told. */
	(void)pairs_from_json(stored->fields, arena, &alert->fields, NULL);
	(void)pairs_from_json(stored->labels, arena, &alert->labels, NULL);
}

typedef int list_fn(struct store_tx *, const struct digest_range *, struct arena *,
	struct digest_alerts *ret_alerts, struct err *);

static int load_list(struct store_tx *tx, list_fn *read, const struct digest_range *range,
	struct arena *arena, struct notify_digest_list *ret_list, struct err *err)
{
	struct digest_alerts alerts = {0};

	if (read(tx, range, arena, &alerts, err) < 0) {
		return -1;
	}
	ret_list->total = alerts.total;
	for (size_t i = 0; i < alerts.items_count; i++) {
		fill_alert(alerts.items[i], arena, VEC_PUSH_IN(arena, ret_list, alerts));
	}
	return 0;
}

static int load_lists(struct store_tx *tx, const struct digest_range *range, struct arena *arena,
	struct notify_digest *digest, struct err *err)
{
	int64_t verdicts[VERDICTS] = {0};

	if (load_list(tx, digest_open, range, arena, &digest->open, err) < 0 ||
		load_list(tx, digest_fired, range, arena, &digest->fired, err) < 0 ||
		load_list(tx, digest_resolved, range, arena, &digest->resolved, err) < 0 ||
		digest_verdicts(tx, range, VERDICTS, verdicts, err) < 0) {
		return -1;
	}
	digest->suppressed = verdicts[VERDICT_SUPPRESSED];
	digest->silenced = verdicts[VERDICT_SILENCED];
	digest->inhibited = verdicts[VERDICT_INHIBITED];
	return 0;
}

static int load_failed(struct store_tx *tx, const struct digest_range *range, struct arena *arena,
	struct notify_digest *digest, struct err *err)
{
	struct digest_faileds failed = {0};

	if (digest_failed(tx, range, arena, &failed, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < failed.items_count; i++) {
		*VEC_PUSH_IN(arena, digest, failed) = (struct notify_count){
			.name = failed.items[i].receiver,
			.count = failed.items[i].count,
		};
	}
	return 0;
}

/* Of those that are still configured: one that was taken out is nobody's worry. */
static int load_dead(struct store_tx *tx, const struct alert_settings *settings,
	struct arena *arena, struct notify_digest *digest, struct err *err)
{
	struct channel_list channels = {0};

	if (channel_all(tx, arena, &channels, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < channels.items_count; i++) {
		const struct channel *channel = &channels.items[i];

		if (channel->dead_ms > 0 && alert_receiver(settings, channel->receiver)) {
			*VEC_PUSH_IN(arena, digest, dead) = (struct pair){
				.name = channel->receiver,
				.value = channel->dead_text ? channel->dead_text : "",
			};
		}
	}
	return 0;
}

static int load_silences(struct store_tx *tx, const struct alert_settings *settings, int64_t now_ms,
	struct arena *arena, struct notify_digest *digest, struct err *err)
{
	struct stored_silences silences = {0};

	if (store_silence_active(tx, now_ms, arena, &silences, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < silences.items_count; i++) {
		if (silences.items[i].ends_ms < now_ms + SILENCE_SOON_MS) {
			*VEC_PUSH_IN(arena, digest, silences) = silence_reason(
				&silences.items[i], settings->time_zone, now_ms, arena);
		}
	}
	return 0;
}

static int load(struct store_tx *tx, const struct alert_settings *settings,
	const struct digest_range *range, struct arena *arena,
	const struct notify_digest **ret_digest, struct err *err)
{
	struct notify_digest *digest = arena_calloc(arena, 1, sizeof(*digest));

	digest->from_ms = range->from_ms;
	digest->to_ms = range->to_ms;
	if (load_lists(tx, range, arena, digest, err) < 0 ||
		load_failed(tx, range, arena, digest, err) < 0 ||
		load_dead(tx, settings, arena, digest, err) < 0 ||
		load_silences(tx, settings, range->to_ms, arena, digest, err) < 0) {
		return -1;
	}
	*ret_digest = digest;
	return 0;
}

int digest_load(struct store_tx *tx, const struct alert_settings *settings, const char *content,
	struct arena *arena, const struct notify_digest **ret_digest, struct err *err)
{
	struct digest_range range;

	if (read_content(content, &range, err) < 0) {
		return -1;
	}
	return load(tx, settings, &range, arena, ret_digest, err);
}

int digest_preview(struct store_tx *tx, const struct alert_settings *settings, int64_t now_ms,
	struct arena *arena, const struct notify_digest **ret_digest, struct err *err)
{
	struct digest_range range;

	if (range_now(tx, now_ms, &range, err) < 0) {
		return -1;
	}
	return load(tx, settings, &range, arena, ret_digest, err);
}
