/*
 * What a Nagios plugin prints, taken apart:
 *
 *   DISK OK - 80 GB free | /=17GB;200;230;0;252       message | performance data
 *   / is 18 % full                                    detail, any number of lines ...
 *   /boot is 9 % full | /boot=20MB;;;0;200            ... until a second "|":
 *   /srv=1GB                                          from there on all is performance data
 */
#ifndef CHECK_PLUGIN_OUTPUT_H
#define CHECK_PLUGIN_OUTPUT_H

#include "base/arena.h"
#include "base/str.h"
#include "check/perfdata.h"

struct plugin_output {
	const char *message; /* one line, safe to print; "" if there was none */
	const char *detail;  /* lines, each safe to print; NULL: none */
	struct perfdata perfdata;
};

enum { PLUGIN_MESSAGE_MAX = 1024 };

void plugin_output_read(struct str text, struct arena *, struct plugin_output *ret_output);

#endif
