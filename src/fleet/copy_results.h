/*
 * What a copy came to, host by host and file by file, and as what it is printed.
 *
 * Results are in the order of the selection, whichever order the hosts ended in.
 */
#ifndef FLEET_COPY_RESULTS_H
#define FLEET_COPY_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/strbuf.h"
#include "fleet/copy_host.h"

struct copy_file_result {
	enum copy_verdict verdict;
	const char *path, *code, *message, *note, *backup, *diff; /* NULL: none */
	uint64_t bytes;
};

struct copy_host_result {
	const char *name;
	bool has_ended;
	struct outcome outcome;
	int64_t duration_ms;
	int64_t connect_ms; /* -1: never */
	enum ssh_transport transport;
	const char *left;
	struct copy_file_result *files; /* those that are kept */
	size_t files_count, files_alloc;
	size_t of[COPY_VERDICT_MAX];
	uint64_t bytes; /* that travelled */
};

struct copy_results {
	struct arena *arena; /* borrowed */
	bool is_dry_run, is_pull;
	bool keeps_all; /* results of files; else only of those that are worth a line */
	const char *const *sources;
	size_t sources_count;
	const char *destination;
	int64_t started_wall_ms, duration_ms;
	struct copy_host_result *items;
	size_t items_count;
	struct outcome_counts counts;
};

/* Keep copies of what was told. */
void copy_results_add(struct copy_results *, size_t host, const struct copy_result *);
void copy_results_end(struct copy_results *, size_t host, const struct copy_host_end *);

/*
 * "✓ web-01: 2 created, 3 unchanged" and what failed, a line each; with `is_verbose` a line for
 * each file.  "✗ web-02: cannot create ...: 1 failed".
 */
void copy_result_add_text(const struct copy_results *, const struct copy_host_result *,
	bool has_color, bool is_verbose, struct strbuf *out);

/* "2 created, 3 unchanged (1.5 MiB)" and what is worth a line, without how it ended; nothing where
 * nothing was done. */
void copy_result_add_story(
	const struct copy_results *, const struct copy_host_result *, struct strbuf *out);

/* Of a rehearsal: what would change, once for all hosts on which it would be the same. */
void copy_results_add_folded(const struct copy_results *, bool has_color, struct strbuf *out);

/* "18/20 servers have it all"; what the others came to. */
void copy_results_add_summary(const struct copy_results *, struct strbuf *out);

void copy_results_write_json(const struct copy_results *, struct strbuf *out);
void copy_result_add_jsonl(
	const struct copy_results *, const struct copy_host_result *, struct strbuf *out);
void copy_results_write_csv(const struct copy_results *, struct strbuf *out);

#endif
