/*
 * One attempt to tell a receiver: compose, start, deadline, end.  See notifier.h.
 */
#include "notify/notifier.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/utf8.h"

enum { TEXT_MAX = 400 };

static const char mask[] = "***";

const char *delivery_outcome_name(enum delivery_outcome outcome)
{
	static const char *const names[] = {
		[DELIVERY_ARRIVED] = "arrived",
		[DELIVERY_RETRY] = "retry",
		[DELIVERY_THROTTLED] = "throttled",
		[DELIVERY_REFUSED] = "refused",
	};

	_Static_assert(ARRAY_LEN(names) == DELIVERY_OUTCOMES, "a name for each");
	return names[outcome];
}

const char *channel_fault_name(enum channel_fault fault)
{
	static const char *const names[] = {
		[CHANNEL_OK] = "ok",
		[CHANNEL_REVOKED] = "revoked",
		[CHANNEL_ARCHIVED] = "archived",
		[CHANNEL_RATE_LIMITED] = "rate_limited",
		[CHANNEL_UNREACHABLE] = "unreachable",
		[CHANNEL_UNAVAILABLE] = "unavailable",
		[CHANNEL_REJECTED] = "rejected",
		[CHANNEL_MISCONFIGURED] = "misconfigured",
	};

	_Static_assert(ARRAY_LEN(names) == CHANNEL_FAULTS, "a name for each");
	return names[fault];
}

const char *notification_purpose_name(enum notification_purpose purpose)
{
	static const char *const names[] = {
		[NOTIFICATION_TRIGGER] = "trigger",
		[NOTIFICATION_RESOLVE] = "resolve",
		[NOTIFICATION_ACKNOWLEDGE] = "acknowledge",
		[NOTIFICATION_REMINDER] = "reminder",
		[NOTIFICATION_RESEND] = "resend",
		[NOTIFICATION_SUMMARY] = "summary",
		[NOTIFICATION_DIGEST] = "digest",
		[NOTIFICATION_NOTICE] = "notice",
		[NOTIFICATION_TEST] = "test",
	};

	_Static_assert(ARRAY_LEN(names) == NOTIFICATION_PURPOSES, "a name for each");
	return names[purpose];
}

int64_t notification_total(const struct notification *notification)
{
	const int64_t shown = (int64_t)notification->alerts_count;

	return notification->alerts_total > shown ? notification->alerts_total : shown;
}

/* Secrets */

void notify_message_add_secret(struct notify_message *message, const char *secret)
{
	size_t count = 0;

	if (!secret || secret[0] == '\0') {
		return;
	}
	while (message->secrets[count]) {
		if (strcmp(message->secrets[count], secret) == 0) {
			return;
		}
		count++;
	}
	assert(count < NOTIFY_SECRETS_MAX);
	message->secrets[count] = secret;
}

/* The longest secret that the text begins with: one may hold another. */
static size_t secret_at(const struct notify_message *message, struct str text)
{
	size_t longest = 0;

	for (const char *const *secret = message->secrets; *secret; secret++) {
		if (str_starts(text, *secret) && strlen(*secret) > longest) {
			longest = strlen(*secret);
		}
	}
	return longest;
}

static void add_masked(const struct notify_message *message, struct str text, struct strbuf *out)
{
	size_t at = 0;

	while (at < text.len) {
		size_t len = secret_at(message, str_sub(text, at, text.len));

		if (len > 0) {
			strbuf_adds(out, mask);
			at += len;
		} else {
			strbuf_addc(out, text.ptr[at++]);
		}
	}
}

static bool is_secret_header(const struct notify_message *message, const char *name)
{
	const char *const *secret = message->secret_headers;

	while (secret && *secret && strcmp(*secret, name) != 0) {
		secret++;
	}
	return secret && *secret;
}

/* `secrets` has the secrets. */
static void show_request(const struct notify_message *secrets, const struct notify_message *message,
	struct strbuf *out)
{
	const char *url = message->shown_url ? message->shown_url : message->url;

	add_masked(secrets, str_of(message->method), out);
	if (url && url[0] != '\0') {
		strbuf_addc(out, ' ');
		add_masked(secrets, str_of(url), out);
	}
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < message->headers.items_count; i++) {
		const struct pair *header = &message->headers.items[i];

		strbuf_addf(out, "%s: ", header->name);
		if (is_secret_header(message, header->name)) {
			strbuf_adds(out, mask);
		} else {
			add_masked(secrets, str_of(header->value), out);
		}
		strbuf_addc(out, '\n');
	}
	if (message->body.len > 0) {
		strbuf_addc(out, '\n');
		add_masked(secrets, message->body, out);
		strbuf_addc(out, '\n');
	}
}

void notify_message_show(const struct notify_message *message, struct strbuf *out)
{
	for (const struct notify_message *part = message; part; part = part->next) {
		if (part != message) {
			strbuf_addc(out, '\n');
		}
		show_request(message, part, out);
	}
}

/* A text that came from outside, in the run's arena. */
static const char *safe_text(struct notify_run *run, const char *text, size_t max_bytes)
{
	_cleanup_(strbuf_release) struct strbuf masked = STRBUF_INIT;
	_cleanup_(strbuf_release) struct strbuf safe = STRBUF_INIT;

	if (!text) {
		return "";
	}
	add_masked(&run->message, str_of(text), &masked);
	utf8_add_escaped(&safe, str_trim(strbuf_str(&masked)), max_bytes);
	return arena_strndup(run->arena, safe.buf, safe.len);
}

/* The course of a run */

static void run_ended(void *arg)
{
	struct notify_run *run = arg;

	run->ending = NULL;
	run->done(run->done_arg, run);
}

void notify_done(struct notify_run *run, const struct delivery_result *result)
{
	assert(!run->is_done);
	run->is_done = true;
	run->result = *result;
	run->result.text = safe_text(run, result->text, TEXT_MAX);
	run->result.body = safe_text(run, result->body, NOTIFY_BODY_MAX);
	timer_free(&run->deadline);
	run->ending = loop_defer(run->env->loop, run_ended, run);
}

static void run_release_kind(struct notify_run *run)
{
	if (run->is_started && !run->is_released && run->receiver->kind->release) {
		run->receiver->kind->release(run);
	}
	run->is_released = true;
	run->state = NULL;
}

/* Its handles go at once: an answer that comes in this very turn is too late. */
static void run_timed_out(void *arg)
{
	struct notify_run *run = arg;
	struct delivery_result result = {
		.outcome = DELIVERY_RETRY,
		.fault = CHANNEL_UNREACHABLE,
		.retry_after_ms = -1,
	};
	struct strbuf limit = STRBUF_INIT;

	time_add_duration_exact(&limit, run->receiver->timeout_ms);
	result.text = arena_printf(run->arena, "timed out after %s", limit.buf);
	strbuf_release(&limit);
	if (run->receiver->kind->interrupted) {
		run->receiver->kind->interrupted(run, &result);
	}
	run_release_kind(run);
	notify_done(run, &result);
}

static void run_refuse(struct notify_run *run, const struct err *err)
{
	const struct delivery_result result = {
		.outcome = DELIVERY_REFUSED,
		.fault = CHANNEL_MISCONFIGURED,
		.retry_after_ms = -1,
		.text = err->msg,
	};

	notify_done(run, &result);
}

struct notify_run *notify_start(const struct notify_env *env, const struct receiver *receiver,
	const struct notification *notification, notify_done_fn *done, void *arg)
{
	struct notify_run *run = xcalloc(1, sizeof(*run));
	struct err err = {0};

	assert(receiver->timeout_ms > 0);
	*run = (struct notify_run){
		.env = env,
		.receiver = receiver,
		.notification = notification,
		.arena = arena_new(),
		.done = done,
		.done_arg = arg,
		.started_us = time_mono_us(),
	};
	if (receiver->kind->compose(receiver, notification, run->arena, &run->message, &err) < 0) {
		run_refuse(run, &err);
		return run;
	}
	run->deadline = timer_add(env->loop, receiver->timeout_ms, run_timed_out, run);
	run->is_started = true;
	receiver->kind->start(run);
	return run;
}

void notify_run_free(struct notify_run **run)
{
	struct notify_run *r = *run;

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
