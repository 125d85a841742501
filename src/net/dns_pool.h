/*
 * Questions to the name servers, spread over c-ares channels.
 *
 * c-ares keeps one socket for each name server and channel: thousands of questions behind one port
 * would overflow its buffer, and make answers easy to forge.  So a channel asks a few dozen, then
 * rests until all are answered, and begins again from other ports.
 */
#ifndef NET_DNS_POOL_H
#define NET_DNS_POOL_H

#include "base/err.h"
#include "loop/loop.h"
#include "net/dns_channel.h"

struct dns_pool;
struct dns_question;

/* New; free with dns_pool_free().  The settings are borrowed. */
struct dns_pool *dns_pool_new(struct loop *, const struct dns_settings *);
void dns_pool_free(struct dns_pool **); /* nobody must be waiting any more */

/*
 * Ask; `fn` is called once, perhaps before this returns, and not from a place where anything else
 * may be called.  *ret_question is set before that, and gone with it.
 */
int dns_pool_ask(struct dns_pool *, const char *name, enum address_family, dns_answer_fn *fn,
	void *arg, struct dns_question **ret_question, struct err *);

/* Nobody waits for the answer any more: `fn` is not called. */
void dns_question_forget(struct dns_question **);

#endif
