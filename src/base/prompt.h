/*
 * Asking the person at the terminal, whatever standard input is.
 */
#ifndef BASE_PROMPT_H
#define BASE_PROMPT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/strbuf.h"

enum { PROMPT_ANSWER_MAX = 1024 };

/* There is a terminal to ask at, and stderr goes to one, so that the reasons can be read too. */
bool prompt_is_possible(void);

/*
 * Write the question to the terminal, then wait for a line, which replaces that of *ret_answer
 * without its end.  Ctrl-C ends the process, as it does at any prompt.  ERR_INPUT: no answer, the
 * terminal was closed, or it is over PROMPT_ANSWER_MAX bytes; ERR_NOT_FOUND: no terminal.
 */
int prompt_line(const char *question, struct strbuf *ret_answer, struct err *);

/* The same without showing what is typed; the terminal is put back also when a signal ends us. */
int prompt_secret(const char *question, struct strbuf *ret_answer, struct err *);

#endif
