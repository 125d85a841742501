/*
 * `sre-toolkit config`: is the configuration right, what does it come to, and its schema for
 * editors.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "check/check.h"
#include "cmd/cmd.h"
#include "cmd/config_root.h"
#include "cmd/program.h"
#include "cmd/usage.h"
#include "cmd/verbs.h"
#include "net/url.h"

enum { ORIGIN_COLUMN = 48 };

enum config_output {
	CONFIG_TEXT,
	CONFIG_JSON,
};

struct config_opts {
	int output; /* enum config_output */
};

static const char *const output_names[] = {"text", "json", NULL};

// clang-format off
static const struct option_row config_cmd_rows[] = {
	{.name = "output", .letter = 'o', .type = &option_choice, .offset = offsetof(struct config_opts, output), .flags = OPTION_FLAG_ONLY,
	 .def = "text", .choices = output_names, .placeholder = "FORMAT", .help = "how it is printed"},
	{0},
};
// clang-format on

static enum exit_code write_out(struct cmd_run *run, struct strbuf *text)
{
	struct err err = {0};
	int status = common_write_output(run->common, strbuf_str(text), &err);

	strbuf_release(text);
	if (status < 0) {
		usage_error(run->common, "config", "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	return EXIT_CODE_OK;
}

/* The log always is one; those are the others. */
static size_t count_receivers(const struct config *config)
{
	const struct option_items *receivers = &config->alerts.receivers;
	size_t count = 0;

	for (size_t i = 0; i < receivers->count; i++) {
		const struct receiver *receiver = receivers->items[i];

		count += strcmp(receiver->name, "log") != 0;
	}
	return count;
}

static void check_text(const struct config *config, struct strbuf *out)
{
	const size_t receivers = count_receivers(config);

	strbuf_addf(out, "%s: configuration OK, %zu check%s", config->conf.file,
		config->checks.count, config->checks.count == 1 ? "" : "s");
	if (receivers > 0) {
		strbuf_addf(
			out, ", %zu receiver%s of alerts", receivers, receivers == 1 ? "" : "s");
	}
	strbuf_addc(out, '\n');
}

static void check_json(const struct config *config, struct strbuf *out)
{
	struct json_writer json;

	json_document_begin(&json, out, "config check");
	json_field_string(&json, "file", config->conf.file);
	json_field_int(&json, "checks", (int64_t)config->checks.count);
	json_field_int(&json, "receivers", (int64_t)count_receivers(config));
	json_document_end(&json);
}

static enum exit_code config_check(struct cmd_run *run, struct config *config)
{
	const struct config_opts *opts = run->opts;
	struct strbuf text = STRBUF_INIT;

	if (!config->conf.file) {
		usage_error(run->common, "config",
			"there is no configuration (looked at --config, $SRE_TOOLKIT_CONFIG, "
			"./sre-toolkit.yaml, ~/.config/sre-toolkit/config.yaml, "
			"/etc/sre-toolkit/config.yaml)");
		return EXIT_CODE_USAGE;
	}
	if (opts->output == CONFIG_JSON) {
		check_json(config, &text);
	} else {
		check_text(config, &text);
	}
	return write_out(run, &text);
}

static const char *origin_text(const struct conf_value *value)
{
	return value->origin == CONF_DEFAULT ? "default" : value->where;
}

/* As written, but for the password of a URL, which may stand in any value; secrets are masked
 * already.  Valid until the next call with the same buffer. */
static const char *shown_value(const struct conf_value *value, struct strbuf *buf)
{
	if (!str_contains(str_of(value->text), "://")) {
		return value->text;
	}
	strbuf_clear(buf);
	url_add_masked(str_of(value->text), buf);
	return buf->buf;
}

/* A line each, whatever stands in keys and values. */
static void show_text(const struct conf *conf, struct strbuf *out)
{
	struct strbuf buf = STRBUF_INIT;
	struct strbuf line = STRBUF_INIT;

	for (size_t i = 0; i < conf->values_count; i++) {
		const struct conf_value *value = &conf->values[i];

		strbuf_clear(&line);
		strbuf_addf(&line, "%s: %s", value->path, shown_value(value, &buf));
		if (line.len < ORIGIN_COLUMN) {
			strbuf_addn(&line, ' ', ORIGIN_COLUMN - line.len);
		}
		strbuf_addf(&line, "  # %s", origin_text(value));
		utf8_add_escaped(out, strbuf_str(&line), 0);
		strbuf_addc(out, '\n');
	}
	strbuf_release(&line);
	strbuf_release(&buf);
}

static void show_json(const struct conf *conf, struct strbuf *out)
{
	struct json_writer json;
	struct strbuf buf = STRBUF_INIT;

	json_document_begin(&json, out, "config show");
	json_field_string(&json, "file", conf->file);
	json_write_key(&json, "values");
	json_write_array_begin(&json);
	for (size_t i = 0; i < conf->values_count; i++) {
		json_write_object_begin(&json);
		json_field_string(&json, "path", conf->values[i].path);
		json_field_string(&json, "value", shown_value(&conf->values[i], &buf));
		json_field_string(&json, "origin", origin_text(&conf->values[i]));
		json_write_object_end(&json);
	}
	json_write_array_end(&json);
	json_document_end(&json);
	strbuf_release(&buf);
}

static enum exit_code config_show(struct cmd_run *run, struct config *config)
{
	const struct config_opts *opts = run->opts;
	struct strbuf text = STRBUF_INIT;

	conf_list_values(&config->conf, config_rows, config);
	if (opts->output == CONFIG_JSON) {
		show_json(&config->conf, &text);
	} else {
		strbuf_addf(&text, "# %s\n",
			config->conf.file ? config->conf.file
					  : "no configuration file; all defaults");
		show_text(&config->conf, &text);
	}
	return write_out(run, &text);
}

/* With the configuration that holds, if it is right. */
static enum exit_code with_config(
	struct cmd_run *run, enum exit_code (*act)(struct cmd_run *, struct config *))
{
	struct config config;
	enum exit_code exit_code;

	if (!config_open(&config, run->common)) {
		return EXIT_CODE_USAGE;
	}
	exit_code = act(run, &config);
	config_release(&config);
	return exit_code;
}

static enum exit_code run_check(void *cmd)
{
	return with_config(cmd, config_check);
}

static enum exit_code run_show(void *cmd)
{
	return with_config(cmd, config_show);
}

static enum exit_code run_schema(void *cmd)
{
	struct strbuf text = STRBUF_INIT;

	docs_add_schema(&program_doc, &text);
	return write_out(cmd, &text);
}

static const struct doc_example check_examples[] = {
	{"sre-toolkit config check --config new.yaml", "before it becomes the configuration"},
	{0},
};

static const struct verb verb_of_check = {
	.doc =
		{
			.name = "check",
			.summary = "say whether it is right",
			.description = "Reads the configuration and everything it includes, and "
				       "tells all its errors with file, line and column; exit "
				       "code 2 if there is one.",
			.flags = "output",
			.examples = check_examples,
		},
	.run = run_check,
};

static const struct doc_example show_examples[] = {
	{"sre-toolkit config show", "what holds here, and why"},
	{0},
};

static const struct verb verb_of_show = {
	.doc =
		{
			.name = "show",
			.summary = "every value, and where it comes from",
			.description = "Defaults, too. Secrets are masked.",
			.flags = "output",
			.examples = show_examples,
		},
	.run = run_show,
};

static const struct doc_example schema_examples[] = {
	{"sre-toolkit config schema > sre-toolkit.schema.json",
		"for editors that know JSON Schema"},
	{0},
};

static const struct verb verb_of_schema = {
	.doc =
		{
			.name = "schema",
			.summary = "the JSON Schema of the configuration",
			.flags = "",
			.examples = schema_examples,
		},
	.run = run_schema,
};

static const struct doc_verb *const verbs[] = {
	&verb_of_check.doc,
	&verb_of_show.doc,
	&verb_of_schema.doc,
	NULL,
};

static enum exit_code bad_verb(const struct cmd_run *run, const char *word)
{
	const char *near = word ? verb_suggest(run->cmd, word) : NULL;

	if (near) {
		return cmd_run_usage(run, "unknown verb '%s'; did you mean '%s'?",
			utf8_quote(str_of(word)).text, near);
	}
	return cmd_run_usage(run, "write sre-toolkit config check, show or schema");
}

static enum exit_code config_run(struct cmd_run *run)
{
	const char *word = run->line->args_count == 1 ? run->line->args[0] : NULL;
	struct verb_call call = {.verb = word ? verb_find(run->cmd, word) : NULL};
	enum exit_code exit_code;

	if (!call.verb) {
		return bad_verb(run, word);
	}
	exit_code = verb_check(run, &call, NULL);
	return exit_code == EXIT_CODE_OK ? call.verb->run(run) : exit_code;
}

static const struct option_set sets[] = {
	{"Options", config_cmd_rows, NULL},
	{"Common options", common_rows, NULL},
	{0},
};

static const struct doc_example examples[] = {
	{"sre-toolkit config check", "say whether it is right; exit code 2 if not"},
	{"sre-toolkit config show", "every value, and where it comes from"},
	{"sre-toolkit config schema > sre-toolkit.schema.json",
		"for editors that know JSON Schema"},
	{0},
};

const struct cmd cmd_config = {
	.doc =
		{
			.name = "config",
			.arguments = "check|show|schema",
			.summary = "is the configuration right, and what does it come to?",
			.sets = sets,
			.examples = examples,
			.verbs = verbs,
		},
	.opts_size = sizeof(struct config_opts),
	.run = config_run,
};
