/*
 * A run of `fleet COMMAND`.  See fleet_run.h.
 *
 * Everything comes from callbacks of the fan-out: bytes are spread by host_output.h, ends become
 * results.  Nothing waits for the reader of our output: when too much of it waits, no host is read
 * from any more.
 */
#include "cmd/fleet_run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/terminal.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/run_watch.h"
#include "fleet/host_output.h"
#include "fleet/run_results.h"
#include "loop/out_queue.h"

enum {
	FDS_PER_HOST = 6,
	QUEUE_FULL_BYTES = 1 << 20,
	FILE_MAX_BYTES = 256 << 20,
	SURVIVORS_SHOWN = 50,
};

struct run {
	const struct fleet_run_spec *spec;
	const struct fleet_cmd *fleet;
	const struct fleet_opts *opts;
	const struct common_opts *common;
	struct arena *arena;
	struct run_watch watch;
	struct fan_out *fan;
	struct out_queue *out;
	struct strbuf file_out; /* with --output-file: all that is written, at the end */
	struct strbuf live;     /* lines of one piece of output */
	struct capture_pool pool;
	struct output_dir *dir;
	struct host_output_wants wants;
	struct run_results results;
	bool has_color;
	bool is_output_lost;
};

/* --- output --------------------------------------------------------------------------------- */

static void emit(struct run *run, struct str text)
{
	if (text.len == 0) {
		return;
	}
	if (run->common->output_file) {
		strbuf_addstr(&run->file_out, text);
		return;
	}
	run_watch_erase(&run->watch);
	out_queue_add(run->out, text);
}

static void emit_piece(void *arg, struct str piece)
{
	emit(arg, piece);
}

/* For what keeps bytes as they are, on a terminal, which would obey some of them. */
static void emit_escaped(void *arg, struct str piece)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct str line;

	while (str_line(&piece, &line)) {
		utf8_add_escaped(&text, line, 0);
		strbuf_addc(&text, '\n');
	}
	emit(arg, strbuf_str(&text));
}

static bool is_under_way(const struct run *run)
{
	return run->fan && run->results.counts.total < run->results.items_count;
}

/* Who reads our output and goes away wants no more of it to happen, as with any program. */
static void reader_is_gone(struct run *run)
{
	if (is_under_way(run)) {
		fan_out_stop(run->fan, CAUSE_INTERRUPTED);
	}
}

static void queue_changed(void *arg, enum out_queue_news news)
{
	struct run *run = arg;

	switch (news) {
	case OUT_QUEUE_ROOM:
	case OUT_QUEUE_FULL:
		if (run->fan) {
			fan_out_pause(run->fan, news == OUT_QUEUE_FULL);
		}
		break;
	case OUT_QUEUE_GONE:
		reader_is_gone(run);
		break;
	}
}

static void live_line(
	void *arg, size_t host, enum ssh_stream stream, struct str line, enum line_end end)
{
	struct run *run = arg;

	run_add_live_line(
		&run->live, run->has_color, host, run->results.items[host].name, stream, line, end);
}

static void emit_live(struct run *run)
{
	emit(run, strbuf_str(&run->live));
	strbuf_clear(&run->live);
}

static void output_lost(struct run *run, const struct err *err)
{
	if (!run->is_output_lost) {
		log_error(&fleet_log, "%s", err->msg);
	}
	run->is_output_lost = true;
}

/* --- hosts ---------------------------------------------------------------------------------- */

static struct host_output *output_of(struct run *run, size_t host)
{
	struct run_result *result = &run->results.items[host];
	struct err err = {0};

	if (!result->output) {
		result->output = host_output_new(&run->wants, host, str_of(result->name), &err);
	}
	if (!result->output) {
		output_lost(run, &err);
		run->wants.dir = NULL; /* without files, then */
		result->output = host_output_new(&run->wants, host, str_of(result->name), NULL);
	}
	return result->output;
}

static void host_logged_in(void *arg, size_t host, const struct fan_out_login *login)
{
	struct run *run = arg;
	_cleanup_(strbuf_release) struct strbuf took = STRBUF_INIT;

	if (log_is_on(LOG_LEVEL_INFO)) {
		time_add_duration(&took, login->connect_ms);
		log_info(&fleet_log, "%s: logged in after %s: %s (%s)",
			run->results.items[host].name, took.buf, login->way,
			ssh_transport_name(login->transport));
	}
}

static void host_started(void *arg, size_t host, int64_t pid)
{
	struct run *run = arg;

	run->results.items[host].pid = pid;
	(void)output_of(run, host);
	if (run->spec->ledger) {
		ledger_started(run->spec->ledger, host);
	}
}

static void host_wrote(void *arg, size_t host, enum ssh_stream stream, struct str bytes)
{
	struct run *run = arg;

	host_output_add(output_of(run, host), stream, bytes);
	emit_live(run);
}

static void end_output(struct run *run, struct run_result *result)
{
	struct err err = {0};

	if (result->output && host_output_end(result->output, &err) < 0) {
		output_lost(run, &err);
	}
	emit_live(run);
}

/* Where a command has run, something may have changed, however it ended. */
static void tell_report(struct run *run, const struct run_result *result)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct run_report *report = run->fleet->run->report;

	strbuf_addf(&text, "%s: ", result->name);
	if (result->output && !run->opts->is_dry_run) {
		size_t len = text.len;

		strbuf_adds(&text, run->results.command);
		run_report_add(report, REPORT_ACTIONS, strbuf_str(&text));
		strbuf_truncate(&text, len);
	}
	if (result->outcome.kind == OUTCOME_OK) {
		return;
	}
	outcome_add_text(&text, &result->outcome);
	run_report_add(report, REPORT_ERRORS, strbuf_str(&text));
	if (run->common->log_file) { /* elsewhere the results themselves are read */
		log_info(&fleet_log, "%s", text.buf);
	}
}

static void write_down(struct run *run, const struct run_result *result)
{
	_cleanup_(strbuf_release) struct strbuf excerpt = STRBUF_INIT;
	struct stored_run_host stored = {0};

	if (!run->spec->ledger) {
		return;
	}
	outcome_store(&result->outcome, &stored);
	stored.name = result->name;
	stored.duration_ms = result->duration_ms;
	if (result->output) {
		host_output_add_excerpt(result->output, &excerpt);
		stored.output_hash = host_output_key(result->output)->text;
		stored.output_bytes = (int64_t)host_output_bytes(result->output);
		stored.excerpt = excerpt.buf;
	}
	ledger_ended(run->spec->ledger, &stored);
}

static void host_ended(void *arg, size_t host, const struct fan_out_end *end)
{
	struct run *run = arg;
	struct run_result *result = &run->results.items[host];
	_cleanup_(strbuf_release) struct strbuf line = STRBUF_INIT;

	if (run->wants.dir) {
		(void)output_of(run, host); /* so that no file of an earlier run is left */
	}
	result->has_ended = true;
	result->outcome = end->outcome;
	if (end->outcome.message) {
		result->outcome.message = arena_strdup(run->arena, end->outcome.message);
	}
	result->duration_ms = end->duration_ms;
	result->connect_ms = end->connect_ms;
	result->pid = end->pid;
	result->was_left_open = end->was_left_open;
	result->may_be_running = end->may_be_running;
	result->transport = end->transport;
	if (end->duration_ms > 0) {
		result->started_wall_ms = time_wall_ms() - end->duration_ms;
	}
	outcome_count(&run->results.counts, &result->outcome);
	end_output(run, result);
	write_down(run, result);
	tell_report(run, result);
	if (run->opts->output == FLEET_JSONL) {
		run_result_add_jsonl(result, &line);
		emit(run, strbuf_str(&line));
		if (result->output) {
			host_output_forget(result->output);
		}
	}
}

static void all_ended(void *arg)
{
	struct run *run = arg;

	loop_stop(run->watch.loop);
}

/* --- being watched -------------------------------------------------------------------------- */

static void count_ended(const void *arg, size_t *ret_done, size_t *ret_failed)
{
	const struct run *run = arg;
	const struct outcome_counts *counts = &run->results.counts;

	*ret_done = counts->total;
	*ret_failed = counts->total - counts->of[OUTCOME_OK];
}

static void add_phases(const void *arg, size_t max, struct strbuf *out)
{
	const struct run *run = arg;

	fan_out_add_phases(run->fan, max, out);
}

/* The first of them are told, with their process groups where they are known. */
static void add_survivor(struct strbuf *out, size_t number, const char *name, int64_t pid)
{
	if (number > SURVIVORS_SHOWN) {
		return;
	}
	strbuf_addf(out, "%s%s", number > 1 ? ", " : "", name);
	if (pid > 0) {
		strbuf_addf(out, " (pid %lld)", (long long)pid);
	}
}

static void end_survivors(struct strbuf *out, size_t count)
{
	if (count > SURVIVORS_SHOWN) {
		strbuf_addf(out, " and %zu more", count - SURVIVORS_SHOWN);
	}
}

/* The hosts of which it is not known that nothing of ours runs there any more. */
static size_t add_running(const struct run *run, struct strbuf *out)
{
	struct fan_out_running *items = xcalloc(SURVIVORS_SHOWN, sizeof(*items));
	size_t count = fan_out_running(run->fan, items, SURVIVORS_SHOWN);

	for (size_t i = 0; i < count && i < SURVIVORS_SHOWN; i++) {
		add_survivor(out, i + 1, run->results.items[items[i].host].name, items[i].pid);
	}
	end_survivors(out, count);
	free(items);
	return count;
}

/* Their connections close with us, and the supervisors there end the commands for that; but nobody
 * looks whether they do. */
static void add_left(const void *arg, struct strbuf *out)
{
	const struct run *run = arg;
	_cleanup_(strbuf_release) struct strbuf left = STRBUF_INIT;

	if (add_running(run, &left) > 0) {
		strbuf_addf(out, "left without waiting for its end: %s\n", left.buf);
	} else {
		strbuf_adds(out, "left; no command was running\n");
	}
}

/* So that it is told from one whose process died. */
static void leave(void *arg, int exit_code)
{
	struct run *run = arg;
	struct ledger *ledger = run->spec->ledger;

	for (size_t i = 0; ledger && i < run->results.items_count; i++) {
		struct run_result *result = &run->results.items[i];
		_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

		if (result->has_ended || !result->output) {
			continue; /* it is there as not started */
		}
		strbuf_adds(&text, "left without waiting for its end");
		if (result->pid > 0) {
			strbuf_addf(&text, " (pid %lld)", (long long)result->pid);
		}
		result->outcome = (struct outcome){.kind = OUTCOME_UNREACHABLE,
			.cause = CAUSE_INTERRUPTED,
			.message = text.buf};
		(void)host_output_end(result->output, NULL); /* there is no time to tell */
		write_down(run, result);
	}
	ledger_close(&ledger, exit_code);
}

static void add_stopping(const void *arg, struct strbuf *out)
{
	const struct run *run = arg;

	strbuf_addf(out, "ending what runs on %zu of %zu servers", fan_out_counts(run->fan).running,
		run->results.items_count);
}

static void stop(void *arg, enum outcome_cause cause)
{
	struct run *run = arg;

	fan_out_stop(run->fan, cause);
}

/* --- the run -------------------------------------------------------------------------------- */

static int open_env(struct run *run, struct err *err)
{
	static const struct run_watch_work work = {
		stop, add_stopping, add_left, add_phases, count_ended, leave};

	run->watch = (struct run_watch){
		.work = &work, .arg = run, .common = run->common, .log = &fleet_log};
	if (run->opts->output_dir && output_dir_open(run->opts->output_dir, &run->dir, err) < 0) {
		return err_wrap(err, "--output-dir");
	}
	if (run_watch_open(&run->watch, &run->fleet->ssh.connector, err) < 0 ||
		(run->spec->ledger && ledger_attach(run->spec->ledger, run->watch.loop, err) < 0)) {
		return -1;
	}
	run->out =
		out_queue_new(run->watch.loop, STDOUT_FILENO, QUEUE_FULL_BYTES, queue_changed, run);
	return 0;
}

static void set_wants(struct run *run)
{
	const struct fleet_opts *opts = run->opts;
	bool is_text = opts->output == FLEET_TEXT;
	bool is_folded = opts->fold != FLEET_FOLD_NONE;

	capture_pool_init(&run->pool, run->results.items_count * HOST_STREAMS, CAPTURE_POOL_BYTES,
		CAPTURE_BYTES_MAX);
	run->wants = (struct host_output_wants){
		.pool = !is_text || is_folded ? &run->pool : NULL,
		.is_masked = opts->fold == FLEET_FOLD_SMART,
		.dir = run->dir,
		.line = is_text && (!is_folded || opts->is_live) ? live_line : NULL,
		.arg = run,
	};
}

static void set_results(struct run *run)
{
	const struct server_selection *selection = run->spec->selection;

	run->results = (struct run_results){
		.command = run->spec->command,
		.run_id = run->spec->ledger ? ledger_id(run->spec->ledger) : 0,
		.is_rehearsal = run->opts->is_dry_run,
		.has_sudo = run->spec->fan.command.supervised.sudo != SUPERVISOR_SUDO_NONE,
		.has_directory = run->opts->directory != NULL,
		.started_wall_ms = time_wall_ms(),
		.items = xcalloc(selection->hosts_count, sizeof(*run->results.items)),
		.items_count = selection->hosts_count,
	};
	for (size_t i = 0; i < selection->hosts_count; i++) {
		run->results.items[i].name = selection->hosts[i].name;
		run->results.items[i].connect_ms = -1;
	}
}

static void start(struct run *run)
{
	static const struct fan_out_events events = {
		host_started, host_wrote, host_ended, all_ended, host_logged_in};
	struct fan_out_spec fan = run->spec->fan;

	fan.queue.workers =
		run_watch_workers(run->opts->workers, run->fleet->ssh.workers, FDS_PER_HOST);
	fan.queue.deadline_ms = run_watch_deadline_ms(&run->watch);
	run_watch_start(&run->watch, "servers", run->results.items_count);
	run->fan = fan_out_start(run->watch.loop, run->watch.connector, &fan, &events, run);
}

static void add_text(struct run *run)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	const struct run_style style = {
		.has_color = run->has_color,
		.is_folded = run->opts->fold != FLEET_FOLD_NONE,
	};

	if (style.is_folded) {
		run_results_add_folded(
			&run->results, run->has_color, run->opts->fold == FLEET_FOLD_SMART, &text);
	}
	run_results_add_text(&run->results, &style, &text);
	emit(run, strbuf_str(&text));
}

static void add_results(struct run *run)
{
	const struct run_sink sink = {emit_piece, run};
	bool is_seen = !run->common->output_file && terminal_is(STDOUT_FILENO);
	const struct run_sink for_csv = {is_seen ? emit_escaped : emit_piece, run};

	switch ((enum fleet_output)run->opts->output) {
	case FLEET_TEXT:
		add_text(run);
		return;
	case FLEET_JSON:
		run_results_write_json(&run->results, &sink);
		return;
	case FLEET_JSONL:
		return;
	case FLEET_CSV:
		run_results_write_csv(&run->results, &for_csv);
		return;
	case FLEET_JUNIT:
		run_results_write_junit(&run->results, &sink);
		return;
	}
}

/* What the queue still holds, and then the file: now there is time to wait. */
static void write_rest(struct run *run)
{
	static const struct common_opts to_stdout = {0};
	struct err err = {0};
	int status;

	if (run->file_out.dropped_bytes > 0) {
		log_warn(&fleet_log,
			"%llu bytes of output are not in the file; --output-dir keeps everything",
			(unsigned long long)run->file_out.dropped_bytes);
	}
	status = run->common->output_file
			 ? common_write_output(run->common, strbuf_str(&run->file_out), &err)
			 : common_write_output(&to_stdout, out_queue_rest(run->out), &err);
	if (status < 0 || out_queue_check(run->out, &err) < 0) {
		output_lost(run, &err);
	}
}

/* Printed for people in any case: nothing is to be found on a host that nobody knows of. */
static void tell_survivors(struct run *run)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	enum outcome_cause stopped = fan_out_stopped(run->fan);
	size_t survivors = 0;

	for (size_t i = 0; i < run->results.items_count; i++) {
		const struct run_result *result = &run->results.items[i];

		if (result->may_be_running) {
			add_survivor(&text, ++survivors, result->name, result->pid);
		}
	}
	end_survivors(&text, survivors);
	if (survivors > 0) {
		log_warn(&fleet_log, "not heard to end, and may still be running: %s", text.buf);
	} else if (stopped == CAUSE_INTERRUPTED || stopped == CAUSE_DEADLINE) {
		log_info(&fleet_log, "nothing of it is left running");
	}
}

static enum exit_code run_loop(struct run *run)
{
	struct err err = {0};
	enum outcome_run_end end;
	enum exit_code exit_code;

	start(run);
	if (run_watch_run(&run->watch, &run->results.duration_ms, &err) < 0) {
		log_error(&fleet_log, "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	add_results(run);
	write_rest(run);
	tell_survivors(run);
	end = run_watch_end(&run->watch, fan_out_stopped(run->fan));
	exit_code = outcome_exit_code(&run->results.counts, end);
	return exit_code == EXIT_CODE_OK && run->is_output_lost ? EXIT_CODE_FAILED : exit_code;
}

static void release(struct run *run, enum exit_code exit_code)
{
	struct ledger *ledger = run->spec->ledger;

	run_watch_hush(&run->watch);
	fan_out_free(&run->fan);
	ledger_close(&ledger, (int)exit_code);
	for (size_t i = 0; i < run->results.items_count; i++) {
		host_output_free(&run->results.items[i].output);
	}
	free(run->results.items);
	output_dir_free(&run->dir);
	out_queue_free(&run->out);
	strbuf_release(&run->file_out);
	strbuf_release(&run->live);
	run_watch_close(&run->watch);
}

enum exit_code fleet_run(const struct fleet_run_spec *spec)
{
	const struct cmd_run *cmd = spec->fleet->run;
	struct run run = {
		.spec = spec,
		.fleet = spec->fleet,
		.opts = spec->fleet->opts,
		.common = cmd->common,
		.arena = cmd->arena,
		.has_color = common_has_color(cmd->common),
		.file_out = STRBUF_INIT_MAX(FILE_MAX_BYTES),
		.live = STRBUF_INIT,
	};
	enum exit_code exit_code;
	struct err err = {0};

	if (open_env(&run, &err) < 0) {
		exit_code = fleet_failed(spec->fleet, &err);
	} else {
		set_results(&run);
		set_wants(&run);
		exit_code = run_loop(&run);
	}
	release(&run, exit_code);
	return exit_code;
}
