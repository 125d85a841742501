/*
 * A program that sudo runs, its lines decoded as they come.  See copy_sudo_show.h.
 */
#include "fleet/copy_sudo_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "fleet/copy_put.h"
#include "fleet/copy_sudo_script.h"
#include "fleet/remote_command.h"

struct copy_sudo_show {
	struct copy_sudo_show_events events;
	void *arg;
	size_t count, told;
	const char *argv[5];
	struct strbuf input;
	struct strbuf line; /* what came of it */
	struct strbuf content;
	struct remote_command *command;
};

void copy_sudo_show_free(struct copy_sudo_show **show_ptr)
{
	struct copy_sudo_show *show = TAKE(*show_ptr);

	if (show) {
		remote_command_free(&show->command);
		strbuf_release(&show->input);
		strbuf_release(&show->line);
		strbuf_release(&show->content);
		free(show);
	}
}

static void on_started(void *arg, int64_t pid)
{
	(void)arg;
	(void)pid;
}

static void take_line(struct copy_sudo_show *show)
{
	size_t path = show->told++;

	strbuf_clear(&show->content);
	if (path < show->count && show->line.dropped_bytes == 0 &&
		copy_sudo_parse_content(strbuf_str(&show->line), &show->content)) {
		show->events.content(show->arg, path, strbuf_str(&show->content));
	}
	strbuf_clear(&show->line);
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct copy_sudo_show *show = arg;

	while (stream == SSH_STREAM_STDOUT && bytes.len > 0) {
		size_t end = str_find(bytes, '\n', 0);

		strbuf_addstr(&show->line, str_sub(bytes, 0, end));
		if (end >= bytes.len) {
			return;
		}
		take_line(show);
		bytes = str_sub(bytes, end + 1, bytes.len);
	}
}

static void on_ended(void *arg, const struct remote_command_end *end)
{
	struct copy_sudo_show *show = arg;
	void (*done)(void *arg) = show->events.done;

	(void)end;            /* then less is shown */
	show->command = NULL; /* gone after this */
	arg = show->arg;
	copy_sudo_show_free(&show);
	done(arg);
}

struct copy_sudo_show *copy_sudo_show_start(const struct copy_sudo_show_spec *spec,
	const struct copy_sudo_show_events *events, void *arg)
{
	static const struct remote_command_events command_events = {
		on_started, on_output, on_ended};
	struct copy_sudo_show *show = xcalloc(1, sizeof(*show));
	struct remote_command_spec command = {.sudo_password = spec->password};

	*show = (struct copy_sudo_show){
		.events = *events,
		.arg = arg,
		.count = spec->count,
		.argv = {"/bin/sh", "-c", copy_sudo_show, "sh", NULL},
		.input = STRBUF_INIT,
		.line = STRBUF_INIT_MAX(2 * (size_t)COPY_DIFF_MAX),
		.content = STRBUF_INIT_MAX(COPY_DIFF_MAX),
	};
	for (size_t i = 0; i < spec->count; i++) {
		copy_sudo_add_question(&show->input, spec->paths[i]);
	}
	command.supervised = (struct supervisor_spec){
		.argv = show->argv,
		.has_input = true,
		.sudo = spec->password ? SUPERVISOR_SUDO_PASSWORD : SUPERVISOR_SUDO_QUIET,
	};
	command.input = strbuf_str(&show->input);
	show->command =
		remote_command_start(spec->loop, spec->login, &command, &command_events, show);
	return show;
}

void copy_sudo_show_stop(struct copy_sudo_show *show)
{
	remote_command_stop(show->command);
}
