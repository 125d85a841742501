/*
 * The kind `exec`: a program of one's own, with the notification as JSON on its standard input.
 *
 * It is given an argument list and no shell, and nothing of an alert ever becomes an argument.  Its
 * exit status says whether the message has arrived.  Everything it started goes when its time is
 * over.
 */
#include <sysexits.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/words.h"
#include "conf/option_command.h"
#include "loop/child.h"
#include "notify/alert_json.h"
#include "notify/notifier.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

enum {
	INPUT_MAX = 1000 * 1000,
	OUTPUT_MAX = 4096, /* kept of each stream */
	GROUP_MAX = 100,
	ENV_TEXT_MAX = 1024,
	DRAIN_MS = 200,
	/* The run's own deadline comes first, and asks how far it got. */
	BACKSTOP_MS = 1000,
};

struct exec_opts {
	struct option_command program;
};

struct exec_state {
	struct child *child;
};

// clang-format off
static const struct option_row exec_rows[] = {
	OPTION_COMMAND_ROWS("exec", struct exec_opts, program),
	{0},
};
// clang-format on

static int exec_validate(void *opts, struct arena *arena, struct err *err)
{
	struct exec_opts *exec = opts;

	return option_command_finish(&exec->program, arena, err);
}

static const char *exec_target(const void *opts, struct arena *arena)
{
	const struct exec_opts *exec = opts;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	words_add_all_quoted(exec->program.argv, &text);
	return arena_strndup(arena, text.buf, text.len);
}

static int exec_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf body = STRBUF_INIT;

	(void)err;
	notification_add_json(receiver, notification, INPUT_MAX, &body);
	strbuf_addc(&body, '\n');
	*ret_message = (struct notify_message){
		.method = "EXEC",
		.url = exec_target(receiver->opts, arena),
		.body = str_n(arena_strndup(arena, body.buf, body.len), body.len),
	};
	return 0;
}

/* The environment */

/* The variable SRE_<name>. */
static void set(struct pairs *env, struct arena *arena, const char *name, const char *value)
{
	_cleanup_(strbuf_release) struct strbuf cut = STRBUF_INIT;

	notify_add_cut(str_of(value), ENV_TEXT_MAX, &cut);
	pairs_set(env, arena, str_of(arena_printf(arena, "SRE_%s", name)), strbuf_str(&cut));
}

static void set_number(struct pairs *env, struct arena *arena, const char *name, int64_t number)
{
	set(env, arena, name, arena_printf(arena, "%lld", (long long)number));
}

/* For scripts that want no JSON: what is short. */
static void list_environment(const struct notify_run *run, struct pairs *env)
{
	const struct notification *notification = run->notification;
	struct arena *arena = run->arena;
	_cleanup_(strbuf_release) struct strbuf title = STRBUF_INIT;

	notify_add_title(run->receiver, notification, &title);
	set(env, arena, "RECEIVER", run->receiver->name);
	set(env, arena, "PURPOSE", notification_purpose_name(notification->purpose));
	set(env, arena, "KEY", notification->key);
	set(env, arena, "SEVERITY", severity_name(notification->severity));
	set(env, arena, "TITLE", title.buf);
	set_number(env, arena, "ATTEMPT", notification->attempt);
	if (notification->alerts_count > 0) {
		const struct alert *alert = notification->alerts[0];

		set(env, arena, "STATUS", alert->is_resolved ? "resolved" : "firing");
		set(env, arena, "SOURCE", alert->source);
		set(env, arena, "FINGERPRINT", alert->fingerprint);
		set_number(env, arena, "ALERT_ID", alert->id);
		set_number(env, arena, "ALERTS", notification_total(notification));
	}
}

/* Ends */

/* Values of `env` are secrets, and a program may print them. */
static void hide_environment(struct notify_run *run)
{
	const struct exec_opts *opts = run->receiver->opts;
	const size_t count = opts->program.env.count < NOTIFY_SECRETS_MAX ? opts->program.env.count
									  : NOTIFY_SECRETS_MAX;

	for (size_t i = 0; i < count; i++) {
		notify_message_add_secret(
			&run->message, OPTION_AT(&opts->program.env, const char *, i));
	}
}

/* What it said: to standard error, or else to standard output. */
static const char *said(struct notify_run *run, const struct child_exit *end)
{
	struct str err = str_trim(strbuf_str(end->err));
	struct str out = str_trim(strbuf_str(end->out));

	return err.len > 0 ? str_dup(err, run->arena) : str_dup(out, run->arena);
}

/* Statuses as sysexits.h has them: some say that no further attempt can succeed. */
static enum delivery_outcome outcome_of(int status)
{
	switch (status) {
	case 0:
		return DELIVERY_ARRIVED;
	case EX_USAGE:
	case EX_DATAERR:
	case EX_NOUSER:
	case EX_NOPERM:
	case EX_CONFIG:
		return DELIVERY_REFUSED;
	default:
		return DELIVERY_RETRY; /* EX_TEMPFAIL among them */
	}
}

static enum channel_fault fault_of(enum delivery_outcome outcome, int status)
{
	if (outcome == DELIVERY_ARRIVED) {
		return CHANNEL_OK;
	}
	if (outcome == DELIVERY_RETRY) {
		return CHANNEL_UNAVAILABLE;
	}
	return status == EX_DATAERR ? CHANNEL_REJECTED : CHANNEL_MISCONFIGURED;
}

static void judge_exit(
	struct notify_run *run, const struct child_exit *end, struct delivery_result *result)
{
	result->outcome = outcome_of(end->exit_code);
	result->fault = fault_of(result->outcome, end->exit_code);
	result->code = end->exit_code;
	if (result->outcome != DELIVERY_ARRIVED && *result->body) {
		result->text = arena_printf(
			run->arena, "exit status %d: %s", end->exit_code, result->body);
	} else {
		result->text = arena_printf(run->arena, "exit status %d", end->exit_code);
	}
}

static void exec_ended(void *arg, const struct child_exit *end)
{
	struct notify_run *run = arg;
	struct delivery_result result = {
		.outcome = DELIVERY_RETRY,
		.fault = CHANNEL_UNAVAILABLE,
		.retry_after_ms = -1,
		.may_have_arrived = true, /* nobody knows what it did before */
		.body = said(run, end),
	};

	switch (end->outcome) {
	case CHILD_EXITED:
		result.may_have_arrived = false;
		judge_exit(run, end, &result);
		break;
	case CHILD_SIGNALED:
		result.text = arena_printf(run->arena, "killed by signal %d (%s)", end->term_signal,
			child_signal_name(end->term_signal));
		break;
	case CHILD_TIMED_OUT:
	case CHILD_STUCK:
		result.text = "did not end in time";
		break;
	}
	notify_done(run, &result);
}

static void fail_to_start(struct notify_run *run, const struct err *err)
{
	const bool is_ours = err->code == ERR_SYSTEM; /* no processes left, no memory */
	const struct delivery_result result = {
		.outcome = is_ours ? DELIVERY_RETRY : DELIVERY_REFUSED,
		.fault = CHANNEL_MISCONFIGURED,
		.retry_after_ms = -1,
		.text = err->msg,
	};

	notify_done(run, &result);
}

static void exec_start(struct notify_run *run)
{
	const struct exec_opts *opts = run->receiver->opts;
	struct exec_state *state = arena_alloc(run->arena, sizeof(*state));
	struct pairs env = {0};
	struct err err = {0};

	list_environment(run, &env);
	hide_environment(run);

	const struct child_spec spec = {
		.argv = opts->program.argv,
		.env = option_command_env(&opts->program, OPTION_COMMAND_PATH, &env, run->arena),
		.cwd = opts->program.cwd,
		.input = run->message.body,
		.stdout_max = OUTPUT_MAX,
		.stderr_max = OUTPUT_MAX,
		.timeout_ms = run->receiver->timeout_ms + BACKSTOP_MS,
		.drain_ms = DRAIN_MS,
	};

	run->state = state;
	if (child_start(run->env->loop, &spec, exec_ended, run, &state->child, &err) < 0) {
		fail_to_start(run, &err);
	}
}

static void exec_interrupted(struct notify_run *run, struct delivery_result *result)
{
	const struct exec_opts *opts = run->receiver->opts;

	result->fault = CHANNEL_UNAVAILABLE;
	result->may_have_arrived = true;
	result->text = arena_printf(
		run->arena, "%s while running '%s'", result->text, opts->program.argv[0]);
}

static void exec_release(struct notify_run *run)
{
	struct exec_state *state = run->state;

	if (state) {
		child_free(&state->child);
	}
}

const struct notifier_kind notify_exec = {
	.variant =
		{
			.name = "exec",
			.summary = "a program of your own, with the alert as JSON on its input",
			.rows = exec_rows,
			.opts_size = sizeof(struct exec_opts),
			.object = &notify_exec,
			.validate = exec_validate,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS | NOTIFIER_LOCAL,
	.limit = {.per_minute = 600, .burst = 60},
	.group_max = GROUP_MAX,
	.target = exec_target,
	.compose = exec_compose,
	.start = exec_start,
	.interrupted = exec_interrupted,
	.release = exec_release,
};
