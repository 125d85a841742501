/*
 * What may be said over a connection to a mail server: the decision about TLS and passwords.
 */
#ifndef NET_SMTP_POLICY_H
#define NET_SMTP_POLICY_H

#include <stdbool.h>

#include "net/smtp_client.h"

/* When the server has said what it offers. */
struct smtp_situation {
	enum smtp_tls tls;
	bool is_loopback; /* it is on this machine */
	bool is_secure;   /* TLS stands */
	bool has_starttls;
	bool has_username;
};

enum smtp_step {
	SMTP_STEP_GO_ON, /* with the user name if there is one */
	SMTP_STEP_STARTTLS,
	SMTP_STEP_NO_STARTTLS, /* stop: it is required, and not offered */
	SMTP_STEP_NO_PASSWORD, /* stop: a password would go in the clear to another machine */
};

enum smtp_step smtp_next_step(const struct smtp_situation *);

#endif
