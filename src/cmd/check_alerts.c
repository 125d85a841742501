/*
 * From a check's result to an alert's event.
 */
#include "cmd/check_alerts.h"

#include "check/check.h"

static enum severity severity_of(enum check_state state)
{
	switch (state) {
	case CHECK_OK:
		return SEVERITY_INFO;
	case CHECK_WARNING:
	case CHECK_UNKNOWN: /* nothing was measured: no reason to wake anybody yet */
		return SEVERITY_WARNING;
	case CHECK_CRITICAL:
		return SEVERITY_CRITICAL;
	case CHECK_STATE_MAX:
		break;
	}
	return SEVERITY_WARNING;
}

static void set(struct pairs *pairs, struct arena *arena, const char *name, const char *value)
{
	pairs_set(pairs, arena, str_of(name), str_of(value));
}

void check_alert_input(const struct check_report *report, const struct check_outcome *outcome,
	struct arena *arena, struct alert_input *ret_input)
{
	const struct check *check = outcome->check;
	const struct check_result *result = &outcome->result;
	struct alert_input input = {
		.title = str_of(arena_printf(arena, "check %s fails", check->name)),
		.source = str_of(arena_strdup(arena, check->name)),
		.message = str_of(arena_strdup(arena, result->message)),
		.dedup_key = str_of(arena_printf(arena, "check/%s", check->name)),
		.severity = severity_of(result->state),
		.is_resolve = check_is_healthy(report, result),
	};

	if (check->runbook) {
		input.runbook = str_of(arena_strdup(arena, check->runbook));
	}
	for (size_t i = 0; i < check->labels.count; i++) {
		set(&input.labels, arena, check->labels.keys[i],
			OPTION_AT(&check->labels, const char *, i));
	}
	set(&input.labels, arena, "check", check->name);
	set(&input.labels, arena, "kind", check->kind->variant.name);
	set(&input.fields, arena, "target", check->target);
	set(&input.fields, arena, "state", check_state_name(result->state));
	set(&input.fields, arena, "code", check_code_name(result->code));
	*ret_input = input;
}
