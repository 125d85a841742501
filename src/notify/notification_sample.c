/*
 * See notification_sample.h.
 */
#include "notify/notification_sample.h"

#include "base/alloc.h"

enum { ALERTS_MAX = 2 };

static const char nasty[] = "a \"b\" \\ 'c' </d> & {e} [f], *g* \xe2\x82\xac";
static const char nasty_lines[] = "a \"b\" \\\n\t'c' </d> & {e}\n[f], *g* \xe2\x82\xac";
static const char fingerprint[] = "0123456789abcdef0123456789abcdef01234567";
static const int64_t now_ms = 1751339647000; /* 2025-07-01T03:14:07Z */

static const struct {
	const char *what;
	enum notification_purpose purpose;
	bool is_full[ALERTS_MAX];
	size_t alerts;
} samples[] = {
	{"an alert with everything", NOTIFICATION_TRIGGER, {true}, 1},
	{"an alert with nothing but a title", NOTIFICATION_TEST, {false}, 1},
	{"a group of alerts", NOTIFICATION_TRIGGER, {true, false}, 2},
	{"an alert that is over", NOTIFICATION_RESOLVE, {true}, 1},
	{"a notice, which is about no alert", NOTIFICATION_NOTICE, {false}, 0},
};

static const struct alert *bare_alert(struct arena *arena)
{
	struct alert *alert = arena_alloc(arena, sizeof(*alert));

	*alert = (struct alert){
		.fingerprint = fingerprint,
		.episode_ms = now_ms,
		.title = nasty,
		.source = nasty,
		.message = "",
		.time_ms = now_ms,
		.started_ms = now_ms,
		.events = 1,
	};
	return alert;
}

static const struct alert *full_alert(struct arena *arena, bool is_resolved)
{
	struct alert *alert = arena_alloc(arena, sizeof(*alert));

	*alert = (struct alert){
		.id = 1,
		.fingerprint = fingerprint,
		.episode_ms = now_ms,
		.title = nasty,
		.source = nasty,
		.message = nasty_lines,
		.severity = SEVERITY_CRITICAL,
		.runbook = "https://wiki.example.com/a?b=1&c=%22",
		.is_resolved = is_resolved,
		.time_ms = now_ms,
		.started_ms = now_ms,
		.resolved_ms = is_resolved ? now_ms : 0,
		.acked_by = nasty,
		.events = 3,
		.hidden = 1,
		.hidden_since_ms = now_ms,
	};
	pairs_set(&alert->fields, arena, str_of(nasty), str_of(nasty_lines));
	pairs_set(&alert->fields, arena, str_of("another"), str_of(""));
	pairs_set(&alert->labels, arena, str_of(nasty), str_of(nasty_lines));
	pairs_set(&alert->labels, arena, str_of("another"), str_of(nasty));
	return alert;
}

const struct notification *notification_sample(size_t i, struct arena *arena, const char **ret_what)
{
	struct notification *notification;
	const struct alert **alerts;

	if (i >= ARRAY_LEN(samples)) {
		return NULL;
	}
	*ret_what = samples[i].what;
	alerts = arena_calloc(arena, ALERTS_MAX, sizeof(*alerts));
	for (size_t j = 0; j < samples[i].alerts; j++) {
		alerts[j] = samples[i].is_full[j]
				    ? full_alert(arena, samples[i].purpose == NOTIFICATION_RESOLVE)
				    : bare_alert(arena);
	}
	notification = arena_alloc(arena, sizeof(*notification));
	*notification = (struct notification){
		.key = "msg_0123456789",
		.purpose = samples[i].purpose,
		.severity = SEVERITY_CRITICAL,
		.alerts = alerts,
		.alerts_count = samples[i].alerts,
		.alerts_total = (int64_t)samples[i].alerts,
		.time_ms = now_ms,
		.attempt = 1,
	};
	if (samples[i].alerts == 0) {
		notification->title = nasty;
		notification->text = nasty_lines;
	} else if (samples[i].alerts > 1) {
		notification->group = nasty;
	}
	return notification;
}
