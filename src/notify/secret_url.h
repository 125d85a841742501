/*
 * Addresses that are a secret themselves: who knows the URL of a webhook may write to it.
 *
 * No error here shows more of one than its scheme and host.
 */
#ifndef NOTIFY_SECRET_URL_H
#define NOTIFY_SECRET_URL_H

#include "base/arena.h"
#include "base/err.h"
#include "net/url.h"
#include "notify/notifier.h"

struct secret_url {
	struct url url;
	const char *secret; /* within url.text, up to its end */
	const char *shown;  /* url.text with "***" instead */
};

/*
 * For validate(): http or https, without user, password and fragment.  Everything behind
 * "scheme://host" is secret until secret_url_publish() says otherwise.  Texts are in the arena.
 */
int secret_url_read(const char *text, struct arena *, struct secret_url *ret_url, struct err *);

/* The first `len` (> 0) bytes of the path may be shown; there must be more of it. */
void secret_url_publish(struct secret_url *, size_t len, struct arena *);

/* The message goes there. */
void secret_url_send_to(const struct secret_url *, struct notify_message *);

#endif
