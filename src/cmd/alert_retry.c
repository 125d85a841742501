/*
 * `alert retry`: what was given up is tried again, from its first attempt on.
 */
#include <string.h>

#include "base/json_writer.h"
#include "base/time.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"
#include "store/store_history.h"

enum { PAGE = 500 };

struct retry {
	struct alert_cmd *alert;
	int64_t alert_id; /* 0: all that are dead */
	int64_t now_ms;
	int64_t revived;
	struct alert_session session;
};

static int revive(struct retry *retry, struct store_tx *tx, const struct outbox_delivery *delivery,
	struct err *err)
{
	const struct alert_settings *settings = &retry->alert->config.alerts;
	int64_t expires_ms = retry->now_ms + settings->give_up_ms[delivery->severity];

	retry->revived++;
	return outbox_revive(tx, delivery->id, retry->now_ms, expires_ms, err);
}

static int revive_one(struct retry *retry, struct store_tx *tx, struct err *err)
{
	struct history_story story = {0};

	if (history_story(tx, retry->alert_id, PAGE, retry->alert->run->arena, &story, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < story.deliveries_count; i++) {
		const struct outbox_delivery *delivery = &story.deliveries[i].delivery;

		if (delivery->state == DELIVERY_DEAD && revive(retry, tx, delivery, err) < 0) {
			return -1;
		}
	}
	if (retry->revived == 0) {
		return err_set(err, ERR_INPUT,
			"nothing of alert %lld was given up (sre-toolkit alert why %lld)",
			(long long)retry->alert_id, (long long)retry->alert_id);
	}
	return 0;
}

static int revive_all(struct retry *retry, struct store_tx *tx, struct err *err)
{
	struct history_filter filter = {.limit = PAGE};

	for (;;) {
		struct history_deads deads = {0};

		if (history_dead(tx, &filter, retry->alert->run->arena, &deads, err) < 0) {
			return -1;
		}
		for (size_t i = 0; i < deads.items_count; i++) {
			if (revive(retry, tx, &deads.items[i].delivery, err) < 0) {
				return -1;
			}
			filter.before_id = deads.items[i].delivery.id;
		}
		if (deads.items_count < PAGE) {
			return 0;
		}
	}
}

static int revive_them(struct store_tx *tx, void *arg, struct err *err)
{
	struct retry *retry = arg;

	retry->revived = 0;
	return retry->alert_id > 0 ? revive_one(retry, tx, err) : revive_all(retry, tx, err);
}

static enum exit_code deliver(struct retry *retry, struct store *store)
{
	struct alert_cmd *alert = retry->alert;
	struct deliverer_counts counts = {0};
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};
	bool is_told;

	if (alert_deliver(alert, store, retry->alert_id, &retry->session, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	if (retry->session.deliverer) {
		deliverer_get_counts(retry->session.deliverer, &counts);
	}
	alert_session_close(&retry->session);
	if (!alert->opts->is_queued && alert_count_late(store, &counts.waiting, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	is_told = alert->opts->is_queued || (counts.waiting == 0 && counts.dead == 0);
	if (alert->opts->output == ALERT_JSON) {
		struct json_writer json;

		json_document_begin(&json, &text, "alert retry");
		json_field_int(&json, "revived", retry->revived);
		json_field_int(&json, "delivered", counts.delivered);
		json_field_int(&json, "waiting", counts.waiting);
		json_field_int(&json, "dead", counts.dead);
		json_document_end(&json);
	} else {
		strbuf_addf(&text,
			"%lld to be sent again: %lld delivered, %lld wait in the outbox\n",
			(long long)retry->revived, (long long)counts.delivered,
			(long long)(alert->opts->is_queued ? retry->revived : counts.waiting));
	}
	return cmd_run_write(alert->run, &text,
		alert_session_exit_code(
			&retry->session, is_told ? EXIT_CODE_OK : EXIT_CODE_FAILED));
}

static enum exit_code alert_retry(void *cmd)
{
	struct alert_cmd *alert = cmd;
	struct retry retry = {.alert = alert, .now_ms = time_wall_ms()};
	struct store *store = NULL;
	struct err err = {0};
	enum exit_code exit_code;

	if ((alert->args_count == 1) == alert->opts->is_dead) {
		return cmd_run_usage(
			alert->run, "write sre-toolkit alert retry ID, or retry --dead for all");
	}
	if (alert->args_count == 1 && alert_id_argument(alert, &retry.alert_id, &err) < 0) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	if (alert_open_store(alert, false, &store, &err) < 0) {
		return cmd_run_fail(alert->run, &err);
	}
	if (store_write(store, revive_them, &retry, &err) < 0) {
		exit_code = alert_refused(alert, &err);
	} else {
		exit_code = deliver(&retry, store);
	}
	alert_session_close(&retry.session);
	store_close(&store);
	return exit_code;
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{.name = "dead", .help = "all that could not be delivered, instead of one alert's"},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert retry --dead", "once the receiver works again"},
	{0},
};

const struct verb alert_verb_retry = {
	.doc =
		{
			.name = "retry",
			.arguments = "ID, or --dead",
			.summary = "deliver what was given up; --dead: all of it",
			.description = "From the first attempt on. Of an alert that is over its "
				       "end is told.",
			.flags = "dead timeout queue store output",
			.own = own_rows,
			.examples = examples,
		},
	.args_max = 1,
	.run = alert_retry,
};
