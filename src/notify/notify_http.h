/*
 * What the kinds that speak HTTP share: sending a composed message, and what an answer means.
 */
#ifndef NOTIFY_NOTIFY_HTTP_H
#define NOTIFY_NOTIFY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "notify/notifier.h"

struct http_response;

/*
 * The start slot of HTTP kinds: sends run->message to its URL with the receiver's proxy, CA file
 * and timeout, following no redirect; then notify_http_judge(), the kind's judge(), notify_done().
 *
 * Each on a connection of its own: a kept one that the peer has closed would be tried again below
 * us, and a message could arrive twice without anybody knowing.
 *
 * A message of several requests (message.next) is sent in their order, each once the one before it
 * has arrived; it has arrived when all have, else the one that has not says what became of it.
 */
void notify_http_start(struct notify_run *);

/*
 * The same for a message that goes to several places, a request for each: all at once, and it has
 * arrived when one has.  The others are waited for a little longer, and named in the text.
 */
void notify_http_start_everywhere(struct notify_run *);

bool notify_http_is_sender(const struct notifier_kind *); /* one of the two is its start() */
void notify_http_interrupted(struct notify_run *, struct delivery_result *); /* the slot */
void notify_http_release(struct notify_run *);                               /* the slot */

/* For validate(): `url`, the value of the option `name`, is http(s), without user and password,
 * which
 * --dry-run would show; NULL is fine. */
int notify_http_check_url(const char *name, const char *url, struct err *);

/* For compose(): whether an address from outside is such that a receiver takes it as a link:
 * http(s), a host, nothing but ASCII, at most max_bytes.  NULL is none.  Many refuse the whole
 * message else. */
bool notify_http_is_link(const char *url, size_t max_bytes);

/* For compose(): "POST" of a JSON text, which is copied. */
void notify_http_set_json(
	struct notify_message *, struct arena *, const char *url, const struct strbuf *json);

/* The same with an Authorization header, whose secret parts become secrets of the message. */
void notify_http_set_bearer(struct notify_message *, struct arena *, const char *token);
void notify_http_set_basic(
	struct notify_message *, struct arena *, const char *username, const char *password);

/*
 * What an answer means for most: 2xx has arrived; 408, 5xx and the network are to be retried; 429
 * throttles; any other status is final.  A status that came counts, even if the body broke off.
 * Retry-After is read as seconds or as a date (RFC 9110, section 10.2.3), from now_ms (wall clock).
 * Texts are in the arena.
 */
void notify_http_judge(const struct http_response *, int64_t now_ms, struct arena *,
	struct delivery_result *ret_result);

/* For judge(): the answer's body without white space around it. */
struct str notify_http_body(const struct http_response *);

/* For judge(): where there was no Retry-After, the seconds of the member `retry_after` of a JSON
 * body. */
void notify_http_judge_body_pause(const struct http_response *, struct delivery_result *result);

/* "120", or "Wed, 21 Oct 2015 07:28:00 GMT": milliseconds from now_ms, 0 for the past, at most a
 * day; -1: neither. */
int64_t notify_retry_after_ms(struct str value, int64_t now_ms);

#endif
