/*
 * `sre-toolkit alert`: its flags, and its verbs.
 */
#include "base/severity.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"

const char *const alert_formats[] = {"text", "json", NULL};
static const char *const output_names[] = {"text", "json", "csv", NULL};

// clang-format off
static const struct option_row alert_rows[] = {
	{.name = "severity", .letter = 's', .type = &option_choice, .offset = offsetof(struct alert_opts, severity), .flags = OPTION_FLAG_ONLY,
	 .def = "warning", .choices = severity_names, .help = "how bad it is; with list: only this severity"},
	{.name = "message", .letter = 'm', .type = &option_string, .offset = offsetof(struct alert_opts, message), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "TEXT", .help = "what is wrong"},
	{.name = "title", .type = &option_string, .offset = offsetof(struct alert_opts, title), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "TEXT", .help = "in a few words; else the first line of the message"},
	{.name = "source", .type = &option_string, .offset = offsetof(struct alert_opts, source), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "NAME", .help = "what it is about; else this host; with list: only of this source"},
	{.name = "field", .letter = 'f', .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct alert_opts, fields), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "NAME=VALUE", .help = "a detail that people are shown"},
	{.name = "label", .letter = 'l', .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct alert_opts, labels), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "NAME=VALUE", .help = "what routes and silences match on"},
	{.name = "dedup_key", .letter = 'k', .type = &option_string, .offset = offsetof(struct alert_opts, dedup_key), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "KEY", .help = "alerts with the same key are the same problem; else those with the same source and title"},
	{.name = "runbook", .type = &option_string, .offset = offsetof(struct alert_opts, runbook), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "URL", .help = "where it is written what to do"},
	{.name = "resolve", .letter = 'r', .type = &option_bool, .offset = offsetof(struct alert_opts, is_resolve), .flags = OPTION_FLAG_ONLY,
	 .help = "the problem is over: tells whoever was told of it"},
	{.name = "events", .type = &option_string, .offset = offsetof(struct alert_opts, events), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "many at once: a JSON object a line (docs/events.md), - is stdin"},
	{0},
};

static const struct option_row which_rows[] = {
	{.name = "all", .letter = 'a', .type = &option_bool, .offset = offsetof(struct alert_opts, is_all), .flags = OPTION_FLAG_ONLY,
	 .help = "those that are over, too"},
	{.name = "dead", .type = &option_bool, .offset = offsetof(struct alert_opts, is_dead), .flags = OPTION_FLAG_ONLY,
	 .help = "those that could not be delivered"},
	{.name = "since", .type = &option_moment_past, .offset = offsetof(struct alert_opts, since_ms), .flags = OPTION_FLAG_ONLY,
	 .help = "from then on, as 30d or 2025-07-01"},
	{.name = "before", .type = &option_moment_past, .offset = offsetof(struct alert_opts, before_ms), .flags = OPTION_FLAG_ONLY,
	 .help = "what began before"},
	{.name = "limit", .type = &option_int, .offset = offsetof(struct alert_opts, limit), .flags = OPTION_FLAG_ONLY,
	 .def = "100", .min = 1, .max = 1000000, .help = "the latest so many"},
	{0},
};

static const struct option_row hand_rows[] = {
	{.name = "until", .type = &option_moment_future, .offset = offsetof(struct alert_opts, until_ms), .flags = OPTION_FLAG_ONLY,
	 .help = "its end, as 2h or 18:00"},
	{.name = "reason", .type = &option_string, .offset = offsetof(struct alert_opts, reason), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "TEXT", .help = "why, for others to read"},
	{.name = "author", .type = &option_string, .offset = offsetof(struct alert_opts, author), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "NAME", .help = "who; else the user's name"},
	{0},
};

static const struct option_row how_rows[] = {
	{.name = "timeout", .letter = 't', .type = &option_duration, .offset = offsetof(struct alert_opts, timeout_ms), .flags = OPTION_FLAG_ONLY,
	 .def = "15s", .min = 1, .max = 24 * 3600 * 1000, .help = "how long to wait for deliveries; what is not delivered by then stays in the outbox"},
	{.name = "queue", .type = &option_bool, .offset = offsetof(struct alert_opts, is_queued), .flags = OPTION_FLAG_ONLY,
	 .help = "put it in the outbox and leave; `alert flush` delivers"},
	{.name = "follow", .type = &option_bool, .offset = offsetof(struct alert_opts, is_following), .flags = OPTION_FLAG_ONLY,
	 .help = "go on delivering what becomes due, until Ctrl-C"},
	{.name = "dry_run", .letter = 'n', .type = &option_bool, .offset = offsetof(struct alert_opts, is_dry_run), .flags = OPTION_FLAG_ONLY,
	 .help = "show the route and the exact messages, and change nothing"},
	{.name = "store", .type = &option_path, .offset = offsetof(struct alert_opts, store), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "instead of the configuration's"},
	{.name = "output", .letter = 'o', .type = &option_choice, .offset = offsetof(struct alert_opts, output), .flags = OPTION_FLAG_ONLY,
	 .def = "text", .choices = output_names, .placeholder = "FORMAT", .help = "how results are printed"},
	{0},
};
// clang-format on

static enum exit_code unknown_verb(const struct cmd_run *run, const char *verb)
{
	const char *near = verb_suggest(run->cmd, verb);

	if (near) {
		return cmd_run_usage(run, "unknown verb '%s'; did you mean '%s'?",
			utf8_quote(str_of(verb)).text, near);
	}
	return cmd_run_usage(run,
		"unknown verb '%s'; to send an alert write --message '%s' (see sre-toolkit alert "
		"--help)",
		utf8_quote(str_of(verb)).text, utf8_quote(str_of(verb)).text);
}

static enum exit_code check_call(const struct alert_cmd *alert, const struct verb *verb)
{
	const struct verb_call call = {verb, alert->args, alert->args_count};

	return verb_check(alert->run, &call, NULL);
}

static enum exit_code run_verb(struct alert_cmd *alert, const struct verb *verb)
{
	enum exit_code exit_code = check_call(alert, verb);

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (!config_open(&alert->config, alert->run->common)) {
		return EXIT_CODE_USAGE;
	}
	alert->store_path = alert->opts->store ? alert->opts->store : alert->config.store;
	exit_code = verb->run(alert);
	config_release(&alert->config);
	return exit_code;
}

static enum exit_code alert_run_cmd(struct cmd_run *run)
{
	const struct command_line *line = run->line;
	struct alert_cmd alert = {.run = run, .opts = run->opts};
	const struct verb *verb = &alert_verb_send;

	if (line->args_count > 0) {
		verb = verb_find(run->cmd, line->args[0]);
		if (!verb) {
			return unknown_verb(run, line->args[0]);
		}
		alert.args = line->args + 1;
		alert.args_count = line->args_count - 1;
	}
	return run_verb(&alert, verb);
}

static const struct doc_verb *const verbs[] = {
	&alert_verb_send.doc,
	&alert_verb_list.doc,
	&alert_verb_why.doc,
	&alert_verb_ack.doc,
	&alert_verb_resolve.doc,
	&alert_verb_silence.doc,
	&alert_verb_test.doc,
	&alert_verb_flush.doc,
	&alert_verb_retry.doc,
	&alert_verb_digest.doc,
	&alert_verb_simulate.doc,
	NULL,
};

static const struct option_set sets[] = {
	{"The alert", alert_rows, NULL},
	{"Which alerts", which_rows, NULL},
	{"By hand", hand_rows, NULL},
	{"How", how_rows, NULL},
	{"Common options", common_rows, NULL},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit alert --severity critical --message \"Test alert\"",
		"tell whoever is to be told"},
	{"sre-toolkit alert -s critical -m \"disk full\" --source db-01 --dry-run",
		"who would be told, and with which message"},
	{"sre-toolkit alert --resolve --source db-01 --title \"disk full\"",
		"it is over: whoever was told is told"},
	{"sre-toolkit alert list", "what is open"},
	{"sre-toolkit alert why 12", "the whole story of one alert"},
	{"sre-toolkit alert silence source=db-01 --until 2h --reason \"new disk\"",
		"tell nobody until then"},
	{"sre-toolkit alert test", "does every receiver work?"},
	{0},
};

const struct cmd cmd_alert = {
	.doc =
		{
			.name = "alert",
			.arguments = "[VERB]",
			.summary = "tell people, and know that they were told",
			.description = "Without a verb, an alert is accepted: it is written to "
				       "the store and synced, then routed, grouped, suppressed or "
				       "silenced as the configuration says, and delivered before "
				       "the command ends. What cannot be delivered within "
				       "--timeout stays in the outbox for the next `alert`, or "
				       "for `alert flush`, from cron or with --follow as a "
				       "service, which sends the digest too.\n\n"
				       "Exit codes: 0 told to everybody who is to be told (or "
				       "held back on purpose); 1 not delivered everywhere, or "
				       "delivered without the store, which could not be used, so "
				       "that nothing remembers it; 2 wrong usage; 75 nothing was "
				       "done: another process has locked the store, and what was "
				       "asked for (a verb, --queue, --events) needs it.",
			.sets = sets,
			.examples = examples,
			.verbs = verbs,
		},
	.opts_size = sizeof(struct alert_opts),
	.run = alert_run_cmd,
};
