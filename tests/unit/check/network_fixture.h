/*
 * Checks of servers that follow a script, with a name server of their own; nothing may stay open.
 */
#ifndef TESTS_UNIT_CHECK_NETWORK_FIXTURE_H
#define TESTS_UNIT_CHECK_NETWORK_FIXTURE_H

#include <stdio.h>

#include "check/check_fixture.h"
#include "net/http_client.h"
#include "net/resolver.h"
#include "support/dns_server.h"
#include "support/http_server.h"
#include "support/tcp_script.h"

/* What listens on 127.0.0.1 does not listen on the other addresses of the loopback net. */
static const struct dns_rule network_names[] = {
	{"up.example", DNS_ANSWER, "127.0.0.1", NULL},
	{"three.example", DNS_ANSWER, "127.0.0.1 127.0.0.2 127.0.0.3", NULL},
	{"second.example", DNS_ANSWER, "127.0.0.2 127.0.0.1", NULL},
	{"both.example", DNS_ANSWER, "127.0.0.1", "::1"},
	{"silent.example", DNS_SILENCE},
	{NULL},
};

struct network {
	struct fixture *base;
	struct dns_server *dns;
	struct check_env env;
	struct tcp_script *server;
	struct http_server *web, *web2;
	uint16_t port;          /* of the server that was started last: "%u" in texts */
	struct checked checked; /* the latest */
	char text[512];
};

static inline int network_setup(void **state)
{
	struct network *n = xcalloc(1, sizeof(*n));
	struct strbuf servers = STRBUF_INIT;

	if (fixture_setup((void **)&n->base) < 0) {
		return -1;
	}
	n->env.loop = n->base->loop;
	n->dns = dns_server_new(n->env.loop, network_names);
	strbuf_addf(&servers, "127.0.0.1:%u", dns_server_port(n->dns));
	assert_int_equal(
		resolver_new(n->env.loop, &(struct resolver_options){.servers = servers.buf},
			&n->env.resolver, NULL),
		0);
	n->env.http = http_client_new(n->env.loop, n->env.resolver);
	strbuf_release(&servers);
	*state = n;
	return 0;
}

static inline int network_teardown(void **state)
{
	struct network *n = *state;
	int status;

	checked_free(&n->checked);
	tcp_script_free(&n->server);
	http_server_free(&n->web);
	http_server_free(&n->web2);
	http_client_free(&n->env.http);
	resolver_free(&n->env.resolver);
	dns_server_free(&n->dns);
	status = fixture_teardown((void **)&n->base);
	free(n);
	return status;
}

/* From now on another script is followed, on a new port.  False: there is no such address here. */
static inline bool network_serve_on(
	struct network *n, const char *ip, const struct tcp_script_step *steps)
{
	tcp_script_free(&n->server);
	n->server = tcp_script_new(n->env.loop, ip, steps);
	n->port = n->server ? tcp_script_port(n->server) : 0;
	return n->server != NULL;
}

static inline void network_serve(struct network *n, const struct tcp_script_step *steps)
{
	assert_true(network_serve_on(n, "127.0.0.1", steps));
}

/* From now on an HTTP server is there, in place of an earlier one. */
static inline void network_web(struct network *n, const struct http_server_options *options)
{
	http_server_free(&n->web);
	n->web = http_server_new(n->env.loop, options);
	n->port = http_server_port(n->web);
}

/* `format` with the server's port for each "%u". */
static inline const char *network_text(struct network *n, const char *format)
{
	struct strbuf text = STRBUF_INIT_MAX(sizeof(n->text) - 1);

	for (const char *c = format; *c; c++) {
		if (c[0] == '%' && c[1] == 'u') {
			strbuf_addf(&text, "%u", n->port);
			c++;
		} else {
			strbuf_addc(&text, *c);
		}
	}
	memcpy(n->text, text.buf, text.len + 1);
	strbuf_release(&text);
	return n->text;
}

/* Run a check; `target` may have the server's port as "%u". */
static inline const struct check_result *network_check(
	struct network *n, const char *target, const struct check_settings *settings)
{
	checked_free(&n->checked);
	checked_run_in(&n->checked, &n->env, network_text(n, target), settings);
	return &n->checked.result;
}

/* State, code and message at once; the message may have the server's port as "%u". */
static inline void assert_result(
	struct network *n, enum check_state state, enum check_code code, const char *message)
{
	assert_outcome(&n->checked, state, code);
	assert_string_equal(n->checked.result.message, network_text(n, message));
}

#define network_test(fn) cmocka_unit_test_setup_teardown(fn, network_setup, network_teardown)

#endif
