/*
 * Bytes as text of 64 letters (RFC 4648, section 4).
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"

/* Append `bytes` with padding, without line breaks. */
void base64_add(struct strbuf *out, struct str bytes);

/* How long that is. */
size_t base64_len(size_t bytes_len);

/*
 * Append what `text` stands for.  Padding may be missing at the end.  Anything else that is not of
 * the alphabet, white space too, and bits that no encoder leaves are ERR_INPUT; the text is not in
 * the error, as it may be a secret.
 */
int base64_decode(struct str text, struct strbuf *out, struct err *);

#endif
