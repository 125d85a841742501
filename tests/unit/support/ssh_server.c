/*
 * See ssh_server.h.
 */
#include "support/ssh_server.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <netinet/in.h>

#include "base/parse.h"
#include "cmocka_all.h"

/* The calls for questions have no successors in this version of the library. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct visit {
	enum ssh_server_manner manner;
	ssh_session session;
	ssh_channel channel;
	bool has_shown_key;
	bool is_over;
};

static int methods_of(const struct visit *visit)
{
	switch (visit->manner) {
	case SSH_SERVER_PASSWORD:
		return SSH_AUTH_METHOD_PASSWORD;
	case SSH_SERVER_QUESTION:
	case SSH_SERVER_TWO_QUESTIONS:
		return SSH_AUTH_METHOD_INTERACTIVE;
	case SSH_SERVER_BOTH:
		return visit->has_shown_key ? SSH_AUTH_METHOD_PASSWORD : SSH_AUTH_METHOD_PUBLICKEY;
	case SSH_SERVER_NONE:
	case SSH_SERVER_SILENT:
	case SSH_SERVER_HANGS_UP:
		break;
	}
	return SSH_AUTH_METHOD_PUBLICKEY;
}

static void ask(struct visit *visit, ssh_message message)
{
	const char *prompts[] = {"Password: ", "Code: "};
	char echo[] = {0, 0};
	unsigned count = visit->manner == SSH_SERVER_TWO_QUESTIONS ? 2 : 1;

	(void)ssh_message_auth_interactive_request(message, "", "", count, prompts, echo);
}

static bool is_answer_good(const struct visit *visit)
{
	const char *answer = ssh_userauth_kbdint_getnanswers(visit->session) == 1
				     ? ssh_userauth_kbdint_getanswer(visit->session, 0)
				     : NULL;

	return answer && strcmp(answer, "secret") == 0;
}

/* True: it is answered. */
static bool answer_key(struct visit *visit, ssh_message message)
{
	if (visit->manner != SSH_SERVER_BOTH) {
		return false;
	}
	if (ssh_message_auth_publickey_state(message) == SSH_PUBLICKEY_STATE_VALID) {
		visit->has_shown_key = true;
		(void)ssh_message_auth_set_methods(message, methods_of(visit));
		(void)ssh_message_auth_reply_success(message, 1);
	} else {
		(void)ssh_message_auth_reply_pk_ok_simple(message);
	}
	return true;
}

static bool answer_auth(struct visit *visit, ssh_message message)
{
	int methods = methods_of(visit);
	bool is_good = visit->manner == SSH_SERVER_NONE;

	if (visit->manner == SSH_SERVER_SILENT) {
		return true;
	}
	if (visit->manner == SSH_SERVER_HANGS_UP) {
		visit->is_over = true;
		return true;
	}
	switch (ssh_message_subtype(message)) {
	case SSH_AUTH_METHOD_PASSWORD:
		is_good = (methods & SSH_AUTH_METHOD_PASSWORD) &&
			  strcmp(ssh_message_auth_password(message), "secret") == 0;
		break;
	case SSH_AUTH_METHOD_INTERACTIVE:
		if ((methods & SSH_AUTH_METHOD_INTERACTIVE) &&
			!ssh_message_auth_kbdint_is_response(message)) {
			ask(visit, message);
			return true;
		}
		is_good = is_answer_good(visit);
		break;
	case SSH_AUTH_METHOD_PUBLICKEY:
		if (answer_key(visit, message)) {
			return true;
		}
		break;
	default:
		break;
	}
	if (is_good) {
		(void)ssh_message_auth_reply_success(message, 0);
		return true;
	}
	(void)ssh_message_auth_set_methods(message, methods);
	return false;
}

static void on_signal(ssh_session session, ssh_channel channel, const char *name, void *arg)
{
	(void)session;
	(void)arg;
	(void)ssh_channel_write(channel, name, (uint32_t)strlen(name));
	(void)ssh_channel_request_send_exit_status(channel, 0);
	(void)ssh_channel_close(channel);
}

static void await_signal(ssh_channel channel)
{
	static struct ssh_channel_callbacks_struct callbacks = {
		.channel_signal_function = on_signal};

	ssh_callbacks_init(&callbacks);
	(void)ssh_set_channel_callbacks(channel, &callbacks);
}

static void run(struct visit *visit, struct str command)
{
	ssh_channel channel = visit->channel;
	int64_t code = 0;

	(void)ssh_channel_write(channel, "out\n", 4);
	if (str_is(command, "hang-up")) {
		visit->is_over = true;
		return;
	}
	if (str_is(command, "freeze")) {
		(void)raise(SIGSTOP);
	}
	if (str_is(command, "await-signal")) {
		await_signal(channel);
		return;
	}
	if (str_is(command, "eof-first")) {
		(void)ssh_channel_send_eof(channel);
		(void)ssh_blocking_flush(visit->session, 1000);
		(void)usleep(50000);
		(void)ssh_channel_request_send_exit_status(channel, 7);
	} else if (str_starts(command, "code ") &&
		   parse_int(str_sub(command, 5, command.len), 0, UINT32_MAX, &code, NULL) == 0) {
		(void)ssh_channel_request_send_exit_status(channel, (int)(uint32_t)code);
	} else if (str_starts(command, "signal ")) {
		(void)ssh_channel_request_send_exit_signal(channel, command.ptr + 7, 0, "", "");
	}
	(void)ssh_channel_send_eof(channel);
	(void)ssh_channel_close(channel);
}

static bool answer_channel(struct visit *visit, ssh_message message)
{
	if (ssh_message_subtype(message) != SSH_CHANNEL_REQUEST_EXEC ||
		strcmp(ssh_message_channel_request_command(message), "refuse") == 0) {
		return false;
	}
	(void)ssh_message_channel_request_reply_success(message);
	run(visit, str_of(ssh_message_channel_request_command(message)));
	return true;
}

static bool answer(struct visit *visit, ssh_message message)
{
	switch (ssh_message_type(message)) {
	case SSH_REQUEST_AUTH:
		return answer_auth(visit, message);
	case SSH_REQUEST_CHANNEL_OPEN:
		visit->channel = ssh_message_channel_request_open_reply_accept(message);
		return visit->channel != NULL;
	case SSH_REQUEST_CHANNEL:
		return answer_channel(visit, message);
	default:
		return false;
	}
}

static void serve(const char *host_key, enum ssh_server_manner manner, int fd)
{
	struct visit visit = {.manner = manner, .session = ssh_new()};
	ssh_bind bind_to = ssh_bind_new();
	ssh_message message;

	(void)ssh_bind_options_set(bind_to, SSH_BIND_OPTIONS_HOSTKEY, host_key);
	if (ssh_bind_accept_fd(bind_to, visit.session, fd) == SSH_OK &&
		ssh_handle_key_exchange(visit.session) == SSH_OK) {
		ssh_set_auth_methods(visit.session, methods_of(&visit));
		while (!visit.is_over && (message = ssh_message_get(visit.session))) {
			if (!answer(&visit, message)) {
				(void)ssh_message_reply_default(message);
			}
			ssh_message_free(message);
		}
	}
	_exit(0);
}

uint16_t ssh_server_start(struct ssh_fixture *fixture, enum ssh_server_manner manner)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint16_t port;
	pid_t pid;

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	port = ntohs(address.sin_port);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (;;) {
			int visitor = accept(fd, NULL, NULL);

			if (fork() == 0) {
				(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
				serve(fixture->host_key, manner, visitor);
			}
			(void)close(visitor);
			while (waitpid(-1, NULL, WNOHANG) > 0) {
			}
		}
	}
	(void)close(fd);
	assert_true(fixture->servers_count < SSH_SERVERS_MAX);
	fixture->servers[fixture->servers_count++] = pid;
	ssh_fixture_know(fixture, port);
	ssh_fixture_forget(fixture);
	return port;
}
