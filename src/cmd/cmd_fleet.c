/*
 * `sre-toolkit fleet`: its flags, its verbs, and which flag is for which verb.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "cmd/fleet_cmd.h"

enum { ARGS_ANY = -1, HOURS_MS = 3600 * 1000, DAYS_MAX_MS = 24 * HOURS_MS };

static const char *const output_names[] = {"text", "json", "jsonl", "csv", "junit", NULL};
static const char *const fold_names[] = {"none", "exact", "smart", NULL};

#define TIMEOUT_MAX_MS (7LL * 24 * 3600 * 1000)

// clang-format off
static const struct option_row which_rows[] = {
	SERVER_ROWS(struct fleet_opts, servers),
	{.name = "list", .letter = 'l', .type = &option_bool, .offset = offsetof(struct fleet_opts, is_list), .flags = OPTION_FLAG_ONLY,
	 .help = "print the selection, a server a line, and connect to nothing"},
	GUARD_ROWS(struct fleet_opts, guard),
	{0},
};

static const struct option_row command_rows[] = {
	{.name = "env", .letter = 'e', .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct fleet_opts, env), .flags = OPTION_FLAG_ONLY | OPTION_SECRET,
	 .placeholder = "NAME=VALUE", .help = "a variable for the command; may be given several times"},
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
	{0},
};

static const struct option_row how_rows[] = {
	{.name = "workers", .letter = 'w', .type = &option_int, .offset = offsetof(struct fleet_opts, workers), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = 10000, .placeholder = "N", .help = "most servers at the same time; else as configured, 20"},
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
static const struct option_row keys_rows[] = {
	{.name = "record", .type = &option_bool, .offset = offsetof(struct fleet_opts, keys.is_record), .flags = OPTION_FLAG_ONLY,
	 .help = "keys: write new keys to the user's file of known hosts, after showing all of them and asking (or --yes)"},
	{.name = "replace_changed", .type = &option_bool, .offset = offsetof(struct fleet_opts, keys.is_replace), .flags = OPTION_FLAG_ONLY,
	 .help = "keys: of servers whose keys have changed, take the old ones out of the files and write the new ones"},
	{.name = "port", .type = &option_int, .offset = offsetof(struct fleet_opts, keys.port), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = 65535, .placeholder = "N", .help = "keys: the port of all of them, else as configured"},
	{0},
};
// clang-format on

static const struct option_row *const tables[] = {
	which_rows, command_rows, how_rows, result_rows, keys_rows, ssh_option_rows};

/* Flags are separated by spaces. */
struct fleet_verb {
	const char *name; /* NULL: no verb, a command is run */
	const char *arguments;
	int args_min, args_max;
	const char *flags;
	enum exit_code (*run)(struct fleet_cmd *);
};

#define SSH_FLAGS "username connect_timeout transport ssh_config accept_new_host_keys "
#define RUN_FLAGS                                                                                  \
	SSH_FLAGS "confirm_over yes max_hosts env workers timeout silence canary dry_run output "  \
		  "fold live output_dir "

// clang-format off
static const struct fleet_verb verbs[] = {
	{NULL, "", 0, ARGS_ANY, RUN_FLAGS "servers hosts list directory nice tty sudo sudo_user", fleet_command},
	{"keys", "--hosts SELECTION", 0, 0, "username connect_timeout ssh_config servers hosts max_hosts yes workers dry_run output record replace_changed port", fleet_keys},
};
// clang-format on

static const char *const verb_names[] = {"keys", NULL};

static const struct fleet_verb *find_verb(struct str name)
{
	for (size_t i = 1; i < ARRAY_LEN(verbs); i++) {
		if (str_is(name, verbs[i].name)) {
			return &verbs[i];
		}
	}
	return NULL;
}

static bool has_flag(const struct fleet_verb *verb, const char *name)
{
	struct str rest = str_of(verb->flags), flag;

	while (str_word(&rest, &flag)) {
		if (str_is(flag, name)) {
			return true;
		}
	}
	return false;
}

static bool is_ours(const struct option_row *row)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		if (row >= tables[i] && row < tables[i] + option_rows_count(tables[i])) {
			return true;
		}
	}
	return false;
}

/* A flag that the verb does not know is a mistake, never to be ignored. */
static const struct option_row *foreign_flag(
	const struct fleet_verb *verb, const struct command_line *line)
{
	for (size_t i = 0; i < line->given_count; i++) {
		if (is_ours(line->given[i]) && !has_flag(verb, line->given[i]->name)) {
			return line->given[i];
		}
	}
	return NULL;
}

static enum exit_code tell_foreign(const struct fleet_cmd *fleet, const struct fleet_verb *verb,
	const struct option_row *foreign)
{
	_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT;

	option_add_flag_name(foreign, &flag);
	if (!verb->name) {
		return fleet_usage(fleet, "%s does not go with running a command", flag.buf);
	}
	return fleet_usage(fleet,
		"%s does not go with %s; to run the program %s on servers write 'exec %s'",
		flag.buf, verb->name, verb->name, verb->name);
}

static enum exit_code check_verb(const struct fleet_cmd *fleet, const struct fleet_verb *verb)
{
	const struct option_row *foreign = foreign_flag(verb, fleet->run->line);

	if (foreign) {
		return tell_foreign(fleet, verb, foreign);
	}
	if (fleet->args_count < (size_t)verb->args_min) {
		return fleet_usage(
			fleet, "write sre-toolkit fleet %s %s", verb->name, verb->arguments);
	}
	if (verb->args_max != ARGS_ANY && fleet->args_count > (size_t)verb->args_max) {
		return fleet_usage(fleet, "%s: one argument too many: '%s'", verb->name,
			utf8_quote(str_of(fleet->args[verb->args_max])).text);
	}
	if (fleet->opts->is_live && fleet->opts->fold == FLEET_FOLD_NONE) {
		return fleet_usage(fleet, "--live goes with --fold; without it lines are live");
	}
	if (fleet->opts->fold != FLEET_FOLD_NONE && fleet->opts->output != FLEET_TEXT) {
		return fleet_usage(fleet, "--fold goes with --output text");
	}
	return EXIT_CODE_OK;
}

static enum exit_code run_verb(struct fleet_cmd *fleet, const struct fleet_verb *verb)
{
	enum exit_code exit_code = check_verb(fleet, verb);
	struct err err = {0};

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (config_load(&fleet->config, fleet->run->common->config, &err) < 0) {
		config_tell_errors(&fleet->config, fleet->run->common, &err);
		config_release(&fleet->config);
		return EXIT_CODE_USAGE;
	}
	ssh_options_join(&fleet->config.ssh, &fleet->opts->ssh, fleet->run->line, &fleet->ssh);
	fleet->store_path = fleet->opts->store ? fleet->opts->store : fleet->config.store;
	exit_code = verb->run(fleet);
	config_release(&fleet->config);
	return exit_code;
}

static enum exit_code fleet_run_cmd(struct cmd_run *run)
{
	const struct command_line *line = run->line;
	struct fleet_cmd fleet = {
		.run = run, .opts = run->opts, .args = line->args, .args_count = line->args_count};
	const struct fleet_verb *verb = NULL;

	if (line->args_count > 0 && !fleet.opts->script) {
		verb = find_verb(str_of(line->args[0]));
	}
	if (!verb) {
		return run_verb(&fleet, &verbs[0]);
	}
	fleet.args++;
	fleet.args_count--;
	return run_verb(&fleet, verb);
}

bool fleet_has(const struct fleet_cmd *fleet, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		if (command_line_has(fleet->run->line, tables[i], name)) {
			return true;
		}
	}
	return false;
}

static const struct option_set sets[] = {
	{"Which servers", which_rows, NULL},
	{"The command", command_rows, NULL},
	{"How", how_rows, NULL},
	{"Results", result_rows, NULL},
	{"Host keys", keys_rows, NULL},
	{"Logging in", ssh_option_rows, NULL},
	{"Common options", common_rows, NULL},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit fleet \"uptime\" --servers servers.txt --workers 20",
		"on each server of a file, twenty at a time"},
	{"sre-toolkit fleet \"uname -r\" --hosts web-[01-20] --fold",
		"equal outputs once, under the names of those that wrote them"},
	{"sre-toolkit fleet --list --hosts '@web' --hosts '!web-07'", "who is that?"},
	{"sre-toolkit fleet \"systemctl reload nginx\" --hosts @web --sudo --dry-run",
		"log in and prove sudo everywhere, and run nothing"},
	{"sre-toolkit fleet keys --hosts web-[01-20]",
		"which host keys they have, and which of them are known"},
	{0},
};

const struct cmd cmd_fleet = {
	.doc =
		{
			.name = "fleet",
			.arguments = "COMMAND",
			.summary = "run it on many servers",
			.description =
				"Runs a command on many servers over SSH, and shows what each of "
				"them writes as it comes, then how it ended. COMMAND is a line for "
				"/bin/sh there; several words are joined by spaces, as ssh does "
				"it. "
				"Flags of the command's own go behind --, or into quotes.",
			.sets = sets,
			.examples = examples,
			.argument_words = verb_names,
		},
	.opts_size = sizeof(struct fleet_opts),
	.run = fleet_run_cmd,
};
