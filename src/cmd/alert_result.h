/*
 * What became of an alert, as text and as JSON; and what would, for --dry-run.
 */
#ifndef CMD_ALERT_RESULT_H
#define CMD_ALERT_RESULT_H

#include <stdint.h>

#include "alert/accept.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/strbuf.h"

struct alert_cmd;
struct alert_session;

struct alert_result {
	const struct alert_cmd *alert;
	const struct alert_input *input;
	const struct accepted *accepted;
	const struct alert_session *session; /* NULL: nothing was tried, it is in the outbox */
	int64_t started_wall_ms;
	int64_t duration_ms;
};

/* 0 if everybody who is to be told now has been, or nothing was tried; else 1. */
enum exit_code alert_result_exit_code(const struct alert_result *);

void alert_result_add(const struct alert_result *, struct strbuf *out);

/* Each receiver with its route, and the exact message it would get, secrets masked. */
int alert_preview_add(const struct alert_cmd *, const struct alert_input *, const struct accepted *,
	struct strbuf *out, struct err *);

#endif
