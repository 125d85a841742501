/*
 * What the program's exit code means, the same for every subcommand.  Documented in the man page.
 */
#ifndef BASE_EXIT_CODE_H
#define BASE_EXIT_CODE_H

enum exit_code {
	EXIT_CODE_OK = 0,            /* it worked; everything checked is healthy */
	EXIT_CODE_FAILED = 1,        /* it ran, and something failed or is unhealthy */
	EXIT_CODE_USAGE = 2,         /* wrong usage or configuration; nothing was done */
	EXIT_CODE_LOCKED = 75,       /* another process holds the lock or the store; nothing done */
	EXIT_CODE_DEADLINE = 124,    /* the deadline of the whole run passed */
	EXIT_CODE_INTERRUPTED = 130, /* SIGINT, after stopping what it had started */
	EXIT_CODE_TERMINATED = 143,  /* SIGTERM, likewise */
};

#endif
