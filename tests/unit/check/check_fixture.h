/*
 * A check from its target and settings, run once on a loop of its own; nothing may stay open.
 */
#ifndef TESTS_UNIT_CHECK_CHECK_FIXTURE_H
#define TESTS_UNIT_CHECK_CHECK_FIXTURE_H

#include <stdlib.h>

#include "base/strbuf.h"
#include "check/check.h"
#include "check/check_config.h"
#include "loop/loop_fixture.h"

enum { CHECK_SETTINGS_MAX = 8 };

struct checked {
	struct arena *arena;
	const struct check *check;
	struct check_result result;
};

struct check_settings {
	const char *items[CHECK_SETTINGS_MAX]; /* "timeout=5s" ... */
};

static inline int checked_try(const char *target, const struct check_settings *settings,
	struct arena *arena, const struct check **ret_check, struct err *err)
{
	const struct check_defaults defaults = {.timeout_ms = 60000, .attempts = 1, .recover = 1};
	struct check_setting parsed[CHECK_SETTINGS_MAX] = {0};
	const struct check *check;
	size_t count = 0;

	for (; count < CHECK_SETTINGS_MAX && settings->items[count]; count++) {
		parsed[count].text = str_of(settings->items[count]);
	}
	if (check_from_target(str_of(target), &defaults, parsed, count, arena, &check, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (!parsed[i].is_used) {
			*err = parsed[i].why;
			return -1;
		}
	}
	*ret_check = check;
	return 0;
}

/* A check that must be right; it is in the arena. */
static inline const struct check *checked_make(
	const char *target, const struct check_settings *settings, struct arena *arena)
{
	const struct check *check = NULL;
	struct err err = {0};

	if (checked_try(target, settings, arena, &check, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return check;
}

static inline void checked_done(void *arg, struct check_run *run)
{
	struct checked *checked = arg;

	check_run_take_result(run, &checked->result);
	check_run_free(&run);
}

/* Free with checked_free(). */
static inline void checked_run_in(struct checked *checked, const struct check_env *env,
	const char *target, const struct check_settings *settings)
{
	struct err err = {0};

	*checked = (struct checked){.arena = arena_new()};
	checked->check = checked_make(target, settings, checked->arena);
	(void)check_run_start(env, checked->check, checked_done, checked);
	if (loop_run(env->loop, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_non_null(checked->result.arena);
}

/* The same without a network. */
static inline void checked_run(struct checked *checked, struct fixture *fixture, const char *target,
	const struct check_settings *settings)
{
	const struct check_env env = {.loop = fixture->loop};

	checked_run_in(checked, &env, target, settings);
}

static inline void checked_free(struct checked *checked)
{
	arena_free(checked->result.arena);
	arena_free(checked->arena);
}

static inline void assert_outcome(
	const struct checked *checked, enum check_state state, enum check_code code)
{
	const struct check_result *result = &checked->result;

	if (result->state != state || result->code != code) {
		fail_msg("%s, %s: %s", check_state_name(result->state),
			check_code_name(result->code), result->message);
	}
}

static inline void assert_says(const char *text, const char *part)
{
	if (!text || !strstr(text, part)) {
		fail_msg("'%s' does not say '%s'", text ? text : "(nothing)", part);
	}
}

/* The evidence of that name, one text a line; "" if there is none.  In the result's arena. */
static inline const char *evidence_of(const struct check_result *result, const char *name)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct check_evidence *evidence = &result->evidence[i];

		for (size_t k = 0; strcmp(evidence->name, name) == 0 && k < evidence->texts_count;
			k++) {
			strbuf_addf(&text, "%s%s", k ? "\n" : "", evidence->texts[k]);
		}
	}
	copy = arena_strdup(result->arena, text.buf);
	strbuf_release(&text);
	return copy;
}

#endif
