/*
 * What may be asked of a name server.
 */
#ifndef NET_HOST_NAME_H
#define NET_HOST_NAME_H

#include <stdbool.h>

#include "base/str.h"

/*
 * 1 to 253 bytes in labels of 1 to 63 letters, digits, "-" and "_" (which people do use); one dot
 * may stand at the end.  The last label is not a number: "10.0.0.300" is a wrong address, not a
 * name.  Names that are not ASCII must come in their "xn--" form.
 */
bool host_name_is_valid(struct str name);

/* Equal in any letter case, with or without the dot at the end. */
bool host_name_eq(struct str, struct str);

#endif
