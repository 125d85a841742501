/*
 * Loading the whole configuration.  See config_root.h.
 */
#include "cmd/config_root.h"

#include "base/log.h"
#include "cmd/usage.h"

// clang-format off
static const struct option_row servers_rows[] = {
	{.name = "groups", .shape = OPTION_MAP_LIST, .type = &option_string, .offset = offsetof(struct config_servers, groups),
	 .help = "names for selections: node sets, used as @name"},
	{.name = "files", .shape = OPTION_LIST, .type = &option_path, .offset = offsetof(struct config_servers, files),
	 .help = "inventories: one host a line, or Ansible INI"},
	{0},
};

const struct option_row config_rows[] = {
	{.name = "servers", .shape = OPTION_SECTION, .rows = servers_rows, .offset = offsetof(struct config, servers),
	 .help = "the servers that can be named, and their groups"},
	{.name = "ssh", .shape = OPTION_SECTION, .rows = ssh_config_rows, .offset = offsetof(struct config, ssh),
	 .help = "how servers are logged in to"},
	{.name = "defaults", .shape = OPTION_SECTION, .rows = check_defaults_rows, .offset = offsetof(struct config, defaults),
	 .help = "what checks have that do not say otherwise"},
	{.name = "checks", .shape = OPTION_VARIANTS, .variants = &check_variants, .offset = offsetof(struct config, checks),
	 .help = "what is checked"},
	{.name = "alerts", .shape = OPTION_SECTION, .rows = alert_settings_rows, .offset = offsetof(struct config, alerts),
	 .help = "who is told of what, and how"},
	{.name = "store", .type = &option_path, .offset = offsetof(struct config, store),
	 .help = "the database of what must outlive the process; else /var/lib/sre-toolkit/state.db for root, and $XDG_STATE_HOME/sre-toolkit/state.db (~/.local/state) for others"},
	{0},
};
// clang-format on

static void load_group(struct config *config, const char *name, const struct option_list *members)
{
	struct conf *conf = &config->conf;
	struct err err = {0};

	for (size_t i = 0; i < members->count; i++) {
		const char *where = conf_where_key(conf, "servers.groups", name, i);

		if (inventory_add_group(config->inventory, name,
			    OPTION_AT(members, const char *, i), where, &err) < 0) {
			conf_error(conf, NULL, "%s", err.msg);
		}
	}
}

static void load_groups(struct config *config)
{
	const struct option_map *groups = &config->servers.groups;

	for (size_t i = 0; i < groups->count; i++) {
		load_group(config, groups->keys[i], &OPTION_AT(groups, struct option_list, i));
	}
}

static void load_inventory(struct config *config)
{
	struct conf *conf = &config->conf;
	const struct option_list *files = &config->servers.files;
	struct err err = {0};

	config->inventory = inventory_new(conf->arena);
	load_groups(config);
	for (size_t i = 0; i < files->count; i++) {
		if (inventory_read_file(
			    config->inventory, OPTION_AT(files, const char *, i), &err) < 0) {
			conf_error(conf, conf_where(conf, "servers.files"), "%s", err.msg);
		}
	}
	if (conf->errors_count == 0 && inventory_check(config->inventory, &err) < 0) {
		conf_error(conf, NULL, "%s", err.msg);
	}
}

static void log_warnings(const struct conf *conf)
{
	const struct log_context context = {.component = "config"};

	for (size_t i = 0; i < conf->warnings_count; i++) {
		log_warn(&context, "%s", conf->warnings[i]);
	}
}

static void read_nothing(struct config *config)
{
	struct conf *conf = &config->conf;

	conf_read_nothing(conf, config_rows, config);
	config->inventory = inventory_new(conf->arena);
	alert_settings_finish(conf, &config->alerts);
}

void config_load_nothing(struct config *config)
{
	*config = (struct config){0};
	conf_init(&config->conf);
	read_nothing(config);
}

int config_load(struct config *config, const char *given, struct err *err)
{
	struct conf *conf = &config->conf;
	const char *path = NULL;

	*config = (struct config){0};
	conf_init(conf);
	if (conf_find(given, conf->arena, &path, err) < 0) {
		return -1;
	}
	if (!path) {
		read_nothing(config);
		return 0;
	}
	if (conf_read(conf, path, config_rows, config, err) < 0) {
		check_config_finish(conf, &config->defaults, &config->checks);
		alert_settings_finish(conf, &config->alerts);
		return -1;
	}
	log_warnings(conf);
	load_inventory(config);
	check_config_finish(conf, &config->defaults, &config->checks);
	alert_settings_finish(conf, &config->alerts);
	if (conf->errors_count == 0) {
		check_config_expand(conf, &config->checks, config->inventory, &config->all_checks);
	}
	if (conf->errors_count > 0) {
		return err_set(err, ERR_INPUT, "%s", conf->errors[0]);
	}
	return 0;
}

void config_release(struct config *config)
{
	conf_release(&config->conf);
}

void config_tell_errors(
	const struct config *config, const struct common_opts *common, const struct err *err)
{
	const struct conf *conf = &config->conf;

	if (conf->errors_count == 0) {
		usage_error(common, NULL, "%s", err->msg);
		return;
	}
	for (size_t i = 0; i < conf->errors_count; i++) {
		usage_error(common, NULL, "%s", conf->errors[i]);
	}
	if (conf->errors_dropped > 0) {
		usage_error(common, NULL, "and %zu more errors", conf->errors_dropped);
	}
}

bool config_open(struct config *config, const struct common_opts *common)
{
	struct err err = {0};

	if (config_load(config, common->config, &err) == 0) {
		return true;
	}
	config_tell_errors(config, common, &err);
	config_release(config);
	return false;
}
