/*
 * `alert --dry-run`: who would be told by which route, who not and why, and the exact messages.
 */
#include <string.h>

#include "alert/fingerprint.h"
#include "base/json_writer.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_result.h"
#include "notify/notifier.h"

/* The alert as its receivers would see it. */
static void make_alert(const struct alert_cmd *cmd, const struct alert_input *input,
	const struct accepted *accepted, struct alert *ret_alert)
{
	struct arena *arena = cmd->run->arena;
	char fingerprint[FINGERPRINT_SIZE];
	int64_t now_ms = time_wall_ms();

	alert_fingerprint(input, fingerprint);
	*ret_alert = (struct alert){
		.id = accepted->alert_id,
		.fingerprint = arena_strdup(arena, fingerprint),
		.episode_ms = now_ms,
		.title = str_dup(input->title, arena),
		.source = str_dup(input->source, arena),
		.message = str_dup(input->message, arena),
		.severity = input->severity,
		.fields = input->fields,
		.labels = input->labels,
		.runbook = input->runbook.len > 0 ? str_dup(input->runbook, arena) : NULL,
		.is_resolved = input->is_resolve,
		.time_ms = now_ms,
		.started_ms = now_ms,
		.resolved_ms = input->is_resolve ? now_ms : 0,
		.events = 1,
	};
}

static int compose(const struct alert_cmd *cmd, const struct receiver *receiver,
	const struct alert *alert, struct strbuf *ret_shown, struct err *err)
{
	const struct notification notification = {
		.key = "dry-run",
		.purpose = alert->is_resolved ? NOTIFICATION_RESOLVE : NOTIFICATION_TRIGGER,
		.severity = alert->severity,
		.alerts = &alert,
		.alerts_count = 1,
		.alerts_total = 1,
		.time_ms = time_wall_ms(),
		.attempt = 1,
	};
	struct notify_message message = {0};

	if (receiver->kind->compose(receiver, &notification, cmd->run->arena, &message, err) < 0) {
		return err_wrap(err, "%s", receiver->name);
	}
	notify_message_show(&message, ret_shown);
	return 0;
}

static bool is_told(const struct decision *decision)
{
	return decision->verdict == VERDICT_SENT || decision->verdict == VERDICT_GROUPED;
}

static int add_decision_text(const struct alert_cmd *cmd, const struct decision *decision,
	const struct alert *alert, struct strbuf *out, struct err *err)
{
	const struct receiver *receiver = alert_receiver(&cmd->config.alerts, decision->receiver);
	struct strbuf shown = STRBUF_INIT;
	struct str rest, line;
	int status = 0;

	strbuf_addf(out, "\n%s by %s: %s%s%s\n",
		*decision->receiver ? decision->receiver : "(nobody)", decision->route,
		verdict_name(decision->verdict), *decision->reason ? ", " : "", decision->reason);
	if (is_told(decision) && receiver) {
		status = compose(cmd, receiver, alert, &shown, err);
	}
	rest = strbuf_str(&shown);
	while (status == 0 && shown.len > 0 && str_line(&rest, &line)) {
		strbuf_adds(out, "    ");
		utf8_add_escaped(out, line, 0);
		strbuf_addc(out, '\n');
	}
	strbuf_release(&shown);
	return status;
}

static int write_decision_json(const struct alert_cmd *cmd, const struct decision *decision,
	const struct alert *alert, struct json_writer *json, struct err *err)
{
	const struct receiver *receiver = alert_receiver(&cmd->config.alerts, decision->receiver);
	struct strbuf shown = STRBUF_INIT;
	int status = 0;

	json_write_object_begin(json);
	json_field_string(json, "receiver", decision->receiver);
	json_field_string(json, "verdict", verdict_name(decision->verdict));
	json_field_string(json, "route", decision->route);
	json_field_string(json, "reason", decision->reason);
	if (is_told(decision) && receiver) {
		status = compose(cmd, receiver, alert, &shown, err);
		json_field_str(json, "payload", strbuf_str(&shown));
	}
	json_write_object_end(json);
	strbuf_release(&shown);
	return status;
}

static int add_json(const struct alert_cmd *cmd, const struct accepted *accepted,
	const struct alert *alert, struct strbuf *out, struct err *err)
{
	struct json_writer json;
	int status = 0;

	json_document_begin(&json, out, "alert");
	json_field_bool(&json, "dry_run", true);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; status == 0 && i < accepted->decisions_count; i++) {
		status = write_decision_json(cmd, &accepted->decisions[i], alert, &json, err);
	}
	json_write_array_end(&json);
	json_document_end(&json);
	return status;
}

int alert_preview_add(const struct alert_cmd *cmd, const struct alert_input *input,
	const struct accepted *accepted, struct strbuf *out, struct err *err)
{
	struct alert alert;
	int status = 0;

	make_alert(cmd, input, accepted, &alert);
	if (cmd->opts->output == ALERT_JSON) {
		return add_json(cmd, accepted, &alert, out, err);
	}
	strbuf_adds(out, "dry run: nothing is sent, nothing is written\n");
	if (accepted->decisions_count == 0) {
		strbuf_adds(out, "nobody would be told\n");
	}
	for (size_t i = 0; status == 0 && i < accepted->decisions_count; i++) {
		status = add_decision_text(cmd, &accepted->decisions[i], &alert, out, err);
	}
	return status;
}
