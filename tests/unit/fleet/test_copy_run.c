/*
 * Many hosts: in which order, how many at a time, and which never.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/copy_run.h"
#include "support/login_fixture.h"

enum { HOSTS = 6 };

static const struct fleet_host hosts[HOSTS] = {{.name = "h0"}, {.name = "h1"}, {.name = "h2"},
	{.name = "h3"}, {.name = "h4"}, {.name = "h5"}};

struct told {
	struct ssh_fixture *fixture;
	struct copy_run *run;
	struct copy_job job;
	enum outcome_kind kinds[HOSTS];
	enum outcome_cause causes[HOSTS];
	int ended, under_way, most;
	int ended_before[HOSTS]; /* it was this one's turn */
	bool is_finished;
	int stops_after; /* ends; 0: never */
	char message[300];
};

static const struct copy_job *job_of(void *arg, size_t host)
{
	struct told *told = arg;

	told->ended_before[host] = told->ended;
	told->under_way++;
	told->most = told->under_way > told->most ? told->under_way : told->most;
	return &told->job;
}

static void on_moved(void *arg, size_t host, uint64_t bytes)
{
	(void)arg;
	(void)host;
	(void)bytes;
}

static void on_result(void *arg, size_t host, size_t item, const struct copy_result *result)
{
	(void)arg;
	(void)host;
	(void)item;
	(void)result;
}

static void on_ended(void *arg, size_t host, const struct copy_host_end *end)
{
	struct told *told = arg;

	told->kinds[host] = end->outcome.kind;
	told->causes[host] = end->outcome.cause;
	(void)snprintf(told->message, sizeof(told->message), "%s",
		end->outcome.message ? end->outcome.message : "");
	told->under_way -= end->outcome.kind != OUTCOME_NOT_STARTED;
	if (++told->ended == told->stops_after) {
		copy_run_stop(told->run, CAUSE_INTERRUPTED);
	}
}

static void on_finished(void *arg)
{
	struct told *told = arg;

	assert_false(told->is_finished);
	told->is_finished = true;
	loop_stop(told->fixture->loop);
}

static void run(struct ssh_fixture *fixture, struct ssh_connector *connector,
	const struct copy_run_spec *more, struct told *told)
{
	static const struct copy_run_events events = {on_moved, on_result, on_ended, on_finished};
	struct copy_run_spec spec = *more;

	spec.queue.hosts = hosts;
	spec.queue.hosts_count = HOSTS;
	spec.job = job_of;
	told->fixture = fixture;
	told->run = copy_run_start(fixture->loop, connector, &spec, &events, told);
	while (!told->is_finished) {
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
	}
	assert_int_equal(told->ended, HOSTS);
	copy_run_free(&told->run);
}

/* All of the hosts are one server; `lines` are for its sshd_config. */
static struct ssh_connector *serve(struct ssh_fixture *fixture, const char *lines)
{
	uint16_t port = ssh_fixture_sshd(fixture, lines);
	struct strbuf config = STRBUF_INIT;
	struct ssh_connector *connector;

	for (size_t i = 0; i < HOSTS; i++) {
		strbuf_adds(&config, login_fixture_host(fixture, hosts[i].name, port, ""));
	}
	connector = login_fixture_connector(
		fixture, str_dup(strbuf_str(&config), fixture->arena), NULL);
	strbuf_release(&config);
	return connector;
}

static void takes_turns(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = serve(fixture, "");
	const char *there = arena_printf(fixture->arena, "%s/there", fixture->folder);
	struct copy_tree tree;
	const struct copy_push_spec push = {.tree = &tree, .destination = there};
	static const struct copy_run_spec two = {.queue = {.workers = 2}};
	static const struct copy_run_spec canary = {.queue = {.has_canary = true}};
	struct told told = {.job = {.push = &push}};
	struct told second = {.job = {.push = &push}};
	struct told moving = {.job = {.push = &push}};
	struct told stopped = {.job = {.push = &push}, .stops_after = 2};

	copy_tree_init(&tree, fixture->arena);
	assert_int_equal(
		copy_tree_add(&tree, ssh_fixture_write(fixture, "here", "x"), "", NULL), 0);
	run(fixture, connector, &two, &told);
	assert_int_equal(told.most, 2);
	for (size_t i = 0; i < HOSTS; i++) {
		assert_int_equal(told.kinds[i], OUTCOME_OK);
	}
	run(fixture, connector, &canary, &second);
	assert_true(second.most > 1);
	assert_int_equal(second.kinds[5], OUTCOME_OK);
	/* All of it need not have been copied to the first. */
	assert_int_equal(second.ended_before[1], 1);
	assert_int_equal(remove(there), 0);
	run(fixture, connector, &canary, &moving);
	assert_int_equal(moving.ended_before[1], 0);
	run(fixture, connector, &two, &stopped);
	assert_int_equal(stopped.kinds[0], OUTCOME_OK);
	assert_int_equal(stopped.kinds[5], OUTCOME_NOT_STARTED);
	assert_int_equal(stopped.causes[5], CAUSE_INTERRUPTED);
	assert_int_equal(remove(there), 0);
	ssh_connector_free(&connector);
}

static void tries_one_first(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_connector *connector = serve(fixture, "AllowUsers nobody-at-all");
	struct copy_tree tree;
	const struct copy_push_spec push = {.tree = &tree, .destination = "/nowhere"};
	static const struct copy_run_spec canary = {.queue = {.has_canary = true}};
	struct told told = {.job = {.push = &push}};

	copy_tree_init(&tree, fixture->arena);
	run(fixture, connector, &canary, &told);
	assert_int_equal(told.causes[0], CAUSE_AUTH_FAILED);
	assert_int_equal(told.most, 1);
	for (size_t i = 1; i < HOSTS; i++) {
		assert_int_equal(told.kinds[i], OUTCOME_NOT_STARTED);
		assert_int_equal(told.causes[i], CAUSE_STOPPED);
	}
	assert_string_equal(told.message, "authentication failed on 'h0', which was tried first");
	ssh_connector_free(&connector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(takes_turns, ssh_fixture_start, ssh_fixture_end),
		cmocka_unit_test_setup_teardown(
			tries_one_first, ssh_fixture_start, ssh_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
