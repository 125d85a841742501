/*
 * `alert flush`: deliver what is due, once from cron, or for as long as it runs.
 */
#include "base/json_writer.h"
#include "base/time.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"

static void add_text(const struct deliverer_counts *counts, struct strbuf *out)
{
	strbuf_addf(out, "delivered %lld", (long long)(counts->delivered + counts->carried));
	if (counts->carried > 0) {
		strbuf_addf(out, " in %lld message%s", (long long)counts->delivered,
			counts->delivered == 1 ? "" : "s");
	}
	strbuf_addf(out, ", %lld wait in the outbox", (long long)counts->waiting);
	if (counts->dead > 0) {
		strbuf_addf(out, ", %lld given up (sre-toolkit alert list --dead)",
			(long long)counts->dead);
	}
	strbuf_addc(out, '\n');
	if (counts->next_due_ms > 0) {
		strbuf_adds(out, "next due: ");
		time_add_local(out, counts->next_due_ms);
		strbuf_addc(out, '\n');
	}
}

static void add_json(const struct alert_session *session, const struct deliverer_counts *counts,
	struct strbuf *out)
{
	struct json_writer json;

	json_document_begin(&json, out, "alert flush");
	json_write_key(&json, "summary");
	json_write_object_begin(&json);
	json_field_int(&json, "delivered", counts->delivered);
	json_field_int(&json, "carried", counts->carried);
	json_field_int(&json, "retried", counts->retried);
	json_field_int(&json, "waiting", counts->waiting);
	json_field_int(&json, "dead", counts->dead);
	json_write_object_end(&json);
	if (counts->next_due_ms > 0) {
		json_field_time(&json, "next_due", counts->next_due_ms);
	}
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < session->attempts_count; i++) {
		const struct alert_attempt *attempt = &session->attempts[i];

		json_write_object_begin(&json);
		json_field_string(&json, "receiver", attempt->receiver->name);
		json_field_string(&json, "outcome", delivery_outcome_name(attempt->outcome));
		json_field_string(&json, "fault", channel_fault_name(attempt->fault));
		json_field_int(&json, "code", attempt->code);
		json_field_string(&json, "text", attempt->text);
		json_write_object_end(&json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

/* What waits for its time is fine; a receiver whose latest attempt failed is not. */
static enum exit_code outcome_of(
	const struct alert_session *session, const struct deliverer_counts *counts, int64_t late)
{
	if (late > 0 || counts->dead > 0 || counts->unwritten > 0 ||
		session->store_error.code != ERR_NONE) {
		return EXIT_CODE_FAILED;
	}
	for (size_t i = 0; i < session->attempts_count; i++) {
		if (session->attempts[i].outcome != DELIVERY_ARRIVED) {
			return EXIT_CODE_FAILED;
		}
	}
	return EXIT_CODE_OK;
}

/* The store let us do nothing: what waits in it is not known. */
static bool has_done_nothing(
	const struct alert_session *session, const struct deliverer_counts *counts)
{
	return session->store_error.code != ERR_NONE &&
	       counts->delivered + counts->carried + counts->retried + counts->dead == 0;
}

static enum exit_code flush(
	const struct alert_cmd *alert, struct alert_session *session, struct store *store)
{
	struct deliverer_counts counts = {0};
	int64_t late = 0;
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};

	if (alert_session_start(session, store, 0, &err) < 0 ||
		alert_session_run(session, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	deliverer_get_counts(session->deliverer, &counts);
	alert_session_close(session);
	if (alert_count_late(store, &late, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	if (counts.waiting < late) { /* it was stopped with something in hand */
		counts.waiting = late;
	}
	alert_warn_of_strangers(store, session->spec.settings);
	if (has_done_nothing(session, &counts)) {
		return cmd_run_fail(alert->run, &session->store_error);
	}
	if (alert->opts->output == ALERT_JSON) {
		add_json(session, &counts, &text);
	} else if (!alert->run->common->is_quiet) {
		add_text(&counts, &text);
	}
	return cmd_run_write(alert->run, &text,
		alert_session_exit_code(session, outcome_of(session, &counts, late)));
}

static enum exit_code alert_flush(void *cmd)
{
	struct alert_cmd *alert = cmd;
	struct alert_session session = {0};
	struct alert_session_spec spec;
	struct store *store = NULL;
	struct err err = {0};
	enum exit_code exit_code;

	alert_session_spec_of(alert, &spec);
	spec.patience_ms = 0; /* what is due, and no more */
	if (alert_open_store(alert, false, &store, &err) < 0 ||
		alert_session_open(&spec, &session, &err) < 0) {
		exit_code = cmd_run_fail(alert->run, &err);
	} else {
		exit_code = flush(alert, &session, store);
	}
	alert_session_close(&session);
	store_close(&store);
	return exit_code;
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert flush --quiet", "once a minute, from cron"},
	{"sre-toolkit alert flush --follow --quiet", "as a service"},
	{0},
};

const struct verb alert_verb_flush = {
	.doc =
		{
			.name = "flush",
			.summary = "deliver what is due now; --follow: go on",
			.description = "What could not be delivered, what was silenced, "
				       "reminders, groups that have waited, and the digest: "
				       "whatever is due by now. From cron, or with --follow as a "
				       "service.",
			.flags = "timeout follow store output",
			.own = own_rows,
			.examples = examples,
		},
	.run = alert_flush,
};
