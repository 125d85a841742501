/*
 * Commands on many real servers: nobody waits for another, and nothing stays there when they are
 * interrupted, or their client is.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "fleet/fan_out.h"
#include "fleet/transport_fixture.h"
#include "support/login_fixture.h"
#include "support/ssh_server.h"
#include "support/tcp_script.h"

enum { HOSTS_MAX = 40 };

/* A fan-out and what it told. */
struct fan_told {
	struct ssh_fixture *fixture;
	struct fan_out *fan;
	struct outcome outcomes[HOSTS_MAX];
	char texts[HOSTS_MAX][160];
	int64_t pids[HOSTS_MAX], ended_ms[HOSTS_MAX];
	struct strbuf out[HOSTS_MAX];
	size_t said, ended;
	size_t until_said; /* stop the loop when so many have */
	bool is_finished;
};

static void on_fan_started(void *arg, size_t host, int64_t pid)
{
	struct fan_told *told = arg;

	told->pids[host] = pid;
}

static void on_fan_output(void *arg, size_t host, enum ssh_stream stream, struct str bytes)
{
	struct fan_told *told = arg;

	(void)stream;
	if (told->out[host].len == 0 && ++told->said == told->until_said) {
		loop_stop(told->fixture->loop);
	}
	strbuf_addstr(&told->out[host], bytes);
}

static void on_fan_ended(void *arg, size_t host, const struct fan_out_end *end)
{
	struct fan_told *told = arg;
	struct strbuf text = STRBUF_INIT_MAX(sizeof(told->texts[0]) - 1);

	outcome_add_text(&text, &end->outcome);
	memcpy(told->texts[host], text.buf, text.len + 1);
	strbuf_release(&text);
	told->outcomes[host] = end->outcome;
	told->ended_ms[host] = loop_now_ms(told->fixture->loop);
	told->ended++;
}

static void on_finished(void *arg)
{
	struct fan_told *told = arg;

	told->is_finished = true;
	loop_stop(told->fixture->loop);
}

static void fan_start(struct ssh_fixture *fixture, struct ssh_connector *connector,
	const struct fan_out_spec *spec, struct fan_told *told)
{
	static const struct fan_out_events fan_events = {
		on_fan_started, on_fan_output, on_fan_ended, on_finished, NULL};

	*told = (struct fan_told){.fixture = fixture};
	for (size_t i = 0; i < HOSTS_MAX; i++) {
		strbuf_init(&told->out[i], 1 << 20);
	}
	told->fan = fan_out_start(fixture->loop, connector, spec, &fan_events, told);
}

static void fan_finish(struct fan_told *told)
{
	while (!told->is_finished) {
		assert_int_equal(loop_run(told->fixture->loop, NULL), 0);
	}
}

static void fan_release(struct fan_told *told)
{
	fan_out_free(&told->fan);
	for (size_t i = 0; i < HOSTS_MAX; i++) {
		strbuf_release(&told->out[i]);
	}
}

/* Hosts of the names "web-1", "web-2" ..., which lead to the port. */
static const struct fleet_host *make_hosts(
	struct ssh_fixture *fixture, size_t count, struct strbuf *config, uint16_t port)
{
	struct fleet_host *hosts = arena_alloc(fixture->arena, count * sizeof(*hosts));

	for (size_t i = 0; i < count; i++) {
		hosts[i] =
			(struct fleet_host){.name = arena_printf(fixture->arena, "web-%zu", i + 1)};
	}
	strbuf_adds(config, login_fixture_host(fixture, "web-*", port, ""));
	return hosts;
}

/* A server that drops most of who come at the same time lets all of them in in the end. */
static void a_server_that_drops_many(void **state)
{
	enum { HOSTS = 16 };
	struct ssh_fixture *fixture = *state;
	struct strbuf config = STRBUF_INIT;
	const struct fleet_host *hosts = make_hosts(
		fixture, HOSTS, &config, ssh_fixture_sshd(fixture, "MaxStartups 2:70:4\n"));
	struct ssh_connector *connector = login_fixture_connector(fixture, config.buf,
		&(struct ssh_connector_options){.transport = transport, .attempts = 20});
	struct fan_told told;

	fan_start(fixture, connector,
		&(struct fan_out_spec){
			.queue = {.hosts = hosts, .hosts_count = HOSTS, .workers = HOSTS},
			.connect_timeout_ms = 100000,
			.command = {.supervised = {.command = "echo $((6*7))"}}},
		&told);
	fan_finish(&told);
	for (size_t i = 0; i < HOSTS; i++) {
		assert_string_equal(told.texts[i], "ok");
		assert_string_equal(told.out[i].buf, "42\n");
	}
	fan_release(&told);
	ssh_connector_free(&connector);
	strbuf_release(&config);
}

/* Those that are well finish as if they were alone. */
static void the_others_do_not_matter(void **state)
{
	static const struct tcp_script_step hang[] = {{SCRIPT_HANG, NULL}};
	static const struct tcp_script_step garbage[] = {{SCRIPT_FLOOD, "nonsense \xff\r\n"}};
	enum { HOSTS = 12, BAD = 4 };
	struct ssh_fixture *fixture = *state;
	struct tcp_script *silent = tcp_script_new(fixture->loop, "127.0.0.1", hang);
	struct tcp_script *noisy = tcp_script_new(fixture->loop, "127.0.0.1", garbage);
	struct strbuf config = STRBUF_INIT;
	const struct fleet_host *hosts;
	struct ssh_connector *connector;
	struct fan_told told;
	int64_t first_bad_ms = INT64_MAX;
	int64_t last_good_ms = 0;

	strbuf_adds(&config, login_fixture_host(fixture, "web-1", tcp_script_port(silent), ""));
	strbuf_adds(&config, login_fixture_host(fixture, "web-2", tcp_script_port(noisy), ""));
	strbuf_adds(&config, login_fixture_host(fixture, "web-3", ssh_fixture_free_port(), ""));
	strbuf_adds(&config, login_fixture_host(fixture, "web-4",
				     ssh_fixture_sshd(fixture, "ForceCommand sleep 300\n"), ""));
	hosts = make_hosts(fixture, HOSTS, &config, ssh_fixture_sshd(fixture, ""));
	connector = login_fixture_connector(
		fixture, config.buf, &(struct ssh_connector_options){.transport = transport});
	fan_start(fixture, connector,
		&(struct fan_out_spec){/* The bad ones are under way all the time. */
			.queue = {.hosts = hosts, .hosts_count = HOSTS, .workers = BAD + 1},
			.connect_timeout_ms = 25000,
			.command = {.supervised = {.command = "echo x"}, .total_ms = 25000}},
		&told);
	fan_finish(&told);
	assert_int_equal(told.outcomes[0].kind, OUTCOME_TIMEOUT);
	assert_int_equal(told.outcomes[0].clock, CLOCK_CONNECT);
	assert_int_equal(told.outcomes[1].cause, CAUSE_PROTOCOL_ERROR);
	assert_int_equal(told.outcomes[2].cause, CAUSE_CONNECTION_REFUSED);
	assert_string_equal(told.texts[3], "timeout (total): the host did not start the command");
	for (size_t i = BAD; i < HOSTS; i++) {
		assert_string_equal(told.texts[i], "ok");
		last_good_ms = told.ended_ms[i] > last_good_ms ? told.ended_ms[i] : last_good_ms;
	}
	first_bad_ms = told.ended_ms[0] < told.ended_ms[3] ? told.ended_ms[0] : told.ended_ms[3];
	assert_true(last_good_ms < first_bad_ms);
	fan_release(&told);
	ssh_connector_free(&connector);
	tcp_script_free(&silent);
	tcp_script_free(&noisy);
	strbuf_release(&config);
}

static void interrupts_all(void **state)
{
	enum { HOSTS = 6 };
	struct ssh_fixture *fixture = *state;
	struct strbuf config = STRBUF_INIT;
	const struct fleet_host *hosts =
		make_hosts(fixture, HOSTS, &config, ssh_fixture_sshd(fixture, ""));
	struct ssh_connector *connector = login_fixture_connector(
		fixture, config.buf, &(struct ssh_connector_options){.transport = transport});
	struct fan_told told;

	fan_start(fixture, connector,
		&(struct fan_out_spec){
			.queue = {.hosts = hosts, .hosts_count = HOSTS, .workers = 4},
			.command = {.supervised = {.command = "echo set; sleep 300 & sleep 301"}}},
		&told);
	/* One that is ended while its shell is being made may need SIGKILL. */
	told.until_said = 4;
	while (told.said < 4) {
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		assert_false(told.is_finished);
	}
	fan_out_stop(told.fan, CAUSE_INTERRUPTED);
	fan_finish(&told);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(told.texts[i], "signal TERM");
		assert_gone(told.pids[i]);
	}
	assert_string_equal(told.texts[4], "not started: the run was interrupted");
	assert_string_equal(told.texts[5], "not started: the run was interrupted");
	fan_release(&told);
	ssh_connector_free(&connector);
	strbuf_release(&config);
}

/* --- a client that is killed ---------------------------------------------------------------- */

/* What the client knows is in memory that both see. */
struct shared {
	_Atomic size_t started;
	int64_t pids[HOSTS_MAX];
};

static struct shared *shared;

static void tell_shared(void *arg, size_t host, int64_t pid)
{
	(void)arg;
	shared->pids[host] = pid;
	shared->started++;
}

static void hear_nothing(void *arg, size_t host, enum ssh_stream stream, struct str bytes)
{
	(void)arg;
	(void)host;
	(void)stream;
	(void)bytes;
}

static void be_client(const char *config, const struct fan_out_spec *spec, enum ssh_transport way)
{
	static const struct fan_out_events client_events = {
		tell_shared, hear_nothing, on_fan_ended, on_finished, NULL};
	struct ssh_connector_options options = {.transport = way, .config_file = config};
	struct resolver *resolver = NULL;
	struct loop *loop = NULL;

	if (loop_new(&loop, NULL) == 0 && resolver_new(loop, NULL, &resolver, NULL) == 0) {
		(void)fan_out_start(loop, ssh_connector_new(loop, resolver, &options), spec,
			&client_events, NULL);
		(void)loop_run(loop, NULL);
	}
	_exit(1);
}

/* Nothing of it stays on the hosts. */
static void a_client_that_is_killed(void **state)
{
	enum { HOSTS = 3 };
	struct ssh_fixture *fixture = *state;
	struct strbuf config = STRBUF_INIT;
	const struct fleet_host *hosts =
		make_hosts(fixture, HOSTS, &config, ssh_fixture_sshd(fixture, ""));
	const char *file = ssh_fixture_write(fixture, "config", config.buf);
	const struct fan_out_spec spec = {.queue = {.hosts = hosts, .hosts_count = HOSTS},
		.command = {.supervised = {
				    .command = "trap '' HUP; (trap '' TERM; sleep 300) & sleep 301",
				    .grace_s = 1}}};
	int status;
	pid_t client;

	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	client = fork();
	assert_true(client >= 0);
	if (client == 0) {
		be_client(file, &spec, transport);
	}
	for (int i = 0; shared->started < HOSTS; i++) {
		assert_true(i < 20000);
		assert_int_equal(waitpid(client, &status, WNOHANG), 0);
		(void)usleep(5000);
	}
	assert_int_equal(kill(client, SIGKILL), 0);
	assert_int_equal(waitpid(client, &status, 0), client);
	for (size_t i = 0; i < HOSTS; i++) {
		assert_gone(shared->pids[i]);
	}
	assert_int_equal(munmap(shared, sizeof(*shared)), 0);
	strbuf_release(&config);
}

/* The network goes: nothing is closed, and nothing arrives any more. */
static void a_client_that_is_frozen(void **state)
{
	struct ssh_fixture *fixture = *state;
	struct strbuf config = STRBUF_INIT;
	const struct fleet_host *hosts =
		make_hosts(fixture, 1, &config, ssh_fixture_sshd(fixture, ""));
	const char *file = ssh_fixture_write(fixture, "config", config.buf);
	const struct fan_out_spec spec = {.queue = {.hosts = hosts, .hosts_count = 1},
		.command = {.supervised = {.command = "sleep 300", .quiet_s = 4, .grace_s = 1}}};
	int status;
	pid_t client;

	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	client = fork();
	assert_true(client >= 0);
	if (client == 0) {
		be_client(file, &spec, transport);
	}
	for (int i = 0; shared->started < 1; i++) {
		assert_true(i < 20000);
		(void)usleep(5000);
	}
	/* Beats keep it alive for longer than the supervisor would wait without. */
	(void)usleep(9500000);
	assert_int_equal(kill((pid_t)shared->pids[0], 0), 0);
	assert_int_equal(kill(client, SIGSTOP), 0);
	for (int i = 0; i < 3000 && kill((pid_t)-shared->pids[0], 0) == 0; i++) {
		(void)usleep(10000);
	}
	assert_gone(shared->pids[0]);
	assert_int_equal(kill(client, SIGKILL), 0);
	assert_int_equal(waitpid(client, &status, 0), client);
	assert_int_equal(munmap(shared, sizeof(*shared)), 0);
	strbuf_release(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_server_that_drops_many),
		TEST(the_others_do_not_matter),
		TEST(interrupts_all),
		TEST(a_client_that_is_killed),
		TEST_NATIVE(a_client_that_is_frozen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
