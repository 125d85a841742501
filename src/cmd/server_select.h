/*
 * Which servers a command is for: the flags --servers and --hosts, and what they come to.
 *
 * --servers FILE names the servers of a file.  --hosts SELECTION names node sets and groups; one
 * that begins with "!" takes servers out again, "!a,b" and "!a,!b" both a and b; a name or range
 * that takes out none is a mistake, and so is what could be read in two ways, "!a&b". With both,
 * those of the file that --hosts selects, and a name that is not in the file is a mistake; a host
 * without user and port stands for all logins there.
 */
#ifndef CMD_SERVER_SELECT_H
#define CMD_SERVER_SELECT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "cmd/config_root.h"
#include "cmd/ssh_options.h"
#include "conf/option.h"
#include "fleet/host_queue.h"

struct server_opts {
	const char *file;         /* NULL: not given */
	struct option_list hosts; /* const char * */
};

/* Rows of a command whose options embed a struct server_opts as `field`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes no parentheses in its member */
// clang-format off
#define SERVER_ROWS(opts, field) \
	{.name = "servers", .letter = 's', .type = &option_path, .offset = offsetof(opts, field.file), .flags = OPTION_FLAG_ONLY, \
	 .placeholder = "FILE", .help = "the servers of this file: names or node sets, a line or a blank between them, or Ansible INI"}, \
	{.name = "hosts", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(opts, field.hosts), .flags = OPTION_FLAG_ONLY, \
	 .placeholder = "SELECTION", .help = "these servers: web-[01-20], @group, '!web-07' to leave one out; with --servers: of that file"}
// clang-format on
/* NOLINTEND(bugprone-macro-parentheses) */

struct server_selection {
	struct nodeset set;
	struct fleet_host *hosts; /* with what inventories say of them; whom to log in as, too */
	size_t hosts_count;
	const char *folded; /* "web-[01-20]" */
};

/* Was a selection asked for at all? */
bool server_is_asked(const struct server_opts *);

/* As it was written: "--servers servers.txt --hosts @web"; nothing if there is none. */
void server_add_selection(struct strbuf *, const struct server_opts *);

/*
 * The inventory of the configuration is added to by the file.  Everything is in the arena, or the
 * configuration's.  ERR_INPUT and others: text and place of what is wrong; a selection that comes
 * to nothing is one of them, and so is none at all.
 */
int server_select(const struct server_opts *, struct config *, const struct ssh_options *,
	struct arena *, struct server_selection *ret_selection, struct err *);

/* The same of names that are known, in their order: a run that is repeated. */
int server_select_names(const char *const *names, size_t count, const char *file, struct config *,
	const struct ssh_options *, struct arena *, struct server_selection *ret_selection,
	struct err *);

/* "web-01 is named more than once, and counts once"; nothing if none is. */
void server_add_repeats(struct strbuf *, const struct server_selection *);

#endif
