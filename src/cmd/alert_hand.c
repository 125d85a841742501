/*
 * `alert ack ID` and `alert resolve ID`: what a person decides about an open alert.
 */
#include "alert/accept.h"
#include "alert/pairs_json.h"
#include "base/time.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_result.h"
#include "cmd/alert_session.h"
#include "store/store_alerts.h"

typedef int hand_fn(struct store_tx *, const struct alert_settings *, const struct alert_hand *,
	int64_t now_ms, struct arena *, struct accepted *ret_accepted, struct err *);

struct hand {
	struct alert_cmd *alert;
	hand_fn *act;
	struct alert_hand by;
	struct accepted accepted;
	struct alert_session session;
	struct alert_input shown; /* what the alert is, for telling */
	int64_t started_ms, started_wall_ms;
};

static int act(struct store_tx *tx, void *arg, struct err *err)
{
	struct hand *hand = arg;
	struct arena *arena = hand->alert->run->arena;
	struct stored_alert *alert;

	if (hand->act(tx, &hand->alert->config.alerts, &hand->by, hand->started_wall_ms, arena,
		    &hand->accepted, err) < 0 ||
		store_alert_get(tx, hand->by.alert_id, arena, &alert, err) < 0 ||
		pairs_from_json(alert->fields, arena, &hand->shown.fields, err) < 0 ||
		pairs_from_json(alert->labels, arena, &hand->shown.labels, err) < 0) {
		return -1;
	}
	hand->shown.title = str_of(alert->title);
	hand->shown.source = str_of(alert->source);
	hand->shown.message = str_of(alert->message);
	hand->shown.severity = alert->severity;
	hand->shown.is_resolve = alert->resolved_ms != 0;
	return 0;
}

static enum exit_code deliver_and_tell(struct hand *hand, struct store *store)
{
	struct alert_cmd *alert = hand->alert;
	struct alert_result result = {
		.alert = alert,
		.input = &hand->shown,
		.accepted = &hand->accepted,
		.is_acknowledge = hand->act == alert_acknowledge,
		.started_wall_ms = hand->started_wall_ms,
	};
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};

	if (!alert->opts->is_queued) {
		if (alert_deliver(alert, store, hand->by.alert_id, &hand->session, &err) < 0) {
			return cmd_run_fail(alert->run, &err);
		}
		result.session = &hand->session;
	}
	alert_session_close(&hand->session);
	alert_result_read(&result, store);
	result.duration_ms = time_mono_ms() - hand->started_ms;
	alert_result_add(&result, &text);
	return cmd_run_write(alert->run, &text,
		alert_session_exit_code(&hand->session, alert_result_exit_code(&result)));
}

static enum exit_code run(struct alert_cmd *alert, hand_fn *fn)
{
	struct hand hand = {
		.alert = alert,
		.act = fn,
		.started_ms = time_mono_ms(),
		.started_wall_ms = time_wall_ms(),
	};
	struct store *store = NULL;
	struct err err = {0};
	enum exit_code exit_code;

	hand.by.author = alert_author(alert);
	hand.by.note = alert->opts->reason ? alert->opts->reason : "";
	if (alert_id_argument(alert, &hand.by.alert_id, &err) < 0) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	if (alert_open_store(alert, false, &store, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	if (store_write(store, act, &hand, &err) < 0) {
		exit_code = alert_refused(alert, &err);
	} else {
		exit_code = deliver_and_tell(&hand, store);
	}
	alert_session_close(&hand.session);
	store_close(&store);
	return exit_code;
}

static enum exit_code alert_ack(void *cmd)
{
	return run(cmd, alert_acknowledge);
}

static enum exit_code alert_resolve_by_hand(void *cmd)
{
	return run(cmd, alert_resolve);
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{0},
};

static const struct doc_example ack_examples[] = {
	{"sre-toolkit alert ack 12 --reason \"looking at it\"", "the others can go on sleeping"},
	{0},
};

const struct verb alert_verb_ack = {
	.doc =
		{
			.name = "ack",
			.arguments = "ID",
			.summary = "somebody is on it: no reminders until it gets worse",
			.description = "Whoever was told of the alert hears who is on it, where a "
				       "receiver is for such news. `alert list` shows the "
				       "numbers.",
			.flags = "reason author timeout queue store output",
			.own = own_rows,
			.examples = ack_examples,
		},
	.args_min = 1,
	.args_max = 1,
	.run = alert_ack,
};

static const struct doc_example resolve_examples[] = {
	{"sre-toolkit alert resolve 12 --reason \"disk replaced\"", "whoever was told is told"},
	{0},
};

const struct verb alert_verb_resolve = {
	.doc =
		{
			.name = "resolve",
			.arguments = "ID",
			.summary = "it is over",
			.description = "As if `alert --resolve` had been sent by who raised it: "
				       "whoever was told of the alert is told that it is over.",
			.flags = "reason author timeout queue store output",
			.own = own_rows,
			.examples = resolve_examples,
		},
	.args_min = 1,
	.args_max = 1,
	.run = alert_resolve_by_hand,
};
