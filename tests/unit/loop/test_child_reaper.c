#include <fcntl.h>
#include <stdio.h>

#include "base/parse.h"
#include "cmocka_all.h"
#include "loop/child_fixture.h"

/* A child whose script writes numbers of its grandchildren, one a line, into the file $0. */
struct family {
	struct kid kid;
	char file[64];
	int wanted;
	pid_t grandchildren[2];
};

/* The script has written all of its lines. */
static bool family_is_there(const void *arg)
{
	struct family *family = *(struct family *const *)arg;
	FILE *fp = fopen(family->file, "re");
	char line[32];
	int found = 0;

	while (fp && found < family->wanted && fgets(line, sizeof(line), fp)) {
		struct str text = str_of(line);
		int64_t pid;

		if (str_ends(text, "\n") &&
			parse_int(str_trim(text), 2, INT32_MAX, &pid, NULL) == 0) {
			family->grandchildren[found++] = (pid_t)pid;
		}
	}
	fclosep(&fp);
	return found == family->wanted;
}

static void family_start(struct family *family, struct fixture *fixture,
	const struct child_spec *usual, const char *script, int grandchildren)
{
	struct child_spec spec = *usual;
	const char *const argv[] = {"sh", "-c", script, family->file, NULL};
	const struct family *arg = family;

	*family = (struct family){.wanted = grandchildren};
	(void)snprintf(family->file, sizeof(family->file), "/tmp/test_reaper.%d", (int)getpid());
	(void)unlink(family->file);
	spec.argv = argv;
	kid_start(&family->kid, fixture, &spec);
	run_until(fixture, family_is_there, &arg);
	assert_int_equal(unlink(family->file), 0);
}

static const char two_sleepers[] = "sleep 1000 & echo $! >> $0; sleep 1000 & echo $! >> $0; wait";

static void the_deadline_kills_the_group(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct family family;

	time_fake(1000, 0);
	spec.kill_grace_ms = 0;
	family_start(&family, fixture, &spec, two_sleepers, 2);
	time_fake_advance(60000);
	run_until(fixture, kid_is_done, &family.kid);
	assert_int_equal(family.kid.end.outcome, CHILD_TIMED_OUT);
	for (int i = 0; i < 2; i++) {
		run_until(fixture, grandchild_is_killed, &family.grandchildren[i]);
	}
	kid_free(&family.kid);
	assert_true(all_are_gone(NULL));
}

/* The child goes on SIGTERM at once, and closes nothing; its grandchild does not go. */
static const char deaf_grandchild[] =
	"sh -c 'trap \"\" TERM; echo $$ > $0; exec sleep 1000' $0 & wait";

static void who_ignores_sigterm_has_the_grace_and_no_more(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct family family;

	time_fake(1000, 0);
	spec.drain_ms = 0;
	family_start(&family, fixture, &spec, deaf_grandchild, 1);
	time_fake_advance(60000);
	run_until(fixture, kid_is_done, &family.kid);
	assert_int_equal(family.kid.end.outcome, CHILD_TIMED_OUT);
	assert_int_equal(family.kid.end.term_signal, SIGTERM);
	kid_free(&family.kid);
	time_fake_advance(4000);
	run_turns(fixture, 10);
	assert_int_equal(waitpid(family.grandchildren[0], NULL, WNOHANG), 0); /* still there */
	time_fake_advance(1000);
	run_until(fixture, grandchild_is_killed, &family.grandchildren[0]);
	assert_true(all_are_gone(NULL));
}

static void loop_free_ends_the_grace(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct family family;
	int status;

	time_fake(1000, 0);
	spec.drain_ms = 0;
	family_start(&family, fixture, &spec, deaf_grandchild, 1);
	time_fake_advance(60000);
	run_until(fixture, kid_is_done, &family.kid);
	kid_free(&family.kid);
	run(fixture); /* what waits for the grace does not hold the loop */
	loop_free(&fixture->loop);
	assert_int_equal(waitpid(family.grandchildren[0], &status, 0), family.grandchildren[0]);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(all_are_gone(NULL));
}

static void free_kills_the_group_and_reaps(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct family family;

	family_start(&family, fixture, &spec, two_sleepers, 2);
	kid_free(&family.kid);
	run(fixture); /* does not wait */
	for (int i = 0; i < 2; i++) {
		run_until(fixture, grandchild_is_killed, &family.grandchildren[i]);
	}
	run_until(fixture, all_are_gone, NULL);
	assert_int_equal(family.kid.done_count, 0);
}

static bool leader_has_ended(const void *arg)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)child_pid(arg), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

static void free_while_draining_kills_the_group(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct family family;

	spec.drain_ms = 60000;
	family_start(&family, fixture, &spec, "sleep 1000 & echo $! > $0; exit 0", 1);
	run_until(fixture, leader_has_ended, family.kid.child);
	run_turns(fixture, 3);
	assert_int_equal(family.kid.done_count, 0);
	kid_free(&family.kid);
	run_until(fixture, grandchild_is_killed, &family.grandchildren[0]);
	assert_true(all_are_gone(NULL));
}

static void free_after_done_touches_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct family family;

	spec.drain_ms = 0;
	family_start(&family, fixture, &spec, "sleep 1000 & echo $! > $0; exit 0", 1);
	run_until(fixture, kid_is_done, &family.kid);
	kid_free(&family.kid);
	assert_int_equal(waitpid(family.grandchildren[0], NULL, WNOHANG), 0); /* still there */
	assert_int_equal(kill(family.grandchildren[0], SIGKILL), 0);
	assert_int_equal(waitpid(family.grandchildren[0], NULL, 0), family.grandchildren[0]);
	assert_true(all_are_gone(NULL));
}

static char flag[64];

static bool flag_is_there(const void *arg)
{
	return access(arg, F_OK) == 0;
}

static int join_our_group(const void *arg)
{
	(void)arg;
	if (setpgid(0, getpgid(getppid())) < 0 || creat(flag, 0600) < 0) {
		return 1;
	}
	(void)sleep(1000);
	return 0;
}

static void reaches_a_child_that_left_its_group(void **state)
{
	struct fixture *fixture = *state;
	struct child_spec spec = usual_spec();
	struct kid kid;

	time_fake(1000, 0);
	spec.function = join_our_group;
	kid_start(&kid, fixture, &spec);
	run_until(fixture, flag_is_there, flag);
	time_fake_advance(60000);
	run_until(fixture, kid_is_done, &kid);
	assert_int_equal(kid.end.outcome, CHILD_TIMED_OUT);
	assert_int_equal(kid.end.term_signal, SIGTERM);
	kid_free(&kid);
	assert_int_equal(unlink(flag), 0);
}

/* Only another user can make a process that does not go when we kill it. */
static void become(uid_t uid)
{
	assert_int_equal(setresuid(uid, uid, 0), 0);
	assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0); /* for the leak checker */
}

static void start_and_be_unable_to_kill(struct kid *kid, struct fixture *fixture, int64_t grace_ms)
{
	struct child_spec spec = usual_spec();

	time_fake(1000, 0);
	spec.kill_grace_ms = grace_ms;
	kid_start_shell(kid, fixture, spec, "exec sleep 1000");
	become(65534);
	time_fake_advance(60000);
	run_turns(fixture, 3);
	if (grace_ms > 0) {
		assert_int_equal(kid->done_count, 0);
		time_fake_advance(grace_ms);
		run_turns(fixture, 3);
	}
	time_fake_advance(499);
	run_turns(fixture, 3);
	assert_int_equal(kid->done_count, 0);
	time_fake_advance(1);
	run_turns(fixture, 3);
	assert_int_equal(setresuid(0, 0, 0), 0);
}

static void what_does_not_go_is_left_behind_and_reaped_later(void **state)
{
	static const int64_t graces_ms[] = {0, 3000};
	struct fixture *fixture = *state;

	if (getuid() != 0) {
		skip_because("needs root");
	}
	for (size_t i = 0; i < ARRAY_LEN(graces_ms); i++) {
		struct kid kid;
		pid_t pid;

		start_and_be_unable_to_kill(&kid, fixture, graces_ms[i]);
		pid = child_pid(kid.child);
		assert_int_equal(kid.done_count, 1);
		assert_int_equal(kid.end.outcome, CHILD_STUCK);
		assert_int_equal(kid.end.duration_ms, 60500 + graces_ms[i]);
		kid_free(&kid);
		run(fixture); /* does not hold the loop */
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		assert_int_equal(kill(pid, SIGKILL), 0);
		run_until(fixture, all_are_gone, NULL);
	}
}

static void loop_free_tries_again_to_kill_what_was_left_behind(void **state)
{
	struct fixture *fixture = *state;
	struct kid kid;
	pid_t pid;
	int status;

	if (getuid() != 0) {
		skip_because("needs root");
	}
	start_and_be_unable_to_kill(&kid, fixture, 0);
	pid = child_pid(kid.child);
	kid_free(&kid);
	loop_free(&fixture->loop);
	/* Who died too late to be reaped is left to whoever reaps for us. */
	if (waitpid(pid, &status, 0) == pid) {
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	assert_true(all_are_gone(NULL));
}

static int flag_name(void **state)
{
	(void)snprintf(flag, sizeof(flag), "/tmp/test_reaper_flag.%d", (int)getpid());
	return adopt_grandchildren(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(the_deadline_kills_the_group),
		fixture_test(who_ignores_sigterm_has_the_grace_and_no_more),
		fixture_test(loop_free_ends_the_grace),
		fixture_test(free_kills_the_group_and_reaps),
		fixture_test(free_while_draining_kills_the_group),
		fixture_test(free_after_done_touches_nobody),
		fixture_test(reaches_a_child_that_left_its_group),
		fixture_test(what_does_not_go_is_left_behind_and_reaped_later),
		fixture_test(loop_free_tries_again_to_kill_what_was_left_behind),
	};

	return cmocka_run_group_tests(tests, flag_name, NULL);
}
