/*
 * Text from outside as our errors show it: one line, safe on a terminal, and not too much of it.
 */
#ifndef CONF_SHOWN_H
#define CONF_SHOWN_H

#include "base/str.h"

struct shown {
	char text[96];
};

/* For use in a call's arguments: err_set(err, ERR_INPUT, "unknown key '%s'", shown(key).text). */
struct shown shown(struct str);

#endif
