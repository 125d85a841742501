/*
 * Dead receivers and dead letters: who is told instead, and what is told of it.
 */
#include <string.h>

#include "alert/delivery_world.h"
#include "alert/lane.h"
#include "base/alloc.h"
#include "base/time.h"
#include "cmocka_all.h"
#include "store/store_outbox.h"
#include "support/store_fixture.h"

static const struct fake_answer revoked = {
	.outcome = DELIVERY_REFUSED, .fault = CHANNEL_REVOKED, .text = "404 no_service"};

static int64_t count(struct world *world, const char *sql)
{
	return fixture_int(world->store, sql);
}

static const struct fake_message *find(
	const struct fake_opts *opts, enum notification_purpose purpose)
{
	for (size_t i = 0; i < opts->messages_count; i++) {
		if (opts->messages[i].purpose == purpose) {
			return &opts->messages[i];
		}
	}
	fail_msg("no message of purpose %d", (int)purpose);
	return NULL;
}

static void the_fallback_is_told_instead(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *other = world_receiver(world, "other", &fake_hook);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);
	int64_t id, alert_id;

	slack->then = revoked;
	world->settings.fallback = "mail";
	id = world_deliver(world, (struct fixture_delivery){.is_told = true});
	alert_id = fixture_alert_of(world->store, id);
	world_deliver(world, (struct fixture_delivery){.is_told = true});
	world_flush(world);
	assert_int_equal(slack->sent, 1);
	assert_int_equal(other->sent, 0);
	assert_int_equal(mail->messages_count, 3); /* two alerts, one notice */
	assert_int_equal(find(mail, NOTIFICATION_TRIGGER)->alert_id, alert_id);
	assert_string_equal(find(mail, NOTIFICATION_NOTICE)->text,
		"receiver 'slack' is dead|slack is dead (revoked: 404 no_service). Its messages go "
		"to "
		"others, or wait where there are none, until one that is tried every 10 minutes "
		"arrives, `sre-toolkit alert test` succeeds, or its configuration changes.");
	assert_int_equal(find(mail, NOTIFICATION_NOTICE)->severity, SEVERITY_WARNING);
	/* The first was refused, the second never tried; both went out as others. */
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE state = 4 AND attempts = 1"
			     " AND carrier_id AND result ="
			     " 'revoked: 404 no_service; told to mail instead'"),
		1);
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE state = 5 AND attempts = 0"
			     " AND carrier_id AND result ="
			     " 'slack is dead (revoked: 404 no_service); told to mail instead'"),
		1);
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE route = 'instead of slack'"
			     " AND state = 2"),
		2);
	assert_int_equal(count(world, "SELECT count(*) FROM told WHERE receiver = 'slack'"), 0);
	assert_int_equal(count(world, "SELECT count(*) FROM told WHERE receiver = 'mail'"), 2);
	assert_int_equal(count(world, "SELECT dead_fault FROM channel WHERE receiver = 'slack'"),
		CHANNEL_REVOKED);
}

static void others_stand_in_without_a_fallback(void **state)
{
	static const struct {
		const char *name;
		const struct notifier_kind *kind;
		enum severity severity;
		int64_t triggers, notices;
	} cases[] = {
		{"anybody", &fake_hook, SEVERITY_INFO, 1, 1},
		{"who pages, for what is critical", &fake_incidents, SEVERITY_CRITICAL, 1, 1},
		{"who pages, else for the notice", &fake_incidents, SEVERITY_WARNING, 0, 1},
		{"this machine, for the notice", &fake_local, SEVERITY_CRITICAL, 0, 1},
	};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	slack->then = revoked;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_opts *other = world_receiver(world, "other", cases[i].kind);
		int64_t triggers = 0, notices = 0;

		fixture_exec(world->store, "DELETE FROM channel");
		world_deliver(world, (struct fixture_delivery){.severity = cases[i].severity});
		world_flush(world);
		for (size_t m = 0; m < other->messages_count; m++) {
			triggers += other->messages[m].purpose == NOTIFICATION_TRIGGER;
			notices += other->messages[m].purpose == NOTIFICATION_NOTICE;
		}
		if (triggers != cases[i].triggers || notices != cases[i].notices) {
			fail_msg("%s: %d %d", cases[i].name, (int)triggers, (int)notices);
		}
		world->settings.receivers.count = 1;
		fake_opts_release(other);
		*other = (struct fake_opts){0};
	}
}

/* Each is asked once for one alert, however many of them are dead. */
static void all_may_be_dead(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);
	struct fake_opts *log = world_receiver(world, "log", &fake_local);

	slack->then = mail->then = revoked;
	world->settings.fallback = "mail";
	world_deliver(world, (struct fixture_delivery){.is_told = true});
	world_flush(world);
	assert_int_equal(slack->sent, 1);
	assert_int_equal(mail->sent, 2); /* the alert, and the notice that slack is dead */
	assert_int_equal(log->messages_count, 2);
	assert_int_equal(log->messages[0].purpose, NOTIFICATION_NOTICE);
	assert_int_equal(log->messages[1].purpose, NOTIFICATION_NOTICE);
	/* The alert waits for the last one that could be asked. */
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE state = 0 AND receiver = 'mail'"
			     " AND hold_reason = 'its receiver is dead'"),
		1);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state < 2"), 1);
}

static void without_anybody_else_they_wait_for_life(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	slack->then = revoked;
	for (int i = 0; i < 3; i++) {
		world_deliver(world, (struct fixture_delivery){0});
	}
	world->options.follows = true;
	world_start(world);
	world_run(world, 60 * 1000);
	assert_int_equal(slack->sent, 1);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 0"
				      " AND hold_reason = 'its receiver is dead'"),
		3);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE attempts = 1"
				      " AND result = 'revoked: 404 no_service'"),
		1);
	/* One at a time, and it goes on waiting if it is refused. */
	world_run(world, 3 * LANE_PROBE_MS);
	assert_int_equal(slack->sent, 4);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE state = 0"), 3);

	slack->then = (struct fake_answer){0};
	world_run(world, LANE_PROBE_MS);
	assert_int_equal(slack->arrived, 3);
	assert_int_equal(count(world, "SELECT count(*) FROM channel WHERE dead_ms"), 0);
}

static void a_new_configuration_is_a_new_chance(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);

	slack->then = revoked;
	world_deliver(world, (struct fixture_delivery){0});
	world_deliver(world, (struct fixture_delivery){0});
	world_flush(world);
	assert_int_equal(slack->sent, 1);
	slack->then = (struct fake_answer){0};
	world_flush(world);
	assert_int_equal(slack->sent, 1);
	world_find(world, "slack")->settings = "other settings";
	world_flush(world);
	assert_int_equal(slack->arrived, 2);
}

static void its_return_is_told(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_REFUSED, .fault = CHANNEL_ARCHIVED, .text = "410"}};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);

	slack->answers = answers;
	slack->answers_count = 1;
	world->options.follows = true;
	world_deliver(world, (struct fixture_delivery){0});
	world_start(world);
	world_run(world, LANE_PROBE_MS + 5000);
	world_deliver(world, (struct fixture_delivery){0});
	world_run(world, 10 * 1000);
	assert_int_equal(slack->arrived, 1);
	assert_int_equal(mail->messages_count, 3);
	assert_non_null(strstr(mail->messages[2].text,
		"receiver 'slack' lives again|slack takes messages again, after 10 min"));
	assert_int_equal(mail->messages[2].severity, SEVERITY_INFO);
}

static void its_return_opens_no_incident(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_REFUSED, .fault = CHANNEL_ARCHIVED, .text = "410"}};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *pager = world_receiver(world, "pager", &fake_incidents);

	slack->answers = answers;
	slack->answers_count = 1;
	world->options.follows = true;
	world_deliver(world, (struct fixture_delivery){0});
	world_deliver(world, (struct fixture_delivery){0});
	world_start(world);
	world_run(world, LANE_PROBE_MS + 10 * 1000);
	assert_int_equal(slack->arrived, 2);
	assert_int_equal(pager->messages_count, 1);
	assert_int_equal(pager->messages[0].purpose, NOTIFICATION_NOTICE);
	assert_int_equal(pager->messages[0].severity, SEVERITY_WARNING);
}

/* A message that one receiver does not take must not silence it. */
static void a_rejected_message_does_not_stop_the_next(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_REFUSED, .fault = CHANNEL_REJECTED, .text = "400"}};
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);

	slack->answers = answers;
	slack->answers_count = 1;
	for (int i = 0; i < 4; i++) {
		world_deliver(world, (struct fixture_delivery){0});
	}
	world_flush(world);
	assert_int_equal(slack->arrived, 3);
	assert_int_equal(find(mail, NOTIFICATION_TRIGGER)->alert_id, 1);
	assert_int_equal(mail->messages_count, 3); /* the alert, and two notices */
}

static void too_old_is_dead(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);

	slack->then = (struct fake_answer){.outcome = DELIVERY_RETRY, .text = "connection refused"};
	world->settings.fallback = "mail";
	world_deliver(world, (struct fixture_delivery){
				     .expires_ms = WORLD_BEGAN_MS + 3600 * 1000, .is_told = true});
	world_deliver(world, (struct fixture_delivery){
				     .receiver = "gone", .expires_ms = WORLD_BEGAN_MS + 60 * 1000});
	world->options.follows = true;
	world->step_ms = 500;
	world_start(world);
	world_run(world, 3600 * 1000 - 60 * 1000);
	assert_int_equal(mail->messages_count, 1); /* of the receiver that is not there */
	world_run(world, 90 * 1000);
	assert_int_equal(mail->messages_count, 2);
	assert_true(slack->sent > 15);
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE state = 4 AND receiver = 'slack'"
			     " AND result LIKE 'given up after 1 h: attempt % connection"
			     " refused; told to mail instead'"),
		1);
	assert_int_equal(
		count(world,
			"SELECT count(*) FROM delivery WHERE state = 4 AND receiver = 'gone'"
			" AND result LIKE '%; receiver ''gone'' is not configured; told to mail"
			" instead'"),
		1);
	assert_int_equal(count(world, "SELECT count(*) FROM told WHERE receiver = 'mail'"), 2);
	assert_int_equal(count(world, "SELECT count(*) FROM told WHERE receiver = 'slack'"), 0);
}

/* Who was never told of the problem is not told of its end, who was told instead is. */
static void the_end_goes_where_the_problem_went(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);
	int64_t id;

	slack->then = (struct fake_answer){.outcome = DELIVERY_RETRY};
	world->settings.fallback = "mail";
	id = world_deliver(
		world, (struct fixture_delivery){.expires_ms = WORLD_BEGAN_MS + 60 * 1000});
	world_deliver(
		world, (struct fixture_delivery){.alert_id = fixture_alert_of(world->store, id),
			       .purpose = NOTIFICATION_RESOLVE});
	world->options.follows = true;
	world_start(world);
	world_run(world, 120 * 1000);
	assert_int_equal(mail->messages_count, 2);
	assert_int_equal(mail->messages[0].purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(mail->messages[1].purpose, NOTIFICATION_RESOLVE);
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE state = 6 AND receiver = 'slack'"
			     " AND result = 'the message about the problem never arrived; told to"
			     " mail instead'"),
		1);
	for (size_t i = 0; i < slack->messages_count; i++) {
		assert_int_equal(slack->messages[i].purpose, NOTIFICATION_TRIGGER);
	}
}

static void the_end_goes_nowhere_else(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);
	int64_t id = world_deliver(world, (struct fixture_delivery){.is_told = true});

	world->settings.fallback = "mail";
	world_flush(world);
	assert_int_equal(slack->arrived, 1);
	slack->then = revoked;
	world_deliver(
		world, (struct fixture_delivery){.alert_id = fixture_alert_of(world->store, id),
			       .purpose = NOTIFICATION_RESOLVE});
	world_flush(world);
	assert_int_equal(mail->messages_count, 1);
	assert_int_equal(mail->messages[0].purpose, NOTIFICATION_NOTICE);
}

static void who_has_it_already_is_not_told_again(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);

	slack->then = revoked;
	world->settings.fallback = "mail";
	world_deliver(world, (struct fixture_delivery){0});
	fixture_exec(world->store,
		"INSERT INTO delivery (key, receiver, purpose, alert_id, event_id, severity, state,"
		" route, created_ms, due_ms, expires_ms, attempts, stands_for, hidden) SELECT 'x',"
		" 'mail', purpose, alert_id, event_id, severity, state, route, created_ms, due_ms,"
		" expires_ms, 0, 1, 0 FROM delivery");
	world_flush(world);
	assert_int_equal(mail->messages_count, 2);
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE state = 4 AND carrier_id IS NULL"
			     " AND result LIKE '%; mail is being told already'"),
		1);
}

/* That it is on its way to somebody does not say that he was told. */
static void who_is_being_told_may_still_refuse(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *page = world_receiver(world, "page", &fake_incidents);
	int64_t id = world_deliver(world, (struct fixture_delivery){.severity = SEVERITY_CRITICAL});

	slack->then = revoked;
	page->then = revoked;
	fixture_exec(world->store,
		"INSERT INTO delivery (key, receiver, purpose, alert_id, event_id, severity, state,"
		" route, created_ms, due_ms, expires_ms, attempts, stands_for, hidden) SELECT 'x',"
		" 'page', purpose, alert_id, event_id, severity, state, route, created_ms, due_ms,"
		" expires_ms, 0, 1, 0 FROM delivery");
	world_flush(world);
	assert_true(id > 0);
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE alert_id"
			     " AND (result LIKE '%instead' OR result LIKE '%has it already')"),
		0);
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE alert_id AND state = 4"
				      " AND result LIKE '%; % is being told already'"),
		1);
	/* And the last one that could be asked keeps it. */
	assert_int_equal(count(world, "SELECT count(*) FROM delivery WHERE alert_id AND state = 0"
				      " AND hold_reason = 'its receiver is dead'"),
		1);
}

/* As long as a receiver would not hear of it again, its stand-in does not. */
static void suppression_holds_for_the_stand_in(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);
	int64_t alert_id = 0;

	slack->then = revoked;
	world->settings.fallback = "mail";
	world->settings.suppression_minutes = 30;
	for (int i = 0; i < 3; i++) {
		alert_id = fixture_alert_of(world->store,
			world_deliver(world,
				(struct fixture_delivery){.alert_id = alert_id, .is_told = true}));
		world_flush(world);
	}
	assert_int_equal(slack->sent, 1);
	assert_int_equal(mail->messages_count, 2); /* the alert, and the notice */
	assert_int_equal(
		count(world, "SELECT count(*) FROM delivery WHERE state = 5 AND result LIKE"
			     " '%; suppressed: mail stands in, and is told already'"),
		2);
	assert_int_equal(count(world, "SELECT hidden FROM told WHERE receiver = 'mail'"), 2);

	/* What is worse passes, and so does what comes later. */
	world_deliver(world,
		(struct fixture_delivery){.alert_id = alert_id, .severity = SEVERITY_CRITICAL});
	world_flush(world);
	assert_int_equal(mail->messages_count, 3);
	assert_int_equal(count(world, "SELECT hidden FROM told WHERE receiver = 'mail'"), 0);
	assert_int_equal(count(world, "SELECT hidden FROM delivery WHERE receiver = 'mail'"
				      " AND severity = 2"),
		2);
}

static void a_group_is_told_instead_as_a_group(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);

	slack->then = revoked;
	world->settings.fallback = "mail";
	for (int i = 0; i < 12; i++) {
		world_deliver(world, (struct fixture_delivery){.group_key = "r\nteam=web"});
	}
	world_flush(world);
	assert_int_equal(slack->messages[0].alerts_total, 12);
	assert_int_equal(find(mail, NOTIFICATION_TRIGGER)->alerts_total, 12);
	assert_int_equal(find(mail, NOTIFICATION_TRIGGER)->alerts_count, 12);
	assert_int_equal(mail->messages_count, 2);
	assert_int_equal(
		count(world,
			"SELECT count(*) FROM delivery WHERE state = 4 AND receiver = 'slack'"),
		12);
}

/* What a summary stood for is told instead, each for itself. */
static void a_summary_falls_apart(void **state)
{
	struct world *world = *state;
	struct fake_opts *slack = world_receiver(world, "slack", &fake_chat);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);

	slack->then = revoked;
	world->settings.fallback = "mail";
	for (int i = 0; i < 30; i++) {
		world_deliver(world, (struct fixture_delivery){.is_told = true});
	}
	world_flush(world);
	assert_int_equal(slack->messages_count, 1);
	assert_int_equal(slack->messages[0].purpose, NOTIFICATION_SUMMARY);
	assert_int_equal(mail->messages_count, 31);
	assert_int_equal(
		count(world,
			"SELECT count(*) FROM delivery WHERE state = 5 AND receiver = 'slack'"),
		30);
	assert_int_equal(count(world, "SELECT count(*) FROM told WHERE receiver = 'mail'"), 30);
}

static int revive(struct store_tx *tx, void *arg, struct err *err)
{
	const int64_t *id = arg;

	return outbox_revive(tx, *id, time_wall_ms(), FIXTURE_EXPIRES_MS, err);
}

/* It is tried although its receiver is taken for dead, and what is over ends there, too. */
static void what_is_sent_again_goes_to_the_dead(void **state)
{
	static const struct fake_answer answers[] = {
		{.outcome = DELIVERY_REFUSED, .fault = CHANNEL_REVOKED, .text = "410"}};
	struct world *world = *state;
	struct fake_opts *page = world_receiver(world, "slack", &fake_incidents);
	struct fake_opts *mail = world_receiver(world, "mail", &fake_hook);
	int64_t id = world_deliver(world, (struct fixture_delivery){0});
	struct err err = {0};

	world_find(world, "slack")->sends_resolved = true;
	page->answers = answers;
	page->answers_count = 1;
	world_flush(world);
	assert_int_equal(page->sent, 1);
	assert_int_equal(mail->messages_count, 2);
	fixture_exec(world->store, "UPDATE alert SET resolved_ms = updated_ms;"
				   "INSERT INTO event (alert_id, time_ms, kind, severity, message,"
				   " fields, labels) SELECT alert_id, time_ms, 1, severity, '',"
				   " fields, labels FROM event");
	assert_int_equal(store_write(world->store, revive, &id, &err), 0);
	world_flush(world);
	assert_int_equal(page->arrived, 2);
	assert_int_equal(page->messages[1].purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(page->messages[2].purpose, NOTIFICATION_RESOLVE);
	world_flush(world);
	assert_int_equal(page->arrived, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(the_fallback_is_told_instead),
		world_test(others_stand_in_without_a_fallback),
		world_test(all_may_be_dead),
		world_test(without_anybody_else_they_wait_for_life),
		world_test(a_new_configuration_is_a_new_chance),
		world_test(its_return_is_told),
		world_test(its_return_opens_no_incident),
		world_test(a_rejected_message_does_not_stop_the_next),
		world_test(too_old_is_dead),
		world_test(the_end_goes_where_the_problem_went),
		world_test(the_end_goes_nowhere_else),
		world_test(who_has_it_already_is_not_told_again),
		world_test(who_is_being_told_may_still_refuse),
		world_test(suppression_holds_for_the_stand_in),
		world_test(what_is_sent_again_goes_to_the_dead),
		world_test(a_group_is_told_instead_as_a_group),
		world_test(a_summary_falls_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
