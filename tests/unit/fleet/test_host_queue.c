/*
 * Who begins when, and who never does; with work that ends when the test says so, and a clock that
 * the test moves.
 */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/host_queue.h"
#include "support/loop_turns.h"

enum { HOSTS = 200 };

struct work {
	struct host_queue_item item; /* first */
	int number;                  /* set by begin(), to see that it is ours */
};

static struct loop *loop;
static struct host_queue *queue; /* NULL: freed */
static struct fleet_host hosts[HOSTS];
static char names[HOSTS][12];
static struct strbuf told; /* "begin 0, stop 0, release 0, finished" */
static struct work *under_way[HOSTS];
static int begun, most, now;
static bool is_quiet;
static const char *frees_at; /* the queue, when this is told first; NULL: never */

static void tell(const char *what, size_t host)
{
	if (!is_quiet) {
		strbuf_addf(&told, "%s %zu, ", what, host);
	}
	if (frees_at && strcmp(frees_at, what) == 0) {
		frees_at = NULL;
		host_queue_free(&queue);
	}
}

static void begin(void *arg, struct host_queue_item *item)
{
	struct work *work = (struct work *)item;

	assert_ptr_equal(arg, &told);
	assert_int_equal(work->number, 0);
	assert_null(under_way[item->host]);
	work->number = ++begun;
	under_way[item->host] = work;
	most = ++now > most ? now : most;
	tell("begin", item->host);
}

static void stop(struct host_queue_item *item, enum outcome_cause cause)
{
	assert_int_equal(cause, host_queue_stopped(queue));
	tell("stop", item->host);
}

static void release(struct host_queue_item *item)
{
	assert_ptr_equal(under_way[item->host], item);
	under_way[item->host] = NULL;
	now--;
	tell("release", item->host);
}

static void add_phase(const struct host_queue_item *item, struct strbuf *out)
{
	strbuf_addf(out, "at work %d", ((const struct work *)item)->number);
}

static void not_started(void *arg, size_t host, const struct outcome *outcome)
{
	assert_ptr_equal(arg, &told);
	assert_int_equal(outcome->kind, OUTCOME_NOT_STARTED);
	if (!is_quiet) {
		outcome_add_text(&told, outcome);
		strbuf_adds(&told, ": ");
	}
	tell("never", host);
}

static void finished(void *arg)
{
	assert_ptr_equal(arg, &told);
	tell("finished", host_queue_counts(queue).ended);
}

static int setup(void **state)
{
	(void)state;
	time_fake(1000, 0);
	told = (struct strbuf)STRBUF_INIT;
	memset(under_way, 0, sizeof(under_way));
	begun = most = now = 0;
	is_quiet = false;
	frees_at = NULL;
	for (size_t i = 0; i < HOSTS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "web-%zu", i);
		hosts[i].name = names[i];
	}
	return loop_new(&loop, NULL);
}

static int teardown(void **state)
{
	(void)state;
	host_queue_free(&queue);
	assert_int_equal(now, 0);
	strbuf_release(&told);
	loop_free(&loop);
	time_fake_end();
	return 0;
}

static void pass(int64_t ms)
{
	loop_turns_pass(loop, ms);
}

static void start(size_t count, struct host_queue_spec spec)
{
	static const struct host_queue_work work = {
		.item_size = sizeof(struct work),
		.begin = begin,
		.stop = stop,
		.release = release,
		.add_phase = add_phase,
		.not_started = not_started,
		.finished = finished,
	};

	spec.hosts = hosts;
	spec.hosts_count = count;
	queue = host_queue_start(loop, &spec, &work, &told);
	assert_int_equal(begun, 0);
	assert_int_equal(told.len, 0);
	pass(0);
}

static void ends_as(size_t host, struct outcome outcome, bool is_proof)
{
	assert_non_null(under_way[host]);
	host_queue_end(&under_way[host]->item, &outcome, is_proof);
	pass(0);
}

static void ends(size_t host)
{
	ends_as(host, outcome_exit(0), true);
}

static void fails(size_t host, enum outcome_cause cause)
{
	ends_as(host, (struct outcome){.kind = OUTCOME_UNREACHABLE, .cause = cause}, false);
}

/* What was told since. */
static void assert_told(const char *text)
{
	assert_string_equal(told.len > 0 ? told.buf : "", text);
	strbuf_clear(&told);
}

static void assert_counts(size_t waiting, size_t at_work, size_t over)
{
	struct host_queue_counts counts = host_queue_counts(queue);

	assert_int_equal(counts.total, waiting + at_work + over);
	assert_int_equal(counts.waiting, waiting);
	assert_int_equal(counts.under_way, at_work);
	assert_int_equal(counts.ended, over);
}

/* --- in order ------------------------------------------------------------------------------- */

static void nobody(void **state)
{
	(void)state;
	start(0, (struct host_queue_spec){.has_canary = true});
	assert_told("finished 0, ");
	host_queue_stop(queue, CAUSE_INTERRUPTED);
	pass(1000);
	assert_told("");
}

static void in_order(void **state)
{
	struct host_queue_item *item;

	(void)state;
	start(5, (struct host_queue_spec){.workers = 2});
	assert_told("begin 0, begin 1, ");
	assert_counts(3, 2, 0);
	ends(1);
	assert_told("release 1, begin 2, ");
	item = host_queue_first(queue);
	assert_int_equal(item->host, 0);
	assert_int_equal(item->next->host, 2);
	assert_null(item->next->next);
	fails(0, CAUSE_AUTH_FAILED); /* its own business */
	assert_told("release 0, begin 3, ");
	ends(3);
	ends(2);
	assert_told("release 3, begin 4, release 2, ");
	assert_counts(0, 1, 4);
	ends(4);
	assert_told("release 4, finished 5, ");
	assert_int_equal(host_queue_stopped(queue), CAUSE_NONE);
}

static void as_many_as_usual(void **state)
{
	(void)state;
	is_quiet = true;
	start(HOSTS, (struct host_queue_spec){0});
	assert_int_equal(begun, HOST_QUEUE_WORKERS);
	for (size_t i = 0; i < HOSTS; i++) {
		ends(i);
	}
	assert_int_equal(most, HOST_QUEUE_WORKERS);
	assert_counts(0, 0, HOSTS);
}

/* --- the canary ----------------------------------------------------------------------------- */

static void proves_while_at_work(void **state)
{
	(void)state;
	start(4, (struct host_queue_spec){.has_canary = true});
	pass(1000);
	assert_told("begin 0, ");
	host_queue_prove(queue);
	host_queue_prove(queue);
	pass(0);
	assert_told("begin 1, begin 2, begin 3, ");
	fails(2, CAUSE_AUTH_FAILED);
	assert_int_equal(host_queue_stopped(queue), CAUSE_NONE);
}

static void proves_at_its_end(void **state)
{
	(void)state;
	start(3, (struct host_queue_spec){.has_canary = true});
	fails(0, CAUSE_CONNECTION_REFUSED);
	assert_told("begin 0, release 0, begin 1, "); /* which proved nothing */
	ends(1);
	assert_told("release 1, begin 2, ");
}

static void is_refused(void **state)
{
	(void)state;
	start(3, (struct host_queue_spec){.has_canary = true});
	fails(0, CAUSE_CONNECTION_FAILED);
	strbuf_clear(&told);
	fails(1, CAUSE_AUTH_FAILED);
	assert_told("release 1, not started: authentication failed on 'web-1', which was tried "
		    "first: never 2, finished 3, ");
	assert_int_equal(host_queue_stopped(queue), CAUSE_STOPPED);
}

static void is_refused_by_sudo(void **state)
{
	(void)state;
	start(2, (struct host_queue_spec){.has_canary = true});
	fails(0, CAUSE_SUDO_FAILED);
	assert_told("begin 0, release 0, not started: sudo refused on 'web-0', which was tried "
		    "first: never 1, finished 2, ");
}

/* --- stopping ------------------------------------------------------------------------------- */

static void stops(void **state)
{
	(void)state;
	start(4, (struct host_queue_spec){.workers = 2});
	strbuf_clear(&told);
	host_queue_stop(queue, CAUSE_INTERRUPTED);
	host_queue_stop(queue, CAUSE_DEADLINE); /* the first counts */
	assert_told("stop 0, stop 1, ");
	pass(0);
	assert_told("not started: the run was interrupted: never 2, "
		    "not started: the run was interrupted: never 3, ");
	ends(1);
	ends(0);
	assert_told("release 1, release 0, finished 4, ");
}

static void deadline(void **state)
{
	(void)state;
	start(3, (struct host_queue_spec){.workers = 1, .deadline_ms = 1000 + 5000});
	pass(4999);
	assert_told("begin 0, ");
	pass(1);
	assert_told("stop 0, not started: the run's deadline passed: never 1, "
		    "not started: the run's deadline passed: never 2, ");
	ends(0);
	assert_told("release 0, finished 3, ");
	assert_int_equal(host_queue_stopped(queue), CAUSE_DEADLINE);
}

static void deadline_that_has_passed(void **state)
{
	(void)state;
	start(1, (struct host_queue_spec){.deadline_ms = 999});
	assert_told("not started: the run's deadline passed: never 0, finished 1, ");
}

static void deadline_after_all(void **state)
{
	(void)state;
	start(1, (struct host_queue_spec){.deadline_ms = 2000});
	ends(0);
	pass(5000);
	assert_told("begin 0, release 0, finished 1, ");
	assert_int_equal(host_queue_stopped(queue), CAUSE_NONE);
}

/* One turn of the loop does not tell all of them. */
static void many_that_never_begin(void **state)
{
	(void)state;
	is_quiet = true;
	start(HOSTS, (struct host_queue_spec){.workers = HOSTS});
	for (int i = 0; i < HOSTS && begun < HOSTS / 2; i++) {
		pass(0);
	}
	host_queue_stop(queue, CAUSE_INTERRUPTED);
	for (size_t i = 0; i < HOSTS; i++) {
		if (under_way[i]) {
			ends(i);
		}
	}
	for (int i = 0; i < HOSTS && host_queue_counts(queue).ended < HOSTS; i++) {
		pass(0);
	}
	assert_counts(0, 0, HOSTS);
}

/* --- being asked, and freeing --------------------------------------------------------------- */

static void phases(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	start(3, (struct host_queue_spec){.workers = 2});
	pass(3000);
	ends(0);
	pass(5999);
	host_queue_add_phases(queue, 10, &out);
	assert_string_equal(out.buf, "web-1: at work 2 (8 s)\nweb-2: at work 3 (5 s)\n");
	strbuf_clear(&out);
	host_queue_add_phases(queue, 1, &out);
	assert_string_equal(out.buf, "web-1: at work 2 (8 s)\n");
	strbuf_release(&out);
}

static void frees_at_once(void **state)
{
	(void)state;
	start(5, (struct host_queue_spec){.workers = 2, .deadline_ms = 9000});
	host_queue_stop(queue, CAUSE_INTERRUPTED);
	strbuf_clear(&told);
	host_queue_free(&queue);
	host_queue_free(&queue);
	assert_told("release 0, release 1, ");
	pass(10000);
	assert_told("");
}

static void frees_in_a_callback(void **state)
{
	static const struct {
		const char *at, *told;
	} cases[] = {
		{"begin", "begin 0, release 0, "},
		{"never", "not started: the run's deadline passed: never 0, "},
		{"finished", "finished 0, "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		frees_at = cases[i].at;
		start(strcmp(cases[i].at, "finished") == 0 ? 0 : 40,
			(struct host_queue_spec){
				.deadline_ms = strcmp(cases[i].at, "never") == 0 ? 1 : 0});
		pass(1000);
		assert_null(queue);
		assert_told(cases[i].told);
		begun = 0;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody),
		TEST(in_order),
		TEST(as_many_as_usual),
		TEST(proves_while_at_work),
		TEST(proves_at_its_end),
		TEST(is_refused),
		TEST(is_refused_by_sudo),
		TEST(stops),
		TEST(deadline),
		TEST(deadline_that_has_passed),
		TEST(deadline_after_all),
		TEST(many_that_never_begin),
		TEST(phases),
		TEST(frees_at_once),
		TEST(frees_in_a_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
