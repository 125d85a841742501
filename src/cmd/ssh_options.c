/*
 * Rows of the section `ssh` and of its flags.  See ssh_options.h.
 */
#include "cmd/ssh_options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "net/ssh_names.h"

static const char *const transport_names[] = {"auto", "native", "openssh", NULL};

#define CONNECT_TIMEOUT_MAX_MS (3600 * 1000)

// clang-format off
const struct option_row ssh_config_rows[] = {
	{.name = "username", .type = &option_string, .offset = offsetof(struct ssh_config_opts, username),
	 .placeholder = "NAME", .help = "whom to log in as where the inventory does not say; else as ssh_config says"},
	{.name = "workers", .type = &option_int, .offset = offsetof(struct ssh_config_opts, workers),
	 .min = 1, .max = SSH_WORKERS_MAX, .help = "most servers at the same time; else 20"},
	{.name = "connect_timeout", .type = &option_duration, .offset = offsetof(struct ssh_config_opts, connect_timeout_ms),
	 .min = 1, .max = CONNECT_TIMEOUT_MAX_MS, .help = "until one is logged in, bastions included; else as ssh_config says, 10s"},
	{.name = "transport", .type = &option_choice, .offset = offsetof(struct ssh_config_opts, transport),
	 .def = "auto", .choices = transport_names, .help = "native: within this program; openssh: through the program ssh; auto: native, unless a server needs what only ssh can do"},
	{.name = "config", .type = &option_path, .offset = offsetof(struct ssh_config_opts, config_file),
	 .placeholder = "FILE", .help = "an ssh_config instead of ~/.ssh/config and /etc/ssh/ssh_config"},
	{.name = "accept_new_host_keys", .type = &option_bool, .offset = offsetof(struct ssh_config_opts, accepts_new_host_keys),
	 .help = "take the key of a server that is not known yet, and record it; a changed key is always refused"},
	{0},
};

const struct option_row ssh_option_rows[] = {
	{.name = "username", .letter = 'u', .type = &option_string, .offset = offsetof(struct ssh_opts, username), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "NAME", .help = "whom to log in as; else as the inventory, the configuration or ssh_config says"},
	{.name = "connect_timeout", .type = &option_duration, .offset = offsetof(struct ssh_opts, connect_timeout_ms), .flags = OPTION_FLAG_ONLY,
	 .min = 1, .max = CONNECT_TIMEOUT_MAX_MS, .help = "until one is logged in, bastions included; else as configured, 10s"},
	{.name = "transport", .type = &option_choice, .offset = offsetof(struct ssh_opts, transport), .flags = OPTION_FLAG_ONLY,
	 .choices = transport_names, .help = "native: within this program; openssh: through the program ssh; auto: native, unless a server needs what only ssh can do; else as configured, auto"},
	{.name = "ssh_config", .type = &option_path, .offset = offsetof(struct ssh_opts, config_file), .flags = OPTION_FLAG_ONLY,
	 .placeholder = "FILE", .help = "read this instead of ~/.ssh/config and /etc/ssh/ssh_config"},
	{.name = "accept_new_host_keys", .type = &option_bool, .offset = offsetof(struct ssh_opts, accepts_new_host_keys), .flags = OPTION_FLAG_ONLY,
	 .help = "take the key of a server that is not known yet, and record it; a changed key is always refused"},
	{0},
};
// clang-format on

void ssh_options_join(const struct ssh_config_opts *config, const struct ssh_opts *opts,
	const struct command_line *line, struct ssh_options *ret_options)
{
	bool has_transport = command_line_has(line, ssh_option_rows, "transport");
	bool has_accept = command_line_has(line, ssh_option_rows, "accept_new_host_keys");

	*ret_options = (struct ssh_options){
		.username = opts->username ? opts->username : config->username,
		.is_username_given = opts->username != NULL,
		.workers = config->workers,
		.connect_timeout_ms = opts->connect_timeout_ms > 0 ? opts->connect_timeout_ms
								   : config->connect_timeout_ms,
		.connector =
			{
				.transport = (enum ssh_transport)(
					has_transport ? opts->transport : config->transport),
				.config_file =
					opts->config_file ? opts->config_file : config->config_file,
				.accepts_new_host_keys = has_accept ? opts->accepts_new_host_keys
								    : config->accepts_new_host_keys,
			},
	};
}

int ssh_options_check(const struct ssh_options *options, struct err *err)
{
	const char *file = options->connector.config_file;
	const char *name = options->username;

	if (file && access(file, R_OK) < 0) {
		return err_set(err, ERR_INPUT, "cannot read the ssh_config '%s': %s", file,
			strerror(errno));
	}
	return name ? ssh_names_check_user(name, err) : 0;
}

const char *ssh_options_username(
	const struct ssh_options *options, const struct inventory_host *host)
{
	if (!options->is_username_given && host && host->username) {
		return host->username;
	}
	return options->username;
}
