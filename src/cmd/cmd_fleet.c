/*
 * `sre-toolkit fleet`: its flags, its verbs, and which flag is for which verb.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "cmd/fleet_cmd.h"
#include "cmd/fleet_options.h"

enum { ARGS_ANY = -1 };

/* Flags are separated by spaces. */
struct fleet_verb {
	const char *name; /* NULL: no verb, a command is run */
	const char *arguments;
	int args_min, args_max;
	const char *flags;
	enum exit_code (*run)(struct fleet_cmd *);
};

// clang-format off
#define SSH_FLAGS "username connect_timeout transport ssh_config accept_new_host_keys "
#define PASSWORD_FLAGS "password_file ask_password sudo_password_file ask_sudo_password "
#define RUN_FLAGS SSH_FLAGS PASSWORD_FLAGS \
	"confirm_over yes max_hosts env stdin workers timeout silence canary output fold live output_dir store "

static const struct fleet_verb verbs[] = {
	{NULL, "", 0, ARGS_ANY, RUN_FLAGS "servers hosts list dry_run script directory nice tty sudo sudo_user", fleet_command},
	{"diff", "ID1 ID2", 2, 2, "output store", fleet_diff},
	{"keys", "--hosts SELECTION", 0, 0, "username connect_timeout ssh_config servers hosts max_hosts yes workers dry_run output record replace_changed expect port", fleet_keys},
	{"last", "", 0, 0, "limit output store", fleet_last},
	{"retry", "[ID]", 0, 1, RUN_FLAGS "only list dry_run", fleet_retry},
	{"show", "[ID]", 0, 1, "only output store", fleet_show},
};
// clang-format on

static const char *const verb_names[] = {"diff", "keys", "last", "retry", "show", NULL};

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

/* A flag that the verb does not know is a mistake, never to be ignored. */
static const struct option_row *foreign_flag(
	const struct fleet_verb *verb, const struct command_line *line)
{
	for (size_t i = 0; i < line->given_count; i++) {
		if (fleet_is_own(line->given[i]) && !has_flag(verb, line->given[i]->name)) {
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
	exit_code = ssh_options_check(&fleet->ssh, &err) < 0 ? fleet_failed(fleet, &err)
							     : verb->run(fleet);
	config_release(&fleet->config);
	return exit_code;
}

/* Nobody says where, and it looks like a verb. */
static const char *meant_verb(const struct fleet_cmd *fleet)
{
	if (fleet->args_count == 0 || fleet->opts->script ||
		server_is_asked(&fleet->opts->servers)) {
		return NULL;
	}
	return suggest(str_of(fleet->args[0]), verb_names, ARRAY_LEN(verb_names) - 1);
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
	if (!verb && meant_verb(&fleet)) {
		return fleet_usage(&fleet,
			"unknown verb '%s'; did you mean '%s'? To run a command say where, with "
			"--servers or --hosts",
			utf8_quote(str_of(fleet.args[0])).text, meant_verb(&fleet));
	}
	if (!verb) {
		return run_verb(&fleet, &verbs[0]);
	}
	fleet.args++;
	fleet.args_count--;
	return run_verb(&fleet, verb);
}

static const struct doc_example examples[] = {
	{"sre-toolkit fleet \"uptime\" --servers servers.txt --workers 20",
		"on each server of a file, twenty at a time"},
	{"sre-toolkit fleet \"uname -r\" --hosts web-[01-20] --fold",
		"equal outputs once, under the names of those that wrote them"},
	{"sre-toolkit fleet --list --hosts '@web' --hosts '!web-07'", "who is that?"},
	{"sre-toolkit fleet \"systemctl reload nginx\" --hosts @web --sudo --dry-run",
		"log in and prove sudo everywhere, and run nothing"},
	{"sre-toolkit fleet --script mend.sh --hosts @db --sudo -- --verbose",
		"a script of ours, with an argument"},
	{"sre-toolkit fleet retry --only unreachable,timeout", "again, where it hung"},
	{"sre-toolkit fleet keys --hosts web-[01-20]",
		"which host keys they have, and which of them are known"},
	{0},
};

const struct cmd cmd_fleet = {
	.doc =
		{
			.name = "fleet",
			.arguments = "COMMAND|VERB",
			.summary = "run it on many servers",
			.description =
				"Runs a command on many servers over SSH, and shows what each of "
				"them writes as it comes, then how it ended. COMMAND is a line for "
				"/bin/sh there; several words are joined by spaces, as ssh does "
				"it. "
				"Flags of the command's own go behind --, or into quotes.\n\n"
				"Verbs, as the whole first word:\n\n"
				"  last           the latest runs that were written down\n"
				"  show [ID]      one of them, server by server; -v: what they "
				"wrote\n"
				"  retry [ID]     again, where it did not end well, or --only so\n"
				"  diff ID1 ID2   what differs between two runs\n"
				"  keys           host keys: which are known; --record the new "
				"ones\n\n"
				"Ctrl-C ends what runs on the servers and waits for it; twice "
				"leaves "
				"at once, and says what it left. A command does not outlive the "
				"run: it "
				"is ended there when this process dies or the network goes "
				"away.\n\n"
				"Exit codes: 0 it ended well on all of them; 1 not so; 2 wrong "
				"usage, "
				"or the selection was not confirmed, and nothing was done.",
			.sets = fleet_sets,
			.examples = examples,
			.argument_words = verb_names,
		},
	.opts_size = sizeof(struct fleet_opts),
	.unknown_option_hint = "flags of the command's own go into quotes, or behind --",
	.run = fleet_run_cmd,
};
