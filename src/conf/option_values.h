/*
 * The values of a struct as one text, for telling whether two are configured alike.
 */
#ifndef CONF_OPTION_VALUES_H
#define CONF_OPTION_VALUES_H

#include "base/strbuf.h"
#include "conf/option.h"

/*
 * Append the values of all rows, in their order: the same text for the same values, another for
 * others.  Secrets are in it, and release gives them back to the heap as they are: hash it, and
 * show it to nobody.  The rows' types must have `add`, and there must be no VARIANTS or
 * SECTION_LIST row among them.
 */
void option_add_values(const struct option_row *, const void *base, struct strbuf *out);

#endif
