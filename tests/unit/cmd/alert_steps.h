/*
 * Runs of `sre-toolkit alert` one after the other, in a folder and with a store of their own.
 */
#ifndef TESTS_UNIT_CMD_ALERT_STEPS_H
#define TESTS_UNIT_CMD_ALERT_STEPS_H

#include "cmd/cmd_fixture.h"

/* One run; texts that are NULL are not looked for. */
struct alert_step {
	struct cmd_args args;
	int exit_code;
	const char *out, *err; /* parts */
};

/* Receivers: "ops", where nobody listens, and the log, which takes everything. */
static const char alert_config[] =
	"store: state.db\n"
	"alerts:\n"
	"  receivers:\n"
	"    - {name: ops, slack: 'http://127.0.0.1:1/services/T0/B0/secret'}\n"
	"  routes:\n"
	"    - {match: ['team=ops'], receivers: [ops]}\n"
	"    - {receivers: [log]}\n";

static inline void run_steps(
	struct cmd_fixture *f, const struct cmd *cmd, const struct alert_step *steps, size_t count)
{
	write_text("sre-toolkit.yaml", alert_config);
	for (size_t i = 0; i < count; i++) {
		cmd_run(f, cmd, &steps[i].args);
		assert_exit(f, steps[i].exit_code);
		if (steps[i].out) {
			assert_said(&f->out, steps[i].out);
		}
		if (steps[i].err) {
			assert_said(&f->err, steps[i].err);
		}
		assert_null(strstr(f->out.buf, "secret"));
		assert_null(strstr(f->err.buf, "secret"));
	}
}

#endif
