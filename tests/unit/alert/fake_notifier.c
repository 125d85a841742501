#include "alert/fake_notifier.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/vec.h"
#include "cmocka_all.h"

struct fake_run {
	struct notify_run *run;
	struct timer *timer;
	struct fake_answer answer;
	size_t message; /* SIZE_MAX: not remembered */
};

void fake_opts_release(struct fake_opts *opts)
{
	free(opts->messages);
}

static const char *fake_target(const void *opts, struct arena *arena)
{
	(void)opts;
	(void)arena;
	return "fake";
}

static int fake_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	(void)receiver;
	(void)notification;
	(void)arena;
	(void)err;
	*ret_message = (struct notify_message){.method = "FAKE", .url = "", .body = str_of("")};
	return 0;
}

static void describe(const struct notification *notification, struct fake_message *message)
{
	const struct alert *alert;

	if (notification->title) {
		(void)snprintf(message->text, sizeof(message->text), "%s|%s", notification->title,
			notification->text);
	}
	if (notification->summary) {
		message->summary = *notification->summary;
		(void)snprintf(message->text, sizeof(message->text), "%s",
			notification->summary->sources[0].name);
	}
	if (notification->alerts_count == 0) {
		return;
	}
	alert = notification->alerts[0];
	message->alert_id = alert->id;
	message->last_alert_id = notification->alerts[notification->alerts_count - 1]->id;
	(void)snprintf(message->text, sizeof(message->text), "%s|%s|%s|%s|%s|%s", alert->source,
		alert->title, alert->message, pairs_get(&alert->fields, "mount"),
		pairs_get(&alert->labels, "team"), alert->is_resolved ? "over" : "fires");
}

static size_t remember(struct fake_opts *opts, const struct notification *notification)
{
	struct fake_message *message;

	if (opts->forgets) {
		return SIZE_MAX;
	}
	message = VEC_PUSH(opts, messages);
	(void)snprintf(message->key, sizeof(message->key), "%s", notification->key);
	(void)snprintf(message->first_key, sizeof(message->first_key), "%s",
		notification->first_key ? notification->first_key : "");
	(void)snprintf(message->group, sizeof(message->group), "%s",
		notification->group ? notification->group : "");
	message->told = notification->told;
	message->purpose = notification->purpose;
	message->severity = notification->severity;
	message->attempt = notification->attempt;
	message->may_be_repeat = notification->may_be_repeat;
	message->sent_ms = time_wall_ms();
	message->alerts_count = notification->alerts_count;
	message->alerts_total = notification->alerts_total;
	describe(notification, message);
	return opts->messages_count - 1;
}

static void fake_end(void *arg)
{
	struct fake_run *fake = arg;
	struct fake_opts *opts = fake->run->receiver->opts;
	const struct delivery_result result = {
		.outcome = fake->answer.outcome,
		.fault = fake->answer.fault,
		.code = fake->answer.outcome == DELIVERY_ARRIVED ? 200 : 500,
		.retry_after_ms = fake->answer.retry_after_ms ? fake->answer.retry_after_ms : -1,
		.may_have_arrived = fake->answer.may_have_arrived,
		.text = fake->answer.text ? fake->answer.text : "fake",
		.body = "",
	};

	if (result.outcome == DELIVERY_ARRIVED) {
		opts->arrived++;
		if (fake->message != SIZE_MAX) {
			opts->messages[fake->message].has_arrived = true;
		}
	}
	notify_done(fake->run, &result);
}

static struct fake_answer next_answer(
	struct fake_opts *opts, const struct notification *notification)
{
	if (opts->answer) {
		return opts->answer(opts->arg, notification);
	}
	return opts->sent < opts->answers_count ? opts->answers[opts->sent] : opts->then;
}

static void fake_start(struct notify_run *run)
{
	struct fake_opts *opts = run->receiver->opts;
	struct fake_run *fake = arena_alloc(run->arena, sizeof(*fake));

	fake->run = run;
	fake->answer = next_answer(opts, run->notification);
	fake->message = remember(opts, run->notification);
	run->state = fake;
	opts->sent++;
	opts->under_way++;
	if (opts->under_way > opts->under_way_max) {
		opts->under_way_max = opts->under_way;
	}
	if (fake->answer.is_never) {
		return;
	}
	if (opts->delay_ms == 0) {
		fake_end(fake);
	} else {
		fake->timer = timer_add(run->env->loop, opts->delay_ms, fake_end, fake);
	}
}

static void fake_release(struct notify_run *run)
{
	struct fake_run *fake = run->state;
	struct fake_opts *opts = run->receiver->opts;

	timer_free(&fake->timer);
	opts->under_way--;
}

#define FAKE_KIND                                                                                  \
	.target = fake_target, .compose = fake_compose, .start = fake_start, .release = fake_release

const struct notifier_kind fake_chat = {
	.variant = {.name = "fake_chat", .object = &fake_chat},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS,
	.limit = {.per_minute = 60, .burst = 3},
	.group_max = 5,
	FAKE_KIND,
};

const struct notifier_kind fake_hook = {
	.variant = {.name = "fake_hook", .object = &fake_hook},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES,
	.group_max = 100,
	FAKE_KIND,
};

const struct notifier_kind fake_incidents = {
	.variant = {.name = "fake_incidents", .object = &fake_incidents},
	.abilities = NOTIFIER_INCIDENTS | NOTIFIER_MERGES,
	.limit = {.per_minute = 100, .burst = 10},
	FAKE_KIND,
};

const struct notifier_kind fake_local = {
	.variant = {.name = "fake_local", .object = &fake_local},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_LOCAL,
	.group_max = 100,
	FAKE_KIND,
};
