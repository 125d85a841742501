/*
 * What the kinds that speak HTTP share: sending a composed message, and what an answer means.
 */
#ifndef NOTIFY_NOTIFY_HTTP_H
#define NOTIFY_NOTIFY_HTTP_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "notify/notifier.h"

struct http_response;

/*
 * The start slot of HTTP kinds: sends run->message to its URL with the receiver's proxy, CA file
 * and timeout, following no redirect, keeping connections; then notify_http_judge(), the kind's
 * judge(), notify_done().
 */
void notify_http_start(struct notify_run *);
void notify_http_release(struct notify_run *); /* the release slot */

/*
 * What an answer means for most: 2xx has arrived; 408, 5xx and the network are to be retried; 429
 * throttles; any other status is final.  Retry-After is read as seconds or as a date (RFC 9110
 * section 10.2.3), from now_ms.
 */
void notify_http_judge(
	const struct http_response *, int64_t now_ms, struct delivery_result *result);

/* "120", or "Wed, 21 Oct 2015 07:28:00 GMT": milliseconds from now_ms, 0 for the past; -1: neither.
 */
int64_t notify_retry_after_ms(struct str value, int64_t now_ms);

#endif
