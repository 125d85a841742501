/*
 * The look before the leap: how many servers a command is about to touch, and whether that is
 * meant.
 */
#ifndef CMD_SERVER_GUARD_H
#define CMD_SERVER_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cmd/common_options.h"
#include "cmd/server_select.h"
#include "conf/option.h"

struct guard_opts {
	int64_t confirm_over;
	int64_t max_hosts; /* 0: no limit */
	bool is_yes;
};

/* Rows of a command whose options embed a struct guard_opts as `field`. */
// clang-format off
#define GUARD_ROWS(opts, field) \
	{.name = "confirm_over", .type = &option_int, .offset = offsetof(opts, field.confirm_over), .flags = OPTION_FLAG_ONLY, \
	 .def = "10", .min = 0, .max = NODESET_MAX, .placeholder = "N", .help = "ask before working on more servers than this"}, \
	{.name = "yes", .letter = 'y', .type = &option_bool, .offset = offsetof(opts, field.is_yes), .flags = OPTION_FLAG_ONLY, \
	 .help = "do not ask; for scripts"}, \
	{.name = "max_hosts", .type = &option_int, .offset = offsetof(opts, field.max_hosts), .flags = OPTION_FLAG_ONLY, \
	 .min = 1, .max = NODESET_MAX, .placeholder = "N", .help = "refuse to work on more servers than this, whatever else is said"}
// clang-format on

/*
 * Show the selection and its size on stderr (unless --quiet), with what was named twice.  Over
 * --confirm-over, unless `is_harmless`, the person at the terminal types the number; without one
 * --yes must have been given.  -1 (ERR_INPUT): refused, and why.
 */
int server_guard(const struct guard_opts *, const struct common_opts *,
	const struct server_selection *, bool is_harmless, struct err *);

#endif
