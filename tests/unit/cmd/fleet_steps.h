/*
 * Runs of `sre-toolkit fleet` one after the other, in a folder and with a store of their own; the
 * servers have an address at which nobody listens.
 */
#ifndef TESTS_UNIT_CMD_FLEET_STEPS_H
#define TESTS_UNIT_CMD_FLEET_STEPS_H

#include "cmd/cmd_fixture.h"
#include "fleet/outcome.h"
#include "store/store.h"
#include "store/store_runs.h"

/* One run; texts that are NULL are not looked for. */
struct fleet_step {
	struct cmd_args args;
	int exit_code;
	const char *out, *err; /* parts */
};

static const char fleet_ssh_config[] = "Host *\n"
				       "  HostName 127.0.0.1\n"
				       "  Port 1\n"
				       "  UserKnownHostsFile /dev/null\n"
				       "  GlobalKnownHostsFile /dev/null\n";

static const char fleet_config[] = "store: state.db\n"
				   "servers: {groups: {web: \"web-[01-02]\"}}\n"
				   "ssh: {config: seen}\n";

static inline void fleet_steps(struct cmd_fixture *f, const struct fleet_step *steps, size_t count)
{
	write_text("sre-toolkit.yaml", fleet_config);
	write_text("seen", fleet_ssh_config);
	for (size_t i = 0; i < count; i++) {
		cmd_run(f, &cmd_fleet, &steps[i].args);
		assert_exit(f, steps[i].exit_code);
		if (steps[i].out) {
			assert_said(&f->out, steps[i].out);
		}
		if (steps[i].err) {
			assert_said(&f->err, steps[i].err);
		}
	}
}

#define FLEET_STEPS(f, steps) fleet_steps(f, steps, ARRAY_LEN(steps))

/* A host of a run that is in the store. */
struct fleet_past {
	const char *name;
	struct outcome outcome;
	const char *output;
};

struct fleet_past_job {
	const struct fleet_past *hosts;
	const char *command, *options;
};

static inline int fleet_write_past(struct store_tx *tx, void *arg, struct err *err)
{
	const struct fleet_past_job *job = arg;
	const struct fleet_past *past = job->hosts;
	struct stored_run run = {.started_ms = 1751356800000,
		.author = "sre",
		.host = "here",
		.pid = 1,
		.command = job->command,
		.selection = "--hosts @web",
		.options = job->options};
	const struct stored_run_end end = {.ended_ms = 1751356860000, .exit_code = 1};
	struct stored_run_host items[8] = {0};
	struct stored_run_hosts hosts = {.items = items};
	int64_t id;

	for (; past->name; past++) {
		struct stored_run_host *host = &items[hosts.items_count++];

		outcome_store(&past->outcome, host);
		host->name = past->name;
		host->excerpt = past->output;
		host->output_hash = past->output; /* any text that differs as they do */
		host->output_bytes = past->output ? (int64_t)strlen(past->output) : 0;
	}
	return store_run_begin(tx, &run, &hosts, &id, err) < 0 ? -1
							       : store_run_end(tx, id, &end, err);
}

static inline void fleet_past_write(const struct fleet_past_job *job)
{
	const struct store_options options = {.path = "state.db"};
	struct store *store = NULL;
	struct err err = {0};

	assert_int_equal(store_open(&options, &store, &err), 0);
	assert_int_equal(store_write(store, fleet_write_past, (void *)(uintptr_t)job, &err), 0);
	store_close(&store);
}

/* A run of these hosts, which ends with one without a name. */
static inline void fleet_past_run(struct fleet_past *hosts)
{
	const struct fleet_past_job job = {hosts, "uptime",
		"{\"arguments\": [\"fleet\", \"uptime\", \"--hosts\", \"@web\"], "
		"\"withheld\": [], \"directory\": \"/\", \"script\": null}"};

	fleet_past_write(&job);
}

/* A copy to them. */
static inline void fleet_past_copy(struct fleet_past *hosts)
{
	const struct fleet_past_job job = {hosts, "copy nowhere @web:/x",
		"{\"arguments\": [\"copy\", \"nowhere\", \"@web:/x\"], \"withheld\": [], "
		"\"directory\": \"/there\", \"script\": null, \"first_count\": 3}"};

	fleet_past_write(&job);
}

#endif
