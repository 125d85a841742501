/*
 * Lookups against a name server that is good, bad, slow or silent.
 */
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/resolver.h"
#include "support/dns_server.h"

static const struct dns_rule rules[] = {
	{"good.example", DNS_ANSWER, "192.0.2.1 192.0.2.2", "2001:db8::1"},
	{"four.example", DNS_ANSWER, "192.0.2.4", NULL},
	{"six.example", DNS_ANSWER, NULL, "2001:db8::6"},
	{"none.example", DNS_ANSWER, NULL, NULL},
	{"same.example", DNS_ANSWER, "192.0.2.1 192.0.2.1 192.0.2.1", NULL},
	{"servfail.example", DNS_SERVFAIL},
	{"refused.example", DNS_REFUSED},
	{"silent.example", DNS_SILENCE},
	{"slow.example", DNS_SLOW, "192.0.2.5", NULL, 100},
	{"junk.example", DNS_JUNK, "192.0.2.6", NULL},
	{"empty.example", DNS_EMPTY, "192.0.2.6", NULL},
	{"wrongid.example", DNS_WRONG_ID, "192.0.2.6", NULL},
	{"broken.example", DNS_BROKEN, "192.0.2.6", NULL},
	{"truncated.example", DNS_TRUNCATED, "192.0.2.7", "2001:db8::7"},
	{NULL},
};

struct fixture {
	struct loop *loop;
	struct dns_server *server;
	struct resolver *resolver;
};

static void fixture_start_with(struct fixture *fixture, const struct dns_rule *server_rules,
	struct resolver_options options)
{
	struct strbuf servers = STRBUF_INIT;

	assert_int_equal(loop_new(&fixture->loop, NULL), 0);
	fixture->server = dns_server_new(fixture->loop, server_rules);
	strbuf_addf(&servers, "127.0.0.1:%u", dns_server_port(fixture->server));
	options.servers = servers.buf;
	assert_int_equal(resolver_new(fixture->loop, &options, &fixture->resolver, NULL), 0);
	strbuf_release(&servers);
}

static void fixture_start(struct fixture *fixture)
{
	fixture_start_with(
		fixture, rules, (struct resolver_options){.try_timeout_ms = 1000, .tries = 2});
}

static void fixture_end(struct fixture *fixture)
{
	resolver_free(&fixture->resolver);
	dns_server_free(&fixture->server);
	loop_free(&fixture->loop);
}

struct answer {
	bool is_done;
	enum lookup_status status;
	char text[256];
	struct strbuf addresses; /* separated by spaces */
	int64_t duration_us;
};

static void on_done(void *arg, const struct lookup_result *result)
{
	struct answer *answer = arg;

	assert_false(answer->is_done);
	answer->is_done = true;
	answer->status = result->status;
	answer->duration_us = result->duration_us;
	(void)snprintf(answer->text, sizeof(answer->text), "%s", result->text);
	strbuf_init(&answer->addresses, 0);
	for (size_t i = 0; i < result->addresses_count; i++) {
		strbuf_adds(&answer->addresses, i > 0 ? " " : "");
		address_add_ip_port(&result->addresses[i], &answer->addresses);
	}
}

static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *host;
		enum address_family family;
		enum lookup_status status;
		const char *text; /* of the failure, or the addresses */
	} cases[] = {
		{"four.example", ADDRESS_ANY, LOOKUP_OK, "192.0.2.4:80"},
		{"FOUR.Example.", ADDRESS_ANY, LOOKUP_OK, "192.0.2.4:80"},
		{"six.example", ADDRESS_ANY, LOOKUP_OK, "[2001:db8::6]:80"},
		{"good.example", ADDRESS_IPV6, LOOKUP_OK, "[2001:db8::1]:80"},
		{"same.example", ADDRESS_ANY, LOOKUP_OK, "192.0.2.1:80"},
		{"slow.example", ADDRESS_IPV4, LOOKUP_OK, "192.0.2.5:80"},
		{"junk.example", ADDRESS_IPV4, LOOKUP_OK, "192.0.2.6:80"},
		{"empty.example", ADDRESS_IPV4, LOOKUP_OK, "192.0.2.6:80"},
		{"wrongid.example", ADDRESS_IPV4, LOOKUP_OK, "192.0.2.6:80"},
		{"truncated.example", ADDRESS_IPV4, LOOKUP_OK, "192.0.2.7:80"},
		{"truncated.example", ADDRESS_IPV6, LOOKUP_OK, "[2001:db8::7]:80"},
		{"192.0.2.9", ADDRESS_ANY, LOOKUP_OK, "192.0.2.9:80"},
		{"192.0.2.9", ADDRESS_IPV4, LOOKUP_OK, "192.0.2.9:80"},
		{"::1", ADDRESS_ANY, LOOKUP_OK, "[::1]:80"},
		{"fe80::1%lo", ADDRESS_IPV6, LOOKUP_OK, "[fe80::1%lo]:80"},
		{"localhost", ADDRESS_IPV4, LOOKUP_OK, "127.0.0.1:80"},
		{"LocalHost.", ADDRESS_IPV6, LOOKUP_OK, "[::1]:80"},
		{"192.0.2.9", ADDRESS_IPV6, LOOKUP_NOT_FOUND, "'192.0.2.9' is no IPv6 address"},
		{"::1", ADDRESS_IPV4, LOOKUP_NOT_FOUND, "'::1' is no IPv4 address"},
		{"missing.example.", ADDRESS_ANY, LOOKUP_NOT_FOUND,
			"no such name 'missing.example.'"},
		{"none.example.", ADDRESS_ANY, LOOKUP_NOT_FOUND,
			"name 'none.example.' has no address"},
		{"six.example.", ADDRESS_IPV4, LOOKUP_NOT_FOUND,
			"name 'six.example.' has no IPv4 address"},
		{"four.example.", ADDRESS_IPV6, LOOKUP_NOT_FOUND,
			"name 'four.example.' has no IPv6 address"},
		{"servfail.example", ADDRESS_IPV4, LOOKUP_SERVER_FAILURE,
			"name server failed (SERVFAIL) about 'servfail.example'"},
		{"refused.example", ADDRESS_IPV4, LOOKUP_SERVER_FAILURE,
			"name server refused to answer (REFUSED) about 'refused.example'"},
		{"broken.example", ADDRESS_IPV4, LOOKUP_SERVER_FAILURE,
			"bad answer from the name server about 'broken.example'"},
		{"a..b", ADDRESS_ANY, LOOKUP_BAD_NAME, "bad host name 'a..b'"},
		{"", ADDRESS_ANY, LOOKUP_BAD_NAME, "bad host name ''"},
		{"a\x1b[31m", ADDRESS_ANY, LOOKUP_BAD_NAME, "bad host name 'a\\x1b[31m'"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture fixture;
		struct answer answer = {0};

		fixture_start(&fixture);
		(void)resolver_lookup(fixture.resolver, cases[i].host, 80, cases[i].family, 5000,
			on_done, &answer);
		assert_false(answer.is_done);
		assert_int_equal(loop_run(fixture.loop, NULL), 0);
		assert_true(answer.is_done);
		assert_string_equal(answer.status == LOOKUP_OK ? answer.addresses.buf : answer.text,
			cases[i].text);
		assert_int_equal(answer.status, cases[i].status);
		assert_int_equal(answer.addresses.len > 0, answer.status == LOOKUP_OK);
		assert_int_equal(answer.text[0] == '\0', answer.status == LOOKUP_OK);
		assert_true(answer.duration_us >= 0);
		strbuf_release(&answer.addresses);
		fixture_end(&fixture);
	}
}

static void test_both_families(void **state)
{
	(void)state;
	struct fixture fixture;
	struct answer answer = {0};

	fixture_start(&fixture);
	(void)resolver_lookup(
		fixture.resolver, "good.example", 443, ADDRESS_ANY, 5000, on_done, &answer);
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_int_equal(answer.status, LOOKUP_OK);
	assert_non_null(strstr(answer.addresses.buf, "192.0.2.1:443"));
	assert_non_null(strstr(answer.addresses.buf, "192.0.2.2:443"));
	assert_non_null(strstr(answer.addresses.buf, "[2001:db8::1]:443"));
	strbuf_release(&answer.addresses);
	fixture_end(&fixture);
}

/* A deadline ends the lookup, and nothing of it keeps the loop running. */
static void test_deadline(void **state)
{
	(void)state;
	struct fixture fixture;
	struct answer answer = {0};
	int64_t begun_ms = time_mono_ms();

	fixture_start(&fixture);
	(void)resolver_lookup(
		fixture.resolver, "silent.example", 80, ADDRESS_ANY, 50, on_done, &answer);
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_int_equal(answer.status, LOOKUP_TIMEOUT);
	assert_string_equal(
		answer.text, "no answer from the name servers about 'silent.example' within 50 ms");
	assert_in_range(answer.duration_us, 50000, 2900000);
	assert_in_range(time_mono_ms() - begun_ms, 50, 2900);
	strbuf_release(&answer.addresses);
	fixture_end(&fixture);
}

/* The name server never answers, and c-ares gives up first. */
static void test_tries_run_out(void **state)
{
	(void)state;
	struct fixture fixture;
	struct answer answer = {0};

	fixture_start_with(
		&fixture, rules, (struct resolver_options){.try_timeout_ms = 20, .tries = 2});
	(void)resolver_lookup(
		fixture.resolver, "silent.example", 80, ADDRESS_IPV4, 0, on_done, &answer);
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_int_equal(answer.status, LOOKUP_TIMEOUT);
	assert_string_equal(answer.text, "no answer from the name servers about 'silent.example'");
	assert_in_range(answer.duration_us, 60000, 4900000);
	assert_int_equal(dns_server_questions(fixture.server), 2);
	strbuf_release(&answer.addresses);
	fixture_end(&fixture);
}

/* Nothing listens where the name server should be. */
static void test_no_server(void **state)
{
	(void)state;
	struct fixture fixture;
	struct answer answer = {0};

	fixture_start(&fixture);
	dns_server_free(&fixture.server);
	(void)resolver_lookup(
		fixture.resolver, "good.example", 80, ADDRESS_IPV4, 5000, on_done, &answer);
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_int_equal(answer.status, LOOKUP_SERVER_FAILURE);
	assert_string_equal(
		answer.text, "no name server reachable about 'good.example': Connection refused");
	strbuf_release(&answer.addresses);
	fixture_end(&fixture);
}

/* Those who ask for the same at the same time share a query; ports are each one's own. */
static void test_sharing(void **state)
{
	(void)state;
	struct fixture fixture;
	struct answer answers[20] = {0};

	fixture_start(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		(void)resolver_lookup(fixture.resolver, "slow.example", (uint16_t)(1 + i),
			ADDRESS_IPV4, 5000, on_done, &answers[i]);
	}
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_int_equal(dns_server_questions(fixture.server), 1);
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		char expected[32];

		(void)snprintf(expected, sizeof(expected), "192.0.2.5:%zu", 1 + i);
		assert_string_equal(answers[i].addresses.buf, expected);
		strbuf_release(&answers[i].addresses);
	}

	/* Nothing is kept. */
	answers[0] = (struct answer){0};
	(void)resolver_lookup(
		fixture.resolver, "slow.example", 80, ADDRESS_IPV4, 5000, on_done, &answers[0]);
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_int_equal(dns_server_questions(fixture.server), 2);
	strbuf_release(&answers[0].addresses);
	fixture_end(&fixture);
}

/* Each of several lookups of one name has its own deadline and may be freed by itself. */
static void test_sharing_ends(void **state)
{
	(void)state;
	struct fixture fixture;
	struct answer kept = {0}, timed_out = {0}, freed = {0};
	struct lookup *lookup;

	fixture_start(&fixture);
	lookup = resolver_lookup(
		fixture.resolver, "slow.example", 80, ADDRESS_IPV4, 5000, on_done, &freed);
	(void)resolver_lookup(
		fixture.resolver, "slow.example", 80, ADDRESS_IPV4, 10, on_done, &timed_out);
	(void)resolver_lookup(
		fixture.resolver, "slow.example", 80, ADDRESS_IPV4, 5000, on_done, &kept);
	lookup_free(&lookup);
	assert_null(lookup);
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_false(freed.is_done);
	assert_int_equal(timed_out.status, LOOKUP_TIMEOUT);
	assert_int_equal(kept.status, LOOKUP_OK);
	assert_int_equal(dns_server_questions(fixture.server), 1);
	strbuf_release(&timed_out.addresses);
	strbuf_release(&kept.addresses);
	fixture_end(&fixture);
}

/* Freed before it could answer: a literal, a bad name, a query. */
static void test_free_at_once(void **state)
{
	(void)state;
	static const char *const hosts[] = {
		"192.0.2.1", "a..b", "localhost", "good.example", "silent.example"};
	struct fixture fixture;
	struct answer answer = {0};

	fixture_start(&fixture);
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct lookup *lookup = resolver_lookup(
			fixture.resolver, hosts[i], 80, ADDRESS_ANY, 5000, on_done, &answer);

		lookup_free(&lookup);
		lookup_free(&lookup);
	}
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_false(answer.is_done);
	fixture_end(&fixture);
}

/* From inside a callback: free another waiter of the same query, and ask again. */
struct reentrant {
	struct fixture *fixture;
	struct lookup *victim;
	struct answer again;
	int calls;
};

static void on_reentrant(void *arg, const struct lookup_result *result)
{
	struct reentrant *reentrant = arg;

	assert_int_equal(result->status, LOOKUP_OK);
	reentrant->calls++;
	lookup_free(&reentrant->victim);
	(void)resolver_lookup(reentrant->fixture->resolver, "slow.example", 80, ADDRESS_IPV4, 5000,
		on_done, &reentrant->again);
}

static void test_reentrant(void **state)
{
	(void)state;
	struct fixture fixture;
	struct reentrant reentrant = {.fixture = &fixture};

	fixture_start(&fixture);
	(void)resolver_lookup(
		fixture.resolver, "slow.example", 80, ADDRESS_IPV4, 5000, on_reentrant, &reentrant);
	reentrant.victim = resolver_lookup(
		fixture.resolver, "slow.example", 80, ADDRESS_IPV4, 5000, on_reentrant, &reentrant);
	assert_int_equal(loop_run(fixture.loop, NULL), 0);
	assert_int_equal(reentrant.calls, 1);
	assert_int_equal(reentrant.again.status, LOOKUP_OK);
	assert_int_equal(dns_server_questions(fixture.server), 2);
	strbuf_release(&reentrant.again.addresses);
	fixture_end(&fixture);
}

enum { MANY = 3000 };

/* A few in each turn of the loop: the server's socket holds some hundred questions. */
struct many {
	struct fixture fixture;
	struct timer *timer;
	int started;
	size_t counts[LOOKUP_BAD_NAME + 1];
};

static void count_done(void *arg, const struct lookup_result *result)
{
	struct many *many = arg;

	many->counts[result->status]++;
}

static void on_turn(void *arg)
{
	struct many *many = arg;

	for (int i = 0; i < 50; i++) {
		char host[64];

		(void)snprintf(host, sizeof(host), "n%d.example.", many->started++);
		(void)resolver_lookup(
			many->fixture.resolver, host, 80, ADDRESS_IPV4, 20000, count_done, many);
	}
	if (many->started < MANY) {
		timer_set(many->timer, 0);
	}
}

/* Many different names at once: all are answered, from many ports, and the slow ones delay none of
 * the others. */
static void test_many(void **state)
{
	(void)state;
	static const struct dns_rule slow[] = {
		{"*", DNS_SLOW, "192.0.2.1", NULL, 1000},
		{NULL},
	};
	struct many many = {0};
	int64_t begun_ms = time_mono_ms();

	fixture_start_with(
		&many.fixture, slow, (struct resolver_options){.try_timeout_ms = 5000, .tries = 2});
	many.timer = timer_add(many.fixture.loop, 0, on_turn, &many);
	assert_int_equal(loop_run(many.fixture.loop, NULL), 0);
	assert_int_equal(many.counts[LOOKUP_OK], MANY);
	assert_true(dns_server_ports_seen(many.fixture.server) >= MANY / 64);
	assert_in_range(time_mono_ms() - begun_ms, 1000, 15000);
	timer_free(&many.timer);
	fixture_end(&many.fixture);
}

static void test_bad_options(void **state)
{
	(void)state;
	static const char seventeen[] =
		"1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
		"1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1";
	static const char *const bad[] = {seventeen, "", "name", "192.0.2.1:", "192.0.2.1:0",
		"192.0.2.1:70000", "::1:x", "[::1", "[::1]53", "192.0.2.1,", "192.0.2.1:53:53"};
	static const char *const good[] = {"192.0.2.1", "192.0.2.1:5353", "::1", "[::1]",
		"[::1]:53", "192.0.2.1, 192.0.2.2:54 ,::1"};
	struct loop *loop;

	assert_int_equal(loop_new(&loop, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct resolver_options options = {.servers = bad[i]};
		struct resolver *resolver = NULL;
		struct err err = {0};

		if (resolver_new(loop, &options, &resolver, &err) == 0) {
			fail_msg("'%s' was taken", bad[i]);
		}
		assert_null(resolver);
		assert_int_equal(err.code, ERR_INPUT);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct resolver_options options = {.servers = good[i]};
		struct resolver *resolver = NULL;

		assert_int_equal(resolver_new(loop, &options, &resolver, NULL), 0);
		resolver_free(&resolver);
	}
	loop_free(&loop);
}

/* The system's own configuration. */
static void test_system(void **state)
{
	(void)state;
	struct loop *loop;
	struct resolver *resolver;
	struct answer answer = {0};

	assert_int_equal(loop_new(&loop, NULL), 0);
	assert_int_equal(resolver_new(loop, NULL, &resolver, NULL), 0);
	(void)resolver_lookup(resolver, "localhost", 22, ADDRESS_IPV4, 5000, on_done, &answer);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(answer.status, LOOKUP_OK);
	assert_string_equal(answer.addresses.buf, "127.0.0.1:22");
	strbuf_release(&answer.addresses);
	resolver_free(&resolver);
	loop_free(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_tries_run_out),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_sharing_ends),
		cmocka_unit_test(test_free_at_once),
		cmocka_unit_test(test_reentrant),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
