/*
 * `sre-toolkit check`: run checks once, in parallel, and print what they found.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/strbuf.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/vec.h"
#include "check/check_batch.h"
#include "check/check_format.h"
#include "check/threshold.h"
#include "cmd/alert_raise.h"
#include "cmd/check_alerts.h"
#include "cmd/check_select.h"
#include "cmd/cmd.h"
#include "cmd/config_root.h"
#include "cmd/descriptors.h"
#include "cmd/server_select.h"
#include "cmd/ssh_options.h"
#include "cmd/usage.h"
#include "loop/loop.h"
#include "loop/signals.h"
#include "net/http_client.h"
#include "net/resolver.h"

enum {
	WORKERS_MAX = 100000,
	PROGRESS_EVERY_MS = 100,
	SECOND_SIGNAL_AFTER_MS = 200,
	FDS_PER_CHECK = 3,
	ALERT_TIMEOUT_MS = 15000,
	KEEP_LOGIN_MS = 5000,
};

struct check_opts {
	struct ssh_opts ssh; /* the first: see cmd/ssh_options.h */
	struct server_opts servers;
	int output; /* index into check_formats() */
	struct option_list names, tags;
	int fail_on; /* 0: critical, 1: warning */
	int64_t timeout_ms;
	int64_t attempts;
	int64_t attempt_pause_ms;
	int64_t workers;
	struct option_map warning, critical;
	struct option_list settings;
	const char *resolver;
	int alert_on; /* 0: never, 1: failure */
	bool is_watch;
	int64_t interval_ms;
};

static const char *const alert_on_names[] = {"never", "failure", NULL};
static const char *const fail_on_names[] = {"critical", "warning", NULL};

// clang-format off
static const struct option_row check_rows[] = {
	SERVER_ROWS(struct check_opts, servers),
	{.name = "output", .letter = 'o', .type = &option_choice, .offset = offsetof(struct check_opts, output), .flags = OPTION_FLAG_ONLY,
	 .def = "text", .choices = check_format_names, .placeholder = "FORMAT", .help = "how results are printed"},
	{.name = "name", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct check_opts, names), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "PATTERN", .help = "of the configured checks only those whose name matches (*, ?)"},
	{.name = "tag", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct check_opts, tags), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "TAG", .help = "only those that have this tag"},
	{.name = "fail_on", .type = &option_choice, .offset = offsetof(struct check_opts, fail_on), .flags = OPTION_FLAG_ONLY,
	 .def = "critical", .choices = fail_on_names, .help = "from which state on a check is unhealthy; unknown always is"},
	{.name = "timeout", .letter = 't', .type = &option_duration, .offset = offsetof(struct check_opts, timeout_ms), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = 24 * 3600 * 1000, .help = "deadline of one attempt of one check; else the check's own, 10s"},
	{.name = "attempts", .type = &option_int, .offset = offsetof(struct check_opts, attempts), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = 100, .help = "failures in a row before a check counts as failed; else the check's own, 1"},
	{.name = "attempt_pause", .type = &option_duration, .offset = offsetof(struct check_opts, attempt_pause_ms), .flags = OPTION_FLAG_ONLY,
	 .def = "1s", .min = 0, .max = 3600 * 1000, .help = "pause before another attempt"},
	{.name = "workers", .letter = 'w', .type = &option_int, .offset = offsetof(struct check_opts, workers), .flags = OPTION_FLAG_ONLY,
	 .def = "1000", .min = 1, .max = WORKERS_MAX, .help = "most checks at the same time"},
	{.name = "warning", .shape = OPTION_MAP, .type = &option_threshold, .offset = offsetof(struct check_opts, warning), .flags = OPTION_FLAG_ONLY,
	 .help = "threshold for the state warning, for example total_seconds=0.5"},
	{.name = "critical", .shape = OPTION_MAP, .type = &option_threshold, .offset = offsetof(struct check_opts, critical), .flags = OPTION_FLAG_ONLY,
	 .help = "threshold for the state critical"},
	{.name = "set", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct check_opts, settings), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "KEY=VALUE", .help = "a setting for the targets given here, for example expect.status=301"},
	{.name = "resolver", .type = &option_string, .offset = offsetof(struct check_opts, resolver), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "ADDRESS[:PORT]", .help = "name server to ask instead of those of resolv.conf"},
	{.name = "alert_on", .type = &option_choice, .offset = offsetof(struct check_opts, alert_on), .flags = OPTION_FLAG_ONLY,
	 .def = "never", .choices = alert_on_names, .help = "failure: an alert for each check that is unhealthy, and its end when it is healthy again"},
	{.name = "watch", .type = &option_bool, .offset = offsetof(struct check_opts, is_watch), .flags = OPTION_FLAG_ONLY,
	 .help = "repeat until Ctrl-C"},
	{.name = "interval", .type = &option_duration, .offset = offsetof(struct check_opts, interval_ms), .flags = OPTION_FLAG_ONLY,
	 .def = "5s", .min = 100, .max = 24 * 3600 * 1000, .help = "with --watch: time from one start to the next"},
	{0},
};
// clang-format on

static const struct log_context log_context = {.component = "check"};

enum stop_reason {
	STOP_NONE,
	STOP_DEADLINE,
	STOP_INT,
	STOP_TERM,
};

/* Everything a run of the command has. */
struct check_cmd {
	struct cmd_run *cmd;
	const struct check_opts *opts;
	struct check_opts allowed; /* what of them the system lets us have */
	const struct check_format *format;
	struct check_selection selection;
	struct check_env env;
	struct signals *signals;
	struct timer *deadline;
	struct timer *ticker; /* progress */
	struct timer *next;   /* --watch */
	struct check_batch *batch;
	struct progress *progress;
	struct check_report report;
	struct check_outcome *outcomes;
	size_t done_count, failed_count;
	int64_t started_ms, started_us;
	enum stop_reason stop;
	int64_t stopped_ms;
	enum exit_code exit_code;
	struct alert_input *alerts; /* with --alert-on */
	size_t alerts_count, alerts_alloc;
	struct strbuf out;   /* with --output-file: all that is written, at the end */
	bool is_output_lost; /* a piece could not be written, so the rest is not */
};

static void emit(struct check_cmd *check, struct strbuf *text)
{
	struct err err = {0};

	progress_erase(check->progress);
	if (check->cmd->common->output_file) {
		strbuf_addstr(&check->out, strbuf_str(text));
	} else if (!check->is_output_lost &&
		   common_write_output(check->cmd->common, strbuf_str(text), &err) < 0) {
		log_error(&log_context, "%s", err.msg);
		check->exit_code = EXIT_CODE_FAILED;
		check->is_output_lost = true;
	}
	strbuf_release(text);
}

static void result_came(void *arg, size_t index, const struct check_result *result)
{
	struct check_cmd *check = arg;
	struct check_outcome *outcome = &check->outcomes[index];
	struct strbuf text = STRBUF_INIT;

	outcome->check = check->selection.checks[index];
	outcome->result = *result;
	check->report.count[result->state]++;
	check->done_count++;
	if (!check_is_healthy(&check->report, result)) {
		check->failed_count++;
	}
	if (check->cmd->common->log_file) { /* elsewhere the results themselves are read */
		log_info(&log_context, "%s is %s: %s", outcome->check->name,
			check_state_name(result->state), result->message);
	}
	if (check->format->result) {
		check->format->result(&check->report, outcome, &text);
		emit(check, &text);
	}
}

static enum exit_code exit_code_of(const struct check_cmd *check)
{
	switch (check->stop) {
	case STOP_INT:
		return EXIT_CODE_INTERRUPTED;
	case STOP_TERM:
		return EXIT_CODE_TERMINATED;
	case STOP_DEADLINE:
		return EXIT_CODE_DEADLINE;
	case STOP_NONE:
		break;
	}
	if (check->exit_code != EXIT_CODE_OK) {
		return check->exit_code; /* the results could not be written */
	}
	if (check->format->exit_code) {
		return (enum exit_code)check->format->exit_code(&check->report);
	}
	return check->failed_count > 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static void forget_outcomes(struct check_cmd *check)
{
	for (size_t i = 0; i < check->selection.checks_count; i++) {
		arena_free(check->outcomes[i].result.arena);
	}
	free(check->outcomes);
	check->outcomes = NULL;
}

static void round_begin(void *arg);

static void add_report(struct check_cmd *check)
{
	struct strbuf text = STRBUF_INIT;

	check->report.outcomes = check->outcomes;
	check->report.outcomes_count = check->selection.checks_count;
	check->report.duration_us = time_mono_us() - check->started_us;
	if (check->opts->is_watch && check->report.width > 0) {
		strbuf_adds(&text, "\x1b[H\x1b[2J"); /* the next picture in the place of the last */
	}
	if (check->format->report) {
		check->format->report(&check->report, &text);
	}
	emit(check, &text);
}

static void tell_run_report(struct check_cmd *check)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < check->selection.checks_count; i++) {
		const struct check_outcome *outcome = &check->outcomes[i];
		enum check_state state = outcome->result.state;

		if (state == CHECK_OK) {
			continue;
		}
		strbuf_clear(&text);
		strbuf_addf(&text, "%s: %s", outcome->check->name, outcome->result.message);
		run_report_add(check->cmd->report,
			state == CHECK_WARNING ? REPORT_WARNINGS : REPORT_ERRORS,
			strbuf_str(&text));
	}
	strbuf_release(&text);
}

/* What was not measured is neither a failure nor its end. */
static void collect_alerts(struct check_cmd *check)
{
	for (size_t i = 0; check->opts->alert_on && i < check->selection.checks_count; i++) {
		const struct check_outcome *outcome = &check->outcomes[i];
		enum check_code code = outcome->result.code;

		if (code != CODE_CANCELLED && code != CODE_NOT_STARTED) {
			check_alert_input(&check->report, outcome, check->cmd->arena,
				VEC_PUSH_IN(check->cmd->arena, check, alerts));
		}
	}
}

/* With --watch the file always holds the last round, and no more. */
static void write_round(struct check_cmd *check)
{
	struct err err = {0};

	if (check->cmd->common->output_file) {
		if (common_write_output(check->cmd->common, strbuf_str(&check->out), &err) < 0) {
			log_warn(&log_context, "%s", err.msg);
		}
		strbuf_clear(&check->out);
	}
}

static void round_end(void *arg)
{
	struct check_cmd *check = arg;
	int64_t took_ms = loop_now_ms(check->env.loop) - check->started_ms;
	int64_t left_ms = check->opts->interval_ms - took_ms;

	progress_free(&check->progress);
	timer_stop(check->ticker);
	add_report(check);
	if (check->opts->is_watch && check->stop == STOP_NONE) {
		write_round(check);
		check_batch_free(&check->batch);
		forget_outcomes(check);
		timer_set(check->next, left_ms > 0 ? left_ms : 0);
		return;
	}
	tell_run_report(check);
	collect_alerts(check);
	check->exit_code = exit_code_of(check);
	loop_stop(check->env.loop);
}

static void tick(void *arg)
{
	struct check_cmd *check = arg;

	progress_update(check->progress, check->done_count, check->failed_count,
		loop_now_ms(check->env.loop));
	timer_set(check->ticker, PROGRESS_EVERY_MS);
}

static void round_begin(void *arg)
{
	struct check_cmd *check = arg;
	const struct check_batch_spec spec = {
		.env = &check->env,
		.checks = check->selection.checks,
		.checks_count = check->selection.checks_count,
		.workers = (size_t)check->opts->workers,
		.attempt_pause_ms = check->opts->attempt_pause_ms,
		.result = result_came,
		.done = round_end,
		.arg = check,
	};

	check->outcomes = xcalloc(spec.checks_count, sizeof(*check->outcomes));
	check->done_count = 0;
	check->failed_count = 0;
	check->started_ms = time_mono_ms();
	check->started_us = time_mono_us();
	check->report.started_wall_ms = time_wall_ms();
	for (size_t i = 0; i < CHECK_STATE_MAX; i++) {
		check->report.count[i] = 0;
	}
	if (!check->cmd->common->is_quiet && !check->opts->is_watch) {
		check->progress =
			progress_new(STDERR_FILENO, "checks", spec.checks_count, check->started_ms);
		timer_set(check->ticker, PROGRESS_EVERY_MS);
	}
	check->batch = check_batch_start(&spec);
}

/*
 * The first time what runs is stopped and told; the second time we leave at once.  timeout(1) sends
 * its signal twice, and means it once.
 */
static void stop(struct check_cmd *check, enum stop_reason reason, const char *why)
{
	int64_t now_ms = loop_now_ms(check->env.loop);

	if (check->stop != STOP_NONE) {
		if (now_ms - check->stopped_ms >= SECOND_SIGNAL_AFTER_MS) {
			_exit(reason == STOP_INT ? EXIT_CODE_INTERRUPTED : EXIT_CODE_TERMINATED);
		}
		return;
	}
	check->stop = reason;
	check->stopped_ms = now_ms;
	if (check->batch) {
		check_batch_stop(check->batch, why);
	} else { /* between two rounds */
		check->exit_code = exit_code_of(check);
		loop_stop(check->env.loop);
	}
}

static void deadline_passed(void *arg)
{
	struct check_cmd *check = arg;

	if (check->stop == STOP_NONE) {
		stop(check, STOP_DEADLINE, "the deadline of the run passed");
	}
}

static void signal_came(void *arg, int signo)
{
	struct check_cmd *check = arg;

	if (signo == SIGINT) {
		progress_end_echo(check->progress, STDERR_FILENO);
		stop(check, STOP_INT, "interrupted");
	} else { /* SIGTERM; or SIGHUP: nobody reads on a terminal that is gone */
		stop(check, STOP_TERM, "terminated");
	}
}

static void join_ssh_options(
	const struct check_cmd *check, const struct config *config, struct ssh_options *ret_ssh)
{
	ssh_options_join(&config->ssh, &check->opts->ssh, check->cmd->line, ret_ssh);
}

/* Who checks again and again logs in once. */
static void ssh_open(struct check_cmd *check, const struct config *config)
{
	struct check_env *env = &check->env;
	struct ssh_options ssh;

	join_ssh_options(check, config, &ssh);
	ssh.connector.keep_ms = KEEP_LOGIN_MS;
	if (check->opts->is_watch) {
		ssh.connector.keep_ms += check->opts->interval_ms;
	}
	env->ssh = ssh_connector_new(env->loop, env->resolver, &ssh.connector);
	env->ssh_username = ssh.username;
	env->is_ssh_username_given = ssh.is_username_given;
	env->ssh_connect_timeout_ms = ssh.connect_timeout_ms;
	env->inventory = config->inventory;
}

static int env_open(struct check_cmd *check, const struct config *config, struct err *err)
{
	const struct resolver_options resolver = {.servers = check->opts->resolver};

	if (loop_new(&check->env.loop, err) < 0 ||
		signals_new(check->env.loop, signal_came, check, &check->signals, err) < 0 ||
		resolver_new(check->env.loop, &resolver, &check->env.resolver, err) < 0) {
		return -1;
	}
	ssh_open(check, config);
	check->env.http = http_client_new(check->env.loop, check->env.resolver);
	return 0;
}

/* The first signal has done its work; another must not end us before the run report is written. */
static void forget_signals(void)
{
	const struct timespec at_once = {0};
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	while (sigtimedwait(&set, NULL, &at_once) > 0) {
	}
}

static void check_release(struct check_cmd *check)
{
	if (check->stop == STOP_INT || check->stop == STOP_TERM) {
		forget_signals();
	}
	log_before_stderr(NULL, NULL);
	check_batch_free(&check->batch);
	if (check->outcomes) {
		forget_outcomes(check);
	}
	progress_free(&check->progress);
	timer_free(&check->deadline);
	timer_free(&check->ticker);
	timer_free(&check->next);
	http_client_free(&check->env.http);
	ssh_connector_free(&check->env.ssh);
	resolver_free(&check->env.resolver);
	signals_free(&check->signals);
	loop_free(&check->env.loop);
	strbuf_release(&check->out);
}

static void erase_progress(void *arg)
{
	struct check_cmd *check = arg;

	progress_erase(check->progress);
}

static int check_loop(struct check_cmd *check, struct err *err)
{
	const struct common_opts *common = check->cmd->common;

	check->ticker = timer_new(check->env.loop, tick, check);
	check->next = timer_new(check->env.loop, round_begin, check);
	if (common->deadline_ms > 0) {
		check->deadline =
			timer_add(check->env.loop, common->deadline_ms, deadline_passed, check);
	}
	log_before_stderr(erase_progress, check);
	round_begin(check);
	if (loop_run(check->env.loop, err) < 0) {
		return -1;
	}
	/* Stopped between two rounds, the file holds the last one already. */
	if (common->output_file && (!check->opts->is_watch || check->out.len > 0)) {
		return common_write_output(common, strbuf_str(&check->out), err);
	}
	return 0;
}

static void tell_repeats(const struct server_selection *servers)
{
	struct strbuf repeats = STRBUF_INIT;

	server_add_repeats(&repeats, servers);
	if (repeats.len > 0) {
		log_info(&log_context, "%s", repeats.buf);
	}
	strbuf_release(&repeats);
}

static int select_checks(struct check_cmd *check, struct config *config, struct err *err)
{
	struct server_selection servers = {0};
	struct ssh_options ssh;
	struct check_select_spec spec = {
		.config = config,
		.targets = check->cmd->line->args,
		.targets_count = check->cmd->line->args_count,
		.names = &check->opts->names,
		.tags = &check->opts->tags,
		.timeout_ms = check->opts->timeout_ms,
		.attempts = check->opts->attempts,
		.warning = &check->opts->warning,
		.critical = &check->opts->critical,
		.settings = &check->opts->settings,
		.arena = check->cmd->arena,
	};

	if (server_is_asked(&check->opts->servers)) {
		join_ssh_options(check, config, &ssh);
		if (server_select(&check->opts->servers, config, &ssh, check->cmd->arena, &servers,
			    err) < 0) {
			return -1;
		}
		tell_repeats(&servers);
		spec.servers = servers.set.names;
		spec.servers_count = servers.set.names_count;
	}
	return check_select(&spec, &check->selection, err);
}

static enum exit_code check_main(struct check_cmd *check, struct config *config)
{
	const struct common_opts *common = check->cmd->common;
	struct err err = {0};

	check->allowed = *check->opts;
	check->allowed.workers = descriptors_allow(check->opts->workers, FDS_PER_CHECK);
	check->opts = &check->allowed;
	check->report = (struct check_report){
		.command = "check",
		.is_fail_on_warning = check->opts->fail_on == 1,
		.has_color = common_has_color(common),
		.verbose = (int)common->verbose,
		.width = common_width(common),
	};
	check->env.wants_evidence = common->verbose > 1;
	if (select_checks(check, config, &err) < 0) {
		usage_error(common, "check", "%s", err.msg);
		return EXIT_CODE_USAGE;
	}
	if (env_open(check, config, &err) < 0) {
		if (err.code == ERR_INPUT) { /* the only input of these is the name server */
			usage_error(common, "check", "--resolver: %s", err.msg);
			return EXIT_CODE_USAGE;
		}
		log_error(&log_context, "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	if (check_loop(check, &err) < 0) {
		log_error(&log_context, "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	return check->exit_code;
}

/* Whoever is alerted also looks at the exit code: people who were not told are a failure. */
static enum exit_code raise_alerts(
	struct check_cmd *check, const struct config *config, enum exit_code exit_code)
{
	const struct alert_raise spec = {
		.run = check->cmd,
		.config = config,
		.inputs = check->alerts,
		.inputs_count = check->alerts_count,
		.timeout_ms = ALERT_TIMEOUT_MS,
	};
	struct alert_raised raised = {0};
	struct err err = {0};

	if (check->alerts_count == 0 || check->stop == STOP_INT || check->stop == STOP_TERM) {
		return exit_code;
	}
	if (alert_raise(&spec, &raised, &err) < 0) {
		log_error(&log_context, "alerts: %s", err.msg);
	} else if (raised.store_error.code != ERR_NONE) {
		log_error(
			&log_context, "alerts were sent, but not kept: %s", raised.store_error.msg);
	} else if (raised.waiting > 0 || raised.dead > 0) {
		log_error(&log_context,
			"alerts: %lld wait in the outbox, %lld given up (see sre-toolkit alert "
			"list)",
			(long long)raised.waiting, (long long)raised.dead);
	} else {
		log_info(&log_context, "alerts: %lld fired, %lld resolved", (long long)raised.fired,
			(long long)raised.resolved);
		return exit_code;
	}
	return exit_code == EXIT_CODE_OK ? EXIT_CODE_FAILED : exit_code;
}

static enum exit_code check_run_cmd(struct cmd_run *cmd)
{
	size_t formats_count = 0;
	const struct check_format *const *formats = check_formats(&formats_count);
	const struct check_opts *opts = cmd->opts;
	struct check_cmd check = {
		.cmd = cmd,
		.opts = opts,
		.format = formats[opts->output],
		.out = STRBUF_INIT,
	};
	struct config config;
	struct err err = {0};
	enum exit_code exit_code = EXIT_CODE_USAGE;

	if (opts->alert_on && opts->is_watch) {
		usage_error(cmd->common, "check",
			"--alert-on does not go with --watch: run it from cron, or use the "
			"monitor");
		return EXIT_CODE_USAGE;
	}
	if (config_load(&config, cmd->common->config, &err) < 0) {
		config_tell_errors(&config, cmd->common, &err);
	} else {
		exit_code = check_main(&check, &config);
	}
	check_release(&check);
	exit_code = raise_alerts(&check, &config, exit_code);
	config_release(&config);
	return exit_code;
}

static const struct option_set sets[] = {
	{"Options", check_rows, NULL},
	{"How servers are logged in to", ssh_option_rows, NULL},
	{"Common options", common_rows, NULL},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit check", "all checks of the configuration"},
	{"sre-toolkit check local:", "this machine: cpu, memory, disks, ..."},
	{"sre-toolkit check web-01 web-02 --timeout 10 --output json",
		"servers, over SSH: cpu, memory, disks, ..."},
	{"sre-toolkit check https://example.com tcp://db-01:5432 --timeout 3",
		"ad-hoc targets, three seconds each"},
	{"sre-toolkit check https://example.com/old --set expect.status=301 --set redirects=0",
		"what the answer must be"},
	{"sre-toolkit check --tag web --output junit --output-file checks.xml",
		"as a step of a CI pipeline"},
	{"sre-toolkit check --alert-on failure --quiet",
		"from cron: tell people what fails, and when it is over"},
	{"sre-toolkit check local: --critical 'disk_used_percent[/var]=80' --output nagios",
		"as a Nagios plugin"},
	{0},
};

const struct cmd cmd_check = {
	.doc =
		{
			.name = "check",
			.arguments = "[TARGET...]",
			.summary = "is it healthy?",
			.description =
				"Runs checks once, all at the same time, and prints a line "
				"for each: healthy or not, and why. A TARGET is the name of a "
				"configured check, a server, or a URL: http://, https://, "
				"tcp://HOST:PORT, ssh://USER@HOST:PORT (a server's health), "
				"local: (this machine's), exec:PLUGIN ARGS (a Nagios plugin). Of a "
				"server the checks run that the configuration gives it, or else "
				"its "
				"health is measured over SSH. Servers may be node sets, "
				"web-[01-20] @db '!web-07', in URLs too: tcp://web-[01-20]:22, "
				"https://@web/. Without any TARGET, all configured checks run.\n\n"
				"Failures come with their evidence at -v: addresses, "
				"phases, certificates, the "
				"first bytes of an unexpected answer, and a command that "
				"shows the same.",
			.sets = sets,
			.examples = examples,
		},
	.opts_size = sizeof(struct check_opts),
	.run = check_run_cmd,
};
