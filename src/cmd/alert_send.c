/*
 * `alert` without a verb: accept one alert, deliver it, tell what became of it.
 *
 * When the store cannot be written, the alert is delivered all the same, from a store in memory:
 * that nothing remembers it is told, and costs the exit code, but people hear of it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/accept.h"
#include "base/host_name.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_events.h"
#include "cmd/alert_result.h"
#include "cmd/alert_session.h"
#include "cmd/alert_take_in.h"
#include "store/store_path.h"

struct send {
	struct alert_cmd *alert;
	struct alert_input input;
	struct accepted accepted;
	struct alert_session session;
	struct err store_error; /* ERR_NONE: it stands in the store */
	int64_t started_ms, started_wall_ms;
};

static struct str optional(const char *text)
{
	return text ? str_of(text) : str_n("", 0);
}

static const char *host_name(struct arena *arena)
{
	const struct host_name host = host_name_get();

	return *host.text ? arena_strdup(arena, host.text) : "unknown host";
}

static void copy_map(struct arena *arena, const struct option_map *map, struct pairs *pairs)
{
	for (size_t i = 0; i < map->count; i++) {
		pairs_set(pairs, arena, str_of(map->keys[i]),
			str_of(OPTION_AT(map, const char *, i)));
	}
}

static int make_input(struct send *send, struct err *err)
{
	const struct alert_opts *opts = send->alert->opts;
	struct arena *arena = send->alert->run->arena;

	send->input = (struct alert_input){
		.title = optional(opts->title),
		.source = opts->source ? str_of(opts->source) : str_of(host_name(arena)),
		.message = optional(opts->message),
		.dedup_key = optional(opts->dedup_key),
		.runbook = optional(opts->runbook),
		.severity = (enum severity)opts->severity,
		.is_resolve = opts->is_resolve,
	};
	copy_map(arena, &opts->fields, &send->input.fields);
	copy_map(arena, &opts->labels, &send->input.labels);
	if (!opts->title && !opts->message && !(opts->is_resolve && opts->dedup_key)) {
		return err_set(err, ERR_INPUT,
			"nothing to say: write --message TEXT (see sre-toolkit alert --help)");
	}
	return alert_input_clean(&send->input, arena, err);
}

static int accept_one(struct store_tx *tx, void *arg, struct err *err)
{
	struct send *send = arg;
	struct alert_cmd *alert = send->alert;

	send->accepted = (struct accepted){0}; /* it may be the second time */
	return alert_accept(tx, &alert->config.alerts, &send->input, send->started_wall_ms,
		alert->run->arena, &send->accepted, err);
}

static int preview_one(struct store_tx *tx, void *arg, struct err *err)
{
	struct send *send = arg;
	struct alert_cmd *alert = send->alert;

	return alert_preview(tx, &alert->config.alerts, &send->input, send->started_wall_ms,
		alert->run->arena, &send->accepted, err);
}

/* Into the store; or, where that fails, into one in memory: but nothing can be queued there. */
static int take_in(struct send *send, struct store **store, struct err *err)
{
	struct alert_cmd *alert = send->alert;

	if (alert->opts->is_queued) {
		return alert_open_store(alert, false, store, err) < 0
			       ? -1
			       : store_write(*store, accept_one, send, err);
	}
	return alert_take_in(alert->store_path, alert->run->arena, accept_one, send, store,
		&send->store_error, err);
}

static enum exit_code tell(struct send *send, struct store *store)
{
	struct alert_cmd *alert = send->alert;
	enum exit_code exit_code;
	struct strbuf text = STRBUF_INIT;
	struct alert_result result = {
		.alert = alert,
		.input = &send->input,
		.accepted = &send->accepted,
		.session = alert->opts->is_queued ? NULL : &send->session,
		.is_forgotten = send->store_error.code != ERR_NONE,
		.started_wall_ms = send->started_wall_ms,
		.duration_ms = time_mono_ms() - send->started_ms,
	};

	alert_result_read(&result, store);
	exit_code = alert_result_exit_code(&result);
	if (send->store_error.code != ERR_NONE) {
		exit_code = EXIT_CODE_FAILED;
	}
	alert_result_add(&result, &text);
	return cmd_run_write(alert->run, &text, alert_session_exit_code(&send->session, exit_code));
}

/* Before anything else is printed: what a person must know first. */
static void warn_of_store(const struct send *send)
{
	if (send->store_error.code != ERR_NONE) {
		log_error(&alert_log,
			"%s; delivering without the store: nothing remembers this alert, and what "
			"cannot be delivered now is lost",
			send->store_error.msg);
	}
}

static bool is_only_logged(const struct send *send)
{
	for (size_t i = 0; i < send->accepted.decisions_count; i++) {
		if (strcmp(send->accepted.decisions[i].receiver, "log") != 0) {
			return false;
		}
	}
	return send->accepted.decisions_count > 0 && send->input.severity != SEVERITY_INFO;
}

static int deliver(struct send *send, struct store *store, struct err *err)
{
	if (alert_deliver(send->alert, store, send->accepted.alert_id, &send->session, err) < 0) {
		return -1;
	}
	return alert_session_run_others(&send->session, err);
}

static enum exit_code send_one(struct send *send)
{
	struct store *store = NULL;
	struct err err = {0};
	enum exit_code exit_code;

	if (take_in(send, &store, &err) < 0) {
		store_close(&store);
		return cmd_run_fail(send->alert->run, &err);
	}
	warn_of_store(send);
	if (is_only_logged(send)) {
		log_warn(&alert_log,
			"no receiver is configured for %s alerts: only the log has it (see "
			"docs/alerts.md)",
			severity_name(send->input.severity));
	}
	if (!send->alert->opts->is_queued && send->accepted.alert_id != 0 &&
		deliver(send, store, &err) < 0) {
		exit_code = cmd_run_fail(send->alert->run, &err);
	} else {
		alert_session_close(&send->session);
		exit_code = tell(send, store);
	}
	alert_session_close(&send->session);
	store_close(&store);
	return exit_code;
}

static bool store_is_there(const struct alert_cmd *alert)
{
	const char *path = alert->store_path;

	if (!path && store_default_path(geteuid(), alert->run->arena, &path, NULL) < 0) {
		return false;
	}
	return access(path, F_OK) == 0;
}

/* In the store as it is, in a transaction that is undone; in an empty one if there is none, or it
 * cannot be used. */
static int preview(struct send *send, struct err *err)
{
	struct store *store = NULL;
	struct err why = {0};
	int status = -1;

	if (store_is_there(send->alert)) {
		if (alert_open_store(send->alert, false, &store, &why) == 0) {
			status = store_write(store, preview_one, send, &why);
			store_close(&store);
		}
		if (status == 0) {
			return 0;
		}
		log_warn(&alert_log, "%s; shown as if nothing had been told before", why.msg);
	}
	send->accepted = (struct accepted){0};
	if (alert_open_memory(&store, err) < 0) {
		return -1;
	}
	status = store_write(store, preview_one, send, err);
	store_close(&store);
	return status;
}

static enum exit_code dry_run(struct send *send)
{
	struct err err = {0};
	struct strbuf text = STRBUF_INIT;

	if (preview(send, &err) < 0) {
		return cmd_run_fail(send->alert->run, &err);
	}
	if (alert_preview_add(send->alert, &send->input, &send->accepted, &text, &err) < 0) {
		strbuf_release(&text);
		return cmd_run_fail(send->alert->run, &err);
	}
	return cmd_run_write(send->alert->run, &text, EXIT_CODE_OK);
}

static enum exit_code alert_send(void *cmd)
{
	struct alert_cmd *alert = cmd;
	struct send send = {
		.alert = alert,
		.started_ms = time_mono_ms(),
		.started_wall_ms = time_wall_ms(),
	};
	struct err err = {0};

	if (alert->opts->events) {
		return alert_send_events(alert);
	}
	if (make_input(&send, &err) < 0) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	return alert->opts->is_dry_run ? dry_run(&send) : send_one(&send);
}

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = alert_formats},
	{.name = "severity", .help = "how bad it is"},
	{.name = "source", .help = "what it is about; else this host"},
	{0},
};

const struct verb alert_verb_send = {
	.doc =
		{
			.summary = "sending an alert",
			.flags = "severity message title source field label dedup_key runbook "
				 "resolve events timeout queue dry_run store output",
			.own = own_rows,
		},
	.run = alert_send,
};
