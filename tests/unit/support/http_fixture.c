/*
 * See http_fixture.h.
 */
#include "support/http_fixture.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"

static const struct dns_rule names[] = {
	{"refused.example", DNS_ANSWER, "127.0.0.2", NULL},
	{"silent.example", DNS_SILENCE},
	{"missing.example", DNS_ANSWER, NULL, NULL},
	{"failing.example", DNS_SERVFAIL},
	{"*", DNS_ANSWER, "127.0.0.1", NULL},
	{NULL},
};

int http_fixture_start(void **state)
{
	struct http_fixture *fixture = xcalloc(1, sizeof(*fixture));
	struct resolver_options options = {0};

	fixture->arena = arena_new();
	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	fixture->names = dns_server_new(fixture->loop, names);
	options.servers =
		arena_printf(fixture->arena, "127.0.0.1:%u", dns_server_port(fixture->names));
	assert_int_equal(resolver_new(fixture->loop, &options, &fixture->resolver, NULL), 0);
	fixture->client = http_client_new(fixture->loop, fixture->resolver);
	*state = fixture;
	return 0;
}

int http_fixture_end(void **state)
{
	struct http_fixture *fixture = *state;

	http_client_free(&fixture->client);
	resolver_free(&fixture->resolver);
	dns_server_free(&fixture->names);
	loop_free(&fixture->loop);
	arena_free(fixture->arena);
	free(fixture);
	return 0;
}

struct http_server *http_fixture_server(
	struct http_fixture *fixture, const struct http_route *routes)
{
	return http_server_new(fixture->loop, &(struct http_server_options){.routes = routes});
}

const struct url *http_fixture_url(struct http_fixture *fixture, const char *scheme,
	const char *host, const struct http_server *server, const char *path)
{
	struct url *url = arena_alloc(fixture->arena, sizeof(*url));
	const char *text = arena_printf(
		fixture->arena, "%s://%s:%u%s", scheme, host, http_server_port(server), path);

	assert_int_equal(url_parse(str_of(text), fixture->arena, url, NULL), 0);
	return url;
}

static const char *copy(struct http_fixture *fixture, const char *s)
{
	return s ? arena_strdup(fixture->arena, s) : NULL;
}

static const struct certificate_chain *copy_chain(
	struct http_fixture *fixture, const struct certificate_chain *chain)
{
	struct certificate_chain *copied;

	if (!chain) {
		return NULL;
	}
	copied = arena_alloc(fixture->arena, sizeof(*copied));
	*copied = *chain;
	copied->certificates = arena_calloc(
		fixture->arena, chain->certificates_count, sizeof(*chain->certificates));
	for (size_t i = 0; i < chain->certificates_count; i++) {
		copied->certificates[i] = chain->certificates[i];
		copied->certificates[i].subject = copy(fixture, chain->certificates[i].subject);
		copied->certificates[i].issuer = copy(fixture, chain->certificates[i].issuer);
		copied->certificates[i].names = copy(fixture, chain->certificates[i].names);
	}
	return copied;
}

static void on_done(void *arg, const struct http_response *response)
{
	struct http_answer *answer = arg;
	struct http_fixture *fixture = answer->fixture;

	assert_false(answer->is_done);
	answer->is_done = true;
	answer->response = *response;
	answer->response.text = copy(fixture, response->text);
	answer->response.phase = copy(fixture, response->phase);
	answer->response.url = copy(fixture, response->url);
	answer->response.chain = copy_chain(fixture, response->chain);
	answer->headers =
		arena_strndup(fixture->arena, response->headers->buf, response->headers->len);
	answer->body = arena_strndup(fixture->arena, response->body->buf, response->body->len);
	answer->response.headers = NULL;
	answer->response.body = NULL;
}

struct http_exchange *http_fixture_begin(struct http_fixture *fixture,
	const struct http_request *request, struct http_answer *answer)
{
	struct http_exchange *exchange;

	*answer = (struct http_answer){.fixture = fixture};
	exchange = http_start(fixture->client, request, on_done, answer);
	assert_non_null(exchange);
	assert_false(answer->is_done);
	return exchange;
}

void http_fixture_loop(struct http_fixture *fixture)
{
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
}

struct http_answer http_fixture_run(struct http_fixture *fixture, struct http_request request)
{
	struct http_answer answer;

	if (request.timeout_ms == 0) {
		request.timeout_ms = 60000;
	}
	if (request.body_max == 0) {
		request.body_max = 1 << 20;
	}
	(void)http_fixture_begin(fixture, &request, &answer);
	http_fixture_loop(fixture);
	assert_true(answer.is_done);
	return answer;
}

void assert_has(const char *text, const char *part)
{
	assert_non_null(text);
	if (!strstr(text, part)) {
		fail_msg("no '%s' in '%s'", part, text);
	}
}

void assert_lacks(const char *text, const char *part)
{
	assert_non_null(text);
	if (strstr(text, part)) {
		fail_msg("'%s' in '%s'", part, text);
	}
}
