/*
 * Passwords: from a file, or from the person at the terminal; never from a flag, never shown.
 */
#ifndef CMD_PASSWORD_H
#define CMD_PASSWORD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strbuf.h"

enum { PASSWORD_MAX = 1024 };

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

#endif
