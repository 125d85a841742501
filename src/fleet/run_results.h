/*
 * How a run ended, host by host, and as what it is printed.
 *
 * Results are in the order of the selection, whichever order the hosts ended in.
 */
#ifndef FLEET_RUN_RESULTS_H
#define FLEET_RUN_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "fleet/host_output.h"
#include "fleet/outcome.h"
#include "net/ssh_login.h"

struct run_result {
	const char *name;
	struct outcome outcome;
	bool has_ended;
	int64_t started_wall_ms;      /* its turn came; 0: never */
	int64_t duration_ms;          /* since then */
	int64_t connect_ms;           /* of that, until one was logged in; -1: never */
	int64_t pid;                  /* of the process group there; 0: not known */
	bool was_left_open;           /* something that it started held its output open */
	bool may_be_running;          /* it was not heard to end */
	enum ssh_transport transport; /* AUTO: not known */
	struct host_output *output;   /* NULL: it never wrote a byte */
};

struct run_results {
	const char *command; /* as it was typed */
	int64_t run_id;      /* in the ledger; 0: it is not there */
	bool is_rehearsal;
	bool has_sudo, has_directory; /* of a rehearsal: what else was proven */
	int64_t started_wall_ms, duration_ms;
	struct run_result *items;
	size_t items_count;
	struct outcome_counts counts;
};

/* Where documents go, in pieces, so that none is in memory as a whole.  What a result kept of its
 * output is given back when it is written. */
struct run_sink {
	void (*write)(void *arg, struct str piece);
	void *arg;
};

/* The documented envelope in one document; one result as a line. */
void run_results_write_json(const struct run_results *, const struct run_sink *);
void run_result_add_jsonl(const struct run_result *, struct strbuf *out);

void run_results_write_csv(const struct run_results *, const struct run_sink *);
void run_results_write_junit(const struct run_results *, const struct run_sink *);

struct run_style {
	bool has_color;
	bool is_folded; /* hosts that ended alike share a line */
};

/* "✓ web-01", "✗ web-02: exit 3" for each host, and "18/20 servers responded successfully", or what
 * a rehearsal has proven: "18/20 servers: logged in, sudo proven; nothing was run". */
void run_results_add_text(const struct run_results *, const struct run_style *, struct strbuf *out);

/* Outputs under the names of those that wrote the same; masked: differences from the majority. */
void run_results_add_folded(
	const struct run_results *, bool has_color, bool is_masked, struct strbuf *out);

/* "web-01: text" as it comes; `host` chooses the colour. */
void run_add_live_line(struct strbuf *out, bool has_color, size_t host, const char *name,
	enum ssh_stream, struct str line, enum line_end end);

#endif
