/*
 * What the files of `sre-toolkit copy` share.
 */
#ifndef CMD_COPY_CMD_H
#define CMD_COPY_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/exit_code.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/config_root.h"
#include "cmd/password.h"
#include "cmd/server_guard.h"
#include "cmd/server_select.h"
#include "cmd/ssh_options.h"
#include "fleet/copy_host.h"
#include "fleet/copy_path.h"

enum copy_output {
	COPY_TEXT,
	COPY_JSON,
	COPY_JSONL,
	COPY_CSV,
};

/* Begins with struct ssh_opts, as these rows want it. */
struct copy_opts {
	struct ssh_opts ssh;
	struct password_opts passwords;
	struct server_opts servers;
	struct guard_opts guard;
	const char *mode, *owner, *group;
	bool is_sudo;
	int backup; /* enum copy_backup */
	bool is_dry_run;
	int64_t workers; /* 0: not given */
	int64_t timeout_ms, silence_ms;
	bool is_canary;
	int output; /* enum copy_output */
};

struct copy_cmd {
	struct cmd_run *run;
	const struct copy_opts *opts;
	struct config config;
	struct ssh_options ssh;
	struct strbuf password, sudo_password;
	const char *const *sources; /* paths: here, or with is_pull on the hosts */
	size_t sources_count;
	const char *destination;
	bool is_pull;
	struct server_selection selection;
	struct copy_tree tree; /* without is_pull */
	struct copy_push_spec push;
	struct copy_pull_spec *pulls; /* with is_pull: one for each host */
	struct copy_job *jobs;        /* one for each host */
	struct copy_job job;          /* what they have in common */
};

extern const struct log_context copy_log;

/* Run it on all hosts, print what it came to; tells its own errors. */
enum exit_code copy_drive(struct copy_cmd *);

#endif
