/*
 * See alert_fixture.h.
 */
#include "support/alert_fixture.h"

#include <stdlib.h>

#include "alert/hold.h"
#include "alert/silence.h"
#include "base/alloc.h"
#include "base/moment.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "store/store_alerts.h"
#include "support/store_fixture.h"

struct sections {
	struct alert_settings alerts;
};

// clang-format off
static const struct option_row rows[] = {
	{.name = "alerts", .shape = OPTION_SECTION, .rows = alert_settings_rows, .offset = offsetof(struct sections, alerts),
	 .help = "alerts"},
	{0},
};

static const struct notifier_kind kinds[] = {
	{.variant = {.name = "chat"}, .abilities = NOTIFIER_GROUPS, .group_max = 10},
	{.variant = {.name = "page"}, .abilities = NOTIFIER_INCIDENTS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_MERGES},
	{.variant = {.name = "forget"}, .abilities = NOTIFIER_FORGETS | NOTIFIER_MERGES},
	{.variant = {.name = "plain"}, .abilities = 0},
};
// clang-format on

static const struct notifier_kind *kind_of(const char *name)
{
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(kinds) && !str_starts(str_of(name), kinds[i].variant.name)) {
		i++;
	}
	return &kinds[i];
}

void engine_open(struct engine *engine, const char *yaml)
{
	struct sections sections = {0};
	struct strbuf text = STRBUF_INIT;
	struct err err = {0};

	*engine = (struct engine){.arena = arena_new(), .store = fixture_store(":memory:")};
	conf_init(&engine->conf);
	strbuf_addf(&text, "alerts: {time_zone: UTC, %s}\n", yaml);
	(void)conf_read_text(
		&engine->conf, "c.yaml", NULL, strbuf_str(&text), rows, &sections, &err);
	strbuf_release(&text);
	engine->settings = sections.alerts;
	alert_settings_finish(&engine->conf, &engine->settings);
	if (engine->conf.errors_count > 0) {
		fail_msg("%s", engine->conf.errors[0]);
	}
	for (size_t i = 0; i < engine->settings.receivers.count; i++) {
		struct receiver *receiver = engine->settings.receivers.items[i];

		if (strcmp(receiver->name, "log") != 0) {
			receiver->kind = kind_of(receiver->name);
		}
	}
	engine_at(engine, "03:10:05");
}

void engine_close(struct engine *engine)
{
	store_close(&engine->store);
	conf_release(&engine->conf);
	arena_free(engine->arena);
}

static int64_t wall_ms(const char *clock)
{
	char text[] = "2025-07-0DTHH:MM:SSZ";
	int day = 1;
	int64_t ms = 0;
	struct err err = {0};

	if (*clock == '+') {
		day += clock[1] - '0';
		clock += sizeof("+2d");
	}
	text[9] = (char)('0' + day);
	memcpy(text + 11, clock, 8);
	if (moment_parse(str_of(text), MOMENT_PAST, 0, &ms, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return ms;
}

void engine_at(struct engine *engine, const char *clock)
{
	engine->now_ms = wall_ms(clock);
}

static struct alert_input parse_event(struct engine *engine, const char *event)
{
	struct alert_input input = {0};
	struct str rest = str_of(event);
	struct str word = {"", 0};
	struct err err = {0};

	assert_true(str_word(&rest, &word));
	input.is_resolve = str_is(word, "resolve");
	if (!input.is_resolve && severity_parse(word, &input.severity, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	assert_true(str_word(&rest, &input.source));
	assert_true(str_word(&rest, &input.title));
	while (str_word(&rest, &word)) {
		size_t at = str_find(word, '=', 0);

		pairs_set(&input.labels, engine->arena, str_sub(word, 0, at),
			str_sub(word, at + 1, word.len));
	}
	if (alert_input_clean(&input, engine->arena, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return input;
}

static void assert_decided(const struct engine *engine, const char *event, const char *expected)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < engine->accepted.decisions_count; i++) {
		const struct decision *decision = &engine->accepted.decisions[i];

		strbuf_addf(&text, "%s%s %s", i > 0 ? "; " : "",
			*decision->receiver ? decision->receiver : "-",
			verdict_name(decision->verdict));
	}
	if (strcmp(text.buf, expected) != 0) {
		fail_msg("%s: %s, expected %s", event, text.buf, expected);
	}
	strbuf_release(&text);
}

struct job {
	struct engine *engine;
	struct alert_input input;
	struct alert_hand hand;
	struct silence_input silence;
	int64_t id;
	struct strbuf text;
};

static void run(struct engine *engine, store_fn *fn, struct job *job)
{
	struct err err = {0};

	job->engine = engine;
	if (store_write(engine->store, fn, job, &err) < 0) {
		fail_msg("%s", err.msg);
	}
}

static int accept(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;
	struct engine *engine = job->engine;

	return alert_accept(tx, &engine->settings, &job->input, engine->now_ms, engine->arena,
		&engine->accepted, err);
}

void engine_event(struct engine *engine, const char *event, const char *expected)
{
	struct job job = {.input = parse_event(engine, event)};

	run(engine, accept, &job);
	assert_decided(engine, event, expected);
}

static int preview(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;
	struct engine *engine = job->engine;

	return alert_preview(tx, &engine->settings, &job->input, engine->now_ms, engine->arena,
		&engine->accepted, err);
}

void engine_preview(struct engine *engine, const char *event, const char *expected)
{
	struct job job = {.input = parse_event(engine, event)};

	run(engine, preview, &job);
	assert_decided(engine, event, expected);
}

static int acknowledge(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;
	struct engine *engine = job->engine;

	return alert_acknowledge(tx, &engine->settings, &job->hand, engine->now_ms, engine->arena,
		&engine->accepted, err);
}

static int resolve(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;
	struct engine *engine = job->engine;

	return alert_resolve(tx, &engine->settings, &job->hand, engine->now_ms, engine->arena,
		&engine->accepted, err);
}

void engine_acknowledge(struct engine *engine, const char *expected)
{
	struct job job = {.hand = {engine->accepted.alert_id, "anna", "looking"}};

	run(engine, acknowledge, &job);
	assert_decided(engine, "acknowledge", expected);
}

void engine_resolve(struct engine *engine, const char *expected)
{
	struct job job = {.hand = {engine->accepted.alert_id, "anna", "mended"}};

	run(engine, resolve, &job);
	assert_decided(engine, "resolve", expected);
}

static int silence(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;

	return silence_add(
		tx, &job->silence, job->engine->now_ms, job->engine->arena, &job->id, err);
}

int64_t engine_silence(struct engine *engine, const char *matcher, const char *until)
{
	struct job job = {.silence = {.matchers = &matcher,
				  .matchers_count = 1,
				  .ends_ms = wall_ms(until),
				  .author = str_of("anna"),
				  .reason = str_of("update")}};

	run(engine, silence, &job);
	return job.id;
}

static int expire(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;
	int64_t released = 0;

	return silence_expire(tx, job->id, job->engine->now_ms, job->engine->arena, &released, err);
}

void engine_expire(struct engine *engine, int64_t silence_id)
{
	struct job job = {.id = silence_id};

	run(engine, expire, &job);
}

/* --- Delivering --- */

static int next_due(struct job *job, struct store_tx *tx, int64_t *ret_id, struct err *err)
{
	_cleanup_(query_end) struct query query =
		query_of(tx, "SELECT id FROM delivery WHERE state = 0 AND due_ms <= ?1 "
			     "ORDER BY receiver, id LIMIT 1");
	int got;

	query_bind_int(&query, 1, job->engine->now_ms);
	got = query_step(&query, err);
	*ret_id = got > 0 ? query_int(&query, 0) : 0;
	return got < 0 ? -1 : 0;
}

static int deliver_one(struct job *job, struct store_tx *tx, int64_t id, struct err *err)
{
	struct engine *engine = job->engine;
	const struct outbox_end end = {
		.state = DELIVERY_DELIVERED, .ended_ms = engine->now_ms, .result = "ok"};
	struct outbox_delivery delivery;
	struct stored_alert *alert = NULL;
	struct held held;

	if (outbox_get(tx, id, engine->arena, &delivery, err) < 0 ||
		hold_recheck(tx, &engine->settings, &delivery, engine->now_ms, engine->arena, &held,
			err) < 0) {
		return -1;
	}
	if (held.verdict != HELD_SEND) {
		assert_true(held.verdict == HELD_CANCEL || held.due_ms > engine->now_ms);
		return 0;
	}
	if (outbox_get(tx, id, engine->arena, &delivery, err) < 0 ||
		store_alert_get(tx, delivery.alert_id, engine->arena, &alert, err) < 0 ||
		outbox_end(tx, id, &end, err) < 0 ||
		hold_delivered(
			tx, &engine->settings, &delivery, engine->now_ms, engine->arena, err) < 0) {
		return -1;
	}
	strbuf_addf(&job->text, "%s%s %s %s", job->text.len > 0 ? "; " : "", delivery.receiver,
		notification_purpose_name((enum notification_purpose)delivery.purpose),
		alert->source);
	if (delivery.hidden > 0) {
		strbuf_addf(&job->text, " +%lld", (long long)delivery.hidden);
	}
	return 0;
}

static int deliver(struct store_tx *tx, void *arg, struct err *err)
{
	struct job *job = arg;
	int64_t id = 0;

	do {
		if (next_due(job, tx, &id, err) < 0 ||
			(id != 0 && deliver_one(job, tx, id, err) < 0)) {
			return -1;
		}
	} while (id != 0);
	return 0;
}

void engine_deliver(struct engine *engine, const char *expected)
{
	struct job job = {0};

	strbuf_init(&job.text, 0);
	run(engine, deliver, &job);
	if (strcmp(job.text.buf, expected) != 0) {
		fail_msg("delivered: %s, expected %s", job.text.buf, expected);
	}
	strbuf_release(&job.text);
}

const char *engine_reason(const struct engine *engine, size_t i)
{
	assert_in_range(i, 0, engine->accepted.decisions_count - 1);
	return engine->accepted.decisions[i].reason;
}

int64_t engine_int(struct engine *engine, const char *sql)
{
	return fixture_int(engine->store, sql);
}
