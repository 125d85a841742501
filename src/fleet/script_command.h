/*
 * A script as a command: it travels as data, is kept nowhere on the host, and is in nobody's list
 * of processes.
 *
 * The host's shell reads it from the beginning of its standard input and hands it to the
 * interpreter as a file of no name (/dev/fd/3); what follows on standard input is the script's own.
 */
#ifndef FLEET_SCRIPT_COMMAND_H
#define FLEET_SCRIPT_COMMAND_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

enum { SCRIPT_BYTES_MAX = 1 << 20 };

/*
 * Append the command; its input has to begin with the script.  The interpreter is that of the
 * script's first line ("#!/usr/bin/python3 -u"), else /bin/sh.  ERR_INPUT: empty, no text, or lines
 * that end as on Windows; ERR_LIMIT: too long.
 */
int script_command_add(struct strbuf *out, struct str script, const char *const *args,
	size_t args_count, struct err *);

#endif
