/*
 * The reaper.  See child_reaper.h.
 *
 * A process is reaped last of all: until then its number, which is also that of its group, cannot
 * belong to somebody else, and killing the group is safe.
 */
#include "loop/child_reaper.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/loop_internal.h"

struct orphan {
	struct reaper *reaper;
	struct orphan *prev, *next;
	pid_t pid;
	int pid_fd; /* -1: it has ended, and only its group is waited for */
	struct io *io;
	struct timer *timer;
};

struct reaper {
	struct orphan *first;
};

void child_kill_group(pid_t pid, int signo)
{
	/* It may have left the group since, or have yet to make it.  That we may not kill it is
	 * noticed by whoever waits for it to go. */
	if (kill(-pid, signo) < 0 || getpgid(pid) != pid) {
		(void)kill(pid, signo);
	}
}

static struct orphan *orphan_new(struct loop *loop, pid_t pid, int pid_fd)
{
	struct orphan *orphan = xcalloc(1, sizeof(*orphan));

	if (!loop->reaper) {
		loop->reaper = xcalloc(1, sizeof(*loop->reaper));
	}
	*orphan = (struct orphan){
		.reaper = loop->reaper, .next = loop->reaper->first, .pid = pid, .pid_fd = pid_fd};
	if (orphan->next) {
		orphan->next->prev = orphan;
	}
	loop->reaper->first = orphan;
	return orphan;
}

static void orphan_free(struct orphan *orphan)
{
	if (orphan->prev) {
		orphan->prev->next = orphan->next;
	} else {
		orphan->reaper->first = orphan->next;
	}
	if (orphan->next) {
		orphan->next->prev = orphan->prev;
	}
	io_free(&orphan->io);
	timer_free(&orphan->timer);
	closep(&orphan->pid_fd);
	free(orphan);
}

static void orphan_ended(void *arg, unsigned events)
{
	struct orphan *orphan = arg;

	(void)events;
	if (waitpid(orphan->pid, NULL, WNOHANG) != 0) {
		orphan_free(orphan);
	}
}

void reaper_adopt_killed(struct loop *loop, pid_t pid, int pid_fd)
{
	struct orphan *orphan = orphan_new(loop, pid, pid_fd);

	orphan->io = io_add(loop, pid_fd, IO_READ, orphan_ended, orphan);
	io_set_background(orphan->io, true);
}

static void orphan_grace_over(void *arg)
{
	struct orphan *orphan = arg;

	child_kill_group(orphan->pid, SIGKILL);
	(void)waitpid(orphan->pid, NULL, WNOHANG);
	orphan_free(orphan);
}

void reaper_adopt_group(struct loop *loop, pid_t pid, int64_t grace_ms)
{
	struct orphan *orphan = orphan_new(loop, pid, -1);

	orphan->timer = timer_add(loop, grace_ms, orphan_grace_over, orphan);
	timer_set_background(orphan->timer, true);
}

static void orphan_patience_over(void *arg)
{
	struct orphan *orphan = arg;

	child_kill_group(orphan->pid, SIGKILL);
}

/* Who is left of its group has had the time that it took to end. */
static void orphan_dismissed_ended(void *arg, unsigned events)
{
	struct orphan *orphan = arg;
	siginfo_t info = {0};

	(void)events;
	if (waitid(P_PID, (id_t)orphan->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid == orphan->pid) {
		orphan_grace_over(orphan);
	}
}

void reaper_adopt_dismissed(struct loop *loop, pid_t pid, int pid_fd, int64_t grace_ms)
{
	struct orphan *orphan = orphan_new(loop, pid, pid_fd);

	orphan->io = io_add(loop, pid_fd, IO_READ, orphan_dismissed_ended, orphan);
	io_set_background(orphan->io, true);
	orphan->timer = timer_add(loop, grace_ms, orphan_patience_over, orphan);
	timer_set_background(orphan->timer, true);
}

void reaper_free(struct reaper **reaper_ptr)
{
	struct reaper *reaper = TAKE(*reaper_ptr);
	struct orphan *orphan = reaper ? reaper->first : NULL;

	while (orphan) {
		struct orphan *next = orphan->next;

		orphan_grace_over(orphan);
		orphan = next;
	}
	free(reaper);
}
