/*
 * What the verbs of `fleet` share: errors, what is said to people, runs of the ledger.
 */
#include "cmd/fleet_cmd.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "cmd/run_ledger.h"
#include "fleet/run_request.h"

const struct log_context fleet_log = {.component = "fleet"};

enum exit_code fleet_failed(const struct fleet_cmd *fleet, const struct err *err)
{
	switch (err->code) {
	case ERR_INPUT:
	case ERR_NOT_FOUND:
	case ERR_PERMISSION:
	case ERR_LIMIT:
		return cmd_run_usage(fleet->run, "%s", err->msg);
	case ERR_BUSY:
	case ERR_NONE:
	case ERR_TIMEOUT:
	case ERR_NETWORK:
	case ERR_SYSTEM:
	case ERR_CODE_MAX:
		break;
	}
	return cmd_run_fail(fleet->run, err);
}

void fleet_say(const struct fleet_cmd *fleet, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;
	va_list ap;

	if (fleet->run->common->is_quiet) {
		return;
	}
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	utf8_add_escaped(&line, strbuf_str(&text), 0);
	strbuf_addc(&line, '\n');
	(void)file_write_all(STDERR_FILENO, strbuf_str(&line)); /* nobody else to tell */
}

int fleet_open_store(struct fleet_cmd *fleet, struct store **ret_store, struct err *err)
{
	struct store_options options = {.is_read_only = true, .command = "fleet"};

	return run_ledger_path(fleet->store_path, fleet->run->arena, &options.path, err) < 0
		       ? -1
		       : store_open(&options, ret_store, err);
}

int fleet_id_argument(const struct fleet_cmd *fleet, size_t index, int64_t *ret_id, struct err *err)
{
	struct str text;

	if (index >= fleet->args_count) {
		*ret_id = 0;
		return 0;
	}
	text = str_of(fleet->args[index]);
	if (parse_int(text, 1, INT64_MAX, ret_id, NULL) < 0) {
		return err_set(err, ERR_INPUT,
			"'%s' is no run's number (sre-toolkit fleet last shows them)",
			utf8_quote(text).text);
	}
	return 0;
}

struct reading {
	int64_t id;
	unsigned outcomes;
	struct arena *arena;
	struct fleet_stored *stored;
};

static int read_run(struct store_tx *tx, void *arg, struct err *err)
{
	const struct reading *reading = arg;
	struct fleet_stored *stored = reading->stored;

	if (store_run_get(tx, reading->id, reading->arena, &stored->run, err) < 0) {
		return -1;
	}
	return store_run_hosts(
		tx, stored->run.id, reading->outcomes, reading->arena, &stored->hosts, err);
}

int fleet_read_run(struct fleet_cmd *fleet, int64_t id, unsigned outcomes,
	struct fleet_stored *ret_stored, struct err *err)
{
	struct reading reading = {
		.id = id, .outcomes = outcomes, .arena = fleet->run->arena, .stored = ret_stored};
	struct store *store = NULL;
	int status;

	if (fleet_open_store(fleet, &store, err) < 0) {
		return err->code == ERR_NOT_FOUND
			       ? err_set(err, ERR_NOT_FOUND, "no run was written down yet")
			       : -1;
	}
	status = store_read(store, read_run, &reading, err);
	store_close(&store);
	return status;
}

bool fleet_is_copy(const struct fleet_cmd *fleet, const struct stored_run *run)
{
	struct run_request request;

	return run_request_read(run->options, fleet->run->arena, &request, NULL) == 0 &&
	       run_request_is_of(&request, cmd_copy.doc.name);
}
