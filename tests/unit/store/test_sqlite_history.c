/*
 * Looking back: what each filter leaves out, pages that fit together, the story of one alert, and
 * everything once more.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "store/delivery_state.h"
#include "store/sqlite_internal.h"
#include "store/store_history.h"
#include "support/store_fixture.h"

static struct arena *arena;

static int setup(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

/* Alerts 1 to 6; open are 3, 5 and 6. */
static struct store *world(void)
{
	static const struct past_alert alerts[] = {
		{.id = 1, .severity = 2, .started = 100, .updated = 900, .resolved = 900},
		{.id = 2, .severity = 0, .started = 200, .updated = 250, .resolved = 250},
		{.id = 3, .severity = 1, .started = 300, .updated = 310, .source = "db-01"},
		{.id = 4, .severity = 2, .started = 400, .updated = 450, .resolved = 450},
		{.id = 5, .severity = 2, .started = 500, .updated = 510, .source = "db-01"},
		{.id = 6, .severity = 0, .started = 600, .updated = 610},
	};
	static const struct past_delivery deliveries[] = {
		{.id = 1, .alert_id = 1, .severity = 2, .state = DELIVERY_DELIVERED, .ended = 110},
		{.id = 2,
			.alert_id = 1,
			.severity = 2,
			.state = DELIVERY_DEAD,
			.created = 100,
			.ended = 120},
		{.id = 3, .alert_id = 1, .severity = 2, .state = DELIVERY_CARRIED, .ended = 130},
		{.id = 4, .alert_id = 1, .severity = 2, .state = DELIVERY_CARRIED},
		{.id = 5, .alert_id = 1, .severity = 2, .state = DELIVERY_WAITING},
		{.id = 6, .alert_id = 1, .severity = 2, .state = DELIVERY_SENDING},
		{.id = 7, .alert_id = 1, .severity = 2, .state = DELIVERY_CANCELLED, .ended = 140},
		{.id = 8,
			.alert_id = 3,
			.severity = 1,
			.state = DELIVERY_DEAD,
			.created = 300,
			.ended = 330},
		{.id = 9, .severity = 0, .state = DELIVERY_DEAD, .created = 400, .ended = 440},
	};
	struct store *store = fixture_store(":memory:");

	for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
		past_alert(store, &alerts[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(deliveries); i++) {
		past_delivery(store, &deliveries[i]);
	}
	return store;
}

/* --- Lists --- */

struct listing {
	const struct history_filter *filter;
	struct history_alerts alerts;
	struct history_deads deads;
};

static int list_alerts(struct store_tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return history_alerts(tx, listing->filter, arena, &listing->alerts, err);
}

static int list_dead(struct store_tx *tx, void *arg, struct err *err)
{
	struct listing *listing = arg;

	return history_dead(tx, listing->filter, arena, &listing->deads, err);
}

struct list_case {
	struct history_filter filter;
	const char *ids, *dead_ids;
};

static const struct list_case list_cases[] = {
	{{.limit = 10}, "6 5 4 3 2 1 ", "9 8 2 "},
	{{.limit = 2}, "6 5 ", "9 8 "},
	{{.limit = 2, .before_id = 5}, "4 3 ", "2 "},
	{{.limit = 0}, "", ""},
	{{.limit = 10, .only_open = true}, "6 5 3 ", "9 8 2 "},
	{{.limit = 1, .only_open = true, .before_id = 6}, "5 ", "2 "},
	{{.limit = 10, .severities = 1 << 2}, "5 4 1 ", "2 "},
	{{.limit = 10, .severities = 1 << 2 | 1 << 0}, "6 5 4 2 1 ", "9 2 "},
	{{.limit = 10, .severities = 1 << 1}, "3 ", "8 "},
	{{.limit = 10, .source = "db-01"}, "5 3 ", "8 "},
	{{.limit = 10, .source = "db-01", .only_open = true, .severities = 4}, "5 ", ""},
	{{.limit = 10, .source = "no'; DROP TABLE alert --"}, "", ""},
	{{.limit = 10, .since_ms = 450}, "6 5 4 1 ", ""},
	{{.limit = 10, .since_ms = 330}, "6 5 4 1 ", "9 8 "},
	{{.limit = 2, .since_ms = 450, .before_id = 5}, "4 1 ", ""},
	{{.limit = 10, .until_ms = 300}, "2 1 ", "2 "},
	{{.limit = 10, .since_ms = 300, .until_ms = 400}, "3 1 ", "8 "},
	{{.limit = 10, .since_ms = 300, .until_ms = 400, .only_open = true}, "3 ", "8 "},
};

static void test_lists(void **state)
{
	(void)state;
	struct store *store = world();

	for (size_t i = 0; i < ARRAY_LEN(list_cases); i++) {
		_cleanup_(strbuf_release) struct strbuf ids = STRBUF_INIT;
		_cleanup_(strbuf_release) struct strbuf dead_ids = STRBUF_INIT;
		struct listing listing = {.filter = &list_cases[i].filter};

		assert_int_equal(store_read(store, list_alerts, &listing, NULL), 0);
		assert_int_equal(store_read(store, list_dead, &listing, NULL), 0);
		for (size_t j = 0; j < listing.alerts.items_count; j++) {
			strbuf_addf(&ids, "%d ", (int)listing.alerts.items[j].alert->id);
		}
		for (size_t j = 0; j < listing.deads.items_count; j++) {
			strbuf_addf(&dead_ids, "%d ", (int)listing.deads.items[j].delivery.id);
		}
		assert_string_equal(ids.buf, list_cases[i].ids);
		assert_string_equal(dead_ids.buf, list_cases[i].dead_ids);
	}
	/* Without a time the newest are looked at, until there are enough. */
	assert_no_scans(store, "SELECT id FROM alert WHERE true");
	store_close(&store);
}

static void test_listed(void **state)
{
	(void)state;
	const struct history_filter filter = {.limit = 10};
	struct listing listing = {.filter = &filter};
	struct store *store = world();
	const struct history_alert *alert;

	assert_int_equal(store_read(store, list_alerts, &listing, NULL), 0);
	assert_int_equal(store_read(store, list_dead, &listing, NULL), 0);
	alert = &listing.alerts.items[5];
	assert_string_equal(alert->alert->title, "title 1");
	assert_int_equal(alert->waiting, 3);
	assert_int_equal(alert->delivered, 2);
	assert_int_equal(alert->dead, 1);
	assert_int_equal(listing.alerts.items[0].waiting, 0);
	assert_null(listing.deads.items[0].title);
	assert_string_equal(listing.deads.items[1].title, "title 3");
	assert_string_equal(listing.deads.items[1].source, "db-01");
	assert_int_equal(listing.deads.items[1].delivery.ended_ms, 330);
	store_close(&store);
}

/* --- One alert --- */

struct telling {
	int64_t alert_id, limit;
	struct history_story story;
};

static int tell(struct store_tx *tx, void *arg, struct err *err)
{
	struct telling *telling = arg;

	return history_story(tx, telling->alert_id, telling->limit, arena, &telling->story, err);
}

static struct store *told_world(void)
{
	struct store *store = world();

	for (int i = 1; i <= 5; i++) {
		past_event(store, i, 1, 100 * i, i == 5);
	}
	past_event(store, 6, 2, 250, 1);
	fixture_exec(store,
		"INSERT INTO silence VALUES (1, '[\"a=b\"]', 0, 900, 'kim', 'works', 0, NULL),"
		" (2, '[]', 0, 900, 'kim', 'other', 0, NULL);"
		"INSERT INTO decision VALUES (1, 'slack', 0, 'default', 'first', NULL, NULL, 1),"
		" (1, 'mail', 3, 'routes[1]', 'silenced by 1', 900, 1, NULL),"
		" (5, '', 5, '', 'silence is gone', NULL, 77, NULL),"
		" (6, '', 7, '', 'nobody', NULL, NULL, NULL);"
		"UPDATE delivery SET silence_id = 1 WHERE id = 5;"
		"INSERT INTO attempt VALUES"
		" (1, 2, 105, 106, 1, 503, 'unavailable', 'no', 0, 115),"
		" (2, 2, 115, NULL, NULL, NULL, NULL, NULL, 0, NULL),"
		" (3, 2, 118, 120, 3, 410, 'gone', NULL, 1, NULL)");
	return store;
}

static void test_story(void **state)
{
	(void)state;
	struct store *store = told_world();
	struct telling telling = {.alert_id = 1, .limit = 100};
	const struct history_story *story = &telling.story;
	const struct history_attempt *attempts;

	assert_int_equal(store_read(store, tell, &telling, NULL), 0);
	assert_int_equal(story->alert->id, 1);
	assert_int_equal(story->events_total, 5);
	assert_int_equal(story->events_count, 5);
	assert_string_equal(story->events[0].event->message, "message 1");
	assert_int_equal(story->events[4].event->kind, EVENT_RESOLVED);

	assert_int_equal(story->events[0].decisions.items_count, 2);
	assert_string_equal(story->events[0].decisions.items[0].receiver, "slack");
	assert_int_equal(story->events[0].decisions.items[0].delivery_id, 1);
	assert_string_equal(story->events[0].decisions.items[1].reason, "silenced by 1");
	assert_string_equal(story->events[0].decisions.items[1].route, "routes[1]");
	assert_int_equal(story->events[0].decisions.items[1].verdict, 3);
	assert_int_equal(story->events[0].decisions.items[1].until_ms, 900);
	assert_int_equal(story->events[1].decisions.items_count, 0);

	assert_int_equal(story->deliveries_total, 7);
	assert_int_equal(story->deliveries_count, 7);
	assert_int_equal(story->deliveries[1].delivery.id, 2);
	assert_int_equal(story->deliveries[1].attempts_count, 3);
	attempts = story->deliveries[1].attempts;
	assert_int_equal(attempts[0].outcome, 1);
	assert_int_equal(attempts[0].code, 503);
	assert_int_equal(attempts[0].next_ms, 115);
	assert_string_equal(attempts[0].text, "unavailable");
	assert_string_equal(attempts[0].body, "no");
	assert_int_equal(attempts[1].outcome, -1);
	assert_int_equal(attempts[1].ended_ms, 0);
	assert_null(attempts[1].text);
	assert_true(attempts[2].may_have_arrived);

	/* The one that is gone is left out. */
	assert_int_equal(story->silences.items_count, 1);
	assert_string_equal(story->silences.items[0].author, "kim");
	assert_no_scans(store, NULL);
	store_close(&store);
}

/* Of long lists the latest part. */
static void test_long_story(void **state)
{
	(void)state;
	struct store *store = told_world();
	struct telling telling = {.alert_id = 1, .limit = 2};
	const struct history_story *story = &telling.story;

	fixture_exec(store, "UPDATE attempt SET delivery_id = 7");
	assert_int_equal(store_read(store, tell, &telling, NULL), 0);
	assert_int_equal(story->events_total, 5);
	assert_int_equal(story->events_count, 2);
	assert_int_equal(story->events[0].event->id, 4);
	assert_int_equal(story->deliveries_total, 7);
	assert_int_equal(story->deliveries_count, 2);
	assert_int_equal(story->deliveries[1].delivery.id, 7);
	assert_int_equal(story->deliveries[1].attempts_total, 3);
	assert_int_equal(story->deliveries[1].attempts_count, 2);
	assert_int_equal(story->deliveries[1].attempts[0].id, 2);
	store_close(&store);
}

static void test_no_story(void **state)
{
	(void)state;
	struct store *store = world();
	struct telling telling = {.alert_id = 77, .limit = 2};
	struct err err = {0};

	assert_int_equal(store_read(store, tell, &telling, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.msg, "there is no alert 77");
	store_close(&store);
}

/* --- Everything again --- */

struct replaying {
	struct history_range range;
	struct strbuf seen;
	int stop_after;
};

static int see(void *arg, const struct history_input *input, struct err *err)
{
	struct replaying *replaying = arg;

	strbuf_addf(&replaying->seen, "%d:%s/%s@%d,%d ", (int)input->event.id, input->fingerprint,
		input->event.message, (int)input->event.time_ms, (int)input->event.kind);
	assert_null(input->dedup_key);
	assert_null(input->event.author);
	assert_string_equal(input->source, "web-01");
	return --replaying->stop_after == 0 ? err_set(err, ERR_LIMIT, "enough") : 0;
}

static int replay(struct store_tx *tx, void *arg, struct err *err)
{
	struct replaying *replaying = arg;

	return history_replay(tx, &replaying->range, see, replaying, err);
}

static void test_replay(void **state)
{
	(void)state;
	static const struct {
		struct history_range range;
		int stop_after, result;
		const char *seen;
	} cases[] = {
		{{200, 0}, -1, 0,
			"2:f1/message 2@200,0 6:f2/message 6@250,1 3:f1/message 3@300,0 "
			"4:f1/message 4@400,0 5:f1/message 5@500,1 "},
		{{200, 300}, -1, 0, "2:f1/message 2@200,0 6:f2/message 6@250,1 "},
		{{501, 0}, -1, 0, ""},
		{{0, 0}, 1, -1, "1:f1/message 1@100,0 "},
	};
	struct store *store = told_world();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct replaying replaying = {cases[i].range, STRBUF_INIT, cases[i].stop_after};

		assert_int_equal(store_read(store, replay, &replaying, NULL), cases[i].result);
		assert_string_equal(replaying.seen.buf, cases[i].seen);
		strbuf_release(&replaying.seen);
	}
	assert_no_scans(store, NULL);
	store_close(&store);
}

#define arena_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		arena_test(test_lists),
		arena_test(test_listed),
		arena_test(test_story),
		arena_test(test_long_story),
		arena_test(test_no_story),
		arena_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
