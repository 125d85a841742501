/*
 * What an SMTP server says: replies of one or more lines (RFC 5321 section 4.2), enhanced status
 * codes (RFC 3463), and what it offers in answer to EHLO.
 */
#ifndef NET_SMTP_REPLY_H
#define NET_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

enum {
	SMTP_REPLY_MAX = 32 * 1024, /* bytes of a whole reply; more is no SMTP */
	SMTP_ENHANCED_SIZE = 12,    /* "5.999.999" with its NUL, and some */
};

struct smtp_reply {
	int code;                          /* 200 to 599 */
	char enhanced[SMTP_ENHANCED_SIZE]; /* "5.1.1"; "" if there is none */
	/* Its lines as they came, each ending in "\n", without the code; valid until the input
	 * changes. */
	struct str lines;
	size_t size; /* of the whole reply in the input */
};

enum smtp_reply_found {
	SMTP_REPLY_WHOLE,
	SMTP_REPLY_PARTIAL, /* more has to come */
	SMTP_REPLY_BROKEN,  /* this is not SMTP, or too much of it */
};

/*
 * The reply at the front of what came; *ret_reply is set for a whole one only.  Lines may end in
 * "\n" alone.  The lines are put one after the other into `lines`, which is emptied first.
 */
enum smtp_reply_found smtp_reply_find(
	struct str input, struct strbuf *lines, struct smtp_reply *ret_reply);

/* For people: the lines joined by spaces, escaped, without the enhanced code, cut at `max_bytes`.
 */
void smtp_reply_add_text(const struct smtp_reply *, size_t max_bytes, struct strbuf *out);

/* What is offered. */
struct smtp_extensions {
	bool has_starttls, has_8bitmime, has_size, has_auth;
	bool has_auth_plain, has_auth_login;
};

/* Of the answer to EHLO; the first line is a greeting. */
void smtp_extensions_read(const struct smtp_reply *, struct smtp_extensions *ret_extensions);

#endif
