/*
 * A run of four hosts: one well, one with an exit code, one that could not be reached, one that was
 * never started.
 */
#ifndef TESTS_UNIT_FLEET_RESULTS_FIXTURE_H
#define TESTS_UNIT_FLEET_RESULTS_FIXTURE_H

#include "base/alloc.h"
#include "cmocka_all.h"
#include "fleet/run_results.h"

enum { FIXTURE_HOSTS = 4 };

struct results_fixture {
	struct capture_pool pool;
	struct host_output_wants wants;
	struct run_result items[FIXTURE_HOSTS];
	struct run_results results;
};

static inline void fixture_write(
	struct results_fixture *f, size_t host, const char *out, const char *errors)
{
	struct run_result *result = &f->items[host];
	struct err err = {0};

	result->output = host_output_new(&f->wants, host, str_of(result->name), &err);
	assert_non_null(result->output);
	host_output_add(result->output, SSH_STREAM_STDOUT, str_of(out));
	host_output_add(result->output, SSH_STREAM_STDERR, str_of(errors));
	assert_int_equal(host_output_end(result->output, &err), 0);
}

static inline void results_fixture_init(struct results_fixture *f)
{
	static const char *const names[] = {"web-01", "web-02", "web-03", "db-01"};

	*f = (struct results_fixture){.results = {.command = "uptime",
					      .run_id = 12,
					      .started_wall_ms = 1751356800123,
					      .duration_ms = 1500,
					      .items_count = FIXTURE_HOSTS}};
	f->results.items = f->items;
	f->wants.pool = &f->pool;
	capture_pool_init(&f->pool, 8, 1 << 20, 65536);
	for (size_t i = 0; i < FIXTURE_HOSTS; i++) {
		f->items[i] = (struct run_result){.name = names[i], .connect_ms = -1};
	}
	f->items[0].outcome = outcome_exit(0);
	f->items[0].started_wall_ms = 1751356800123;
	f->items[0].duration_ms = 250;
	f->items[0].connect_ms = 40;
	f->items[0].pid = 4711;
	f->items[0].transport = SSH_TRANSPORT_NATIVE;
	f->items[1].outcome = outcome_exit(3);
	f->items[2].outcome = (struct outcome){
		.kind = OUTCOME_UNREACHABLE, .cause = CAUSE_AUTH_FAILED, .message = "no <key>"};
	f->items[3].outcome =
		(struct outcome){.kind = OUTCOME_NOT_STARTED, .cause = CAUSE_INTERRUPTED};
	for (size_t i = 0; i < FIXTURE_HOSTS; i++) {
		outcome_count(&f->results.counts, &f->items[i].outcome);
	}
	fixture_write(f, 0, "up 3 days\n", "");
	fixture_write(f, 1, "up \xff\x01 \"x\",\n", "oops");
}

static inline void results_fixture_release(struct results_fixture *f)
{
	for (size_t i = 0; i < FIXTURE_HOSTS; i++) {
		host_output_free(&f->items[i].output);
	}
}

#endif
