/*
 * `sre-toolkit fleet`: a command on many servers, or one of its verbs.
 */
#include <string.h>

#include "base/utf8.h"
#include "cmd/fleet_cmd.h"
#include "cmd/fleet_options.h"

static enum exit_code check_call(const struct fleet_cmd *fleet, const struct verb *verb)
{
	const struct verb_call call = {verb, fleet->args, fleet->args_count};
	const char *name = verb->doc.name;
	/* Who wanted to run a program of that name gives flags that a verb does not take. */
	const char *hint =
		name ? arena_printf(fleet->run->arena,
			       "; to run the program %s on servers write 'exec %s'", name, name)
		     : NULL;
	enum exit_code exit_code = verb_check(fleet->run, &call, hint);

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (fleet->opts->is_live && fleet->opts->fold == FLEET_FOLD_NONE) {
		return cmd_run_usage(
			fleet->run, "--live goes with --fold; without it lines are live");
	}
	if (fleet->opts->fold != FLEET_FOLD_NONE && fleet->opts->output != FLEET_TEXT) {
		return cmd_run_usage(fleet->run, "--fold goes with --output text");
	}
	return EXIT_CODE_OK;
}

static enum exit_code run_verb(struct fleet_cmd *fleet, const struct verb *verb)
{
	enum exit_code exit_code = check_call(fleet, verb);
	struct err err = {0};

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (!config_open(&fleet->config, fleet->run->common)) {
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
	return verb_suggest(fleet->run->cmd, fleet->args[0]);
}

static enum exit_code fleet_run_cmd(struct cmd_run *run)
{
	const struct command_line *line = run->line;
	struct fleet_cmd fleet = {
		.run = run, .opts = run->opts, .args = line->args, .args_count = line->args_count};
	const struct verb *verb = NULL;

	if (line->args_count > 0 && !fleet.opts->script) {
		verb = verb_find(run->cmd, line->args[0]);
	}
	if (!verb && meant_verb(&fleet)) {
		return cmd_run_usage(run,
			"unknown verb '%s'; did you mean '%s'? To run a command say where, with "
			"--servers or --hosts",
			utf8_quote(str_of(fleet.args[0])).text, meant_verb(&fleet));
	}
	if (!verb) {
		return run_verb(&fleet, &fleet_verb_command);
	}
	fleet.args++;
	fleet.args_count--;
	return run_verb(&fleet, verb);
}

static const struct doc_verb *const verbs[] = {
	&fleet_verb_command.doc,
	&fleet_verb_last.doc,
	&fleet_verb_show.doc,
	&fleet_verb_retry.doc,
	&fleet_verb_diff.doc,
	&fleet_verb_keys.doc,
	NULL,
};

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
			.description = "Runs a command on many servers over SSH, and shows what "
				       "each of them writes as it comes, then how it ended. "
				       "COMMAND is a line for /bin/sh there; several words are "
				       "joined by spaces, as ssh does it. Flags of the command's "
				       "own go behind --, or into quotes.\n\n"
				       "A verb is one only as the whole first word: to run a "
				       "program of such a name write exec last.\n\n"
				       "Ctrl-C ends what runs on the servers and waits for it; "
				       "twice leaves at once, and says what it left. A command "
				       "does not outlive the run: it is ended there when this "
				       "process dies or the network goes away.\n\n"
				       "Exit codes: 0 it ended well on all of them; 1 not so; 2 "
				       "wrong usage, or the selection was not confirmed, and "
				       "nothing was done.",
			.sets = fleet_sets,
			.examples = examples,
			.verbs = verbs,
		},
	.opts_size = sizeof(struct fleet_opts),
	.unknown_option_hint = "flags of the command's own go into quotes, or behind --",
	.run = fleet_run_cmd,
};
