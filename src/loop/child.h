/*
 * Child processes on the loop: posix_spawn, a pidfd, pipes with maxima, a deadline for all of it.
 *
 * A child runs in a process group of its own, with exactly the environment it is given, default
 * signal dispositions, /dev/null as standard input unless there is something to feed, and no other
 * descriptor of ours.  At its deadline the whole group is killed: SIGTERM first, SIGKILL after the
 * grace time; `child_free()` sends SIGKILL at once.  Processes that left the group are not
 * followed.
 *
 * A child has ended when its process has: output that a grandchild holds open is read for
 * `drain_ms` more and then left alone.
 */
#ifndef LOOP_CHILD_H
#define LOOP_CHILD_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "loop/loop.h"

struct child;

enum child_stream {
	CHILD_STDOUT,
	CHILD_STDERR,
};

/* For one that is talked with while it runs; nothing of it is kept.  Each may free the child. */
struct child_streams {
	bool has_input; /* a pipe, open until child_end_input(); else /dev/null */
	void (*output)(void *arg, enum child_stream, struct str bytes); /* valid inside */
	void (*wants_input)(void *arg); /* all that was sent is on its way; NULL: not told */
};

struct child_spec {
	/* NULL-terminated.  An argv[0] without '/' is looked up in the PATH of `env`, or, if that
	 * has none, where Debian's root has its programs; folders of PATH that are not absolute are
	 * skipped. */
	const char *const *argv;
	const char *const *env; /* "NAME=value"..., NULL-terminated; NULL: empty */
	/* Instead of argv: run this in a forked copy and exit with what it returns.  Only
	 * async-signal-safe calls are allowed in it; file descriptor 1 is the stdout pipe. */
	int (*function)(const void *arg);
	const void *function_arg;
	/* Instead of `input` and the two maxima; NULL: those.  With the argument of `done`. */
	const struct child_streams *streams;
	/* SIGTERM for it when the thread that starts it ends, however: for what would run for ever
	 * without us.  Costs a fork(). */
	bool dies_with_us;
	const char *cwd;    /* NULL: ours; argv[0] with a '/' that is not absolute counts from it */
	struct str input;   /* written to its standard input, then closed; borrowed until done */
	size_t stdout_max;  /* bytes kept of each stream; the rest is read and counted */
	size_t stderr_max;  /* 0: keep nothing */
	int64_t timeout_ms; /* > 0; with streams also 0: none */
	int64_t kill_grace_ms; /* between SIGTERM and SIGKILL at the deadline; 0: SIGKILL at once */
	int64_t drain_ms;      /* how long output may still come after the process has ended */
};

enum child_outcome {
	CHILD_EXITED,    /* exit_code */
	CHILD_SIGNALED,  /* term_signal; somebody else's, the deadline's is CHILD_TIMED_OUT */
	CHILD_TIMED_OUT, /* was killed at the deadline; exit_code or term_signal tells how it ended
			  */
	CHILD_STUCK,     /* was killed and did not go (a dead mount, another user): left behind */
};

struct child_exit {
	enum child_outcome outcome;
	int exit_code;
	int term_signal;
	int64_t duration_ms; /* until the process ended; draining is not counted */
	const struct strbuf
		*out; /* valid until the child is freed; dropped_bytes tells of the rest */
	const struct strbuf *err;
	int64_t user_us, system_us; /* CPU time of the child and those it waited for; 0 if stuck */
};

typedef void child_done_fn(void *arg, const struct child_exit *);

/*
 * Start it.  `done` is called once, never before this returns, and may free the child.  -1 if it
 * could not be started at all, with the program (or cwd) in the text: ERR_NOT_FOUND,
 * ERR_PERMISSION, ERR_INPUT if it is no program, ERR_SYSTEM.  Starting waits for the exec, so a
 * program on a dead mount blocks the caller.
 */
int child_start(struct loop *, const struct child_spec *, child_done_fn *done, void *arg,
	struct child **ret_child, struct err *);
pid_t child_pid(const struct child *);

/* For its input: a copy is queued; then no more of it.  What it does not read is dropped. */
void child_send(struct child *, struct str bytes);
void child_end_input(struct child *);

/* What it has written so far, within the maxima; valid until the next turn. */
const struct strbuf *child_out(const struct child *);
const struct strbuf *child_err(const struct child *);

/*
 * Kills the group if the process still runs or its output is still being drained; `done` is not
 * called then.  Never blocks: the loop buries the process when it has gone.
 */
void child_free(struct child **);

/* The same with SIGTERM.  SIGKILL is for who of the group is left when the process has ended, or
 * `grace_ms` are over, or the loop is freed. */
void child_dismiss(struct child **, int64_t grace_ms);

/* "SIGKILL"; of one without a common name, where to read about it. */
const char *child_signal_name(int signo);

#endif
