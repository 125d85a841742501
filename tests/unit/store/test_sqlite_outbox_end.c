/*
 * What becomes of deliveries, and who has been told of what.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "store/store_outbox.h"
#include "support/outbox_fixture.h"
#include "support/store_fixture.h"

enum { TRIGGER, RESOLVE };

static int64_t number(struct outbox_fixture *f, const char *sql)
{
	int64_t value = -1;

	fixture_ok(f, store_exec_int(f->store, sql, &value, &f->err));
	return value;
}

static void attempt_is_completed(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_claim claim = {.owner_id = 1, .now_ms = 10};
	const struct outbox_attempt attempt = {.started_ms = 12,
		.ended_ms = 15,
		.outcome = 1,
		.code = 503,
		.text = "503",
		.body = "busy",
		.next_ms = 99,
		.may_have_arrived = true};
	const int64_t id = fixture_add(f, &(struct fixture_delivery){0});
	int64_t attempt_id;
	bool may_be_repeat;

	fixture_ok(f, outbox_claim(f->tx, id, &claim, &attempt_id, &may_be_repeat, &f->err));
	assert_int_equal(number(f, "SELECT count(*) FROM attempt WHERE ended_ms IS NULL"), 1);
	fixture_ok(f, outbox_end_attempt(f->tx, attempt_id, &attempt, &f->err));
	assert_int_equal(
		number(f, "SELECT count(*) FROM attempt WHERE started_ms = 12 AND ended_ms = 15 AND"
			  " outcome = 1 AND code = 503 AND text = '503' AND body = 'busy' AND"
			  " next_ms = 99 AND may_have_arrived"),
		1);
}

static void waits_again(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_claim claim = {.owner_id = 1, .now_ms = 10, .lease_ms = 20};
	const struct outbox_wait wait = {
		.due_ms = 77, .hold_reason = "silence 4", .silence_id = 4, .result = "timed out"};
	const int64_t id = fixture_add(f, &(struct fixture_delivery){0});
	int64_t attempt_id;
	bool may_be_repeat;

	fixture_ok(f, outbox_claim(f->tx, id, &claim, &attempt_id, &may_be_repeat, &f->err));
	fixture_ok(f, outbox_wait(f->tx, id, &wait, &f->err));
	assert_int_equal(fixture_get(f, id).state, DELIVERY_WAITING);
	assert_int_equal(fixture_get(f, id).owner_id, 0);
	assert_int_equal(fixture_get(f, id).due_ms, 77);
	assert_string_equal(fixture_get(f, id).hold_reason, "silence 4");
	assert_int_equal(fixture_get(f, id).silence_id, 4);
	assert_string_equal(fixture_get(f, id).result, "timed out");
	fixture_ok(f, outbox_wait(f->tx, id, &(struct outbox_wait){.due_ms = 78}, &f->err));
	assert_null(fixture_get(f, id).hold_reason);
	assert_string_equal(fixture_get(f, id).result, "timed out");
	fixture_ok(f, outbox_claim(f->tx, id, &claim, &attempt_id, &may_be_repeat, &f->err));
	assert_int_equal(fixture_get(f, id).silence_id, 0);
}

static void later_ones_wait_behind(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t before = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t alert_id = fixture_get(f, before).alert_id;
	const int64_t id = fixture_add(f, &(struct fixture_delivery){.alert_id = alert_id});
	const int64_t early = fixture_add(f, &(struct fixture_delivery){.alert_id = alert_id});
	const int64_t late =
		fixture_add(f, &(struct fixture_delivery){.alert_id = alert_id, .due_ms = 500});
	const int64_t elsewhere = fixture_add(
		f, &(struct fixture_delivery){.alert_id = alert_id, .receiver = "mail"});
	const struct outbox_delivery delivery = fixture_get(f, id);

	fixture_ok(f, outbox_wait_behind(f->tx, &delivery, 100, "waits", &f->err));
	assert_int_equal(fixture_get(f, before).due_ms, 0);
	assert_int_equal(fixture_get(f, id).due_ms, 0);
	assert_int_equal(fixture_get(f, early).due_ms, 100);
	assert_string_equal(fixture_get(f, early).hold_reason, "waits");
	assert_int_equal(fixture_get(f, late).due_ms, 500);
	assert_int_equal(fixture_get(f, elsewhere).due_ms, 0);
}

/* A silence is asked again when its time comes, whatever made its delivery wait longer. */
static void waits_longer_for_the_same_reason(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t trigger = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t alert_id = fixture_get(f, trigger).alert_id;
	const int64_t plain = fixture_add(f, &(struct fixture_delivery){.alert_id = alert_id});
	const int64_t held = fixture_add(f, &(struct fixture_delivery){.alert_id = alert_id});
	const struct outbox_delivery first = fixture_get(f, trigger);

	fixture_ok(f, outbox_wait(f->tx, held,
			      &(struct outbox_wait){.hold_reason = "silence 4", .silence_id = 4},
			      &f->err));
	fixture_ok(f, outbox_put_off(f->tx, plain, 50, "behind", &f->err));
	fixture_ok(f, outbox_put_off(f->tx, held, 50, "behind", &f->err));
	assert_int_equal(fixture_get(f, plain).due_ms, 50);
	assert_string_equal(fixture_get(f, plain).hold_reason, "behind");
	assert_int_equal(fixture_get(f, held).due_ms, 50);
	assert_string_equal(fixture_get(f, held).hold_reason, "silence 4");
	assert_int_equal(fixture_get(f, held).silence_id, 4);
	fixture_ok(f, outbox_wait_behind(f->tx, &first, 60, "still", &f->err));
	assert_string_equal(fixture_get(f, plain).hold_reason, "still");
	assert_int_equal(fixture_get(f, held).due_ms, 60);
	assert_string_equal(fixture_get(f, held).hold_reason, "silence 4");
}

static void releases_what_waits_for_one_reason(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t dead = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t other = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t elsewhere = fixture_add(f, &(struct fixture_delivery){.receiver = "mail"});
	int64_t count;

	fixture_ok(f, outbox_put_off(f->tx, dead, 50, "dead", &f->err));
	fixture_ok(f, outbox_put_off(f->tx, other, 50, "retry", &f->err));
	fixture_ok(f, outbox_put_off(f->tx, elsewhere, 50, "dead", &f->err));
	fixture_ok(f, outbox_release(f->tx, "slack", "dead", 10, &count, &f->err));
	assert_int_equal(count, 1);
	assert_int_equal(fixture_get(f, dead).due_ms, 10);
	assert_null(fixture_get(f, dead).hold_reason);
	assert_int_equal(fixture_get(f, other).due_ms, 50);
	assert_int_equal(fixture_get(f, elsewhere).due_ms, 50);
}

static void what_is_carried_ends_with_its_carrier(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_end delivered = {
		.state = DELIVERY_DELIVERED, .ended_ms = 50, .result = "200"};
	const int64_t carrier = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t carried = fixture_add(f, &(struct fixture_delivery){0});
	const struct outbox_delivery delivery = fixture_get(f, carried);

	fixture_ok(f, outbox_carry(f->tx, &delivery, carrier, &f->err));
	assert_int_equal(fixture_get(f, carried).ended_ms, 0);
	fixture_ok(f, outbox_end(f->tx, carrier, &delivered, &f->err));
	assert_int_equal(fixture_get(f, carrier).state, DELIVERY_DELIVERED);
	assert_int_equal(fixture_get(f, carrier).ended_ms, 50);
	assert_int_equal(fixture_get(f, carried).state, DELIVERY_CARRIED);
	assert_int_equal(fixture_get(f, carried).ended_ms, 50);
	assert_string_equal(fixture_get(f, carried).result, "200");
}

static void ends_with_what_goes_out_instead(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t id = fixture_add(f, &(struct fixture_delivery){0});

	fixture_ok(f, outbox_end(f->tx, id,
			      &(struct outbox_end){.state = DELIVERY_DEAD,
				      .ended_ms = 5,
				      .instead_id = 77,
				      .result = "404 no_service"},
			      &f->err));
	assert_int_equal(fixture_get(f, id).state, DELIVERY_DEAD);
	assert_int_equal(fixture_get(f, id).carrier_id, 77);
	assert_string_equal(fixture_get(f, id).result, "404 no_service");
}

static void knows_who_is_told(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_end dead = {.state = DELIVERY_DEAD, .ended_ms = 5};
	const int64_t id = fixture_add(f, &(struct fixture_delivery){.is_told = true});
	const int64_t alert_id = fixture_get(f, id).alert_id;
	bool is_told;

	assert_int_equal(number(f, "SELECT count(*) FROM told WHERE delivery_id = 1"), 1);
	fixture_ok(f, outbox_is_told(f->tx, alert_id, "slack", 1U << TRIGGER, &is_told, &f->err));
	assert_true(is_told);
	fixture_ok(f, outbox_is_told(f->tx, alert_id, "slack", 1U << RESOLVE, &is_told, &f->err));
	assert_false(is_told);
	fixture_ok(f, outbox_is_told(f->tx, alert_id, "mail", 1U << TRIGGER, &is_told, &f->err));
	assert_false(is_told);
	fixture_ok(f, outbox_end(f->tx, id, &dead, &f->err));
	fixture_ok(f, outbox_is_told(f->tx, alert_id, "slack", 1U << TRIGGER, &is_told, &f->err));
	assert_false(is_told);
	fixture_ok(f, outbox_untell(f->tx, alert_id, "slack", &f->err));
	assert_int_equal(number(f, "SELECT count(*) FROM told"), 0);
}

/* What arrived, and what was tried and may have; not what still waits, what ends, or what others
 * were told. */
static void knows_as_what_it_was_told(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_end arrived = {.state = DELIVERY_DELIVERED, .ended_ms = 5};
	const int64_t info = fixture_add(f, &(struct fixture_delivery){0});
	const int64_t alert_id = fixture_get(f, info).alert_id;
	const int64_t warning = fixture_add(
		f, &(struct fixture_delivery){.alert_id = alert_id, .severity = SEVERITY_WARNING});
	const int64_t critical = fixture_add(
		f, &(struct fixture_delivery){.alert_id = alert_id, .severity = SEVERITY_CRITICAL});
	const int64_t resolve = fixture_add(
		f, &(struct fixture_delivery){.alert_id = alert_id, .purpose = RESOLVE});
	const struct outbox_delivery last = fixture_get(f, resolve),
				     middle = fixture_get(f, critical);
	unsigned told = 99;

	fixture_ok(f, outbox_told_severities(f->tx, &last, 1U << TRIGGER, &told, &f->err));
	assert_int_equal(told, 0);
	fixture_ok(f, outbox_end(f->tx, warning, &arrived, &f->err));
	fixture_ok(f, outbox_told_severities(f->tx, &last, 1U << TRIGGER, &told, &f->err));
	assert_int_equal(told, 1U << SEVERITY_WARNING);
	fixture_ok(f, store_exec(f->store,
			      "INSERT INTO attempt (delivery_id, started_ms, may_have_arrived) "
			      "VALUES (3, "
			      "7, 0)",
			      &f->err));
	fixture_ok(f, outbox_told_severities(f->tx, &last, 1U << TRIGGER, &told, &f->err));
	assert_int_equal(told, 1U << SEVERITY_WARNING | 1U << SEVERITY_CRITICAL);
	fixture_ok(f, outbox_told_severities(f->tx, &middle, 1U << TRIGGER, &told, &f->err));
	assert_int_equal(told, 1U << SEVERITY_WARNING);
	fixture_ok(f, outbox_told_severities(f->tx, &last, 1U << RESOLVE, &told, &f->err));
	assert_int_equal(told, 0);
	fixture_ok(f, store_exec(f->store, "UPDATE delivery SET receiver = 'mail' WHERE id = 2",
			      &f->err));
	fixture_ok(f, outbox_told_severities(f->tx, &last, 1U << TRIGGER, &told, &f->err));
	assert_int_equal(told, 1U << SEVERITY_CRITICAL);
}

static void tells_once_and_of_what_is_open(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t id = fixture_add(f, &(struct fixture_delivery){.is_told = true});
	const int64_t other = fixture_add(f, &(struct fixture_delivery){0});
	struct outbox_delivery again = fixture_get(f, id), over = fixture_get(f, other);

	again.id = 99;
	fixture_ok(f, outbox_tell(f->tx, &again, &f->err));
	assert_int_equal(number(f, "SELECT delivery_id FROM told"), id);
	fixture_ok(
		f, store_exec(f->store, "UPDATE alert SET resolved_ms = 5 WHERE id = 2", &f->err));
	fixture_ok(f, outbox_tell(f->tx, &over, &f->err));
	assert_int_equal(number(f, "SELECT count(*) FROM told"), 1);
}

static void revives_the_dead_only(void **state)
{
	struct outbox_fixture *f = *state;
	const int64_t id = fixture_add(f, &(struct fixture_delivery){0});

	assert_int_equal(outbox_revive(f->tx, 77, 1, 2, &f->err), -1);
	assert_int_equal(f->err.code, ERR_NOT_FOUND);
	assert_int_equal(outbox_revive(f->tx, id, 1, 2, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INPUT);
	assert_string_equal(f->err.msg, "delivery 1 is not dead");
	fixture_ok(
		f, outbox_end(f->tx, id,
			   &(struct outbox_end){.state = DELIVERY_DEAD, .ended_ms = 5}, &f->err));
	fixture_ok(f, outbox_revive(f->tx, id, 10, 20, &f->err));
	assert_int_equal(fixture_get(f, id).state, DELIVERY_WAITING);
	assert_int_equal(fixture_get(f, id).due_ms, 10);
	assert_int_equal(fixture_get(f, id).expires_ms, 20);
	assert_int_equal(fixture_get(f, id).ended_ms, 0);
	assert_int_equal(fixture_get(f, id).attempts, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, outbox_fixture_start, outbox_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attempt_is_completed),
		TEST(waits_again),
		TEST(later_ones_wait_behind),
		TEST(waits_longer_for_the_same_reason),
		TEST(releases_what_waits_for_one_reason),
		TEST(what_is_carried_ends_with_its_carrier),
		TEST(ends_with_what_goes_out_instead),
		TEST(knows_who_is_told),
		TEST(knows_as_what_it_was_told),
		TEST(tells_once_and_of_what_is_open),
		TEST(revives_the_dead_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
