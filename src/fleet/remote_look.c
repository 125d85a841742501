/*
 * A script, and the exit code that only it has.  See remote_look.h.
 */
#include "fleet/remote_look.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"

enum { GONE = 42, LOOKS_PER_S = 10 };

struct remote_look {
	struct ssh_command *channel;
	struct strbuf line;
	remote_look_fn *done;
	void *arg;
};

/* On one line and in single quotes, which any login shell hands on as it is.  Behind the name in
 * a process's stat, which may be anything, stand its state, parent, group and session. */
static void add_line(struct strbuf *out, int64_t pid, int wait_s)
{
	strbuf_addf(out, "exec /bin/sh -c 'p=%" PRId64 " n=%d; ", pid, wait_s * LOOKS_PER_S);
	strbuf_addf(out,
		"[ -r /proc/1/stat ] || exit 1; "
		"left() { for f in /proc/[0-9]*; do "
		"read -r l 2>/dev/null <$f/stat || continue; "
		"set -- ${l##*\\) }; "
		"[ \"$1\" = Z ] && continue; "
		"case \" ${f#/proc/} $3 $4 \" in *\" $p \"*) return 0;; esac; "
		"done; return 1; }; "
		"while left; do "
		"[ $n -gt 0 ] || exit 1; n=$((n-1)); "
		"sleep 0.1 2>/dev/null || sleep 1; "
		"done; exit %d'",
		GONE);
}

static void destroy(struct remote_look *look)
{
	strbuf_release(&look->line);
	free(look);
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	(void)arg; /* what a login shell may say */
	(void)stream;
	(void)bytes;
}

static void on_ended(void *arg, const struct ssh_exec_end *end)
{
	struct remote_look *look = arg;
	remote_look_fn *done = look->done;
	void *done_arg = look->arg;
	bool is_gone = end->outcome == SSH_EXEC_EXITED && end->exit_code == GONE;

	destroy(look);
	done(done_arg, is_gone);
}

struct remote_look *remote_look_start(
	struct ssh_login *login, int64_t pid, int wait_s, remote_look_fn *done, void *arg)
{
	static const struct ssh_exec_events events = {.output = on_output, .ended = on_ended};
	struct remote_look *look = xcalloc(1, sizeof(*look));
	struct ssh_exec_spec exec = {0};

	*look = (struct remote_look){.line = STRBUF_INIT, .done = done, .arg = arg};
	add_line(&look->line, pid, wait_s);
	exec.command = look->line.buf;
	look->channel = ssh_command_start(login, &exec, &events, look);
	return look;
}

void remote_look_free(struct remote_look **look_ptr)
{
	struct remote_look *look = TAKE(*look_ptr);

	if (look) {
		ssh_command_free(&look->channel);
		destroy(look);
	}
}
