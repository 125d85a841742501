/*
 * Events on their way into the store.  See accept.h; who is told is decided in accept_firing.c and
 * accept_end.c.
 */
#include "alert/accept.h"

#include <assert.h>

#include "alert/accept_internal.h"
#include "alert/alert_text.h"
#include "alert/fingerprint.h"
#include "alert/pairs_json.h"
#include "alert/when.h"
#include "base/alloc.h"
#include "base/vec.h"

enum { NOTE_MAX = 4096, AUTHOR_MAX = 128 };

static const char *const verdict_names[] = {
	[VERDICT_SENT] = "sent",
	[VERDICT_GROUPED] = "grouped",
	[VERDICT_SUPPRESSED] = "suppressed",
	[VERDICT_SILENCED] = "silenced",
	[VERDICT_INHIBITED] = "inhibited",
	[VERDICT_ACKNOWLEDGED] = "acknowledged",
	[VERDICT_NOT_TOLD] = "not told",
	[VERDICT_UNROUTED] = "unrouted",
	[VERDICT_CANCELLED] = "cancelled",
};

static_assert(ARRAY_LEN(verdict_names) == VERDICTS, "a name for each");

const char *verdict_name(enum verdict verdict)
{
	return verdict_names[verdict];
}

/* --- What the files share --- */

const char *acceptance_clock(const struct acceptance *acceptance, int64_t wall_ms)
{
	return when_clock(
		acceptance->settings->time_zone, wall_ms, acceptance->now_ms, acceptance->arena);
}

int acceptance_load(struct acceptance *acceptance, struct err *err)
{
	const struct stored_alert *alert = acceptance->alert;

	acceptance->subject = (struct matcher_subject){.severity = alert->severity,
		.source = alert->source,
		.title = alert->title,
		.labels = &acceptance->labels};
	if (store_told_list(acceptance->tx, alert->id, acceptance->arena, &acceptance->tolds, err) <
		0) {
		return -1;
	}
	return store_waiting_list(
		acceptance->tx, alert->id, acceptance->arena, &acceptance->waiting, err);
}

int acceptance_add_event(
	struct acceptance *acceptance, const struct stored_event *event, struct err *err)
{
	return store_event_add(acceptance->tx, event, &acceptance->accepted->event_id, err);
}

int acceptance_decide(struct acceptance *acceptance, const struct decision *decision,
	int64_t silence_id, struct err *err)
{
	const struct stored_decision stored = {
		.event_id = acceptance->accepted->event_id,
		.receiver = decision->receiver,
		.verdict = decision->verdict,
		.route = decision->route,
		.reason = decision->reason,
		.until_ms = decision->until_ms,
		.silence_id = silence_id,
		.delivery_id = decision->delivery_id,
	};

	*VEC_PUSH_IN(acceptance->arena, acceptance->accepted, decisions) = *decision;
	return store_decision_add(acceptance->tx, &stored, err);
}

struct stored_told *acceptance_told(struct acceptance *acceptance, const char *receiver)
{
	for (size_t i = 0; i < acceptance->tolds.items_count; i++) {
		if (strcmp(acceptance->tolds.items[i].receiver, receiver) == 0) {
			return &acceptance->tolds.items[i];
		}
	}
	return NULL;
}

struct stored_hold *acceptance_held(struct acceptance *acceptance, const char *receiver)
{
	for (size_t i = 0; i < acceptance->waiting.items_count; i++) {
		struct stored_hold *hold = &acceptance->waiting.items[i];

		if (hold->purpose == NOTIFICATION_TRIGGER &&
			(hold->silence_id || hold->inhibitor_id) &&
			strcmp(hold->receiver, receiver) == 0) {
			return hold;
		}
	}
	return NULL;
}

/* --- Events --- */

/* Nobody knows of the future, and clocks differ. */
static int64_t event_time(const struct alert_input *input, int64_t now_ms)
{
	return input->time_ms > 0 && input->time_ms < now_ms ? input->time_ms : now_ms;
}

static const char *text_or_null(struct str text)
{
	return text.len > 0 ? text.ptr : NULL;
}

/* The alert as it is with the event: its latest words count. */
static void alert_take(struct acceptance *acceptance, const struct alert_input *input)
{
	struct stored_alert *alert = acceptance->alert;

	alert->title = input->title.ptr;
	alert->source = input->source.ptr;
	alert->message = input->message.ptr;
	alert->severity = input->severity;
	if (alert->severity > alert->severity_max) {
		alert->severity_max = alert->severity;
	}
	alert->fields = pairs_to_json(&input->fields, acceptance->arena);
	alert->labels = pairs_to_json(&input->labels, acceptance->arena);
	alert->runbook = text_or_null(input->runbook);
	alert->updated_ms = event_time(input, acceptance->now_ms);
	alert->events++;
	acceptance->labels = input->labels;
	if (alert->acked_ms && alert->severity > alert->acked_severity) {
		alert->acked_ms = 0;
		alert->acked_by = NULL;
		alert->acked_note = NULL;
	}
}

static int alert_open(struct acceptance *acceptance, const struct alert_input *input,
	const char *fingerprint, struct err *err)
{
	struct stored_alert *alert = arena_alloc(acceptance->arena, sizeof(*alert));

	*alert = (struct stored_alert){
		.fingerprint = arena_strdup(acceptance->arena, fingerprint),
		.dedup_key = text_or_null(input->dedup_key),
		.started_ms = event_time(input, acceptance->now_ms),
	};
	acceptance->alert = alert;
	alert_take(acceptance, input);
	return store_alert_add(acceptance->tx, alert, &alert->id, err);
}

static int take_firing(struct acceptance *acceptance, const struct alert_input *input,
	const char *fingerprint, struct err *err)
{
	bool is_new = !acceptance->alert;
	struct stored_event event;

	if (is_new) {
		if (alert_open(acceptance, input, fingerprint, err) < 0) {
			return -1;
		}
	} else {
		alert_take(acceptance, input);
		if (store_alert_update(acceptance->tx, acceptance->alert, err) < 0) {
			return -1;
		}
	}
	acceptance->accepted->is_new = is_new;
	acceptance->accepted->alert_id = acceptance->alert->id;
	event = (struct stored_event){.alert_id = acceptance->alert->id,
		.time_ms = acceptance->alert->updated_ms,
		.kind = EVENT_FIRING,
		.severity = input->severity,
		.message = acceptance->alert->message,
		.fields = acceptance->alert->fields,
		.labels = acceptance->alert->labels};
	return acceptance_add_event(acceptance, &event, err);
}

static int fire(struct acceptance *acceptance, const struct alert_input *input,
	const char *fingerprint, struct err *err)
{
	struct inhibition_subject subject;

	if (take_firing(acceptance, input, fingerprint, err) < 0 ||
		acceptance_load(acceptance, err) < 0 ||
		inhibition_prepare(acceptance->tx, acceptance->settings, acceptance->arena, err) <
			0) {
		return -1;
	}
	subject = (struct inhibition_subject){
		.alert_id = acceptance->alert->id, .subject = &acceptance->subject};
	if (inhibition_note(acceptance->tx, acceptance->settings, &subject, acceptance->now_ms,
		    acceptance->arena, err) < 0) {
		return -1;
	}
	return accept_firing(acceptance, acceptance->accepted->is_new, err);
}

/* How an alert ends. */
struct end {
	int64_t time_ms;
	const char *message; /* "": nothing was said */
	const char *fields, *labels;
	const char *author; /* NULL: no person */
};

static int end(struct acceptance *acceptance, const struct end *how, struct err *err)
{
	struct stored_alert *alert = acceptance->alert;
	const struct stored_event event = {.alert_id = alert->id,
		.time_ms = how->time_ms,
		.kind = EVENT_RESOLVED,
		.severity = alert->severity,
		.message = how->message,
		.fields = how->fields,
		.labels = how->labels,
		.author = how->author};

	acceptance->accepted->alert_id = alert->id;
	alert->resolved_ms = how->time_ms > alert->started_ms ? how->time_ms : alert->started_ms;
	alert->updated_ms = alert->resolved_ms;
	if (*how->message != '\0') {
		alert->message = how->message;
	}
	if (store_alert_update(acceptance->tx, alert, err) < 0 ||
		acceptance_add_event(acceptance, &event, err) < 0 ||
		acceptance_load(acceptance, err) < 0) {
		return -1;
	}
	return accept_end(acceptance, err);
}

/* Its labels are those that it had: receivers that know an alert by them would not find it by
 * others. */
static int end_by_event(
	struct acceptance *acceptance, const struct alert_input *input, struct err *err)
{
	const struct stored_alert *alert = acceptance->alert;
	const struct end how = {
		.time_ms = event_time(input, acceptance->now_ms),
		.message = input->message.ptr,
		.fields = pairs_to_json(&input->fields, acceptance->arena),
		.labels = alert->labels,
	};

	return end(acceptance, &how, err);
}

static int accept(struct acceptance *acceptance, const struct alert_input *input, struct err *err)
{
	char fingerprint[FINGERPRINT_SIZE];

	alert_fingerprint(input, fingerprint);
	if (store_alert_find_open(
		    acceptance->tx, fingerprint, acceptance->arena, &acceptance->alert, err) < 0) {
		return -1;
	}
	if (!input->is_resolve) {
		return fire(acceptance, input, fingerprint, err);
	}
	return acceptance->alert ? end_by_event(acceptance, input, err) : 0;
}

int alert_accept(struct store_tx *tx, const struct alert_settings *settings,
	const struct alert_input *input, int64_t now_ms, struct arena *arena,
	struct accepted *ret_accepted, struct err *err)
{
	struct accepted accepted = {0};
	struct acceptance acceptance = {.tx = tx,
		.settings = settings,
		.arena = arena,
		.now_ms = now_ms,
		.accepted = &accepted};

	if (accept(&acceptance, input, err) < 0) {
		return -1;
	}
	*ret_accepted = accepted;
	return 0;
}

/* --- Trying --- */

struct preview {
	const struct alert_settings *settings;
	const struct alert_input *input;
	int64_t now_ms;
	struct arena *arena;
	struct accepted *ret_accepted;
};

static int preview(struct store_tx *tx, void *arg, struct err *err)
{
	const struct preview *what = arg;

	return alert_accept(tx, what->settings, what->input, what->now_ms, what->arena,
		what->ret_accepted, err);
}

int alert_preview(struct store_tx *tx, const struct alert_settings *settings,
	const struct alert_input *input, int64_t now_ms, struct arena *arena,
	struct accepted *ret_accepted, struct err *err)
{
	struct preview what = {settings, input, now_ms, arena, ret_accepted};

	return store_try(tx, preview, &what, err);
}

/* --- By hand --- */

struct hand {
	const char *author, *note;
};

static int hand_check(
	const struct alert_hand *given, struct arena *arena, struct hand *ret_hand, struct err *err)
{
	struct str author =
		alert_text_clean(str_of(given->author), ALERT_TEXT_LINE, AUTHOR_MAX, arena);

	if (author.len == 0) {
		return err_set(err, ERR_INPUT, "who it is must be said");
	}
	*ret_hand = (struct hand){.author = author.ptr,
		.note = alert_text_clean(str_of(given->note), ALERT_TEXT_LINES, NOTE_MAX, arena)
				.ptr};
	return 0;
}

static int open_alert(struct acceptance *acceptance, int64_t id, struct err *err)
{
	if (store_alert_get(acceptance->tx, id, acceptance->arena, &acceptance->alert, err) < 0) {
		return -1;
	}
	if (!acceptance->alert) {
		return err_set(err, ERR_NOT_FOUND, "there is no alert %lld", (long long)id);
	}
	if (acceptance->alert->resolved_ms) {
		return err_set(err, ERR_INPUT, "alert %lld is over since %s", (long long)id,
			acceptance_clock(acceptance, acceptance->alert->resolved_ms));
	}
	acceptance->accepted->alert_id = id;
	return pairs_from_json(
		acceptance->alert->labels, acceptance->arena, &acceptance->labels, err);
}

static int acknowledge(struct acceptance *acceptance, const struct hand *hand, struct err *err)
{
	struct stored_alert *alert = acceptance->alert;
	const struct stored_event event = {.alert_id = alert->id,
		.time_ms = acceptance->now_ms,
		.kind = EVENT_ACKNOWLEDGED,
		.severity = alert->severity,
		.message = hand->note,
		.fields = "{}",
		.labels = alert->labels,
		.author = hand->author};

	alert->acked_ms = acceptance->now_ms;
	alert->acked_by = hand->author;
	alert->acked_note = hand->note;
	alert->acked_severity = alert->severity;
	if (store_alert_update(acceptance->tx, alert, err) < 0 ||
		acceptance_add_event(acceptance, &event, err) < 0 ||
		acceptance_load(acceptance, err) < 0) {
		return -1;
	}
	return accept_acknowledgement(acceptance, err);
}

static int end_by_hand(struct acceptance *acceptance, const struct hand *hand, struct err *err)
{
	const struct end how = {.time_ms = acceptance->now_ms,
		.message = hand->note,
		.fields = "{}",
		.labels = acceptance->alert->labels,
		.author = hand->author};

	return end(acceptance, &how, err);
}

typedef int hand_fn(struct acceptance *, const struct hand *, struct err *);

/* What alert_acknowledge() and alert_resolve() have in common. */
struct by_hand {
	const struct alert_settings *settings;
	const struct alert_hand *given;
	int64_t now_ms;
	struct arena *arena;
	hand_fn *fn;
};

static int by_hand(struct store_tx *tx, const struct by_hand *what, struct accepted *ret_accepted,
	struct err *err)
{
	struct accepted accepted = {0};
	struct acceptance acceptance = {.tx = tx,
		.settings = what->settings,
		.arena = what->arena,
		.now_ms = what->now_ms,
		.accepted = &accepted};
	struct hand hand = {.author = "", .note = ""};

	if (hand_check(what->given, what->arena, &hand, err) < 0 ||
		open_alert(&acceptance, what->given->alert_id, err) < 0 ||
		what->fn(&acceptance, &hand, err) < 0) {
		return -1;
	}
	*ret_accepted = accepted;
	return 0;
}

int alert_acknowledge(struct store_tx *tx, const struct alert_settings *settings,
	const struct alert_hand *hand, int64_t now_ms, struct arena *arena,
	struct accepted *ret_accepted, struct err *err)
{
	const struct by_hand what = {settings, hand, now_ms, arena, acknowledge};

	return by_hand(tx, &what, ret_accepted, err);
}

int alert_resolve(struct store_tx *tx, const struct alert_settings *settings,
	const struct alert_hand *hand, int64_t now_ms, struct arena *arena,
	struct accepted *ret_accepted, struct err *err)
{
	const struct by_hand what = {settings, hand, now_ms, arena, end_by_hand};

	return by_hand(tx, &what, ret_accepted, err);
}
