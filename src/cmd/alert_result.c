/*
 * One line for each receiver: told, held back and why, or not reached and what happens next.
 */
#include "cmd/alert_result.h"

#include "base/json_writer.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"
#include "store/store.h"
#include "store/store_outbox.h"

enum { RECEIVER_COLUMN = 12 };

enum fate {
	FATE_TOLD,
	FATE_HELD,    /* on purpose, or there was nothing to tell */
	FATE_WAITING, /* in the outbox, and not tried */
	FATE_FAILED,  /* tried, to be tried again */
	FATE_REFUSED, /* tried, for good */
};

static const char *const fate_names[] = {
	[FATE_TOLD] = "delivered",
	[FATE_HELD] = "held",
	[FATE_WAITING] = "waiting",
	[FATE_FAILED] = "retrying",
	[FATE_REFUSED] = "failed",
};

static const struct alert_attempt *attempt_of(
	const struct alert_result *result, const struct decision *decision)
{
	return result->session ? alert_session_attempt(result->session, decision->receiver) : NULL;
}

/* NULL: it is not known what became of it. */
static const struct outbox_delivery *delivery_of(
	const struct alert_result *result, const struct decision *decision)
{
	size_t i = (size_t)(decision - result->accepted->decisions);

	return result->deliveries && result->deliveries[i].id != 0 ? &result->deliveries[i] : NULL;
}

/* What ended without its own receiver having been told. */
static const char *end_of(const struct alert_result *result, const struct decision *decision)
{
	const struct outbox_delivery *delivery = delivery_of(result, decision);

	if (!delivery || !delivery->result) {
		return NULL;
	}
	switch (delivery->state) {
	case DELIVERY_DEAD:
	case DELIVERY_REDIRECTED:
	case DELIVERY_CANCELLED:
		return delivery->result;
	case DELIVERY_WAITING:
	case DELIVERY_SENDING:
	case DELIVERY_DELIVERED:
	case DELIVERY_CARRIED:
	case DELIVERY_STATES:
		break;
	}
	return NULL;
}

/* By the latest attempt at the receiver, which may have been of another message. */
static enum fate fate_by_attempt(const struct alert_attempt *attempt)
{
	if (!attempt) {
		return FATE_WAITING;
	}
	if (attempt->outcome == DELIVERY_ARRIVED) {
		return FATE_TOLD;
	}
	return attempt->next_ms > 0 ? FATE_FAILED : FATE_REFUSED;
}

static enum fate fate_by_delivery(const struct outbox_delivery *delivery)
{
	switch (delivery->state) {
	case DELIVERY_DELIVERED:
	case DELIVERY_CARRIED:
		return FATE_TOLD;
	case DELIVERY_SENDING: /* it was left without an answer */
		return FATE_WAITING;
	case DELIVERY_WAITING:
		return delivery->attempts > 0 ? FATE_FAILED : FATE_WAITING;
	case DELIVERY_DEAD:
	case DELIVERY_REDIRECTED:
	case DELIVERY_CANCELLED:
	case DELIVERY_STATES:
		break;
	}
	return FATE_REFUSED;
}

/* What the store says counts, unless it could not be written. */
static enum fate fate_of(const struct alert_result *result, const struct decision *decision)
{
	const struct outbox_delivery *delivery = delivery_of(result, decision);
	const bool is_stored = result->session && result->session->store_error.code == ERR_NONE;

	if (decision->verdict != VERDICT_SENT && decision->verdict != VERDICT_GROUPED) {
		return FATE_HELD;
	}
	if (!result->session) {
		return FATE_WAITING;
	}
	return delivery && is_stored ? fate_by_delivery(delivery)
				     : fate_by_attempt(attempt_of(result, decision));
}

enum exit_code alert_result_exit_code(const struct alert_result *result)
{
	for (size_t i = 0; result->session && i < result->accepted->decisions_count; i++) {
		const struct decision *decision = &result->accepted->decisions[i];

		switch (fate_of(result, decision)) {
		case FATE_TOLD:
		case FATE_HELD:
			break;
		case FATE_WAITING: /* a group waits for others of it, as it is to */
			if (decision->verdict == VERDICT_GROUPED) {
				break;
			}
			return EXIT_CODE_FAILED;
		case FATE_FAILED:
		case FATE_REFUSED:
			return EXIT_CODE_FAILED;
		}
	}
	return EXIT_CODE_OK;
}

static void add_next(struct strbuf *line, int64_t next_ms)
{
	int64_t wait_ms = next_ms - time_wall_ms();

	if (next_ms > 0) {
		strbuf_adds(line, "; next attempt in ");
		time_add_duration(line, wait_ms > 0 ? wait_ms : 0);
	}
}

static void add_waiting(
	const struct alert_result *result, const struct decision *decision, struct strbuf *line)
{
	const struct outbox_delivery *delivery = delivery_of(result, decision);

	if (decision->verdict == VERDICT_GROUPED) {
		strbuf_adds(line, decision->reason);
		return;
	}
	strbuf_adds(line, "in the outbox");
	if (delivery && delivery->hold_reason) {
		strbuf_addf(line, ": %s", delivery->hold_reason);
		add_next(line, delivery->due_ms);
	}
}

static void add_told(
	const struct alert_result *result, const struct decision *decision, struct strbuf *line)
{
	const struct outbox_delivery *delivery = delivery_of(result, decision);
	const struct alert_attempt *attempt = attempt_of(result, decision);

	if (delivery && delivery->state == DELIVERY_CARRIED) {
		strbuf_adds(line, "delivered in a message with others");
		return;
	}
	if (attempt && attempt->receiver->kind->abilities & NOTIFIER_LOCAL) {
		strbuf_adds(line, attempt->text); /* "logged" */
		return;
	}
	strbuf_adds(line, "delivered");
	if (delivery && delivery->attempts > 1) {
		strbuf_addf(line, " at attempt %lld", (long long)delivery->attempts);
	}
}

/* What the last attempt came to, and when the next is. */
static void add_failed(
	const struct alert_result *result, const struct decision *decision, struct strbuf *line)
{
	const struct outbox_delivery *delivery = delivery_of(result, decision);
	const struct alert_attempt *attempt = attempt_of(result, decision);
	int64_t next_ms = attempt ? attempt->next_ms : 0;

	if (attempt && attempt->outcome != DELIVERY_ARRIVED) {
		strbuf_adds(line, attempt->text);
	} else if (delivery && delivery->hold_reason) {
		strbuf_adds(line, delivery->hold_reason);
	} else {
		strbuf_adds(line, "no answer by the time the command ended");
	}
	add_next(line, delivery ? delivery->due_ms : next_ms);
}

static void add_words(
	const struct alert_result *result, const struct decision *decision, struct strbuf *line)
{
	const struct alert_attempt *attempt = attempt_of(result, decision);

	switch (fate_of(result, decision)) {
	case FATE_TOLD:
		add_told(result, decision, line);
		return;
	case FATE_HELD:
		strbuf_addf(line, "%s: %s", verdict_name(decision->verdict), decision->reason);
		return;
	case FATE_WAITING:
		add_waiting(result, decision, line);
		return;
	case FATE_FAILED:
		add_failed(result, decision, line);
		return;
	case FATE_REFUSED:
		strbuf_adds(line, end_of(result, decision) ? end_of(result, decision)
				  : attempt                ? attempt->text
							   : "given up");
		return;
	}
}

static void add_mark(const struct alert_result *result, enum fate fate, struct strbuf *out)
{
	static const struct {
		const char *sign;
		enum color color;
	} marks[] = {
		[FATE_TOLD] = {"✓", COLOR_GREEN},
		[FATE_HELD] = {"-", COLOR_DIM},
		[FATE_WAITING] = {"…", COLOR_YELLOW},
		[FATE_FAILED] = {"✗", COLOR_RED},
		[FATE_REFUSED] = {"✗", COLOR_RED},
	};

	color_add(out, common_has_color(result->alert->run->common), marks[fate].color,
		str_of(marks[fate].sign));
}

static void add_line(
	const struct alert_result *result, const struct decision *decision, struct strbuf *out)
{
	struct strbuf words = STRBUF_INIT;
	const char *receiver = *decision->receiver ? decision->receiver : "(nobody)";

	strbuf_adds(out, "  ");
	add_mark(result, fate_of(result, decision), out);
	strbuf_addf(out, " %-*s ", RECEIVER_COLUMN, receiver);
	add_words(result, decision, &words);
	utf8_add_escaped(out, strbuf_str(&words), 0);
	strbuf_addc(out, '\n');
	strbuf_release(&words);
}

static void add_text(const struct alert_result *result, struct strbuf *out)
{
	const struct alert_input *input = result->input;
	const struct accepted *accepted = result->accepted;

	if (accepted->alert_id == 0) {
		strbuf_adds(out, "nothing to resolve: no open alert has this ");
		strbuf_adds(out, input->dedup_key.len > 0 ? "dedup key\n" : "source and title\n");
		return;
	}
	strbuf_adds(out, "alert");
	if (!result->is_forgotten) {
		strbuf_addf(out, " %lld", (long long)accepted->alert_id);
	}
	strbuf_addf(out, ": %s \"",
		result->is_acknowledge ? "acknowledged"
		: input->is_resolve    ? "resolved"
				       : severity_name(input->severity));
	utf8_add_escaped(out, input->title, 0);
	strbuf_adds(out, "\" from ");
	utf8_add_escaped(out, input->source, 0);
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < accepted->decisions_count; i++) {
		add_line(result, &accepted->decisions[i], out);
	}
}

static void write_decision(const struct alert_result *result, const struct decision *decision,
	struct json_writer *json)
{
	const struct alert_attempt *attempt = attempt_of(result, decision);

	json_write_object_begin(json);
	json_field_string(json, "receiver", decision->receiver);
	json_field_string(json, "state", fate_names[fate_of(result, decision)]);
	json_field_string(json, "verdict", verdict_name(decision->verdict));
	json_field_string(json, "route", decision->route);
	json_field_string(json, "reason", decision->reason);
	if (decision->until_ms > 0) {
		json_field_time(json, "until", decision->until_ms);
	}
	if (attempt) {
		json_field_int(json, "attempts", attempt->attempts);
		json_field_string(json, "outcome", delivery_outcome_name(attempt->outcome));
		json_field_string(json, "fault", channel_fault_name(attempt->fault));
		json_field_int(json, "code", attempt->code);
		json_field_string(json, "text", attempt->text);
	}
	if (end_of(result, decision)) {
		json_field_string(json, "end", end_of(result, decision));
	}
	if (attempt && attempt->next_ms > 0 && !end_of(result, decision)) {
		json_field_time(json, "next_attempt", attempt->next_ms);
	}
	json_write_object_end(json);
}

static void write_summary(const struct alert_result *result, struct json_writer *json)
{
	const struct accepted *accepted = result->accepted;
	int64_t count[FATE_REFUSED + 1] = {0};

	for (size_t i = 0; i < accepted->decisions_count; i++) {
		count[fate_of(result, &accepted->decisions[i])]++;
	}
	json_write_key(json, "summary");
	json_write_object_begin(json);
	json_field_int(json, "total", (int64_t)accepted->decisions_count);
	for (int fate = 0; fate <= FATE_REFUSED; fate++) {
		json_field_int(json, fate_names[fate], count[fate]);
	}
	json_write_object_end(json);
}

static void add_json(const struct alert_result *result, struct strbuf *out)
{
	const struct alert_input *input = result->input;
	const struct accepted *accepted = result->accepted;
	struct json_writer json;

	json_document_begin(&json, out, "alert");
	json_field_time(&json, "started", result->started_wall_ms);
	json_field_double(&json, "duration_seconds", (double)result->duration_ms / 1000);
	write_summary(result, &json);
	json_write_key(&json, "alert");
	json_write_object_begin(&json);
	json_field_int(&json, "id", result->is_forgotten ? 0 : accepted->alert_id);
	json_field_str(&json, "title", input->title);
	json_field_string(&json, "severity", severity_name(input->severity));
	json_field_str(&json, "source", input->source);
	json_field_str(&json, "message", input->message);
	json_field_string(&json, "status", input->is_resolve ? "resolved" : "firing");
	json_field_bool(&json, "is_new", accepted->is_new);
	json_write_key(&json, "fields");
	pairs_write_json(&input->fields, &json);
	json_write_key(&json, "labels");
	pairs_write_json(&input->labels, &json);
	json_write_object_end(&json);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < accepted->decisions_count; i++) {
		write_decision(result, &accepted->decisions[i], &json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static int read_deliveries(struct store_tx *tx, void *arg, struct err *err)
{
	struct alert_result *result = arg;
	const struct accepted *accepted = result->accepted;
	struct arena *arena = result->alert->run->arena;
	struct outbox_delivery *deliveries =
		arena_alloc(arena, (accepted->decisions_count + 1) * sizeof(*deliveries));

	for (size_t i = 0; i < accepted->decisions_count; i++) {
		int64_t id = accepted->decisions[i].delivery_id;

		if (id != 0 && outbox_get(tx, id, arena, &deliveries[i], err) < 0) {
			return -1;
		}
	}
	result->deliveries = deliveries;
	return 0;
}

void alert_result_read(struct alert_result *result, struct store *store)
{
	struct err err = {0};

	if (store_read(store, read_deliveries, result, &err) < 0) {
		log_debug(&alert_log, "%s", err.msg);
	}
}

void alert_result_add(const struct alert_result *result, struct strbuf *out)
{
	if (result->alert->opts->output == ALERT_JSON) {
		add_json(result, out);
	} else if (!result->alert->run->common->is_quiet) {
		add_text(result, out);
	}
}
