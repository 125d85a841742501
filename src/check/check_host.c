/*
 * The kind `host`: the health of a machine; this one, written "local:".
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "check/host_local.h"
#include "check/host_report.h"

enum { STUCK_MARGIN_MS = 700 };

struct host_opts {
	const char *target;
	struct option_list include_mounts, exclude_mounts; /* const char * */
	int64_t mount_timeout_ms;
	int64_t cpu_sample_ms;
};

struct host_run {
	struct host_local *local;
	const struct host_machine *machine; /* once it was measured */
};

// clang-format off
static const struct option_row host_rows[] = {
	{.name = "host", .type = &option_string, .offset = offsetof(struct host_opts, target), .flags = OPTION_VARIANT_KEY,
	 .placeholder = "local:", .help = "the machine: 'local:' is this one"},
	{.name = "include_mounts", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct host_opts, include_mounts),
	 .placeholder = "GLOB", .help = "mount points (/...) or filesystem types to measure besides the real ones"},
	{.name = "exclude_mounts", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct host_opts, exclude_mounts),
	 .placeholder = "GLOB", .help = "mount points (/...) or filesystem types to leave out"},
	{.name = "mount_timeout", .type = &option_duration, .offset = offsetof(struct host_opts, mount_timeout_ms),
	 .def = "3s", .min = 10, .max = 3600 * 1000, .help = "how long a filesystem may take to answer"},
	{.name = "cpu_sample", .type = &option_duration, .offset = offsetof(struct host_opts, cpu_sample_ms),
	 .def = "200ms", .min = 10, .max = 3600 * 1000, .help = "how long CPU time is watched"},
	{0},
};
// clang-format on

static void host_measured(void *arg, const struct host_machine *machine)
{
	struct check_run *run = arg;
	struct host_run *host = run->state;
	struct strbuf message = STRBUF_INIT;
	enum check_code code = CODE_OK;
	enum check_state state;

	host->machine = machine;
	host_report_add_values(&machine->facts, &machine->filesystems, &run->result);
	state = host_report_add_failures(&machine->facts, &machine->filesystems, &message, &code);
	if (message.len > 0) {
		strbuf_adds(&message, "; ");
	}
	host_report_add_summary(&machine->facts, &machine->filesystems, &message);
	check_done(run, state, code, "%s", message.buf);
	strbuf_release(&message);
}

static int64_t at_most(int64_t ms, int64_t max_ms)
{
	return ms < max_ms ? ms : max_ms;
}

/* What hangs is told before the deadline of the run, so that it hides nothing else. */
static void host_start(struct check_run *run)
{
	const struct host_opts *opts = run->opts;
	struct host_run *host = arena_alloc(run->arena, sizeof(*host));
	int64_t timeout_ms = run->check->timeout_ms;
	int64_t mount_max_ms =
		timeout_ms > 2 * STUCK_MARGIN_MS ? timeout_ms - STUCK_MARGIN_MS : timeout_ms / 2;
	const struct host_local_spec spec = {
		.loop = run->env->loop,
		.arena = run->arena,
		.include_mounts = &opts->include_mounts,
		.exclude_mounts = &opts->exclude_mounts,
		.cpu_sample_ms = at_most(opts->cpu_sample_ms, timeout_ms / 2),
		.mount_timeout_ms = at_most(opts->mount_timeout_ms, mount_max_ms),
	};

	run->state = host;
	host->local = host_local_start(&spec, host_measured, run);
}

static const char *host_interrupted(struct check_run *run)
{
	const struct host_run *host = run->state;

	return host_local_phase(host->local);
}

static void host_explain(struct check_run *run)
{
	const struct host_run *host = run->state;

	host_report_explain(&host->machine->facts, &host->machine->filesystems, &run->result);
}

static void host_release(struct check_run *run)
{
	struct host_run *host = run->state;

	host_local_free(&host->local);
}

static int host_from_target(struct str target, struct arena *arena, void *opts, struct err *err)
{
	(void)err;
	((struct host_opts *)opts)->target = str_dup(target, arena);
	return 0;
}

static int host_validate(void *opts, struct arena *arena, struct err *err)
{
	const struct host_opts *host = opts;

	(void)arena;
	if (!host->target || !str_case_eq(str_of(host->target), str_of("local:"))) {
		return err_set(err, ERR_INPUT,
			"'%s' is not a machine that can be measured; write 'local:' for this one",
			host->target ? host->target : "");
	}
	return 0;
}

static const char *host_target(const void *opts, struct arena *arena)
{
	return arena_strdup(arena, ((const struct host_opts *)opts)->target);
}

static const char *const host_schemes[] = {"local", NULL};

const struct check_kind check_host = {
	.variant =
		{
			.name = "host",
			.summary = "a machine has CPU, memory and space left, and nothing hangs",
			.rows = host_rows,
			.opts_size = sizeof(struct host_opts),
			.object = &check_host,
			.validate = host_validate,
		},
	.values = host_values,
	.schemes = host_schemes,
	.timeout_state = CHECK_UNKNOWN,
	.from_target = host_from_target,
	.target = host_target,
	.start = host_start,
	.interrupted = host_interrupted,
	.explain = host_explain,
	.release = host_release,
};
