/*
 * What the verbs of `sre-toolkit fleet` share.  One file fleet_<verb>.c for each of them.
 */
#ifndef CMD_FLEET_CMD_H
#define CMD_FLEET_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/exit_code.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "cmd/cmd.h"
#include "cmd/config_root.h"
#include "cmd/password.h"
#include "cmd/server_guard.h"
#include "cmd/server_select.h"
#include "cmd/ssh_options.h"
#include "cmd/verbs.h"
#include "store/store.h"
#include "store/store_runs.h"

enum fleet_output {
	FLEET_TEXT,
	FLEET_JSON,
	FLEET_JSONL,
	FLEET_CSV,
	FLEET_JUNIT,
};

enum fleet_fold {
	FLEET_FOLD_NONE,
	FLEET_FOLD_EXACT,
	FLEET_FOLD_SMART,
};

/* Of `fleet keys`. */
struct fleet_keys_opts {
	bool is_record;
	bool is_replace;    /* also what has changed */
	int64_t port;       /* 0: as configured */
	const char *expect; /* file of the keys that they ought to have */
};

/* Begins with struct ssh_opts, as these rows want it. */
struct fleet_opts {
	struct ssh_opts ssh;
	struct password_opts passwords;
	/* which servers */
	struct server_opts servers;
	struct guard_opts guard;
	bool is_list;
	/* the command */
	bool takes_stdin;
	const char *script;
	struct option_map env; /* const char * */
	const char *directory;
	int64_t nice; /* if it was given */
	bool is_tty;
	bool is_sudo;
	const char *sudo_user;
	bool is_canary;
	/* how */
	int64_t workers; /* 0: not given */
	int64_t timeout_ms, silence_ms;
	bool is_dry_run;
	/* results */
	int output; /* enum fleet_output */
	int fold;   /* enum fleet_fold */
	bool is_live;
	const char *output_dir;
	struct fleet_keys_opts keys;
	/* the ledger */
	const char *only;
	int64_t limit;
	const char *store;
};

struct fleet_cmd {
	struct cmd_run *run;
	const struct fleet_opts *opts;
	const char *const *args; /* after the verb; without a verb all of them */
	size_t args_count;
	struct config config;
	struct ssh_options ssh;
	const char *store_path; /* NULL: the default */
	const char *directory;  /* where the command line was typed; NULL: here */
};

extern const struct log_context fleet_log;

/* Exit code 2 for the user's own mistake (ERR_INPUT, ERR_NOT_FOUND, ERR_PERMISSION, ERR_LIMIT), 75
 * for what others hold, 1 for all else; told. */
enum exit_code fleet_failed(const struct fleet_cmd *, const struct err *);

/* A line to stderr, for people, escaped; nothing with --quiet. */
void fleet_say(const struct fleet_cmd *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Open the store of the configuration or of --store, for reading.  ERR_NOT_FOUND: there is none,
 * so no run was ever written down. */
int fleet_open_store(struct fleet_cmd *, struct store **ret_store, struct err *);

/* An argument as a run's number; `index` past the arguments: 0, the latest one. */
int fleet_id_argument(const struct fleet_cmd *, size_t index, int64_t *ret_id, struct err *);

/* A run of the ledger with its hosts; of outcomes 1 << kind, or of all (0). */
struct fleet_stored {
	struct stored_run run;
	struct stored_run_hosts hosts;
};
int fleet_read_run(struct fleet_cmd *, int64_t id, unsigned outcomes,
	struct fleet_stored *ret_stored, struct err *);

/* Was it a copy, not a command? */
bool fleet_is_copy(const struct fleet_cmd *, const struct stored_run *);

/* Members of a run, into the object that is open. */
struct json_writer;
void fleet_write_run_json(
	const struct fleet_cmd *, const struct stored_run *, struct json_writer *);

/* Ask whether it is meant, and run on these servers; `selection_text` is for the ledger. */
enum exit_code fleet_run_on(
	struct fleet_cmd *, const struct server_selection *, const char *selection_text);

/* Flags of the verbs that run a command. */
// clang-format off
#define FLEET_RUN_FLAGS \
	"username connect_timeout transport ssh_config accept_new_host_keys " \
	"password_file ask_password sudo_password_file ask_sudo_password " \
	"confirm_over yes max_hosts env stdin workers timeout silence canary output fold live output_dir store "
// clang-format on

/* The verbs, over struct fleet_cmd; `command` is what is done without one. */
extern const struct verb fleet_verb_command;
extern const struct verb fleet_verb_diff;
extern const struct verb fleet_verb_keys;
extern const struct verb fleet_verb_last;
extern const struct verb fleet_verb_retry;
extern const struct verb fleet_verb_show;

#endif
