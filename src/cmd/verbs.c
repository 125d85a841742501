/*
 * Choosing a verb, and what goes with it.  See verbs.h.
 */
#include "cmd/verbs.h"

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
	_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT;

	if (foreign) {
		option_add_flag_name(foreign, &flag);
		return cmd_run_usage(run, "%s does not go with %s%s", flag.buf, name,
			verb->doc.name && hint ? hint : "");
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
