/*
 * What a redirect changes, and what it may take along.
 */
#ifndef NET_HTTP_REDIRECT_H
#define NET_HTTP_REDIRECT_H

#include <stdbool.h>

#include "base/str.h"

/* 301, 302, 303, 307, 308: one that a Location header completes. */
bool http_redirect_is_status(long http_status);

/*
 * The method of the request that follows: as browsers do (Fetch, "HTTP-redirect fetch"), POST
 * becomes GET on 301 and 302, everything but GET and HEAD on 303.  When it changes, the body stays
 * behind.
 */
const char *http_redirect_method(long http_status, const char *method);

/*
 * May this header ("Name: value") go to another origin?  Only what is known to hold no secret may:
 * people send keys under many names.
 */
bool http_redirect_may_carry(struct str header);

/* Is it about the body, and stays behind with it? */
bool http_redirect_is_about_body(struct str header);

#endif
