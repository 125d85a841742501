/*
 * What the verbs of `alert` share: the store, errors, arguments.
 */
#include "cmd/alert_cmd.h"

#include <unistd.h>

#include "base/parse.h"
#include "base/utf8.h"
#include "cmd/alert_session.h"
#include "cmd/author.h"
#include "store/store_path.h"

const struct log_context alert_log = {.component = "alert"};

enum exit_code alert_refused(const struct alert_cmd *alert, const struct err *err)
{
	return err->code == ERR_NOT_FOUND || err->code == ERR_INPUT
		       ? cmd_run_usage(alert->run, "%s", err->msg)
		       : cmd_run_fail(alert->run, err);
}

int alert_open_store(
	struct alert_cmd *alert, bool for_reading, struct store **ret_store, struct err *err)
{
	struct store_options options = {
		.path = alert->store_path, .is_read_only = for_reading, .command = "alert"};

	if (!options.path &&
		store_default_path(geteuid(), alert->run->arena, &options.path, err) < 0) {
		return -1;
	}
	if (store_open(&options, ret_store, err) == 0) {
		return 0;
	}
	if (for_reading && err->code == ERR_NOT_FOUND) {
		*ret_store = NULL;
		return 0;
	}
	return -1;
}

int alert_id_argument(const struct alert_cmd *alert, int64_t *ret_id, struct err *err)
{
	struct str text = str_of(alert->args[0]);

	if (parse_int(text, 1, INT64_MAX, ret_id, NULL) < 0) {
		return err_set(err, ERR_INPUT,
			"'%s' is no alert's number (sre-toolkit alert list shows them)",
			utf8_quote(text).text);
	}
	return 0;
}

const char *alert_author(const struct alert_cmd *alert)
{
	return alert->opts->author ? alert->opts->author : author_name(alert->run->arena);
}

void alert_session_spec_of(const struct alert_cmd *alert, struct alert_session_spec *ret_spec)
{
	const struct alert_opts *opts = alert->opts;
	bool has_timeout = !opts->is_following || cmd_run_has(alert->run, "timeout");

	*ret_spec = (struct alert_session_spec){
		.arena = alert->run->arena,
		.settings = &alert->config.alerts,
		.timeout_ms = has_timeout ? opts->timeout_ms : 0,
		.patience_ms = opts->timeout_ms,
		.deadline_ms = alert->run->common->deadline_ms,
		.is_following = opts->is_following,
		.is_queued = opts->is_queued,
	};
}

int alert_deliver(const struct alert_cmd *alert, struct store *store, int64_t only_alert_id,
	struct alert_session *session, struct err *err)
{
	struct alert_session_spec spec;

	alert_session_spec_of(alert, &spec);
	if (alert_session_open(&spec, session, err) < 0 ||
		alert_session_start(session, store, only_alert_id, err) < 0) {
		return -1;
	}
	return alert_session_run(session, err);
}
