/*
 * A check: a kind, a target, thresholds, a schedule; and one run of it.
 *
 * The life of a check: its owner (the one-shot command or the scheduler) calls check_run_start();
 * the kind's start() begins non-blocking steps on the loop; one of them ends in check_done(), which
 * judges the thresholds and tells the owner at the end of the loop's turn.  A kind knows nothing of
 * retries, thresholds, schedules, alerts or output.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "check/check_result.h"
#include "conf/option.h"
#include "loop/loop.h"

struct check_run;
struct http_client;
struct inventory;
struct resolver;
struct ssh_connector;

/* What kinds may use; one for the process. */
struct check_env {
	struct loop *loop;
	struct resolver *resolver;
	struct http_client *http;
	struct ssh_connector *ssh;
	const char *ssh_username;          /* where no other is said; NULL: as ssh has it */
	bool is_ssh_username_given;        /* on the command line: it goes before the inventory's */
	int64_t ssh_connect_timeout_ms;    /* of a login; 0: what the check has */
	const struct inventory *inventory; /* what is known of servers; NULL: nothing */
	bool wants_evidence;               /* of successes too */
};

/* A value that a kind can measure, for documentation, for checking thresholds' names, and with the
 * thresholds that hold unless the user says otherwise. */
struct check_value_row {
	const char *name; /* NULL ends a table */
	enum check_unit unit;
	bool has_instances;  /* one for each filesystem, ...: "name[instance]" */
	const char *help;    /* one line */
	const char *warning; /* default threshold, as a user would write it; NULL: none */
	const char *critical;
};

/* A way of asking "is it well?".  One const instance in a file of its own; see check_kinds.c. */
struct check_kind {
	/* Name (the configuration key, stable for ever), summary, rows over the kind's options,
	 * their size, and cross-field validation.  `object` points back to this struct. */
	struct option_variant variant;
	/* What it measures.  An empty table: not known beforehand (plugins). */
	const struct check_value_row *values;
	/* MUST.  URL schemes that mean this kind on the command line, NULL-terminated. */
	const char *const *schemes;
	/* The state of a run whose deadline passed: critical where silence means down, unknown
	 * where it means that nothing was measured. */
	enum check_state timeout_state;
	/* It ends its runs at check->timeout_ms by itself, because it can tell more about a timeout
	 * than check.c can; the deadline there is then only a backstop. */
	bool has_own_deadline;
	/* Most runs of it at the same time in a one-shot command; 0: no limit of its own.  For
	 * kinds that load this machine rather than the network. */
	size_t max_at_once;
	/* MUST.  Fill opts (defaults are set) from a target as typed: "tcp://host:25", "local:",
	 * "exec:/path arg".  ERR_INPUT names the target. */
	int (*from_target)(struct str target, struct arena *, void *opts, struct err *);
	/* MUST.  The target for people: as the user wrote it, secrets masked. */
	const char *(*target)(const void *opts, struct arena *);
	/* MAY, all three or none.  The server that it is about, by name, or a node set of them;
	 * NULL: none that has a name.  Whether it is a node set: then there is to be a check for
	 * each, whose opts are a copy with set_server(). */
	const char *(*servers)(const void *opts);
	bool (*has_servers)(const void *opts);
	void (*set_server)(void *opts, const char *server, struct arena *);
	/* MUST.  Begin one run; never blocks; ends in check_done() exactly once, possibly from
	 * inside start.  The run has an arena, a result to fill, and a place for the kind's state.
	 */
	void (*start)(struct check_run *);
	/* MAY.  The deadline passed, or Ctrl-C came: add evidence of how far it got.  Returns what
	 * it was doing, in the arena: "connecting to 192.0.2.1:80"; NULL: nothing to say. release()
	 * follows. */
	const char *(*interrupted)(struct check_run *);
	/* MAY.  It called check_done(), and the result is not ok, thresholds included: add
	 * evidence. From inside check_done(). */
	void (*explain)(struct check_run *);
	/* MAY.  Free the run's handles.  Called once for every run that was started, whether it
	 * ended by check_done() or not; must not call check_done(). */
	void (*release)(struct check_run *);
};

/* A configured or ad-hoc check.  Zero durations and counts were not set: see check_config.h. */
struct check {
	const char *name;
	const char *target; /* as the user wrote it */
	const struct check_kind *kind;
	const struct option_variant *variant; /* set by the reader; kind follows from it */
	void *opts;
	const char *origin; /* "file:line:column"; NULL: from the command line */
	const char *family; /* the name of the check of several servers that it is one of; NULL */
	struct option_list tags;             /* const char * */
	struct option_map labels;            /* const char * */
	struct option_map warning, critical; /* struct threshold, by value key */
	struct option_list depends_on;       /* const char * */
	const char *runbook;
	int64_t interval_ms;
	int64_t timeout_ms; /* of one attempt, all of it */
	int64_t attempts;
	int64_t recover;
};

typedef void check_done_fn(void *arg, struct check_run *);

struct check_run {
	const struct check_env *env;
	const struct check *check;
	const void *opts;    /* check->opts */
	struct arena *arena; /* lives as long as the result */
	struct check_result result;
	void *state; /* the kind's, from the arena */
	/* check.c's own */
	check_done_fn *done;
	void *done_arg;
	struct timer *deadline;
	struct deferred *ending;
	int64_t started_us;
	bool is_done;
	bool is_released;
};

/* For owners.  `done` is called once, at the end of a loop turn, never before this returns. */
struct check_run *check_run_start(
	const struct check_env *, const struct check *, check_done_fn *done, void *arg);

/* Ends a run that is under way as CANCELLED, with its evidence and the reason ("interrupted");
 * `done` is still called. */
void check_run_interrupt(struct check_run *, const char *why);

/* Free a run in any state; `done` is not called any more.  The result's arena goes with it unless
 * taken by check_run_take_result(). */
void check_run_free(struct check_run **);

/* The result; the caller frees result->arena with arena_free(). */
void check_run_take_result(struct check_run *, struct check_result *ret_result);

/* For kinds.  The run is over: state, code and a one-line message (outside text in it must have
 * been escaped). */
void check_done(struct check_run *, enum check_state, enum check_code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
