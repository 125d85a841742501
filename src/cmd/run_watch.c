/*
 * Signals, clocks and the line that says how far it is.  See run_watch.h.
 */
#include "cmd/run_watch.h"

#include <sys/time.h>

#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/exit_code.h"
#include "base/file.h"
#include "base/progress.h"
#include "cmd/descriptors.h"
#include "fleet/host_queue.h"
#include "loop/signals.h"
#include "net/resolver.h"

enum {
	PROGRESS_EVERY_MS = 100,
	PHASES_EVERY_MS = 10000,
	PHASES_SHOWN = 5,
	SECOND_SIGNAL_AFTER_MS = 200,
	LEAVE_MS = 500,
	STOP_MS = 5000, /* of the deadline, for what is under way to be ended */
};

void run_watch_erase(struct run_watch *watch)
{
	progress_erase(watch->progress);
}

static void erase(void *arg)
{
	run_watch_erase(arg);
}

/* --- signals -------------------------------------------------------------------------------- */

static void say(struct run_watch *watch, int signo, const struct strbuf *text)
{
	if (signo == SIGINT) {
		progress_end_echo(watch->progress, STDERR_FILENO);
	}
	run_watch_erase(watch);
	(void)file_write_all(STDERR_FILENO, strbuf_str(text)); /* nobody else to tell */
}

static volatile sig_atomic_t leaving_code;

static void moment_is_over(int signo)
{
	(void)signo;
	_exit(leaving_code);
}

/* Whatever is waited for, a lock or a disk: then it ends. */
static void leave_after_a_moment(int exit_code)
{
	const struct sigaction action = {.sa_handler = moment_is_over};
	const struct itimerval moment = {.it_value = {.tv_usec = LEAVE_MS * 1000}};

	leaving_code = exit_code;
	if (sigaction(SIGALRM, &action, NULL) < 0 || setitimer(ITIMER_REAL, &moment, NULL) < 0) {
		_exit(exit_code);
	}
}

static void leave_at_once(struct run_watch *watch, int signo)
{
	int exit_code = signo == SIGINT ? EXIT_CODE_INTERRUPTED : EXIT_CODE_TERMINATED;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	watch->work->add_left(watch->arg, &text);
	say(watch, signo, &text);
	if (watch->work->leave) {
		leave_after_a_moment(exit_code);
		watch->work->leave(watch->arg, exit_code);
	}
	_exit(exit_code);
}

static void signal_came(void *arg, int signo)
{
	struct run_watch *watch = arg;
	int64_t now_ms = loop_now_ms(watch->loop);
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (watch->signal != 0) { /* timeout(1) sends its signal twice, and means it once */
		if (now_ms - watch->signal_ms >= SECOND_SIGNAL_AFTER_MS) {
			leave_at_once(watch, signo);
		}
		return;
	}
	watch->signal = signo;
	watch->signal_ms = now_ms;
	strbuf_adds(&text, signo == SIGINT ? "interrupted: " : "terminated: ");
	watch->work->add_stopping(watch->arg, &text);
	strbuf_adds(&text, "; once more leaves at once\n");
	say(watch, signo, &text);
	watch->work->stop(watch->arg, CAUSE_INTERRUPTED);
}

enum outcome_run_end run_watch_end(const struct run_watch *watch, enum outcome_cause stopped)
{
	if (watch->signal != 0) {
		return watch->signal == SIGINT ? RUN_INTERRUPTED : RUN_TERMINATED;
	}
	return stopped == CAUSE_DEADLINE ? RUN_DEADLINE : RUN_COMPLETE;
}

/* --- clocks --------------------------------------------------------------------------------- */

static void tick(void *arg)
{
	struct run_watch *watch = arg;
	size_t done, failed;

	watch->work->count(watch->arg, &done, &failed);
	progress_update(watch->progress, done, failed, loop_now_ms(watch->loop));
	timer_set(watch->ticker, PROGRESS_EVERY_MS);
}

static void phases_due(void *arg)
{
	struct run_watch *watch = arg;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct str rest, line;

	watch->work->add_phases(watch->arg, PHASES_SHOWN, &text);
	rest = strbuf_str(&text);
	while (str_line(&rest, &line)) {
		log_info(watch->log, "%.*s", STR_ARG(line));
	}
	timer_set(watch->phases, PHASES_EVERY_MS);
}

int64_t run_watch_deadline_ms(const struct run_watch *watch)
{
	int64_t now_ms = loop_now_ms(watch->loop);
	int64_t deadline_ms = watch->common->deadline_ms;

	if (deadline_ms <= 0) {
		return 0;
	}
	deadline_ms -= deadline_ms / 5 < STOP_MS ? deadline_ms / 5 : STOP_MS;
	return deadline_ms < INT64_MAX - now_ms ? now_ms + deadline_ms : INT64_MAX;
}

int run_watch_workers(int64_t given, int64_t configured, int64_t descriptors)
{
	int64_t wanted = given > 0 ? given : configured;

	return (int)descriptors_allow(wanted > 0 ? wanted : HOST_QUEUE_WORKERS, descriptors);
}

/* --- for owners ----------------------------------------------------------------------------- */

int run_watch_open(
	struct run_watch *watch, const struct ssh_connector_options *connector, struct err *err)
{
	const struct resolver_options resolver = {0};

	if (loop_new(&watch->loop, err) < 0 ||
		signals_new(watch->loop, signal_came, watch, &watch->signals, err) < 0 ||
		resolver_new(watch->loop, &resolver, &watch->resolver, err) < 0) {
		return -1;
	}
	watch->connector = ssh_connector_new(watch->loop, watch->resolver, connector);
	return 0;
}

void run_watch_start(struct run_watch *watch, const char *counted, size_t total)
{
	watch->started_ms = loop_now_ms(watch->loop);
	watch->ticker = timer_new(watch->loop, tick, watch);
	watch->phases = timer_add(watch->loop, PHASES_EVERY_MS, phases_due, watch);
	if (!watch->common->is_quiet) {
		watch->progress =
			counted ? progress_new(STDERR_FILENO, counted, total, watch->started_ms)
				: progress_new_bytes(STDERR_FILENO, total, watch->started_ms);
		timer_set(watch->ticker, PROGRESS_EVERY_MS);
	}
	log_before_stderr(erase, watch);
}

int run_watch_run(struct run_watch *watch, int64_t *ret_duration_ms, struct err *err)
{
	if (loop_run(watch->loop, err) < 0) {
		return -1;
	}
	progress_free(&watch->progress);
	*ret_duration_ms = loop_now_ms(watch->loop) - watch->started_ms;
	return 0;
}

void run_watch_hush(struct run_watch *watch)
{
	log_before_stderr(NULL, NULL);
	progress_free(&watch->progress);
	timer_free(&watch->ticker);
	timer_free(&watch->phases);
}

void run_watch_close(struct run_watch *watch)
{
	run_watch_hush(watch);
	ssh_connector_free(&watch->connector);
	resolver_free(&watch->resolver);
	signals_free(&watch->signals);
	loop_free(&watch->loop);
}
