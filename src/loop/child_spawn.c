/*
 * Spawning and forking.  See child_spawn.h.
 *
 * posix_spawn() borrows our memory instead of copying it, returns when the exec has happened, and
 * says why if it has not.  A function cannot be spawned, so that is a fork().
 */
#include "loop/child_spawn.h"

#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "loop/child_reaper.h"
#include "loop/program.h"

enum { STATUS_FD = STDERR_FILENO + 1 }; /* in a fork: for the error of exec */

/* Everything open while a child is being made; what is left in it at the end is closed. */
struct plumbing {
	int in[2], out[2], err[2]; /* read end, write end */
	int cwd_fd;                /* AT_FDCWD: stay where we are */
};

static void plumbing_close(struct plumbing *plumbing)
{
	const int fds[] = {plumbing->in[0], plumbing->in[1], plumbing->out[0], plumbing->out[1],
		plumbing->err[0], plumbing->err[1], plumbing->cwd_fd};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		closep(&fds[i]);
	}
}

/*
 * Above 2, whatever of our own standard descriptors is closed: the child's are put into those
 * numbers one by one, and must not run over one that is still to be put.
 */
static int move_above_stdio(int *fd)
{
	int moved;

	if (*fd > STDERR_FILENO) {
		return 0;
	}
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	closep(fd);
	*fd = moved;
	return moved < 0 ? -1 : 0;
}

static int pipe_make(int fds[2])
{
	return pipe2(fds, O_CLOEXEC) < 0 || move_above_stdio(&fds[0]) < 0 ||
			       move_above_stdio(&fds[1]) < 0
		       ? -1
		       : 0;
}

/* `our_end` is the index of the end that we keep and that must not block. */
static int pipe_open(int fds[2], int our_end)
{
	return pipe_make(fds) < 0 ? -1 : fcntl(fds[our_end], F_SETFL, O_NONBLOCK);
}

static int cwd_open(const char *cwd, int *ret_fd, struct err *err)
{
	int fd = open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || move_above_stdio(&fd) < 0 || faccessat(fd, ".", X_OK, AT_EACCESS) < 0) {
		int saved = errno;

		closep(&fd);
		return err_set_errno(err, saved, "cannot change to the folder '%s'", cwd);
	}
	*ret_fd = fd;
	return 0;
}

static int plumbing_open(struct plumbing *plumbing, const struct child_spec *spec, struct err *err)
{
	bool has_input = spec->streams ? spec->streams->has_input : spec->input.len > 0;

	if (spec->cwd && cwd_open(spec->cwd, &plumbing->cwd_fd, err) < 0) {
		return -1;
	}
	if ((has_input && pipe_open(plumbing->in, 1) < 0) || pipe_open(plumbing->out, 0) < 0 ||
		pipe_open(plumbing->err, 0) < 0) {
		return err_set_errno(err, errno, "cannot make a pipe");
	}
	return 0;
}

/* Neither call can fail but for memory, and we do not live without. */
static void actions_fill(posix_spawn_file_actions_t *actions, const struct plumbing *plumbing)
{
	int r = 0;

	if (plumbing->cwd_fd != AT_FDCWD) {
		r |= posix_spawn_file_actions_addfchdir_np(actions, plumbing->cwd_fd);
	}
	if (plumbing->in[0] >= 0) {
		r |= posix_spawn_file_actions_adddup2(actions, plumbing->in[0], STDIN_FILENO);
	} else {
		r |= posix_spawn_file_actions_addopen(
			actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	}
	r |= posix_spawn_file_actions_adddup2(actions, plumbing->out[1], STDOUT_FILENO);
	r |= posix_spawn_file_actions_adddup2(actions, plumbing->err[1], STDERR_FILENO);
	r |= posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	if (r != 0) {
		abort();
	}
}

static void attributes_fill(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int r = 0;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	r |= posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	r |= posix_spawnattr_setpgroup(attributes, 0);
	r |= posix_spawnattr_setsigdefault(attributes, &all);
	r |= posix_spawnattr_setsigmask(attributes, &none);
	assert(r == 0);
	(void)r;
}

/* posix_spawn() asks for what it does not need: it changes none of them. */
static char *const *strings_mutable(const char *const *strings)
{
	return (char *const *)(uintptr_t)strings;
}

static int spawn_program(const struct child_spec *spec, const struct plumbing *plumbing,
	pid_t *ret_pid, struct err *err)
{
	static const char *const no_env[] = {NULL};
	_cleanup_(freep) char *path = NULL;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int errnum;

	if (program_find(spec->argv[0], spec->env, &path, err) < 0) {
		return -1;
	}

	if (posix_spawn_file_actions_init(&actions) != 0 ||
		posix_spawnattr_init(&attributes) != 0) {
		abort(); /* out of memory */
	}
	actions_fill(&actions, plumbing);
	attributes_fill(&attributes);
	errnum = posix_spawn(ret_pid, path, &actions, &attributes, strings_mutable(spec->argv),
		strings_mutable(spec->env ? spec->env : no_env));
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (errnum != 0) {
		return program_exec_error(path, plumbing->cwd_fd, errnum, err);
	}
	return 0;
}

/* In the child: all signals are blocked, and only async-signal-safe calls are allowed. */
static void function_signals(void)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++) {
		(void)sigaction(signo, &action, NULL); /* not for SIGKILL and SIGSTOP */
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* -1 with errno set. */
static int forked_setup(
	const struct child_spec *spec, const struct plumbing *plumbing, pid_t parent_pid)
{
	int in_fd = plumbing->in[0] >= 0 ? plumbing->in[0] : open("/dev/null", O_RDONLY);

	if (spec->dies_with_us) {
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent_pid) {
			return -1; /* it was too late for that */
		}
	}
	if (setpgid(0, 0) < 0 || (plumbing->cwd_fd != AT_FDCWD && fchdir(plumbing->cwd_fd) < 0) ||
		(in_fd != STDIN_FILENO && dup2(in_fd, STDIN_FILENO) < 0) ||
		dup2(plumbing->out[1], STDOUT_FILENO) < 0 ||
		dup2(plumbing->err[1], STDERR_FILENO) < 0) {
		return -1;
	}
	return 0;
}

/* What a fork is to become: a program, with a pipe to say why it has not, or a function. */
struct fork_plan {
	const struct child_spec *spec;
	const struct plumbing *plumbing;
	const char *path; /* NULL: the function */
	int status_fd;
	pid_t parent_pid;
};

static _Noreturn void forked_run(const struct fork_plan *plan)
{
	static const char *const no_env[] = {NULL};
	const struct child_spec *spec = plan->spec;
	int setup = forked_setup(spec, plan->plumbing, plan->parent_pid);
	int errnum = errno;

	if (setup == 0 && !plan->path) {
		closefrom(STDERR_FILENO + 1);
		function_signals();
		_exit(spec->function(spec->function_arg));
	}
	if (plan->path && (plan->status_fd == STATUS_FD ||
				  dup3(plan->status_fd, STATUS_FD, O_CLOEXEC) == STATUS_FD)) {
		if (setup == 0) {
			closefrom(STATUS_FD + 1);
			function_signals();
			(void)execve(plan->path, strings_mutable(spec->argv),
				strings_mutable(spec->env ? spec->env : no_env));
			errnum = errno;
		}
		(void)!write(STATUS_FD, &errnum, sizeof(errnum));
	}
	_exit(127); /* as a shell that could not start a program */
}

static int fork_child(struct fork_plan *plan, pid_t *ret_pid, struct err *err)
{
	sigset_t all, old;
	pid_t pid;
	int errnum;

	plan->parent_pid = getpid();
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	errnum = errno;
	if (pid == 0) {
		forked_run(plan);
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0) {
		(void)err_set_errno(err, errnum, "cannot fork");
		return -1;
	}
	*ret_pid = pid;
	return 0;
}

static int fork_function(const struct child_spec *spec, const struct plumbing *plumbing,
	pid_t *ret_pid, struct err *err)
{
	struct fork_plan plan = {.spec = spec, .plumbing = plumbing};

	return fork_child(&plan, ret_pid, err);
}

/* The fork says what went wrong, or nothing: then it has become the program. */
static int fork_status(int fd, pid_t pid, const char *path, int cwd_fd, struct err *err)
{
	int errnum;
	ssize_t n;

	do {
		n = read(fd, &errnum, sizeof(errnum));
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(errnum)) {
		return 0;
	}
	(void)waitpid(pid, NULL, 0);
	return program_exec_error(path, cwd_fd, errnum, err);
}

/* posix_spawn() cannot bind a life to ours. */
static int fork_program(const struct child_spec *spec, const struct plumbing *plumbing,
	pid_t *ret_pid, struct err *err)
{
	_cleanup_(freep) char *path = NULL;
	struct fork_plan plan = {.spec = spec, .plumbing = plumbing};
	int status[2] = {-1, -1};
	int r;

	if (program_find(spec->argv[0], spec->env, &path, err) < 0) {
		return -1;
	}
	r = pipe_make(status) < 0 ? err_set_errno(err, errno, "cannot make a pipe") : 0;
	plan.path = path;
	plan.status_fd = status[1];
	if (r == 0) {
		r = fork_child(&plan, ret_pid, err);
	}
	closep(&status[1]);
	if (r == 0) {
		r = fork_status(status[0], *ret_pid, path, plumbing->cwd_fd, err);
	}
	closep(&status[0]);
	return r;
}

static int start_process(const struct child_spec *spec, const struct plumbing *plumbing,
	pid_t *ret_pid, struct err *err)
{
	if (!spec->argv) {
		return fork_function(spec, plumbing, ret_pid, err);
	}
	return spec->dies_with_us ? fork_program(spec, plumbing, ret_pid, err)
				  : spawn_program(spec, plumbing, ret_pid, err);
}

int child_spawn(const struct child_spec *spec, struct child_process *ret_process, struct err *err)
{
	_cleanup_(plumbing_close) struct plumbing plumbing = {
		.in = {-1, -1}, .out = {-1, -1}, .err = {-1, -1}, .cwd_fd = AT_FDCWD};
	pid_t pid;
	int pid_fd;

	assert(!spec->argv != !spec->function);
	if (plumbing_open(&plumbing, spec, err) < 0) {
		return -1;
	}
	if (start_process(spec, &plumbing, &pid, err) < 0) {
		return -1;
	}
	pid_fd = pidfd_open(pid, 0);
	if (pid_fd < 0) {
		int saved = errno;

		/* Our limit of descriptors.  It has just been started, so this wait is short. */
		child_kill_group(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return err_set_errno(err, saved, "cannot watch process %d", (int)pid);
	}

	*ret_process = (struct child_process){.pid = pid,
		.pid_fd = pid_fd,
		.in_fd = plumbing.in[1],
		.out_fd = plumbing.out[0],
		.err_fd = plumbing.err[0]};
	plumbing.in[1] = plumbing.out[0] = plumbing.err[0] = -1;
	return 0;
}
