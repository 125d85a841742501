/*
 * The kind `exec`: a program that judges by itself, by the rules of Nagios plugins.
 *
 * Its exit code is the state, the first line it prints is the message, what follows "|" is
 * performance data.  It is given an argument list and no shell, an environment that is the same
 * wherever it is started from, and no input.  Everything it started goes when its time is over.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "check/plugin_output.h"
#include "check/words.h"
#include "loop/child.h"

enum {
	STDERR_MAX = 8192,
	DRAIN_MS = 200, /* for output of what it started and left behind */
	SHOWN_MAX = 200,
	AT_ONCE_MAX = 32,
};

/* Standard folders, then where distributions put plugins. */
#define PLUGIN_PATH                                                                                \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"                            \
	"/usr/lib/nagios/plugins:/usr/lib64/nagios/plugins:/usr/lib/monitoring-plugins:"           \
	"/usr/local/nagios/libexec"

struct exec_opts {
	struct option_list command; /* const char *: words, or one text to be split into words */
	const char *const *argv;    /* what follows from it, NULL-terminated */
	struct option_map env;
	struct option_list inherit_env;
	const char *cwd;
	int64_t output_max;
};

struct exec_run {
	struct child *child;
	const struct child_exit *end; /* once it has ended; the child's */
	struct perfdata perfdata;
};

// clang-format off
static const struct option_row exec_rows[] = {
	{.name = "exec", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct exec_opts, command),
	 .flags = OPTION_VARIANT_KEY, .placeholder = "COMMAND",
	 .help = "program and arguments as a list, or as one text that is split as a shell would, without a shell"},
	{.name = "env", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct exec_opts, env),
	 .flags = OPTION_SECRET,
	 .help = "environment variables to set; never shown"},
	{.name = "inherit_env", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct exec_opts, inherit_env),
	 .placeholder = "NAME", .help = "names of our own environment variables to hand on"},
	{.name = "cwd", .type = &option_path, .offset = offsetof(struct exec_opts, cwd),
	 .help = "the folder to run in; ours if not given"},
	{.name = "output_max", .type = &option_size, .offset = offsetof(struct exec_opts, output_max),
	 .def = "64k", .min = 1024, .max = 16 * 1024 * 1024, .help = "output that is kept; the rest is read and counted"},
	{0},
};

static const struct check_value_row exec_values[] = {
	{0}, /* whatever its performance data has */
};
// clang-format on

/* The last one of a name holds: NAME=value replaces what was set for NAME. */
static void env_set(const char **env, size_t *count, const char *entry)
{
	size_t name_len = (size_t)(strchr(entry, '=') - entry) + 1;

	for (size_t i = 0; i < *count; i++) {
		if (strncmp(env[i], entry, name_len) == 0) {
			env[i] = entry;
			return;
		}
	}
	env[(*count)++] = entry;
}

static const char *const *env_build(const struct exec_opts *opts, struct arena *arena)
{
	const char *home = getenv("HOME");
	size_t max = 3 + opts->inherit_env.count + opts->env.count;
	const char **env = arena_calloc(arena, max + 1, sizeof(*env));
	size_t count = 0;

	env_set(env, &count, "PATH=" PLUGIN_PATH);
	env_set(env, &count, "LANG=C.UTF-8");
	env_set(env, &count, arena_printf(arena, "HOME=%s", home ? home : "/"));
	for (size_t i = 0; i < opts->inherit_env.count; i++) {
		const char *name = OPTION_AT(&opts->inherit_env, const char *, i);
		const char *value = getenv(name);

		if (value) {
			env_set(env, &count, arena_printf(arena, "%s=%s", name, value));
		}
	}
	for (size_t i = 0; i < opts->env.count; i++) {
		env_set(env, &count,
			arena_printf(arena, "%s=%s", opts->env.keys[i],
				OPTION_AT(&opts->env, const char *, i)));
	}
	return env;
}

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

	words_add_all_quoted(opts->argv, &command);
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

static const char *signal_name(int signo)
{
	static const struct {
		int signo;
		const char *name;
	} names[] = {
		{SIGABRT, "SIGABRT"},
		{SIGALRM, "SIGALRM"},
		{SIGBUS, "SIGBUS"},
		{SIGFPE, "SIGFPE"},
		{SIGHUP, "SIGHUP"},
		{SIGILL, "SIGILL"},
		{SIGINT, "SIGINT"},
		{SIGKILL, "SIGKILL"},
		{SIGPIPE, "SIGPIPE"},
		{SIGQUIT, "SIGQUIT"},
		{SIGSEGV, "SIGSEGV"},
		{SIGSYS, "SIGSYS"},
		{SIGTERM, "SIGTERM"},
		{SIGXCPU, "SIGXCPU"},
		{SIGXFSZ, "SIGXFSZ"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].signo == signo) {
			return names[i].name;
		}
	}
	return "see signal(7)";
}

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
			end->term_signal, signal_name(end->term_signal),
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
		.argv = opts->argv,
		.env = env_build(opts, run->arena),
		.cwd = opts->cwd,
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
		run->arena, "running '%s'", ((const struct exec_opts *)run->opts)->argv[0]);
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
	exec->command = (struct option_list){.items = command, .count = 1};
	return 0;
}

static int names_check(const char *name, struct err *err)
{
	if (!*name || strchr(name, '=')) {
		return err_set(err, ERR_INPUT, "'%s' is no name of an environment variable", name);
	}
	return 0;
}

static int exec_validate(void *opts, struct arena *arena, struct err *err)
{
	struct exec_opts *exec = opts;

	for (size_t i = 0; i < exec->env.count; i++) {
		if (names_check(exec->env.keys[i], err) < 0) {
			return err_wrap(err, "env");
		}
	}
	for (size_t i = 0; i < exec->inherit_env.count; i++) {
		if (names_check(OPTION_AT(&exec->inherit_env, const char *, i), err) < 0) {
			return err_wrap(err, "inherit_env");
		}
	}
	if (exec->command.count == 1) {
		return words_split(str_of(OPTION_AT(&exec->command, const char *, 0)), arena,
			&exec->argv, err);
	}

	const char **argv = arena_calloc(arena, exec->command.count + 1, sizeof(*argv));

	for (size_t i = 0; i < exec->command.count; i++) {
		argv[i] = OPTION_AT(&exec->command, const char *, i);
	}
	if (!argv[0] || !*argv[0]) {
		return err_set(err, ERR_INPUT, "the command is empty");
	}
	exec->argv = argv;
	return 0;
}

static const char *exec_target(const void *opts, struct arena *arena)
{
	const struct exec_opts *exec = opts;
	struct strbuf text = STRBUF_INIT;
	const char *target;

	strbuf_adds(&text, "exec:");
	words_add_all_quoted(exec->argv, &text);
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
