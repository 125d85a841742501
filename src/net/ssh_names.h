/*
 * What may be the name of a host or of a user when somebody is logged in to: nothing that a command
 * line would take for an option, nor that no host or account can have.
 */
#ifndef NET_SSH_NAMES_H
#define NET_SSH_NAMES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* A host name or an address, and no option. */
bool ssh_names_is_host(struct str);

/* ERR_INPUT: "'...' is no name of a host". */
int ssh_names_check_host(const char *name, struct err *);

/* ERR_INPUT for what is empty, an option, or has white space in it: "'...' is no name of a user".
 */
int ssh_names_check_user(const char *name, struct err *);

/* The same, and also for what a shell would not take as it is: the program ssh may hand it to one.
 */
int ssh_names_check_plain_user(const char *name, struct err *);

#endif
