/*
 * Signals as ordinary loop events, through a signalfd.
 *
 * Making one blocks SIGINT, SIGTERM and SIGHUP for the process and ignores SIGPIPE; children get
 * the default dispositions and mask back (see child.h).
 */
#ifndef LOOP_SIGNALS_H
#define LOOP_SIGNALS_H

#include "loop/loop.h"

struct signals;

typedef void signal_fn(void *arg, int signo);

/* Does not keep the loop running by itself.  New; free with signals_free(). */
int signals_new(struct loop *, signal_fn *, void *arg, struct signals **ret_signals, struct err *);
void signals_free(struct signals **);

#endif
