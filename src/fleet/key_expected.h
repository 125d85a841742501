/*
 * The keys that servers ought to have, as somebody who knows has written them down: a file of known
 * hosts, or fingerprints as `ssh-keygen -lf` prints them, in any mixture.
 */
#ifndef FLEET_KEY_EXPECTED_H
#define FLEET_KEY_EXPECTED_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "net/ssh_hosts.h"

struct key_expected;

/* A line that is neither is ERR_INPUT, and so is a file without any.  New; free with
 * key_expected_free(). */
int key_expected_read(const char *path, struct key_expected **ret_expected, struct err *err);
int key_expected_read_text(
	struct str text, const char *path, struct key_expected **ret_expected, struct err *err);
void key_expected_free(struct key_expected **);

/* A line of known hosts is about its host; a fingerprint about any. */
bool key_expected_has(struct key_expected *, const struct ssh_hosts_name *, struct str blob);

#endif
