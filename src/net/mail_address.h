/*
 * Addresses of mail (RFC 5321, RFC 5322), of the kind that people have.
 *
 * Comments, groups, routes, quoted local parts and bytes that are not ASCII in the address itself
 * are refused: nobody needs them to be told of an alert, and each is a way to say something else to
 * a mail server than what was meant.
 */
#ifndef NET_MAIL_ADDRESS_H
#define NET_MAIL_ADDRESS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
	MAIL_ADDRESS_MAX = 254,
	MAIL_LOCAL_PART_MAX = 64,
	MAIL_NAME_MAX = 256, /* bytes of a display name */
};

struct mail_address {
	const char *name;    /* for people; NULL: none */
	const char *address; /* "sre@example.com" */
};

/*
 * "local@domain" and nothing else: words of letters, digits and !#$%&'*+-/=?^_`{|}~ with dots
 * between them, not beginning with "-"; a host name or an address in brackets.
 */
bool mail_address_is_valid(struct str);

/*
 * "a@b.example", "<a@b.example>", "Name <a@b.example>" or "\"Name, of whatever\" <a@b.example>".
 * A name is valid UTF-8 without characters that would not be seen.  In the arena; ERR_INPUT.
 */
int mail_address_parse(
	struct str text, struct arena *, struct mail_address *ret_address, struct err *);

#endif
