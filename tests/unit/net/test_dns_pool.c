/*
 * Questions spread over channels, and forgotten ones.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/dns_pool.h"
#include "support/dns_server.h"

static const struct dns_rule rules[] = {
	{"silent.example", DNS_SILENCE},
	{"*", DNS_SLOW, "192.0.2.1", NULL, 50},
	{NULL},
};

struct fixture {
	struct loop *loop;
	struct dns_server *server;
	struct dns_pool *pool;
	struct address address;
	struct dns_settings settings;
	size_t answers;
};

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
		.try_timeout_ms = 30000,
		.tries = 2,
	};
	fixture->pool = dns_pool_new(fixture->loop, &fixture->settings);
	*state = fixture;
	return 0;
}

static int fixture_end(void **state)
{
	struct fixture *fixture = *state;

	dns_pool_free(&fixture->pool);
	dns_server_free(&fixture->server);
	loop_free(&fixture->loop);
	free(fixture);
	return 0;
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
	struct fixture *fixture = arg;

	assert_int_equal(answer->status, ARES_SUCCESS);
	fixture->answers++;
}

static struct dns_question *ask(struct fixture *fixture, const char *name)
{
	struct dns_question *question = NULL;

	assert_int_equal(dns_pool_ask(fixture->pool, name, ADDRESS_IPV4, on_answer, fixture,
				 &question, NULL),
		0);
	assert_non_null(question);
	return question;
}

/* A few in each turn of the loop: the server's socket holds some hundred questions. */
struct asking {
	struct fixture *fixture;
	struct timer *timer;
	size_t asked, count;
};

static void on_turn(void *arg)
{
	struct asking *asking = arg;

	for (int i = 0; i < 50 && asking->asked < asking->count; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "n%zu.example.", asking->asked++);
		(void)ask(asking->fixture, name);
	}
	if (asking->asked < asking->count) {
		timer_set(asking->timer, 0);
	}
}

static void ask_many(struct fixture *fixture, size_t count)
{
	struct asking asking = {.fixture = fixture, .count = count};

	asking.timer = timer_add(fixture->loop, 0, on_turn, &asking);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	timer_free(&asking.timer);
}

static void test_ports(void **state)
{
	struct fixture *fixture = *state;

	ask_many(fixture, 1000);
	assert_int_equal(fixture->answers, 1000);
	assert_true(dns_server_ports_seen(fixture->server) >= 1000 / 64);

	/* Once more, with channels that have rested. */
	ask_many(fixture, 1000);
	assert_int_equal(fixture->answers, 2000);
}

/* One after the other: each from a port of its own, because the sockets rest in between. */
static void test_one_by_one(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 1; i <= 5; i++) {
		ask_many(fixture, 1);
		assert_int_equal(fixture->answers, i);
	}
	assert_true(dns_server_ports_seen(fixture->server) >= 3);
}

/* Nobody is told, and nothing keeps the loop running. */
static void test_forgotten(void **state)
{
	struct fixture *fixture = *state;
	struct dns_question *silent = ask(fixture, "silent.example.");
	struct dns_question *slow = ask(fixture, "slow.example.");
	int64_t begun_ms = time_mono_ms();

	dns_question_forget(&silent);
	dns_question_forget(&slow);
	dns_question_forget(&slow);
	assert_null(silent);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_int_equal(fixture->answers, 0);
	assert_true(time_mono_ms() - begun_ms < 20000);
}

/* A forgotten question does not take the others of its channel along. */
static void test_forgotten_beside(void **state)
{
	struct fixture *fixture = *state;
	struct dns_question *silent = ask(fixture, "silent.example.");

	(void)ask(fixture, "slow.example.");
	dns_question_forget(&silent);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_int_equal(fixture->answers, 1);
}

/* What has been forgotten may still be under way when the pool ends. */
static void test_freed(void **state)
{
	struct fixture *fixture = *state;
	struct dns_question *question = ask(fixture, "silent.example.");

	dns_question_forget(&question);
	dns_pool_free(&fixture->pool);
	assert_null(fixture->pool);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_int_equal(fixture->answers, 0);
}

int main(void)
{
#define POOL_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_start, fixture_end)
	const struct CMUnitTest tests[] = {
		POOL_TEST(test_ports),
		POOL_TEST(test_one_by_one),
		POOL_TEST(test_forgotten),
		POOL_TEST(test_forgotten_beside),
		POOL_TEST(test_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
