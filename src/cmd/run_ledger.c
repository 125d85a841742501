/*
 * A run is written down with its command line, who typed it, and where.  See run_ledger.h.
 */
#include "cmd/run_ledger.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/host_name.h"
#include "base/time.h"
#include "cmd/author.h"
#include "cmd/cmd.h"
#include "store/store_path.h"

int run_ledger_path(const char *store, struct arena *arena, const char **ret_path, struct err *err)
{
	if (!store) {
		return store_default_path(geteuid(), arena, ret_path, err);
	}
	*ret_path = store;
	return 0;
}

/* An error, which --quiet does not hide: what is repeated next would be an older run. */
static void not_written_down(void *arg, const struct err *err)
{
	const struct log_context *log = arg;

	log_error(log, "%s; the run goes on, and is not written down to its end", err->msg);
}

static const char *here(struct arena *arena)
{
	_cleanup_(freep) char *folder = getcwd(NULL, 0);

	return folder ? arena_strdup(arena, folder) : "/";
}

/* From here, where it was found, also when the command line was typed elsewhere. */
static const char *absolute(const char *path, struct arena *arena)
{
	if (!path || path[0] == '/') {
		return path;
	}
	return arena_printf(
		arena, "%s/%s", here(arena), strncmp(path, "./", 2) == 0 ? path + 2 : path);
}

static void add_request(const struct run_ledger_spec *spec, struct strbuf *out)
{
	struct arena *arena = spec->run->arena;
	struct run_request request;

	run_request_init(&request, spec->run->argc, spec->run->argv,
		spec->directory ? spec->directory : here(arena), spec->script, arena);
	request.first_count = spec->first_count;
	request.naming = spec->naming;
	request.config = absolute(spec->config, arena);
	request.knows_config = true;
	run_request_add_json(&request, out);
}

struct ledger *run_ledger_open(const struct run_ledger_spec *spec)
{
	_cleanup_(strbuf_release) struct strbuf options = STRBUF_INIT;
	const struct host_name host = host_name_get();
	struct ledger *ledger = NULL;
	struct stored_run run = {
		.started_ms = time_wall_ms(),
		.author = author_name(spec->run->arena),
		.host = host.text,
		.pid = getpid(),
		.command = spec->shown,
		.selection = spec->selection,
	};
	struct ledger_spec ledger_spec = {
		.command = spec->log->component,
		.run = &run,
		.names = spec->servers->set.names,
		.count = spec->servers->hosts_count,
		.lost = spec->lost,
		.failed = not_written_down,
		.arg = (void *)(uintptr_t)spec->log,
	};
	struct err err = {0};

	add_request(spec, &options);
	run.options = options.buf;
	if (run_ledger_path(spec->store, spec->run->arena, &ledger_spec.path, &err) < 0 ||
		ledger_open(&ledger_spec, &ledger, &err) < 0) {
		log_error(spec->log, "%s; the run goes on, and is not written down", err.msg);
	}
	return ledger;
}
