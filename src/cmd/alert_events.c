/*
 * Intake of events from a file or a pipe.
 *
 * A thread reads a piece; its lines are accepted in one transaction; then the next piece is read.
 * So a slow disk slows the writer of the pipe down, and memory stays what one piece needs.
 */
#include "cmd/alert_events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "alert/accept.h"
#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/time.h"
#include "base/vec.h"
#include "cmd/alert_cmd.h"
#include "cmd/alert_session.h"
#include "cmd/alert_take_in.h"
#include "loop/worker.h"

enum {
	PIECE_BYTES = 128 * 1024,
	LINE_MAX_BYTES = 1024 * 1024,
	POLL_MS = 200, /* how soon a reader of a silent pipe hears that it is to stop */
	COMPLAINTS_MAX = 20,
};

struct intake {
	struct alert_cmd *alert;
	struct alert_session session;
	struct workers *workers;
	const char *name;
	int fd;
	bool is_at_end, is_stopping, is_done;
	struct strbuf bytes; /* read, and not yet accepted; the reader's or the writer's in turn */
	size_t whole;        /* of them, up to the end of the last whole line */
	int read_errno;
	bool is_line_too_long; /* its end has not come yet, and none of it is wanted */
	int64_t line;          /* of the first line in bytes */
	/* of the transaction under way */
	struct arena *arena;
	struct err *faults;
	int64_t *fault_lines;
	size_t faults_count, faults_alloc, fault_lines_count, fault_lines_alloc;
	int64_t batch_accepted, batch_lines;
	/* all */
	int64_t accepted, refused, lost;
	enum err_code lost_code; /* why, of the latest */
	struct deliverer_counts counts;
	int64_t late; /* undelivered at the end */
	int64_t started_ms, started_wall_ms;
};

static void read_next(struct intake *intake);

/* The reader's thread. */

static void read_piece(void *arg)
{
	struct intake *intake = arg;
	struct pollfd poll_fd = {.fd = intake->fd, .events = POLLIN};
	size_t room = strbuf_reserve(&intake->bytes, PIECE_BYTES);
	ssize_t got;

	intake->read_errno = 0;
	if (room == 0 || poll(&poll_fd, 1, POLL_MS) == 0) {
		return;
	}
	got = read(intake->fd, intake->bytes.buf + intake->bytes.len, room);
	if (got < 0 && errno != EINTR && errno != EAGAIN) {
		intake->read_errno = errno;
	} else if (got == 0) {
		intake->is_at_end = true;
	} else if (got > 0) {
		strbuf_commit(&intake->bytes, (size_t)got);
	}
}

/* The writer's thread. */

static void fault(struct intake *intake, const struct err *err)
{
	*VEC_PUSH_IN(intake->arena, intake, faults) = *err;
	*VEC_PUSH_IN(intake->arena, intake, fault_lines) = intake->line + intake->batch_lines;
}

static int accept_line(struct intake *intake, struct store_tx *tx, struct str line, struct err *err)
{
	struct arena *arena = arena_new();
	struct alert_input input = {0};
	struct accepted accepted = {0};
	struct err why = {0};
	int status = 0;

	if (alert_input_parse_json(line, arena, &input, &why) < 0 ||
		alert_input_clean(&input, arena, &why) < 0) {
		fault(intake, &why);
	} else {
		status = alert_accept(tx, &intake->alert->config.alerts, &input, time_wall_ms(),
			arena, &accepted, err);
		intake->batch_accepted++;
	}
	arena_free(arena);
	return status;
}

static int accept_lines(struct store_tx *tx, void *arg, struct err *err)
{
	struct intake *intake = arg;
	struct str rest = str_n(intake->bytes.buf, intake->whole), line;

	while (str_line(&rest, &line)) {
		if (str_trim(line).len > 0 && accept_line(intake, tx, line, err) < 0) {
			return -1;
		}
		intake->batch_lines++;
	}
	return 0;
}

/* The loop's thread. */

static void tell_faults(struct intake *intake)
{
	for (size_t i = 0; i < intake->faults_count; i++) {
		if (intake->refused++ < COMPLAINTS_MAX) {
			log_error(&alert_log, "%s:%lld: %s", intake->name,
				(long long)intake->fault_lines[i], intake->faults[i].msg);
		}
	}
}

static void forget_batch(struct intake *intake)
{
	strbuf_remove(&intake->bytes, 0, intake->whole);
	intake->whole = 0;
	intake->line += intake->batch_lines;
	intake->batch_lines = intake->batch_accepted = 0;
	intake->faults = NULL;
	intake->fault_lines = NULL;
	intake->faults_count = intake->faults_alloc = 0;
	intake->fault_lines_count = intake->fault_lines_alloc = 0;
	arena_free(intake->arena);
	intake->arena = NULL;
}

static void finish(struct intake *intake)
{
	intake->is_done = true;
	alert_session_changed(&intake->session);
}

static int64_t count_lines(const struct intake *intake)
{
	struct str rest = str_n(intake->bytes.buf, intake->whole), line;
	int64_t count = 0;

	while (str_line(&rest, &line)) {
		count += str_trim(line).len > 0;
	}
	return count;
}

static void accepted(void *arg, const struct err *err)
{
	struct intake *intake = arg;

	if (err) {
		intake->lost += count_lines(intake);
		intake->lost_code = err->code;
		log_error(&alert_log, "%s, from line %lld on: not accepted: %s", intake->name,
			(long long)intake->line, err->msg);
		intake->is_at_end = true;
	} else {
		intake->accepted += intake->batch_accepted;
		tell_faults(intake);
		if (intake->session.deliverer) {
			deliverer_wake(intake->session.deliverer);
		}
	}
	forget_batch(intake);
	read_next(intake);
}

/* A last line needs no newline. */
static size_t whole_lines(const struct intake *intake)
{
	const char *last;

	if (intake->is_at_end) {
		return intake->bytes.len;
	}
	last = memrchr(intake->bytes.buf, '\n', intake->bytes.len);
	return last ? (size_t)(last - intake->bytes.buf) + 1 : 0;
}

static void refuse_long_line(struct intake *intake)
{
	if (intake->refused++ < COMPLAINTS_MAX) {
		log_error(&alert_log, "%s:%lld: a line of more than %d bytes", intake->name,
			(long long)intake->line, LINE_MAX_BYTES);
	}
	intake->is_line_too_long = true;
	strbuf_clear(&intake->bytes);
}

/* Up to its end, as far as it has come. */
static void drop_long_line(struct intake *intake)
{
	const char *end = memchr(intake->bytes.buf, '\n', intake->bytes.len);

	if (end) {
		strbuf_remove(&intake->bytes, 0, (size_t)(end - intake->bytes.buf) + 1);
		intake->is_line_too_long = false;
		intake->line++;
	} else {
		strbuf_clear(&intake->bytes);
	}
}

static void piece_came(void *arg)
{
	struct intake *intake = arg;

	if (intake->read_errno != 0) {
		log_error(&alert_log, "%s: %s", intake->name, errno_text(intake->read_errno));
		intake->lost++;
		intake->is_at_end = true;
	}
	if (intake->is_line_too_long) {
		drop_long_line(intake);
	}
	intake->whole = whole_lines(intake);
	if (intake->whole == 0 && intake->bytes.len >= LINE_MAX_BYTES) {
		refuse_long_line(intake);
	}
	if (intake->whole == 0) {
		read_next(intake);
		return;
	}
	intake->arena = arena_new();
	store_writer_post(intake->session.writer, accept_lines, accepted, intake);
}

static void read_next(struct intake *intake)
{
	if ((intake->is_at_end && intake->bytes.len == 0) || intake->is_stopping) {
		finish(intake);
	} else if (intake->is_at_end) {
		piece_came(intake);
	} else {
		workers_run(intake->workers, read_piece, piece_came, intake);
	}
}

static bool is_busy(void *arg)
{
	const struct intake *intake = arg;

	return !intake->is_done;
}

static void stopping(void *arg)
{
	struct intake *intake = arg;

	intake->is_stopping = true;
}

static int open_events(struct intake *intake, struct err *err)
{
	intake->name = intake->alert->opts->events;
	if (strcmp(intake->name, "-") == 0) {
		intake->name = "stdin";
		intake->fd = STDIN_FILENO;
		return 0;
	}
	intake->fd = open(intake->name, O_RDONLY | O_CLOEXEC);
	if (intake->fd < 0) {
		return err_set_errno(err, errno, "--events '%s'", intake->name);
	}
	return 0;
}

static void add_result(const struct intake *intake, struct strbuf *out)
{
	const struct deliverer_counts counts = intake->counts;
	const bool is_dry_run = intake->alert->opts->is_dry_run;
	struct json_writer json;

	if (intake->alert->opts->output != ALERT_JSON) {
		strbuf_addf(out, "%s",
			is_dry_run ? "dry run: nothing is sent, nothing is written; would be "
				   : "");
		strbuf_addf(out, "accepted %lld, refused %lld, lost %lld\n",
			(long long)intake->accepted, (long long)intake->refused,
			(long long)intake->lost);
		if (!intake->alert->opts->is_queued && !is_dry_run) {
			strbuf_addf(out,
				"delivered %lld in %lld messages, %lld wait in the outbox, %lld "
				"given up\n",
				(long long)(counts.delivered + counts.carried),
				(long long)counts.delivered, (long long)counts.waiting,
				(long long)counts.dead);
		}
		return;
	}
	json_document_begin(&json, out, "alert");
	json_field_time(&json, "started", intake->started_wall_ms);
	json_field_double(
		&json, "duration_seconds", (double)(time_mono_ms() - intake->started_ms) / 1000);
	json_write_key(&json, "summary");
	json_write_object_begin(&json);
	json_field_int(&json, "accepted", intake->accepted);
	json_field_int(&json, "refused", intake->refused);
	json_field_int(&json, "lost", intake->lost);
	json_field_int(&json, "delivered", counts.delivered);
	json_field_int(&json, "carried", counts.carried);
	json_field_int(&json, "retried", counts.retried);
	json_field_int(&json, "waiting", counts.waiting);
	json_field_int(&json, "dead", counts.dead);
	json_write_object_end(&json);
	json_document_end(&json);
}

static enum exit_code outcome_of(const struct intake *intake)
{
	if (intake->accepted == 0 && intake->lost_code == ERR_BUSY) {
		return EXIT_CODE_LOCKED;
	}
	return intake->refused > 0 || intake->lost > 0 || intake->late > 0 ||
			       intake->counts.dead > 0
		       ? EXIT_CODE_FAILED
		       : EXIT_CODE_OK;
}

/* What came of it; gives the store back. */
static int close_session(struct intake *intake, struct store *store, struct err *err)
{
	if (intake->session.deliverer) {
		deliverer_get_counts(intake->session.deliverer, &intake->counts);
	}
	workers_free(&intake->workers);
	alert_session_close(&intake->session);
	if (intake->alert->opts->is_queued || intake->alert->opts->is_dry_run) {
		return 0;
	}
	if (alert_count_late(store, &intake->late, err) < 0) {
		return -1;
	}
	if (intake->counts.waiting < intake->late) { /* it was stopped with something in hand */
		intake->counts.waiting = intake->late;
	}
	return 0;
}

static enum exit_code take_all(struct intake *intake, struct store *store)
{
	struct strbuf text = STRBUF_INIT;
	struct alert_session_spec spec;
	struct err err = {0};

	alert_session_spec_of(intake->alert, &spec);
	spec.is_queued = spec.is_queued || intake->alert->opts->is_dry_run;
	intake->session.is_busy = is_busy;
	intake->session.stopping = stopping;
	intake->session.arg = intake;
	if (alert_session_open(&spec, &intake->session, &err) < 0 ||
		alert_session_start(&intake->session, store, 0, &err) < 0 ||
		workers_new(intake->session.loop, 1, &intake->workers, &err) < 0) {
		return cmd_run_fail(intake->alert->run, &err);
	}
	read_next(intake);
	if (alert_session_run(&intake->session, &err) < 0 ||
		close_session(intake, store, &err) < 0) {
		return cmd_run_fail(intake->alert->run, &err);
	}
	add_result(intake, &text);
	return cmd_run_write(intake->alert->run, &text,
		alert_session_exit_code(&intake->session, outcome_of(intake)));
}

/* What is said of one alert has no place beside a file of them. */
static const char *foreign_flag(const struct alert_cmd *alert)
{
	static const char *const names[] = {"severity", "message", "title", "source", "field",
		"label", "dedup_key", "runbook", "resolve"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (cmd_run_has(alert->run, names[i])) {
			return names[i];
		}
	}
	return NULL;
}

enum exit_code alert_send_events(struct alert_cmd *alert)
{
	struct intake intake = {
		.alert = alert,
		.bytes = STRBUF_INIT_MAX(LINE_MAX_BYTES),
		.line = 1,
		.started_ms = time_mono_ms(),
		.started_wall_ms = time_wall_ms(),
	};
	const char *foreign = foreign_flag(alert);
	struct store *store = NULL;
	struct err err = {0};
	enum exit_code exit_code;

	if (foreign) {
		return cmd_run_usage(
			alert->run, "--%s does not go with --events: each line says it", foreign);
	}
	if (open_events(&intake, &err) < 0) {
		return cmd_run_usage(alert->run, "%s", err.msg);
	}
	if ((alert->opts->is_dry_run ? alert_open_memory(&store, &err)
				     : alert_open_store(alert, false, &store, &err)) < 0) {
		exit_code = cmd_run_fail(alert->run, &err);
	} else {
		exit_code = take_all(&intake, store);
	}
	workers_free(&intake.workers);
	alert_session_close(&intake.session);
	store_close(&store);
	strbuf_release(&intake.bytes);
	arena_free(intake.arena);
	if (intake.fd > STDERR_FILENO) {
		(void)close(intake.fd); /* it was read only */
	}
	return exit_code;
}
