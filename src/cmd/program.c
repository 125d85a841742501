/*
 * What --help, the man pages and the reference say of the program as a whole.
 */
#include "cmd/program.h"

#include "cmd/cmd_table.h"
#include "cmd/config_root.h"
#include "cmd/kind_tables.h"

static const struct doc_pair exit_codes[] = {
	{"0", "it worked; everything checked is healthy (a warning counts as healthy unless "
	      "--fail-on warning)"},
	{"1", "it ran, and something failed or is unhealthy"},
	{"2", "wrong usage or configuration; nothing was done"},
	{"75", "another process holds the lock (--lock) or has locked the store; nothing was done"},
	{"124", "the deadline of the whole run passed; what was measured until then is printed"},
	{"130, 143", "interrupted by SIGINT, SIGTERM, after stopping what it had started"},
	{0},
};

static const struct doc_pair environment[] = {
	{"SRE_TOOLKIT_CONFIG", "the configuration file, where --config is not given"},
	{"NO_COLOR", "set to anything: no colours, unless --color always"},
	{"XDG_CONFIG_HOME", "where the user's configuration is looked for; ~/.config if not set"},
	{"XDG_STATE_HOME", "where the user's store is; ~/.local/state if not set"},
	{0},
};

static const struct doc_pair files[] = {
	{"./sre-toolkit.yaml",
		"read if it is the user's or root's, and nobody else can write it or its folder"},
	{"~/.config/sre-toolkit/config.yaml", "the user's configuration"},
	{"/etc/sre-toolkit/config.yaml", "the machine's configuration"},
	{"~/.local/state/sre-toolkit/state.db",
		"alerts, what is to be delivered, and runs on servers; the user's store"},
	{"/var/lib/sre-toolkit/state.db", "the same for root"},
	{0},
};

static const char config_example[] =
	"servers:\n"
	"  groups: {web: \"web-[01-20]\"}\n"
	"defaults: {interval: 30s, timeout: 10s, attempts: 3}\n"
	"checks:\n"
	"  - host: \"local:\"\n"
	"    warning: {disk_used_percent: 80}\n"
	"    critical: {disk_used_percent: 90, \"disk_used_percent[/]\": 95}\n"
	"  - name: shop\n"
	"    http: https://shop.example.com/health\n"
	"    bearer_token: ${SHOP_TOKEN}\n"
	"    expect: {status: 200, json: {/status: ok}}\n"
	"    tags: [web]\n"
	"  - name: mail relay\n"
	"    tcp: mail.example.com:25\n"
	"    dialogue:\n"
	"      - expect: \"^220 \"\n"
	"      - send: 'QUIT\\r\\n'\n"
	"  - name: load\n"
	"    exec: [/usr/lib/nagios/plugins/check_load, -w, \"15,10,5\", -c, \"30,25,20\"]\n";

const struct doc_program program_doc = {
	.name = "sre-toolkit",
	.version = SRE_TOOLKIT_VERSION,
	.date = SRE_TOOLKIT_DATE,
	.summary = "tools for the people who keep services up",
	.description =
		"One program for what an on-call engineer does with a drawer of scripts: one "
		"configuration, one result format and one set of exit codes, whether a person "
		"types "
		"it, cron runs it or CI gates on it.\n\n"
		"Results go to stdout; logs, progress and errors go to stderr.",
	.commands = cmd_docs,
	.config = config_rows,
	.config_example = config_example,
	.tables = kind_tables,
	.exit_codes = exit_codes,
	.environment = environment,
	.files = files,
};
