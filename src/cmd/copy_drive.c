/*
 * One run of `copy` from the first connection to the last result, and what is printed meanwhile.
 */
#include "base/alloc.h"
#include "base/time.h"
#include "cmd/copy_cmd.h"
#include "cmd/run_watch.h"
#include "fleet/copy_results.h"
#include "fleet/copy_run.h"
#include "fleet/fold_digest.h"

enum { FDS_PER_HOST = 16 };

struct drive {
	struct copy_cmd *copy;
	const struct copy_opts *opts;
	const struct common_opts *common;
	struct run_watch watch;
	struct copy_run *run;
	struct copy_results results;
	uint64_t moved; /* bytes, or what stands for them */
	bool has_color, is_verbose;
	struct strbuf out; /* with --output-file, and documents: written at the end */
	bool is_output_lost;
	bool *have_begun; /* the work on a host; one for each */
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
		run_watch_erase(&drive->watch);
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

static void has_begun(struct drive *drive, size_t host)
{
	if (!drive->have_begun[host] && drive->copy->ledger) {
		ledger_started(drive->copy->ledger, host);
	}
	drive->have_begun[host] = true;
}

static void host_moved(void *arg, size_t host, uint64_t bytes)
{
	struct drive *drive = arg;

	has_begun(drive, host);
	drive->moved += bytes;
}

static void host_result(void *arg, size_t host, size_t item, const struct copy_result *result)
{
	struct drive *drive = arg;

	if (!drive->copy->is_pull && result->bytes == 0) {          /* the total is known */
		drive->moved += drive->copy->tree.items[item].size; /* need not travel */
	}
	has_begun(drive, host);
	copy_results_add(&drive->results, host, result);
}

static void write_down(struct drive *drive, const struct copy_host_result *item)
{
	_cleanup_(strbuf_release) struct strbuf story = STRBUF_INIT;
	struct stored_run_host stored = {0};
	struct fold_key key;

	if (!drive->copy->ledger) {
		return;
	}
	copy_result_add_story(&drive->results, item, &story);
	key = fold_digest_text(strbuf_str(&story));
	outcome_store(&item->outcome, &stored);
	stored.name = item->name;
	stored.duration_ms = item->duration_ms;
	if (story.len > 0) {
		stored.output_hash = key.text;
		stored.output_bytes = (int64_t)story.len;
		stored.excerpt = story.buf;
	}
	ledger_ended(drive->copy->ledger, &stored);
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
	write_down(drive, &drive->results.items[host]);
	tell_report(drive, &drive->results.items[host]);
	emit_host(drive, &drive->results.items[host]);
}

static void all_ended(void *arg)
{
	struct drive *drive = arg;

	loop_stop(drive->watch.loop);
}

static const struct copy_job *job_of(void *arg, size_t host)
{
	struct drive *drive = arg;

	return &drive->copy->jobs[host];
}

/* --- being watched -------------------------------------------------------------------------- */

static void count_moved(const void *arg, size_t *ret_done, size_t *ret_failed)
{
	const struct drive *drive = arg;
	const struct outcome_counts *counts = &drive->results.counts;

	*ret_done = (size_t)drive->moved;
	*ret_failed = counts->total - counts->of[OUTCOME_OK];
}

static void add_phases(const void *arg, size_t max, struct strbuf *out)
{
	const struct drive *drive = arg;

	copy_run_add_phases(drive->run, max, out);
}

static void add_left(const void *arg, struct strbuf *out)
{
	const struct drive *drive = arg;
	_cleanup_(strbuf_release) struct strbuf left = STRBUF_INIT;

	copy_run_add_left(drive->run, &left);
	strbuf_adds(out, left.len > 0 ? "left; what may be left behind:\n" : "left\n");
	strbuf_addstr(out, strbuf_str(&left));
}

static void add_stopping(const void *arg, struct strbuf *out)
{
	(void)arg;
	strbuf_adds(out, "undoing what is half done");
}

/* So that it is told from one whose process died. */
static void leave(void *arg, int exit_code)
{
	struct drive *drive = arg;

	for (size_t i = 0; i < drive->results.items_count; i++) {
		struct copy_host_result *item = &drive->results.items[i];

		if (item->has_ended || !drive->have_begun[i]) {
			continue; /* it is there as not started */
		}
		item->outcome = (struct outcome){.kind = OUTCOME_UNREACHABLE,
			.cause = CAUSE_INTERRUPTED,
			.message = "left without waiting for its end"};
		write_down(drive, item);
	}
	ledger_close(&drive->copy->ledger, exit_code);
}

static void stop(void *arg, enum outcome_cause cause)
{
	struct drive *drive = arg;

	copy_run_stop(drive->run, cause);
}

/* --- the run -------------------------------------------------------------------------------- */

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
	drive->have_begun =
		arena_calloc(copy->run->arena, selection->hosts_count, sizeof(*drive->have_begun));
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
				.workers = run_watch_workers(
					copy->opts->workers, copy->ssh.workers, FDS_PER_HOST),
				.has_canary = copy->opts->is_canary || copy->job.password ||
					      copy->job.sudo_password,
				.deadline_ms = run_watch_deadline_ms(&drive->watch),
			},
		.job = job_of,
	};

	run_watch_start(&drive->watch, NULL, (size_t)copy->tree.bytes * drive->results.items_count);
	drive->run =
		copy_run_start(drive->watch.loop, drive->watch.connector, &spec, &events, drive);
}

static enum exit_code run_loop(struct drive *drive)
{
	struct err err = {0};
	enum outcome_run_end end;
	enum exit_code exit_code;

	start(drive);
	if (run_watch_run(&drive->watch, &drive->results.duration_ms, &err) < 0) {
		log_error(&copy_log, "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	emit_end(drive);
	write_file(drive);
	end = run_watch_end(&drive->watch, copy_run_stopped(drive->run));
	exit_code = outcome_exit_code(&drive->results.counts, end);
	return exit_code == EXIT_CODE_OK && drive->is_output_lost ? EXIT_CODE_FAILED : exit_code;
}

static void release(struct drive *drive, enum exit_code exit_code)
{
	run_watch_hush(&drive->watch);
	copy_run_free(&drive->run);
	ledger_close(&drive->copy->ledger, (int)exit_code);
	strbuf_release(&drive->out);
	run_watch_close(&drive->watch);
}

enum exit_code copy_drive(struct copy_cmd *copy)
{
	static const struct run_watch_work work = {
		stop, add_stopping, add_left, add_phases, count_moved, leave};
	struct drive drive = {
		.copy = copy,
		.opts = copy->opts,
		.common = copy->run->common,
		.has_color = common_has_color(copy->run->common),
		.is_verbose = copy->run->common->verbose > 0,
		.out = STRBUF_INIT,
	};
	enum exit_code exit_code = EXIT_CODE_FAILED;
	struct err err = {0};

	drive.watch = (struct run_watch){
		.work = &work, .arg = &drive, .common = drive.common, .log = &copy_log};
	if (run_watch_open(&drive.watch, &copy->ssh.connector, &err) < 0 ||
		(copy->ledger && ledger_attach(copy->ledger, drive.watch.loop, &err) < 0)) {
		log_error(&copy_log, "%s", err.msg);
	} else {
		set_results(&drive);
		exit_code = run_loop(&drive);
	}
	release(&drive, exit_code);
	return exit_code;
}
