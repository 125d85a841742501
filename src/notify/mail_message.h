/*
 * A mail message (RFC 5322) of plain text and HTML (MIME, RFC 2045 to 2047), complete and in ASCII.
 *
 * Whatever its texts are, they cannot become a header field or a part of their own.
 */
#ifndef NOTIFY_MAIL_MESSAGE_H
#define NOTIFY_MAIL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pairs.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "net/mail_address.h"

/* Everything is borrowed. */
struct mail_message {
	struct mail_address from;
	const struct mail_address *to, *cc; /* one in `to` at least */
	size_t to_count, cc_count;
	const char *subject;
	int64_t date_ms;               /* wall clock */
	const char *message_id;        /* "left@right", without angle brackets */
	const char *in_reply_to;       /* the same; NULL: none */
	const char *const *references; /* NULL-terminated; NULL: none */
	struct pairs headers;          /* more of them */
	struct str text;
	struct str html; /* empty: none */
};

/*
 * Append all of it, lines ending in "\r\n", none of them longer than 76 bytes but for addresses and
 * ids that are.  The same input gives the same message, and a boundary between its parts that
 * nobody knows who does not know all of the texts.  ERR_INPUT names an address, an id or a field
 * name that is none; nothing is appended then.
 */
int mail_message_add(const struct mail_message *, struct strbuf *out, struct err *);

#endif
