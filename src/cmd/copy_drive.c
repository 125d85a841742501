/*
 * One run of `copy` from the first connection to the last result: the loop, its signals and clocks,
 * and what is printed meanwhile.
 */
#include <signal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/progress.h"
#include "base/time.h"
#include "cmd/copy_cmd.h"
#include "cmd/descriptors.h"
#include "cmd/usage.h"
#include "fleet/copy_results.h"
#include "fleet/copy_run.h"
#include "loop/signals.h"
#include "net/resolver.h"

enum {
	PROGRESS_EVERY_MS = 100,
	PHASES_EVERY_MS = 10000,
	PHASES_SHOWN = 5,
	SECOND_SIGNAL_AFTER_MS = 200,
	STOP_MS = 5000, /* of the deadline, for what is half done to be undone */
	FDS_PER_HOST = 16,
};

struct drive {
	struct copy_cmd *copy;
	const struct copy_opts *opts;
	const struct common_opts *common;
	struct loop *loop;
	struct signals *signals;
	struct resolver *resolver;
	struct ssh_connector *connector;
	struct copy_run *run;
	struct timer *ticker, *phases, *deadline;
	struct progress *progress;
	struct copy_results results;
	uint64_t moved; /* bytes, or what stands for them */
	int64_t started_ms;
	enum outcome_run_end end;
	int64_t stopped_ms; /* 0: it goes on */
	bool has_color, is_verbose;
	struct strbuf out; /* with --output-file, and documents: written at the end */
	bool is_output_lost;
};

/* --- output --------------------------------------------------------------------------------- */

static void lose_output(struct drive *drive, const struct err *err)
{
	if (!drive->is_output_lost) {
		log_error(&copy_log, "%s", err->msg);
	}
	drive->is_output_lost = true;
}

/* At once, unless it goes to a file. */
static void emit(struct drive *drive, struct strbuf *text)
{
	struct err err = {0};

	if (drive->common->output_file) {
		strbuf_addstr(&drive->out, strbuf_str(text));
	} else if (!drive->is_output_lost) {
		progress_erase(drive->progress);
		if (common_write_output(drive->common, strbuf_str(text), &err) < 0) {
			lose_output(drive, &err);
		}
	}
	strbuf_release(text);
}

static void emit_host(struct drive *drive, const struct copy_host_result *item)
{
	struct strbuf text = STRBUF_INIT;

	if (drive->opts->output == COPY_JSONL) {
		copy_result_add_jsonl(&drive->results, item, &text);
	} else if (drive->opts->output == COPY_TEXT &&
		   !(drive->opts->is_dry_run && item->outcome.kind == OUTCOME_OK)) {
		copy_result_add_text(&drive->results, item, drive->has_color,
			drive->is_verbose && !drive->opts->is_dry_run, &text);
	} /* of a rehearsal that went well all is said at the end */
	emit(drive, &text);
}

static void emit_end(struct drive *drive)
{
	struct strbuf text = STRBUF_INIT;

	switch ((enum copy_output)drive->opts->output) {
	case COPY_TEXT:
		if (drive->opts->is_dry_run) {
			copy_results_add_folded(&drive->results, drive->has_color, &text);
		}
		copy_results_add_summary(&drive->results, &text);
		break;
	case COPY_JSON:
		copy_results_write_json(&drive->results, &text);
		break;
	case COPY_JSONL:
		break;
	case COPY_CSV:
		copy_results_write_csv(&drive->results, &text);
		break;
	}
	emit(drive, &text);
}

static void write_file(struct drive *drive)
{
	struct err err = {0};

	if (drive->common->output_file &&
		common_write_output(drive->common, strbuf_str(&drive->out), &err) < 0) {
		lose_output(drive, &err);
	}
}

/* --- hosts ---------------------------------------------------------------------------------- */

static void host_moved(void *arg, size_t host, uint64_t bytes)
{
	struct drive *drive = arg;

	(void)host;
	drive->moved += bytes;
}

static void host_result(void *arg, size_t host, size_t item, const struct copy_result *result)
{
	struct drive *drive = arg;

	if (!drive->copy->is_pull && result->bytes == 0) {          /* the total is known */
		drive->moved += drive->copy->tree.items[item].size; /* need not travel */
	}
	copy_results_add(&drive->results, host, result);
}

static void tell_report(struct drive *drive, const struct copy_host_result *item)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (item->outcome.kind == OUTCOME_OK) {
		return;
	}
	copy_result_add_text(&drive->results, item, false, false, &text);
	strbuf_rtrim(&text);
	run_report_add(drive->copy->run->report, REPORT_ERRORS, strbuf_str(&text));
	if (drive->common->log_file) { /* elsewhere the results themselves are read */
		log_info(&copy_log, "%s", text.buf);
	}
}

static void host_ended(void *arg, size_t host, const struct copy_host_end *end)
{
	struct drive *drive = arg;

	copy_results_end(&drive->results, host, end);
	tell_report(drive, &drive->results.items[host]);
	emit_host(drive, &drive->results.items[host]);
}

static void all_ended(void *arg)
{
	struct drive *drive = arg;

	loop_stop(drive->loop);
}

static const struct copy_job *job_of(void *arg, size_t host)
{
	struct drive *drive = arg;

	return &drive->copy->jobs[host];
}

/* --- clocks and signals --------------------------------------------------------------------- */

static void tick(void *arg)
{
	struct drive *drive = arg;
	const struct outcome_counts *counts = &drive->results.counts;

	progress_update(drive->progress, (size_t)drive->moved,
		counts->total - counts->of[OUTCOME_OK], loop_now_ms(drive->loop));
	timer_set(drive->ticker, PROGRESS_EVERY_MS);
}

static void phases_due(void *arg)
{
	struct drive *drive = arg;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct str rest, line;

	copy_run_add_phases(drive->run, PHASES_SHOWN, &text);
	rest = strbuf_str(&text);
	while (rest.len > 0 && str_line(&rest, &line)) {
		log_info(&copy_log, "%.*s", STR_ARG(line));
	}
	timer_set(drive->phases, PHASES_EVERY_MS);
}

static void say(struct drive *drive, const struct strbuf *text)
{
	progress_erase(drive->progress);
	(void)file_write_all(STDERR_FILENO, strbuf_str(text)); /* nobody else to tell */
}

static void leave_at_once(struct drive *drive, int signo)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf left = STRBUF_INIT;

	copy_run_add_left(drive->run, &left);
	strbuf_adds(&text, left.len > 0 ? "left; what may be left behind:\n" : "left\n");
	strbuf_addstr(&text, strbuf_str(&left));
	say(drive, &text);
	_exit(signo == SIGINT ? EXIT_CODE_INTERRUPTED : EXIT_CODE_TERMINATED);
}

static void stop(struct drive *drive, enum outcome_run_end end)
{
	drive->end = end;
	drive->stopped_ms = loop_now_ms(drive->loop);
	copy_run_stop(drive->run, end == RUN_DEADLINE ? CAUSE_DEADLINE : CAUSE_INTERRUPTED);
}

static void signal_came(void *arg, int signo)
{
	struct drive *drive = arg;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	bool is_int = signo == SIGINT;

	if (drive->end == RUN_INTERRUPTED || drive->end == RUN_TERMINATED) {
		/* timeout(1) sends its signal twice, and means it once */
		if (loop_now_ms(drive->loop) - drive->stopped_ms >= SECOND_SIGNAL_AFTER_MS) {
			leave_at_once(drive, signo);
		}
		return;
	}
	strbuf_addf(&text, "%s: undoing what is half done; once more leaves at once\n",
		is_int ? "interrupted" : "terminated");
	say(drive, &text);
	stop(drive, is_int ? RUN_INTERRUPTED : RUN_TERMINATED);
}

static void deadline_passed(void *arg)
{
	struct drive *drive = arg;

	if (drive->stopped_ms == 0) {
		stop(drive, RUN_DEADLINE);
	}
}

/* The deadline covers undoing. */
static int64_t until_stop_ms(int64_t deadline_ms)
{
	return deadline_ms - (deadline_ms / 5 < STOP_MS ? deadline_ms / 5 : STOP_MS);
}

static void start_clocks(struct drive *drive)
{
	drive->ticker = timer_new(drive->loop, tick, drive);
	drive->phases = timer_add(drive->loop, PHASES_EVERY_MS, phases_due, drive);
	if (drive->common->deadline_ms > 0) {
		drive->deadline = timer_add(drive->loop, until_stop_ms(drive->common->deadline_ms),
			deadline_passed, drive);
	}
	if (!drive->common->is_quiet) {
		drive->progress = progress_new_bytes(STDERR_FILENO,
			(size_t)drive->copy->tree.bytes * drive->results.items_count,
			drive->started_ms);
		timer_set(drive->ticker, PROGRESS_EVERY_MS);
	}
}

/* --- the run -------------------------------------------------------------------------------- */

static void erase_progress(void *arg)
{
	const struct drive *drive = arg;

	progress_erase(drive->progress);
}

static int open_env(struct drive *drive, struct err *err)
{
	const struct resolver_options resolver = {0};

	if (loop_new(&drive->loop, err) < 0 ||
		signals_new(drive->loop, signal_came, drive, &drive->signals, err) < 0 ||
		resolver_new(drive->loop, &resolver, &drive->resolver, err) < 0) {
		return -1;
	}
	drive->connector =
		ssh_connector_new(drive->loop, drive->resolver, &drive->copy->ssh.connector);
	return 0;
}

static void set_results(struct drive *drive)
{
	const struct copy_cmd *copy = drive->copy;
	const struct server_selection *selection = &copy->selection;

	drive->results = (struct copy_results){
		.arena = copy->run->arena,
		.is_dry_run = copy->opts->is_dry_run,
		.is_pull = copy->is_pull,
		.keeps_all = copy->opts->output == COPY_JSON || copy->opts->output == COPY_JSONL ||
			     copy->opts->is_dry_run || drive->is_verbose,
		.sources = copy->sources,
		.sources_count = copy->sources_count,
		.destination = copy->destination,
		.started_wall_ms = time_wall_ms(),
		.items = arena_calloc(
			copy->run->arena, selection->hosts_count, sizeof(*drive->results.items)),
		.items_count = selection->hosts_count,
	};
	for (size_t i = 0; i < selection->hosts_count; i++) {
		drive->results.items[i].name = selection->hosts[i].name;
		drive->results.items[i].connect_ms = -1;
	}
}

static int64_t workers_of(const struct copy_cmd *copy)
{
	if (copy->opts->workers > 0) {
		return copy->opts->workers;
	}
	return copy->ssh.workers > 0 ? copy->ssh.workers : HOST_QUEUE_WORKERS;
}

static void start(struct drive *drive)
{
	static const struct copy_run_events events = {
		host_moved, host_result, host_ended, all_ended};
	const struct copy_cmd *copy = drive->copy;
	const struct copy_run_spec spec = {
		.queue =
			{
				.hosts = copy->selection.hosts,
				.hosts_count = copy->selection.hosts_count,
				.workers = (int)descriptors_allow(workers_of(copy), FDS_PER_HOST),
				.has_canary = copy->opts->is_canary || copy->job.password ||
					      copy->job.sudo_password,
			},
		.job = job_of,
	};

	drive->started_ms = loop_now_ms(drive->loop);
	start_clocks(drive);
	log_before_stderr(erase_progress, drive);
	drive->run = copy_run_start(drive->loop, drive->connector, &spec, &events, drive);
}

static enum exit_code run_loop(struct drive *drive)
{
	struct err err = {0};
	enum exit_code exit_code;

	start(drive);
	if (loop_run(drive->loop, &err) < 0) {
		log_error(&copy_log, "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	progress_free(&drive->progress);
	drive->results.duration_ms = loop_now_ms(drive->loop) - drive->started_ms;
	emit_end(drive);
	write_file(drive);
	exit_code = outcome_exit_code(&drive->results.counts, drive->end);
	return exit_code == EXIT_CODE_OK && drive->is_output_lost ? EXIT_CODE_FAILED : exit_code;
}

static void release(struct drive *drive)
{
	log_before_stderr(NULL, NULL);
	progress_free(&drive->progress);
	copy_run_free(&drive->run);
	strbuf_release(&drive->out);
	timer_free(&drive->ticker);
	timer_free(&drive->phases);
	timer_free(&drive->deadline);
	ssh_connector_free(&drive->connector);
	resolver_free(&drive->resolver);
	signals_free(&drive->signals);
	loop_free(&drive->loop);
}

enum exit_code copy_drive(struct copy_cmd *copy)
{
	struct drive drive = {
		.copy = copy,
		.opts = copy->opts,
		.common = copy->run->common,
		.has_color = common_has_color(copy->run->common),
		.is_verbose = copy->run->common->verbose > 0,
		.out = STRBUF_INIT,
		.end = RUN_COMPLETE,
	};
	enum exit_code exit_code = EXIT_CODE_FAILED;
	struct err err = {0};

	if (open_env(&drive, &err) < 0) {
		log_error(&copy_log, "%s", err.msg);
	} else {
		set_results(&drive);
		exit_code = run_loop(&drive);
	}
	release(&drive);
	return exit_code;
}
