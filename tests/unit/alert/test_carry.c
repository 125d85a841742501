/*
 * Groups and storms: several deliveries in one message, and none of them lost or told twice.
 */
#include <stdlib.h>
#include <string.h>

#include "alert/delivery_world.h"
#include "alert/storm.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "support/store_fixture.h"

static int64_t count(struct world *world, const char *sql)
{
	return fixture_int(world->store, sql);
}

/* Every delivery that was put in has been told, by itself or in another's message. */
static void assert_sums_add_up(struct world *world, int64_t put_in)
{
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE ended_ms IS NULL"), 0);
	assert_int_equal(
		count(world, "SELECT sum(stands_for) FROM delivery WHERE state = 2"), put_in);
	assert_int_equal(
		count(world,
			"SELECT count(*) FROM delivery d JOIN delivery c ON c.id = d.carrier_id"
			" WHERE d.state = 3 AND c.state <> 2"),
		0);
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery c WHERE c.state = 2 AND c.stands_for <>"
			     " (SELECT count(*) FROM delivery d WHERE d.state = 3 AND"
			     "  d.carrier_id = c.id) + (c.alert_id IS NOT NULL)"),
		0);
}

static void a_group_is_one_message(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	for (int i = 0; i < 9; i++) {
		world_deliver(
			world, (struct fixture_delivery){.group_key = "r\nteam=web",
				       .severity = i == 4 ? SEVERITY_CRITICAL : SEVERITY_INFO});
	}
	world_deliver(world, (struct fixture_delivery){.group_key = "r\nteam=db"});
	world_deliver(world, (struct fixture_delivery){.group_key = "r\nteam=web",
				     .due_ms = WORLD_BEGAN_MS + 3600 * 1000});
	world_flush(world);
	assert_int_equal(slack->messages_count, 2);
	assert_int_equal(slack->messages[0].alerts_total, 9);
	assert_int_equal(slack->messages[0].alerts_count, 5);
	assert_string_equal(slack->messages[0].group, "team=web");
	assert_int_equal(slack->messages[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(slack->messages[0].alert_id, 5);
	assert_int_equal(slack->messages[1].alerts_total, 1);
	assert_string_equal(slack->messages[1].group, "");
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 3"), 8);
	assert_int_equal(count(world, "SELECT count(*) FROM attempt"), 2);
}

/* Problems and their ends are different messages, in this order. */
static void a_group_keeps_the_order_of_its_alerts(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	for (int i = 0; i < 4; i++) {
		int64_t id = world_deliver(world, (struct fixture_delivery){.group_key = "r\na"});

		world_deliver(world, (struct fixture_delivery){.group_key = "r\na",
					     .alert_id = fixture_alert_of(world->store, id),
					     .purpose = NOTIFICATION_RESOLVE,
					     .severity = SEVERITY_CRITICAL});
	}
	world_flush(world);
	assert_int_equal(slack->messages_count, 2);
	assert_int_equal(slack->messages[0].purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(slack->messages[0].alerts_total, 4);
	assert_int_equal(slack->messages[1].purpose, NOTIFICATION_RESOLVE);
	assert_int_equal(slack->messages[1].alerts_total, 4);
	assert_sums_add_up(world, 8);
}

/* The receiver may have thrown away what came with a key that it knew. */
static void a_group_that_failed_stays_as_it_was(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_RETRY, .retry_after_ms = 5000}};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	slack->answers = answers;
	slack->answers_count = 1;
	for (int i = 0; i < 3; i++) {
		world_deliver(world, (struct fixture_delivery){.group_key = "r\na"});
	}
	world->options.follows = true;
	world_start(world);
	world_run(world, 2000);
	assert_int_equal(slack->messages_count, 1);
	world_deliver(world, (struct fixture_delivery){.group_key = "r\na"});
	for (int i = 0; i < 10; i++) {
		world_run(world, 1000);
	}
	assert_int_equal(slack->messages_count, 3);
	assert_int_equal(slack->messages[1].alerts_total, 1);
	assert_int_equal(slack->messages[2].alerts_total, 3);
	assert_string_equal(slack->messages[2].key, slack->messages[0].key);
	assert_sums_add_up(world, 4);
}

static void who_opens_incidents_gets_each(void **state)
{
	struct world *world = *state;
	const struct fake_opts *pager = world_receiver(world, "pager", &fake_incidents);

	for (int i = 0; i < 60; i++) {
		world_deliver(world, (struct fixture_delivery){.receiver = "pager",
					     .group_key = "r\na",
					     .severity = (enum severity)(i % SEVERITY_COUNT)});
	}
	world_flush(world);
	assert_int_equal(pager->messages_count, 60);
	for (size_t i = 1; i < 60; i++) {
		assert_true(pager->messages[i].severity <= pager->messages[i - 1].severity);
		assert_int_equal(pager->messages[i].alerts_total, 1);
	}
	/* Ten at once, then 100 a minute. */
	assert_in_range(pager->messages[59].sent_ms - WORLD_BEGAN_MS, 29 * 1000, 32 * 1000);
}

static void a_storm_is_summed_up(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	for (int i = 0; i < 200; i++) {
		world_deliver(world,
			(struct fixture_delivery){.source = i % 4 ? "db-01" : "db-02",
				.severity = i < 8 ? SEVERITY_CRITICAL : (enum severity)(i % 2)});
	}
	world_flush(world);
	/* What is critical by name, five in a message, and the rest in one. */
	assert_int_equal(slack->messages_count, 3);
	assert_int_equal(slack->messages[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(slack->messages[0].alerts_total, 5);
	assert_int_equal(slack->messages[0].alerts_count, 5);
	assert_int_equal(slack->messages[1].alerts_total, 3);
	assert_int_equal(slack->messages[2].purpose, NOTIFICATION_SUMMARY);
	assert_int_equal(slack->messages[2].severity, SEVERITY_WARNING);
	assert_int_equal(slack->messages[2].summary.count, 192);
	assert_int_equal(slack->messages[2].summary.firing[SEVERITY_WARNING], 96);
	assert_int_equal(slack->messages[2].summary.firing[SEVERITY_INFO], 96);
	assert_int_equal(slack->messages[2].summary.sources_total, 2);
	assert_string_equal(slack->messages[2].text, "db-01");
	assert_sums_add_up(world, 200);
}

/* Hundreds of critical ones: the rest does not have to wait for all of them. */
static void a_summary_does_not_starve(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	size_t first = 0;

	for (int i = 0; i < 300; i++) {
		world_deliver(
			world, (struct fixture_delivery){
				       .severity = i < 200 ? SEVERITY_CRITICAL : SEVERITY_INFO});
	}
	world_flush(world);
	while (slack->messages[first].purpose != NOTIFICATION_SUMMARY) {
		first++;
	}
	assert_in_range(slack->messages[first].sent_ms - WORLD_BEGAN_MS, 5000, 7000);
	assert_int_equal(slack->messages[first].summary.count, 100);
	assert_int_equal(slack->messages_count, 41);
	assert_sums_add_up(world, 300);
}

/* An hour without the receiver must not end in a hundred summaries. */
static void summaries_do_not_pile_up(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	int64_t put_in = 0, summaries = 0;

	slack->then.outcome = DELIVERY_RETRY;
	world->options.follows = true;
	world_start(world);
	for (int minute = 0; minute < 20; minute++) {
		for (int i = 0; i < 30; i++, put_in++) {
			world_deliver(world, (struct fixture_delivery){0});
		}
		world_run(world, 60 * 1000);
	}
	slack->then.outcome = DELIVERY_ARRIVED;
	world_run(world, 900 * 1000);
	for (size_t i = 0; i < slack->messages_count; i++) {
		summaries += slack->messages[i].has_arrived &&
			     slack->messages[i].purpose == NOTIFICATION_SUMMARY;
	}
	assert_in_range(summaries, 1, 3);
	assert_sums_add_up(world, put_in);
}

static void a_summary_now_and_then_and_then_calm(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	int64_t put_in = 0, summaries = 0, last_ms = 0, told = 0;

	world->options.follows = true;
	world->step_ms = 100;
	world_start(world);
	for (int second = 0; second < 100; second++) {
		for (int i = 0; i < 5; i++, put_in++) {
			world_deliver(world, (struct fixture_delivery){0});
		}
		world_run(world, 1000);
	}
	world_run(world, 60 * 1000);
	for (int i = 0; i < 3; i++, put_in++) {
		world_deliver(world, (struct fixture_delivery){0});
	}
	world_run(world, 10 * 1000);
	for (size_t i = 0; i < slack->messages_count; i++) {
		const struct fake_message *message = &slack->messages[i];

		if (message->purpose == NOTIFICATION_SUMMARY) {
			assert_true(
				summaries == 0 || message->sent_ms - last_ms >= SUMMARY_PERIOD_MS);
			last_ms = message->sent_ms;
			told += message->summary.count;
			summaries++;
		} else {
			told += message->alerts_total;
		}
	}
	assert_in_range(summaries, 3, 5);
	assert_int_equal(told, put_in);
	assert_sums_add_up(world, put_in);
	/* One by one again. */
	assert_int_equal(slack->messages[slack->messages_count - 1].purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(count(world, "SELECT count(*) FROM channel WHERE storm_ms"), 0);
}

/* The end of a problem is not told before the problem, not even in a storm. */
static void a_storm_keeps_the_order_of_an_alert(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	int64_t id = world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_CRITICAL});

	world_deliver(
		world, (struct fixture_delivery){.alert_id = fixture_alert_of(world->store, id),
			       .purpose = NOTIFICATION_RESOLVE,
			       .severity = SEVERITY_WARNING});
	for (int i = 0; i < 30; i++) {
		id = world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_INFO});
		world_deliver(world,
			(struct fixture_delivery){.alert_id = fixture_alert_of(world->store, id),
				.purpose = NOTIFICATION_RESOLVE,
				.severity = SEVERITY_WARNING});
	}
	world_flush(world);
	assert_int_equal(slack->messages[0].severity, SEVERITY_CRITICAL);
	assert_int_equal(slack->messages[0].purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(slack->messages[1].purpose, NOTIFICATION_SUMMARY);
	assert_int_equal(slack->messages[1].summary.resolved + slack->messages[1].summary.firing[0],
		slack->messages[1].summary.count);
	assert_true(slack->messages[1].summary.count >= 60);
	assert_sums_add_up(world, 62);
}

/* What the program says of itself does not wait for the storm to end, nor go into its summary. */
static void a_notice_passes_through_a_storm(void **state)
{
	struct world *world = *state;
	const struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);
	bool has_notice = false;

	mail->then = (struct fake_answer){.outcome = DELIVERY_REFUSED, .fault = CHANNEL_REVOKED};
	for (int i = 0; i < 40; i++) {
		world_deliver(world, (struct fixture_delivery){0});
	}
	world->options.follows = true;
	world_start(world);
	world_run(world, 5000);
	world_deliver(world, (struct fixture_delivery){.receiver = "mail"});
	for (int i = 0; i < 20; i++) {
		world_deliver(world, (struct fixture_delivery){0});
	}
	world_run(world, 10 * 1000);
	for (size_t i = 0; i < slack->messages_count; i++) {
		has_notice |= slack->messages[i].purpose == NOTIFICATION_NOTICE;
	}
	assert_true(has_notice);
}

/*
 * Whatever comes in, and however the receiver answers: everything that was accepted is told once.
 * The seed is fixed, so that a failure comes again.
 */
struct dice {
	uint32_t seed;
};

static uint32_t roll(struct dice *dice, uint32_t sides)
{
	dice->seed = dice->seed * 1664525 + 1013904223;
	return (dice->seed >> 8) % sides;
}

static struct fake_answer moody(void *arg, const struct notification *notification)
{
	(void)notification;
	switch (roll(arg, 8)) {
	case 0:
		return (struct fake_answer){.outcome = DELIVERY_RETRY};
	case 1:
		return (struct fake_answer){.outcome = DELIVERY_RETRY, .may_have_arrived = true};
	case 2:
		return (struct fake_answer){.outcome = DELIVERY_THROTTLED, .retry_after_ms = 3000};
	default:
		return (struct fake_answer){0};
	}
}

static int64_t told_by(const struct fake_opts *opts)
{
	int64_t told = 0;

	for (size_t i = 0; i < opts->messages_count; i++) {
		const struct fake_message *message = &opts->messages[i];

		if (message->has_arrived) {
			told += message->purpose == NOTIFICATION_SUMMARY ? message->summary.count
									 : message->alerts_total;
		}
	}
	return told;
}

static const char *const dice_groups[] = {NULL, NULL, "r\na", "r\nb"};

static void throw_in(struct world *world, struct dice *dice, int64_t *put_in)
{
	const uint32_t burst = roll(dice, 10) == 0 ? 60 : roll(dice, 4);

	for (uint32_t i = 0; i < burst; i++, ++*put_in) {
		struct fixture_delivery wanted = {.severity = (enum severity)roll(dice, 3),
			.group_key = dice_groups[roll(dice, 4)],
			.is_told = true};

		/* Something more of an alert that is there, or a new one. */
		if (*put_in > 0 && roll(dice, 3) == 0) {
			wanted.alert_id =
				1 + roll(dice, (uint32_t)count(world, "SELECT max(id) FROM alert"));
			wanted.purpose =
				roll(dice, 2) ? NOTIFICATION_RESOLVE : NOTIFICATION_TRIGGER;
		}
		world_deliver(world, wanted);
	}
}

static void whatever_comes_is_told_once(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct dice dice = {.seed = 4};
	int64_t put_in = 0;

	slack->answer = moody;
	slack->arg = &dice;
	world->options.follows = true;
	world->step_ms = 250;
	world_start(world);
	for (int i = 0; i < 100; i++) {
		throw_in(world, &dice, &put_in);
		world_run(world, 500 + roll(&dice, 3000));
	}
	world_run(world, 1800 * 1000);
	assert_true(put_in > 300);
	assert_int_equal(told_by(slack), put_in);
	assert_sums_add_up(world, put_in);
	assert_true(count(world, "SELECT count(*) FROM delivery WHERE purpose = 5") > 0);
	assert_true(
		count(world, "SELECT count(*) FROM delivery WHERE state = 3 AND severity = 2") > 0);
	/* One alert's messages never overtook each other. */
	assert_int_equal(count(world, "SELECT count(*) FROM delivery a JOIN delivery b ON"
				      " b.alert_id = a.alert_id AND b.id > a.id"
				      " LEFT JOIN delivery ca ON ca.id = a.carrier_id"
				      " LEFT JOIN delivery cb ON cb.id = b.carrier_id WHERE"
				      " coalesce(cb.ended_ms, b.ended_ms) <"
				      " coalesce(ca.ended_ms, a.ended_ms)"),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(a_group_is_one_message),
		world_test(a_group_keeps_the_order_of_its_alerts),
		world_test(a_group_that_failed_stays_as_it_was),
		world_test(who_opens_incidents_gets_each),
		world_test(a_storm_is_summed_up),
		world_test(a_summary_does_not_starve),
		world_test(summaries_do_not_pile_up),
		world_test(a_summary_now_and_then_and_then_calm),
		world_test(a_storm_keeps_the_order_of_an_alert),
		world_test(a_notice_passes_through_a_storm),
		world_test(whatever_comes_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
