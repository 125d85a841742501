/*
 * The signalfd.  See signals.h.
 */
#include "loop/signals.h"

#include <sys/signalfd.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"

struct signals {
	int fd;
	struct io *io;
	signal_fn *fn;
	void *arg;
	sigset_t old_mask;
};

static void signals_read(void *arg, unsigned events)
{
	struct signals *signals = arg;
	struct signalfd_siginfo info;

	(void)events;
	/* One for each call: the callback may free us, and epoll calls again for the next. */
	if (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		signals->fn(signals->arg, (int)info.ssi_signo);
	}
}

/* Whoever started us with SIGHUP ignored (nohup) wants us to outlive the terminal. */
static bool is_ignored(int signo)
{
	struct sigaction action;

	return sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_new(
	struct loop *loop, signal_fn *fn, void *arg, struct signals **ret_signals, struct err *err)
{
	struct signals *signals;
	sigset_t mask, old_mask;
	int fd;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGTERM);
	if (!is_ignored(SIGHUP)) {
		(void)sigaddset(&mask, SIGHUP);
	}
	fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		return err_set_errno(err, errno, "cannot receive signals");
	}

	(void)pthread_sigmask(SIG_BLOCK, &mask, &old_mask); /* fails for a wrong `how` only */
	signals = xcalloc(1, sizeof(*signals));
	*signals = (struct signals){.fd = fd, .fn = fn, .arg = arg, .old_mask = old_mask};
	signals->io = io_add(loop, fd, IO_READ, signals_read, signals);
	io_set_background(signals->io, true);
	*ret_signals = signals;
	return 0;
}

void signals_free(struct signals **signals_ptr)
{
	struct signals *signals = TAKE(*signals_ptr);

	if (signals) {
		io_free(&signals->io);
		(void)close(signals->fd); /* only read from */
		(void)pthread_sigmask(SIG_SETMASK, &signals->old_mask, NULL);
		free(signals);
	}
}
