/*
 * Passwords: from a file, or from the person at the terminal; never from a flag, never shown.
 */
#ifndef CMD_PASSWORD_H
#define CMD_PASSWORD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strbuf.h"
#include "conf/option.h"

enum { PASSWORD_MAX = 1024 };

/* Of a command that logs in to servers, and may use sudo there. */
struct password_opts {
	const char *login_file, *sudo_file; /* NULL: not given */
	bool asks_login, asks_sudo;
};

/* Rows of a command whose options embed a struct password_opts as `field`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): offsetof() takes no parentheses in its member */
// clang-format off
#define PASSWORD_LOGIN_ROWS(opts, field) \
	{.name = "password_file", .type = &option_path, .offset = offsetof(opts, field.login_file), .flags = OPTION_FLAG_ONLY, \
	 .placeholder = "FILE", .help = "log in with this password where a key does not do; proven on one server first"}, \
	{.name = "ask_password", .type = &option_bool, .offset = offsetof(opts, field.asks_login), .flags = OPTION_FLAG_ONLY, \
	 .help = "ask for the password to log in with, once"}
#define PASSWORD_SUDO_ROWS(opts, field) \
	{.name = "sudo_password_file", .type = &option_path, .offset = offsetof(opts, field.sudo_file), .flags = OPTION_FLAG_ONLY, \
	 .placeholder = "FILE", .help = "the password for sudo, proven on one server first; implies --sudo"}, \
	{.name = "ask_sudo_password", .type = &option_bool, .offset = offsetof(opts, field.asks_sudo), .flags = OPTION_FLAG_ONLY, \
	 .help = "ask for the password for sudo, once; implies --sudo"}
// clang-format on
/* NOLINTEND(bugprone-macro-parentheses) */

struct password_source {
	const char *flag; /* for errors: "--sudo-password-file" */
	const char *file; /* NULL: none */
	bool is_asked;
	const char *question; /* "Password: " */
};

/*
 * *ret_password is the first line of the file (at most PASSWORD_MAX bytes; one that others may read
 * is refused), or what was typed; it stays empty where neither is wanted.  Let password_release()
 * clear it from memory.  Errors are the user's to mend, and say nothing of what was read.
 */
int password_get(const struct password_source *, struct strbuf *ret_password, struct err *);
void password_release(struct strbuf *);

/* Both of a command, first the one to log in with. */
int password_get_both(const struct password_opts *, struct strbuf *ret_login,
	struct strbuf *ret_sudo, struct err *);

#endif
