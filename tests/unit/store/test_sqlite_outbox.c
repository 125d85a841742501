/*
 * The outbox: what is due comes in its order, and what is claimed is in one hand.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "store/store_outbox.h"
#include "support/outbox_fixture.h"
#include "support/store_fixture.h"

enum { TRIGGER, RESOLVE };

static void comes_out_as_it_went_in(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_delivery wanted = {
		.receiver = "mail",
		.purpose = 7,
		.severity = SEVERITY_WARNING,
		.route = "routes[2]",
		.group_key = "source=a",
		.created_ms = 1,
		.due_ms = 2,
		.expires_ms = 3,
		.hidden = 212,
		.hidden_since_ms = 4,
		.hold_reason = "silence 1",
		.silence_id = 5,
		.content = "{}",
	};
	struct outbox_delivery got;
	int64_t id = 0;

	fixture_ok(f, outbox_add(f->tx, &wanted, &id, &f->err));
	got = fixture_get(f, id);
	assert_string_equal(got.receiver, "mail");
	assert_int_equal(got.purpose, 7);
	assert_int_equal(got.alert_id, 0);
	assert_int_equal(got.event_id, 0);
	assert_int_equal(got.severity, SEVERITY_WARNING);
	assert_int_equal(got.state, DELIVERY_WAITING);
	assert_string_equal(got.route, "routes[2]");
	assert_string_equal(got.group_key, "source=a");
	assert_int_equal(got.created_ms, 1);
	assert_int_equal(got.due_ms, 2);
	assert_int_equal(got.expires_ms, 3);
	assert_int_equal(got.attempts, 0);
	assert_int_equal(got.stands_for, 1);
	assert_int_equal(got.hidden, 212);
	assert_int_equal(got.hidden_since_ms, 4);
	assert_string_equal(got.hold_reason, "silence 1");
	assert_int_equal(got.silence_id, 5);
	assert_string_equal(got.content, "{}");
	assert_null(got.result);

	fixture_ok(f, outbox_add(f->tx, &wanted, &id, &f->err));
	assert_int_equal(strlen(got.key), 32);
	assert_string_not_equal(got.key, fixture_get(f, id).key);
}

static void tells_of_what_is_not_there(void **state)
{
	struct outbox_fixture *f = *state;
	struct outbox_delivery delivery;

	assert_int_equal(outbox_get(f->tx, 9, f->arena, &delivery, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NOT_FOUND);
	assert_string_equal(f->err.msg, "there is no delivery 9");
}

static void gives_what_is_due_in_order(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t late = fixture_add(f, &(struct fixture_delivery){.due_ms = 100});
	const int64_t first = fixture_add(f, &(struct fixture_delivery){.due_ms = 50});
	const int64_t same = fixture_add(f, &(struct fixture_delivery){.due_ms = 100});
	struct outbox_due due = {.receiver = "slack", .now_ms = 100, .limit = 2};
	struct outbox_list list = {0};

	fixture_add(f, &(struct fixture_delivery){.due_ms = 101});
	fixture_add(f, &(struct fixture_delivery){.receiver = "mail"});
	fixture_add(f, &(struct fixture_delivery){.severity = SEVERITY_CRITICAL});
	fixture_ok(f, outbox_due(f->tx, &due, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 2);
	assert_int_equal(list.items[0].id, first);
	assert_int_equal(list.items[1].id, late);
	due.after_due_ms = 100;
	due.after_id = late;
	fixture_ok(f, outbox_due(f->tx, &due, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 1);
	assert_int_equal(list.items[0].id, same);

	due.is_about_none = true;
	fixture_ok(f, outbox_due(f->tx, &due, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 0);

	due = (struct outbox_due){.receiver = "slack",
		.now_ms = 100,
		.limit = 9,
		.alert_id = fixture_get(f, same).alert_id};
	fixture_ok(f, outbox_due(f->tx, &due, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 1);
	assert_int_equal(list.items[0].id, same);
}

static void knows_the_first_of_an_alert(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t trigger = fixture_add(f, &(struct fixture_delivery){.due_ms = 70});
	const int64_t alert_id = fixture_get(f, trigger).alert_id;
	const int64_t resolve = fixture_add(
		f, &(struct fixture_delivery){.alert_id = alert_id, .purpose = RESOLVE});
	const int64_t carrier = fixture_add(f, &(struct fixture_delivery){.due_ms = 90});
	const struct outbox_delivery first = fixture_get(f, trigger);
	struct outbox_delivery elsewhere = first;
	struct outbox_open open;

	elsewhere.receiver = "mail";

	fixture_ok(f, outbox_first_open(f->tx, &first, 0, &open, &f->err));
	assert_int_equal(open.id, trigger);
	assert_int_equal(open.due_ms, 70);
	assert_true(open.is_waiting);

	fixture_ok(f, outbox_carry(f->tx, &first, carrier, &f->err));
	fixture_ok(f, outbox_first_open(f->tx, &first, 0, &open, &f->err));
	assert_int_equal(open.id, trigger);
	assert_int_equal(open.state, DELIVERY_CARRIED);
	assert_int_equal(open.carrier_id, carrier);
	assert_int_equal(open.due_ms, 90);
	assert_true(open.is_waiting);
	fixture_ok(f, outbox_first_open(f->tx, &first, carrier, &open, &f->err));
	assert_int_equal(open.id, resolve);
	fixture_ok(f, outbox_first_open(f->tx, &first, resolve, &open, &f->err));
	assert_int_equal(open.id, trigger);

	fixture_ok(f, outbox_end(f->tx, carrier,
			      &(struct outbox_end){.state = DELIVERY_DELIVERED, .ended_ms = 95},
			      &f->err));
	fixture_ok(f, outbox_first_open(f->tx, &first, 0, &open, &f->err));
	assert_int_equal(open.id, resolve);
	fixture_ok(f, outbox_first_open(f->tx, &elsewhere, 0, &open, &f->err));
	assert_int_equal(open.id, 0);
}

static void finds_a_group(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t info = fixture_add(f, &(struct fixture_delivery){.group_key = "a"});
	const int64_t critical = fixture_add(
		f, &(struct fixture_delivery){.group_key = "a", .severity = SEVERITY_CRITICAL});
	const struct outbox_delivery like = fixture_get(f, info);
	struct outbox_list list;

	fixture_add(f, &(struct fixture_delivery){.group_key = "a", .due_ms = 11});
	fixture_add(f, &(struct fixture_delivery){.group_key = "a", .purpose = RESOLVE});
	fixture_add(f, &(struct fixture_delivery){.group_key = "b"});
	fixture_add(f, &(struct fixture_delivery){.group_key = "a", .receiver = "mail"});
	fixture_ok(f, outbox_group(f->tx, &like, 10, 9, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 2);
	assert_int_equal(list.items[0].id, critical);
	assert_int_equal(list.items[1].id, info);
}

static void counts_messages(void **state)
{
	struct outbox_fixture *f = *state;
	struct outbox_waitings waiting;
	int64_t count, due_ms;
	bool has;

	fixture_ok(f, outbox_next_due(f->tx, "slack", 0, &due_ms, &f->err));
	assert_int_equal(due_ms, 0);
	fixture_add(f, &(struct fixture_delivery){.due_ms = 8});
	fixture_add(f, &(struct fixture_delivery){.due_ms = 7, .group_key = "a"});
	fixture_add(f, &(struct fixture_delivery){.due_ms = 6, .group_key = "a", .severity = 2});
	fixture_add(f, &(struct fixture_delivery){.due_ms = 99});
	const int64_t other =
		fixture_add(f, &(struct fixture_delivery){.due_ms = 5, .receiver = "mail"});

	fixture_ok(f, outbox_backlog(f->tx, "slack", 50, 10, &count, &f->err));
	assert_int_equal(count, 2);
	fixture_ok(f, outbox_backlog(f->tx, "slack", 99, 2, &count, &f->err));
	assert_int_equal(count, 2);
	fixture_ok(f, outbox_count_due(f->tx, "slack", 50, 10, &count, &f->err));
	assert_int_equal(count, 3);
	fixture_ok(f, outbox_count_due(f->tx, "slack", 99, 2, &count, &f->err));
	assert_int_equal(count, 2);
	fixture_ok(f, outbox_count_waiting(f->tx, &count, &f->err));
	assert_int_equal(count, 5);
	fixture_ok(f, outbox_waiting(f->tx, f->arena, &waiting, &f->err));
	for (size_t i = 0; i < waiting.items_count; i++) {
		count -= waiting.items[i].count;
	}
	assert_int_equal(count, 0);
	assert_string_equal(waiting.items[waiting.items_count - 1].receiver, "slack");
	fixture_ok(f, outbox_count_late(f->tx, 4, &count, &f->err));
	assert_int_equal(count, 0);
	fixture_ok(f, outbox_count_late(f->tx, 5, &count, &f->err));
	assert_int_equal(count, 1);
	fixture_ok(f, outbox_count_late(f->tx, 1000000, &count, &f->err));
	assert_int_equal(count, 5);
	fixture_ok(f, outbox_has_waiting(f->tx, "slack", TRIGGER, &has, &f->err));
	assert_true(has);
	fixture_ok(f, outbox_has_waiting(f->tx, "slack", RESOLVE, &has, &f->err));
	assert_false(has);
	fixture_ok(f, outbox_next_due(f->tx, "slack", 0, &due_ms, &f->err));
	assert_int_equal(due_ms, 6);
	fixture_ok(f, outbox_next_due(f->tx, NULL, 0, &due_ms, &f->err));
	assert_int_equal(due_ms, 5);
	fixture_ok(
		f, outbox_next_due(f->tx, NULL, fixture_get(f, other).alert_id, &due_ms, &f->err));
	assert_int_equal(due_ms, 5);
	fixture_ok(f,
		outbox_next_due(f->tx, "slack", fixture_get(f, other).alert_id, &due_ms, &f->err));
	assert_int_equal(due_ms, 0);
}

static void finds_what_is_too_old(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t old =
		fixture_add(f, &(struct fixture_delivery){.expires_ms = 10, .due_ms = 500});
	struct outbox_list list;

	fixture_add(f, &(struct fixture_delivery){.expires_ms = 11});
	fixture_ok(f, outbox_expired(f->tx, 10, 9, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 1);
	assert_int_equal(list.items[0].id, old);
}

static void claims(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_claim claim = {.owner_id = 3, .now_ms = 20, .lease_ms = 50};
	const int64_t id = fixture_add(f, &(struct fixture_delivery){0});
	int64_t attempt_id, again_id;
	struct outbox_hand hand;
	bool may_be_repeat;

	fixture_ok(f, outbox_claim(f->tx, id, &claim, &attempt_id, &may_be_repeat, &f->err));
	assert_false(may_be_repeat);
	assert_int_equal(fixture_get(f, id).state, DELIVERY_SENDING);
	assert_int_equal(fixture_get(f, id).owner_id, 3);
	assert_int_equal(fixture_get(f, id).lease_ms, 50);
	assert_int_equal(fixture_get(f, id).attempts, 1);
	fixture_ok(f, outbox_get_hand(f->tx, id, &hand, &f->err));
	assert_int_equal(hand.state, DELIVERY_SENDING);
	assert_int_equal(hand.owner_id, 3);
	assert_int_equal(outbox_get_hand(f->tx, 77, &hand, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NOT_FOUND);

	/* As if nothing had happened. */
	fixture_ok(f, outbox_unclaim(f->tx, id, attempt_id, &f->err));
	assert_int_equal(fixture_get(f, id).state, DELIVERY_WAITING);
	assert_int_equal(fixture_get(f, id).attempts, 0);

	/* An attempt that never ended may have arrived. */
	fixture_ok(f, outbox_claim(f->tx, id, &claim, &attempt_id, &may_be_repeat, &f->err));
	assert_false(may_be_repeat);
	fixture_ok(f, outbox_claim(f->tx, id, &claim, &again_id, &may_be_repeat, &f->err));
	assert_true(may_be_repeat);

	/* One that ended may have, too. */
	fixture_ok(f, outbox_end_attempt(f->tx, attempt_id,
			      &(struct outbox_attempt){.ended_ms = 30}, &f->err));
	fixture_ok(
		f, outbox_end_attempt(f->tx, again_id,
			   &(struct outbox_attempt){.ended_ms = 30, .text = "refused"}, &f->err));
	fixture_ok(f, outbox_claim(f->tx, id, &claim, &attempt_id, &may_be_repeat, &f->err));
	assert_false(may_be_repeat);
	fixture_ok(f, outbox_end_attempt(f->tx, attempt_id,
			      &(struct outbox_attempt){.ended_ms = 30, .may_have_arrived = true},
			      &f->err));
	fixture_ok(f, outbox_claim(f->tx, id, &claim, &attempt_id, &may_be_repeat, &f->err));
	assert_true(may_be_repeat);
}

static void carries(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t storm = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t group = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t info = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t critical = fixture_add(f, &(struct fixture_delivery){.severity = 2});
	struct outbox_delivery delivery = fixture_get(f, info);
	struct outbox_list list;

	fixture_ok(f, outbox_carry(f->tx, &delivery, group, &f->err));
	delivery = fixture_get(f, critical);
	fixture_ok(f, outbox_carry(f->tx, &delivery, group, &f->err));
	delivery = fixture_get(f, group);
	delivery.stands_for = 3;
	delivery.severity = SEVERITY_CRITICAL;
	fixture_ok(f, outbox_set_carrier(f->tx, &delivery, &f->err));
	assert_int_equal(fixture_get(f, group).severity, SEVERITY_CRITICAL);
	fixture_ok(f, outbox_carried(f->tx, group, 9, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 2);
	assert_int_equal(list.items[0].id, critical);
	assert_int_equal(list.items[1].id, info);

	/* A carrier that is carried hands over what it has. */
	delivery = fixture_get(f, group);
	fixture_ok(f, outbox_carry(f->tx, &delivery, storm, &f->err));
	assert_int_equal(fixture_get(f, group).stands_for, 1);
	fixture_ok(f, outbox_carried(f->tx, group, 9, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 0);
	fixture_ok(f, outbox_carried(f->tx, storm, 9, f->arena, &list, &f->err));
	assert_int_equal(list.items_count, 3);
}

static void what_is_carried_can_wait_again(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t carrier = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t id = fixture_add(f, &(struct fixture_delivery){0});
	const struct outbox_delivery delivery = fixture_get(f, id);

	fixture_ok(f, outbox_carry(f->tx, &delivery, carrier, &f->err));
	fixture_ok(f, outbox_uncarry(f->tx, carrier, 44, &f->err));
	assert_int_equal(fixture_get(f, id).state, DELIVERY_WAITING);
	assert_int_equal(fixture_get(f, id).carrier_id, 0);
	assert_int_equal(fixture_get(f, id).due_ms, 44);
}

static void knows_the_first_key(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t trigger = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t alert_id = fixture_get(f, trigger).alert_id;
	const int64_t resolve = fixture_add(f, &(struct fixture_delivery){.alert_id = alert_id});
	const int64_t carrier = fixture_add(f, &(struct fixture_delivery){0});
	struct outbox_delivery first = fixture_get(f, trigger), second = fixture_get(f, resolve);
	const char *key = "";

	fixture_ok(f, outbox_first_key(f->tx, &second, f->arena, &key, &f->err));
	assert_null(key); /* not sent */
	fixture_ok(f,
		outbox_end(f->tx, trigger,
			&(struct outbox_end){.state = DELIVERY_DELIVERED, .ended_ms = 1}, &f->err));
	fixture_ok(f, outbox_first_key(f->tx, &second, f->arena, &key, &f->err));
	assert_string_equal(key, first.key);
	fixture_ok(f, outbox_first_key(f->tx, &first, f->arena, &key, &f->err));
	assert_null(key);
	fixture_ok(f, outbox_carry(f->tx, &first, carrier, &f->err));
	fixture_ok(f, outbox_first_key(f->tx, &second, f->arena, &key, &f->err));
	assert_string_equal(key, fixture_get(f, carrier).key);
}

static void knows_who_has_an_event(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t id = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t event_id = fixture_get(f, id).event_id;
	enum outbox_event_state is;

	fixture_ok(f, outbox_event_state(f->tx, event_id, "slack", &is, &f->err));
	assert_int_equal(is, OUTBOX_EVENT_OPEN);
	fixture_ok(f, outbox_event_state(f->tx, event_id, "mail", &is, &f->err));
	assert_int_equal(is, OUTBOX_EVENT_NONE);
	fixture_ok(f,
		outbox_end(f->tx, id,
			&(struct outbox_end){.state = DELIVERY_DELIVERED, .ended_ms = 1}, &f->err));
	fixture_ok(f, outbox_event_state(f->tx, event_id, "slack", &is, &f->err));
	assert_int_equal(is, OUTBOX_EVENT_ARRIVED);
	for (int dead = DELIVERY_DEAD; dead < DELIVERY_STATES; dead++) {
		const struct outbox_end end = {.state = (enum delivery_state)dead, .ended_ms = 1};

		fixture_ok(f, outbox_end(f->tx, id, &end, &f->err));
		fixture_ok(f, outbox_event_state(f->tx, event_id, "slack", &is, &f->err));
		assert_int_equal(is, OUTBOX_EVENT_NONE);
	}
}

/* Each look must be a search in an index, or it gets slower with every alert that was ever told. */
static void looks_into_indexes_only(void **state)
{
	static const char *const looks[] = {
		"SELECT id FROM delivery d INDEXED BY delivery_waiting"
		" WHERE d.state = 0 AND d.receiver = 'a' AND d.severity = 1 AND d.due_ms <= 5"
		" AND (d.due_ms, d.id) > (1, 2) ORDER BY d.due_ms, d.id LIMIT 6",
		"SELECT d.id FROM delivery d INDEXED BY delivery_open"
		" WHERE d.alert_id = 1 AND d.receiver = 'a' AND d.ended_ms IS NULL"
		" ORDER BY d.id LIMIT 1",
	};
	struct outbox_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
		_cleanup_(freep) char *sql = xasprintf("EXPLAIN QUERY PLAN %s", looks[i]);
		_cleanup_(query_end) struct query plan = query_of(f->tx, sql);

		assert_int_equal(query_step(&plan, &f->err), 1);
		assert_true(str_contains(query_str(&plan, 3), "SEARCH d USING INDEX"));
		assert_int_equal(query_step(&plan, &f->err), 0); /* no sorting */
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_start, outbox_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(comes_out_as_it_went_in),
		TEST(tells_of_what_is_not_there),
		TEST(gives_what_is_due_in_order),
		TEST(knows_the_first_of_an_alert),
		TEST(finds_a_group),
		TEST(counts_messages),
		TEST(finds_what_is_too_old),
		TEST(claims),
		TEST(carries),
		TEST(what_is_carried_can_wait_again),
		TEST(knows_the_first_key),
		TEST(knows_who_has_an_event),
		TEST(looks_into_indexes_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
