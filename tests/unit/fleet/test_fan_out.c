/*
 * Who runs when, who is told what, and that no host matters to another; no network, and a clock
 * that the test moves.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "fleet/fake_login.h"
#include "fleet/fan_out.h"
#include "support/loop_turns.h"

/* At which callback everything is freed. */
enum freeing {
	FREE_NEVER,
	FREE_AT_STARTED,
	FREE_AT_OUTPUT,
	FREE_AT_END,
	FREE_AT_FINISHED,
	FREE_AT_LOGIN,
};

static struct loop *loop;
static struct fan_out *fan; /* NULL: freed */
static struct fleet_host *hosts;
static struct strbuf told; /* "3 started 77, 3 out abc, 3 ok, finished" */
static struct fan_out_end last;
static size_t ended, logged_in;
static size_t told_ended[20000];
static bool is_quiet; /* too many to be told all */
static enum freeing freeing;
static enum outcome_cause stop_at_end; /* what a test does in it */

static void maybe_free(enum freeing now)
{
	if (freeing == now) {
		fan_out_free(&fan);
	}
}

static void on_logged_in(void *arg, size_t host, const struct fan_out_login *login)
{
	_cleanup_(freep) char *way = xasprintf("%s:22 as me", hosts[host].name);

	assert_ptr_equal(arg, &told);
	assert_string_equal(login->way, way);
	assert_int_equal(login->transport, SSH_TRANSPORT_OPENSSH);
	assert_true(login->connect_ms >= 0);
	logged_in++;
	maybe_free(FREE_AT_LOGIN);
}

static void on_started(void *arg, size_t host, int64_t pid)
{
	assert_ptr_equal(arg, &told);
	if (!is_quiet) {
		strbuf_addf(&told, "%zu started %d, ", host, (int)pid);
	}
	maybe_free(FREE_AT_STARTED);
}

static void on_output(void *arg, size_t host, enum ssh_stream stream, struct str bytes)
{
	assert_ptr_equal(arg, &told);
	strbuf_addf(&told, "%zu %s %.*s, ", host, stream == SSH_STREAM_STDOUT ? "out" : "err",
		STR_ARG(bytes));
	maybe_free(FREE_AT_OUTPUT);
}

static void on_ended(void *arg, size_t host, const struct fan_out_end *end)
{
	assert_ptr_equal(arg, &told);
	assert_int_equal(told_ended[host]++, 0);
	ended++;
	last = *end;
	if (!is_quiet) {
		strbuf_addf(&told, "%zu ", host);
		outcome_add_text(&told, &end->outcome);
		strbuf_adds(&told, ", ");
	}
	if (stop_at_end != CAUSE_NONE) {
		fan_out_stop(fan, stop_at_end);
	}
	maybe_free(FREE_AT_END);
}

static void on_finished(void *arg)
{
	assert_ptr_equal(arg, &told);
	strbuf_adds(&told, "finished");
	maybe_free(FREE_AT_FINISHED);
}

static int setup(void **state)
{
	(void)state;
	time_fake(1000, 0);
	told = (struct strbuf)STRBUF_INIT;
	freeing = FREE_NEVER;
	stop_at_end = CAUSE_NONE;
	is_quiet = false;
	ended = logged_in = 0;
	memset(told_ended, 0, sizeof(told_ended));
	return loop_new(&loop, NULL);
}

static int teardown(void **state)
{
	(void)state;
	fan_out_free(&fan);
	strbuf_release(&told);
	loop_free(&loop);
	fake_login_forget();
	free(TAKE(hosts));
	time_fake_end();
	return 0;
}

static void pass(int64_t ms)
{
	loop_turns_pass(loop, ms);
}

/* For web-0, web-1, and so on. */
static void start(size_t count, struct fan_out_spec spec)
{
	static const struct fan_out_events events = {
		on_started, on_output, on_ended, on_finished, on_logged_in};
	static char names[20000][12];

	hosts = xcalloc(count + 1, sizeof(*hosts));
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "web-%zu", i);
		hosts[i].name = names[i];
	}
	spec.queue.hosts = hosts;
	spec.queue.hosts_count = count;
	if (!spec.command.supervised.command) {
		spec.command.supervised.command = "true";
	}
	fan = fan_out_start(loop, NULL, &spec, &events, &told);
	assert_int_equal(fake_logins(), 0);
	assert_string_equal(told.buf, "");
	pass(0);
}

static void logs_in(size_t i)
{
	assert_non_null(fake_login(i));
	fake_login_opened(fake_login(i));
}

static void runs(size_t i)
{
	logs_in(i);
	fake_supervisor_says(fake_login(i)->command, "started 77");
}

static void exits(size_t i, const char *word)
{
	fake_supervisor_says(fake_login(i)->command, word);
	fake_command_ended(
		fake_login(i)->command, (struct ssh_exec_end){.outcome = SSH_EXEC_EXITED});
	pass(0);
}

static void fails(size_t i, enum ssh_end_cause cause)
{
	fake_login_ended(fake_login(i), cause, NULL);
	pass(0);
}

/* What was told since. */
static void assert_told(const char *text)
{
	assert_string_equal(told.buf, text);
	strbuf_clear(&told);
}

static void assert_counts(size_t waiting, size_t connecting, size_t running, size_t over)
{
	struct fan_out_counts counts = fan_out_counts(fan);

	assert_int_equal(counts.total, waiting + connecting + running + over);
	assert_int_equal(counts.waiting, waiting);
	assert_int_equal(counts.connecting, connecting);
	assert_int_equal(counts.running, running);
	assert_int_equal(counts.ended, over);
}

/* --- in order ------------------------------------------------------------------------------- */

static void nobody(void **state)
{
	(void)state;
	start(0, (struct fan_out_spec){.queue = {.has_canary = true}});
	assert_told("finished");
	fan_out_stop(fan, CAUSE_INTERRUPTED);
	pass(1000);
	assert_told("");
}

static void one(void **state)
{
	(void)state;
	start(1, (struct fan_out_spec){.password = "pass", .connect_timeout_ms = 4711});
	assert_string_equal(fake_login(0)->spec.name, "web-0");
	assert_string_equal(fake_login(0)->spec.password, "pass");
	assert_int_equal(fake_login(0)->spec.connect_timeout_ms, 4711);
	assert_counts(0, 1, 0, 0);
	pass(50);
	runs(0);
	assert_counts(0, 0, 1, 0);
	fake_command_says(fake_login(0)->command, SSH_STREAM_STDOUT, str_of("abc"));
	fake_command_says(fake_login(0)->command, SSH_STREAM_STDERR, str_of("def"));
	pass(100);
	exits(0, "exit 3");
	assert_told("0 started 77, 0 out abc, 0 err def, 0 exit 3, finished");
	assert_counts(0, 0, 0, 1);
	assert_int_equal(last.connect_ms, 50);
	assert_int_equal(last.duration_ms, 150);
	assert_int_equal(last.pid, 77);
	assert_int_equal(last.transport, SSH_TRANSPORT_OPENSSH);
	assert_false(last.was_left_open || last.may_be_running);
	assert_int_equal(fake_logins_alive(), 0);
}

static void hosts_as_they_are_given(void **state)
{
	(void)state;
	start(1, (struct fan_out_spec){0});
	fan_out_free(&fan);
	free(hosts);
	hosts = xcalloc(1, sizeof(*hosts));
	hosts[0] = (struct fleet_host){"shown", "a", "127.0.0.9", "sre", 2222};
	fan = fan_out_start(loop, NULL,
		&(struct fan_out_spec){.queue = {.hosts = hosts, .hosts_count = 1},
			.command = {.supervised = {.command = "true"}}},
		&(struct fan_out_events){on_started, on_output, on_ended, on_finished, NULL},
		&told);
	pass(0);
	assert_string_equal(fake_login(1)->spec.name, "a");
	assert_string_equal(fake_login(1)->spec.address, "127.0.0.9");
	assert_string_equal(fake_login(1)->spec.username, "sre");
	assert_int_equal(fake_login(1)->spec.port, 2222);
}

/* Who ends makes room for the next; who hangs keeps one place and no more. */
static void workers(void **state)
{
	(void)state;
	start(6, (struct fan_out_spec){.queue = {.workers = 3}});
	assert_int_equal(fake_logins(), 3);
	assert_counts(3, 3, 0, 0);
	runs(1);
	runs(2);
	pass(0);
	assert_int_equal(fake_logins(), 3);
	assert_counts(3, 1, 2, 0);
	exits(2, "exit 0");
	assert_int_equal(fake_logins(), 4);
	assert_string_equal(fake_login(3)->spec.name, "web-3");
	assert_true(fake_login(2)->is_over);
	fails(1 + 2, SSH_END_REFUSED);
	runs(4);
	exits(4, "exit 0");
	runs(5);
	exits(5, "signal HUP");
	exits(1, "exit 0");
	assert_told("1 started 77, 2 started 77, 2 ok, "
		    "3 unreachable: this is what happened, 4 started 77, 4 ok, "
		    "5 started 77, 5 signal HUP, 1 ok, ");
	assert_counts(0, 1, 0, 5);
	fails(0, SSH_END_TIMEOUT);
	assert_told("0 timeout (connect): this is what happened, finished");
	assert_int_equal(last.connect_ms, -1);
	assert_int_equal(last.transport, SSH_TRANSPORT_AUTO);
}

static void as_many_workers_as_usual(void **state)
{
	(void)state;
	start(100, (struct fan_out_spec){0});
	assert_int_equal(fake_logins(), HOST_QUEUE_WORKERS);
}

/* One turn of the loop does not begin, or end, all of them. */
static void many(void **state)
{
	enum { MANY = 20000 };

	(void)state;
	is_quiet = true;
	start(MANY, (struct fan_out_spec){.queue = {.workers = 1000}});
	assert_true(fake_logins() < 1000);
	for (int i = 0; i < 100 && fake_logins() < 1000; i++) {
		pass(0);
	}
	assert_int_equal(fake_logins(), 1000);
	fan_out_stop(fan, CAUSE_INTERRUPTED);
	for (int i = 0; i < 1000 && told.len == 0; i++) {
		pass(0);
	}
	assert_told("finished");
	assert_int_equal(ended, MANY);
}

static void many_that_fail_at_once(void **state)
{
	enum { MANY = 3000 };

	(void)state;
	is_quiet = true;
	start(MANY, (struct fan_out_spec){.queue = {.workers = 5}});
	for (struct ssh_login *login = fake_login(0); login; login = login->next) {
		fake_login_ended(login, SSH_END_REFUSED, NULL);
		if (!login->next) {
			pass(0);
		}
	}
	assert_told("finished");
	assert_int_equal(ended, MANY);
	assert_int_equal(fake_logins(), MANY);
}

/* --- the canary ----------------------------------------------------------------------------- */

static void canary_comes_through(void **state)
{
	(void)state;
	start(4, (struct fan_out_spec){.queue = {.has_canary = true}});
	assert_int_equal(fake_logins(), 1);
	logs_in(0);
	pass(1000);
	assert_int_equal(fake_logins(), 1);
	fake_supervisor_says(fake_login(0)->command, "started 77");
	pass(0);
	assert_int_equal(fake_logins(), 4); /* while it runs */
	assert_told("0 started 77, ");
	fails(1, SSH_END_AUTH); /* of others it is their own business */
	runs(2);
	exits(2, "exit 0");
	assert_told("1 unreachable: this is what happened, 2 started 77, 2 ok, ");
}

static void canary_cannot_log_in(void **state)
{
	(void)state;
	start(3, (struct fan_out_spec){.queue = {.has_canary = true}});
	fails(0, SSH_END_AUTH);
	assert_told("0 unreachable: this is what happened, "
		    "1 not started: authentication failed on 'web-0', which was tried first, "
		    "2 not started: authentication failed on 'web-0', which was tried first, "
		    "finished");
	assert_int_equal(fake_logins(), 1);
	assert_int_equal(last.outcome.cause, CAUSE_STOPPED);
	assert_int_equal(last.duration_ms, 0);
	assert_int_equal(last.connect_ms, -1);
}

static const struct remote_command_spec sudo_command = {
	.supervised = {.command = "true", .sudo = SUPERVISOR_SUDO_PASSWORD},
	.sudo_password = "pass",
};

static void canary_is_refused_by_sudo(void **state)
{
	(void)state;
	start(2, (struct fan_out_spec){.queue = {.has_canary = true}, .command = sudo_command});
	logs_in(0);
	pass(0);
	assert_int_equal(fake_logins(), 1);
	fake_supervisor_says(fake_login(0)->command, "p");
	fake_supervisor_says(fake_login(0)->command, "p");
	pass(0);
	assert_told("0 not started: sudo refuses the password, "
		    "1 not started: sudo refused on 'web-0', which was tried first, finished");
	assert_int_equal(fake_logins_alive(), 0);
}

/* Who is not there proves nothing; then the next goes alone. */
static void canary_cannot_be_reached(void **state)
{
	(void)state;
	start(5, (struct fan_out_spec){.queue = {.has_canary = true}, .command = sudo_command});
	fails(0, SSH_END_REFUSED);
	assert_int_equal(fake_logins(), 2);
	/* Logged in, but sudo was not reached. */
	logs_in(1);
	fake_command_ended(
		fake_login(1)->command, (struct ssh_exec_end){.outcome = SSH_EXEC_REFUSED});
	pass(0);
	assert_int_equal(fake_logins(), 3);
	fails(2, SSH_END_AUTH);
	assert_int_equal(fake_logins(), 3);
	assert_int_equal(ended, 5);
	assert_non_null(strstr(told.buf, "on 'web-2', which was tried first, finished"));
}

/* Without sudo the login is all that there is to prove. */
static void canary_that_runs_nothing(void **state)
{
	(void)state;
	start(5, (struct fan_out_spec){.queue = {.has_canary = true}});
	logs_in(0);
	fake_command_ended(
		fake_login(0)->command, (struct ssh_exec_end){.outcome = SSH_EXEC_REFUSED});
	pass(0);
	assert_int_equal(fake_logins(), 5);
}

/* --- stopping ------------------------------------------------------------------------------- */

static void stop(void **state)
{
	(void)state;
	start(5, (struct fan_out_spec){.queue = {.workers = 3}});
	runs(0);
	runs(1);
	strbuf_clear(&told);
	(void)fake_command_sent(fake_login(0)->command);
	fan_out_stop(fan, CAUSE_INTERRUPTED);
	fan_out_stop(fan, CAUSE_DEADLINE); /* the first counts */
	assert_told("");
	assert_true(str_is(fake_command_sent(fake_login(0)->command), "k\n"));
	pass(0);
	assert_told("2 not started: the run was interrupted, "
		    "3 not started: the run was interrupted, "
		    "4 not started: the run was interrupted, ");
	assert_true(fake_login(2)->is_over);
	assert_counts(0, 0, 2, 3);
	exits(1, "signal TERM");
	assert_told("1 signal TERM, ");
	pass(SUPERVISOR_GRACE_S * 1000 + 2000);
	assert_told("0 unreachable: it did not answer when it was stopped, finished");
	assert_true(last.may_be_running);
	assert_int_equal(fake_logins(), 3);
}

static void deadline(void **state)
{
	(void)state;
	start(4, (struct fan_out_spec){.queue = {.workers = 3, .deadline_ms = 1000 + 5000}});
	runs(0);
	runs(1);
	logs_in(2);
	strbuf_clear(&told);
	pass(4999);
	assert_told("");
	pass(1);
	assert_told("3 not started: the run's deadline passed, ");
	exits(0, "exit 0");
	exits(1, "signal TERM");
	fake_command_ended(
		fake_login(2)->command, (struct ssh_exec_end){.outcome = SSH_EXEC_EXITED});
	pass(0);
	assert_told("0 timeout (total): the run's deadline passed, "
		    "1 timeout (total): the run's deadline passed, "
		    "2 not started: the run's deadline passed, finished");
}

static void deadline_that_has_passed(void **state)
{
	(void)state;
	start(2, (struct fan_out_spec){.queue = {.deadline_ms = 999}});
	assert_told("0 not started: the run's deadline passed, "
		    "1 not started: the run's deadline passed, finished");
	assert_int_equal(fake_logins(), 0);
}

static void deadline_after_all(void **state)
{
	(void)state;
	start(1, (struct fan_out_spec){.queue = {.deadline_ms = 2000}});
	runs(0);
	exits(0, "exit 0");
	assert_told("0 started 77, 0 ok, finished");
	pass(5000);
	assert_told("");
}

/* It ends by itself after it was stopped, but before it hears of it. */
static void lost_while_it_is_stopped(void **state)
{
	(void)state;
	start(2, (struct fan_out_spec){0});
	runs(0);
	strbuf_clear(&told);
	fan_out_stop(fan, CAUSE_DEADLINE);
	fake_command_ended(fake_login(0)->command,
		(struct ssh_exec_end){.outcome = SSH_EXEC_LOST, .text = "broken"});
	fails(1, SSH_END_AUTH);
	assert_told("0 unreachable: broken, 1 unreachable: this is what happened, finished");
}

static void stop_in_a_callback(void **state)
{
	(void)state;
	stop_at_end = CAUSE_STOPPED;
	start(4, (struct fan_out_spec){.queue = {.workers = 2}});
	fails(0, SSH_END_REFUSED);
	pass(0);
	assert_told("0 unreachable: this is what happened, "
		    "1 not started: the run was stopped because others failed, "
		    "2 not started: the run was stopped because others failed, "
		    "3 not started: the run was stopped because others failed, finished");
}

/* --- being asked ---------------------------------------------------------------------------- */

static void pause_all(void **state)
{
	(void)state;
	start(3, (struct fan_out_spec){.queue = {.workers = 2}});
	runs(0);
	fan_out_pause(fan, true);
	assert_true(fake_login(0)->command->is_paused);
	runs(1);
	assert_true(fake_login(1)->command->is_paused);
	fan_out_pause(fan, false);
	assert_false(fake_login(0)->command->is_paused);
	assert_false(fake_login(1)->command->is_paused);
	fan_out_pause(fan, true);
	fake_command_ended(
		fake_login(0)->command, (struct ssh_exec_end){.outcome = SSH_EXEC_REFUSED});
	pass(0);
	runs(2);
	assert_true(fake_login(2)->command->is_paused);
}

static void running(void **state)
{
	struct fan_out_running items[3];

	(void)state;
	start(5, (struct fan_out_spec){.queue = {.workers = 4}});
	assert_int_equal(fan_out_running(fan, items, 3), 0);
	runs(3);
	runs(1);
	logs_in(2);
	assert_int_equal(fan_out_running(fan, items, 3), 2);
	assert_int_equal(items[0].host, 1);
	assert_int_equal(items[1].host, 3);
	assert_int_equal(items[1].pid, 77);
	assert_int_equal(fan_out_running(fan, items, 1), 2);
	assert_int_equal(items[0].host, 1);
	exits(1, "exit 0");
	runs(4);
	assert_int_equal(fan_out_running(fan, items, 3), 2);
	assert_int_equal(items[0].host, 3);
	assert_int_equal(items[1].host, 4);
}

static void phases(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	start(4, (struct fan_out_spec){.queue = {.workers = 2}});
	pass(3000);
	fails(0, SSH_END_REFUSED);
	pass(5999);
	runs(1);
	fan_out_add_phases(fan, 10, &out);
	assert_string_equal(out.buf, "web-1: the command runs (process group 77) (8 s)\n"
				     "web-2: waiting for web-2 (5 s)\n");
	strbuf_clear(&out);
	fan_out_add_phases(fan, 1, &out);
	assert_string_equal(out.buf, "web-1: the command runs (process group 77) (8 s)\n");
	strbuf_release(&out);
}

/* --- freeing -------------------------------------------------------------------------------- */

static void free_in(enum freeing when, const char *expected)
{
	freeing = when;
	start(3, (struct fan_out_spec){.queue = {.workers = 2}});
	logs_in(1);
	logs_in(0);
	fake_supervisor_says(fake_login(0)->command, "started 77");
	if (fan) {
		fake_command_says(fake_login(0)->command, SSH_STREAM_STDOUT, str_of("abc"));
	}
	if (fan) {
		exits(0, "exit 0");
	}
	assert_null(fan);
	assert_int_equal(fake_logins_alive(), 0);
	assert_int_equal(fake_commands_alive(), 0);
	pass(100000);
	assert_told(expected);
}

static void free_at_started(void **state)
{
	(void)state;
	free_in(FREE_AT_STARTED, "0 started 77, ");
}

static void free_at_output(void **state)
{
	(void)state;
	free_in(FREE_AT_OUTPUT, "0 started 77, 0 out abc, ");
}

static void free_at_end(void **state)
{
	(void)state;
	free_in(FREE_AT_END, "0 started 77, 0 out abc, 0 ok, ");
}

static void free_at_login(void **state)
{
	(void)state;
	freeing = FREE_AT_LOGIN;
	start(3, (struct fan_out_spec){.queue = {.workers = 2}});
	logs_in(1);
	assert_null(fan);
	assert_int_equal(logged_in, 1);
	assert_told("");
}

static void free_when_finished(void **state)
{
	(void)state;
	freeing = FREE_AT_FINISHED;
	start(1, (struct fan_out_spec){0});
	fails(0, SSH_END_DNS);
	assert_null(fan);
	assert_told("0 unreachable: this is what happened, finished");
}

/* While those who never will begin are being told. */
static void free_among_the_not_started(void **state)
{
	(void)state;
	freeing = FREE_AT_END;
	start(30, (struct fan_out_spec){.queue = {.deadline_ms = 1}});
	assert_null(fan);
	assert_told("0 not started: the run's deadline passed, ");
}

static void free_at_once(void **state)
{
	(void)state;
	start(3, (struct fan_out_spec){.queue = {.deadline_ms = 5000}});
	fan_out_stop(fan, CAUSE_INTERRUPTED);
	fan_out_free(&fan);
	fan_out_free(&fan);
	pass(10000);
	assert_told("");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody),
		TEST(one),
		TEST(hosts_as_they_are_given),
		TEST(workers),
		TEST(as_many_workers_as_usual),
		TEST(many),
		TEST(many_that_fail_at_once),
		TEST(canary_comes_through),
		TEST(canary_cannot_log_in),
		TEST(canary_is_refused_by_sudo),
		TEST(canary_cannot_be_reached),
		TEST(canary_that_runs_nothing),
		TEST(stop),
		TEST(deadline),
		TEST(deadline_that_has_passed),
		TEST(deadline_after_all),
		TEST(lost_while_it_is_stopped),
		TEST(stop_in_a_callback),
		TEST(pause_all),
		TEST(running),
		TEST(phases),
		TEST(free_at_started),
		TEST(free_at_output),
		TEST(free_at_end),
		TEST(free_at_login),
		TEST(free_when_finished),
		TEST(free_among_the_not_started),
		TEST(free_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
