/*
 * `alert digest`: the digest now, whatever its time; or what it would say.
 */
#include <string.h>

#include "alert/digest.h"
#include "base/json_writer.h"
#include "base/time.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"

struct digesting {
	struct alert_cmd *alert;
	int64_t now_ms;
	const struct notify_digest *digest;
	struct alert_session session;
};

static int queue_it(struct store_tx *tx, void *arg, struct err *err)
{
	struct digesting *digesting = arg;
	struct alert_cmd *alert = digesting->alert;

	return digest_queue_now(
		tx, &alert->config.alerts, digesting->now_ms, alert->run->arena, err);
}

static int read_it(struct store_tx *tx, void *arg, struct err *err)
{
	struct digesting *digesting = arg;
	struct alert_cmd *alert = digesting->alert;

	return digest_preview(tx, &alert->config.alerts, digesting->now_ms, alert->run->arena,
		&digesting->digest, err);
}

static int add_messages(const struct digesting *digesting, struct strbuf *out, struct err *err)
{
	struct alert_cmd *alert = digesting->alert;
	const struct option_list *receivers = &alert->config.alerts.digest_to;
	const struct notification notification = {
		.key = "dry-run",
		.purpose = NOTIFICATION_DIGEST,
		.digest = digesting->digest,
		.time_ms = digesting->now_ms,
		.attempt = 1,
	};

	for (size_t i = 0; i < receivers->count; i++) {
		const struct receiver *receiver = alert_receiver(
			&alert->config.alerts, OPTION_AT(receivers, const char *, i));
		struct notify_message message = {0};

		if (receiver->kind->compose(
			    receiver, &notification, alert->run->arena, &message, err) < 0) {
			return err_wrap(err, "%s", receiver->name);
		}
		strbuf_addf(out, "%s%s:\n", i > 0 ? "\n" : "", receiver->name);
		notify_message_show(&message, out);
	}
	return 0;
}

static enum exit_code dry_run(struct digesting *digesting)
{
	struct alert_cmd *alert = digesting->alert;
	struct store *store = NULL;
	struct strbuf out = STRBUF_INIT;
	struct err err = {0};
	int status = alert_open_store(alert, true, &store, &err);

	if (status == 0 && !store) {
		return cmd_run_usage(
			alert->run, "digest: the store is empty: there is nothing to tell");
	}
	if (status == 0) {
		status = store_read(store, read_it, digesting, &err);
	}
	store_close(&store);
	if (status == 0) {
		status = add_messages(digesting, &out, &err);
	}
	if (status < 0) {
		strbuf_release(&out);
		return cmd_run_fail(alert->run, &err);
	}
	return cmd_run_write(alert->run, &out, EXIT_CODE_OK);
}

static const struct alert_attempt *attempt_at(
	const struct digesting *digesting, const char *receiver)
{
	const struct alert_session *session = &digesting->session;

	for (size_t i = 0; i < session->attempts_count; i++) {
		if (session->attempts[i].purpose == NOTIFICATION_DIGEST &&
			strcmp(session->attempts[i].receiver->name, receiver) == 0) {
			return &session->attempts[i];
		}
	}
	return NULL;
}

static bool is_delivered(const struct digesting *digesting)
{
	const struct option_list *receivers = &digesting->alert->config.alerts.digest_to;

	for (size_t i = 0; i < receivers->count; i++) {
		const struct alert_attempt *attempt =
			attempt_at(digesting, OPTION_AT(receivers, const char *, i));

		if (!attempt || attempt->outcome != DELIVERY_ARRIVED) {
			return false;
		}
	}
	return true;
}

static void add_result(const struct digesting *digesting, struct strbuf *out)
{
	const struct option_list *receivers = &digesting->alert->config.alerts.digest_to;
	struct json_writer json;

	if (digesting->alert->opts->output == ALERT_JSON) {
		json_document_begin(&json, out, "alert digest");
		json_write_key(&json, "results");
		json_write_array_begin(&json);
	}
	for (size_t i = 0; i < receivers->count; i++) {
		const char *name = OPTION_AT(receivers, const char *, i);
		const struct alert_attempt *attempt = attempt_at(digesting, name);
		bool has_arrived = attempt && attempt->outcome == DELIVERY_ARRIVED;
		const char *text = has_arrived ? "delivered"
				   : attempt   ? attempt->text
					       : "in the outbox";

		if (digesting->alert->opts->output == ALERT_JSON) {
			json_write_object_begin(&json);
			json_field_string(&json, "receiver", name);
			json_field_bool(&json, "delivered", has_arrived);
			json_field_string(&json, "text", text);
			json_write_object_end(&json);
		} else {
			strbuf_addf(out, "%s %s: %s\n", has_arrived ? "✓" : "✗", name, text);
		}
	}
	if (digesting->alert->opts->output == ALERT_JSON) {
		json_write_array_end(&json);
		json_document_end(&json);
	}
}

static enum exit_code deliver(struct digesting *digesting, struct store *store)
{
	struct alert_cmd *alert = digesting->alert;
	struct strbuf out = STRBUF_INIT;
	struct err err = {0};

	if (alert_deliver(alert, store, 0, &digesting->session, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	add_result(digesting, &out);
	return cmd_run_write(alert->run, &out,
		alert_session_exit_code(&digesting->session,
			is_delivered(digesting) ? EXIT_CODE_OK : EXIT_CODE_FAILED));
}

static enum exit_code alert_digest(void *cmd)
{
	struct alert_cmd *alert = cmd;
	struct digesting digesting = {.alert = alert, .now_ms = time_wall_ms()};
	struct store *store = NULL;
	struct err err = {0};
	enum exit_code exit_code;

	if (alert->config.alerts.digest_to.count == 0) {
		return cmd_run_usage(alert->run,
			"nobody gets a digest: write alerts.digest (when) and "
			"alerts.digest_to (who) into the configuration");
	}
	if (alert->opts->is_dry_run) {
		return dry_run(&digesting);
	}
	if (alert_open_store(alert, false, &store, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	if (store_write(store, queue_it, &digesting, &err) < 0) {
		exit_code = cmd_run_fail(alert->run, &err);
	} else {
		exit_code = deliver(&digesting, store);
	}
	alert_session_close(&digesting.session);
	store_close(&store);
	return exit_code;
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{.name = "dry_run", .help = "show the exact message, and send nothing"},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert digest --dry-run", "what would be sent"},
	{0},
};

const struct verb alert_verb_digest = {
	.doc =
		{
			.name = "digest",
			.summary = "send the digest now",
			.description = "To the mail receiver, or to those that `digest_to` names, "
				       "whatever the time: what is open, and since the latest "
				       "digest what came, what is over, what was not told, and "
				       "what could not be delivered.",
			.flags = "timeout dry_run store output",
			.own = own_rows,
			.examples = examples,
		},
	.run = alert_digest,
};
