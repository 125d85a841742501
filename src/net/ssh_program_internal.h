/*
 * What the parts of net/ssh_program.h share: ssh_program.c (what all logins have in common),
 * ssh_program_login.c (the ssh that holds a connection), ssh_program_command.c (sessions on it).
 */
#ifndef NET_SSH_PROGRAM_INTERNAL_H
#define NET_SSH_PROGRAM_INTERNAL_H

#include <sys/stat.h>

#include "loop/child.h"
#include "net/ssh_program.h"
#include "net/ssh_program_folder.h"
#include "net/ssh_program_text.h"

/* So many sessions on a connection; sshd takes ten, and a spare one does not hurt. */
enum { SSH_PROGRAM_SESSIONS = 8 };

struct ssh_program {
	struct loop *loop;
	char *path; /* of ssh */
	const char *config_file;
	bool accepts_new_host_keys;
	struct ssh_program_folder *folder;
	char *wrapper;           /* the configuration that ssh is given */
	struct stat config_seen; /* config_file, as it is in the wrapper */
	int helper_fd;           /* the program that hands a password on; -1: there can be none */
	char *helper_path;
	char mark[40]; /* what it begins its questions with; nobody else knows it */
	uint64_t logins_made;
	size_t logins;
	bool is_freed; /* goes with its last login */
};

/* A login of it is no more. */
void ssh_program_leave(struct ssh_program *);

/* Bring the wrapper up to date with the user's file. */
int ssh_program_refresh(struct ssh_program *, struct err *);

struct ssh_program_login {
	struct ssh_program *program;
	struct ssh_session_events events;
	void *arg;
	char *name;
	uint16_t port;  /* as asked for; 0: as configured */
	char *password; /* NULL: none, or given */
	int64_t connect_timeout_ms;
	char *control_path;
	struct child *child;
	struct ssh_program_text *text;
	struct timer *deadline;
	struct deferred *start; /* of waiting commands; or the end, if ssh could not be started */
	struct err start_error;
	bool was_password_asked;
	bool is_open, has_ended;
	bool is_held, is_freed;            /* its memory is needed for a moment */
	struct ssh_program_command *first; /* in the order in which they were asked for */
	size_t sessions_max;
	uint64_t sessions_ended; /* so far */
};

/* Begin what waits as far as there is room. */
void ssh_program_login_turn(struct ssh_program_login *);

/* Its socket does not answer: ssh is going, or has to. */
void ssh_program_login_give_up(struct ssh_program_login *);

/* --- for the login ---------------------------------------------------------------------------*/

struct ssh_program_command *ssh_program_command_next(const struct ssh_program_command *);
bool ssh_program_command_is_waiting(const struct ssh_program_command *);
void ssh_program_command_begin(struct ssh_program_command *);
/* Whether the server would not run it, by what ssh said; if so, `ended` has been called. */
bool ssh_program_command_check_refusal(struct ssh_program_command *);
/* The connection is over; `ended` is called. */
void ssh_program_command_lose(struct ssh_program_command *, const char *text);

#endif
