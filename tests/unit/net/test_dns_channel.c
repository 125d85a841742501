/*
 * One c-ares channel: what it says of answers, and how it ends.
 */
#include <errno.h>
#include <string.h>

#include <arpa/nameser.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/dns_channel.h"
#include "support/dns_server.h"

static const struct dns_rule rules[] = {
	{"good.example", DNS_ANSWER, "192.0.2.1 192.0.2.2", NULL},
	{"servfail.example", DNS_SERVFAIL},
	{"refused.example", DNS_REFUSED},
	{"silent.example", DNS_SILENCE},
	{"wrongid.example", DNS_WRONG_ID, "192.0.2.6", NULL},
	{"truncated.example", DNS_TRUNCATED, "192.0.2.7", NULL},
	{NULL},
};

struct fixture {
	struct loop *loop;
	struct dns_server *server;
	struct dns_channel *channel;
	struct address address;
	struct dns_settings settings;
	size_t idle_calls;
	/* the last answer */
	size_t answers;
	int status, rcode, error;
	size_t addresses;
};

static void on_idle(void *arg)
{
	struct fixture *fixture = arg;

	fixture->idle_calls++;
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
	struct fixture *fixture = arg;

	fixture->answers++;
	fixture->status = answer->status;
	fixture->rcode = answer->rcode;
	fixture->error = answer->error;
	fixture->addresses = 0;
	for (const struct ares_addrinfo_node *node = answer->nodes; node; node = node->ai_next) {
		fixture->addresses++;
	}
}

static int fixture_start(void **state)
{
	struct fixture *fixture = xcalloc(1, sizeof(*fixture));

	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	fixture->server = dns_server_new(fixture->loop, rules);
	assert_true(address_parse(
		str_of("127.0.0.1"), dns_server_port(fixture->server), &fixture->address));
	fixture->settings = (struct dns_settings){
		.servers = &fixture->address,
		.servers_count = 1,
		.try_timeout_ms = 200,
		.tries = 2,
	};
	assert_int_equal(dns_channel_new(fixture->loop, &fixture->settings, on_idle, fixture,
				 &fixture->channel, NULL),
		0);
	*state = fixture;
	return 0;
}

static int fixture_end(void **state)
{
	struct fixture *fixture = *state;

	dns_channel_free(&fixture->channel);
	dns_server_free(&fixture->server);
	loop_free(&fixture->loop);
	free(fixture);
	return 0;
}

static void ask(struct fixture *fixture, const char *name)
{
	size_t answers = fixture->answers;

	dns_channel_ask(fixture->channel, name, ADDRESS_IPV4, on_answer, fixture);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_int_equal(fixture->answers, answers + 1);
	assert_int_equal(dns_channel_pending(fixture->channel), 0);
}

static void test_answers(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *name;
		int status, rcode;
		size_t addresses;
	} cases[] = {
		{"good.example.", ARES_SUCCESS, ns_r_noerror, 2},
		{"missing.example.", ARES_ENOTFOUND, ns_r_nxdomain, 0},
		{"servfail.example.", ARES_ECONNREFUSED, ns_r_servfail, 0},
		{"refused.example.", ARES_ECONNREFUSED, ns_r_refused, 0},
		{"silent.example.", ARES_ETIMEOUT, -1, 0},
		{"wrongid.example.", ARES_SUCCESS, ns_r_noerror, 1},
		{"truncated.example.", ARES_SUCCESS, -1, 1}, /* over TCP */
		{"good.example.", ARES_SUCCESS, ns_r_noerror, 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ask(fixture, cases[i].name);
		assert_int_equal(fixture->status, cases[i].status);
		assert_int_equal(fixture->rcode, cases[i].rcode);
		assert_int_equal(fixture->error, 0);
		assert_int_equal(fixture->addresses, cases[i].addresses);
		assert_int_equal(fixture->idle_calls, i + 1);
	}
}

static void test_nobody_there(void **state)
{
	struct fixture *fixture = *state;

	dns_server_free(&fixture->server);
	ask(fixture, "good.example.");
	assert_int_equal(fixture->status, ARES_ECONNREFUSED);
	assert_int_equal(fixture->rcode, -1);
	assert_int_equal(fixture->error, ECONNREFUSED);
}

/* A name of the hosts file is answered before the call returns. */
static void test_at_once(void **state)
{
	struct fixture *fixture = *state;

	dns_channel_ask(fixture->channel, "localhost", ADDRESS_IPV4, on_answer, fixture);
	assert_int_equal(fixture->answers, 1);
	assert_int_equal(fixture->status, ARES_SUCCESS);
	assert_int_equal(fixture->addresses, 1);
	assert_int_equal(fixture->idle_calls, 1);
	assert_int_equal(dns_server_questions(fixture->server), 0);
}

static void test_cancel(void **state)
{
	struct fixture *fixture = *state;

	dns_channel_cancel(fixture->channel);
	assert_int_equal(fixture->idle_calls, 0);
	dns_channel_ask(fixture->channel, "silent.example.", ADDRESS_ANY, on_answer, fixture);
	dns_channel_ask(fixture->channel, "good.example.", ADDRESS_IPV4, on_answer, fixture);
	assert_int_equal(dns_channel_pending(fixture->channel), 2);
	dns_channel_cancel(fixture->channel);
	assert_int_equal(dns_channel_pending(fixture->channel), 0);
	assert_int_equal(fixture->answers, 2);
	assert_int_equal(fixture->status, ARES_ECANCELLED);
	assert_int_equal(fixture->idle_calls, 1);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);

	ask(fixture, "good.example.");
	assert_int_equal(fixture->status, ARES_SUCCESS);
}

static void test_freed(void **state)
{
	struct fixture *fixture = *state;

	dns_channel_ask(fixture->channel, "silent.example.", ADDRESS_ANY, on_answer, fixture);
	dns_channel_free(&fixture->channel);
	assert_null(fixture->channel);
	assert_int_equal(fixture->answers, 1);
	assert_int_equal(fixture->status, ARES_EDESTRUCTION);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
}

int main(void)
{
#define CHANNEL_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_end)
	const struct CMUnitTest tests[] = {
		CHANNEL_TEST(test_answers),
		CHANNEL_TEST(test_nobody_there),
		CHANNEL_TEST(test_at_once),
		CHANNEL_TEST(test_cancel),
		CHANNEL_TEST(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
