/*
 * Text as the body of a mail message: lines that every server and reader takes, in ASCII.
 */
#ifndef NOTIFY_MAIL_BODY_H
#define NOTIFY_MAIL_BODY_H

#include "base/str.h"
#include "base/strbuf.h"

enum mail_encoding {
	MAIL_7BIT,             /* as it is */
	MAIL_QUOTED_PRINTABLE, /* RFC 2045 section 6.7 */
	MAIL_BASE64,
};

/*
 * Append the text with "\r\n" at the end of each line, also of the last, whatever they ended in.
 * What is not UTF-8, NULs and controls other than tab become U+FFFD.
 */
void mail_body_clean(struct str text, struct strbuf *out);

/* The simplest encoding that a clean text needs; of the two that can do everything, the shorter. */
enum mail_encoding mail_body_choose(struct str clean);

/* Append a clean text in that encoding, in lines of at most 76 bytes, "\r\n" at the end. */
void mail_body_add(struct str clean, enum mail_encoding, struct strbuf *out);

/* The value of Content-Transfer-Encoding. */
const char *mail_encoding_name(enum mail_encoding);

#endif
