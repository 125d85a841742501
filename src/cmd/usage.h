/*
 * Telling a person that what they asked for is wrong: usage and configuration, exit code 2.
 */
#ifndef CMD_USAGE_H
#define CMD_USAGE_H

#include "cmd/common_options.h"

/*
 * Write "sre-toolkit check: TEXT" to stderr; as a log line instead where the user has said how they
 * want their log (--log-file, --log-format json).  The run report has it too.  Text from outside is
 * made safe to print.
 */
void usage_error(const struct common_opts *, const char *command, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
