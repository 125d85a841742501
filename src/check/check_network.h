/*
 * What every check over the network shares: the options on how to get there, and how a failure to
 * get there is told.
 */
#ifndef CHECK_CHECK_NETWORK_H
#define CHECK_CHECK_NETWORK_H

#include "check/check.h"
#include "conf/option.h"
#include "net/address.h"
#include "net/dial.h"

struct network_opts {
	int family;             /* enum address_family */
	struct address resolve; /* instead of a lookup, with the target's port; sa_len 0: not set */
	struct address source;  /* sa_len 0: the kernel's choice */
};

extern const char *const network_family_names[]; /* in the order of enum address_family */
extern const struct option_type option_ip;       /* struct address, port 0 */

/* The rows over a `struct network_opts` that is `member` of `container`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes no parentheses in its member */
#define NETWORK_ROWS(container, member)                                                            \
	{.name = "ip_family",                                                                      \
		.type = &option_choice,                                                            \
		.offset = offsetof(container, member.family),                                      \
		.def = "any",                                                                      \
		.choices = network_family_names,                                                   \
		.help = "addresses of this family only"},                                          \
		{.name = "resolve",                                                                \
			.type = &option_ip,                                                        \
			.offset = offsetof(container, member.resolve),                             \
			.help = "connect to this address instead of looking the name up"},         \
	{                                                                                          \
		.name = "source_address", .type = &option_ip,                                      \
		.offset = offsetof(container, member.source),                                      \
		.help = "address of this machine to connect from"                                  \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

void network_fill_dial(const struct network_opts *, struct dial_spec *);

/* lookup_seconds, connect_seconds and remote_address. */
void network_add_dial_values(struct check_run *, const struct dial_result *);

/* CODE_LOCAL_ERROR says nothing of the target: its state is unknown. */
enum check_code network_dial_code(const struct network_opts *, const struct dial_result *);

/* "192.0.2.1:80", in the arena. */
const char *network_address_text(struct arena *, const struct address *);

#endif
