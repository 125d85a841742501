/*
 * `alert why ID`: the story of one alert in the order in which it happened, and the answer in
 * front: who knows of it, who does not, and why.
 */
#include <string.h>

#include "alert/accept.h"
#include "base/json_writer.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"
#include "notify/notifier.h"
#include "store/store_history.h"

enum { STORY_LIMIT = 50, RECEIVER_COLUMN = 12 };

struct why {
	struct alert_cmd *alert;
	int64_t id;
	struct history_story story;
	struct strbuf out;
};

static int read_story(struct store_tx *tx, void *arg, struct err *err)
{
	struct why *why = arg;

	return history_story(tx, why->id, STORY_LIMIT, why->alert->run->arena, &why->story, err);
}

static void add_escaped(struct strbuf *out, const char *text)
{
	utf8_add_escaped(out, str_of(text), 0);
}

/* --- For people --- */

static void add_colored(struct why *why, enum color color, const char *text)
{
	color_add(&why->out, common_has_color(why->alert->run->common), color, str_of(text));
}

static void add_state(struct why *why)
{
	const struct stored_alert *alert = why->story.alert;
	struct strbuf *out = &why->out;
	int64_t end_ms = alert->resolved_ms > 0 ? alert->resolved_ms : time_wall_ms();

	if (alert->resolved_ms > 0) {
		strbuf_adds(out, "resolved at ");
		time_add_local(out, alert->resolved_ms);
		strbuf_adds(out, ", after ");
	} else {
		strbuf_adds(out, "firing since ");
		time_add_local(out, alert->started_ms);
		strbuf_adds(out, ", for ");
	}
	time_add_duration(out, end_ms > alert->started_ms ? end_ms - alert->started_ms : 0);
	strbuf_addf(out, "; came %lld time%s\n", (long long)alert->events,
		alert->events == 1 ? "" : "s");
	if (alert->acked_ms > 0) {
		strbuf_adds(out, "acknowledged by ");
		add_escaped(out, alert->acked_by ? alert->acked_by : "somebody");
		strbuf_adds(out, " at ");
		time_add_local(out, alert->acked_ms);
		if (alert->acked_note && *alert->acked_note) {
			strbuf_adds(out, ": ");
			add_escaped(out, alert->acked_note);
		}
		strbuf_addc(out, '\n');
	}
}

static void add_head(struct why *why)
{
	const struct stored_alert *alert = why->story.alert;
	struct strbuf *out = &why->out;

	strbuf_addf(out, "alert %lld: %s \"", (long long)alert->id, severity_name(alert->severity));
	add_escaped(out, alert->title);
	strbuf_adds(out, "\" from ");
	add_escaped(out, alert->source);
	strbuf_addc(out, '\n');
	add_state(why);
}

/* What is to be said of a delivery in one line. */
static void add_delivery_state(const struct outbox_delivery *delivery, struct strbuf *out)
{
	const char *result = delivery->result ? delivery->result : "";

	switch (delivery->state) {
	case DELIVERY_WAITING:
		if (delivery->attempts > 0) {
			strbuf_addf(out, "not delivered yet: %s; ",
				delivery->hold_reason ? delivery->hold_reason : result);
		} else if (delivery->hold_reason) {
			strbuf_addf(out, "waits: %s; ", delivery->hold_reason);
		} else {
			strbuf_adds(out, "waits in the outbox; ");
		}
		strbuf_adds(out, delivery->attempts > 0 ? "next attempt at " : "due at ");
		time_add_local(out, delivery->due_ms);
		return;
	case DELIVERY_SENDING:
		strbuf_adds(out, "is being sent right now");
		return;
	case DELIVERY_DELIVERED:
		strbuf_adds(out, "delivered at ");
		time_add_local(out, delivery->ended_ms);
		if (delivery->attempts > 1) {
			strbuf_addf(out, ", at attempt %lld", (long long)delivery->attempts);
		}
		if (delivery->hidden > 0) {
			strbuf_addf(out, ", with +%lld since ", (long long)delivery->hidden);
			time_add_local(out, delivery->hidden_since_ms);
		}
		return;
	case DELIVERY_CARRIED:
		strbuf_addf(out, "told in a message with others (delivery %lld)%s%s",
			(long long)delivery->carrier_id, *result ? ": " : "", result);
		return;
	case DELIVERY_DEAD:
		strbuf_addf(out, "given up: %s (sre-toolkit alert retry %lld)", result,
			(long long)delivery->alert_id);
		return;
	case DELIVERY_REDIRECTED:
		strbuf_addf(out, "sent to somebody else: %s", result);
		return;
	case DELIVERY_CANCELLED:
		strbuf_addf(out, "not sent: %s", result);
		return;
	case DELIVERY_STATES:
		break;
	}
}

static enum color state_color(enum delivery_state state)
{
	switch (state) {
	case DELIVERY_DELIVERED:
	case DELIVERY_CARRIED:
		return COLOR_GREEN;
	case DELIVERY_WAITING:
	case DELIVERY_SENDING:
		return COLOR_YELLOW;
	case DELIVERY_DEAD:
	case DELIVERY_REDIRECTED:
		return COLOR_RED;
	case DELIVERY_CANCELLED:
	case DELIVERY_STATES:
		break;
	}
	return COLOR_DIM;
}

static const char *state_sign(enum delivery_state state)
{
	switch (state) {
	case DELIVERY_DELIVERED:
	case DELIVERY_CARRIED:
		return "✓";
	case DELIVERY_WAITING:
	case DELIVERY_SENDING:
		return "…";
	case DELIVERY_DEAD:
	case DELIVERY_REDIRECTED:
		return "✗";
	case DELIVERY_CANCELLED:
	case DELIVERY_STATES:
		break;
	}
	return "-";
}

static void add_attempt(struct why *why, const struct history_attempt *attempt)
{
	struct strbuf *out = &why->out;

	strbuf_adds(out, "      ");
	time_add_local(out, attempt->started_ms);
	if (attempt->ended_ms == 0) {
		strbuf_adds(out, "  no end: its process died, or it is under way\n");
		return;
	}
	strbuf_adds(out, "  ");
	add_escaped(out, attempt->text && *attempt->text ? attempt->text : "arrived");
	strbuf_adds(out, ", ");
	time_add_duration(out, attempt->ended_ms - attempt->started_ms);
	strbuf_addc(out, '\n');
	if (attempt->body && *attempt->body &&
		!(attempt->text && strstr(attempt->text, attempt->body))) {
		strbuf_adds(out, "        answer: ");
		add_escaped(out, attempt->body);
		strbuf_addc(out, '\n');
	}
	if (attempt->next_ms > 0) {
		strbuf_adds(out, "        next attempt planned for ");
		time_add_local(out, attempt->next_ms);
		strbuf_addc(out, '\n');
	}
}

static void add_delivery(struct why *why, const struct history_delivery *item)
{
	const struct outbox_delivery *delivery = &item->delivery;
	struct strbuf line = STRBUF_INIT;
	struct strbuf *out = &why->out;

	strbuf_adds(out, "  ");
	add_colored(why, state_color(delivery->state), state_sign(delivery->state));
	strbuf_addf(out, " %-*s %s %s%s: ", RECEIVER_COLUMN, delivery->receiver,
		notification_purpose_name((enum notification_purpose)delivery->purpose),
		str_starts(str_of(delivery->route), "instead of ") ? "" : "by ", delivery->route);
	add_delivery_state(delivery, &line);
	utf8_add_escaped(out, strbuf_str(&line), 0);
	strbuf_addc(out, '\n');
	strbuf_release(&line);
	if (item->attempts_total > (int64_t)item->attempts_count) {
		strbuf_addf(out, "      (%lld earlier attempts)\n",
			(long long)(item->attempts_total - (int64_t)item->attempts_count));
	}
	for (size_t i = 0; i < item->attempts_count; i++) {
		add_attempt(why, &item->attempts[i]);
	}
}

static void add_messages(struct why *why)
{
	const struct history_story *story = &why->story;

	if (story->deliveries_count == 0) {
		strbuf_adds(&why->out, "\nNobody was told. ");
		strbuf_adds(&why->out, "What was decided, and why, stands below.\n");
		return;
	}
	strbuf_adds(&why->out, "\nMessages\n");
	if (story->deliveries_total > (int64_t)story->deliveries_count) {
		strbuf_addf(&why->out, "  (%lld earlier ones)\n",
			(long long)(story->deliveries_total - (int64_t)story->deliveries_count));
	}
	for (size_t i = 0; i < story->deliveries_count; i++) {
		add_delivery(why, &story->deliveries[i]);
	}
}

static const char *event_word(const struct stored_event *event)
{
	switch (event->kind) {
	case EVENT_FIRING:
		return severity_name(event->severity);
	case EVENT_RESOLVED:
		return "resolved";
	case EVENT_ACKNOWLEDGED:
		return "acknowledged";
	case EVENT_KINDS:
		break;
	}
	return "";
}

static void add_event(struct why *why, const struct history_event *item)
{
	const struct stored_event *event = item->event;
	struct strbuf *out = &why->out;

	strbuf_adds(out, "  ");
	time_add_local(out, event->time_ms);
	strbuf_addf(out, "  %s", event_word(event));
	if (event->author) {
		strbuf_adds(out, " by ");
		add_escaped(out, event->author);
	}
	if (*event->message) {
		strbuf_adds(out, ": ");
		utf8_add_escaped(out, str_of(event->message), 200);
	}
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < item->decisions.items_count; i++) {
		const struct stored_decision *decision = &item->decisions.items[i];

		strbuf_addf(out, "      %-*s %s by %s%s", RECEIVER_COLUMN,
			*decision->receiver ? decision->receiver : "(nobody)",
			verdict_name((enum verdict)decision->verdict), decision->route,
			*decision->reason ? ": " : "");
		add_escaped(out, decision->reason);
		strbuf_addc(out, '\n');
	}
}

static void add_events(struct why *why)
{
	const struct history_story *story = &why->story;

	strbuf_adds(&why->out, "\nWhat happened\n");
	if (story->events_total > (int64_t)story->events_count) {
		strbuf_addf(&why->out, "  (%lld earlier events)\n",
			(long long)(story->events_total - (int64_t)story->events_count));
	}
	for (size_t i = 0; i < story->events_count; i++) {
		add_event(why, &story->events[i]);
	}
}

static void add_silences(struct why *why)
{
	struct strbuf *out = &why->out;

	if (why->story.silences.items_count > 0) {
		strbuf_adds(out, "\nSilences\n");
	}
	for (size_t i = 0; i < why->story.silences.items_count; i++) {
		const struct stored_silence *silence = &why->story.silences.items[i];

		strbuf_addf(out, "  %lld: ", (long long)silence->id);
		alert_add_matchers(silence, why->alert->run->arena, out);
		strbuf_adds(out, silence->expired_ms > 0 ? ", expired " : ", until ");
		time_add_local(
			out, silence->expired_ms > 0 ? silence->expired_ms : silence->ends_ms);
		strbuf_adds(out, ", by ");
		add_escaped(out, silence->author);
		strbuf_adds(out, ": ");
		add_escaped(out, silence->reason);
		strbuf_addc(out, '\n');
	}
}

/* --- For programs --- */

static const char *const delivery_state_names[] = {
	[DELIVERY_WAITING] = "waiting",
	[DELIVERY_SENDING] = "sending",
	[DELIVERY_DELIVERED] = "delivered",
	[DELIVERY_CARRIED] = "carried",
	[DELIVERY_DEAD] = "dead",
	[DELIVERY_REDIRECTED] = "redirected",
	[DELIVERY_CANCELLED] = "cancelled",
};

static void write_attempt(const struct history_attempt *attempt, struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_time(json, "started", attempt->started_ms);
	json_field_time_or_null(json, "ended", attempt->ended_ms);
	json_field_string(json, "outcome",
		attempt->outcome < 0
			? NULL
			: delivery_outcome_name((enum delivery_outcome)attempt->outcome));
	json_field_int(json, "code", attempt->code);
	json_field_string(json, "text", attempt->text);
	json_field_string(json, "body", attempt->body);
	json_field_time_or_null(json, "next", attempt->next_ms);
	json_write_object_end(json);
}

static void write_delivery(const struct history_delivery *item, struct json_writer *json)
{
	const struct outbox_delivery *delivery = &item->delivery;

	json_write_object_begin(json);
	json_field_int(json, "id", delivery->id);
	json_field_string(json, "receiver", delivery->receiver);
	json_field_string(json, "purpose",
		notification_purpose_name((enum notification_purpose)delivery->purpose));
	json_field_string(json, "state", delivery_state_names[delivery->state]);
	json_field_string(json, "route", delivery->route);
	json_field_time_or_null(json, "due", delivery->due_ms);
	json_field_time_or_null(json, "ended", delivery->ended_ms);
	json_field_int(json, "carried_by", delivery->carrier_id);
	json_field_int(json, "hidden", delivery->hidden);
	json_field_string(json, "held", delivery->hold_reason);
	json_field_string(json, "result", delivery->result);
	json_write_key(json, "attempts");
	json_write_array_begin(json);
	for (size_t i = 0; i < item->attempts_count; i++) {
		write_attempt(&item->attempts[i], json);
	}
	json_write_array_end(json);
	json_write_object_end(json);
}

static void write_event(const struct history_event *item, struct json_writer *json)
{
	json_write_object_begin(json);
	json_field_time(json, "time", item->event->time_ms);
	json_field_string(json, "event", event_word(item->event));
	json_field_string(json, "message", item->event->message);
	json_field_string(json, "author", item->event->author);
	json_write_key(json, "decisions");
	json_write_array_begin(json);
	for (size_t i = 0; i < item->decisions.items_count; i++) {
		const struct stored_decision *decision = &item->decisions.items[i];

		json_write_object_begin(json);
		json_field_string(json, "receiver", decision->receiver);
		json_field_string(json, "verdict", verdict_name((enum verdict)decision->verdict));
		json_field_string(json, "route", decision->route);
		json_field_string(json, "reason", decision->reason);
		json_field_time_or_null(json, "until", decision->until_ms);
		json_write_object_end(json);
	}
	json_write_array_end(json);
	json_write_object_end(json);
}

static void add_json(struct why *why)
{
	const struct history_story *story = &why->story;
	struct json_writer json;

	json_document_begin(&json, &why->out, "alert why");
	json_write_key(&json, "alert");
	json_write_object_begin(&json);
	stored_alert_write_json(story->alert, &json);
	json_write_object_end(&json);
	json_write_key(&json, "deliveries");
	json_write_array_begin(&json);
	for (size_t i = 0; i < story->deliveries_count; i++) {
		write_delivery(&story->deliveries[i], &json);
	}
	json_write_array_end(&json);
	json_write_key(&json, "events");
	json_write_array_begin(&json);
	for (size_t i = 0; i < story->events_count; i++) {
		write_event(&story->events[i], &json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static enum exit_code tell(struct why *why)
{
	if (why->alert->opts->output == ALERT_JSON) {
		add_json(why);
	} else {
		add_head(why);
		add_messages(why);
		add_events(why);
		add_silences(why);
	}
	return cmd_run_write(why->alert->run, &why->out, EXIT_CODE_OK);
}

static enum exit_code alert_why(void *cmd)
{
	struct alert_cmd *alert = cmd;
	struct why why = {.alert = alert, .out = STRBUF_INIT};
	struct store *store = NULL;
	struct err err = {0};
	int status;

	if (alert_id_argument(alert, &why.id, &err) < 0) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	status = alert_open_store(alert, true, &store, &err);
	if (status == 0 && !store) {
		return cmd_run_usage(alert->run, "there is no alert %lld: the store is empty",
			(long long)why.id);
	}
	if (status == 0) {
		status = store_read(store, read_story, &why, &err);
	}
	store_close(&store);
	if (status < 0 && err.code == ERR_NOT_FOUND) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	return status < 0 ? cmd_run_fail(alert->run, &err) : tell(&why);
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert why 12", "who was told, who was not, and why"},
	{0},
};

const struct verb alert_verb_why = {
	.doc =
		{
			.name = "why",
			.arguments = "ID",
			.summary = "the route it took, what held it back, each attempt",
			.description = "The story of one alert, in the order in which it "
				       "happened; who knows of it comes first. `alert list --all` "
				       "shows the numbers.",
			.flags = "store output",
			.own = own_rows,
			.examples = examples,
		},
	.args_min = 1,
	.args_max = 1,
	.run = alert_why,
};
