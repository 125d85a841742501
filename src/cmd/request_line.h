/*
 * A command line that was typed before, under the flags that are given now: what a run that is
 * repeated is asked for.
 */
#ifndef CMD_REQUEST_LINE_H
#define CMD_REQUEST_LINE_H

#include "cmd/cmd.h"
#include "fleet/run_request.h"

struct request_line_spec {
	const struct run_request *request; /* a line of `cmd` */
	const struct cmd *cmd;
	/* Its flags that say what is done, not how it is shown, asked about or allowed; ends with
	 * NULL. */
	const char *const *kept;
	/* Who repeats it, maybe with another subcommand, and the flags of that one that say which
	 * run, and where; ends with NULL. */
	const struct cmd_run *now;
	const char *const *passed_over;
};

struct request_line {
	void *opts; /* of `cmd`: what is given now, else what was kept, else the default */
	struct command_line line; /* the arguments of before, and the rows of both */
	const char *config;       /* --config of before; NULL: there was none */
};

/*
 * Paths of before that are relative start where it was typed; arguments are as they were.  Memory
 * is in the arena of `now`.  ERR_INPUT: the line is not understood any more, or a flag that is
 * given now is none of `cmd`, or has a value there that it does not take.
 */
int request_line_take(const struct request_line_spec *, struct request_line *ret, struct err *);

/*
 * What a subcommand is run with on that line; in the arena, and borrows the line.  Its argv is the
 * one of before, with those kept flags that are given now, so that it can be repeated in turn.
 */
struct cmd_run *request_line_run(const struct request_line_spec *, struct request_line *);

#endif
