/*
 * Accept and deliver on behalf of another subcommand.
 */
#include "cmd/alert_raise.h"

#include "alert/accept.h"
#include "base/time.h"
#include "cmd/alert_session.h"
#include "cmd/alert_take_in.h"
#include "store/store.h"

struct raise {
	const struct alert_raise *spec;
	int64_t now_ms;
	struct alert_raised raised;
};

static int accept_all(struct store_tx *tx, void *arg, struct err *err)
{
	struct raise *raise = arg;
	const struct alert_raise *spec = raise->spec;

	raise->raised = (struct alert_raised){0};
	for (size_t i = 0; i < spec->inputs_count; i++) {
		struct accepted accepted = {0};

		if (alert_accept(tx, &spec->config->alerts, &spec->inputs[i], raise->now_ms,
			    spec->run->arena, &accepted, err) < 0) {
			return -1;
		}
		if (accepted.alert_id != 0 && spec->inputs[i].is_resolve) {
			raise->raised.resolved++;
		} else if (accepted.alert_id != 0) {
			raise->raised.fired++;
		}
	}
	return 0;
}

static int deliver(struct raise *raise, struct store *store, struct err *err)
{
	const struct alert_raise *spec = raise->spec;
	const struct alert_session_spec session_spec = {
		.arena = spec->run->arena,
		.settings = &spec->config->alerts,
		.timeout_ms = spec->timeout_ms,
		.patience_ms = spec->timeout_ms,
	};
	struct alert_session session = {0};
	struct deliverer_counts counts = {0};
	int status = alert_session_open(&session_spec, &session, err);

	if (status == 0) {
		status = alert_session_start(&session, store, 0, err);
	}
	if (status == 0) {
		status = alert_session_run(&session, err);
	}
	if (status == 0) {
		deliverer_get_counts(session.deliverer, &counts);
		raise->raised.dead = counts.dead;
	}
	alert_session_close(&session);
	return status == 0 ? alert_count_late(store, &raise->raised.waiting, err) : -1;
}

int alert_raise(const struct alert_raise *spec, struct alert_raised *ret_raised, struct err *err)
{
	struct raise raise = {.spec = spec, .now_ms = time_wall_ms()};
	struct err why = {0};
	struct store *store = NULL;
	int status = 0;

	for (size_t i = 0; i < spec->inputs_count; i++) {
		if (alert_input_clean(&spec->inputs[i], spec->run->arena, err) < 0) {
			return -1;
		}
	}
	status = alert_take_in(
		spec->config->store, spec->run->arena, accept_all, &raise, &store, &why, err);
	if (why.code != ERR_NONE) {
		raise.raised.store_error = why;
	}
	if (status == 0 && raise.raised.fired + raise.raised.resolved > 0) {
		status = deliver(&raise, store, err);
	}
	store_close(&store);
	if (status == 0) {
		*ret_raised = raise.raised;
	}
	return status;
}
