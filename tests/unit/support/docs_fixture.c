/*
 * See docs_fixture.h.
 */
#include "support/docs_fixture.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct flags {
	int64_t timeout_ms;
	struct option_list tags;
	struct option_map labels;
	int fail_on;
	int output;
	bool follow;
	bool watch;
	int64_t retries;
	int64_t body_max_bytes;
	double ratio;
	const char *tricky;
	bool trace;
	const char *token;
	struct option_list ca;
	const char *greeting;
};

struct common {
	const char *config;
	int64_t timeout_ms;
	int64_t verbose;
	bool help;
};

struct jump {
	const char *host;
	int64_t port;
};

struct ssh {
	const char *username;
	int64_t workers;
	struct jump jump;
};

struct item {
	const struct option_variant *variant;
	void *opts;
	const char *origin;
	const char *name;
	struct option_map labels;
};

struct expect {
	struct option_list status;
};

struct http {
	const char *url;
	int method;
	struct expect expect;
};

struct exec {
	struct option_list argv;
};

struct step {
	const struct option_variant *variant;
	void *opts;
	const char *origin;
};

struct send {
	const char *text;
};

struct tcp {
	const char *address;
	struct option_items dialogue;
};

struct route {
	const char *origin;
	struct option_map match;
	const char *receiver;
};

struct alerts {
	struct option_items receivers;
	struct option_items routes;
};

struct config {
	const char *store;
	struct alerts alerts;
	struct option_map groups;
	struct ssh ssh;
	struct option_items checks;
	const char *token;
	int64_t interval_ms;
	bool only_flag;
};

static const char *const fail_ons[] = {"never", "warning", "critical", NULL};
static const char *const outputs[] = {
	"text", "json", "jsonl", "csv", "junit", "nagios", "prometheus", NULL};
static const char *const methods[] = {"GET", "HEAD", NULL};

// clang-format off
const struct option_row docs_fixture_flags[] = {
	{.name = "timeout", .letter = 't', .type = &option_duration, .offset = offsetof(struct flags, timeout_ms),
	 .def = "10s", .min = 1, .max = 3600000, .help = "deadline of one attempt, name lookup, connection and answer included"},
	{.name = "tag", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct flags, tags),
	 .placeholder = "TAG", .help = "only checks that have this tag"},
	{.name = "label", .letter = 'l', .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct flags, labels),
	 .help = "add a label to each result"},
	{.name = "fail_on", .type = &option_choice, .offset = offsetof(struct flags, fail_on),
	 .def = "critical", .choices = fail_ons, .help = "what makes the exit status 1"},
	{.name = "output", .letter = 'o', .type = &option_choice, .offset = offsetof(struct flags, output),
	 .def = "text", .choices = outputs, .placeholder = "FORMAT", .help = "how results are written"},
	{.name = "follow", .type = &option_bool, .offset = offsetof(struct flags, follow),
	 .def = "yes", .help = "follow redirects"},
	{.name = "watch", .letter = 'w', .type = &option_bool, .offset = offsetof(struct flags, watch),
	 .help = "repeat on the terminal"},
	{.name = "retries", .type = &option_int, .offset = offsetof(struct flags, retries),
	 .def = "3", .min = 1, .max = 0, .help = "attempts before a target is called down"},
	{.name = "attempts", .type = &option_int, .offset = offsetof(struct flags, retries),
	 .min = 1, .max = 0, .help = "the old name", .flags = OPTION_DEPRECATED, .instead = "retries"},
	{.name = "body_max", .type = &option_size, .offset = offsetof(struct flags, body_max_bytes),
	 .def = "64k", .min = 1000, .max = 4194304, .help = "most that is read of a body", .since = "0.2"},
	{.name = "ratio", .type = &option_double, .offset = offsetof(struct flags, ratio),
	 .def = "0.5", .min = 0, .max = 1, .help = "share that must be well"},
	{.name = "tricky", .type = &option_string, .offset = offsetof(struct flags, tricky),
	 .placeholder = "A:B", .def = "", .help = "it's \"quoted\" [brackets] $HOME `id` 100% a\\b: <b> x|y *z* ~ ^ \xe2\x9c\x93"},
	{.name = "trace", .type = &option_bool, .offset = offsetof(struct flags, trace),
	 .help = "log each step", .flags = OPTION_HIDDEN},
	{.name = "token", .type = &option_string, .offset = offsetof(struct flags, token),
	 .help = "what the server asks for", .flags = OPTION_SECRET | OPTION_REQUIRED},
	{.name = "certificate_authority", .shape = OPTION_LIST, .type = &option_path, .offset = offsetof(struct flags, ca),
	 .help = "certificates to trust instead of the system's"},
	{.name = "greeting", .type = &option_string, .offset = offsetof(struct flags, greeting),
	 .help = "never a flag", .flags = OPTION_CONFIG_ONLY},
	{0},
};

static const struct option_row common_flags[] = {
	{.name = "config", .letter = 'c', .type = &option_path, .offset = offsetof(struct common, config),
	 .help = "read this configuration"},
	{.name = "timeout", .type = &option_duration, .offset = offsetof(struct common, timeout_ms),
	 .help = "hidden by the command's own"},
	{.name = "verbose", .letter = 'v', .type = &option_count, .offset = offsetof(struct common, verbose),
	 .help = "say more; twice: everything"},
	{.name = "help", .letter = 'h', .type = &option_bool, .offset = offsetof(struct common, help),
	 .help = "explain and exit"},
	{0},
};

static const struct option_row jump_rows[] = {
	{.name = "host", .type = &option_string, .offset = offsetof(struct jump, host), .help = "the bastion",
	 .flags = OPTION_REQUIRED},
	{.name = "port", .type = &option_int, .offset = offsetof(struct jump, port), .def = "22", .min = 1, .max = 65535,
	 .help = "its port"},
	{0},
};

static const struct option_row ssh_rows[] = {
	{.name = "username", .type = &option_string, .offset = offsetof(struct ssh, username), .help = "who to log in as"},
	{.name = "workers", .type = &option_int, .offset = offsetof(struct ssh, workers), .def = "20", .min = 1, .max = 1000,
	 .help = "connections at a time"},
	{.name = "jump", .shape = OPTION_SECTION, .offset = offsetof(struct ssh, jump), .rows = jump_rows,
	 .help = "the host that leads to all others"},
	{0},
};

static const struct option_row expect_rows[] = {
	{.name = "status", .shape = OPTION_LIST, .type = &option_int, .offset = offsetof(struct expect, status),
	 .def = "200, 204", .min = 100, .max = 599, .help = "status codes that are well"},
	{0},
};

static const struct option_row http_rows[] = {
	{.name = "http", .type = &option_string, .offset = offsetof(struct http, url), .help = "the URL to ask",
	 .flags = OPTION_VARIANT_KEY},
	{.name = "method", .type = &option_choice, .offset = offsetof(struct http, method), .def = "GET", .choices = methods,
	 .help = "the method of the request"},
	{.name = "expect", .shape = OPTION_SECTION, .offset = offsetof(struct http, expect), .rows = expect_rows,
	 .help = "what the answer must be"},
	{0},
};

static const struct option_row exec_rows[] = {
	{.name = "exec", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct exec, argv),
	 .help = "the command and its arguments", .flags = OPTION_VARIANT_KEY},
	{0},
};

static const struct option_row step_rows[] = {
	{0},
};

static const struct option_row send_rows[] = {
	{.name = "send", .type = &option_string, .offset = offsetof(struct send, text), .help = "what to send",
	 .flags = OPTION_VARIANT_KEY},
	{0},
};

static const struct option_row await_rows[] = {
	{.name = "await", .type = &option_string, .offset = offsetof(struct send, text), .help = "what to wait for",
	 .flags = OPTION_VARIANT_KEY},
	{0},
};

static const struct option_variant await_kind = {
	.name = "await", .summary = "waits", .rows = await_rows, .opts_size = sizeof(struct send),
};

static const struct option_variant send_kind = {
	.name = "send", .summary = "sends", .rows = send_rows, .opts_size = sizeof(struct send),
};

static const struct option_variant *const *step_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&await_kind, &send_kind};

	*ret_count = 2;
	return kinds;
}

static const struct option_variants step_variants = {
	.what = "step",
	.common = step_rows,
	.item_size = sizeof(struct step),
	.variant_offset = offsetof(struct step, variant),
	.opts_offset = offsetof(struct step, opts),
	.origin_offset = offsetof(struct step, origin),
	.kinds = step_kinds,
};

static const struct option_row tcp_rows[] = {
	{.name = "tcp", .type = &option_string, .offset = offsetof(struct tcp, address), .help = "where to connect",
	 .flags = OPTION_VARIANT_KEY},
	{.name = "dialogue", .shape = OPTION_VARIANTS, .offset = offsetof(struct tcp, dialogue), .variants = &step_variants,
	 .help = "what is said after that"},
	{0},
};

static const struct option_row item_rows[] = {
	{.name = "name", .type = &option_string, .offset = offsetof(struct item, name), .help = "what it is called"},
	{.name = "labels", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct item, labels),
	 .help = "labels of its results"},
	{0},
};

static const struct option_variant exec_kind = {
	.name = "exec", .summary = "runs a plugin", .rows = exec_rows, .opts_size = sizeof(struct exec),
};

static const struct option_variant http_kind = {
	.name = "http", .summary = "asks a web server", .rows = http_rows, .opts_size = sizeof(struct http),
};

static const struct option_variant tcp_kind = {
	.name = "tcp", .summary = "talks to a port", .rows = tcp_rows, .opts_size = sizeof(struct tcp),
};
// clang-format on

static const struct option_variant *const *item_kinds(size_t *ret_count)
{
	static const struct option_variant *const kinds[] = {&exec_kind, &http_kind, &tcp_kind};

	*ret_count = 3;
	return kinds;
}

static const struct option_variants item_variants = {
	.what = "check",
	.common = item_rows,
	.item_size = sizeof(struct item),
	.variant_offset = offsetof(struct item, variant),
	.opts_offset = offsetof(struct item, opts),
	.origin_offset = offsetof(struct item, origin),
	.kinds = item_kinds,
};

// clang-format off
static const struct option_row route_rows[] = {
	{.name = "match", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct route, match),
	 .help = "labels that an alert must have"},
	{.name = "receiver", .type = &option_string, .offset = offsetof(struct route, receiver),
	 .help = "who is told", .flags = OPTION_REQUIRED},
	{0},
};

static const struct option_section_list routes = {
	.what = "route",
	.rows = route_rows,
	.item_size = sizeof(struct route),
	.origin_offset = offsetof(struct route, origin),
};

static const struct option_row alerts_rows[] = {
	{.name = "receivers", .shape = OPTION_VARIANTS, .offset = offsetof(struct alerts, receivers), .variants = &step_variants,
	 .help = "who can be told"},
	{.name = "routes", .shape = OPTION_SECTION_LIST, .offset = offsetof(struct alerts, routes), .list = &routes,
	 .help = "who is told of what"},
	{0},
};

const struct option_row docs_fixture_config[] = {
	{.name = "store", .type = &option_path, .offset = offsetof(struct config, store),
	 .def = "/var/lib/demo-tool/state.db", .help = "the file that keeps results"},
	{.name = "interval", .type = &option_duration, .offset = offsetof(struct config, interval_ms),
	 .def = "30s", .min = 1000, .max = -1, .help = "time between two checks"},
	{.name = "token", .type = &option_string, .offset = offsetof(struct config, token),
	 .help = "what the API asks for", .flags = OPTION_SECRET},
	{.name = "groups", .shape = OPTION_MAP_LIST, .type = &option_string, .offset = offsetof(struct config, groups),
	 .help = "names for many servers"},
	{.name = "ssh", .shape = OPTION_SECTION, .offset = offsetof(struct config, ssh), .rows = ssh_rows,
	 .help = "how servers are reached"},
	{.name = "checks", .shape = OPTION_VARIANTS, .offset = offsetof(struct config, checks), .variants = &item_variants,
	 .help = "what is checked"},
	{.name = "alerts", .shape = OPTION_SECTION, .offset = offsetof(struct config, alerts), .rows = alerts_rows,
	 .help = "how alerts arrive"},
	{.name = "only_flag", .type = &option_bool, .offset = offsetof(struct config, only_flag),
	 .help = "never a key", .flags = OPTION_FLAG_ONLY},
	{0},
};
// clang-format on

static const char *const look_formats[] = {"table", "tree", NULL};
static const char *const schema_formats[] = {"tree", NULL};

// clang-format off
static const struct option_row look_flags[] = {
	{.name = "deep", .letter = 'd', .type = &option_bool, .offset = offsetof(struct flags, watch),
	 .help = "look at what it includes, too"},
	{.name = "format", .type = &option_choice, .offset = offsetof(struct flags, output),
	 .def = "table", .choices = look_formats, .help = "how it is shown"},
	{.name = "into", .type = &option_path, .offset = offsetof(struct flags, token),
	 .help = "write it there"},
	{0},
};
// clang-format on

static const struct option_set check_sets[] = {
	{"Options", docs_fixture_flags, NULL},
	{"Common options", common_flags, NULL},
	{NULL, NULL, NULL},
};

static const struct option_set config_sets[] = {
	{"How to look", look_flags, NULL},
	{"Common options", common_flags, NULL},
	{NULL, NULL, NULL},
};

static const struct option_set logs_sets[] = {
	{"Common options", common_flags, NULL},
	{NULL, NULL, NULL},
};

static const struct doc_example check_examples[] = {
	{"demo-tool check web-01 'it is' --timeout 10 --output json", "two servers, for a program"},
	{"demo-tool check local: | grep -v ok", "this machine"},
	{NULL, NULL},
};

static const char *const check_words[] = {"local:", "http://", "https://", "all", NULL};

static const struct doc_example show_examples[] = {
	{"demo-tool config show --format tree", "with what holds what"},
	{NULL, NULL},
};

static const struct doc_verb without_verb = {.summary = "looking at it", .flags = "deep"};
static const struct doc_verb check_verb = {
	.name = "check", .summary = "is it right?", .flags = "deep"};
static const struct doc_verb show_verb = {
	.name = "show",
	.arguments = "[KEY...]",
	.summary = "all that it says",
	.description = "Every value, or those that are named.\n\nSecrets are masked.",
	.flags = "format into",
	.examples = show_examples,
};
static const struct doc_verb_row schema_rows[] = {
	{.name = "format", .choices = schema_formats, .is_nothing_by_default = true},
	{.name = "into", .help = "write the schema there"},
	{0},
};
static const struct doc_verb schema_verb = {
	.name = "schema", .summary = "what it can say", .flags = "format into", .own = schema_rows};

static const struct doc_verb *const config_verbs[] = {
	&without_verb, &check_verb, &show_verb, &schema_verb, NULL};

static const struct doc_command check_command = {
	.name = "check",
	.arguments = "[TARGET...]",
	.summary = "is it healthy?",
	.description =
		"Asks each target, all at once, and says what it found. A target is a URL, or a "
		"name from the configuration.\n"
		"\n"
		"  http://HOST/    a web page\n"
		"  .hidden         \\a line that roff would obey\n"
		"\n"
		"'Quoted' paragraphs begin with what roff takes for a macro. So does one.\n",
	.sets = check_sets,
	.examples = check_examples,
	.argument_words = check_words,
};

static const struct doc_command config_command = {
	.name = "config",
	.arguments = "check|show|schema",
	.summary = "looks at the configuration",
	.sets = config_sets,
	.verbs = config_verbs,
};

static const struct doc_command logs_command = {
	.name = "logs",
	.arguments = "FILE...",
	.summary = "counts lines",
	.sets = logs_sets,
};

static const struct doc_command *const commands[] = {
	&check_command, &config_command, &logs_command, NULL};

static const struct doc_pair exit_codes[] = {
	{"0", "everything checked is healthy"},
	{"1", "something is unhealthy"},
	{"2", "wrong usage or configuration; nothing was done"},
	{NULL, NULL},
};

static const struct doc_pair environment[] = {
	{"DEMO_CONFIG", "the configuration to read when --config is not given"},
	{NULL, NULL},
};

static const struct doc_pair files[] = {
	{"/etc/demo-tool/config.yaml", "the configuration of the machine"},
	{NULL, NULL},
};

static const struct doc_table *make_tables(struct arena *arena)
{
	struct doc_table *tables = arena_calloc(arena, 2, sizeof(*tables));
	struct doc_pair *pairs = arena_calloc(arena, 2, sizeof(*pairs));

	pairs[0].name = arena_printf(arena, "%s_seconds", "total");
	pairs[0].text = "all of it; warning > 5";
	tables[0] = (struct doc_table){
		.heading = "Values of http", .text = "What thresholds judge.", .pairs = pairs};
	return tables;
}

const struct doc_program docs_fixture_program = {
	.name = "demo-tool",
	.version = "0.1.0",
	.date = "2025-07-01",
	.summary = "keeps demonstrations up",
	.description = "One program for people who demonstrate. It has \"quotes\", and a path "
		       "C:\\demo that roff would read as an escape.",
	.commands = commands,
	.config = docs_fixture_config,
	.config_example = "interval: 10s\n"
			  "token: ${TOKEN}\n"
			  "groups: {web: [web-01, web-02], db: db-01}\n"
			  "checks:\n"
			  "  - {name: front, http: \"http://localhost/\", expect: {status: 200}}\n"
			  "  - {tcp: \"localhost:25\", dialogue: [{await: hello}, {send: bye}]}\n"
			  "  - exec: [check_load, -w, \"5\"]\n",
	.tables = make_tables,
	.exit_codes = exit_codes,
	.environment = environment,
	.files = files,
};

bool docs_fixture_has(const struct strbuf *text, const char *piece)
{
	if (strstr(text->buf, piece)) {
		return true;
	}
	fprintf(stderr, "not found: [%s]\nin: [%s]\n", piece, text->buf);
	return false;
}

const struct option_row *docs_fixture_flag(const char *name)
{
	const struct option_row *row = option_find(docs_fixture_flags, str_of(name));

	if (!row) {
		abort();
	}
	return row;
}
