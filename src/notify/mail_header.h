/*
 * Header fields of a mail message: folded at 76 columns, and in ASCII whatever they say (RFC 2047).
 *
 * A value cannot become a second field: line breaks and other controls are spaces here.
 */
#ifndef NOTIFY_MAIL_HEADER_H
#define NOTIFY_MAIL_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "net/mail_address.h"

enum { MAIL_COLUMNS = 76, MAIL_ID_MAX = 250, MAIL_FIELD_NAME_MAX = 60 };

/* "Name: value\r\n" with text for people.  Bytes that are not UTF-8, and characters that reorder
 * the text around them, become U+FFFD. */
void mail_header_add_text(struct strbuf *out, const char *name, struct str value);

/* Addresses, which must be valid, with their names; at least one. */
void mail_header_add_addresses(
	struct strbuf *out, const char *name, const struct mail_address *, size_t count);

/* "Tue, 01 Jul 2025 08:00:00 +0000". */
void mail_header_add_date(struct strbuf *out, const char *name, int64_t wall_ms);

/* "<id>", as many as there are, which must be valid; NULL-terminated. */
void mail_header_add_ids(struct strbuf *out, const char *name, const char *const *ids);

/* "left@right" without the angle brackets; at most MAIL_ID_MAX bytes of what no header minds. */
bool mail_id_is_valid(struct str);

/* Letters, digits and "-", beginning with a letter. */
bool mail_field_name_is_valid(struct str);

#endif
