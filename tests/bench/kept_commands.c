/*
 * Many commands on connections that stay open: what the daemon does between checks.
 *
 * usage: kept_commands SSH_CONFIG HOSTS_FILE COMMANDS [HOLD_SECONDS]
 *
 * Logs in to all hosts, runs `true` COMMANDS times on each, says "done", and then holds the
 * connections.  Exit status 0 if every command ended well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/parse.h"
#include "loop/loop.h"
#include "net/resolver.h"
#include "net/ssh_login.h"

struct bench;

struct host {
	struct bench *bench;
	char *name;
	struct ssh_login *login;
	struct ssh_command *command;
	int64_t commands_left;
};

struct bench {
	struct loop *loop;
	struct ssh_connector *connector;
	struct host *hosts;
	size_t hosts_count, busy;
	int64_t commands, hold_ms, failed;
	struct timer *timer;
};

static void next_command(struct host *);

static void stop(void *arg)
{
	struct bench *bench = arg;

	loop_stop(bench->loop);
}

static void host_done(struct host *host)
{
	struct bench *bench = host->bench;

	if (--bench->busy == 0) {
		puts("done");
		(void)fflush(stdout);
		timer_set(bench->timer, bench->hold_ms);
	}
}

static void output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)arg, (void)stream, (void)bytes;
}

static void command_ended(void *arg, const struct ssh_exec_end *end)
{
	struct host *host = arg;

	host->command = NULL;
	host->bench->failed += end->outcome != SSH_EXEC_EXITED || end->exit_code != 0;
	next_command(host);
}

static const struct ssh_exec_events command_events = {.output = output, .ended = command_ended};

static void next_command(struct host *host)
{
	static const struct ssh_exec_spec spec = {.command = "true", .drain_ms = 100};

	if (host->commands_left-- > 0) {
		host->command = ssh_command_start(host->login, &spec, &command_events, host);
		ssh_command_end_input(host->command);
	} else {
		host_done(host);
	}
}

static void opened(void *arg)
{
	next_command(arg);
}

static void login_ended(void *arg, const struct ssh_login_end *end)
{
	struct host *host = arg;

	fprintf(stderr, "%s: %s\n", host->name, end->text);
	host->login = NULL;
	host->bench->failed++;
	host_done(host);
}

static void open_all(struct bench *bench)
{
	static const struct ssh_login_events events = {.opened = opened, .ended = login_ended};

	bench->busy = bench->hosts_count;
	for (size_t i = 0; i < bench->hosts_count; i++) {
		struct host *host = &bench->hosts[i];
		const struct ssh_login_spec spec = {.name = host->name};

		host->bench = bench;
		host->commands_left = bench->commands;
		host->login = ssh_login_open(bench->connector, &spec, &events, host);
	}
}

static void close_all(struct bench *bench)
{
	for (size_t i = 0; i < bench->hosts_count; i++) {
		ssh_command_free(&bench->hosts[i].command);
		ssh_login_free(&bench->hosts[i].login);
		free(bench->hosts[i].name);
	}
	free(bench->hosts);
}

static int read_hosts(struct bench *bench, const char *path, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	struct str rest, line;

	if (file_read(path, FILE_REGULAR, 1 << 20, &text, err) < 0) {
		return -1;
	}
	rest = strbuf_str(&text);
	while (str_line(&rest, &line)) {
		bench->hosts =
			xreallocarray(bench->hosts, bench->hosts_count + 1, sizeof(*bench->hosts));
		bench->hosts[bench->hosts_count++] =
			(struct host){.name = xstrndup(line.ptr, line.len)};
	}
	strbuf_release(&text);
	return 0;
}

static int run(struct bench *bench, const char *config, struct err *err)
{
	const struct ssh_connector_options options = {.config_file = config};
	struct resolver *resolver;

	if (loop_new(&bench->loop, err) < 0 ||
		resolver_new(bench->loop, NULL, &resolver, err) < 0) {
		return -1;
	}
	bench->connector = ssh_connector_new(bench->loop, resolver, &options);
	bench->timer = timer_new(bench->loop, stop, bench);
	open_all(bench);
	if (loop_run(bench->loop, err) < 0) {
		return -1;
	}
	close_all(bench);
	timer_free(&bench->timer);
	ssh_connector_free(&bench->connector);
	resolver_free(&resolver);
	loop_free(&bench->loop);
	return 0;
}

int main(int argc, char *argv[])
{
	struct bench bench = {0};
	struct err err = {0};

	if (argc < 4 || parse_int(str_of(argv[3]), 0, 1000000, &bench.commands, &err) < 0 ||
		(argc > 4 && parse_duration(str_of(argv[4]), &bench.hold_ms, &err) < 0)) {
		fputs("usage: kept_commands SSH_CONFIG HOSTS_FILE COMMANDS [HOLD_SECONDS]\n",
			stderr);
		return 2;
	}
	if (read_hosts(&bench, argv[2], &err) < 0 || run(&bench, argv[1], &err) < 0) {
		fprintf(stderr, "kept_commands: %s\n", err.msg);
		return 1;
	}
	return bench.failed ? 1 : 0;
}
