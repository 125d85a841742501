/*
 * `fleet COMMAND`: what is to run, where, and whether that is meant.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/terminal.h"
#include "cmd/fleet_cmd.h"
#include "cmd/fleet_run.h"
#include "fleet/fan_out.h"

/* Several words are joined by spaces, as ssh does it. */
static const char *join_words(const struct fleet_cmd *fleet)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < fleet->args_count; i++) {
		strbuf_adds(&text, i > 0 ? " " : "");
		strbuf_adds(&text, fleet->args[i]);
	}
	return arena_strdup(fleet->run->arena, text.buf);
}

/* "NAME=value"..., NULL-terminated. */
static const char *const *env_of(const struct fleet_cmd *fleet)
{
	const struct option_map *map = &fleet->opts->env;
	struct arena *arena = fleet->run->arena;
	const char **env = arena_calloc(arena, map->count + 1, sizeof(*env));

	for (size_t i = 0; i < map->count; i++) {
		env[i] =
			arena_printf(arena, "%s=%s", map->keys[i], OPTION_AT(map, const char *, i));
	}
	return env;
}

static void set_command(const struct fleet_cmd *fleet, struct remote_command_spec *command)
{
	const struct fleet_opts *opts = fleet->opts;

	*command = (struct remote_command_spec){
		.supervised =
			{
				.directory = opts->directory,
				.env = env_of(fleet),
				.has_nice = fleet_has(fleet, "nice"),
				.nice = (int)opts->nice,
				.sudo = opts->is_sudo || opts->sudo_user ? SUPERVISOR_SUDO_QUIET
									 : SUPERVISOR_SUDO_NONE,
				.sudo_user = opts->sudo_user,
			},
		.wants_tty = opts->is_tty,
		.columns = terminal_width(STDOUT_FILENO),
		.silence_ms = opts->silence_ms,
		.total_ms = opts->timeout_ms,
		.is_rehearsal = opts->is_dry_run,
	};
}

static int64_t workers_of(const struct fleet_cmd *fleet)
{
	if (fleet->opts->workers > 0) {
		return fleet->opts->workers;
	}
	return fleet->ssh.workers > 0 ? fleet->ssh.workers : FAN_OUT_WORKERS;
}

static void set_fan(const struct fleet_cmd *fleet, const struct server_selection *selection,
	struct fan_out_spec *fan)
{
	*fan = (struct fan_out_spec){
		.hosts = selection->hosts,
		.hosts_count = selection->hosts_count,
		.workers = (int)workers_of(fleet),
		.has_canary = fleet->opts->is_canary,
		.connect_timeout_ms = fleet->ssh.connect_timeout_ms,
	};
	set_command(fleet, &fan->command);
}

static enum exit_code list(const struct fleet_cmd *fleet, const struct server_selection *selection)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < selection->hosts_count; i++) {
		strbuf_addf(&text, "%s\n", selection->hosts[i].name);
	}
	return fleet_write_out(fleet, &text, EXIT_CODE_OK);
}

static enum exit_code run_selection(
	struct fleet_cmd *fleet, const struct server_selection *selection)
{
	const struct fleet_opts *opts = fleet->opts;
	struct fleet_run_spec spec = {.fleet = fleet, .selection = selection};
	struct err err = {0};

	spec.command = join_words(fleet);
	set_fan(fleet, selection, &spec.fan);
	spec.fan.command.supervised.command = spec.command;
	if (supervisor_check(&spec.fan.command.supervised, &err) < 0 ||
		server_guard(&opts->guard, fleet->run->common, selection, opts->is_dry_run, &err) <
			0) {
		return fleet_failed(fleet, &err);
	}
	return fleet_run(&spec);
}

enum exit_code fleet_command(struct fleet_cmd *fleet)
{
	struct server_selection selection;
	struct err err = {0};

	if (!fleet->opts->is_list && fleet->args_count == 0) {
		return fleet_usage(fleet, "which command? as in sre-toolkit fleet \"uptime\" "
					  "--servers servers.txt");
	}
	if (server_select(&fleet->opts->servers, &fleet->config, &fleet->ssh, fleet->run->arena,
		    &selection, &err) < 0) {
		return fleet_failed(fleet, &err);
	}
	return fleet->opts->is_list ? list(fleet, &selection) : run_selection(fleet, &selection);
}
