/*
 * Who uses the channels of a session, and what may happen to them inside a call of libssh: nearly
 * all of them read what has come, for whatever channel.
 *
 * What comes at the one bad moment is made to come then: calls of libssh are caught on their way.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh/libssh.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "support/ssh_fixture.h"

enum { WAIT_MS = 10000 };

/* --- calls of libssh ------------------------------------------------------------------------ */

/* Before or after a call; NULL: as ever. */
static void (*on_read)(ssh_channel channel);
static bool (*on_opening)(ssh_channel channel); /* true: ask again */
static int reads, answers;                      /* to being asked for a channel */
static ssh_session session_seen;                /* whose channel was made last */

static void *real(const char *name)
{
	void *address = dlsym(RTLD_NEXT, name);

	assert_non_null(address);
	return address;
}

ssh_channel ssh_channel_new(ssh_session session)
{
	ssh_channel (*make)(ssh_session);

	*(void **)&make = real("ssh_channel_new");
	session_seen = session;
	return make(session);
}

int ssh_channel_read_nonblocking(ssh_channel channel, void *bytes, uint32_t count, int is_stderr)
{
	int (*look)(ssh_channel, void *, uint32_t, int);

	*(void **)&look = real("ssh_channel_read_nonblocking");
	reads++;
	if (on_read) {
		on_read(channel);
	}
	return look(channel, bytes, count, is_stderr);
}

int ssh_channel_open_session(ssh_channel channel)
{
	int (*ask)(ssh_channel);
	int rc;

	*(void **)&ask = real("ssh_channel_open_session");
	rc = ask(channel);
	if (on_opening && rc == SSH_AGAIN && on_opening(channel)) {
		rc = ask(channel);
	}
	answers += rc != SSH_AGAIN;
	return rc;
}

static int unread_bytes(int fd)
{
	int bytes = 0;

	assert_int_equal(ioctl(fd, FIONREAD, &bytes), 0);
	return bytes;
}

static bool is_all_read(void *arg)
{
	return unread_bytes(ssh_get_fd(arg)) == 0;
}

/* Until more than so much has come that nobody has read. */
static void await_more(ssh_session lib, int than_bytes)
{
	int fd = ssh_get_fd(lib);

	for (int waited_ms = 0; unread_bytes(fd) <= than_bytes; waited_ms++) {
		assert_true(waited_ms < WAIT_MS);
		(void)usleep(1000);
	}
}

/* --- commands that speak when they are told to ---------------------------------------------- */

struct speaker {
	struct ssh_fixture *fixture;
	char command[160];
	const char *path; /* of what it reads from */
	int fd;           /* to it; -1: nobody reads there yet */
	struct ssh_exec *exec;
	struct strbuf heard;
	bool has_ended;
	struct ssh_exec_end end;
	/* At its first output. */
	struct speaker *frees;
	bool was_freed;
	int heard_when_freed; /* calls after that */
};

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct speaker *speaker = arg;

	(void)stream;
	speaker->heard_when_freed += speaker->was_freed;
	strbuf_addstr(&speaker->heard, bytes);
	if (speaker->frees) {
		ssh_exec_free(&speaker->frees->exec);
		speaker->frees->was_freed = true;
		speaker->frees = NULL;
	}
}

static void on_ended(void *arg, const struct ssh_exec_end *end)
{
	struct speaker *speaker = arg;

	speaker->heard_when_freed += speaker->was_freed;
	speaker->exec = NULL;
	speaker->has_ended = true;
	speaker->end = *end;
}

static bool is_listening(void *arg)
{
	struct speaker *speaker = arg;

	if (speaker->fd < 0) {
		speaker->fd = open(speaker->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	}
	return speaker->fd >= 0 && speaker->heard.len > 0; /* nothing else is to come */
}

static void speaker_ask(struct ssh_fixture *fixture, struct ssh_session *session, const char *name,
	struct speaker *speaker)
{
	static const struct ssh_exec_events events = {.output = on_output, .ended = on_ended};

	*speaker =
		(struct speaker){.fixture = fixture, .fd = -1, .heard = STRBUF_INIT, .path = NULL};
	speaker->path = ssh_fixture_path(fixture, name);
	assert_int_equal(mkfifo(speaker->path, 0600), 0);
	(void)snprintf(
		speaker->command, sizeof(speaker->command), "echo; exec cat '%s'", speaker->path);
	speaker->exec = ssh_exec_start(session,
		&(struct ssh_exec_spec){.command = speaker->command, .drain_ms = 500}, &events,
		speaker);
}

/* A command that runs and waits for what it is to say. */
static void speaker_start(struct ssh_fixture *fixture, struct ssh_session *session,
	const char *name, struct speaker *speaker)
{
	speaker_ask(fixture, session, name, speaker);
	ssh_fixture_until(fixture, is_listening, speaker);
	strbuf_clear(&speaker->heard);
}

/* And it has come, but was not read. */
static void speaker_say(const struct speaker *speaker, ssh_session lib, const char *text)
{
	int before = unread_bytes(ssh_get_fd(lib));

	assert_int_equal(write(speaker->fd, text, strlen(text)), strlen(text));
	await_more(lib, before);
}

static void speaker_release(struct speaker *speaker)
{
	ssh_exec_free(&speaker->exec);
	closep(&speaker->fd);
	strbuf_release(&speaker->heard);
}

static bool has_heard_twice(void *arg)
{
	return strcmp(((struct speaker *)arg)->heard.buf, "onetwo") == 0;
}

static bool has_heard_word(void *arg)
{
	return strcmp(((struct speaker *)arg)->heard.buf, "word") == 0;
}

static struct ssh_session *connect_with(
	struct ssh_fixture *fixture, const char *lines, struct ssh_told *told)
{
	uint16_t port = ssh_fixture_sshd(fixture, lines);

	if (port == 0) {
		skip_because("needs openssh-server");
	}
	reads = answers = 0;
	on_read = NULL;
	on_opening = NULL;
	ssh_fixture_connect(fixture, port, told);
	return told->session;
}

/* --- what was left with libssh -------------------------------------------------------------- */

static struct speaker one, other;

/* After a pause both streams are read until there is nothing in either. */
static void say_two_at_fourth(ssh_channel channel)
{
	if (reads == 4) {
		speaker_say(&one, ssh_channel_get_session(channel), "two");
	}
}

/* One is left with libssh: it came during a pause, which is over. */
static void leave_one(struct ssh_fixture *fixture, struct ssh_session *session)
{
	speaker_start(fixture, session, "one", &one);
	ssh_exec_pause(one.exec, true);
	speaker_say(&one, session_seen, "one");
	ssh_fixture_until(fixture, is_all_read, session_seen);
	ssh_exec_pause(one.exec, false);
}

/* Standard output was found empty, and something comes for it while the other stream is looked at:
 * it was forgotten, and told with what came next, or never. */
static void test_comes_behind_the_look(void **state)
{
	struct ssh_told told;
	struct ssh_session *session = connect_with(*state, "", &told);

	on_read = say_two_at_fourth;
	leave_one(*state, session);
	ssh_fixture_until(*state, has_heard_twice, &one);
	assert_true(reads >= 4);
	speaker_release(&one);
	ssh_session_free(&told.session);
}

static void say_both_at_third(ssh_channel channel)
{
	ssh_session lib = ssh_channel_get_session(channel);

	if (reads == 3) {
		speaker_say(&other, lib, "word");
		speaker_say(&one, lib, "two");
	}
}

/* Who is freed by another while its own output is looked for hears nothing more. */
static void test_freed_behind_the_look(void **state)
{
	struct ssh_told told;
	struct ssh_session *session = connect_with(*state, "", &told);

	speaker_start(*state, session, "other", &other);
	other.frees = &one;
	on_read = say_both_at_third;
	leave_one(*state, session);
	ssh_fixture_until(*state, has_heard_word, &other);
	assert_true(one.was_freed);
	assert_int_equal(one.heard_when_freed, 0);
	speaker_release(&one);
	speaker_release(&other);
	ssh_session_free(&told.session);
}

/* --- freed while it opens ------------------------------------------------------------------- */

static bool say_word_when_refused(ssh_channel channel)
{
	ssh_session lib = ssh_channel_get_session(channel);

	await_more(lib, 0);
	speaker_say(&other, lib, "word");
	return true;
}

static bool has_come_or_ended(void *arg)
{
	(void)arg;
	return other.heard.len > 0 || one.has_ended;
}

/* The server refuses it, and another's output, which frees it, comes at the same time.  (On a busy
 * machine the refusal may come at once.) */
static void test_freed_as_it_is_refused(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session = connect_with(fixture, "MaxSessions 1\n", &told);

	speaker_start(fixture, session, "other", &other);
	other.frees = &one;
	on_opening = say_word_when_refused;
	for (int i = 0; other.heard.len == 0; i++) {
		assert_true(i < 100);
		speaker_ask(fixture, session, arena_printf(fixture->arena, "one-%d", i), &one);
		ssh_fixture_until(fixture, has_come_or_ended, NULL);
		assert_int_equal(one.heard_when_freed, 0);
		speaker_release(&one);
	}
	ssh_fixture_until(fixture, has_heard_word, &other);
	speaker_release(&other);
	ssh_session_free(&told.session);
}

static struct ssh_exec *unwanted;

static bool free_unwanted(ssh_channel channel)
{
	(void)channel;
	ssh_exec_free(&unwanted);
	return false;
}

static bool has_answered(void *arg)
{
	return answers > *(int *)arg;
}

/* sshd needs a moment to notice that a session is over. */
static bool takes_another(void *arg)
{
	struct ssh_told *told = arg;
	struct ssh_said said;
	bool is_taken;

	ssh_fixture_say(told->fixture, told->session, "echo next", &said);
	is_taken = strcmp(said.out.buf, "next\n") == 0;
	ssh_said_release(&said);
	return is_taken;
}

/* Ask for a channel, and want it no more before it is there; false: it was there at once. */
static bool was_freed_early(struct ssh_fixture *fixture, struct ssh_session *session)
{
	int before = answers;
	struct ssh_said said;
	bool was_early;

	on_opening = free_unwanted;
	ssh_fixture_exec(fixture, session,
		&(struct ssh_exec_spec){.command = "true", .drain_ms = 500}, &said);
	unwanted = said.exec;
	ssh_fixture_until(fixture, has_answered, &before);
	was_early = !unwanted;
	if (!was_early) {
		ssh_exec_free(&said.exec);
	}
	unwanted = NULL;
	ssh_said_release(&said);
	return was_early;
}

/* The server opens a channel that nobody wants any more: it is closed, or the server, which opens
 * one at a time, would never open another. */
static void test_freed_before_it_is_open(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct ssh_told told;
	struct ssh_session *session = connect_with(fixture, "MaxSessions 1\n", &told);

	for (int i = 0; !was_freed_early(fixture, session); i++) {
		assert_true(i < 100);
		ssh_fixture_until(fixture, takes_another, &told);
	}
	ssh_fixture_until(fixture, takes_another, &told);
	ssh_session_free(&told.session);
}

/* --- freed while there is something to be read ---------------------------------------------- */

/* Closing a channel reads, too.  What comes for others is told later: nobody who frees something is
 * called back from inside. */
static void test_nothing_is_told_inside(void **state)
{
	struct ssh_told told;
	struct ssh_session *session = connect_with(*state, "", &told);

	speaker_start(*state, session, "one", &one);
	speaker_start(*state, session, "other", &other);
	speaker_say(&other, session_seen, "word");
	ssh_exec_free(&one.exec);
	assert_int_equal(other.heard.len, 0);
	ssh_fixture_until(*state, has_heard_word, &other);
	speaker_release(&one);
	speaker_release(&other);
	ssh_session_free(&told.session);
}

/* Whoever hears of it frees one more, of which libssh had something as well. */
static void test_freed_by_another(void **state)
{
	struct speaker third;
	struct ssh_told told;
	struct ssh_session *session = connect_with(*state, "", &told);

	speaker_start(*state, session, "third", &third);
	speaker_start(*state, session, "one", &one);
	speaker_start(*state, session, "other", &other);
	other.frees = &third;
	speaker_say(&other, session_seen, "word");
	speaker_say(&third, session_seen, "more");
	ssh_exec_free(&one.exec);
	ssh_fixture_until(*state, has_heard_word, &other);
	assert_true(third.was_freed);
	assert_int_equal(third.heard_when_freed, 0);
	assert_true(ssh_session_is_open(session));
	speaker_release(&third);
	speaker_release(&one);
	speaker_release(&other);
	ssh_session_free(&told.session);
}

/* --- closed behind much that is to be sent -------------------------------------------------- */

static bool is_there(void *arg)
{
	return access(arg, F_OK) == 0;
}

static bool has_output(void *arg)
{
	return ((struct ssh_said *)arg)->out_bytes > 0;
}

static bool is_stuck(void *arg)
{
	return (ssh_get_poll_flags(arg) & SSH_WRITE_PENDING) != 0 &&
	       poll(&(struct pollfd){.fd = ssh_get_fd(arg), .events = POLLOUT}, 1, 0) == 0;
}

static pid_t pid_in(const char *path)
{
	FILE *file = fopen(path, "r");
	int pid = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1); /* NOLINT(cert-err34-c) */
	(void)fclose(file);
	return pid;
}

/* The server is slow, and a command is freed while nothing can be sent: its channel is closed all
 * the same.  What it runs notices when it prints the next line. */
static void test_closed_behind_a_flood(void **state)
{
	enum { BYTES = 2200000, FLOODS = 8 }; /* more than sockets hold; and windows */
	struct ssh_fixture *fixture = *state;
	const char *pid_path = ssh_fixture_path(fixture, "pid"),
		   *over_path = ssh_fixture_path(fixture, "over");
	const char *command = arena_printf(fixture->arena,
		"trap '' PIPE; echo $PPID > '%s.new'; mv '%s.new' '%s'; "
		"while echo word; do sleep 0.02; done 2>/dev/null; touch '%s'",
		pid_path, pid_path, pid_path, over_path);
	struct ssh_said said, floods[FLOODS];
	struct ssh_told told;
	struct ssh_session *session = connect_with(fixture, "MaxSessions 20\n", &told);
	char *bytes = xcalloc(1, BYTES);
	pid_t pid;

	ssh_fixture_exec(fixture, session,
		&(struct ssh_exec_spec){.command = command, .drain_ms = 500}, &said);
	for (int i = 0; i < FLOODS; i++) {
		ssh_fixture_exec(fixture, session,
			&(struct ssh_exec_spec){
				.command = "echo; cat > /dev/null", .drain_ms = 500},
			&floods[i]);
	}
	for (int i = 0; i < FLOODS; i++) {
		ssh_fixture_until(fixture, has_output, &floods[i]);
	}
	ssh_fixture_until(fixture, is_there, (void *)(uintptr_t)pid_path);
	pid = pid_in(pid_path);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	for (int i = 0; i < FLOODS; i++) {
		ssh_exec_send(floods[i].exec, str_n(bytes, BYTES));
	}
	ssh_fixture_until(fixture, is_stuck, session_seen);
	ssh_exec_free(&said.exec);
	assert_int_equal(kill(pid, SIGCONT), 0);
	ssh_fixture_until(fixture, is_there, (void *)(uintptr_t)over_path);
	for (int i = 0; i < FLOODS; i++) {
		ssh_exec_free(&floods[i].exec);
		ssh_said_release(&floods[i]);
	}
	ssh_said_release(&said);
	free(bytes);
	ssh_session_free(&told.session);
}

/* --- all at once ---------------------------------------------------------------------------- */

enum { SESSIONS = 3, ACTORS = 10, TICKS = 150, TICK_MS = 2, BLOCK_BYTES = 200000 };

struct stress;

/* A command whose user does what nobody would do at that moment; gone when it was freed. */
struct actor {
	struct stress *stress;
	size_t session;
	struct ssh_exec *exec;
	bool is_paused;
};

/* What a session of it tells. */
struct stress_place {
	struct stress *stress;
	size_t session;
};

struct stress {
	struct ssh_fixture *fixture;
	uint64_t random;
	struct ssh_session_spec specs[SESSIONS]; /* the last goes through the first */
	struct ssh_session *sessions[SESSIONS];
	struct stress_place places[SESSIONS];
	struct actor *actors[ACTORS];
	char *block;
	struct timer *tick;
	int ticks;
	uint64_t told; /* events */
};

static size_t pick(struct stress *stress, size_t below)
{
	stress->random ^= stress->random << 13;
	stress->random ^= stress->random >> 7;
	stress->random ^= stress->random << 17;
	return (size_t)(stress->random % below);
}

static void actor_forget(struct actor *actor)
{
	for (size_t i = 0; i < ACTORS; i++) {
		if (actor->stress->actors[i] == actor) {
			actor->stress->actors[i] = NULL;
		}
	}
	free(actor);
}

static void actor_free(struct actor *actor)
{
	ssh_exec_free(&actor->exec);
	actor_forget(actor);
}

/* What runs on it goes with it, and is not told. */
static void stress_free_session(struct stress *stress, size_t session)
{
	for (size_t i = 0; i < ACTORS && stress->sessions[session]; i++) {
		if (stress->actors[i] && stress->actors[i]->session == session) {
			actor_forget(stress->actors[i]);
		}
	}
	ssh_session_free(&stress->sessions[session]);
}

static void stress_start(struct stress *stress);

/* Anything, to anybody: whoever called must not look at what it has any more. */
static void stress_act(struct stress *stress)
{
	struct actor *actor = stress->actors[pick(stress, ACTORS)];

	if (!actor || pick(stress, 4) == 0) {
		stress_start(stress);
		return;
	}
	switch (pick(stress, 12)) {
	case 0:
	case 1:
		actor_free(actor);
		break;
	case 2:
	case 3:
	case 4:
		actor->is_paused = !actor->is_paused;
		ssh_exec_pause(actor->exec, actor->is_paused);
		break;
	case 5:
		ssh_exec_end_input(actor->exec);
		break;
	case 6:
		ssh_exec_signal(actor->exec, "TERM");
		break;
	case 7:
		if (pick(stress, 20) == 0) {
			stress_free_session(stress, pick(stress, SESSIONS));
		}
		break;
	default:
		if (ssh_exec_unsent(actor->exec) < 10 * BLOCK_BYTES) {
			ssh_exec_send(
				actor->exec, str_n(stress->block, 1 + pick(stress, BLOCK_BYTES)));
		}
		break;
	}
}

static void on_actor_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct stress *stress = ((struct actor *)arg)->stress;

	(void)stream;
	assert_true(bytes.len > 0);
	stress->told++;
	if (pick(stress, 3) == 0) {
		stress_act(stress);
	}
}

static void on_actor_input(void *arg)
{
	struct stress *stress = ((struct actor *)arg)->stress;

	stress->told++;
	stress_act(stress);
}

static void on_actor_ended(void *arg, const struct ssh_exec_end *end)
{
	struct stress *stress = ((struct actor *)arg)->stress;

	assert_non_null(end->text);
	stress->told++;
	actor_forget(arg);
	stress_act(stress);
}

static void stress_start(struct stress *stress)
{
	static const struct ssh_exec_events events = {
		on_actor_output, on_actor_input, on_actor_ended};
	static const char *const commands[] = {"cat", "cat >&2", "cat & cat >&2; wait", "yes",
		"head -c 300000 /dev/zero; echo end >&2", "exit 3", "sleep 20",
		"echo one; sleep 0.02; echo two >&2; sleep 0.02; echo three"};
	size_t place = pick(stress, ACTORS), session = pick(stress, SESSIONS);
	struct actor *actor;

	if (stress->actors[place] || !stress->sessions[session] ||
		!ssh_session_is_open(stress->sessions[session])) {
		return;
	}
	actor = xcalloc(1, sizeof(*actor));
	*actor = (struct actor){.stress = stress, .session = session};
	stress->actors[place] = actor;
	actor->exec = ssh_exec_start(stress->sessions[session],
		&(struct ssh_exec_spec){
			.command = commands[pick(stress, ARRAY_LEN(commands))], .drain_ms = 20},
		&events, actor);
}

static void on_stress_opened(void *arg)
{
	stress_act(((struct stress_place *)arg)->stress);
}

/* Its commands were told before. */
static void on_stress_ended(void *arg, const struct ssh_end *end)
{
	struct stress_place *place = arg;

	assert_non_null(end->text);
	place->stress->sessions[place->session] = NULL;
	stress_act(place->stress);
}

static void stress_connect(struct stress *stress, size_t session)
{
	static const struct ssh_session_events events = {
		.opened = on_stress_opened, .ended = on_stress_ended};
	struct ssh_session_spec *spec = &stress->specs[session];

	if (session == SESSIONS - 1) {
		spec->via = stress->sessions[0];
		if (!spec->via || !ssh_session_is_open(spec->via)) {
			return;
		}
	}
	stress->places[session] = (struct stress_place){stress, session};
	stress->sessions[session] =
		ssh_session_start(stress->fixture->client, spec, &events, &stress->places[session]);
}

static void on_tick(void *arg)
{
	struct stress *stress = arg;

	for (size_t i = 0; i < SESSIONS; i++) {
		if (!stress->sessions[i]) {
			stress_connect(stress, i);
		}
	}
	stress_act(stress);
	if (stress->sessions[0] && ssh_session_is_open(stress->sessions[0])) {
		stress->ticks++;
	}
	if (stress->ticks < TICKS) {
		timer_set(stress->tick, TICK_MS);
	} else {
		loop_stop(stress->fixture->loop);
	}
}

static void run_stress(struct ssh_fixture *fixture, uint16_t port, uint64_t seed)
{
	struct stress stress = {.fixture = fixture, .random = seed};

	for (size_t i = 0; i < SESSIONS; i++) {
		stress.specs[i] = (struct ssh_session_spec){
			.settings = ssh_fixture_settings(fixture, port, ""),
			.connect_timeout_ms = 60000,
			.alive_interval_ms = 60000};
	}
	stress.block = xcalloc(1, BLOCK_BYTES);
	stress.tick = timer_add(fixture->loop, TICK_MS, on_tick, &stress);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	timer_free(&stress.tick);
	for (size_t i = SESSIONS; i-- > 0;) {
		stress_free_session(&stress, i);
	}
	assert_int_equal(ssh_client_sessions(fixture->client), 0);
	assert_true(stress.told > 0);
	free(stress.block);
}

/* Commands on sessions, one through another, whose users free, pause, send and start whatever they
 * like from inside every event. */
static void test_anything_at_any_time(void **state)
{
	enum { SEEDS = 6 };
	struct ssh_fixture *fixture = *state;
	uint16_t port = ssh_fixture_sshd(fixture, "MaxStartups 100\nMaxSessions 100\n");

	if (port == 0) {
		skip_because("needs openssh-server");
	}
	on_read = NULL;
	on_opening = NULL;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		run_stress(fixture, port, seed * 0x9e3779b97f4a7c15);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ssh_fixture_start, ssh_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_comes_behind_the_look),
		TEST(test_freed_behind_the_look),
		TEST(test_freed_as_it_is_refused),
		TEST(test_freed_before_it_is_open),
		TEST(test_nothing_is_told_inside),
		TEST(test_freed_by_another),
		TEST(test_closed_behind_a_flood),
		TEST(test_anything_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
