/*
 * Signals as ordinary loop events, through a signalfd.
 *
 * Making one blocks SIGINT, SIGTERM and SIGHUP in the calling thread and those it will start, so
 * make it before any other thread.  A SIGHUP that is ignored (nohup) stays ignored.  Children get
 * the default dispositions and mask back (see child.h).
 */
#ifndef LOOP_SIGNALS_H
#define LOOP_SIGNALS_H

#include "loop/loop.h"

struct signals;

/* Called once for each signal that came, with its number; may free the signals. */
typedef void signal_fn(void *arg, int signo);

/* Does not keep the loop running by itself.  New; free with signals_free(). */
int signals_new(struct loop *, signal_fn *, void *arg, struct signals **ret_signals, struct err *);

/* Gives the signals back what they did before: one that is still waiting may end the process here.
 */
void signals_free(struct signals **);

#endif
