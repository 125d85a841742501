/*
 * A notification as HTML for a mail reader: one column for telephones, colours that bear a dark
 * background, nothing that is fetched from anywhere.
 */
#ifndef NOTIFY_MAIL_HTML_H
#define NOTIFY_MAIL_HTML_H

#include "base/arena.h"
#include "base/strbuf.h"
#include "notify/notification.h"

struct receiver;

enum {
	MAIL_MESSAGE_MAX = 16 * 1024, /* bytes of an alert's message that are shown */
	MAIL_FACT_MAX = 1000,         /* of the value of a field or label */
	MAIL_FACTS_MAX = 32 * 1024,   /* of all of them */
};

/* The whole document.  Every text of the notification is escaped. */
void mail_html_add(
	const struct receiver *, const struct notification *, struct arena *, struct strbuf *out);

#endif
