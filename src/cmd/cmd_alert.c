/*
 * `sre-toolkit alert`: its flags, its verbs, and which flag is for which verb.
 */
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/severity.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "cmd/alert_cmd.h"
#include "cmd/usage.h"

enum { ARGS_ANY = -1 };

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
	 .help = "list: those that are over, too"},
	{.name = "dead", .type = &option_bool, .offset = offsetof(struct alert_opts, is_dead), .flags = OPTION_FLAG_ONLY,
	 .help = "list, retry: those that could not be delivered"},
	{.name = "since", .type = &option_moment_past, .offset = offsetof(struct alert_opts, since_ms), .flags = OPTION_FLAG_ONLY,
	 .help = "list, simulate: from then on, as 30d or 2025-07-01"},
	{.name = "before", .type = &option_moment_past, .offset = offsetof(struct alert_opts, before_ms), .flags = OPTION_FLAG_ONLY,
	 .help = "list: what began before"},
	{.name = "limit", .type = &option_int, .offset = offsetof(struct alert_opts, limit), .flags = OPTION_FLAG_ONLY,
	 .def = "100", .min = 1, .max = 1000000, .help = "list: the latest so many"},
	{0},
};

static const struct option_row hand_rows[] = {
	{.name = "until", .type = &option_moment_future, .offset = offsetof(struct alert_opts, until_ms), .flags = OPTION_FLAG_ONLY,
	 .help = "silence: its end, as 2h or 18:00"},
	{.name = "reason", .type = &option_string, .offset = offsetof(struct alert_opts, reason), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "TEXT", .help = "silence, ack, resolve: why, for others to read"},
	{.name = "author", .type = &option_string, .offset = offsetof(struct alert_opts, author), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "NAME", .help = "silence, ack, resolve: who; else the user's name"},
	{0},
};

static const struct option_row how_rows[] = {
	{.name = "timeout", .letter = 't', .type = &option_duration, .offset = offsetof(struct alert_opts, timeout_ms), .flags = OPTION_FLAG_ONLY,
	 .def = "15s", .min = 1, .max = 24 * 3600 * 1000, .help = "how long to wait for deliveries; what is not delivered by then stays in the outbox"},
	{.name = "queue", .type = &option_bool, .offset = offsetof(struct alert_opts, is_queued), .flags = OPTION_FLAG_ONLY,
	 .help = "put it in the outbox and leave; `alert flush` delivers"},
	{.name = "follow", .type = &option_bool, .offset = offsetof(struct alert_opts, is_following), .flags = OPTION_FLAG_ONLY,
	 .help = "flush: go on delivering what becomes due, until Ctrl-C"},
	{.name = "dry_run", .letter = 'n', .type = &option_bool, .offset = offsetof(struct alert_opts, is_dry_run), .flags = OPTION_FLAG_ONLY,
	 .help = "show the route and the exact messages, and change nothing"},
	{.name = "store", .type = &option_path, .offset = offsetof(struct alert_opts, store), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "instead of the configuration's"},
	{.name = "output", .letter = 'o', .type = &option_choice, .offset = offsetof(struct alert_opts, output), .flags = OPTION_FLAG_ONLY,
	 .def = "text", .choices = output_names, .placeholder = "FORMAT", .help = "how results are printed; csv: list only"},
	{0},
};
// clang-format on

/* Flags are separated by spaces. */
struct alert_verb {
	const char *name; /* NULL: no verb, an alert is sent */
	const char *arguments;
	int args_min, args_max;
	const char *flags;
	enum exit_code (*run)(struct alert_cmd *);
};

// clang-format off
static const struct alert_verb verbs[] = {
	{NULL, "", 0, 0, "severity message title source field label dedup_key runbook resolve events timeout queue dry_run store output", alert_send},
	{"ack", "ID", 1, 1, "reason author timeout queue store output", alert_ack},
	{"digest", "", 0, 0, "timeout dry_run store output", alert_digest},
	{"flush", "", 0, 0, "timeout follow store output", alert_flush},
	{"list", "", 0, 0, "severity source all dead since before limit store output", alert_list},
	{"resolve", "ID", 1, 1, "reason author timeout queue store output", alert_resolve_by_hand},
	{"retry", "ID, or --dead", 0, 1, "dead timeout queue store output", alert_retry},
	{"silence", "MATCHER... --until TIME, or list, or expire ID", 1, ARGS_ANY, "until reason author all store output dry_run", alert_silence},
	{"simulate", "", 0, 0, "since store output", alert_simulate},
	{"test", "[RECEIVER...]", 0, ARGS_ANY, "timeout dry_run store output", alert_test},
	{"why", "ID", 1, 1, "store output", alert_why},
};
// clang-format on

static const char *const verb_names[] = {"ack", "digest", "flush", "list", "resolve", "retry",
	"silence", "simulate", "test", "why", NULL};

const struct log_context alert_log = {.component = "alert"};

enum exit_code alert_usage(const struct alert_cmd *alert, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	usage_error(alert->run->common, "alert", "%s", text.buf);
	return EXIT_CODE_USAGE;
}

static const struct alert_verb *find_verb(struct str name)
{
	for (size_t i = 1; i < ARRAY_LEN(verbs); i++) {
		if (str_is(name, verbs[i].name)) {
			return &verbs[i];
		}
	}
	return NULL;
}

static enum exit_code unknown_verb(const struct alert_cmd *alert, struct str verb)
{
	const char *near = suggest(verb, verb_names, ARRAY_LEN(verb_names) - 1);

	if (near) {
		return alert_usage(alert, "unknown verb '%s'; did you mean '%s'?",
			utf8_quote(verb).text, near);
	}
	return alert_usage(alert,
		"unknown verb '%s'; to send an alert write --message '%s' (see sre-toolkit alert "
		"--help)",
		utf8_quote(verb).text, utf8_quote(verb).text);
}

static bool has_flag(const struct alert_verb *verb, const char *name)
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
	const struct option_row *const tables[] = {alert_rows, which_rows, hand_rows, how_rows};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		if (row >= tables[i] && row < tables[i] + option_rows_count(tables[i])) {
			return true;
		}
	}
	return false;
}

/* A flag that the verb does not know is a mistake, never to be ignored. */
static const struct option_row *foreign_flag(
	const struct alert_verb *verb, const struct command_line *line)
{
	for (size_t i = 0; i < line->given_count; i++) {
		if (is_ours(line->given[i]) && !has_flag(verb, line->given[i]->name)) {
			return line->given[i];
		}
	}
	return NULL;
}

static enum exit_code check_verb(const struct alert_cmd *alert, const struct alert_verb *verb)
{
	const struct option_row *foreign = foreign_flag(verb, alert->run->line);
	_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT;
	const char *name = verb->name ? verb->name : "without a verb";

	if (foreign) {
		option_add_flag_name(foreign, &flag);
		return alert_usage(alert, "%s does not go with %s", flag.buf,
			verb->name ? verb->name : "sending an alert");
	}
	if (alert->args_count < (size_t)verb->args_min) {
		return alert_usage(alert, "write sre-toolkit alert %s %s", name, verb->arguments);
	}
	if (verb->args_max != ARGS_ANY && alert->args_count > (size_t)verb->args_max) {
		return alert_usage(alert, "%s: one argument too many: '%s'", name,
			utf8_quote(str_of(alert->args[verb->args_max])).text);
	}
	if (alert->opts->output == ALERT_CSV && verb->run != alert_list) {
		return alert_usage(alert, "--output csv goes with list only");
	}
	return EXIT_CODE_OK;
}

static enum exit_code run_verb(struct alert_cmd *alert, const struct alert_verb *verb)
{
	enum exit_code exit_code = check_verb(alert, verb);
	struct err err = {0};

	if (exit_code != EXIT_CODE_OK) {
		return exit_code;
	}
	if (config_load(&alert->config, alert->run->common->config, &err) < 0) {
		config_tell_errors(&alert->config, alert->run->common, &err);
		config_release(&alert->config);
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
	const struct alert_verb *verb = &verbs[0];

	if (line->args_count > 0) {
		verb = find_verb(str_of(line->args[0]));
		if (!verb) {
			return unknown_verb(&alert, str_of(line->args[0]));
		}
		alert.args = line->args + 1;
		alert.args_count = line->args_count - 1;
	}
	return run_verb(&alert, verb);
}

bool alert_has(const struct alert_cmd *alert, const char *name)
{
	const struct option_row *const tables[] = {alert_rows, which_rows, hand_rows, how_rows};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		if (command_line_has(alert->run->line, tables[i], name)) {
			return true;
		}
	}
	return false;
}

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
			.description =
				"Without a verb, an alert is accepted: it is written to the store "
				"and "
				"synced, then routed, grouped, suppressed or silenced as the "
				"configuration says, and delivered before the command ends. What "
				"cannot "
				"be delivered within --timeout stays in the outbox for the next "
				"`alert`, or for `alert flush`, from cron or with --follow as a "
				"service, which sends the digest too.\n\n"
				"Verbs:\n\n"
				"  list           what is open; --all: and what is over; --dead: "
				"given up\n"
				"  why ID         the route it took, what held it back, each "
				"attempt\n"
				"  ack ID         somebody is on it: no reminders until it gets "
				"worse\n"
				"  resolve ID     it is over\n"
				"  silence MATCHER... --until TIME --reason TEXT\n"
				"                 hold back what matches: source=db-01, "
				"team=~web|db,\n"
				"                 severity!=critical; silence list; silence expire "
				"ID\n"
				"  test [NAME...] a harmless test to each receiver, and what it "
				"answered\n"
				"  flush          deliver what is due now; --follow: go on\n"
				"  retry ID       deliver what was given up; --dead: all of it\n"
				"  digest         send the digest now\n"
				"  simulate       replay the stored history through --config\n\n"
				"Exit codes: 0 told to everybody who is to be told (or held back "
				"on purpose); "
				"1 not delivered everywhere, or delivered without the store, which "
				"could not be used, so that nothing remembers it; 2 wrong usage; "
				"75 nothing was done: another process has locked the store, and "
				"what was asked for (a verb, --queue, --events) needs it.",
			.sets = sets,
			.examples = examples,
			.argument_words = verb_names,
		},
	.opts_size = sizeof(struct alert_opts),
	.run = alert_run_cmd,
};
