/*
 * `fleet keys`: the host keys of servers, beside what is known of them, and recorded by a decision
 * of the user.
 *
 * Everything is shown before anything is written; what is not asked for on the command line is
 * never written.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/progress.h"
#include "base/prompt.h"
#include "base/time.h"
#include "cmd/fleet_cmd.h"
#include "cmd/run_watch.h"
#include "conf/login_name.h"
#include "fleet/key_expected.h"
#include "fleet/key_plan.h"
#include "fleet/key_report.h"
#include "fleet/key_survey.h"
#include "loop/signals.h"
#include "net/resolver.h"

enum { PROGRESS_EVERY_MS = 100, FDS_PER_HOST = 4 };

struct keys {
	struct fleet_cmd *fleet;
	const struct fleet_opts *opts;
	const struct common_opts *common;
	struct server_selection selection;
	struct loop *loop;
	struct signals *signals;
	struct resolver *resolver;
	struct ssh_connector *connector;
	struct timer *ticker, *deadline;
	struct progress *progress;
	struct key_expected *expected; /* NULL: --expect was not given */
	struct key_survey *survey;
	struct key_plan plan;
	struct key_report report;
	int64_t started_ms;
	enum exit_code stopped; /* why it was; OK: it was not */
	bool is_failed;         /* something else than what the report tells */
};

/* --- asking the servers --------------------------------------------------------------------- */

static void stop(struct keys *keys, enum exit_code why, const char *text)
{
	if (keys->stopped == EXIT_CODE_OK) {
		keys->stopped = why;
		key_survey_stop(keys->survey, text);
	}
}

static void signal_came(void *arg, int signo)
{
	struct keys *keys = arg;

	if (signo == SIGINT) {
		progress_end_echo(keys->progress, STDERR_FILENO);
	}
	if (keys->stopped != EXIT_CODE_OK) {
		_exit(keys->stopped);
	}
	stop(keys, signo == SIGINT ? EXIT_CODE_INTERRUPTED : EXIT_CODE_TERMINATED,
		"interrupted before it was asked");
}

static void deadline_passed(void *arg)
{
	stop(arg, EXIT_CODE_DEADLINE, "the deadline passed before it was asked");
}

static void tick(void *arg)
{
	struct keys *keys = arg;

	progress_update(keys->progress, key_survey_ended(keys->survey), 0, loop_now_ms(keys->loop));
	timer_set(keys->ticker, PROGRESS_EVERY_MS);
}

static void finished(void *arg)
{
	struct keys *keys = arg;

	loop_stop(keys->loop);
}

static int open_env(struct keys *keys, struct err *err)
{
	const struct resolver_options resolver = {0};
	struct ssh_connector_options connector = keys->fleet->ssh.connector;

	/* Bastions are logged in to, and their keys are nobody's decision here. */
	connector.accepts_new_host_keys = false;
	if (loop_new(&keys->loop, err) < 0 ||
		signals_new(keys->loop, signal_came, keys, &keys->signals, err) < 0 ||
		resolver_new(keys->loop, &resolver, &keys->resolver, err) < 0) {
		return -1;
	}
	keys->connector = ssh_connector_new(keys->loop, keys->resolver, &connector);
	return 0;
}

static void start(struct keys *keys)
{
	const struct key_survey_spec spec = {
		.hosts = keys->selection.hosts,
		.hosts_count = keys->selection.hosts_count,
		.workers = run_watch_workers(
			keys->opts->workers, keys->fleet->ssh.workers, FDS_PER_HOST),
		.expected = keys->expected,
		.connect_timeout_ms = keys->fleet->ssh.connect_timeout_ms,
	};

	keys->report.started_wall_ms = time_wall_ms();
	keys->started_ms = loop_now_ms(keys->loop);
	keys->survey = key_survey_start(keys->loop, keys->connector, &spec, finished, keys);
	if (keys->common->deadline_ms > 0) {
		keys->deadline =
			timer_add(keys->loop, keys->common->deadline_ms, deadline_passed, keys);
	}
	if (!keys->common->is_quiet) {
		keys->progress =
			progress_new(STDERR_FILENO, "servers", spec.hosts_count, keys->started_ms);
		keys->ticker = timer_add(keys->loop, PROGRESS_EVERY_MS, tick, keys);
	}
}

/* Before anybody is asked at the terminal: Ctrl-C is to end the process there. */
static void close_env(struct keys *keys)
{
	progress_free(&keys->progress);
	timer_free(&keys->ticker);
	timer_free(&keys->deadline);
	ssh_connector_free(&keys->connector);
	resolver_free(&keys->resolver);
	signals_free(&keys->signals);
	loop_free(&keys->loop);
}

static int survey(struct keys *keys, struct err *err)
{
	int rc;

	if (open_env(keys, err) < 0) {
		return -1;
	}
	start(keys);
	rc = loop_run(keys->loop, err);
	keys->report.duration_ms = loop_now_ms(keys->loop) - keys->started_ms;
	return rc;
}

/* --- showing -------------------------------------------------------------------------------- */

static void show(struct keys *keys)
{
	struct strbuf text = STRBUF_INIT;

	switch ((enum fleet_output)keys->opts->output) {
	case FLEET_TEXT:
		key_report_add_text(&keys->report, keys->fleet->run->arena, &text);
		break;
	case FLEET_JSON:
		key_report_add_json(&keys->report, &text);
		break;
	case FLEET_CSV:
		key_report_add_csv(&keys->report, &text);
		break;
	case FLEET_JSONL: /* refused before */
	case FLEET_JUNIT:
		break;
	}
	keys->is_failed |= cmd_run_write(keys->fleet->run, &text, EXIT_CODE_OK) != EXIT_CODE_OK;
}

static void say_outcome(struct keys *keys)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	key_report_tell(&keys->plan, keys->fleet->run->report);
	key_report_add_outcome(&keys->report, &text);
	(void)file_write_all(STDERR_FILENO, strbuf_str(&text)); /* nobody else to tell */
}

/* --- recording ------------------------------------------------------------------------------ */

static void add_question(const struct key_plan *plan, struct strbuf *out)
{
	if (plan->recorded_hosts > 0 || plan->replaced_hosts == 0) {
		strbuf_addf(out, "Record %zu key%s", plan->keys, plan->keys == 1 ? "" : "s");
	} else {
		strbuf_addf(out, "Write %zu key%s", plan->keys, plan->keys == 1 ? "" : "s");
	}
	if (plan->replaced_hosts > 0) {
		strbuf_addf(out, ", instead of the old ones of %zu host%s", plan->replaced_hosts,
			plan->replaced_hosts == 1 ? "" : "s");
	}
	strbuf_adds(out, ", in ");
	key_plan_add_files(plan, out);
	strbuf_addf(out, "? Type %zu: ", plan->keys);
}

/* False: it is not meant, or nobody can be asked; told. */
static bool is_confirmed(struct keys *keys)
{
	_cleanup_(strbuf_release) struct strbuf question = STRBUF_INIT, answer = STRBUF_INIT;
	struct err err = {0};
	int64_t typed = 0;

	if (keys->opts->guard.is_yes) {
		return true;
	}
	if (!prompt_is_possible()) {
		log_error(&fleet_log, "nothing was recorded: there is no terminal to ask at; "
				      "compare the keys, then repeat it with --yes");
		return false;
	}
	add_question(&keys->plan, &question);
	if (prompt_line(question.buf, &answer, &err) < 0) {
		log_error(&fleet_log, "nothing was recorded: %s", err.msg);
		return false;
	}
	if (parse_int(str_trim(strbuf_str(&answer)), 0, INT64_MAX, &typed, NULL) < 0 ||
		typed != (int64_t)keys->plan.keys) {
		log_error(&fleet_log, "that is not the number; nothing was recorded");
		return false;
	}
	return true;
}

/* What people are to decide on they see first; programs get one document, at the end. */
static void show_and_record(struct keys *keys)
{
	bool is_text = keys->opts->output == FLEET_TEXT;
	bool writes =
		keys->plan.keys > 0 && !keys->opts->is_dry_run && keys->stopped == EXIT_CODE_OK;

	if (is_text) {
		show(keys);
	}
	if (writes && !keys->is_failed && is_confirmed(keys)) {
		(void)key_plan_carry_out(&keys->plan); /* the report tells */
	}
	if (!is_text) {
		show(keys);
	}
	say_outcome(keys);
}

static enum exit_code exit_code_of(const struct keys *keys)
{
	if (keys->stopped != EXIT_CODE_OK) {
		return keys->stopped;
	}
	return key_report_is_good(&keys->plan) && !keys->is_failed ? EXIT_CODE_OK
								   : EXIT_CODE_FAILED;
}

static enum exit_code run(struct keys *keys)
{
	const struct fleet_keys_opts *opts = &keys->opts->keys;
	enum exit_code exit_code;
	struct err err = {0};

	if (survey(keys, &err) < 0) {
		exit_code = fleet_failed(keys->fleet, &err);
	} else {
		close_env(keys);
		key_plan_make(&keys->plan, key_survey_hosts(keys->survey),
			keys->selection.hosts_count, opts->is_record, opts->is_replace,
			keys->fleet->run->arena);
		keys->report.plan = &keys->plan;
		show_and_record(keys);
		exit_code = exit_code_of(keys);
	}
	key_survey_free(&keys->survey);
	close_env(keys);
	return exit_code;
}

static enum exit_code check(const struct fleet_cmd *fleet)
{
	const struct fleet_opts *opts = fleet->opts;
	bool writes = opts->keys.is_record || opts->keys.is_replace;

	if (writes && opts->output != FLEET_TEXT && !opts->guard.is_yes && !opts->is_dry_run) {
		return cmd_run_usage(fleet->run,
			"keys: what is recorded has to be seen by a person "
			"first; with --output json and csv add --yes");
	}
	return EXIT_CODE_OK;
}

static bool says_port(const char *name)
{
	struct login_name login;

	return login_name_parse(str_of(name), &login, NULL) == 0 && login.port != 0;
}

/* --port goes before all but the name. */
static void set_ports(struct server_selection *selection, int port)
{
	for (size_t i = 0; port != 0 && i < selection->hosts_count; i++) {
		if (!says_port(selection->hosts[i].name)) {
			selection->hosts[i].port = (uint16_t)port;
		}
	}
}

static enum exit_code fleet_keys(void *cmd)
{
	struct fleet_cmd *fleet = cmd;
	enum exit_code exit_code = check(fleet);
	struct keys keys = {
		.fleet = fleet,
		.opts = fleet->opts,
		.common = fleet->run->common,
		.stopped = EXIT_CODE_OK,
		.report =
			{
				.has_color = common_has_color(fleet->run->common),
				.is_dry_run = fleet->opts->is_dry_run,
			},
	};
	struct err err = {0};

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (fleet->opts->keys.expect &&
		key_expected_read(fleet->opts->keys.expect, &keys.expected, &err) < 0) {
		return fleet_failed(fleet, &err);
	}
	if (server_select(&fleet->opts->servers, &fleet->config, &fleet->ssh, fleet->run->arena,
		    &keys.selection, &err) < 0 ||
		server_guard(&fleet->opts->guard, fleet->run->common, &keys.selection, true, &err) <
			0) {
		exit_code = fleet_failed(fleet, &err);
	} else {
		set_ports(&keys.selection, fleet->opts->keys.port);
		exit_code = run(&keys);
	}
	key_expected_free(&keys.expected);
	return exit_code;
}

static const char *const formats[] = {"text", "json", "csv", NULL};

static const struct doc_verb_row own_rows[] = {
	{.name = "output", .choices = formats},
	{.name = "dry_run",
		.help = "say what --record and --replace-changed would write, and write nothing"},
	{.name = "username", .help = "whom ssh_config is read for; nobody logs in to the servers"},
	{.name = "connect_timeout",
		.help = "for each connection to a server, bastions included; else as configured, "
			"10s"},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit fleet keys --hosts web-[01-20]",
		"which keys they have, and which of them are known"},
	{"sre-toolkit fleet keys --hosts @web --record",
		"write the new ones down, once they were looked at"},
	{"sre-toolkit fleet keys --hosts web-03 --expect told --record --yes",
		"if they are those that somebody told"},
	{0},
};

const struct verb fleet_verb_keys = {
	.doc =
		{
			.name = "keys",
			.arguments = "--hosts SELECTION",
			.summary = "host keys: which are known; --record the new ones",
			.description = "Asks each server for all its host keys, without logging "
				       "in, and lists them with their fingerprints beside what is "
				       "known of them. What has the same answer is shown once. "
				       "Nothing is written unless --record or --replace-changed "
				       "asks for it, and then only after all of it was shown and "
				       "the number of keys was typed (or --yes); with --dry-run "
				       "nothing is written at all.\n\n"
				       "Exit codes: 0 all keys are known, recorded now, or as "
				       "expected; 1 some are not, or a server showed none.",
			.flags = "username connect_timeout ssh_config servers hosts max_hosts yes "
				 "workers dry_run output record replace_changed expect port",
			.own = own_rows,
			.examples = examples,
		},
	.run = fleet_keys,
};
