/*
 * What the verbs of `sre-toolkit alert` share.  One file alert_<verb>.c for each of them.
 */
#ifndef CMD_ALERT_CMD_H
#define CMD_ALERT_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/exit_code.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "cmd/config_root.h"
#include "cmd/verbs.h"
#include "store/store.h"

enum alert_output {
	ALERT_TEXT,
	ALERT_JSON,
	ALERT_CSV,
};

struct alert_opts {
	/* the alert */
	int severity; /* enum severity; of a filter if it was given */
	const char *message, *title, *source, *dedup_key, *runbook;
	struct option_map fields, labels; /* const char * */
	bool is_resolve;
	const char *events;
	/* which alerts */
	bool is_all, is_dead;
	int64_t since_ms, before_ms; /* 0: not given */
	int64_t limit;
	/* by hand */
	int64_t until_ms;
	const char *reason, *author;
	/* how */
	int output; /* enum alert_output */
	int64_t timeout_ms;
	bool is_queued, is_following, is_dry_run;
	const char *store;
};

struct alert_cmd {
	struct cmd_run *run;
	const struct alert_opts *opts;
	const char *const *args; /* after the verb */
	size_t args_count;
	struct config config;
	const char *store_path;
};

extern const struct log_context alert_log;

/* What the verbs but `list` can print. */
extern const char *const alert_formats[];

/* Either: the user's own mistake (ERR_INPUT, ERR_NOT_FOUND), or a failure. */
enum exit_code alert_refused(const struct alert_cmd *, const struct err *);

/* Open the store of the configuration or of --store; for reading, a store that does not exist yet
 * is *ret_store == NULL. */
int alert_open_store(struct alert_cmd *, bool for_reading, struct store **ret_store, struct err *);

/* For the delivering verbs: their --timeout and so on, as a session takes them; with patience for
 * retries until then. */
struct alert_session_spec;
void alert_session_spec_of(const struct alert_cmd *, struct alert_session_spec *ret_spec);

/* Deliver with these: a session is opened, run to its end, and stays for what it has to tell.  One
 * alert, or (0) everything that is due.  alert_session_close() in any case. */
struct alert_session;
int alert_deliver(const struct alert_cmd *, struct store *, int64_t only_alert_id,
	struct alert_session *, struct err *);

/* The only argument as an alert's id. */
int alert_id_argument(const struct alert_cmd *, int64_t *ret_id, struct err *);

struct json_writer;
struct stored_alert;
/* Its members, into the object that is open. */
void stored_alert_write_json(const struct stored_alert *, struct json_writer *);

struct stored_silence;
/* "source=db-01, severity!=critical". */
void alert_add_matchers(const struct stored_silence *, struct arena *, struct strbuf *out);

/* Who acts: --author, or the user's name. */
const char *alert_author(const struct alert_cmd *);

/* The verbs, over struct alert_cmd; `send` is what is done without one. */
extern const struct verb alert_verb_ack;
extern const struct verb alert_verb_digest;
extern const struct verb alert_verb_flush;
extern const struct verb alert_verb_list;
extern const struct verb alert_verb_resolve;
extern const struct verb alert_verb_retry;
extern const struct verb alert_verb_send;
extern const struct verb alert_verb_silence;
extern const struct verb alert_verb_simulate;
extern const struct verb alert_verb_test;
extern const struct verb alert_verb_why;

#endif
