/*
 * Delivering for as long as a command lives: the loop and all that stands on it.
 */
#ifndef CMD_ALERT_SESSION_H
#define CMD_ALERT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/deliverer.h"
#include "base/exit_code.h"
#include "loop/signals.h"
#include "notify/notifier.h"
#include "store/store_writer.h"

struct alert_session_spec {
	struct arena *arena;
	const struct alert_settings *settings;
	int64_t timeout_ms;  /* 0: no limit */
	int64_t deadline_ms; /* of the whole run; 0: none */
	int64_t patience_ms; /* wait for retries that are due within so long */
	bool is_following, is_queued;
};

/* The latest attempt at a receiver: to tell it of alerts, or of something else. */
struct alert_attempt {
	const struct receiver *receiver;
	enum notification_purpose purpose;
	enum delivery_outcome outcome;
	enum channel_fault fault;
	int code;
	int attempts;
	int64_t next_ms; /* wall clock; 0: none is planned */
	int64_t ended_ms;
	const char *text;
};

enum alert_stop {
	ALERT_STOP_IDLE, /* nothing is due any more */
	ALERT_STOP_TIMEOUT,
	ALERT_STOP_DEADLINE, /* of the whole run */
	ALERT_STOP_INT,
	ALERT_STOP_TERM,
};

struct alert_session {
	struct alert_session_spec spec;
	struct loop *loop;
	struct signals *signals;
	struct notify_env env;
	struct store_writer *writer;
	struct deliverer *deliverer;
	struct timer *timeout, *deadline, *grace;
	enum alert_stop stop;
	int64_t stopped_ms;
	bool is_over;
	struct err store_error; /* ERR_NONE: the store could be written */
	struct alert_attempt *attempts;
	size_t attempts_count, attempts_alloc;
	/* MAY.  What else is to end before the session does: intake from a pipe. */
	bool (*is_busy)(void *arg);
	void (*stopping)(void *arg);
	void *arg;
};

/* Ready to send; nothing is delivered yet.  Close in any case. */
int alert_session_open(const struct alert_session_spec *, struct alert_session *, struct err *);

/*
 * Take the store for the session's writer, until alert_session_close(), and begin to deliver (but
 * if it is queued): one alert, or (0) everything that is due.
 */
int alert_session_start(
	struct alert_session *, struct store *, int64_t only_alert_id, struct err *);

/*
 * Until nothing is due any more and is_busy() says no, the timeout has passed, or a signal came.
 * What is under way then is given a moment to end.  -1: the loop itself fails.
 */
int alert_session_run(struct alert_session *, struct err *);

/* After alert_session_run() of one alert: what else is due, for a few seconds at most. */
int alert_session_run_others(struct alert_session *, struct err *);

/* How many messages should have been delivered by now and are not; what is held back on purpose
 * does not count.  After alert_session_close(), which gives the store back. */
int alert_count_late(struct store *, int64_t *ret_count, struct err *);

/* Warn of messages that wait for receivers which the configuration does not have (any more): nobody
 * will deliver them.  A store that cannot be read is no news here. */
void alert_warn_of_strangers(struct store *, const struct alert_settings *);

/* is_busy() has changed: look whether all is over. */
void alert_session_changed(struct alert_session *);

void alert_session_close(struct alert_session *);

/* To tell it of alerts; NULL: there was no attempt. */
const struct alert_attempt *alert_session_attempt(
	const struct alert_session *, const char *receiver);

/* 124, 130 and 143 where the session was stopped from outside; else as given. */
enum exit_code alert_session_exit_code(const struct alert_session *, enum exit_code);

#endif
