/*
 * The table of subcommands, in the order of --help.
 *
 * To add one: its file cmd_<name>.c, a line here and in cmd.h, an end-to-end test; help, man page,
 * completions and reference follow from its rows.
 */
#include "cmd/cmd_table.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "cmd/cmd.h"

const struct doc_command *const cmd_docs[] = {
	&cmd_check.doc,
	&cmd_fleet.doc,
	&cmd_copy.doc,
	&cmd_alert.doc,
	&cmd_config.doc,
	NULL,
};

const struct cmd *cmd_find(struct str name)
{
	for (size_t i = 0; cmd_docs[i]; i++) {
		if (str_is(name, cmd_docs[i]->name)) {
			return (const struct cmd *)((const char *)cmd_docs[i] -
						    offsetof(struct cmd, doc));
		}
	}
	return NULL;
}

const char *cmd_suggest(struct str name)
{
	const char *names[ARRAY_LEN(cmd_docs)];
	size_t count = 0;

	for (; cmd_docs[count]; count++) {
		names[count] = cmd_docs[count]->name;
	}
	return suggest(name, names, count);
}
