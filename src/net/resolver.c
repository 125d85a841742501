/*
 * Lookups and the queries they share.  See resolver.h.
 *
 * A lookup belongs to somebody who waits; a query is one question to the name servers, with all the
 * lookups that wait for it.
 *
 * c-ares answers from deep inside itself.  Whoever waits is told at the end of the loop's turn,
 * when everything may be called again.
 */
#include "net/resolver.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/nameser.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/parse.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/dns_pool.h"
#include "net/host_name.h"

enum {
	TRY_TIMEOUT_MS = 2000,
	TRIES = 3,
	SERVERS_MAX = 16,
	NAME_SERVER_PORT = 53,
};

struct query {
	struct resolver *resolver;
	struct dns_question *question; /* NULL once answered */
	struct lookup *first, *last;
	struct deferred *delivery; /* answered; lookups are told at the end of the turn */
	bool is_shared;            /* in the resolver's map */
	bool is_delivering;
	enum lookup_status status;
	char *text; /* owned; NULL: none */
	struct address *addresses;
	size_t addresses_count;
	enum address_family family;
	size_t key_len;
	char key[]; /* family and name */
};

struct lookup {
	struct query *query;
	struct lookup *prev, *next;
	struct timer *deadline; /* NULL: none */
	int64_t timeout_ms;
	int64_t started_us;
	uint16_t port;
	lookup_fn *done;
	void *arg;
};

struct resolver {
	struct loop *loop;
	struct dns_settings settings;
	struct address servers[SERVERS_MAX];
	struct map *queries; /* by key, those under way */
	struct dns_pool *pool;
};

static void query_free(struct query *query)
{
	assert(!query->first);
	if (query->is_shared) {
		(void)map_remove(query->resolver->queries, str_n(query->key, query->key_len));
	}
	deferred_free(&query->delivery);
	free(query->addresses);
	free(query->text);
	free(query);
}

static void lookup_unlink(struct lookup *lookup)
{
	struct query *query = lookup->query;

	if (lookup->prev) {
		lookup->prev->next = lookup->next;
	} else {
		query->first = lookup->next;
	}
	if (lookup->next) {
		lookup->next->prev = lookup->prev;
	} else {
		query->last = lookup->prev;
	}
}

static void lookup_end(struct lookup *lookup)
{
	lookup_unlink(lookup);
	timer_free(&lookup->deadline);
}

/* Nobody waits for it any more; whoever asks for this name from now on asks anew. */
static void query_abandon(struct query *query)
{
	if (!query->is_delivering) {
		dns_question_forget(&query->question);
		query_free(query);
	}
}

static struct lookup *take_first(struct query *query)
{
	struct lookup *lookup = query->first;

	query->first = lookup->next;
	if (query->first) {
		query->first->prev = NULL;
	} else {
		query->last = NULL;
	}
	return lookup;
}

static void deliver_one(struct query *query, struct lookup *lookup)
{
	struct lookup_result result = {
		.status = query->status,
		.text = query->text ? query->text : "",
		.addresses = query->addresses,
		.addresses_count = query->addresses_count,
		.duration_us = time_mono_us() - lookup->started_us,
	};

	for (size_t i = 0; i < query->addresses_count; i++) {
		address_set_port(&query->addresses[i], lookup->port);
	}
	timer_free(&lookup->deadline);
	lookup->done(lookup->arg, &result);
	free(lookup);
}

static void on_delivery(void *arg)
{
	struct query *query = arg;

	query->delivery = NULL;
	query->is_delivering = true;
	if (query->is_shared) {
		(void)map_remove(query->resolver->queries, str_n(query->key, query->key_len));
		query->is_shared = false;
	}
	while (query->first) {
		deliver_one(query, take_first(query));
	}
	query_free(query);
}

static void query_finish(struct query *query, enum lookup_status status, char *text)
{
	query->status = status;
	query->text = text;
	query->delivery = loop_defer(query->resolver->loop, on_delivery, query);
}

static void take_addresses(struct query *query, const struct ares_addrinfo_node *nodes)
{
	size_t count = 0;

	for (const struct ares_addrinfo_node *node = nodes; node; node = node->ai_next) {
		count++;
	}
	if (count > LOOKUP_ADDRESSES_MAX) {
		count = LOOKUP_ADDRESSES_MAX;
	}
	query->addresses = xcalloc(count, sizeof(*query->addresses));
	for (; nodes && query->addresses_count < count; nodes = nodes->ai_next) {
		struct address *address = &query->addresses[query->addresses_count];
		size_t i = 0;

		if (!address_from_sockaddr(nodes->ai_addr, address)) {
			continue;
		}
		address_set_port(address, 0);
		while (!address_eq(&query->addresses[i], address)) {
			i++;
		}
		if (i == query->addresses_count) {
			query->addresses_count++;
		}
	}
}

static const char *query_name(const struct query *query)
{
	return query->key + 1;
}

static const char *family_text(enum address_family family)
{
	switch (family) {
	case ADDRESS_IPV4:
		return "IPv4 address";
	case ADDRESS_IPV6:
		return "IPv6 address";
	case ADDRESS_ANY:
		break;
	}
	return "address";
}

/* A failure that a name server told us of. */
static const char *rcode_text(int rcode)
{
	static const char *const texts[] = {
		[ns_r_formerr] = "name server did not understand the question",
		[ns_r_servfail] = "name server failed (SERVFAIL)",
		[ns_r_notimpl] = "name server cannot answer that (NOTIMP)",
		[ns_r_refused] = "name server refused to answer (REFUSED)",
	};

	return rcode >= 0 && (size_t)rcode < ARRAY_LEN(texts) ? texts[rcode] : NULL;
}

static const char *failure_text(const struct dns_answer *answer)
{
	switch (answer->status) {
	case ARES_ESERVFAIL:
		return rcode_text(ns_r_servfail);
	case ARES_EREFUSED:
		return rcode_text(ns_r_refused);
	case ARES_ENOTIMP:
		return rcode_text(ns_r_notimpl);
	case ARES_EFORMERR:
		return rcode_text(ns_r_formerr);
	case ARES_EBADRESP:
		return "bad answer from the name server";
	case ARES_ECONNREFUSED:
		return "no name server reachable";
	default:
		return ares_strerror(answer->status);
	}
}

static void query_fail_server(struct query *query, const struct dns_answer *answer)
{
	const char *rcode = rcode_text(answer->rcode);
	const char *name = query_name(query);

	if (!rcode && answer->status == ARES_ETIMEOUT) {
		query_finish(query, LOOKUP_TIMEOUT,
			xasprintf("no answer from the name servers about '%s'", name));
		return;
	}
	query_finish(query, LOOKUP_SERVER_FAILURE,
		xasprintf("%s about '%s'%s%s", rcode ? rcode : failure_text(answer), name,
			!rcode && answer->error ? ": " : "",
			!rcode && answer->error ? errno_text(answer->error) : ""));
}

static void query_fail(struct query *query, const struct dns_answer *answer)
{
	const char *name = query_name(query);

	switch (answer->status) {
	case ARES_ENOTFOUND:
		query_finish(query, LOOKUP_NOT_FOUND, xasprintf("no such name '%s'", name));
		return;
	case ARES_SUCCESS:
	case ARES_ENODATA:
		query_finish(query, LOOKUP_NOT_FOUND,
			xasprintf("name '%s' has no %s", name, family_text(query->family)));
		return;
	case ARES_EBADNAME:
		query_finish(query, LOOKUP_BAD_NAME, xasprintf("bad host name '%s'", name));
		return;
	default:
		query_fail_server(query, answer);
		return;
	}
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
	struct query *query = arg;

	query->question = NULL;
	if (answer->status == ARES_SUCCESS) {
		take_addresses(query, answer->nodes);
	}
	if (query->addresses_count > 0) {
		query_finish(query, LOOKUP_OK, NULL);
	} else {
		query_fail(query, answer);
	}
}

static struct query *query_new(
	struct resolver *resolver, struct str key, enum address_family family)
{
	struct query *query = xcalloc(1, sizeof(*query) + key.len + 1);

	query->resolver = resolver;
	query->family = family;
	query->key_len = key.len;
	memcpy(query->key, key.ptr, key.len);
	return query;
}

/*
 * "localhost" of one family is loopback, whatever /etc/hosts has (RFC 6761, section 6.3).  c-ares
 * 1.18 says the same, but loses memory where /etc/hosts knows an address of the other family only.
 */
static bool loopback_of(struct str host, enum address_family family, struct address *ret_address)
{
	static const char *const texts[] = {[ADDRESS_IPV4] = "127.0.0.1", [ADDRESS_IPV6] = "::1"};

	return family != ADDRESS_ANY && host_name_eq(host, str_of("localhost")) &&
	       address_parse(str_of(texts[family]), 0, ret_address);
}

/* An address instead of a name. */
static void query_answer_literal(struct query *query, const struct address *address)
{
	if (query->family != ADDRESS_ANY && query->family != address_family_of(address)) {
		query_finish(query, LOOKUP_NOT_FOUND,
			xasprintf("'%s' is no %s", query_name(query), family_text(query->family)));
		return;
	}
	query->addresses = xcalloc(1, sizeof(*query->addresses));
	query->addresses[0] = *address;
	query->addresses_count = 1;
	query_finish(query, LOOKUP_OK, NULL);
}

static void query_ask(struct query *query)
{
	struct resolver *resolver = query->resolver;
	struct err err = {0};

	(void)map_set(resolver->queries, str_n(query->key, query->key_len), query);
	query->is_shared = true;
	if (dns_pool_ask(resolver->pool, query_name(query), query->family, on_answer, query,
		    &query->question, &err) < 0) {
		query_finish(query, LOOKUP_SERVER_FAILURE, xstrdup(err.msg));
	}
}

static void on_deadline(void *arg)
{
	struct lookup *lookup = arg;
	struct query *query = lookup->query;
	struct strbuf text = STRBUF_INIT;
	struct lookup_result result = {
		.status = LOOKUP_TIMEOUT,
		.duration_us = time_mono_us() - lookup->started_us,
	};

	strbuf_addf(&text, "no answer from the name servers about '%s' within ", query_name(query));
	time_add_duration(&text, lookup->timeout_ms);
	result.text = text.buf;
	lookup_end(lookup);
	if (!query->first) {
		query_abandon(query);
	}
	lookup->done(lookup->arg, &result);
	free(lookup);
	strbuf_release(&text);
}

static void query_add_lookup(struct query *query, struct lookup *lookup)
{
	lookup->query = query;
	lookup->prev = query->last;
	if (lookup->prev) {
		lookup->prev->next = lookup;
	} else {
		query->first = lookup;
	}
	query->last = lookup;
}

/* A query for a name nobody asks for at the moment, with its first lookup. */
static void start_query(struct resolver *resolver, struct str key, enum address_family family,
	struct lookup *lookup)
{
	struct query *query = query_new(resolver, key, family);
	struct str host = str_sub(key, 1, key.len);
	struct address address;

	query_add_lookup(query, lookup);
	if (address_parse(host, 0, &address) || loopback_of(host, family, &address)) {
		query_answer_literal(query, &address);
	} else if (!host_name_is_valid(host)) {
		query_finish(query, LOOKUP_BAD_NAME,
			xasprintf("bad host name '%s'", utf8_quote(host).text));
	} else {
		query_ask(query);
	}
}

struct lookup *resolver_lookup(struct resolver *resolver, const char *host, uint16_t port,
	enum address_family family, int64_t timeout_ms, lookup_fn *done, void *arg)
{
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));
	struct strbuf key = STRBUF_INIT;
	struct query *query;

	*lookup = (struct lookup){.timeout_ms = timeout_ms,
		.started_us = time_mono_us(),
		.port = port,
		.done = done,
		.arg = arg};
	if (timeout_ms > 0) {
		lookup->deadline = timer_add(resolver->loop, timeout_ms, on_deadline, lookup);
	}
	strbuf_addc(&key, (char)('0' + family));
	strbuf_adds(&key, host);
	query = map_get(resolver->queries, strbuf_str(&key));
	if (query) {
		query_add_lookup(query, lookup);
	} else {
		start_query(resolver, strbuf_str(&key), family, lookup);
	}
	strbuf_release(&key);
	return lookup;
}

void lookup_free(struct lookup **lookup_ptr)
{
	struct lookup *lookup = TAKE(*lookup_ptr);

	if (lookup) {
		lookup_end(lookup);
		if (!lookup->query->first) {
			query_abandon(lookup->query);
		}
		free(lookup);
	}
}

/* "192.0.2.1", "192.0.2.1:53", "[2001:db8::1]:53" */
static int parse_server(struct str text, struct address *ret_address, struct err *err)
{
	const char *colon = memrchr(text.ptr, ':', text.len);
	struct str ip = text;
	int64_t port = NAME_SERVER_PORT;

	if (address_parse(text, NAME_SERVER_PORT, ret_address)) {
		return 0;
	}
	if (colon) {
		ip = str_n(text.ptr, (size_t)(colon - text.ptr));
	}
	if (!colon || (str_find(ip, ':', 0) < ip.len && ip.ptr[0] != '[') ||
		parse_int(str_sub(text, ip.len + 1, text.len), 1, UINT16_MAX, &port, NULL) < 0 ||
		!address_parse(ip, (uint16_t)port, ret_address)) {
		return err_set(
			err, ERR_INPUT, "'%s' is no name server's address", utf8_quote(text).text);
	}
	return 0;
}

static int parse_servers(struct resolver *resolver, const char *servers, struct err *err)
{
	struct str rest = str_of(servers);
	struct str piece;

	while (str_split(&rest, ',', &piece)) {
		size_t count = resolver->settings.servers_count;

		if (count == SERVERS_MAX) {
			return err_set(err, ERR_INPUT, "more than %d name servers", SERVERS_MAX);
		}
		if (parse_server(str_trim(piece), &resolver->servers[count], err) < 0) {
			return -1;
		}
		resolver->settings.servers_count++;
	}
	return 0;
}

int resolver_new(struct loop *loop, const struct resolver_options *options,
	struct resolver **ret_resolver, struct err *err)
{
	static const struct resolver_options defaults = {0};
	const struct resolver_options *given = options ? options : &defaults;
	struct resolver *resolver = xcalloc(1, sizeof(*resolver));

	resolver->loop = loop;
	resolver->settings = (struct dns_settings){
		.servers = resolver->servers,
		.try_timeout_ms =
			given->try_timeout_ms ? (int)given->try_timeout_ms : TRY_TIMEOUT_MS,
		.tries = given->tries ? given->tries : TRIES,
	};
	resolver->queries = map_new(MAP_KEYS_BORROWED);
	if (given->servers && parse_servers(resolver, given->servers, err) < 0) {
		resolver_free(&resolver);
		return -1;
	}
	resolver->pool = dns_pool_new(loop, &resolver->settings);
	*ret_resolver = resolver;
	return 0;
}

void resolver_free(struct resolver **resolver_ptr)
{
	struct resolver *resolver = TAKE(*resolver_ptr);

	if (!resolver) {
		return;
	}
	dns_pool_free(&resolver->pool);
	assert(map_count(resolver->queries) == 0);
	map_free(resolver->queries);
	free(resolver);
}
