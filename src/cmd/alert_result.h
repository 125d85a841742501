/*
 * What became of an alert, as text and as JSON; and what would, for --dry-run.
 */
#ifndef CMD_ALERT_RESULT_H
#define CMD_ALERT_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/accept.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/strbuf.h"

struct alert_cmd;
struct alert_session;
struct outbox_delivery;
struct store;

struct alert_result {
	const struct alert_cmd *alert;
	const struct alert_input *input;
	const struct accepted *accepted;
	const struct alert_session *session; /* NULL: nothing was tried, it is in the outbox */
	bool is_forgotten;                   /* it stands in no store, and has no number there */
	bool is_acknowledge; /* somebody has taken it on; else it fires or is over */
	int64_t started_wall_ms;
	int64_t duration_ms;
	/* MAY.  What became of the delivery of each decision; of those that have none it has no id.
	 */
	const struct outbox_delivery *deliveries;
};

/*
 * Read what became of the deliveries: what an attempt does not show, such as that somebody else was
 * told instead.  After alert_session_close(), which gives the store back.  What cannot be read is
 * told by the attempts alone.
 */
void alert_result_read(struct alert_result *, struct store *);

/* 0 if everybody who is to be told now has been, or nothing was tried; else 1. */
enum exit_code alert_result_exit_code(const struct alert_result *);

void alert_result_add(const struct alert_result *, struct strbuf *out);

/* Each receiver with its route, and the exact message it would get, secrets masked. */
int alert_preview_add(const struct alert_cmd *, const struct alert_input *, const struct accepted *,
	struct strbuf *out, struct err *);

#endif
