/*
 * Connecting to what listens, refuses, is silent, or cannot be reached.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/dial.h"
#include "support/dns_server.h"

/* Addresses of the loopback net: what listens on 127.0.0.1 does not listen on these. */
static const struct dns_rule rules[] = {
	{"one.example", DNS_ANSWER, "127.0.0.1", NULL},
	{"refused.example", DNS_ANSWER, "127.0.0.2", NULL},
	{"second.example", DNS_ANSWER, "127.0.0.2 127.0.0.1", NULL},
	{"silent.example", DNS_SILENCE},
	{"slow.example", DNS_SLOW, "127.0.0.1", NULL, 30},
	{"both.example", DNS_ANSWER, "127.0.0.1", "::1"},
	{"six.example", DNS_ANSWER, NULL, "::1"},
	{NULL},
};

struct answer {
	bool is_done;
	struct dial_result result;
	char text[256];
};

struct fixture {
	struct loop *loop;
	struct dns_server *server;
	struct resolver *resolver;
	struct answer answer;
};

static int fixture_start(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));
	struct strbuf servers = STRBUF_INIT;

	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	fixture->server = dns_server_new(fixture->loop, rules);
	strbuf_addf(&servers, "127.0.0.1:%u", dns_server_port(fixture->server));
	assert_int_equal(
		resolver_new(fixture->loop, &(struct resolver_options){.servers = servers.buf},
			&fixture->resolver, NULL),
		0);
	strbuf_release(&servers);
	*state = fixture;
	return 0;
}

static int fixture_end(void **state)
{
	struct fixture *fixture = *state;

	resolver_free(&fixture->resolver);
	dns_server_free(&fixture->server);
	loop_free(&fixture->loop);
	free(fixture);
	return 0;
}

static void on_done(void *arg, const struct dial_result *result)
{
	struct answer *answer = arg;

	assert_false(answer->is_done);
	answer->is_done = true;
	answer->result = *result;
	(void)snprintf(answer->text, sizeof(answer->text), "%s", result->text);
	answer->result.text = answer->text;
}

/* A listener on an address (or a port of its own, if `address` has none). */
static int listen_on(struct address *address, int backlog)
{
	int fd = socket(address->sa.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, &address->sa.any, address->sa_len) < 0) {
		return -1;
	}
	assert_int_equal(listen(fd, backlog), 0);
	assert_int_equal(getsockname(fd, &address->sa.any, &address->sa_len), 0);
	return fd;
}

static struct address address_of(const char *text, uint16_t port)
{
	struct address address;

	assert_true(address_parse(str_of(text), port, &address));
	return address;
}

static const struct dial_result *dial(struct fixture *fixture, struct dial_spec spec)
{
	struct dial *handle;

	if (spec.timeout_ms == 0) {
		spec.timeout_ms = 5000;
	}
	fixture->answer = (struct answer){0};
	handle = dial_start(fixture->loop, fixture->resolver, &spec, on_done, &fixture->answer);
	assert_non_null(handle);
	assert_false(fixture->answer.is_done);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_true(fixture->answer.is_done);
	return &fixture->answer.result;
}

/* "<before><port><after>" */
static void assert_text(const char *got, const char *before, uint16_t port, const char *after)
{
	char expected[256];

	(void)snprintf(expected, sizeof(expected), "%s%u%s", before, port, after);
	assert_string_equal(got, expected);
}

static void test_connects(void **state)
{
	struct fixture *fixture = *state;
	static const char *const hosts[] = {
		"one.example", "second.example", "slow.example", "127.0.0.1", "both.example"};
	struct address address = address_of("127.0.0.1", 0);
	int listener = listen_on(&address, 10);

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		const struct dial_result *result = dial(fixture,
			(struct dial_spec){.host = hosts[i], .port = address_port(&address)});
		int peer;

		assert_int_equal(result->status, DIAL_OK);
		assert_true(address_eq(&result->address, &address));
		assert_string_equal(result->text, "");
		assert_true(result->lookup_us >= 0 && result->connect_us >= 0);
		peer = accept(listener, NULL, NULL);
		assert_int_equal(write(result->fd, "x", 1), 1);
		assert_int_equal(read(peer, (char[1]){0}, 1), 1);
		(void)close(peer);
		(void)close(result->fd);
	}
	(void)close(listener);
}

static void test_only(void **state)
{
	struct fixture *fixture = *state;
	struct address address = address_of("127.0.0.1", 0);
	int listener = listen_on(&address, 10);
	const struct dial_result *result =
		dial(fixture, (struct dial_spec){.host = "missing.example", .only = &address});

	assert_int_equal(result->status, DIAL_OK);
	assert_int_equal(result->lookup_status, LOOKUP_OK);
	assert_int_equal(dns_server_questions(fixture->server), 0);
	(void)close(result->fd);
	(void)close(listener);
}

static void test_refused(void **state)
{
	struct fixture *fixture = *state;
	struct address address = address_of("127.0.0.1", 0);
	int listener = listen_on(&address, 10);
	uint16_t port = address_port(&address);
	const struct dial_result *result;

	result = dial(fixture, (struct dial_spec){.host = "refused.example", .port = port});
	assert_int_equal(result->status, DIAL_REFUSED);
	assert_int_equal(result->error, ECONNREFUSED);
	assert_int_equal(result->fd, -1);
	assert_int_equal(result->addresses_tried, 1);
	assert_text(result->text, "connection refused by 127.0.0.2:", port, "");

	(void)close(listener);
	result = dial(fixture, (struct dial_spec){.host = "second.example", .port = port});
	assert_int_equal(result->status, DIAL_REFUSED);
	assert_int_equal(result->addresses_tried, 2);
	assert_non_null(strstr(result->text, "connection refused by 127.0.0."));
	assert_non_null(strstr(result->text, " (2 addresses tried)"));

	/* Straight away, and still not before dial_start() returns. */
	address_set_port(&address, 1);
	result = dial(fixture, (struct dial_spec){.host = "x", .only = &address});
	assert_int_equal(result->status, DIAL_REFUSED);
}

static void test_lookup_fails(void **state)
{
	struct fixture *fixture = *state;
	const struct dial_result *result;

	result = dial(fixture, (struct dial_spec){.host = "missing.example.", .port = 80});
	assert_int_equal(result->status, DIAL_DNS_FAILED);
	assert_int_equal(result->lookup_status, LOOKUP_NOT_FOUND);
	assert_int_equal(result->address.sa_len, 0);
	assert_string_equal(result->text, "no such name 'missing.example.'");

	result = dial(fixture,
		(struct dial_spec){.host = "one.example.", .port = 80, .family = ADDRESS_IPV6});
	assert_int_equal(result->status, DIAL_DNS_FAILED);
	assert_string_equal(result->text, "name 'one.example.' has no IPv6 address");

	result = dial(fixture,
		(struct dial_spec){.host = "silent.example", .port = 80, .timeout_ms = 30});
	assert_int_equal(result->status, DIAL_TIMEOUT);
	assert_int_equal(result->lookup_status, LOOKUP_TIMEOUT);
	assert_string_equal(result->text,
		"no answer from the name servers about 'silent.example' within 30 ms");
	assert_true(result->lookup_us >= 30000);
	assert_int_equal(result->connect_us, 0);
}

/* A listener whose queue is full answers nobody: the kernel drops what comes. */
struct black_hole {
	struct address address;
	int listener;
	int fillers[8];
};

static void black_hole_open(struct black_hole *hole, const char *ip, uint16_t port)
{
	hole->address = address_of(ip, port);
	hole->listener = listen_on(&hole->address, 0);
	assert_true(hole->listener >= 0);
	for (size_t i = 0; i < ARRAY_LEN(hole->fillers); i++) {
		hole->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(hole->fillers[i], &hole->address.sa.any, hole->address.sa_len);
	}
}

static void black_hole_close(struct black_hole *hole)
{
	for (size_t i = 0; i < ARRAY_LEN(hole->fillers); i++) {
		(void)close(hole->fillers[i]);
	}
	(void)close(hole->listener);
}

static void test_silence(void **state)
{
	struct fixture *fixture = *state;
	struct black_hole hole;
	const struct dial_result *result;
	int64_t begun_ms = time_mono_ms();

	black_hole_open(&hole, "127.0.0.1", 0);
	result = dial(fixture, (struct dial_spec){.host = "one.example",
				       .port = address_port(&hole.address),
				       .timeout_ms = 100});
	assert_int_equal(result->status, DIAL_TIMEOUT);
	assert_int_equal(result->lookup_status, LOOKUP_OK);
	assert_true(address_eq(&result->address, &hole.address));
	assert_text(result->text, "no answer from 127.0.0.1:", address_port(&hole.address),
		" within 100 ms");
	assert_in_range(time_mono_ms() - begun_ms, 100, 4500);
	black_hole_close(&hole);
}

/* The first address is silent, the second answers: it is not kept waiting for the deadline. */
static void test_silent_first(void **state)
{
	struct fixture *fixture = *state;
	struct black_hole holes[2];
	const struct dial_result *result;
	struct address good = address_of("127.0.0.3", 0);
	int listener = listen_on(&good, 10);
	uint16_t port = address_port(&good);
	static const struct dns_rule three[] = {
		{"three.example", DNS_ANSWER, "127.0.0.1 127.0.0.2 127.0.0.3", NULL}, {NULL}};
	struct dns_server *server = dns_server_new(fixture->loop, three);
	struct resolver *resolver = fixture->resolver;
	struct strbuf servers = STRBUF_INIT;
	int64_t begun_ms;

	black_hole_open(&holes[0], "127.0.0.1", port);
	black_hole_open(&holes[1], "127.0.0.2", port);
	strbuf_addf(&servers, "127.0.0.1:%u", dns_server_port(server));
	assert_int_equal(
		resolver_new(fixture->loop, &(struct resolver_options){.servers = servers.buf},
			&fixture->resolver, NULL),
		0);
	begun_ms = time_mono_ms();
	result = dial(fixture, (struct dial_spec){.host = "three.example", .port = port});
	assert_int_equal(result->status, DIAL_OK);
	assert_true(address_eq(&result->address, &good));
	assert_true(time_mono_ms() - begun_ms < 4500);
	(void)close(result->fd);

	strbuf_release(&servers);
	resolver_free(&fixture->resolver);
	dns_server_free(&server);
	fixture->resolver = resolver;
	black_hole_close(&holes[0]);
	black_hole_close(&holes[1]);
	(void)close(listener);
}

static void test_source(void **state)
{
	struct fixture *fixture = *state;
	struct address address = address_of("127.0.0.1", 0);
	struct address source = address_of("127.0.0.9", 0);
	struct address missing = address_of("192.0.2.99", 0);
	struct address six = address_of("::1", 0);
	int listener = listen_on(&address, 10);
	struct address peer = {.sa_len = sizeof(peer.sa)};
	const struct dial_result *result;
	int fd;

	result = dial(fixture,
		(struct dial_spec){
			.host = "both.example", .port = address_port(&address), .source = &source});
	assert_int_equal(result->status, DIAL_OK);
	fd = accept(listener, &peer.sa.any, &peer.sa_len);
	address_set_port(&peer, 0);
	assert_true(address_eq(&peer, &source));
	(void)close(fd);
	(void)close(result->fd);

	result = dial(fixture,
		(struct dial_spec){
			.host = "one.example", .port = address_port(&address), .source = &missing});
	assert_int_equal(result->status, DIAL_UNREACHABLE);
	assert_int_equal(result->error, EADDRNOTAVAIL);
	assert_text(result->text, "cannot reach 127.0.0.1:", address_port(&address),
		" from 192.0.2.99: Cannot assign requested address");

	result = dial(fixture, (struct dial_spec){.host = "x", .only = &address, .source = &six});
	assert_int_equal(result->status, DIAL_UNREACHABLE);
	(void)close(listener);
}

static void test_ipv6(void **state)
{
	struct fixture *fixture = *state;
	struct address address = address_of("::1", 0);
	int listener = listen_on(&address, 10);
	const struct dial_result *result;

	if (listener < 0) {
		skip_because("this machine has no IPv6");
	}
	result = dial(fixture, (struct dial_spec){.host = "six.example",
				       .port = address_port(&address),
				       .family = ADDRESS_IPV6});
	assert_int_equal(result->status, DIAL_OK);
	assert_true(address_eq(&result->address, &address));
	(void)close(result->fd);

	/* Only the IPv6 address of two answers. */
	result = dial(fixture,
		(struct dial_spec){.host = "both.example", .port = address_port(&address)});
	assert_int_equal(result->status, DIAL_OK);
	assert_int_equal(address_family_of(&result->address), ADDRESS_IPV6);
	(void)close(result->fd);

	result = dial(fixture, (struct dial_spec){.host = "both.example",
				       .port = address_port(&address),
				       .family = ADDRESS_IPV4});
	assert_int_equal(result->status, DIAL_REFUSED);
	(void)close(listener);
}

static void test_unreachable(void **state)
{
	struct fixture *fixture = *state;
	/* Multicast: no TCP connection goes there. */
	struct address multicast = address_of("224.0.0.1", 80);
	const struct dial_result *result =
		dial(fixture, (struct dial_spec){.host = "x", .only = &multicast});

	assert_int_equal(result->status, DIAL_UNREACHABLE);
	assert_int_equal(result->error, ENETUNREACH);
	assert_string_equal(result->text, "cannot reach 224.0.0.1:80: Network is unreachable");
}

/* Freed in each phase; what it is doing is told. */
static void test_freed(void **state)
{
	struct fixture *fixture = *state;
	struct black_hole hole;
	struct dial *handle;
	struct strbuf phase = STRBUF_INIT;
	struct dial_spec spec = {.host = "silent.example", .port = 80, .timeout_ms = 5000};
	struct address missing = address_of("192.0.2.99", 0);

	handle = dial_start(fixture->loop, fixture->resolver, &spec, on_done, &fixture->answer);
	dial_add_phase(handle, &phase);
	assert_string_equal(phase.buf, "looking up 'silent.example'");
	assert_int_equal(dial_address(handle).sa_len, 0);
	dial_free(&handle);
	assert_null(handle);

	black_hole_open(&hole, "127.0.0.1", 0);
	spec.only = &hole.address;
	handle = dial_start(fixture->loop, fixture->resolver, &spec, on_done, &fixture->answer);
	strbuf_clear(&phase);
	dial_add_phase(handle, &phase);
	assert_text(phase.buf, "connecting to 127.0.0.1:", address_port(&hole.address), "");
	dial_free(&handle);
	black_hole_close(&hole);

	spec.source = &missing;
	handle = dial_start(fixture->loop, fixture->resolver, &spec, on_done, &fixture->answer);
	dial_free(&handle);
	dial_free(&handle);

	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_false(fixture->answer.is_done);
	strbuf_release(&phase);
}

int main(void)
{
#define DIAL_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_end)
	const struct CMUnitTest tests[] = {
		DIAL_TEST(test_connects),
		DIAL_TEST(test_only),
		DIAL_TEST(test_refused),
		DIAL_TEST(test_lookup_fails),
		DIAL_TEST(test_silence),
		DIAL_TEST(test_silent_first),
		DIAL_TEST(test_source),
		DIAL_TEST(test_ipv6),
		DIAL_TEST(test_unreachable),
		DIAL_TEST(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
