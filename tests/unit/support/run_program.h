/*
 * Run a program to its end, for what tests have others make: keys, tables.
 */
#ifndef TESTS_UNIT_SUPPORT_RUN_PROGRAM_H
#define TESTS_UNIT_SUPPORT_RUN_PROGRAM_H

/* Its exit code; what it says goes to /dev/null.  -1: there is no such program, or it was killed.
 */
int run_program(const char *const *argv);

/* RUN("ssh-keygen", "-q", ...) */
#define RUN(...) run_program((const char *const[]){__VA_ARGS__, NULL})

#endif
