/*
 * `sre-toolkit copy`: its flags, what its arguments mean, and what is copied.
 */
#include <sys/stat.h>

#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cmd/copy_cmd.h"
#include "cmd/password.h"
#include "cmd/run_ledger.h"

const struct log_context copy_log = {.component = "copy"};

static const char *const output_names[] = {"text", "json", "jsonl", "csv", NULL};
static const char *const backup_names[] = {"none", "simple", "time", NULL};

#define TIMEOUT_MAX_MS (7LL * 24 * 3600 * 1000)

// clang-format off
static const struct option_row which_rows[] = {
	SERVER_ROWS(struct copy_opts, servers),
	GUARD_ROWS(struct copy_opts, guard),
	{0},
};

static const struct option_row what_rows[] = {
	{.name = "mode", .letter = 'm', .type = &option_string, .offset = offsetof(struct copy_opts, mode), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "OCTAL", .help = "the permissions of files there, for example 0640; else those that they have here"},
	{.name = "owner", .type = &option_string, .offset = offsetof(struct copy_opts, owner), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "USER", .help = "whose files and folders are there; needs --sudo; else as it was"},
	{.name = "group", .type = &option_string, .offset = offsetof(struct copy_opts, group), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "GROUP", .help = "their group; needs --sudo"},
	{.name = "sudo", .type = &option_bool, .offset = offsetof(struct copy_opts, is_sudo), .flags = OPTION_FLAG_ONLY,
	 .help = "as root: put in place by sudo, from a private folder where they are uploaded; fetched by an SFTP server that sudo runs"},
	PASSWORD_SUDO_ROWS(struct copy_opts, passwords),
	{.name = "backup", .letter = 'b', .type = &option_choice, .offset = offsetof(struct copy_opts, backup), .flags = OPTION_FLAG_ONLY,
	 .bare = "simple", .choices = backup_names, .help = "keep what is replaced: simple as NAME~, time as NAME.20250701-080000~"},
	{.name = "dry_run", .letter = 'n', .type = &option_bool, .offset = offsetof(struct copy_opts, is_dry_run), .flags = OPTION_FLAG_ONLY,
	 .help = "log in, compare, show what would change, and change nothing"},
	{0},
};

static const struct option_row how_rows[] = {
	SSH_WORKERS_ROW(struct copy_opts, workers),
	{.name = "timeout", .letter = 't', .type = &option_duration, .offset = offsetof(struct copy_opts, timeout_ms), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = TIMEOUT_MAX_MS, .help = "how long one server may take for everything; else any time"},
	{.name = "silence", .type = &option_duration, .offset = offsetof(struct copy_opts, silence_ms), .flags = OPTION_FLAG_ONLY,
	 .def = "60s", .min = 1, .max = TIMEOUT_MAX_MS, .help = "how long a server may say nothing while an answer is due"},
	{.name = "canary", .type = &option_bool, .offset = offsetof(struct copy_opts, is_canary), .flags = OPTION_FLAG_ONLY,
	 .help = "begin with one server; if logging in is refused there, with no other"},
	{0},
};

static const struct option_row login_rows[] = {
	PASSWORD_LOGIN_ROWS(struct copy_opts, passwords),
	{0},
};

static const struct option_row result_rows[] = {
	{.name = "output", .letter = 'o', .type = &option_choice, .offset = offsetof(struct copy_opts, output), .flags = OPTION_FLAG_ONLY,
	 .def = "text", .choices = output_names, .placeholder = "FORMAT", .help = "how results are printed"},
	{.name = "store", .type = &option_path, .offset = offsetof(struct copy_opts, store), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "where the copy is written down, for fleet last, show and retry; else as configured"},
	{0},
};
// clang-format on

const char *const copy_kept_flags[] = {"servers", "mode", "owner", "group", "sudo",
	"sudo_password_file", "ask_sudo_password", "backup", "workers", "timeout", "silence",
	"canary", "username", "connect_timeout", "transport", "ssh_config", "password_file",
	"ask_password", NULL};

/* --- arguments ------------------------------------------------------------------------------ */

/* Of all arguments but the last, and the last. */
struct places {
	struct copy_place *sources;
	size_t sources_count;
	struct copy_place destination;
};

/* From where it was typed. */
static void resolve(const struct copy_cmd *copy, struct copy_place *place)
{
	if (copy->directory && !place->is_remote && place->path[0] != '/') {
		place->path = copy_join(copy->directory, str_of(place->path), copy->run->arena);
	}
}

static int parse_places(const struct copy_cmd *copy, struct places *places, struct err *err)
{
	const struct command_line *line = copy->run->line;
	struct arena *arena = copy->run->arena;

	if (line->args_count < 2) {
		return err_set(err, ERR_INPUT,
			"what, and where to? as in sre-toolkit copy app.conf web-01:/etc/app/");
	}
	places->sources_count = line->args_count - 1;
	places->sources = arena_calloc(arena, places->sources_count, sizeof(*places->sources));
	for (size_t i = 0; i < places->sources_count; i++) {
		if (copy_place_parse(line->args[i], arena, &places->sources[i], err) < 0) {
			return -1;
		}
		resolve(copy, &places->sources[i]);
	}
	if (copy_place_parse(line->args[places->sources_count], arena, &places->destination, err) <
		0) {
		return -1;
	}
	resolve(copy, &places->destination);
	return 0;
}

/* One side is here, the other on hosts. */
static int check_sides(const struct places *places, struct err *err)
{
	const struct copy_place *first = &places->sources[0];

	for (size_t i = 1; i < places->sources_count; i++) {
		if (places->sources[i].is_remote != first->is_remote ||
			!str_eq(places->sources[i].hosts, first->hosts)) {
			return err_set(err, ERR_INPUT,
				"all that is copied must be here, or all on the same servers");
		}
	}
	if (first->is_remote == places->destination.is_remote) {
		return err_set(err, ERR_INPUT,
			first->is_remote ? "from servers to servers cannot be copied; one side "
					   "must be here"
					 : "no server: write HOST:PATH on one side, or :PATH with "
					   "--servers or --hosts");
	}
	return 0;
}

static const char *const *paths_of(const struct places *places, struct arena *arena)
{
	const char **paths = arena_calloc(arena, places->sources_count, sizeof(*paths));

	for (size_t i = 0; i < places->sources_count; i++) {
		paths[i] = places->sources[i].path;
	}
	return paths;
}

/* The hosts of the argument are one more --hosts. */
static int select_servers(struct copy_cmd *copy, struct str hosts, struct err *err)
{
	struct server_opts opts = copy->opts->servers;
	struct arena *arena = copy->run->arena;

	if (copy->selection_text) {
		return 0; /* it is there */
	}
	if (hosts.len > 0) {
		const char **items = arena_calloc(arena, opts.hosts.count + 1, sizeof(*items));

		items[0] = str_dup(hosts, arena);
		for (size_t i = 0; i < opts.hosts.count; i++) {
			items[i + 1] = OPTION_AT(&opts.hosts, const char *, i);
			if (items[i + 1][0] != '!') {
				return err_set(err, ERR_INPUT,
					"servers in the argument and with --hosts; say them in "
					"one place");
			}
		}
		opts.hosts = (struct option_list){items, opts.hosts.count + 1};
	}
	return server_select(&opts, copy->config, &copy->ssh, arena, &copy->selection, err);
}

/* --- what is copied ------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What a source is called there: by the destination's name if it is the only one, and a file, or a
 * folder whose name is said. */
static const char *name_there(const struct copy_cmd *copy, const char *path)
{
	bool ends_in_slash = str_ends(str_of(copy->destination), "/");
	struct str base = copy_base_name(str_of(path));

	if (copy->sources_count == 1 && !ends_in_slash) {
		return "";
	}
	if (base.len == 0 && is_folder(path)) {
		return NULL; /* "." has no name of its own */
	}
	return str_dup(base, copy->run->arena);
}

static int check_doubles(const struct copy_cmd *copy, struct err *err)
{
	const struct copy_tree *tree = &copy->tree;

	for (size_t i = 0; i < tree->items_count; i++) {
		for (size_t j = i + 1; j < tree->items_count && tree->items[i].parent == 0; j++) {
			if (tree->items[j].parent == 0 &&
				strcmp(tree->items[i].name, tree->items[j].name) == 0) {
				return err_set(err, ERR_INPUT, "two are called '%s' there",
					utf8_quote(str_of(tree->items[i].name)).text);
			}
		}
	}
	return 0;
}

static int read_sources(struct copy_cmd *copy, struct err *err)
{
	copy_tree_init(&copy->tree, copy->run->arena);
	for (size_t i = 0; i < copy->sources_count; i++) {
		const char *path = copy->sources[i];
		const char *name = name_there(copy, path);

		if (!name) {
			return err_set(err, ERR_INPUT,
				"'%s' has no name to be called by there; write one",
				utf8_quote(str_of(path)).text);
		}
		if (copy_tree_add(&copy->tree, path, name, err) < 0) {
			return -1;
		}
	}
	return check_doubles(copy, err);
}

static int parse_mode(const struct copy_opts *opts, struct copy_put_options *put, struct err *err)
{
	struct str text = opts->mode ? str_of(opts->mode) : str_of("");

	if (!opts->mode) {
		return 0;
	}
	put->has_mode = true;
	put->mode = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '7' || text.len > 5) {
			text.len = 0;
		} else {
			put->mode = put->mode * 8 + (uint32_t)(text.ptr[i] - '0');
		}
	}
	if (text.len < 3 || put->mode > 07777) {
		return err_set(err, ERR_INPUT, "--mode '%s': must be octal, as in 0640",
			utf8_quote(str_of(opts->mode)).text);
	}
	return 0;
}

/* ".20250701-080000~", in UTC. */
static const char *time_suffix(struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	const char *suffix;

	time_add_rfc3339(&text, time_wall_ms()); /* "2025-07-01T08:00:00.123Z" */
	suffix = arena_printf(arena, ".%.4s%.2s%.2s-%.2s%.2s%.2s~", text.buf, text.buf + 5,
		text.buf + 8, text.buf + 11, text.buf + 14, text.buf + 17);
	strbuf_release(&text);
	return suffix;
}

static bool is_sudo(const struct copy_opts *opts)
{
	return opts->is_sudo || opts->passwords.sudo_file || opts->passwords.asks_sudo;
}

/* A name or a number, which is no option of chown. */
static int check_owner(const char *flag, const char *name, struct err *err)
{
	bool is_good = !name || (name[0] != '\0' && name[0] != '-');

	for (size_t i = 0; name && name[i]; i++) {
		is_good = is_good && (char_is_alnum(name[i]) || strchr("._-@$", name[i]));
	}
	return is_good ? 0
		       : err_set(err, ERR_INPUT, "%s '%s': is no name", flag,
				 utf8_quote(str_of(name)).text);
}

static int set_sudo(struct copy_cmd *copy, struct err *err)
{
	const struct copy_opts *opts = copy->opts;

	if ((opts->owner || opts->group) && !is_sudo(opts)) {
		return err_set(err, ERR_INPUT, "--owner and --group need --sudo");
	}
	copy->job.is_sudo = is_sudo(opts);
	copy->job.owner = opts->owner;
	copy->job.group = opts->group;
	return check_owner("--owner", opts->owner, err) < 0 ||
			       check_owner("--group", opts->group, err) < 0
		       ? -1
		       : 0;
}

static int set_push(struct copy_cmd *copy, struct err *err)
{
	const struct copy_opts *opts = copy->opts;

	copy->push = (struct copy_push_spec){
		.tree = &copy->tree,
		.destination = copy->destination,
		.options =
			{
				.backup = (enum copy_backup)opts->backup,
				.time_suffix = time_suffix(copy->run->arena),
				.is_dry_run = opts->is_dry_run,
				.wants_diff = opts->is_dry_run,
			},
	};
	return parse_mode(opts, &copy->push.options, err);
}

/* --- what is fetched ------------------------------------------------------------------------ */

static int name_here(
	const struct copy_cmd *copy, const char *path, const char **ret_name, struct err *err)
{
	struct str base = copy_base_name(str_of(path));

	if (base.len > 0 && !str_is(base, "/") && !copy_name_is_plain(base)) {
		return err_set(err, ERR_INPUT, "'%s': the name is too long",
			utf8_quote(str_of(path)).text);
	}
	*ret_name = str_is(base, "/") ? "" : str_dup(base, copy->run->arena);
	return 0;
}

static int check_same_names(const char *const *names, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			if (strcmp(names[i], names[j]) == 0) {
				return err_set(err, ERR_INPUT, "two would be called '%s' here",
					utf8_quote(str_of(names[i])).text);
			}
		}
	}
	return 0;
}

/* Is it from one server, and was from the beginning? */
static bool is_from_one(const struct copy_cmd *copy)
{
	return copy->selection.hosts_count == 1 && copy->first_count <= 1;
}

/* From one server a single thing takes the destination's name, unless that is a folder. */
static enum run_naming naming_of(const struct copy_cmd *copy)
{
	bool is_taken = is_from_one(copy) && copy->sources_count == 1 &&
			!str_ends(str_of(copy->destination), "/") && !is_folder(copy->destination);

	return is_taken ? RUN_NAMING_TAKEN : RUN_NAMING_OWN;
}

static int set_pull(struct copy_cmd *copy, struct err *err)
{
	struct arena *arena = copy->run->arena;
	const char **names = arena_calloc(arena, copy->sources_count, sizeof(*names));
	bool is_one = is_from_one(copy);
	bool is_named;

	if (copy->naming == RUN_NAMING_OPEN) {
		copy->naming = naming_of(copy);
	}
	is_named = copy->naming == RUN_NAMING_TAKEN;
	for (size_t i = 0; i < copy->sources_count; i++) {
		const char *path = is_named ? copy->destination : copy->sources[i];

		if (name_here(copy, path, &names[i], err) < 0) {
			return -1;
		}
	}
	if (check_same_names(names, copy->sources_count, err) < 0) {
		return -1;
	}
	copy->pulls = arena_calloc(arena, copy->selection.hosts_count, sizeof(*copy->pulls));
	for (size_t i = 0; i < copy->selection.hosts_count; i++) {
		const char *folder = is_named ? copy_parent(str_of(copy->destination), arena)
					      : copy->destination;

		copy->pulls[i] = (struct copy_pull_spec){
			.sources = copy->sources,
			.names = names,
			.sources_count = copy->sources_count,
			.parent = is_one ? NULL : folder,
			.folder = is_one ? folder
					 : copy_join(folder, str_of(copy->selection.hosts[i].name),
						   arena),
			.must_be = is_named,
			.is_dry_run = copy->opts->is_dry_run,
		};
	}
	return 0;
}

static void set_jobs(struct copy_cmd *copy)
{
	copy->jobs =
		arena_calloc(copy->run->arena, copy->selection.hosts_count, sizeof(*copy->jobs));
	for (size_t i = 0; i < copy->selection.hosts_count; i++) {
		copy->jobs[i] = copy->job;
		copy->jobs[i].push = copy->is_pull ? NULL : &copy->push;
		copy->jobs[i].pull = copy->is_pull ? &copy->pulls[i] : NULL;
	}
}

/* Flags for what is put on servers mean nothing where it is fetched. */
static int check_pull_flags(const struct copy_cmd *copy, struct err *err)
{
	static const char *const names[] = {"mode", "backup", "owner", "group"};

	for (size_t i = 0; copy->is_pull && i < ARRAY_LEN(names); i++) {
		if (command_line_has(copy->run->line, what_rows, names[i])) {
			_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT;

			option_add_flag_name(option_find(what_rows, str_of(names[i])), &flag);
			return err_set(err, ERR_INPUT,
				"%s is for what is copied to servers, not from them", flag.buf);
		}
	}
	return 0;
}

static int prepare(struct copy_cmd *copy, struct err *err)
{
	struct places places = {0};

	if (parse_places(copy, &places, err) < 0 || check_sides(&places, err) < 0) {
		return -1;
	}
	copy->is_pull = places.sources[0].is_remote;
	copy->sources = paths_of(&places, copy->run->arena);
	copy->sources_count = places.sources_count;
	copy->destination = places.destination.path;
	copy->job = (struct copy_job){
		.connect_timeout_ms = copy->ssh.connect_timeout_ms,
		.total_ms = copy->opts->timeout_ms,
		.silence_ms = copy->opts->silence_ms,
	};
	if (select_servers(copy, copy->is_pull ? places.sources[0].hosts : places.destination.hosts,
		    err) < 0) {
		return -1;
	}
	if (copy->is_pull) {
		return check_pull_flags(copy, err) < 0 || set_sudo(copy, err) < 0 ||
				       set_pull(copy, err) < 0
			       ? -1
			       : 0;
	}
	return set_sudo(copy, err) < 0 || set_push(copy, err) < 0 || read_sources(copy, err) < 0
		       ? -1
		       : 0;
}

/* --- the command ---------------------------------------------------------------------------- */

static enum exit_code refuse(const struct copy_cmd *copy, const struct err *err)
{
	return cmd_run_usage(copy->run, "%s", err->msg);
}

static int ask_passwords(struct copy_cmd *copy, struct err *err)
{
	if (password_get_both(&copy->opts->passwords, &copy->password, &copy->sudo_password, err) <
		0) {
		return -1;
	}
	copy->job.sudo_password = copy->sudo_password.len > 0 ? copy->sudo_password.buf : NULL;
	copy->job.password = copy->password.len > 0 ? copy->password.buf : NULL;
	return 0;
}

/* "copy app.conf web-01:/etc/app/" */
static const char *shown(const struct copy_cmd *copy)
{
	const struct command_line *line = copy->run->line;
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "copy");
	for (size_t i = 0; i < line->args_count; i++) {
		strbuf_addf(&text, " %s", line->args[i]);
	}
	return arena_strdup(copy->run->arena, text.buf);
}

/* "web-[01-20]", or "--hosts @web" where the argument says nothing. */
static const char *selection_text(const struct copy_cmd *copy)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (copy->selection_text) {
		return copy->selection_text;
	}
	server_add_selection(&text, &copy->opts->servers);
	return text.len > 0 ? arena_strdup(copy->run->arena, text.buf) : copy->selection.folded;
}

static void write_down(struct copy_cmd *copy)
{
	const struct run_ledger_spec spec = {
		.run = copy->run,
		.log = &copy_log,
		.store = copy->store_path,
		.shown = shown(copy),
		.selection = selection_text(copy),
		.servers = &copy->selection,
		.directory = copy->directory,
		.config = copy->config->conf.file,
		.first_count =
			copy->first_count > 0 ? copy->first_count : copy->selection.hosts_count,
		.naming = copy->naming,
		.lost = "the copy was begun, and not heard to end",
	};

	if (!copy->opts->is_dry_run) {
		copy->ledger = run_ledger_open(&spec);
	}
}

enum exit_code copy_cmd_run(struct copy_cmd *copy)
{
	struct err err = {0};

	if (prepare(copy, &err) < 0 ||
		server_guard(&copy->opts->guard, copy->run->common, &copy->selection,
			copy->opts->is_dry_run || copy->is_pull, &err) < 0 ||
		ask_passwords(copy, &err) < 0) {
		return refuse(copy, &err);
	}
	set_jobs(copy);
	write_down(copy);
	return copy_drive(copy);
}

void copy_cmd_init(struct copy_cmd *copy, const struct cmd_run *run, struct config *config)
{
	*copy = (struct copy_cmd){.run = run,
		.opts = run->opts,
		.config = config,
		.password = STRBUF_INIT_MAX(PASSWORD_MAX),
		.sudo_password = STRBUF_INIT_MAX(PASSWORD_MAX)};
}

void copy_cmd_release(struct copy_cmd *copy)
{
	password_release(&copy->password);
	password_release(&copy->sudo_password);
}

static enum exit_code copy_run_cmd(struct cmd_run *run)
{
	enum exit_code exit_code;
	struct config config;
	struct copy_cmd copy;
	struct err err = {0};

	if (!config_open(&config, run->common)) {
		return EXIT_CODE_USAGE;
	}
	copy_cmd_init(&copy, run, &config);
	copy.store_path = copy.opts->store ? copy.opts->store : config.store;
	ssh_options_join(&config.ssh, &copy.opts->ssh, run->line, &copy.ssh);
	exit_code =
		ssh_options_check(&copy.ssh, &err) < 0 ? refuse(&copy, &err) : copy_cmd_run(&copy);
	copy_cmd_release(&copy);
	config_release(&config);
	return exit_code;
}

static const struct option_set sets[] = {
	{"Which servers", which_rows, NULL},
	{"What", what_rows, NULL},
	{"How", how_rows, NULL},
	{"Results", result_rows, NULL},
	{"Logging in", ssh_option_rows, NULL},
	{"Passwords", login_rows, NULL},
	{"Common options", common_rows, NULL},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit copy app.conf web-[01-20]:/etc/app/", "a file onto twenty servers"},
	{"sre-toolkit copy app.conf web-01:/etc/app/ --dry-run", "what would change, line by line"},
	{"sre-toolkit copy site/ @web:/srv/site --mode 0644 --backup",
		"a folder onto a group, keeping what is replaced"},
	{"sre-toolkit copy app.service @web:/etc/systemd/system/ --sudo --owner root",
		"where only root may write"},
	{"sre-toolkit copy @web:/etc/ssl/private keys/ --sudo", "what only root may read"},
	{"sre-toolkit copy @web:/etc/nginx backup/",
		"from a group: backup/web-01/nginx, backup/web-02/nginx ..."},
	{0},
};

const struct cmd cmd_copy = {
	.doc =
		{
			.name = "copy",
			.arguments = "SRC... HOST:DST | HOST:SRC... DST",
			.summary = "files to and from many servers",
			.description =
				"Copies files and folders to many servers, or from them, by SFTP. "
				"What is the same already stays as it is; what is not is written "
				"beside its place, checked, and put in place in one step: whoever "
				"reads it sees the former content or the new one, whole. HOST is a "
				"name, a node set or a group; with :PATH, those that --servers or "
				"--hosts name. From several servers, each gets a folder of its "
				"name in DST.",
			.sets = sets,
			.examples = examples,
		},
	.opts_size = sizeof(struct copy_opts),
	.run = copy_run_cmd,
};
