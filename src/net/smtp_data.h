/*
 * A message as the command DATA wants it (RFC 5321 section 4.5.2).
 */
#ifndef NET_SMTP_DATA_H
#define NET_SMTP_DATA_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

enum { SMTP_LINE_MAX = 998 }; /* bytes of a line, without its end */

/* ERR_INPUT: it is empty, has a NUL, or a line that is too long. */
int smtp_data_check(struct str message, struct err *);

/*
 * Append all of it with the final dot.  Whatever its lines end in ("\n", "\r\n", "\r"), they end in
 * "\r\n" here, so that no two servers can disagree on where the message ends; a dot that begins a
 * line is doubled.
 */
void smtp_data_add(struct str message, struct strbuf *out);

/* Is there a byte that is not ASCII? */
bool smtp_data_is_8bit(struct str message);

#endif
