/*
 * The kind `host`: the health of a machine: of this one, written "local:", or of a server, over
 * SSH.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "check/host_local.h"
#include "check/host_remote.h"
#include "check/host_report.h"
#include "check/host_target.h"
#include "conf/inventory.h"

enum { STUCK_MARGIN_MS = 700 };

struct host_opts {
	const char *text; /* as written */
	struct host_target target;
	struct option_list include_mounts, exclude_mounts; /* const char * */
	int64_t mount_timeout_ms;
	int64_t cpu_sample_ms;
};

struct host_run {
	struct host_local *local; /* this machine, or else */
	struct host_remote *remote;
	const struct host_machine *machine; /* once it was measured */
};

// clang-format off
static const struct option_row host_rows[] = {
	{.name = "host", .type = &option_string, .offset = offsetof(struct host_opts, text), .flags = OPTION_VARIANT_KEY,
	 .placeholder = "HOSTS", .help = "the machine: a server, a node set (a check for each of them), ssh://USER@HOST:PORT; 'local:' is this one"},
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

static void host_not_measured(void *arg, const struct host_remote_failure *failure)
{
	check_done(arg, failure->state, failure->code, "%s", failure->text);
}

/* What hangs is told before the deadline of the run, so that it hides nothing else. */
static struct host_local *local_start(struct check_run *run)
{
	const struct host_opts *opts = run->opts;
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

	return host_local_start(&spec, host_measured, run);
}

/* The target's own goes before one that was given, that before the inventory's, and that before one
 * for all servers. */
static const char *username_of(const struct check_run *run, const struct inventory_host *known)
{
	const struct host_target *target = &((const struct host_opts *)run->opts)->target;

	if (target->username) {
		return target->username;
	}
	if (!run->env->is_ssh_username_given && known && known->username) {
		return known->username;
	}
	return run->env->ssh_username;
}

static struct ssh_login_spec login_of(const struct check_run *run)
{
	const struct host_target *target = &((const struct host_opts *)run->opts)->target;
	const struct inventory *inventory = run->env->inventory;
	const struct inventory_host *known =
		inventory ? inventory_find(inventory, target->host) : NULL;

	return (struct ssh_login_spec){
		.name = target->host,
		.address = known ? known->address : NULL,
		.username = username_of(run, known),
		.port = target->port || !known ? target->port : (uint16_t)known->port,
		.connect_timeout_ms = run->env->ssh_connect_timeout_ms,
	};
}

static struct host_remote *remote_start(struct check_run *run)
{
	static const struct host_remote_events events = {
		.measured = host_measured,
		.failed = host_not_measured,
	};
	const struct host_opts *opts = run->opts;
	int64_t timeout_ms = run->check->timeout_ms;
	const struct host_remote_spec spec = {
		.loop = run->env->loop,
		.arena = run->arena,
		.connector = run->env->ssh,
		.login = login_of(run),
		.include_mounts = &opts->include_mounts,
		.exclude_mounts = &opts->exclude_mounts,
		.cpu_sample_ms = at_most(opts->cpu_sample_ms, timeout_ms / 2),
		.mount_timeout_ms = opts->mount_timeout_ms,
		.timeout_ms = timeout_ms,
	};

	return host_remote_start(&spec, &events, run);
}

static void host_start(struct check_run *run)
{
	struct host_run *host = arena_alloc(run->arena, sizeof(*host));
	const struct host_opts *opts = run->opts;

	run->state = host;
	if (opts->target.is_local) {
		host->local = local_start(run);
	} else {
		host->remote = remote_start(run);
	}
}

static const char *host_interrupted(struct check_run *run)
{
	const struct host_run *host = run->state;

	return host->local ? host_local_phase(host->local) : host_remote_phase(host->remote);
}

static void host_explain(struct check_run *run)
{
	const struct host_run *host = run->state;

	if (host->machine) {
		host_report_explain(
			&host->machine->facts, &host->machine->filesystems, &run->result);
	}
}

static void host_release(struct check_run *run)
{
	struct host_run *host = run->state;

	host_local_free(&host->local);
	host_remote_free(&host->remote);
}

static int host_from_target(struct str target, struct arena *arena, void *opts, struct err *err)
{
	(void)err;
	((struct host_opts *)opts)->text = str_dup(target, arena);
	return 0;
}

static int host_validate(void *opts, struct arena *arena, struct err *err)
{
	struct host_opts *host = opts;

	return host_target_parse(str_of(host->text ? host->text : ""), arena, &host->target, err);
}

static const char *host_target(const void *opts, struct arena *arena)
{
	return arena_strdup(arena, ((const struct host_opts *)opts)->text);
}

static const char *host_servers(const void *opts)
{
	return ((const struct host_opts *)opts)->target.host;
}

static bool host_has_servers(const void *opts)
{
	return ((const struct host_opts *)opts)->target.is_set;
}

static void host_set_server(void *opts, const char *server, struct arena *arena)
{
	struct host_opts *host = opts;

	host->text = host_target_choose(&host->target, server, arena);
}

static const char *const host_schemes[] = {"local", "ssh", NULL};

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
	.servers = host_servers,
	.has_servers = host_has_servers,
	.set_server = host_set_server,
	.start = host_start,
	.interrupted = host_interrupted,
	.explain = host_explain,
	.release = host_release,
};
