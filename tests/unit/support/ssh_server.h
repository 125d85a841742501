/*
 * An SSH server in a process of its own that asks for passwords as we like, and does what real
 * servers do only when something is wrong.
 */
#ifndef TESTS_UNIT_SUPPORT_SSH_SERVER_H
#define TESTS_UNIT_SUPPORT_SSH_SERVER_H

#include "support/ssh_fixture.h"

enum ssh_server_manner {
	SSH_SERVER_PASSWORD,      /* "secret" */
	SSH_SERVER_QUESTION,      /* keyboard-interactive: the same */
	SSH_SERVER_TWO_QUESTIONS, /* "Password:" and "Code:" */
	SSH_SERVER_BOTH,          /* any key first, then the password */
	SSH_SERVER_NONE,          /* nothing */
	SSH_SERVER_SILENT,        /* never answers an attempt */
	SSH_SERVER_HANGS_UP,      /* at the first attempt */
};

/*
 * Commands are words: "no-status" closes without one, "code N" tells the exit status N, "signal
 * NAME" a signal, "eof-first" the end of output long before the status, "await-signal" says which
 * came, "freeze" stops the server, "refuse" is refused, "hang-up" ends the connection.
 */
uint16_t ssh_server_start(struct ssh_fixture *, enum ssh_server_manner);

#endif
