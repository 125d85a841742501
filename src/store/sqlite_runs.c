/*
 * The tables run and run_host.  See store_runs.h.
 */
#include <inttypes.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "store/sqlite_internal.h"
#include "store/store_runs.h"

// clang-format off
#define RUN_COLUMNS \
	"id, started_ms, ended_ms, author, host, pid, command, selection, options, exit_code," \
	" (SELECT count(*) FROM run_host WHERE run_id = run.id)," \
	" (SELECT count(*) FROM run_host WHERE run_id = run.id AND outcome = 0)"
// clang-format on

static int no_run(int64_t id, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "there is no run %" PRId64, id);
}

/* --- Writing --- */

/* Cut where a character ends. */
static struct str excerpt_of(const char *text)
{
	size_t len = strlen(text);

	if (len > STORED_EXCERPT_MAX) {
		len = STORED_EXCERPT_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80) {
			len--;
		}
	}
	return str_n(text, len);
}

/* Parameters 3 to 9; the run is 1 and the name 2. */
static void bind_host(struct query *query, int64_t run_id, const struct stored_run_host *host)
{
	query_bind_int(query, 1, run_id);
	query_bind_text(query, 2, host->name);
	query_bind_int(query, 3, host->outcome);
	query_bind_int(query, 4, host->detail);
	query_bind_text(query, 5, host->text);
	query_bind_int(query, 6, host->duration_ms);
	query_bind_text(query, 7, host->output_hash);
	query_bind_int(query, 8, host->output_bytes);
	if (host->excerpt) {
		query_bind_str(query, 9, excerpt_of(host->excerpt));
	} else {
		query_bind_null(query, 9);
	}
}

static int add_hosts(
	struct store_tx *tx, int64_t run_id, const struct stored_run_hosts *hosts, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO run_host (run_id, name, outcome, detail, text, duration_ms,"
		" output_hash, output_bytes, excerpt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");

	for (size_t i = 0; i < hosts->items_count; i++) {
		query_again(&query);
		bind_host(&query, run_id, &hosts->items[i]);
		if (query_run(&query, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int store_run_begin(struct store_tx *tx, const struct stored_run *run,
	const struct stored_run_hosts *hosts, int64_t *ret_id, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO run (started_ms, author, host, pid, command, selection, options)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
	int64_t id;

	query_bind_int(&query, 1, run->started_ms);
	query_bind_text(&query, 2, run->author);
	query_bind_text(&query, 3, run->host);
	query_bind_int(&query, 4, run->pid);
	query_bind_text(&query, 5, run->command);
	query_bind_text(&query, 6, run->selection);
	query_bind_text(&query, 7, run->options);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	id = store_tx_inserted_id(tx);
	if (add_hosts(tx, id, hosts, err) < 0) {
		return -1;
	}
	*ret_id = id;
	return 0;
}

int store_run_host_set(
	struct store_tx *tx, int64_t run_id, const struct stored_run_host *host, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"UPDATE run_host SET outcome = ?3, detail = ?4, text = ?5, duration_ms = ?6,"
		" output_hash = ?7, output_bytes = ?8, excerpt = ?9"
		" WHERE run_id = ?1 AND name = ?2");

	bind_host(&query, run_id, host);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	if (store_tx_changes(tx) == 0) {
		return err_set(err, ERR_NOT_FOUND, "run %" PRId64 " has no host '%s'", run_id,
			utf8_quote(str_of(host->name)).text);
	}
	return 0;
}

int store_run_end(
	struct store_tx *tx, int64_t run_id, const struct stored_run_end *end, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "UPDATE run SET ended_ms = ?2, exit_code = ?3 WHERE id = ?1");

	query_bind_int(&query, 1, run_id);
	query_bind_int(&query, 2, end->ended_ms);
	query_bind_int(&query, 3, end->exit_code);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	return store_tx_changes(tx) == 0 ? no_run(run_id, err) : 0;
}

/* --- Reading --- */

static struct stored_run read_run(const struct query *query, struct arena *arena)
{
	return (struct stored_run){
		.id = query_int(query, 0),
		.started_ms = query_int(query, 1),
		.ended_ms = query_int(query, 2),
		.author = query_text(query, 3, arena),
		.host = query_text(query, 4, arena),
		.pid = query_int(query, 5),
		.command = query_text(query, 6, arena),
		.selection = query_text(query, 7, arena),
		.options = query_text(query, 8, arena),
		.exit_code = (int)query_int_or(query, 9, -1),
		.hosts = query_int(query, 10),
		.hosts_ok = query_int(query, 11),
	};
}

int store_run_get(struct store_tx *tx, int64_t id, struct arena *arena, struct stored_run *ret_run,
	struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		id > 0 ? "SELECT " RUN_COLUMNS " FROM run WHERE id = ?1"
		       : "SELECT " RUN_COLUMNS " FROM run WHERE id > ?1 ORDER BY id DESC LIMIT 1");
	int got;

	query_bind_int(&query, 1, id);
	got = query_step(&query, err);
	if (got < 0) {
		return -1;
	}
	if (got == 0) {
		return id > 0 ? no_run(id, err)
			      : err_set(err, ERR_NOT_FOUND, "nothing has been run yet");
	}
	*ret_run = read_run(&query, arena);
	return 0;
}

int store_run_list(struct store_tx *tx, const struct stored_run_filter *filter, struct arena *arena,
	struct stored_runs *ret_runs, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT " RUN_COLUMNS " FROM run WHERE id < ?1 AND started_ms >= ?2"
			     " ORDER BY id DESC LIMIT ?3");
	struct stored_runs runs = {0};
	int got;

	query_bind_int(&query, 1, filter->before_id > 0 ? filter->before_id : INT64_MAX);
	query_bind_int(&query, 2, filter->since_ms);
	query_bind_int(&query, 3, filter->limit);
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, &runs, items) = read_run(&query, arena);
	}
	if (got == 0) {
		*ret_runs = runs;
	}
	return got;
}

int store_run_hosts(struct store_tx *tx, int64_t run_id, unsigned outcomes, struct arena *arena,
	struct stored_run_hosts *ret_hosts, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"SELECT name, outcome, detail, text, duration_ms, output_hash, output_bytes, "
		"excerpt"
		" FROM run_host WHERE run_id = ?1 AND (?2 = 0 OR (?2 >> outcome) & 1) ORDER BY id");
	struct stored_run_hosts hosts = {0};
	int got;

	query_bind_int(&query, 1, run_id);
	query_bind_int(&query, 2, outcomes);
	while ((got = query_step(&query, err)) > 0) {
		*VEC_PUSH_IN(arena, &hosts, items) = (struct stored_run_host){
			.name = query_text(&query, 0, arena),
			.outcome = (int)query_int(&query, 1),
			.detail = (int)query_int(&query, 2),
			.text = query_text(&query, 3, arena),
			.duration_ms = query_int(&query, 4),
			.output_hash = query_text(&query, 5, arena),
			.output_bytes = query_int(&query, 6),
			.excerpt = query_text(&query, 7, arena),
		};
	}
	if (got == 0) {
		*ret_hosts = hosts;
	}
	return got;
}
