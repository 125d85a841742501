/*
 * `fleet retry`: a run that was written down, again, on those of its servers where it did not work.
 */
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/host_name.h"
#include "cmd/copy_cmd.h"
#include "cmd/fleet_cmd.h"
#include "cmd/fleet_list.h"
#include "cmd/fleet_options.h"
#include "cmd/request_line.h"
#include "fleet/fold_digest.h"
#include "fleet/outcome.h"
#include "fleet/run_request.h"
#include "fleet/script_command.h"

static int read_kinds(const struct fleet_cmd *fleet, unsigned *ret_kinds, struct err *err)
{
	const char *only = fleet->opts->only ? fleet->opts->only : "failed";

	if (outcome_kinds_parse(str_of(only), ret_kinds, err) < 0) {
		return err_wrap(err, "--only");
	}
	return 0;
}

/* What it left undone may still be done. */
static int check_has_ended(const struct stored_run *run, struct err *err)
{
	const struct host_name host = host_name_get();

	if (run->ended_ms == 0 && strcmp(host.text, run->host) == 0 &&
		kill((pid_t)run->pid, 0) == 0) {
		return err_set(err, ERR_BUSY, "run %lld is still under way, as pid %lld",
			(long long)run->id, (long long)run->pid);
	}
	return 0;
}

static int check_script(
	const struct fleet_cmd *fleet, const struct run_request *request, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (!request->script || !fleet->opts->script) {
		return 0;
	}
	if (file_read(fleet->opts->script, FILE_REGULAR, SCRIPT_BYTES_MAX, &text, err) < 0) {
		return err_wrap(err, "--script");
	}
	if (strcmp(fold_digest_text(strbuf_str(&text)).text, request->script) != 0) {
		return err_set(err, ERR_INPUT,
			"'%s' is not the script any more that was run: begin a new run with it",
			fleet->opts->script);
	}
	return 0;
}

static const char **names_of(const struct stored_run_hosts *hosts, struct arena *arena)
{
	const char **names = arena_calloc(arena, hosts->items_count, sizeof(*names));

	for (size_t i = 0; i < hosts->items_count; i++) {
		names[i] = hosts->items[i].name;
	}
	return names;
}

/* The configuration that it was run with, unless another one is given; of an older record the one
 * that was typed, else the one that is found now. */
static int load_config(struct fleet_cmd *fleet, const struct run_request *request,
	const char *typed, struct err *err)
{
	const char *path = request->knows_config ? request->config : typed;

	if (fleet->run->common->config || (!path && !request->knows_config)) {
		return 0;
	}
	if (fleet->store_path) {
		fleet->store_path = arena_strdup(fleet->run->arena, fleet->store_path);
	}
	config_release(&fleet->config);
	if (!path) {
		config_load_nothing(&fleet->config);
		return 0;
	}
	return config_load(&fleet->config, path, err);
}

static int read_stored(struct fleet_cmd *fleet, struct fleet_stored *stored, struct err *err)
{
	unsigned kinds = 0;
	int64_t id = 0;

	if (read_kinds(fleet, &kinds, err) < 0 || fleet_id_argument(fleet, 0, &id, err) < 0 ||
		fleet_read_run(fleet, id, kinds, stored, err) < 0) {
		return -1;
	}
	if (stored->hosts.items_count > 0) {
		return 0;
	}
	if (stored->run.hosts_ok == stored->run.hosts) {
		return err_set(err, ERR_INPUT,
			"run %lld ended well on all its servers (%lld): nothing was done",
			(long long)stored->run.id, (long long)stored->run.hosts);
	}
	return err_set(err, ERR_INPUT, "no server of run %lld ended in '%s': nothing was done",
		(long long)stored->run.id, fleet->opts->only);
}

/* What was asked for then, but for what is asked for now. */
static int take_up(struct fleet_cmd *fleet, const struct run_request *request, struct err *err)
{
	const char *config = NULL;

	if ((!fleet->opts->is_list && fleet_check_withheld(fleet, request, err) < 0) ||
		fleet_take_request(fleet, request, &config, err) < 0 ||
		load_config(fleet, request, config, err) < 0) {
		return -1;
	}
	fleet->directory = request->directory;
	ssh_options_join(&fleet->config.ssh, &fleet->opts->ssh, fleet->run->line, &fleet->ssh);
	return 0;
}

/* The servers of the run, as they are known now. */
static int select_again(struct fleet_cmd *fleet, const struct stored_run_hosts *hosts,
	struct server_selection *ret_selection, struct err *err)
{
	struct arena *arena = fleet->run->arena;

	return server_select_names(names_of(hosts, arena), hosts->items_count,
		fleet->opts->servers.file, &fleet->config, &fleet->ssh, arena, ret_selection, err);
}

static void say_again(const struct fleet_cmd *fleet, const struct stored_run *run)
{
	fleet_say(fleet, "again, as in run %lld: %s", (long long)run->id, run->command);
}

static const char *selection_text(const struct fleet_cmd *fleet, const struct stored_run *run)
{
	return arena_printf(fleet->run->arena, "retry %lld", (long long)run->id);
}

static enum exit_code failed_in(
	const struct fleet_cmd *fleet, const struct stored_run *run, struct err *err)
{
	(void)err_wrap(err, "run %lld", (long long)run->id);
	return fleet_failed(fleet, err);
}

static enum exit_code retry_command(struct fleet_cmd *fleet, const struct fleet_stored *stored,
	const struct run_request *request)
{
	struct server_selection selection;
	struct err err = {0};

	if (take_up(fleet, request, &err) < 0 ||
		(!fleet->opts->is_list && check_script(fleet, request, &err) < 0)) {
		return failed_in(fleet, &stored->run, &err);
	}
	if (select_again(fleet, &stored->hosts, &selection, &err) < 0) {
		return fleet_failed(fleet, &err);
	}
	if (fleet->opts->is_list) {
		return fleet_list(fleet, &selection);
	}
	say_again(fleet, &stored->run);
	return fleet_run_on(fleet, &selection, selection_text(fleet, &stored->run));
}

/* --- of a copy ------------------------------------------------------------------------------ */

static int take_up_copy(struct fleet_cmd *fleet, const struct fleet_stored *stored,
	const struct run_request *request, struct copy_cmd *copy, struct err *err)
{
	static const char *const passed_over[] = {"only", "list", NULL};
	const struct request_line_spec spec = {.request = request,
		.cmd = &cmd_copy,
		.kept = copy_kept_flags,
		.now = fleet->run,
		.passed_over = passed_over};
	struct arena *arena = fleet->run->arena;
	struct request_line *line = arena_calloc(arena, 1, sizeof(*line));

	if (request_line_take(&spec, line, err) < 0 ||
		load_config(fleet, request, line->config, err) < 0) {
		return -1;
	}
	copy_cmd_init(copy, request_line_run(&spec, line), &fleet->config);
	copy->store_path = fleet->store_path;
	copy->directory = request->directory;
	copy->first_count = request->first_count;
	copy->naming = request->naming;
	copy->selection_text = selection_text(fleet, &stored->run);
	ssh_options_join(&fleet->config.ssh, &copy->opts->ssh, &line->line, &copy->ssh);
	return server_select_names(names_of(&stored->hosts, arena), stored->hosts.items_count,
		copy->opts->servers.file, &fleet->config, &copy->ssh, arena, &copy->selection, err);
}

static enum exit_code retry_copy(struct fleet_cmd *fleet, const struct fleet_stored *stored,
	const struct run_request *request)
{
	enum exit_code exit_code;
	struct copy_cmd copy;
	struct err err = {0};

	if (take_up_copy(fleet, stored, request, &copy, &err) < 0) {
		return failed_in(fleet, &stored->run, &err);
	}
	if (fleet->opts->is_list) {
		return fleet_list(fleet, &copy.selection);
	}
	say_again(fleet, &stored->run);
	exit_code = copy_cmd_run(&copy);
	copy_cmd_release(&copy);
	return exit_code;
}

static enum exit_code fleet_retry(void *cmd)
{
	struct fleet_cmd *fleet = cmd;
	struct fleet_stored stored = {0};
	struct run_request request = {0};
	struct err err = {0};

	if (read_stored(fleet, &stored, &err) < 0 ||
		(!fleet->opts->is_list && check_has_ended(&stored.run, &err) < 0)) {
		return fleet_failed(fleet, &err);
	}
	if (run_request_read(stored.run.options, fleet->run->arena, &request, &err) < 0) {
		return failed_in(fleet, &stored.run, &err);
	}
	return run_request_is_of(&request, cmd_copy.doc.name)
		       ? retry_copy(fleet, &stored, &request)
		       : retry_command(fleet, &stored, &request);
}

static const struct doc_example examples[] = {
	{"sre-toolkit fleet retry --only unreachable,timeout", "the latest run, where it hung"},
	{"sre-toolkit fleet retry 41 --list", "where would that be?"},
	{0},
};

const struct verb fleet_verb_retry = {
	.doc =
		{
			.name = "retry",
			.arguments = "[ID]",
			.summary = "again, where it did not end well, or --only so",
			.description = "Runs the command of a run that was written down once "
				       "more, of the latest one without ID, with the flags that "
				       "it had then; those that are given now count more, for "
				       "this time. Without --only it is run where it did not end "
				       "well.\n\n"
				       "The values of --env are not kept, and must be given "
				       "again. Of a copy, what it copied is copied once more, "
				       "as it is now.",
			.flags = FLEET_RUN_FLAGS "only list dry_run",
			.examples = examples,
		},
	.args_max = 1,
	.run = fleet_retry,
};
