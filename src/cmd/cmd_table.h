/*
 * All subcommands, and finding one by its name.
 */
#ifndef CMD_CMD_TABLE_H
#define CMD_CMD_TABLE_H

#include "base/str.h"
#include "conf/docs.h"

struct cmd;

/* Their descriptions, in the order of --help; NULL-terminated. */
extern const struct doc_command *const cmd_docs[];

const struct cmd *cmd_find(struct str name); /* NULL: there is none */
const char *cmd_suggest(struct str name);    /* the nearest name, or NULL */

#endif
