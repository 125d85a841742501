/*
 * Patterns of host names as OpenSSH writes them, in its configuration and in known_hosts.
 */
#ifndef NET_SSH_PATTERN_H
#define NET_SSH_PATTERN_H

#include <stdbool.h>

#include "base/str.h"

/* "*" is any text, "?" any byte; letters match in any case. */
bool ssh_pattern_matches(struct str pattern, struct str text);

/* One of a list: what `negated` patterns ("!web-07") say goes over all others. */
enum ssh_pattern_answer {
	SSH_PATTERN_NO,
	SSH_PATTERN_YES,
	SSH_PATTERN_NEGATED,
};

/* A pattern that may begin with "!"; the answer for it alone. */
enum ssh_pattern_answer ssh_pattern_ask(struct str pattern, struct str text);

/* "web-*,!web-07": one matches and none that is negated does. */
bool ssh_pattern_list_matches(struct str list, struct str text);

/* It has something other than one name to say: "*", "?" or "!". */
bool ssh_pattern_is_wild(struct str pattern);

#endif
