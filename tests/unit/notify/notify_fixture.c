/*
 * See notify_fixture.h.
 */
#include "notify/notify_fixture.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "cmocka_all.h"
#include "notify/receiver.h"

enum { TITLE_MAX = 1024, MESSAGE_MAX = 64 * 1024, VALUE_MAX = 8 * 1024, PAIRS_MAX = 64 };

int notify_fixture_start(void **state)
{
	struct notify_fixture *f = xcalloc(1, sizeof(*f));

	conf_init(&f->conf);
	f->arena = f->conf.arena;
	assert_int_equal(loop_new(&f->loop, NULL), 0);
	f->env.loop = f->loop;
	*state = f;
	return 0;
}

int notify_fixture_end(void **state)
{
	struct notify_fixture *f = *state;

	notify_run_free(&f->run);
	loop_free(&f->loop);
	conf_release(&f->conf);
	free(f);
	return 0;
}

static int read_receiver(
	struct notify_fixture *f, const char *yaml, struct receiver **ret_receiver, struct err *err)
{
	void *item = NULL;

	if (conf_read_item(&f->conf, "test", str_of(yaml), &receiver_variants, &item, err) < 0 ||
		receiver_finish(item, f->arena, err) < 0) {
		return -1;
	}
	*ret_receiver = item;
	return 0;
}

struct receiver *notify_fixture_receiver(struct notify_fixture *f, const char *yaml)
{
	struct receiver *receiver = NULL;
	struct err err = {0};

	if (read_receiver(f, yaml, &receiver, &err) < 0) {
		fail_msg("%s: %s", yaml, err.msg);
	}
	return receiver;
}

const char *notify_fixture_fault(struct notify_fixture *f, const char *yaml)
{
	struct receiver *receiver = NULL;
	struct err err = {0};

	if (read_receiver(f, yaml, &receiver, &err) == 0) {
		fail_msg("%s: nothing is wrong with it", yaml);
	}
	return arena_strdup(f->arena, err.msg);
}

struct receiver *notify_fixture_sample(struct notify_fixture *f, const struct notifier_kind *kind)
{
	/* One for each kind, sorted. */
	static const char *const samples[] = {
		"{name: sample, alertmanager: ['http://am-1:9093', 'http://am-2:9093/am/'], "
		"username: me, password: s3cret-word}",
		"{name: sample, discord: 'https://discord.com/api/webhooks/123/s3cr3t-t0ken_'}",
		"{name: sample, email: [team@example.com], from: sre@example.com}",
		"{name: sample, exec: [/usr/local/bin/tell, --loud]}",
		"{name: sample, log: auto}",
		"{name: sample, ntfy: 'https://ntfy.example.com/topic', token: tk_s3cr3t}",
		"{name: sample, opsgenie: 00000000-1111-2222-3333-444444444444}",
		"{name: sample, pagerduty: 0123456789abcdef0123456789abcdef}",
		"{name: sample, slack: 'https://hooks.slack.com/services/T0AB/B1CD/s3cr3tK3y'}",
		"{name: sample, teams: "
		"'https://a.logic.azure.com:443/workflows/1/invoke?sig=s3cr3t'}",
		"{name: sample, webhook: 'https://example.com/hook/s3cret-token'}",
	};

	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct receiver *receiver = notify_fixture_receiver(f, samples[i]);

		if (receiver->kind == kind) {
			return receiver;
		}
	}
	fail_msg("kind '%s' has no sample in notify_fixture.c", kind->variant.name);
	return NULL;
}

static void add_pair(
	struct notify_fixture *f, struct pairs *pairs, const char *name, const char *value)
{
	pairs_set(pairs, f->arena, str_of(name), str_of(value));
}

struct alert *notify_fixture_alert(struct notify_fixture *f)
{
	struct alert *alert = arena_alloc(f->arena, sizeof(*alert));

	*alert = (struct alert){
		.id = 42,
		.fingerprint = "0123456789abcdef0123456789abcdef01234567",
		.episode_ms = NOTIFY_NOW_MS - 3600000,
		.title = "disk full",
		.source = "db-01",
		.message = "/var is 98 % full\nand grows",
		.severity = SEVERITY_CRITICAL,
		.runbook = "https://wiki.example.com/disk?a=1&b=2",
		.time_ms = NOTIFY_NOW_MS - 7000,
		.started_ms = NOTIFY_NOW_MS - 3600000,
		.events = 3,
	};
	add_pair(f, &alert->fields, "used", "98 %");
	add_pair(f, &alert->fields, "mount", "/var");
	add_pair(f, &alert->labels, "team", "db");
	add_pair(f, &alert->labels, "dc", "north");
	return alert;
}

static struct notify_summary *make_summary(struct notify_fixture *f)
{
	struct notify_summary *summary = arena_alloc(f->arena, sizeof(*summary));

	*summary = (struct notify_summary){
		.count = 212,
		.firing = {[SEVERITY_WARNING] = 190, [SEVERITY_CRITICAL] = 12},
		.resolved = 10,
		.from_ms = NOTIFY_NOW_MS - 60000,
		.to_ms = NOTIFY_NOW_MS,
		.sources = {{"db-01", 150}, {"web <1> & *2*", 50}},
		.sources_count = 2,
		.sources_total = 14,
	};
	return summary;
}

static struct notify_digest *make_digest(struct notify_fixture *f)
{
	struct notify_digest *digest = arena_alloc(f->arena, sizeof(*digest));

	*digest = (struct notify_digest){
		.from_ms = NOTIFY_NOW_MS - 24 * 3600000LL,
		.to_ms = NOTIFY_NOW_MS,
		.open = {.total = 3},
		.fired = {.total = 90},
		.resolved = {.total = 87},
		.suppressed = 120,
		.inhibited = 4,
	};
	*VEC_PUSH_IN(f->arena, &digest->open, alerts) = *notify_fixture_alert(f);
	for (int i = 0; i < 50; i++) {
		*VEC_PUSH_IN(f->arena, &digest->fired, alerts) = *notify_fixture_alert(f);
	}
	*VEC_PUSH_IN(f->arena, digest, failed) = (struct notify_count){"pager", 3};
	*VEC_PUSH_IN(f->arena, digest, dead) = (struct pair){"chat", "revoked: no_service"};
	*VEC_PUSH_IN(f->arena, digest, silences) = "team=db until 12:00 UTC, by eve";
	return digest;
}

struct notification *notify_fixture_notification(
	struct notify_fixture *f, enum notification_purpose purpose)
{
	struct notification *notification = notify_fixture_group(f, 1);
	struct alert *alert = notify_fixture_alert(f);
	const struct alert **alerts = arena_calloc(f->arena, 1, sizeof(*alerts));

	alerts[0] = alert;
	notification->alerts = alerts;
	notification->purpose = purpose;
	switch (purpose) {
	case NOTIFICATION_RESOLVE:
		alert->is_resolved = true;
		alert->resolved_ms = alert->time_ms;
		break;
	case NOTIFICATION_ACKNOWLEDGE:
		alert->acked_by = "eve";
		break;
	case NOTIFICATION_SUMMARY:
		notification->summary = make_summary(f);
		break;
	case NOTIFICATION_DIGEST:
		notification->digest = make_digest(f);
		notification->severity = SEVERITY_INFO;
		break;
	case NOTIFICATION_NOTICE:
		notification->title = "receiver 'chat' is dead";
		notification->text = "revoked: no_service\nalerts go to 'mail' instead";
		notification->severity = SEVERITY_WARNING;
		break;
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_REMINDER:
	case NOTIFICATION_RESEND:
	case NOTIFICATION_TEST:
	case NOTIFICATION_PURPOSES:
		return notification;
	}
	if (purpose == NOTIFICATION_SUMMARY || purpose == NOTIFICATION_DIGEST ||
		purpose == NOTIFICATION_NOTICE) {
		notification->alerts = NULL;
		notification->alerts_count = 0;
		notification->alerts_total = 0;
	}
	return notification;
}

struct notification *notify_fixture_group(struct notify_fixture *f, size_t count)
{
	struct notification *notification = arena_alloc(f->arena, sizeof(*notification));
	const struct alert **alerts = arena_calloc(f->arena, count, sizeof(*alerts));

	for (size_t i = 0; i < count; i++) {
		struct alert *alert = notify_fixture_alert(f);

		alert->id = (int64_t)i + 1;
		alert->title = arena_printf(f->arena, "disk %zu", i);
		alerts[i] = alert;
	}
	*notification = (struct notification){
		.key = "0f8fad5b-d9cb-469f-a165-70867728950e",
		.purpose = NOTIFICATION_TRIGGER,
		.severity = SEVERITY_CRITICAL,
		.alerts = alerts,
		.alerts_count = count,
		.alerts_total = (int64_t)count,
		.group = count > 1 ? "team=db" : NULL,
		.time_ms = NOTIFY_NOW_MS,
		.attempt = 1,
	};
	return notification;
}

/* `unit` again and again, up to `max` bytes, and then perhaps within a character: the alert's text
 * as it would be if nobody had looked where he cut it. */
static const char *fill(struct notify_fixture *f, const char *unit, size_t max)
{
	struct strbuf text = STRBUF_INIT_MAX(max);
	const char *copy;

	while (text.dropped_bytes == 0) {
		strbuf_adds(&text, unit);
	}
	copy = arena_strndup(f->arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

struct nasty_list {
	struct nasty_notification *list;
	size_t list_count, list_alloc;
};

static void add_nasty(struct notify_fixture *f, struct nasty_list *nasty, const char *what,
	const struct notification *notification)
{
	*VEC_PUSH_IN(f->arena, nasty, list) = (struct nasty_notification){what, notification};
}

/* The unit everywhere in an alert that a notification tells of alone, and a hundred times. */
static void add_nasty_text(struct notify_fixture *f, struct nasty_list *nasty, const char *unit)
{
	struct notification *alone = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct notification *hundred = notify_fixture_group(f, 100);
	struct alert *alert = notify_fixture_alert(f);
	const struct alert **alerts = arena_calloc(f->arena, 100, sizeof(*alerts));

	alert->title = fill(f, unit, TITLE_MAX);
	alert->source = fill(f, unit, 256);
	alert->message = fill(f, unit, MESSAGE_MAX);
	for (int i = 0; i < PAIRS_MAX; i++) {
		const char *name = arena_printf(f->arena, "%d%s", i, fill(f, unit, 120));

		add_pair(f, &alert->fields, name, fill(f, unit, VALUE_MAX));
		add_pair(f, &alert->labels, name, fill(f, unit, VALUE_MAX));
	}
	for (int i = 0; i < 100; i++) {
		alerts[i] = alert;
	}
	alone->alerts = alerts;
	hundred->alerts = alerts;
	hundred->alerts_total = 5000;
	hundred->group = alert->source;
	add_nasty(f, nasty, arena_printf(f->arena, "alone, of '%s'", unit), alone);
	add_nasty(f, nasty, arena_printf(f->arena, "a hundred, of '%s'", unit), hundred);
}

const struct nasty_notification *notify_fixture_nasty(struct notify_fixture *f, size_t *ret_count)
{
	static const char *const units[] = {
		"x",
		"ä",
		"x€",
		"𝄞y",
		"&",
		"<!channel>",
		"<@U012AB3CD> <http://evil.example|x> ",
		"@everyone <@123> ",
		"**_~`|\\",
		"\xe2\x80\xae"
		"gnp.",
		"\n",
		"\"\\",
		"[x](http://e/)",
		"word ",
		"# ",
		"\xff",
		"a\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
	};
	struct nasty_list nasty = {0};
	struct notification *empty = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct alert *nothing = notify_fixture_alert(f);
	const struct alert **alerts = arena_calloc(f->arena, 1, sizeof(*alerts));

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		add_nasty_text(f, &nasty, units[i]);
	}
	for (int purpose = 0; purpose < NOTIFICATION_PURPOSES; purpose++) {
		add_nasty(f, &nasty, notification_purpose_name((enum notification_purpose)purpose),
			notify_fixture_notification(f, (enum notification_purpose)purpose));
	}
	nothing->message = "";
	nothing->fields = (struct pairs){0};
	nothing->labels = (struct pairs){0};
	nothing->runbook = NULL;
	add_pair(f, &nothing->fields, "empty", "");
	alerts[0] = nothing;
	empty->alerts = alerts;
	add_nasty(f, &nasty, "hardly anything", empty);
	for (size_t count = 2; count < 60; count += count < 45 ? 21 : 1) {
		add_nasty(f, &nasty, arena_printf(f->arena, "%zu alerts", count),
			notify_fixture_group(f, count));
	}
	*ret_count = nasty.list_count;
	return nasty.list;
}

struct notify_message notify_fixture_compose(struct notify_fixture *f,
	const struct receiver *receiver, const struct notification *notification)
{
	struct notify_message message = {0};
	struct err err = {0};

	if (receiver->kind->compose(receiver, notification, f->arena, &message, &err) < 0) {
		fail_msg("%s: %s", receiver->name, err.msg);
	}
	return message;
}

static void sent(void *arg, struct notify_run *run)
{
	struct notify_fixture *f = arg;

	f->done++;
	f->sent = run->result;
}

void notify_fixture_send(struct notify_fixture *f, const struct receiver *receiver,
	const struct notification *notification)
{
	notify_run_free(&f->run);
	f->done = 0;
	f->run = notify_start(&f->env, receiver, notification, sent, f);
	assert_int_equal(f->done, 0); /* never before it returns */
	assert_int_equal(loop_run(f->loop, NULL), 0);
	assert_int_equal(f->done, 1);
}
