/*
 * The flags of `fleet`: their rows, and those of a command line that is repeated.
 */
#include "cmd/fleet_options.h"

#include "cmd/request_line.h"

static const char *const output_names[] = {"text", "json", "jsonl", "csv", "junit", NULL};
static const char *const fold_names[] = {"none", "exact", "smart", NULL};

#define TIMEOUT_MAX_MS (7LL * 24 * 3600 * 1000)

// clang-format off
static const struct option_row which_rows[] = {
	SERVER_ROWS(struct fleet_opts, servers),
	{.name = "list", .letter = 'l', .type = &option_bool, .offset = offsetof(struct fleet_opts, is_list), .flags = OPTION_FLAG_ONLY,
	 .help = "print the selection, a server a line (with --output json, jsonl or csv what is known of each), and connect to nothing"},
	GUARD_ROWS(struct fleet_opts, guard),
	{0},
};

static const struct option_row command_rows[] = {
	{.name = "script", .type = &option_path, .offset = offsetof(struct fleet_opts, script), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "run this script of ours instead of a COMMAND; arguments for it follow, behind --"},
	{.name = "stdin", .type = &option_bool, .offset = offsetof(struct fleet_opts, takes_stdin), .flags = OPTION_FLAG_ONLY,
	 .help = "read our standard input to its end, and give it to the command on each server"},
	{.name = "env", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct fleet_opts, env), .flags = OPTION_FLAG_ONLY | OPTION_SECRET,
	 .placeholder = "NAME=VALUE", .help = "a variable for the command"},
	{.name = "directory", .letter = 'd', .type = &option_string, .offset = offsetof(struct fleet_opts, directory), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "DIR", .help = "run it there; else where the login begins"},
	{.name = "nice", .type = &option_int, .offset = offsetof(struct fleet_opts, nice), .flags = OPTION_FLAG_ONLY,
	 .min = -20, .max = 19, .placeholder = "N", .help = "run it with this niceness; 19 is the nicest"},
	{.name = "tty", .type = &option_bool, .offset = offsetof(struct fleet_opts, is_tty), .flags = OPTION_FLAG_ONLY,
	 .help = "give it a terminal; its two outputs become one then"},
	{.name = "sudo", .type = &option_bool, .offset = offsetof(struct fleet_opts, is_sudo), .flags = OPTION_FLAG_ONLY,
	 .help = "run it as root, with sudo"},
	{.name = "sudo_user", .type = &option_string, .offset = offsetof(struct fleet_opts, sudo_user), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "NAME", .help = "as this user instead of root; implies --sudo"},
	PASSWORD_SUDO_ROWS(struct fleet_opts, passwords),
	{0},
};

static const struct option_row how_rows[] = {
	SSH_WORKERS_ROW(struct fleet_opts, workers),
	{.name = "timeout", .letter = 't', .type = &option_duration, .offset = offsetof(struct fleet_opts, timeout_ms), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = TIMEOUT_MAX_MS, .help = "how long the command may run on one server; then it is ended there"},
	{.name = "silence", .type = &option_duration, .offset = offsetof(struct fleet_opts, silence_ms), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = TIMEOUT_MAX_MS, .help = "how long it may write nothing; then it is ended there"},
	{.name = "canary", .type = &option_bool, .offset = offsetof(struct fleet_opts, is_canary), .flags = OPTION_FLAG_ONLY,
	 .help = "begin with one server; if logging in or sudo is refused there, with no other"},
	{.name = "dry_run", .letter = 'n', .type = &option_bool, .offset = offsetof(struct fleet_opts, is_dry_run), .flags = OPTION_FLAG_ONLY,
	 .help = "log in, prove sudo, look for the directory, and run nothing"},
	{0},
};

static const struct option_row result_rows[] = {
	{.name = "output", .letter = 'o', .type = &option_choice, .offset = offsetof(struct fleet_opts, output), .flags = OPTION_FLAG_ONLY,
	 .def = "text", .choices = output_names, .placeholder = "FORMAT", .help = "how results are printed"},
	{.name = "fold", .type = &option_choice, .offset = offsetof(struct fleet_opts, fold), .flags = OPTION_FLAG_ONLY,
	 .bare = "exact", .choices = fold_names, .help = "show equal outputs once, at the end; smart: what always differs (own name, addresses, pids, times) counts as equal, and the odd ones are shown as differences"},
	{.name = "live", .type = &option_bool, .offset = offsetof(struct fleet_opts, is_live), .flags = OPTION_FLAG_ONLY,
	 .help = "with --fold: show lines as they come, too"},
	{.name = "output_dir", .type = &option_path, .offset = offsetof(struct fleet_opts, output_dir), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "DIR", .help = "everything that servers write, in files there: web-01.out, web-01.err"},
	{0},
};
// clang-format on

// clang-format off
static const struct option_row keys_rows[] = {
	{.name = "record", .type = &option_bool, .offset = offsetof(struct fleet_opts, keys.is_record), .flags = OPTION_FLAG_ONLY,
	 .help = "write new keys to the user's file of known hosts, after showing all of them and asking (or --yes)"},
	{.name = "replace_changed", .type = &option_bool, .offset = offsetof(struct fleet_opts, keys.is_replace), .flags = OPTION_FLAG_ONLY,
	 .help = "of servers whose keys have changed, take the old ones out of the files and write the new ones"},
	{.name = "expect", .type = &option_path, .offset = offsetof(struct fleet_opts, keys.expect), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "compare with this file, of known hosts or fingerprints; nothing else is written then"},
	{.name = "port", .type = &option_int, .offset = offsetof(struct fleet_opts, keys.port), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = 65535, .placeholder = "N", .help = "the port of those whose names say none, else as configured"},
	{0},
};

static const struct option_row login_rows[] = {
	PASSWORD_LOGIN_ROWS(struct fleet_opts, passwords),
	{0},
};

static const struct option_row ledger_rows[] = {
	{.name = "only", .type = &option_string, .offset = offsetof(struct fleet_opts, only), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "OUTCOMES", .help = "servers that ended so: exit, signal, timeout, unreachable, not-started, ok; failed is all but ok"},
	{.name = "limit", .type = &option_int, .offset = offsetof(struct fleet_opts, limit), .flags = OPTION_FLAG_ONLY,
	 .def = "20", .min = 1, .max = 100000, .placeholder = "N", .help = "the latest so many"},
	{.name = "store", .type = &option_path, .offset = offsetof(struct fleet_opts, store), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "where runs are written down; else as configured"},
	{0},
};
// clang-format on

const struct option_set fleet_sets[] = {
	{"Which servers", which_rows, NULL},
	{"The command", command_rows, NULL},
	{"How", how_rows, NULL},
	{"Results", result_rows, NULL},
	{"Host keys", keys_rows, NULL},
	{"Logging in", ssh_option_rows, NULL},
	{"Passwords", login_rows, NULL},
	{"Runs that were written down", ledger_rows, NULL},
	{"Common options", common_rows, NULL},
	{0},
};

/* --- A command line of before --- */

int fleet_check_withheld(
	const struct fleet_cmd *fleet, const struct run_request *request, struct err *err)
{
	for (size_t i = 0; i < request->withheld_count; i++) {
		if (option_map_find(&fleet->opts->env, str_of(request->withheld[i])) < 0) {
			return err_set(err, ERR_INPUT,
				"the value of --env %s is not kept: say --env %s=VALUE again",
				request->withheld[i], request->withheld[i]);
		}
	}
	return 0;
}

int fleet_take_request(struct fleet_cmd *fleet, const struct run_request *request,
	const char **ret_config, struct err *err)
{
	/* What says what is done, not how it is shown, asked about or allowed. */
	static const char *const kept[] = {"servers", "script", "stdin", "env", "directory", "nice",
		"tty", "sudo", "sudo_user", "sudo_password_file", "ask_sudo_password", "workers",
		"timeout", "silence", "canary", "username", "connect_timeout", "transport",
		"ssh_config", "password_file", "ask_password", NULL};
	static const char *const none[] = {NULL};
	const struct request_line_spec spec = {.request = request,
		.cmd = fleet->run->cmd,
		.kept = kept,
		.now = fleet->run,
		.passed_over = none};
	struct arena *arena = fleet->run->arena;
	struct request_line *line = arena_calloc(arena, 1, sizeof(*line));

	if (request_line_take(&spec, line, err) < 0) {
		return -1;
	}
	fleet->run = request_line_run(&spec, line);
	fleet->opts = line->opts;
	fleet->args = line->line.args;
	fleet->args_count = line->line.args_count;
	*ret_config = line->config;
	return 0;
}
