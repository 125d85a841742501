/*
 * The loop of a delivering command, its clocks and signals.
 */
#include "cmd/alert_session.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "alert/message.h"
#include "base/log.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/vec.h"
#include "loop/loop.h"
#include "net/http_client.h"
#include "net/resolver.h"
#include "net/smtp_client.h"
#include "store/store_outbox.h"

static const struct log_context log_context = {.component = "alert"};

/* What is under way when we are to stop gets so long to end; then its outcome is not known, and
 * whoever delivers next says that it may be a repeat. */
enum { GRACE_MS = 2000, SECOND_SIGNAL_AFTER_MS = 200, OTHERS_MS = 3000, CLOSE_MS = 15000 };

static void end_if_over(struct alert_session *session)
{
	if (session->is_over && !(session->is_busy && session->is_busy(session->arg))) {
		loop_stop(session->loop);
	}
}

static void idle(void *arg)
{
	struct alert_session *session = arg;

	session->is_over = true;
	end_if_over(session);
}

/* A clock's last part is for what is under way. */
static int64_t grace_of(int64_t clock_ms)
{
	return clock_ms / 5 < GRACE_MS ? clock_ms / 5 : GRACE_MS;
}

static int64_t grace_ms(const struct alert_session *session, enum alert_stop reason)
{
	switch (reason) {
	case ALERT_STOP_TIMEOUT:
		return grace_of(session->spec.timeout_ms);
	case ALERT_STOP_DEADLINE:
		return grace_of(session->spec.deadline_ms);
	case ALERT_STOP_IDLE:
	case ALERT_STOP_INT:
	case ALERT_STOP_TERM:
		break;
	}
	return GRACE_MS;
}

static void stop(struct alert_session *session, enum alert_stop reason)
{
	if (session->stop != ALERT_STOP_IDLE) {
		return;
	}
	session->stop = reason;
	session->stopped_ms = loop_now_ms(session->loop);
	if (session->stopping) {
		session->stopping(session->arg);
	}
	timer_set(session->grace, grace_ms(session, reason));
	if (session->deliverer) {
		deliverer_stop(session->deliverer);
	}
	end_if_over(session);
}

static void grace_passed(void *arg)
{
	struct alert_session *session = arg;

	loop_stop(session->loop);
}

static void timed_out(void *arg)
{
	stop(arg, ALERT_STOP_TIMEOUT);
}

static void deadline_passed(void *arg)
{
	stop(arg, ALERT_STOP_DEADLINE);
}

/* A second signal means it: what is in hand is taken up by the next process. */
static void signal_came(void *arg, int signo)
{
	struct alert_session *session = arg;
	bool is_int = signo == SIGINT;

	if (is_int) {
		terminal_end_echo(STDERR_FILENO);
	}
	if (session->stop == ALERT_STOP_INT || session->stop == ALERT_STOP_TERM) {
		if (loop_now_ms(session->loop) - session->stopped_ms >= SECOND_SIGNAL_AFTER_MS) {
			_exit(is_int ? EXIT_CODE_INTERRUPTED : EXIT_CODE_TERMINATED);
		}
		return;
	}
	log_warn(&log_context, "%s: waiting a moment for what is under way; again leaves at once",
		is_int ? "interrupted" : "terminated");
	stop(session, is_int ? ALERT_STOP_INT : ALERT_STOP_TERM);
}

/* What a receiver is told about another one says nothing about its own alert. */
static struct alert_attempt *attempt_of(struct alert_session *session,
	const struct receiver *receiver, enum notification_purpose purpose)
{
	for (size_t i = 0; i < session->attempts_count; i++) {
		struct alert_attempt *attempt = &session->attempts[i];

		if (attempt->receiver == receiver &&
			purpose_has_alerts(attempt->purpose) == purpose_has_alerts(purpose)) {
			return attempt;
		}
	}
	return VEC_PUSH_IN(session->spec.arena, session, attempts);
}

static void attempted(void *arg, const struct receiver *receiver,
	const struct notification *notification, const struct delivery_result *result,
	int64_t next_ms)
{
	struct alert_session *session = arg;
	struct alert_attempt *attempt = attempt_of(session, receiver, notification->purpose);
	int before = attempt->attempts;

	*attempt = (struct alert_attempt){
		.receiver = receiver,
		.purpose = notification->purpose,
		.outcome = result->outcome,
		.fault = result->fault,
		.code = result->code,
		.attempts = before + 1,
		.next_ms = next_ms,
		.ended_ms = time_wall_ms(),
		.text = arena_strdup(session->spec.arena, result->text),
	};
	if (result->outcome == DELIVERY_ARRIVED) {
		log_info(&log_context, "%s: %s delivered", receiver->name,
			notification_purpose_name(notification->purpose));
	} else {
		log_info(&log_context, "%s: %s", receiver->name, result->text);
	}
}

static void store_failed(void *arg, const struct err *err)
{
	struct alert_session *session = arg;

	if (session->store_error.code == ERR_NONE) {
		log_warn(&log_context,
			"%s; delivering goes on, and is written down later if possible", err->msg);
	}
	session->store_error = *err;
}

int alert_session_open(
	const struct alert_session_spec *spec, struct alert_session *session, struct err *err)
{
	const struct resolver_options resolver = {0};
	struct notify_env *env = &session->env;

	session->spec = *spec;
	if (loop_new(&session->loop, err) < 0 ||
		signals_new(session->loop, signal_came, session, &session->signals, err) < 0 ||
		resolver_new(session->loop, &resolver, &env->resolver, err) < 0) {
		return -1;
	}
	env->loop = session->loop;
	env->http = http_client_new(session->loop, env->resolver);
	session->grace = timer_new(session->loop, grace_passed, session);
	session->timeout = timer_new(session->loop, timed_out, session);
	session->deadline = timer_new(session->loop, deadline_passed, session);
	env->smtp = smtp_client_new(session->loop, env->resolver);
	return 0;
}

static void start_deliverer(struct alert_session *session, int64_t only_alert_id)
{
	const struct deliverer_options options = {
		.env = &session->env,
		.writer = session->writer,
		.settings = session->spec.settings,
		.follows = session->spec.is_following || session->is_busy,
		.patience_ms = session->spec.patience_ms,
		.only_alert_id = only_alert_id,
		.attempted = attempted,
		.idle = idle,
		.store_failed = store_failed,
		.arg = session,
	};

	session->deliverer = deliverer_new(&options);
}

int alert_session_start(
	struct alert_session *session, struct store *store, int64_t only_alert_id, struct err *err)
{
	if (store_writer_new(session->loop, store, &session->writer, err) < 0) {
		return -1;
	}
	if (session->spec.is_queued) {
		session->is_over = true;
		return 0;
	}
	start_deliverer(session, only_alert_id);
	return 0;
}

static void start_clocks(struct alert_session *session)
{
	if (!session->is_busy && session->spec.timeout_ms > 0) {
		timer_set(session->timeout,
			session->spec.timeout_ms - grace_of(session->spec.timeout_ms));
	}
	if (session->spec.deadline_ms > 0) {
		timer_set(session->deadline,
			session->spec.deadline_ms - grace_of(session->spec.deadline_ms));
	}
}

int alert_session_run(struct alert_session *session, struct err *err)
{
	start_clocks(session);
	return loop_run(session->loop, err);
}

int alert_session_run_others(struct alert_session *session, struct err *err)
{
	if (session->stop != ALERT_STOP_IDLE || !session->deliverer) {
		return 0;
	}
	deliverer_free(&session->deliverer);
	session->is_over = false;
	session->spec.patience_ms = 0;
	start_deliverer(session, 0);
	timer_set(session->timeout, OTHERS_MS);
	return loop_run(session->loop, err);
}

static int count_late(struct store_tx *tx, void *arg, struct err *err)
{
	return outbox_count_late(tx, time_wall_ms(), arg, err);
}

int alert_count_late(struct store *store, int64_t *ret_count, struct err *err)
{
	return store_read(store, count_late, ret_count, err);
}

struct strangers {
	struct arena *arena;
	struct outbox_waitings waiting;
};

static int read_waiting(struct store_tx *tx, void *arg, struct err *err)
{
	struct strangers *strangers = arg;

	return outbox_waiting(tx, strangers->arena, &strangers->waiting, err);
}

void alert_warn_of_strangers(struct store *store, const struct alert_settings *settings)
{
	static const struct log_context context = {.component = "alert"};
	struct strangers strangers = {.arena = arena_new()};
	struct err err = {0};

	if (store_read(store, read_waiting, &strangers, &err) == 0) {
		for (size_t i = 0; i < strangers.waiting.items_count; i++) {
			const struct outbox_waiting *item = &strangers.waiting.items[i];

			if (!alert_receiver(settings, item->receiver)) {
				log_warn(&context,
					"%lld message%s for receiver '%s', which is not in "
					"alerts.receivers of this configuration: bring it back, or "
					"they are given up when they are too old",
					(long long)item->count,
					item->count == 1 ? " waits" : "s wait", item->receiver);
			}
		}
	}
	arena_free(strangers.arena);
}

void alert_session_changed(struct alert_session *session)
{
	if (session->deliverer && !session->spec.is_following && session->is_busy &&
		!session->is_busy(session->arg)) {
		deliverer_finish(session->deliverer);
		timer_set(session->timeout,
			session->spec.timeout_ms - grace_of(session->spec.timeout_ms));
	}
	end_if_over(session);
}

static int look_at_nothing(struct store_tx *tx, void *arg, struct err *err)
{
	(void)tx;
	(void)arg;
	(void)err;
	return 0;
}

static void all_looked(void *arg, const struct err *err)
{
	struct alert_session *session = arg;

	(void)err; /* whatever became of it: those before it have been told */
	loop_stop(session->loop);
}

/* A look at the store that is under way hears that nobody waits for it any more.  Looks are taken
 * in their order: when this one is over, so is that. */
static void end_look(struct alert_session *session)
{
	deliverer_free(&session->deliverer);
	timer_stop(session->timeout);
	timer_stop(session->deadline);
	timer_set(session->grace, CLOSE_MS);
	store_writer_read(session->writer, look_at_nothing, all_looked, session);
	(void)loop_run(session->loop, NULL); /* it fails where nothing can be waited for */
}

void alert_session_close(struct alert_session *session)
{
	if (session->deliverer && !session->is_over) {
		end_look(session);
	}
	deliverer_free(&session->deliverer);
	store_writer_free(&session->writer);
	timer_free(&session->grace);
	timer_free(&session->timeout);
	timer_free(&session->deadline);
	smtp_client_free(&session->env.smtp);
	http_client_free(&session->env.http);
	resolver_free(&session->env.resolver);
	signals_free(&session->signals);
	loop_free(&session->loop);
}

const struct alert_attempt *alert_session_attempt(
	const struct alert_session *session, const char *receiver)
{
	for (size_t i = 0; i < session->attempts_count; i++) {
		const struct alert_attempt *attempt = &session->attempts[i];

		if (purpose_has_alerts(attempt->purpose) &&
			strcmp(attempt->receiver->name, receiver) == 0) {
			return attempt;
		}
	}
	return NULL;
}

enum exit_code alert_session_exit_code(
	const struct alert_session *session, enum exit_code otherwise)
{
	switch (session->stop) {
	case ALERT_STOP_DEADLINE:
		return EXIT_CODE_DEADLINE;
	case ALERT_STOP_INT:
		return EXIT_CODE_INTERRUPTED;
	case ALERT_STOP_TERM:
		return EXIT_CODE_TERMINATED;
	case ALERT_STOP_IDLE:
	case ALERT_STOP_TIMEOUT:
		break;
	}
	return otherwise;
}
