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
#include "fleet/ledger.h"
#include "fleet/run_request.h"

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
	const char *store;
};

struct copy_cmd {
	const struct cmd_run *run;
	const struct copy_opts *opts;
	struct config *config; /* borrowed */
	struct ssh_options ssh;
	const char *store_path; /* NULL: the default */
	/* Of a copy that is repeated; else 0: */
	const char *directory;      /* where it was typed: relative paths begin there */
	size_t first_count;         /* see struct run_request */
	enum run_naming naming;     /* the same; decided here if it is open */
	const char *selection_text; /* `selection` is there, and this is what is written down */
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
	struct ledger *ledger;        /* NULL: it is not written down */
};

extern const struct log_context copy_log;

/* Flags that say what is done, for who repeats it; ends with NULL. */
extern const char *const copy_kept_flags[];

/* As it is run with those options, over that configuration; all else is still to be set. */
void copy_cmd_init(struct copy_cmd *, const struct cmd_run *, struct config *);
void copy_cmd_release(struct copy_cmd *);

/* What is copied, whether it is meant, and copying it; tells its own errors. */
enum exit_code copy_cmd_run(struct copy_cmd *);

/* Run it on all hosts, print what it came to; tells its own errors. */
enum exit_code copy_drive(struct copy_cmd *);

#endif
