#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/store_message.h"
#include "store/store_outbox.h"
#include "support/outbox_fixture.h"
#include "support/store_fixture.h"

enum { TRIGGER, RESOLVE };

static int event(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct fixture_delivery wanted = {.severity = SEVERITY_WARNING, .now_ms = 40};
	struct message_event got = {0};

	(void)arg;
	assert_int_equal(fixture_deliver_tx(tx, &wanted, NULL, NULL, err), 0);
	assert_int_equal(message_event_get(tx, 1, arena, &got, err), 0);
	assert_int_equal(got.alert_id, 1);
	assert_int_equal(strlen(got.fingerprint), 40);
	assert_string_equal(got.title, "disk full");
	assert_string_equal(got.source, "web-01");
	assert_string_equal(got.runbook, "https://wiki.example.com/disk");
	assert_null(got.acked_by);
	assert_int_equal(got.started_ms, 40);
	assert_int_equal(got.resolved_ms, 0);
	assert_int_equal(got.events, 1);
	assert_int_equal(got.time_ms, 40);
	assert_int_equal(got.severity, SEVERITY_WARNING);
	assert_string_equal(got.message, "93 % used"); /* of the event, not the latest */
	assert_string_equal(got.fields, "{\"mount\": \"/var\"}");
	assert_string_equal(got.labels, "{\"team\": \"web\"}");

	assert_int_equal(message_event_get(tx, 2, arena, &got, err), -1);
	assert_int_equal(err->code, ERR_NOT_FOUND);
	return 0;
}

/* 24 sources: source i has i % 4 + 1 deliveries, every fifth is a resolve. */
static int summary(struct store_tx *tx, void *arg, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct fixture_delivery wanted = {.now_ms = 1000};
	struct message_summary got = {0};
	int64_t carrier_id;
	int count = 0;

	(void)arg;
	assert_int_equal(fixture_deliver_tx(tx, &wanted, NULL, &carrier_id, err), 0);
	for (int i = 0; i < 24 * 4; i++) {
		char source[16];
		struct outbox_delivery delivery = {.stands_for = 1};

		if (i / 24 > i % 4) {
			continue;
		}
		(void)snprintf(source, sizeof(source), "web-%02d", i % 24);
		wanted.source = source;
		wanted.now_ms = 2000 + i;
		wanted.severity = (enum severity)(count % 3);
		wanted.purpose = count % 5 == 4 ? RESOLVE : TRIGGER;
		count++;
		assert_int_equal(fixture_deliver_tx(tx, &wanted, NULL, &delivery.id, err), 0);
		assert_int_equal(outbox_carry(tx, &delivery, carrier_id, err), 0);
	}

	assert_int_equal(count, 60);
	assert_int_equal(message_summary_get(tx, carrier_id, RESOLVE, arena, &got, err), 0);
	assert_int_equal(got.count, 60);
	assert_int_equal(got.resolved, 12);
	assert_int_equal(got.firing[0] + got.firing[1] + got.firing[2], 48);
	assert_int_equal(got.firing[0], 16);
	assert_int_equal(got.from_ms, 2000);
	assert_int_equal(got.to_ms, 2095);
	assert_int_equal(got.sources_total, 24);
	assert_int_equal(got.sources_count, MESSAGE_SOURCES_MAX);
	assert_string_equal(got.sources[0].name, "web-03");
	assert_int_equal(got.sources[0].count, 4);
	assert_string_equal(got.sources[5].name, "web-23");
	assert_string_equal(got.sources[6].name, "web-02");
	assert_int_equal(got.sources[6].count, 3);
	return 0;
}

static void write_in_memory(store_fn *fn)
{
	struct store *store = fixture_store(":memory:");
	struct err err = {0};

	if (store_write(store, fn, NULL, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	store_close(&store);
}

static void reads_an_alert_as_it_was(void **state)
{
	(void)state;
	write_in_memory(event);
}

static void sums_up(void **state)
{
	(void)state;
	write_in_memory(summary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_an_alert_as_it_was),
		cmocka_unit_test(sums_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
