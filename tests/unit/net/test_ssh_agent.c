/*
 * The agent's list, in another order, and the port that carries its messages.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_agent.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

static const char list_head[] = "\014\0\0\0\003";
static const char list_keys[] = "\0\0\0\001a\0\0\0\002ca"
				"\0\0\0\001b\0\0\0\002cb"
				"\0\0\0\001c\0\0\0\000";

static void test_select(void **state)
{
	static const struct str b[] = {BYTES("b")}, cx[] = {BYTES("c"), BYTES("x")};
	static const struct {
		struct ssh_agent_keys keys;
		struct str selected;
	} cases[] = {
		{{NULL, 0, false}, BYTES("\014\0\0\0\003"
					 "\0\0\0\001a\0\0\0\002ca\0\0\0\001b\0\0\0\002cb"
					 "\0\0\0\001c\0\0\0\000")},
		{{b, 1, false}, BYTES("\014\0\0\0\003"
				      "\0\0\0\001b\0\0\0\002cb\0\0\0\001a\0\0\0\002ca"
				      "\0\0\0\001c\0\0\0\000")},
		{{b, 1, true}, BYTES("\014\0\0\0\001\0\0\0\001b\0\0\0\002cb")},
		{{cx, 2, true}, BYTES("\014\0\0\0\001\0\0\0\001c\0\0\0\000")},
		{{NULL, 0, true}, BYTES("\014\0\0\0\000")},
	};
	struct strbuf answer = STRBUF_INIT;

	(void)state;
	strbuf_add(&answer, list_head, sizeof(list_head) - 1);
	strbuf_add(&answer, list_keys, sizeof(list_keys) - 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf out = STRBUF_INIT;

		assert_int_equal(
			ssh_agent_select(strbuf_str(&answer), &cases[i].keys, &out, NULL), 0);
		assert_int_equal(out.len, cases[i].selected.len);
		assert_memory_equal(out.buf, cases[i].selected.ptr, out.len);
		strbuf_release(&out);
	}
	/* Cut anywhere it is no list. */
	for (size_t len = 0; len < answer.len; len++) {
		struct strbuf out = STRBUF_INIT;
		struct err err = {0};

		assert_int_equal(
			ssh_agent_select(str_n(answer.buf, len), &cases[0].keys, &out, &err), -1);
		assert_int_equal(err.code, ERR_NETWORK);
		assert_int_equal(out.len, 0);
		strbuf_release(&out);
	}
	answer.buf[1] = (char)0xff; /* four thousand million keys */
	assert_int_equal(ssh_agent_select(strbuf_str(&answer), &cases[0].keys, &answer, NULL), -1);
	strbuf_release(&answer);
}

/* --- the port ------------------------------------------------------------------------------- */

struct agent {
	struct loop *loop;
	char path[64];
	int listening, fd;
	struct ssh_agent_port *port;
	int lib_fd;
};

static int start(void **state)
{
	struct agent *agent = xcalloc(1, sizeof(*agent));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct ssh_agent_keys keys = {0};

	(void)snprintf(agent->path, sizeof(agent->path), "/tmp/test_ssh_agent.%d", (int)getpid());
	(void)unlink(agent->path);
	memcpy(address.sun_path, agent->path, strlen(agent->path));
	assert_int_equal(loop_new(&agent->loop, NULL), 0);
	agent->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		bind(agent->listening, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(agent->listening, 5), 0);
	assert_int_equal(ssh_agent_port_new(agent->loop, agent->path, &keys, &agent->port,
				 &agent->lib_fd, NULL),
		0);
	agent->fd = accept(agent->listening, NULL, NULL);
	*state = agent;
	return 0;
}

static int end(void **state)
{
	struct agent *agent = *state;

	ssh_agent_port_free(&agent->port);
	closep(&agent->lib_fd);
	closep(&agent->fd);
	closep(&agent->listening);
	(void)unlink(agent->path);
	loop_free(&agent->loop);
	free(agent);
	return 0;
}

static void turn(struct agent *agent)
{
	for (int i = 0; i < 4; i++) {
		(void)loop_defer(agent->loop, (loop_fn *)loop_stop, agent->loop);
		assert_int_equal(loop_run(agent->loop, NULL), 0);
	}
}

static void write_to(struct agent *agent, int fd, struct str bytes)
{
	assert_int_equal(send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
	turn(agent);
}

static void assert_comes(int fd, struct str bytes)
{
	char got[256];
	ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);

	assert_int_equal(n, bytes.len);
	assert_memory_equal(got, bytes.ptr, bytes.len);
}

static void test_carries(void **state)
{
	struct agent *agent = *state;
	static const struct str request = BYTES("\0\0\0\001\013"),
				sign = BYTES("\0\0\0\005\015abcd"),
				list = BYTES("\0\0\0\005\014\0\0\0\000");

	write_to(agent, agent->lib_fd, request);
	assert_comes(agent->fd, request);
	write_to(agent, agent->fd, list);
	assert_comes(agent->lib_fd, list);
	for (size_t i = 0; i < sign.len; i++) { /* byte by byte */
		write_to(agent, agent->lib_fd, str_sub(sign, i, 1));
	}
	assert_comes(agent->fd, sign);
}

static void assert_closed(const struct agent *agent)
{
	char byte;

	assert_int_equal(recv(agent->lib_fd, &byte, 1, MSG_DONTWAIT), 0);
}

static void test_bad_agents(void **state)
{
	static const struct str cases[] = {
		BYTES("\377\377\377\377"),         /* too long */
		BYTES("\0\0\0\005\014\0\0\0\001"), /* no list */
		BYTES("\0\0\0\002\014\0"),         /* no list */
		BYTES(""),                         /* it goes */
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct agent *agent = *state;

		if (cases[i].len > 0) {
			write_to(agent, agent->fd, cases[i]);
		} else {
			(void)shutdown(agent->fd, SHUT_RDWR);
			turn(agent);
		}
		assert_closed(agent);
		end(state);
		assert_int_equal(start(state), 0);
	}
}

/* Whoever waits at the other end is woken. */
static void test_freed(void **state)
{
	struct agent *agent = *state;

	ssh_agent_port_free(&agent->port);
	assert_closed(agent);
}

static void test_no_agent(void **state)
{
	struct agent *agent = *state;
	const struct ssh_agent_keys keys = {0};
	struct ssh_agent_port *port;
	struct err err = {0};
	char path[200];
	int fd;

	assert_int_equal(ssh_agent_port_new(agent->loop, "/nowhere", &keys, &port, &fd, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(ssh_agent_port_new(agent->loop, path, &keys, &port, &fd, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_select),
		cmocka_unit_test_setup_teardown(test_carries, start, end),
		cmocka_unit_test_setup_teardown(test_bad_agents, start, end),
		cmocka_unit_test_setup_teardown(test_freed, start, end),
		cmocka_unit_test_setup_teardown(test_no_agent, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
