#include "support/outbox_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/store_fixture.h"

static int add_alert(struct store_tx *tx, const struct fixture_delivery *wanted, int64_t *ret_id,
	struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO alert (fingerprint, title, source, message, severity, severity_max,"
		" fields, labels, runbook, started_ms, updated_ms, events) SELECT printf('%040x',"
		" coalesce(max(id), 0) + 1), 'disk full', ?1, 'late', ?2, ?2, '{}', '{}',"
		" 'https://wiki.example.com/disk', ?3, ?3, 1 FROM alert");

	query_bind_text(&query, 1, wanted->source ? wanted->source : "web-01");
	query_bind_int(&query, 2, wanted->severity);
	query_bind_int(&query, 3, wanted->now_ms);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_id = store_tx_inserted_id(tx);
	return 0;
}

static int add_event(struct store_tx *tx, const struct fixture_delivery *wanted, int64_t alert_id,
	int64_t *ret_id, struct err *err)
{
	_cleanup_(query_end) struct query query = query_of(tx,
		"INSERT INTO event (alert_id, time_ms, kind, severity, message, fields, labels)"
		" VALUES (?1, ?2, ?3, ?4, '93 % used', '{\"mount\": \"/var\"}',"
		" '{\"team\": \"web\"}')");

	query_bind_int(&query, 1, alert_id);
	query_bind_int(&query, 2, wanted->now_ms);
	query_bind_int(&query, 3, wanted->purpose == 1);
	query_bind_int(&query, 4, wanted->severity);
	if (query_run(&query, err) < 0) {
		return -1;
	}
	*ret_id = store_tx_inserted_id(tx);
	return 0;
}

int fixture_deliver_tx(struct store_tx *tx, const struct fixture_delivery *wanted,
	int64_t *ret_alert_id, int64_t *ret_id, struct err *err)
{
	struct outbox_delivery delivery = {
		.receiver = wanted->receiver ? wanted->receiver : "slack",
		.purpose = wanted->purpose,
		.alert_id = wanted->alert_id,
		.severity = wanted->severity,
		.route = "default",
		.group_key = wanted->group_key,
		.created_ms = wanted->now_ms,
		.due_ms = wanted->due_ms,
		.expires_ms = wanted->expires_ms ? wanted->expires_ms : FIXTURE_EXPIRES_MS,
	};

	if (delivery.alert_id == 0 && add_alert(tx, wanted, &delivery.alert_id, err) < 0) {
		return -1;
	}
	if (add_event(tx, wanted, delivery.alert_id, &delivery.event_id, err) < 0 ||
		outbox_add(tx, &delivery, &delivery.id, err) < 0) {
		return -1;
	}
	if (ret_alert_id) {
		*ret_alert_id = delivery.alert_id;
	}
	if (ret_id) {
		*ret_id = delivery.id;
	}
	return wanted->is_told ? outbox_tell(tx, &delivery, err) : 0;
}

struct one {
	const struct fixture_delivery *wanted;
	int64_t id;
};

static int deliver_one(struct store_tx *tx, void *arg, struct err *err)
{
	struct one *one = arg;

	return fixture_deliver_tx(tx, one->wanted, NULL, &one->id, err);
}

int64_t fixture_deliver(struct store *store, const struct fixture_delivery *wanted)
{
	struct one one = {.wanted = wanted};
	struct err err = {0};

	if (store_write(store, deliver_one, &one, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return one.id;
}

int64_t fixture_alert_of(struct store *store, int64_t delivery_id)
{
	return fixture_int_of(store, "SELECT alert_id FROM delivery WHERE id = %lld", delivery_id);
}

int64_t fixture_int_of(struct store *store, const char *sql, int64_t id)
{
	_cleanup_(freep) char *number = xasprintf("%lld", (long long)id);
	const char *hole = strstr(sql, "%lld");
	_cleanup_(freep) char *text = NULL;

	assert_non_null(hole);
	text = xasprintf("%.*s%s%s", (int)(hole - sql), sql, number, hole + strlen("%lld"));
	return fixture_int(store, text);
}

int outbox_fixture_start(void **state)
{
	struct outbox_fixture *f = xcalloc(1, sizeof(*f));

	f->store = fixture_store(":memory:");
	f->arena = arena_new();
	assert_int_equal(store_begin(f->store, true, &f->err), 0);
	f->tx = &f->store->tx;
	*state = f;
	return 0;
}

int outbox_fixture_end(void **state)
{
	struct outbox_fixture *f = *state;

	assert_int_equal(store_commit(f->store, &f->err), 0);
	store_close(&f->store);
	arena_free(f->arena);
	free(f);
	return 0;
}

void fixture_ok(struct outbox_fixture *f, int result)
{
	if (result < 0) {
		fail_msg("%s", f->err.msg);
	}
}

int64_t fixture_add(struct outbox_fixture *f, const struct fixture_delivery *wanted)
{
	int64_t id = 0;

	fixture_ok(f, fixture_deliver_tx(f->tx, wanted, NULL, &id, &f->err));
	return id;
}

struct outbox_delivery fixture_get(struct outbox_fixture *f, int64_t id)
{
	struct outbox_delivery delivery = {0};

	fixture_ok(f, outbox_get(f->tx, id, f->arena, &delivery, &f->err));
	return delivery;
}
