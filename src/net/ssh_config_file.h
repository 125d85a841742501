/*
 * The files of ssh_config as far as we have to understand them ourselves: to know which hosts get
 * the same answer from ssh, when an answer is out of date, and what to do where there is no ssh.
 *
 * Read with their Includes, never asked for more: no Match is run.
 */
#ifndef NET_SSH_CONFIG_FILE_H
#define NET_SSH_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

struct ssh_config_file;

/* Where reading begins. */
struct ssh_config_root {
	const char *path;   /* missing: says nothing */
	const char *folder; /* relative Includes count from it */
};

/*
 * The first root's lines go before the second's.  New; free with ssh_config_file_free().  What
 * cannot be read is left to ssh to complain about; too much of it (files, depth, size) is
 * ERR_LIMIT.
 */
int ssh_config_file_read(const struct ssh_config_root *roots, size_t roots_count, const char *home,
	struct ssh_config_file **ret_file, struct err *err);
void ssh_config_file_free(struct ssh_config_file **);

/* The same of one text, which has no Includes. */
struct ssh_config_file *ssh_config_file_of_text(struct str text);

/* A file of it, or what an Include finds, is no longer as it was. */
bool ssh_config_file_has_changed(const struct ssh_config_file *);

/* Who is asked about. */
struct ssh_config_name {
	const char *alias;   /* as the user wrote it: what Host and originalhost are about */
	const char *address; /* instead of every HostName: what Match host is about; NULL: none */
};

/*
 * Append which blocks are for the host.  Hosts for which this is the same get the same settings but
 * for their name and address; false: so does no other host (`Match exec`, a file name with %h in it
 * ...).
 */
bool ssh_config_file_add_signature(
	const struct ssh_config_file *, const struct ssh_config_name *, struct strbuf *out);

/*
 * Append the lines "keyword value" that are for the host, as `ssh -G` would (see ssh_settings.h),
 * but that nothing is expanded.  Match blocks that need ssh to judge them are passed over.
 */
void ssh_config_file_add_lines(
	const struct ssh_config_file *, const struct ssh_config_name *, struct strbuf *out);

/* The host's HostName as it is written; false if it has none. */
bool ssh_config_file_hostname(
	const struct ssh_config_file *, const char *alias, struct str *ret_value);

#endif
