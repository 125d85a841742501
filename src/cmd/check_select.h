/*
 * Which checks `check` runs: configured ones by name, tag or target, and targets as typed.
 */
#ifndef CMD_CHECK_SELECT_H
#define CMD_CHECK_SELECT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "check/check.h"
#include "cmd/config_root.h"
#include "conf/option.h"

struct check_selection {
	const struct check **checks; /* in the order asked for, each once */
	size_t checks_count, checks_alloc;
};

struct check_select_spec {
	const struct config *config;
	const char *const *targets;
	size_t targets_count;
	const char *const *servers; /* names of more of them; what is in an inventory */
	size_t servers_count;
	const struct option_list *names; /* const char *: patterns (*, ?) over names */
	const struct option_list *tags;  /* const char *: a check must have one of them */
	/* On top of what a check has; 0 or empty: nothing. */
	int64_t timeout_ms;
	int64_t attempts;
	const struct option_map *warning, *critical;
	const struct option_list *settings; /* for targets only */
	struct arena *arena;
};

/* A selection that matches nothing is an error.  ERR_INPUT. */
int check_select(
	const struct check_select_spec *, struct check_selection *ret_selection, struct err *);

#endif
