/*
 * The whole configuration: the sections of all folders, put together.
 */
#ifndef CMD_CONFIG_ROOT_H
#define CMD_CONFIG_ROOT_H

#include "alert/alert_settings.h"
#include "base/err.h"
#include "check/check_config.h"
#include "cmd/common_options.h"
#include "cmd/ssh_options.h"
#include "conf/conf.h"
#include "conf/inventory.h"
#include "conf/option.h"

struct config_servers {
	struct option_map groups; /* struct option_list of const char *: node sets */
	struct option_list files; /* const char * */
};

struct config {
	struct conf conf; /* errors, origins, memory */
	struct config_servers servers;
	struct ssh_config_opts ssh;
	struct check_defaults defaults;
	struct option_items checks; /* struct check, as they are written */
	struct alert_settings alerts;
	const char *store; /* NULL: store_default_path() */
	struct inventory *inventory;
	struct option_items
		all_checks; /* struct check, as they are run: see check_config_expand() */
};

extern const struct option_row config_rows[]; /* over struct config */

/*
 * Find, read and check the configuration.  `given` is --config, or NULL; without any file
 * everything has its default, and *config says so (conf.file is NULL).  -1: config->conf.errors has
 * every error, *err the first. Release in both cases.
 */
int config_load(struct config *, const char *given, struct err *);

/* As if there were no file. */
void config_load_nothing(struct config *);

void config_release(struct config *);

/* The same for a command that wants it whole: false, every error told, and nothing to release. */
bool config_open(struct config *, const struct common_opts *);

/* Tell the user every error of the configuration. */
void config_tell_errors(const struct config *, const struct common_opts *, const struct err *);

#endif
