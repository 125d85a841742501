/*
 * One run of one check: start, deadline, end, and the judgement of its thresholds.  See check.h.
 */
#include "check/check.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "check/judge.h"

enum { BACKSTOP_MS = 1000 }; /* after a kind's own deadline */

static void run_ended(void *arg)
{
	struct check_run *run = arg;

	run->ending = NULL;
	run->done(run->done_arg, run);
}

/* The owner hears of it at the end of the turn. */
static void run_finish(struct check_run *run)
{
	run->is_done = true;
	timer_free(&run->deadline);
	run->result.duration_us = time_mono_us() - run->started_us;
	run->ending = loop_defer(run->env->loop, run_ended, run);
}

static void run_set(
	struct check_run *run, enum check_state state, enum check_code code, const char *message)
{
	run->result.state = state;
	run->result.code = code;
	run->result.message = message;
}

void check_done(
	struct check_run *run, enum check_state state, enum check_code code, const char *fmt, ...)
{
	struct strbuf message = STRBUF_INIT;
	va_list ap;

	assert(!run->is_done);
	va_start(ap, fmt);
	strbuf_vaddf(&message, fmt, ap);
	va_end(ap);
	run_set(run, state, code, arena_strndup(run->arena, message.buf, message.len));
	strbuf_release(&message);
	check_judge(run->check, &run->result);
	if ((run->result.state != CHECK_OK || run->env->wants_evidence) &&
		run->check->kind->explain) {
		run->check->kind->explain(run);
	}
	run_finish(run);
}

static const char *run_interrupted(struct check_run *run)
{
	const char *phase = NULL;

	if (run->check->kind->interrupted) {
		phase = run->check->kind->interrupted(run);
	}
	return phase ? arena_printf(run->arena, " while %s", phase) : "";
}

static void run_release_kind(struct check_run *run)
{
	if (run->check->kind->release && !run->is_released) {
		run->check->kind->release(run);
	}
	run->is_released = true;
	run->state = NULL;
}

/* Its handles go at once: an answer that comes in this very turn is too late. */
static void run_cut_short(struct check_run *run)
{
	run_release_kind(run);
	run_finish(run);
}

static void run_timed_out(void *arg)
{
	struct check_run *run = arg;
	struct strbuf limit = STRBUF_INIT;

	time_add_duration_exact(&limit, run->check->timeout_ms);
	run_set(run, run->check->kind->timeout_state, CODE_TIMEOUT,
		arena_printf(run->arena, "timed out after %s%s", limit.buf, run_interrupted(run)));
	strbuf_release(&limit);
	run_cut_short(run);
}

void check_run_interrupt(struct check_run *run, const char *why)
{
	if (run->is_done) {
		return;
	}
	run_set(run, CHECK_UNKNOWN, CODE_CANCELLED,
		arena_printf(run->arena, "%s%s", why, run_interrupted(run)));
	run_cut_short(run);
}

struct check_run *check_run_start(
	const struct check_env *env, const struct check *check, check_done_fn *done, void *arg)
{
	struct arena *arena = arena_new();
	struct check_run *run = xcalloc(1, sizeof(*run));

	assert(check->timeout_ms > 0);
	*run = (struct check_run){
		.env = env,
		.check = check,
		.opts = check->opts,
		.arena = arena,
		.done = done,
		.done_arg = arg,
		.started_us = time_mono_us(),
	};
	run->result = (struct check_result){
		.arena = arena,
		.state = CHECK_UNKNOWN,
		.code = CODE_NOT_STARTED,
		.message = "",
		.started_wall_ms = time_wall_ms(),
		.attempts = 1,
	};
	run->deadline = timer_add(env->loop,
		check->timeout_ms + (check->kind->has_own_deadline ? BACKSTOP_MS : 0),
		run_timed_out, run);
	check->kind->start(run);
	return run;
}

void check_run_free(struct check_run **run)
{
	struct check_run *r = *run;

	if (!r) {
		return;
	}
	run_release_kind(r);
	timer_free(&r->deadline);
	deferred_free(&r->ending);
	arena_free(r->arena);
	free(r);
	*run = NULL;
}

void check_run_take_result(struct check_run *run, struct check_result *ret_result)
{
	assert(run->is_done);
	run_release_kind(run);
	*ret_result = run->result;
	run->arena = NULL;
	run->result.arena = NULL;
}
