/*
 * `fleet COMMAND`: what is to run, where, and whether that is meant.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/spool.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "cmd/fleet_cmd.h"
#include "cmd/fleet_list.h"
#include "cmd/fleet_run.h"
#include "cmd/password.h"
#include "cmd/run_ledger.h"
#include "fleet/fan_out.h"
#include "fleet/fold_digest.h"
#include "fleet/script_command.h"

enum { INPUT_MEMORY_MAX = 16 << 20 };

/* What a run needs that is not a flag as it stands. */
struct prepared {
	const char *shown; /* the command as people know it */
	struct strbuf command, script;
	const char *script_digest; /* NULL: there is no script */
	struct spool input;
	struct strbuf password, sudo_password;
};

static void prepared_init(struct prepared *prepared)
{
	*prepared = (struct prepared){
		.command = STRBUF_INIT,
		.script = STRBUF_INIT,
		.input = {.bytes = str_n("", 0)},
		.password = STRBUF_INIT_MAX(PASSWORD_MAX),
		.sudo_password = STRBUF_INIT_MAX(PASSWORD_MAX),
	};
}

static void prepared_release(struct prepared *prepared)
{
	strbuf_release(&prepared->command);
	strbuf_release(&prepared->script);
	spool_release(&prepared->input);
	password_release(&prepared->password);
	password_release(&prepared->sudo_password);
}

/* Several words are joined by spaces, as ssh does it. */
static void join_words(const struct fleet_cmd *fleet, struct strbuf *out)
{
	for (size_t i = 0; i < fleet->args_count; i++) {
		strbuf_adds(out, out->len > 0 ? " " : "");
		strbuf_adds(out, fleet->args[i]);
	}
}

static const char *digest_of(struct str bytes, struct arena *arena)
{
	const struct fold_key key = fold_digest_text(bytes);

	return arena_strdup(arena, key.text);
}

static int prepare_script(const struct fleet_cmd *fleet, struct prepared *prepared, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf shown = STRBUF_INIT;

	if (file_read(fleet->opts->script, FILE_REGULAR, SCRIPT_BYTES_MAX, &prepared->script, err) <
			0 ||
		script_command_add(&prepared->command, strbuf_str(&prepared->script), fleet->args,
			fleet->args_count, err) < 0) {
		return err_wrap(err, "--script");
	}
	prepared->script_digest = digest_of(strbuf_str(&prepared->script), fleet->run->arena);
	strbuf_adds(&shown, fleet->opts->script);
	join_words(fleet, &shown);
	prepared->shown = arena_strdup(fleet->run->arena, shown.buf);
	return 0;
}

static int prepare_command(
	const struct fleet_cmd *fleet, struct prepared *prepared, struct err *err)
{
	if (fleet->opts->script) {
		return prepare_script(fleet, prepared, err);
	}
	join_words(fleet, &prepared->command);
	prepared->shown = prepared->command.buf;
	return 0;
}

/* The script goes before what we read. */
static int prepare_input(const struct fleet_cmd *fleet, struct prepared *prepared, struct err *err)
{
	int fd = fleet->opts->takes_stdin ? STDIN_FILENO : -1;

	if (fd >= 0 && terminal_is(fd)) {
		return err_set(err, ERR_INPUT,
			"--stdin: standard input is the terminal; give it a file or a pipe");
	}
	return spool_read(
		fd, strbuf_str(&prepared->script), INPUT_MEMORY_MAX, &prepared->input, err);
}

static int prepare_passwords(
	const struct fleet_cmd *fleet, struct prepared *prepared, struct err *err)
{
	return password_get_both(
		&fleet->opts->passwords, &prepared->password, &prepared->sudo_password, err);
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

static enum supervisor_sudo sudo_of(const struct fleet_opts *opts)
{
	if (opts->passwords.sudo_file || opts->passwords.asks_sudo) {
		return SUPERVISOR_SUDO_PASSWORD;
	}
	return opts->is_sudo || opts->sudo_user ? SUPERVISOR_SUDO_QUIET : SUPERVISOR_SUDO_NONE;
}

static void set_command(const struct fleet_cmd *fleet, const struct prepared *prepared,
	struct remote_command_spec *command)
{
	const struct fleet_opts *opts = fleet->opts;

	*command = (struct remote_command_spec){
		.supervised =
			{
				.command = prepared->command.buf,
				.directory = opts->directory,
				.env = env_of(fleet),
				.has_nice = cmd_run_has(fleet->run, "nice"),
				.nice = (int)opts->nice,
				.has_input = opts->takes_stdin || opts->script,
				.sudo = sudo_of(opts),
				.sudo_user = opts->sudo_user,
			},
		.input = prepared->input.bytes,
		.sudo_password =
			prepared->sudo_password.len > 0 ? prepared->sudo_password.buf : NULL,
		.wants_tty = opts->is_tty,
		.columns = terminal_width(STDOUT_FILENO),
		.silence_ms = opts->silence_ms,
		.total_ms = opts->timeout_ms,
		.is_rehearsal = opts->is_dry_run,
	};
}

/* A wrong password must not lock an account everywhere. */
static bool has_canary(const struct fleet_cmd *fleet, const struct prepared *prepared)
{
	return fleet->opts->is_canary || prepared->password.len > 0 ||
	       prepared->sudo_password.len > 0;
}

static void set_fan(const struct fleet_cmd *fleet, const struct server_selection *selection,
	const struct prepared *prepared, struct fan_out_spec *fan)
{
	*fan = (struct fan_out_spec){
		.queue =
			{
				.hosts = selection->hosts,
				.hosts_count = selection->hosts_count,
				.has_canary = has_canary(fleet, prepared),
			},
		.password = prepared->password.len > 0 ? prepared->password.buf : NULL,
		.connect_timeout_ms = fleet->ssh.connect_timeout_ms,
	};
	set_command(fleet, prepared, &fan->command);
}

/* --- The ledger --- */

static struct ledger *open_ledger(const struct fleet_cmd *fleet,
	const struct server_selection *selection, const struct prepared *prepared,
	const char *selection_text)
{
	const struct run_ledger_spec spec = {
		.run = fleet->run,
		.log = &fleet_log,
		.store = fleet->store_path,
		.shown = prepared->shown,
		.selection = selection_text,
		.servers = selection,
		.directory = fleet->directory,
		.config = fleet->config.conf.file,
		.script = prepared->script_digest,
		.lost = "the command was started, and not heard to end",
	};

	return run_ledger_open(&spec);
}

/* --- Running --- */

static bool is_asked(const struct fleet_opts *opts)
{
	return opts->passwords.asks_login || opts->passwords.asks_sudo;
}

static enum exit_code run_prepared(struct fleet_cmd *fleet,
	const struct server_selection *selection, struct prepared *prepared,
	const char *selection_text)
{
	const struct fleet_opts *opts = fleet->opts;
	struct fleet_run_spec spec = {
		.fleet = fleet, .selection = selection, .command = prepared->shown};
	struct err err = {0};

	set_fan(fleet, selection, prepared, &spec.fan);
	/* Whoever is asked for a password knows by then what for; a file is looked at first. */
	if (supervisor_check(&spec.fan.command.supervised, &err) < 0 ||
		(!is_asked(opts) && prepare_passwords(fleet, prepared, &err) < 0) ||
		server_guard(&opts->guard, fleet->run->common, selection, false, &err) < 0 ||
		(is_asked(opts) && prepare_passwords(fleet, prepared, &err) < 0) ||
		prepare_input(fleet, prepared, &err) < 0) {
		return fleet_failed(fleet, &err);
	}
	set_fan(fleet, selection, prepared, &spec.fan);
	if (!opts->is_dry_run) {
		spec.ledger = open_ledger(fleet, selection, prepared, selection_text);
	}
	return fleet_run(&spec);
}

enum exit_code fleet_run_on(struct fleet_cmd *fleet, const struct server_selection *selection,
	const char *selection_text)
{
	struct prepared prepared;
	enum exit_code exit_code;
	struct err err = {0};

	prepared_init(&prepared);
	if (prepare_command(fleet, &prepared, &err) < 0) {
		exit_code = fleet_failed(fleet, &err);
	} else {
		exit_code = run_prepared(fleet, selection, &prepared, selection_text);
	}
	prepared_release(&prepared);
	return exit_code;
}

static const char *selection_text(const struct fleet_cmd *fleet)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	server_add_selection(&text, &fleet->opts->servers);
	return arena_strdup(fleet->run->arena, text.buf);
}

/* As of an unset "$COMMAND". */
static bool is_blank(const struct fleet_cmd *fleet)
{
	for (size_t i = 0; i < fleet->args_count; i++) {
		if (str_trim(str_of(fleet->args[i])).len > 0) {
			return false;
		}
	}
	return true;
}

static enum exit_code check_flags(const struct fleet_cmd *fleet)
{
	const struct fleet_opts *opts = fleet->opts;

	if (opts->is_list) {
		return EXIT_CODE_OK;
	}
	if (!opts->script && is_blank(fleet)) {
		return cmd_run_usage(fleet->run,
			"which command? as in sre-toolkit fleet \"uptime\" "
			"--servers servers.txt");
	}
	if (opts->script && opts->is_tty) {
		return cmd_run_usage(fleet->run, "--script does not go with --tty");
	}
	return EXIT_CODE_OK;
}

/* "fleet ls -l" means the command's -l, and gets ours. */
static void tell_what_is_not_run(const struct fleet_cmd *fleet)
{
	_cleanup_(strbuf_release) struct strbuf words = STRBUF_INIT;

	if (fleet->opts->script) {
		strbuf_addf(&words, "--script %s", fleet->opts->script);
	}
	for (size_t i = 0; i < fleet->args_count; i++) {
		strbuf_addf(&words, "%s%s", words.len > 0 ? " " : "", fleet->args[i]);
	}
	if (words.len > 0) {
		log_warn(&fleet_log,
			"--list (-l) prints the servers, and '%s' is not run; flags of the "
			"command's own go into quotes",
			utf8_quote(strbuf_str(&words)).text);
	}
}

static enum exit_code fleet_command(void *cmd)
{
	struct fleet_cmd *fleet = cmd;
	enum exit_code exit_code = check_flags(fleet);
	struct server_selection selection;
	struct err err = {0};

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (server_select(&fleet->opts->servers, &fleet->config, &fleet->ssh, fleet->run->arena,
		    &selection, &err) < 0) {
		return fleet_failed(fleet, &err);
	}
	if (fleet->opts->is_list) {
		tell_what_is_not_run(fleet);
		return fleet_list(fleet, &selection);
	}
	return fleet_run_on(fleet, &selection, selection_text(fleet));
}

const struct verb fleet_verb_command = {
	.doc =
		{
			.summary = "running a command",
			.flags = FLEET_RUN_FLAGS
			"servers hosts list dry_run script directory nice tty sudo sudo_user",
		},
	.args_max = VERB_ARGS_ANY,
	.run = fleet_command,
};
