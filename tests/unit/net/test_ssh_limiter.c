/*
 * Windows, pauses, and a server with MaxStartups 10:30:100 that five hundred want to get into.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "net/ssh_limiter.h"

struct asker {
	struct ssh_ticket *ticket;
	int gone; /* how often it was told to */
};

static struct loop *loop;

static int start(void **state)
{
	(void)state;
	return loop_new(&loop, NULL);
}

static int end(void **state)
{
	(void)state;
	loop_free(&loop);
	return 0;
}

static void on_go(void *arg)
{
	((struct asker *)arg)->gone++;
}

static void ask(struct ssh_limiter *limiter, const char *hop, struct asker *askers, int count)
{
	for (int i = 0; i < count; i++) {
		askers[i] = (struct asker){0};
		askers[i].ticket = ssh_limiter_ask(limiter, hop, 0, on_go, &askers[i]);
		assert_int_equal(askers[i].gone, 0);
	}
}

/* Until nothing happens any more, or for as long as a pause takes. */
static int run_and_count(const struct asker *askers, int count)
{
	int gone = 0;

	assert_int_equal(loop_run(loop, NULL), 0);
	for (int i = 0; i < count; i++) {
		assert_true(askers[i].gone <= 1);
		gone += askers[i].gone;
	}
	return gone;
}

static void test_window(void **state)
{
	enum { ASKERS = 100 };
	const struct ssh_limiter_options options = {
		.window_first = 4, .window_max = 10, .pause_ms = 1};
	struct ssh_limiter *limiter = ssh_limiter_new(loop, &options);
	struct asker askers[ASKERS], other[4];
	int gone;

	(void)state;
	assert_int_equal(ssh_limiter_window(limiter, "a"), 4); /* as of any */
	ask(limiter, "a", askers, ASKERS);
	assert_int_equal(run_and_count(askers, ASKERS), 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(askers[i].gone, 1); /* in order */
	}
	/* Another hop has a window of its own. */
	ask(limiter, "b", other, 4);
	assert_int_equal(run_and_count(other, 4), 4);
	/* A windowful of successes makes it one wider, up to the most. */
	for (gone = 4; gone < ASKERS; gone = run_and_count(askers, ASKERS)) {
		for (int i = 0; i < gone; i++) {
			ssh_ticket_end(&askers[i].ticket, SSH_TICKET_PASSED);
		}
		assert_true(ssh_limiter_window(limiter, "a") <= 10);
	}
	assert_int_equal(ssh_limiter_window(limiter, "a"), 10);
	assert_int_equal(ssh_limiter_window(limiter, "b"), 4);
	for (int i = 0; i < ASKERS; i++) {
		ssh_ticket_end(&askers[i].ticket, SSH_TICKET_NEITHER);
	}
	for (int i = 0; i < 4; i++) {
		ssh_ticket_end(&other[i].ticket, SSH_TICKET_NEITHER);
	}
	ssh_limiter_free(&limiter);
}

static void test_drops(void **state)
{
	enum { ASKERS = 30 };
	const struct ssh_limiter_options options = {
		.window_first = 16, .pause_ms = 100, .pause_max_ms = 400, .seed = 7};
	struct ssh_limiter *limiter = ssh_limiter_new(loop, &options);
	struct asker askers[ASKERS];
	int64_t began_ms;

	(void)state;
	ask(limiter, "a", askers, ASKERS);
	assert_int_equal(run_and_count(askers, ASKERS), 16);
	/* All at once dropped: by one overload. */
	began_ms = time_mono_ms();
	for (int i = 0; i < 16; i++) {
		ssh_ticket_end(&askers[i].ticket, SSH_TICKET_DROPPED);
	}
	assert_int_equal(ssh_limiter_window(limiter, "a"), 8);
	assert_int_equal(run_and_count(askers, ASKERS), 24);
	assert_true(time_mono_ms() - began_ms >= 50);
	/* Again, and again: never less than one, and the pauses grow. */
	for (int i = 16; i < ASKERS; i++) {
		ssh_ticket_end(&askers[i].ticket, SSH_TICKET_DROPPED);
	}
	assert_int_equal(ssh_limiter_window(limiter, "a"), 4);
	for (int round = 0; round < 4; round++) {
		struct asker one;

		ask(limiter, "a", &one, 1);
		began_ms = time_mono_ms();
		assert_int_equal(run_and_count(&one, 1), 1);
		assert_true(round == 0 || time_mono_ms() - began_ms >= 100);
		assert_true(time_mono_ms() - began_ms < 5000);
		ssh_ticket_end(&one.ticket, SSH_TICKET_DROPPED);
	}
	assert_int_equal(ssh_limiter_window(limiter, "a"), 1);
	ssh_limiter_free(&limiter);
}

static void test_taken_back(void **state)
{
	const struct ssh_limiter_options options = {.window_first = 1, .pause_ms = 1};
	struct ssh_limiter *limiter = ssh_limiter_new(loop, &options);
	struct asker askers[3], again = {0};

	(void)state;
	ask(limiter, "a", askers, 3);
	again.ticket = ssh_limiter_ask(limiter, "a", 3, on_go, &again);
	ssh_ticket_end(&again.ticket, SSH_TICKET_NEITHER); /* before its time */
	assert_int_equal(run_and_count(askers, 3), 1);
	ssh_ticket_end(&askers[1].ticket, SSH_TICKET_NEITHER); /* in the queue */
	ssh_ticket_end(&askers[0].ticket, SSH_TICKET_NEITHER);
	assert_int_equal(run_and_count(askers, 3), 2);
	assert_int_equal(askers[1].gone, 0);
	ssh_ticket_end(&askers[2].ticket, SSH_TICKET_NEITHER);
	assert_int_equal(ssh_limiter_window(limiter, "a"), 1);
	assert_int_equal(again.gone, 0);
	ssh_limiter_free(&limiter);
}

/* What was learned of a hop outlives its last ticket; who is logged in to once teaches nothing. */
static void test_memory(void **state)
{
	enum { ASKERS = 8 };
	const struct ssh_limiter_options options = {.window_first = 4, .pause_ms = 1};
	struct ssh_limiter *limiter = ssh_limiter_new(loop, &options);
	struct asker askers[ASKERS];

	(void)state;
	for (int i = 0; i < 40; i++) {
		char name[] = {'h', (char)('a' + i % 3), '\0'}; /* gone when it is asked again */

		ask(limiter, name, askers, 1);
		assert_int_equal(run_and_count(askers, 1), 1);
		ssh_ticket_end(&askers[0].ticket, SSH_TICKET_PASSED);
		assert_int_equal(ssh_limiter_window(limiter, name), 4);
	}
	ask(limiter, "wide", askers, ASKERS);
	assert_int_equal(run_and_count(askers, ASKERS), 4);
	for (int i = 0; i < ASKERS; i++) {
		(void)loop_run(loop, NULL);
		ssh_ticket_end(&askers[i].ticket, SSH_TICKET_PASSED);
	}
	assert_int_equal(ssh_limiter_window(limiter, "wide"), 5);
	ask(limiter, "narrow", askers, 1);
	assert_int_equal(run_and_count(askers, 1), 1);
	ssh_ticket_end(&askers[0].ticket, SSH_TICKET_DROPPED);
	assert_int_equal(ssh_limiter_window(limiter, "narrow"), 2);
	assert_int_equal(loop_run(loop, NULL), 0);
	assert_int_equal(ssh_limiter_window(limiter, "narrow"), 2);
	ssh_limiter_free(&limiter);
}

static void test_attempts_wait(void **state)
{
	const struct ssh_limiter_options options = {.pause_ms = 40, .pause_max_ms = 80};
	struct ssh_limiter *limiter = ssh_limiter_new(loop, &options);
	int64_t began_ms = time_mono_ms();

	(void)state;
	for (int attempt = 1; attempt < 40; attempt += 13) {
		struct asker asker = {0};

		asker.ticket = ssh_limiter_ask(limiter, "a", attempt, on_go, &asker);
		assert_int_equal(run_and_count(&asker, 1), 1);
		assert_true(time_mono_ms() - began_ms >= 20);
		began_ms = time_mono_ms();
		ssh_ticket_end(&asker.ticket, SSH_TICKET_PASSED);
	}
	ssh_limiter_free(&limiter);
}

/* --- a server ------------------------------------------------------------------------------- */

enum { HOSTS = 500, STARTUPS_BEGIN = 10, STARTUPS_RATE = 30, STARTUPS_FULL = 100 };

struct server {
	struct ssh_limiter *limiter;
	int unauthenticated, most, drops, passed;
	uint64_t random;
};

struct host {
	struct server *server;
	struct ssh_ticket *ticket;
	struct timer *timer;
	int attempt;
	bool is_dropped;
};

static int percent(struct server *server)
{
	server->random = server->random * 6364136223846793005U + 1442695040888963407U;
	return (int)(server->random >> 33) % 100;
}

/* As sshd's drop_connection() does. */
static bool drops(struct server *server)
{
	int n = server->unauthenticated;
	int chance = STARTUPS_RATE + (100 - STARTUPS_RATE) * (n - STARTUPS_BEGIN) /
					     (STARTUPS_FULL - STARTUPS_BEGIN);

	return n >= STARTUPS_FULL || (n >= STARTUPS_BEGIN && percent(server) < chance);
}

static void on_host_go(void *arg);

static void on_host_done(void *arg)
{
	struct host *host = arg;
	struct server *server = host->server;

	if (host->is_dropped) {
		ssh_ticket_end(&host->ticket, SSH_TICKET_DROPPED);
		host->ticket = ssh_limiter_ask(
			server->limiter, "bastion:22", ++host->attempt, on_host_go, host);
		return;
	}
	server->unauthenticated--;
	server->passed++;
	ssh_ticket_end(&host->ticket, SSH_TICKET_PASSED);
}

static void on_host_go(void *arg)
{
	struct host *host = arg;
	struct server *server = host->server;

	host->is_dropped = drops(server);
	if (host->is_dropped) {
		server->drops++;
	} else if (++server->unauthenticated > server->most) {
		server->most = server->unauthenticated;
	}
	timer_set(host->timer, host->is_dropped ? 1 : 4 + percent(server) % 5);
}

static void test_max_startups(void **state)
{
	static struct host hosts[HOSTS];
	const struct ssh_limiter_options options = {.pause_ms = 5, .pause_max_ms = 40, .seed = 3};
	struct server server = {.random = 5};
	int attempts_most = 0;

	(void)state;
	server.limiter = ssh_limiter_new(loop, &options);
	for (int i = 0; i < HOSTS; i++) {
		hosts[i] = (struct host){.server = &server};
		hosts[i].timer = timer_new(loop, on_host_done, &hosts[i]);
		hosts[i].ticket =
			ssh_limiter_ask(server.limiter, "bastion:22", 0, on_host_go, &hosts[i]);
	}
	assert_int_equal(loop_run(loop, NULL), 0);
	for (int i = 0; i < HOSTS; i++) {
		timer_free(&hosts[i].timer);
		attempts_most = hosts[i].attempt > attempts_most ? hosts[i].attempt : attempts_most;
	}
	print_message("%d drops, at most %d attempts and %d at once\n", server.drops, attempts_most,
		server.most);
	assert_int_equal(server.passed, HOSTS);
	assert_true(server.drops < HOSTS / 5);
	assert_true(server.drops > 0); /* it has felt for the limit */
	assert_true(attempts_most < 8);
	assert_true(server.most < 2 * STARTUPS_BEGIN);
	ssh_limiter_free(&server.limiter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_window, start, end),
		cmocka_unit_test_setup_teardown(test_drops, start, end),
		cmocka_unit_test_setup_teardown(test_taken_back, start, end),
		cmocka_unit_test_setup_teardown(test_memory, start, end),
		cmocka_unit_test_setup_teardown(test_attempts_wait, start, end),
		cmocka_unit_test_setup_teardown(test_max_startups, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
