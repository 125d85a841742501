/*
 * A loop, a name server, a client, and copies of its responses.
 *
 * one.example, two.example and the like are 127.0.0.1; refused.example is 127.0.0.2, where nothing
 * listens; silent.example is never answered about.
 */
#ifndef TESTS_UNIT_SUPPORT_HTTP_FIXTURE_H
#define TESTS_UNIT_SUPPORT_HTTP_FIXTURE_H

#include "net/http_client.h"
#include "support/dns_server.h"
#include "support/http_server.h"

struct http_fixture {
	struct loop *loop;
	struct dns_server *names;
	struct resolver *resolver;
	struct http_client *client;
	struct arena *arena; /* for URLs and what else a test needs */
};

/* What a response was; everything in the fixture's arena. */
struct http_answer {
	struct http_fixture *fixture;
	bool is_done;
	struct http_response response; /* headers and body are NULL: see below */
	const char *headers;
	const char *body;
};

/* Setup and teardown for cmocka; *state is the fixture. */
int http_fixture_start(void **state);
int http_fixture_end(void **state);

struct http_server *http_fixture_server(struct http_fixture *, const struct http_route *routes);

/* "http://host:port/path", the port being the server's. */
const struct url *http_fixture_url(struct http_fixture *, const char *scheme, const char *host,
	const struct http_server *, const char *path);

/* One exchange from start to end.  Zero limits and times become such that they do not matter. */
struct http_answer http_fixture_run(struct http_fixture *, struct http_request);

/* Several at once: begin each, then run the loop. */
struct http_exchange *http_fixture_begin(
	struct http_fixture *, const struct http_request *, struct http_answer *answer);
void http_fixture_loop(struct http_fixture *);

/* Fail unless `part` is, or is not, in `text`. */
void assert_has(const char *text, const char *part);
void assert_lacks(const char *text, const char *part);

#endif
