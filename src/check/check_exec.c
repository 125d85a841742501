/*
 * The kind `exec`: a program that judges by itself, by the rules of Nagios plugins.
 *
 * Its exit code is the state, the first line it prints is the message, what follows "|" is
 * performance data.  It is given an argument list and no shell, an environment that is the same
 * wherever it is started from, and no input.  Everything it started goes when its time is over.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "base/words.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "check/plugin_output.h"
#include "conf/option_command.h"
#include "loop/child.h"

enum {
	STDERR_MAX = 8192,
	DRAIN_MS = 200, /* for output of what it started and left behind */
	SHOWN_MAX = 200,
	AT_ONCE_MAX = 32,
};

/* Standard folders, then where distributions put plugins. */
#define PLUGIN_PATH                                                                                \
	OPTION_COMMAND_PATH ":/usr/lib/nagios/plugins:/usr/lib64/nagios/plugins"                   \
			    ":/usr/lib/monitoring-plugins:/usr/local/nagios/libexec"

struct exec_opts {
	struct option_command program;
	int64_t output_max;
};

struct exec_run {
	struct child *child;
	const struct child_exit *end; /* once it has ended; the child's */
	struct perfdata perfdata;
};

// clang-format off
static const struct option_row exec_rows[] = {
	OPTION_COMMAND_ROWS("exec", struct exec_opts, program),
	{.name = "output_max", .type = &option_size, .offset = offsetof(struct exec_opts, output_max),
	 .def = "64k", .min = 1024, .max = 16 * 1024 * 1024, .help = "output that is kept; the rest is read and counted"},
	{0},
};

static const struct check_value_row exec_values[] = {
	{0}, /* whatever its performance data has */
};
// clang-format on

/* Numbers that could not be measured ("U") are no values. */
static void add_values(struct check_result *result, const struct perfdata *perfdata)
{
	for (size_t i = 0; i < perfdata->items_count; i++) {
		const struct perfdata_item *item = &perfdata->items[i];
		struct check_value *value;

		if (isnan(item->value)) {
			continue;
		}
		value = check_value_add(result, item->label, item->unit, item->value);
		value->warning = item->warning;
		value->critical = item->critical;
		value->min = item->min;
		value->max = item->max;
	}
}

static void add_command(struct check_run *run)
{
	const struct exec_opts *opts = run->opts;
	struct strbuf command = STRBUF_INIT;

	words_add_all_quoted(opts->program.argv, &command);
	check_evidence_add(&run->result, "command", strbuf_str(&command));
	strbuf_release(&command);
}

static void add_stream(struct check_run *run, const char *name, const struct strbuf *text)
{
	struct str trimmed = str_trim(strbuf_str(text));

	if (trimmed.len > 0) {
		check_evidence_add(&run->result, name, trimmed);
	}
}

static const struct {
	enum check_state state;
	enum check_code code;
} exits[] = {
	{CHECK_OK, CODE_OK},
	{CHECK_WARNING, CODE_PLUGIN_WARNING},
	{CHECK_CRITICAL, CODE_PLUGIN_CRITICAL},
	{CHECK_UNKNOWN, CODE_PLUGIN_UNKNOWN},
};

/* What it said, or else where it complained. */
static const char *exec_message(
	struct check_run *run, const struct plugin_output *output, const struct strbuf *err)
{
	struct strbuf text = STRBUF_INIT;
	struct str rest = str_trim(strbuf_str(err));
	struct str line;
	const char *message;

	if (*output->message) {
		return output->message;
	}
	strbuf_adds(&text, "no output");
	if (str_line(&rest, &line)) {
		strbuf_adds(&text, "; stderr: ");
		utf8_add_escaped(&text, line, SHOWN_MAX);
	}
	message = arena_strndup(run->arena, text.buf, text.len);
	strbuf_release(&text);
	return message;
}

static void exec_exited(
	struct check_run *run, const struct child_exit *end, const struct plugin_output *output)
{
	const char *message = exec_message(run, output, end->err);

	if ((size_t)end->exit_code < ARRAY_LEN(exits)) {
		check_done(run, exits[end->exit_code].state, exits[end->exit_code].code, "%s",
			message);
	} else {
		check_done(run, CHECK_UNKNOWN, CODE_BAD_EXIT_CODE,
			"exit code %d, which is none of a plugin's 0 to 3: %s", end->exit_code,
			message);
	}
}

static void exec_ended(void *arg, const struct child_exit *end)
{
	struct check_run *run = arg;
	struct exec_run *exec = run->state;
	struct plugin_output output;

	exec->end = end;
	plugin_output_read(strbuf_str(end->out), run->arena, &output);
	exec->perfdata = output.perfdata;
	run->result.detail = output.detail;
	add_values(&run->result, &output.perfdata);
	switch (end->outcome) {
	case CHILD_EXITED:
		exec_exited(run, end, &output);
		break;
	case CHILD_SIGNALED:
		check_done(run, CHECK_UNKNOWN, CODE_EXEC_SIGNALED, "killed by signal %d (%s): %s",
			end->term_signal, child_signal_name(end->term_signal),
			exec_message(run, &output, end->err));
		break;
	case CHILD_TIMED_OUT:
	case CHILD_STUCK:
		check_done(run, CHECK_UNKNOWN, CODE_TIMEOUT, "did not end in time");
		break;
	}
}

static void exec_start(struct check_run *run)
{
	const struct exec_opts *opts = run->opts;
	struct exec_run *exec = arena_alloc(run->arena, sizeof(*exec));
	struct child_spec spec = {
		.argv = opts->program.argv,
		.env = option_command_env(&opts->program, PLUGIN_PATH, NULL, run->arena),
		.cwd = opts->program.cwd,
		.stdout_max = (size_t)opts->output_max,
		.stderr_max = STDERR_MAX,
		/* The run's own deadline comes first, and shows what there was until then. */
		.timeout_ms = run->check->timeout_ms + 1000,
		.drain_ms = DRAIN_MS,
	};
	struct err err = {0};

	run->state = exec;
	if (child_start(run->env->loop, &spec, exec_ended, run, &exec->child, &err) < 0) {
		check_done(run, CHECK_UNKNOWN, CODE_EXEC_FAILED, "%s", err.msg);
	}
}

static void explain_perfdata(struct check_run *run, const struct perfdata *perfdata)
{
	if (perfdata->skipped_count > 0) {
		struct strbuf first = STRBUF_INIT;

		utf8_add_escaped(&first, perfdata->skipped_first, SHOWN_MAX);
		check_evidence_addf(&run->result, "perfdata",
			"%zu could not be read, the first is '%s'", perfdata->skipped_count,
			first.buf);
		strbuf_release(&first);
	}
}

static void exec_explain(struct check_run *run)
{
	const struct exec_run *exec = run->state;

	add_command(run);
	if (!exec->end) {
		return; /* it was never started */
	}
	if (exec->end->outcome == CHILD_EXITED) {
		check_evidence_addf(&run->result, "exit_code", "%d", exec->end->exit_code);
	}
	add_stream(run, "stderr", exec->end->err);
	if (exec->end->out->dropped_bytes > 0) {
		check_evidence_addf(&run->result, "output",
			"%llu bytes above output_max were left out",
			(unsigned long long)exec->end->out->dropped_bytes);
	}
	explain_perfdata(run, &exec->perfdata);
}

static const char *exec_interrupted(struct check_run *run)
{
	struct exec_run *exec = run->state;

	add_command(run);
	add_stream(run, "stdout", child_out(exec->child));
	add_stream(run, "stderr", child_err(exec->child));
	return arena_printf(
		run->arena, "running '%s'", ((const struct exec_opts *)run->opts)->program.argv[0]);
}

static void exec_release(struct check_run *run)
{
	struct exec_run *exec = run->state;

	child_free(&exec->child);
}

static int exec_from_target(struct str target, struct arena *arena, void *opts, struct err *err)
{
	struct exec_opts *exec = opts;
	const char **command = arena_alloc(arena, sizeof(*command));
	struct str text = str_trim(str_sub(target, str_find(target, ':', 0) + 1, target.len));

	if (text.len == 0) {
		return err_set(err, ERR_INPUT,
			"'%.*s' has no command; write exec:/path/to/plugin -w 5", STR_ARG(target));
	}
	*command = str_dup(text, arena);
	exec->program.command = (struct option_list){.items = command, .count = 1};
	return 0;
}

static int exec_validate(void *opts, struct arena *arena, struct err *err)
{
	struct exec_opts *exec = opts;

	return option_command_finish(&exec->program, arena, err);
}

static const char *exec_target(const void *opts, struct arena *arena)
{
	const struct exec_opts *exec = opts;
	struct strbuf text = STRBUF_INIT;
	const char *target;

	strbuf_adds(&text, "exec:");
	words_add_all_quoted(exec->program.argv, &text);
	target = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return target;
}

static const char *const exec_schemes[] = {"exec", NULL};

const struct check_kind check_exec = {
	.variant =
		{
			.name = "exec",
			.summary = "a program says so, by the rules of Nagios plugins",
			.rows = exec_rows,
			.opts_size = sizeof(struct exec_opts),
			.object = &check_exec,
			.validate = exec_validate,
		},
	.values = exec_values,
	.schemes = exec_schemes,
	.timeout_state = CHECK_UNKNOWN,
	.max_at_once = AT_ONCE_MAX,
	.from_target = exec_from_target,
	.target = exec_target,
	.start = exec_start,
	.interrupted = exec_interrupted,
	.explain = exec_explain,
	.release = exec_release,
};
