/*
 * How a command ended on one host: a closed list, which scripts and the ledger depend on.
 *
 * Exactly one of six: it ended well; it ended with an exit code; a signal ended it; it took too
 * long, by one of three clocks; the host could not be reached, or was lost on the way; it was never
 * started.  What a host's exit code 255 or a broken connection means is decided before it gets
 * here.
 */
#ifndef FLEET_OUTCOME_H
#define FLEET_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/exit_code.h"
#include "base/str.h"

struct json_writer;
struct stored_run_host;
struct strbuf;

/* The numbers are stored. */
enum outcome_kind {
	OUTCOME_OK,
	OUTCOME_EXIT, /* not 0 */
	OUTCOME_SIGNAL,
	OUTCOME_TIMEOUT,
	OUTCOME_UNREACHABLE,
	OUTCOME_NOT_STARTED,
	OUTCOME_KIND_MAX,
};

/* Which time was over; stored. */
enum outcome_clock {
	CLOCK_CONNECT, /* until the command could be started */
	CLOCK_SILENCE, /* without any output */
	CLOCK_TOTAL,
	CLOCK_MAX,
};

/* Why a host is unreachable, or nothing was started there; stored. */
enum outcome_cause {
	CAUSE_NONE,
	CAUSE_DNS_FAILED,
	CAUSE_CONNECTION_REFUSED,
	CAUSE_CONNECTION_FAILED, /* no route, no answer */
	CAUSE_CONNECTION_CLOSED, /* the server ended it before the command could begin */
	CAUSE_CONNECTION_LOST,   /* while the command ran: how it ended is not known */
	CAUSE_PROTOCOL_ERROR,
	CAUSE_HOST_KEY_UNKNOWN,
	CAUSE_HOST_KEY_MISMATCH,
	CAUSE_AUTH_FAILED,
	CAUSE_JUMP_FAILED, /* a host on the way */
	CAUSE_EXEC_REFUSED,
	CAUSE_SUDO_FAILED,
	CAUSE_DIRECTORY_MISSING,
	CAUSE_INTERRUPTED, /* by us, before its turn; or left before its end */
	CAUSE_DEADLINE,    /* of the run, before its turn */
	CAUSE_STOPPED,     /* others failed before its turn */
	CAUSE_LOCAL_ERROR, /* ours: no descriptors left, a file that cannot be written */
	CAUSE_MAX,
};

enum { OUTCOME_SIGNAL_MAX = 16 };

struct outcome {
	enum outcome_kind kind;
	int exit_code;            /* of OUTCOME_OK (0) and OUTCOME_EXIT */
	enum outcome_clock clock; /* of OUTCOME_TIMEOUT */
	/* Of OUTCOME_UNREACHABLE and OUTCOME_NOT_STARTED, and of a copy's OUTCOME_EXIT. */
	enum outcome_cause cause;
	char signal[OUTCOME_SIGNAL_MAX + 1]; /* of OUTCOME_SIGNAL: "TERM" */
	/* In words: the cause, what took so long, or of a copy that failed what did; NULL: none.
	 * Borrowed. */
	const char *message;
};

/* OUTCOME_OK for 0.  A code that no process can have (300) stays as it is. */
struct outcome outcome_exit(int exit_code);
/* With or without "SIG"; what is too long is cut. */
struct outcome outcome_signal(const char *name);

const char *outcome_kind_name(enum outcome_kind);   /* "not_started" */
const char *outcome_kind_words(enum outcome_kind);  /* "not started" */
const char *outcome_clock_name(enum outcome_clock); /* "connect" */
const char *outcome_cause_name(enum outcome_cause); /* "auth_failed"; of CAUSE_NONE NULL */

/* What machines look at: the name of the cause if there is one, else of the kind. */
const char *outcome_code(const struct outcome *);

/* "unreachable,not-started" as bits 1 << kind; "failed" is all but ok.  ERR_INPUT says what there
 * is. */
int outcome_kinds_parse(struct str, unsigned *ret_kinds, struct err *);

/* "ok", "exit 3", "signal TERM", "timeout (silence)", "timeout (connect): waiting for web-01:22",
 * "unreachable: no route to host", "not started: the run was interrupted"; of OUTCOME_EXIT with a
 * message or a cause only that: "no space is left for '/b'".  The message is escaped. */
void outcome_add_text(struct strbuf *, const struct outcome *);

/* "✓ web-01", "✗ web-02: exit 3", without a newline; the mark and what follows the name in the
 * outcome's colour.  "-" is for hosts whose turn never came. */
void outcome_add_line(struct strbuf *, bool has_color, struct str name, const struct outcome *);

/* Members of a result: outcome, success, code, exit_code, signal, clock, message.  What does not
 * apply is null; `code` is outcome_code(). */
void outcome_write_json(struct json_writer *, const struct outcome *);

/* In the ledger.  Texts of *host are borrowed from *outcome, and the other way round. */
void outcome_store(const struct outcome *, struct stored_run_host *host);
struct outcome outcome_stored(const struct stored_run_host *);

/* --- Of a run --- */

struct outcome_counts {
	size_t total;
	size_t of[OUTCOME_KIND_MAX];
};

void outcome_count(struct outcome_counts *, const struct outcome *);

/* "18/20 servers responded successfully" */
void outcome_add_summary(struct strbuf *, const struct outcome_counts *);
/* What the others did: "1 exit, 3 timeout"; nothing if there are none. */
void outcome_add_others(struct strbuf *, const struct outcome_counts *);
/* The object: {"total": 20, "ok": 18, "exit": 1, ...} */
void outcome_write_counts(struct json_writer *, const struct outcome_counts *);

enum outcome_run_end {
	RUN_COMPLETE,
	RUN_DEADLINE,    /* the run's own */
	RUN_INTERRUPTED, /* SIGINT */
	RUN_TERMINATED,  /* SIGTERM */
};

/* EXIT_CODE_OK only for a complete run of which all is ok. */
enum exit_code outcome_exit_code(const struct outcome_counts *, enum outcome_run_end);

#endif
