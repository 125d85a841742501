/*
 * How servers are logged in to: the section `ssh` of the configuration, and the flags that
 * fleet, copy and check have for it.
 */
#ifndef CMD_SSH_OPTIONS_H
#define CMD_SSH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/command_line.h"
#include "conf/inventory.h"
#include "conf/option.h"
#include "net/ssh_login.h"

enum { SSH_WORKERS_MAX = 10000 };

/* In the configuration; a flag that is given counts more. */
struct ssh_config_opts {
	const char *username;       /* NULL: as ssh_config says */
	int64_t workers;            /* 0: not said */
	int64_t connect_timeout_ms; /* 0: not said */
	int transport;              /* enum ssh_transport */
	const char *config_file;    /* instead of ~/.ssh/config and the machine's; NULL: those */
	bool accepts_new_host_keys;
};

extern const struct option_row ssh_config_rows[];

/* On the command line: --username, --connect-timeout, --transport, --ssh-config,
 * --accept-new-host-keys.  The options of a command that has these rows begin with this struct. */
struct ssh_opts {
	const char *username;
	int64_t connect_timeout_ms;
	int transport; /* enum ssh_transport */
	const char *config_file;
	bool accepts_new_host_keys;
};

extern const struct option_row ssh_option_rows[];

/* The row --workers of a command whose options have an int64_t `field` for it (0: not given). */
// clang-format off
#define SSH_WORKERS_ROW(opts, field) \
	{.name = "workers", .letter = 'w', .type = &option_int, .offset = offsetof(opts, field), .flags = OPTION_FLAG_ONLY, \
	 .min = 1, .max = SSH_WORKERS_MAX, .placeholder = "N", .help = "most servers at the same time; else as configured, 20"}
// clang-format on

/* What holds for this run: flags, else the configuration.  Strings are theirs. */
struct ssh_options {
	const char *username;       /* NULL: as ssh_config says */
	bool is_username_given;     /* by the flag, which counts more than inventories do */
	int64_t workers;            /* 0: not said */
	int64_t connect_timeout_ms; /* 0: not said */
	struct ssh_connector_options connector; /* program, attempts, limiter: their defaults */
};

/* `line` tells which flags were given. */
void ssh_options_join(const struct ssh_config_opts *, const struct ssh_opts *,
	const struct command_line *line, struct ssh_options *ret_options);

/* What cannot be right for any server, before any is asked.  ERR_INPUT. */
int ssh_options_check(const struct ssh_options *, struct err *);

/* Whom to log in as on a host: the flag, else what the inventory says (`host`, NULL: nothing), else
 * the configuration; NULL: as ssh_config says. */
const char *ssh_options_username(const struct ssh_options *, const struct inventory_host *host);

#endif
