/*
 * The addresses of Slack's incoming webhooks.
 */
#ifndef NOTIFY_SLACK_URL_H
#define NOTIFY_SLACK_URL_H

#include "notify/secret_url.h"

/*
 * https://hooks.slack.com/services/T.../B.../...; or any address at a host that is not Slack's, for
 * proxies and tests.  The error says what about it is not as it should be, and nothing of what is
 * secret in it.
 */
int slack_url_read(const char *text, struct arena *, struct secret_url *ret_url, struct err *);

#endif
