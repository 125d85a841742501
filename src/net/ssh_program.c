/*
 * What logins through ssh have in common.  See ssh_program.h.
 *
 * ssh is given a configuration of ours that ends in the user's: of each keyword the first value
 * counts, and unlike what stands on its command line, a configuration is handed on to the ssh of
 * each bastion (ProxyJump).  So nothing on the way asks questions, leaves host keys unchecked, or
 * stays behind.
 *
 * A password is handed on by a program of four lines that lives in memory (SSH_ASKPASS).  It says
 * on ssh's standard error that it was asked, and by which process; only if that is the ssh that we
 * started, the password is written to its standard input, which no other program inherits: ssh
 * gives bastions and proxies pipes of their own.
 */
#include "net/ssh_program.h"

#include <sys/mman.h>
#include <sys/random.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/utf8.h"
#include "loop/program.h"
#include "net/ssh_program_internal.h"

enum { CONFIG_MAX = 1024 * 1024 };

/* --- the configuration ---------------------------------------------------------------------- */

static const char settings_of_ours[] = "BatchMode yes\n"
				       "NumberOfPasswordPrompts 1\n"
				       "NoHostAuthenticationForLocalhost no\n"
				       "UpdateHostKeys no\n"
				       "ControlMaster no\n"
				       "ConnectionAttempts 1\n"
				       "ServerAliveInterval 5\n"
				       "ServerAliveCountMax 3\n"
				       "ClearAllForwardings yes\n"
				       "ForwardX11 no\n"
				       "Tunnel no\n"
				       "RequestTTY no\n"
				       "RemoteCommand none\n"
				       "PermitLocalCommand no\n"
				       "VisualHostKey no\n"
				       "EscapeChar none\n"
				       "LogLevel INFO\n";

static int add_include(struct strbuf *out, const char *path, struct err *err)
{
	if (strpbrk(path, "*?[]{}\"\\\n")) {
		return err_set(err, ERR_INPUT, "ssh cannot be told to read '%s'",
			utf8_quote(str_of(path)).text);
	}
	strbuf_addf(out, "Include \"%s\"\n", path);
	return 0;
}

/* As ssh does, not by $HOME. */
static int add_usual_files(struct strbuf *out, struct err *err)
{
	char buffer[4096];
	struct passwd entry, *found = NULL;
	int r = 0;

	if (getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) == 0 && found) {
		char *path = xasprintf("%s/.ssh/config", found->pw_dir);

		r = add_include(out, path, err);
		free(path);
	}
	return r < 0 ? r : add_include(out, "/etc/ssh/ssh_config", err);
}

static int add_given_file(struct strbuf *out, const char *path, struct err *err)
{
	struct strbuf content = STRBUF_INIT_MAX(CONFIG_MAX);
	int r = file_read(path, FILE_ANY, CONFIG_MAX, &content, err);

	/* A file that is given may be writable for a group; an included one may not. */
	strbuf_addstr(out, strbuf_str(&content));
	strbuf_release(&content);
	return r;
}

static int wrapper_write(struct ssh_program *program, struct err *err)
{
	struct strbuf text = STRBUF_INIT;
	int r;

	strbuf_addf(&text, "StrictHostKeyChecking %s\n",
		program->accepts_new_host_keys ? "accept-new" : "yes");
	strbuf_adds(&text, settings_of_ours);
	r = program->config_file ? add_given_file(&text, program->config_file, err)
				 : add_usual_files(&text, err);
	if (r == 0) {
		r = file_write(program->wrapper, strbuf_str(&text), 0600, err);
	}
	strbuf_release(&text);
	return r;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int ssh_program_refresh(struct ssh_program *program, struct err *err)
{
	struct stat seen;

	if (!program->config_file || stat(program->config_file, &seen) < 0 ||
		is_same(&seen, &program->config_seen)) {
		return 0;
	}
	program->config_seen = seen;
	return wrapper_write(program, err);
}

/* --- passwords ------------------------------------------------------------------------------ */

static void make_mark(struct ssh_program *program)
{
	uint64_t random[2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
		abort(); /* does not happen for so few bytes */
	}
	(void)snprintf(program->mark, sizeof(program->mark),
		"%016llx%016llx:", (unsigned long long)random[0], (unsigned long long)random[1]);
}

/* Newer kernels want to be told that a file in memory is to be run; older ones do not know how. */
static int memory_file(const char *name)
{
	const unsigned is_executable = 0x10; /* MFD_EXEC */
	int fd = memfd_create(name, MFD_CLOEXEC | is_executable);

	return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC) : fd;
}

/*
 * Questions about anything else (a passphrase, a PIN, a host's key) have no answer.  What it reads
 * begins with the mark, or it has been started by somebody whose input is not ours: then it waits,
 * saying nothing, to be killed.
 */
static int write_helper(int fd, const char *mark)
{
	static const char script[] = "#!/bin/sh\n"
				     "case $1 in '('* | *\"'s password: \" | [Pp]assword*) ;; *) "
				     "exit 1 ;; esac\n"
				     "echo \"%s$PPID\" >&2\n"
				     "IFS= read -r line || exit 1\n"
				     "case $line in %s*) printf '%%s\\n' \"${line#*:}\" ;; *) exec "
				     "sleep 30 ;; esac\n";
	char *text = xasprintf(script, mark, mark);
	int r = file_write_all(fd, str_of(text)) < 0 ? -1 : fchmod(fd, 0500);

	free(text);
	return r;
}

/* Some systems run nothing from memory: then no question has an answer. */
static void make_helper(struct ssh_program *program)
{
	program->helper_fd = memory_file("ssh-askpass");
	if (program->helper_fd >= 0 && write_helper(program->helper_fd, program->mark) < 0) {
		closep(&program->helper_fd);
		program->helper_fd = -1;
	}
	program->helper_path = program->helper_fd >= 0 ? xasprintf("/proc/%d/fd/%d", (int)getpid(),
								 program->helper_fd)
						       : xstrdup("/bin/false");
}

/* --- all of it ------------------------------------------------------------------------------ */

static int program_fill(
	struct ssh_program *program, const struct ssh_program_options *options, struct err *err)
{
	const char *name = options->program ? options->program : "ssh";

	if (program_find(name, (const char *const *)environ, &program->path, err) < 0) {
		return -1;
	}
	if (access(program->path, X_OK) < 0) {
		return err_set_errno(err, errno, "cannot run '%s'", program->path);
	}
	if (ssh_program_folder_new(&program->folder, err) < 0) {
		return -1;
	}
	program->wrapper = xasprintf("%s/config", ssh_program_folder_path(program->folder));
	if (program->config_file && stat(program->config_file, &program->config_seen) < 0) {
		return err_set_errno(err, errno, "cannot read '%s'", program->config_file);
	}
	make_mark(program);
	make_helper(program);
	return wrapper_write(program, err);
}

int ssh_program_new(struct loop *loop, const struct ssh_program_options *options,
	struct ssh_program **ret_program, struct err *err)
{
	struct ssh_program *program = xcalloc(1, sizeof(*program));

	*program = (struct ssh_program){
		.loop = loop,
		.config_file = options->config_file,
		.accepts_new_host_keys = options->accepts_new_host_keys,
		.helper_fd = -1,
	};
	if (program_fill(program, options, err) < 0) {
		ssh_program_free(&program);
		return -1;
	}
	*ret_program = program;
	return 0;
}

static void program_destroy(struct ssh_program *program)
{
	ssh_program_folder_free(&program->folder);
	closep(&program->helper_fd);
	free(program->path);
	free(program->wrapper);
	free(program->helper_path);
	free(program);
}

/* Inside a callback of its last login, which is still needed for a moment, it goes with that. */
void ssh_program_free(struct ssh_program **program_ptr)
{
	struct ssh_program *program = TAKE(*program_ptr);

	if (program) {
		program->is_freed = true;
		if (program->logins == 0) {
			program_destroy(program);
		}
	}
}

void ssh_program_leave(struct ssh_program *program)
{
	program->logins--;
	if (program->is_freed && program->logins == 0) {
		program_destroy(program);
	}
}
