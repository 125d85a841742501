/*
 * Options about mail.
 */
#ifndef NOTIFY_MAIL_OPTION_H
#define NOTIFY_MAIL_OPTION_H

#include "conf/option.h"
#include "net/mail_address.h"

extern const struct option_type option_mail_address; /* struct mail_address; zero: not set */
extern const struct option_type option_smtp_url; /* const struct url *, smtp:// or smtps://; NULL */

#endif
