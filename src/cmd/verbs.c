/*
 * Choosing a verb, and what goes with it.  See verbs.h.
 */
#include "cmd/verbs.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "base/utf8.h"

enum { VERBS_MAX = 24 };

static const struct verb *of_doc(const struct doc_verb *doc)
{
	return doc ? (const struct verb *)((const char *)doc - offsetof(struct verb, doc)) : NULL;
}

const struct verb *verb_find(const struct cmd *cmd, const char *name)
{
	return of_doc(doc_verb_find(&cmd->doc, name));
}

const char *verb_suggest(const struct cmd *cmd, const char *name)
{
	const char *names[VERBS_MAX];
	size_t count = 0;

	for (const struct doc_verb *const *v = cmd->doc.verbs; v && *v && count < VERBS_MAX; v++) {
		names[count++] = (*v)->name;
	}
	return suggest(str_of(name), names, count);
}

void verb_add_see(const struct cmd *cmd, const struct doc_verb *verb, struct strbuf *out)
{
	strbuf_addf(out, "see sre-toolkit %s%s%s --help", cmd->doc.name,
		verb && verb->name ? " " : "", verb && verb->name ? verb->name : "");
}

int verb_read_line(const struct cmd_run *run, const struct doc_verb *verb, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct doc_command with = doc_command_with(&run->cmd->doc, verb, arena);
	struct option_set sets[CMD_SETS_MAX + 1] = {0};
	struct common_opts common = {0};
	void *opts = arena_alloc(arena, run->cmd->opts_size);
	struct command_line line = {0};

	for (size_t i = 0; with.sets[i].rows; i++) {
		bool is_common = !with.sets[i + 1].rows;

		assert(i < CMD_SETS_MAX);
		sets[i] = with.sets[i];
		sets[i].base = is_common ? (void *)&common : opts;
	}
	return command_line_parse(
		run->argc, run->argv, sets, run->cmd->stops_at_argument, arena, &line, err);
}

static const struct option_row *foreign_flag(const struct cmd_run *run, const struct verb *verb)
{
	for (size_t i = 0; i < run->line->given_count; i++) {
		if (!doc_verb_takes(&run->cmd->doc, &verb->doc, run->line->given[i])) {
			return run->line->given[i];
		}
	}
	return NULL;
}

enum exit_code verb_check(const struct cmd_run *run, const struct verb_call *call, const char *hint)
{
	const struct verb *verb = call->verb;
	const char *name = verb->doc.name ? verb->doc.name : verb->doc.summary;
	const struct option_row *foreign = foreign_flag(run, verb);
	_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT, see = STRBUF_INIT;
	struct err err = {0};

	if (foreign) {
		option_add_flag_name(foreign, &flag);
		return cmd_run_usage(run, "%s does not go with %s%s", flag.buf, name,
			verb->doc.name && hint ? hint : "");
	}
	if (verb->doc.own && verb_read_line(run, &verb->doc, &err) < 0) {
		verb_add_see(run->cmd, &verb->doc, &see);
		return cmd_run_usage(run, "%s (%s)", err.msg, see.buf);
	}
	if (call->args_count < (size_t)verb->args_min) {
		return cmd_run_usage(run, "write sre-toolkit %s %s %s", run->cmd->doc.name, name,
			verb->doc.arguments);
	}
	if (verb->args_max != VERB_ARGS_ANY && call->args_count > (size_t)verb->args_max) {
		return cmd_run_usage(run, "%s: one argument too many: '%s'", name,
			utf8_quote(str_of(call->args[verb->args_max])).text);
	}
	return EXIT_CODE_OK;
}
