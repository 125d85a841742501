/*
 * A history, and how it would have gone with other settings.
 */
#include "alert/simulate.h"
#include "cmocka_all.h"
#include "support/alert_fixture.h"

static const char before[] = "receivers: [{name: chat, log: auto}, {name: page, log: auto}], "
			     "routes: [{receivers: [chat, page]}], suppression_minutes: 5";

/* A day of it: two criticals, a warning that repeats, a silence, an acknowledgement. */
static void live(struct engine *e)
{
	engine_open(e, before);
	engine_at(e, "03:00:00");
	engine_event(e, "warning old slow", "chat sent; page sent");
	engine_at(e, "12:00:00");
	for (int i = 0; i < 5; i++) {
		static const char *const clocks[] = {
			"12:00:00", "12:06:00", "12:12:00", "12:18:00", "12:24:00"};

		engine_at(e, clocks[i]);
		engine_event(e, "warning db-01 slow", "chat sent; page sent");
	}
	engine_at(e, "12:30:00");
	engine_event(e, "critical db-02 disk-full", "chat sent; page sent");
	engine_event(e, "critical web-01 down team=web", "chat sent; page sent");
	engine_event(e, "critical web-02 down team=web", "chat sent; page sent");
	engine_acknowledge(e, "page sent");
	(void)engine_silence(e, "source=db-03", "13:00:00");
	engine_event(e, "critical db-03 disk-full", "chat silenced; page silenced");
	engine_at(e, "13:00:00");
	engine_event(e, "resolve web-01 down", "chat sent; page sent");
	engine_event(e, "resolve old slow", "chat sent; page sent");
	engine_deliver(e, "chat trigger old; chat trigger db-01; chat trigger db-01; "
			  "chat trigger db-01; chat trigger db-01; chat trigger db-01; "
			  "chat trigger db-02; chat trigger web-01; chat trigger web-02; "
			  "chat trigger db-03; chat resolve web-01; chat resolve old; "
			  "page trigger old; page trigger db-01; page trigger db-01; "
			  "page trigger db-01; page trigger db-01; page trigger db-01; "
			  "page trigger db-02; page trigger web-01; page trigger web-02; "
			  "page acknowledge web-02; page trigger db-03; page resolve web-01; "
			  "page resolve old");
	engine_at(e, "14:00:00");
}

static const struct simulated_receiver *receiver(
	const struct simulation *simulation, const char *name)
{
	for (size_t i = 0; i < simulation->receivers_count; i++) {
		if (strcmp(simulation->receivers[i].name, name) == 0) {
			return &simulation->receivers[i];
		}
	}
	fail_msg("no receiver %s", name);
	return NULL;
}

/* From eleven o'clock on. */
static struct simulation simulate(struct engine *real, struct engine *other)
{
	struct simulation simulation;
	struct simulate_options options = {.settings = &other->settings, .until_ms = real->now_ms};
	struct err err = {0};

	engine_at(other, "11:00:00");
	options.since_ms = other->now_ms;
	if (simulate_alerts(real->store, &options, real->arena, &simulation, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	return simulation;
}

static void the_same_settings_tell_the_same(void **state)
{
	struct engine real;
	struct engine other;
	struct simulation simulation;

	(void)state;
	live(&real);
	engine_open(&other, before);
	simulation = simulate(&real, &other);
	assert_int_equal(simulation.events, 12);
	assert_int_equal(simulation.alerts, 6);
	assert_int_equal(simulation.receivers_count, 2);
	for (size_t i = 0; i < simulation.receivers_count; i++) {
		const struct simulated_receiver *r = &simulation.receivers[i];

		assert_memory_equal(r->then.verdicts, r->now.verdicts, sizeof(r->now.verdicts));
	}
	/* The old one was told within the range only really, as that delivered late. */
	assert_int_equal(receiver(&simulation, "chat")->then.messages, 12);
	assert_int_equal(receiver(&simulation, "chat")->now.messages, 11);
	assert_int_equal(receiver(&simulation, "page")->then.messages, 13);
	assert_int_equal(receiver(&simulation, "page")->now.messages, 12);
	assert_int_equal(simulation.missed_count, 0);
	engine_close(&real);
	engine_close(&other);
}

static void other_settings(void **state)
{
	struct engine real;
	struct engine other;
	struct simulation simulation;
	const struct simulated_receiver *chat;

	(void)state;
	live(&real);
	engine_open(&other, "receivers: [{name: chat, log: auto}, {name: pager, log: auto}], "
			    "routes: [{match: team=web, receivers: chat, group_wait: 30s}, "
			    "{match: source=db-02, receivers: []}, "
			    "{match: severity=critical, receivers: pager}, {receivers: chat}]");
	simulation = simulate(&real, &other);
	chat = receiver(&simulation, "chat");
	/* db-01 at 12:00 and 12:18, the web servers in one, and one end each. */
	assert_int_equal(chat->now.messages, 5);
	assert_int_equal(chat->now.verdicts[VERDICT_SUPPRESSED], 3);
	assert_int_equal(chat->now.verdicts[VERDICT_GROUPED], 3);
	assert_int_equal(receiver(&simulation, "pager")->now.messages, 1);
	assert_int_equal(receiver(&simulation, "pager")->now.verdicts[VERDICT_SILENCED], 1);
	assert_int_equal(receiver(&simulation, "pager")->then.messages, 0);
	assert_int_equal(receiver(&simulation, "page")->now.messages, 0);
	assert_int_equal(receiver(&simulation, "")->now.verdicts[VERDICT_NOT_TOLD], 1);

	assert_int_equal(simulation.missed_count, 1);
	assert_string_equal(simulation.missed[0].source, "db-02");
	assert_string_equal(simulation.missed[0].title, "disk-full");
	assert_int_equal(simulation.missed[0].alert_id, 3);
	assert_true(simulation.missed[0].was_told);
	assert_int_equal(simulation.missed[0].verdict, VERDICT_NOT_TOLD);
	assert_string_equal(simulation.missed[0].reason, "this route tells nobody");
	assert_int_equal(engine_int(&real, "SELECT count(*) FROM event"), 13);
	engine_close(&real);
	engine_close(&other);
}

static void reminders_and_what_forgets(void **state)
{
	struct engine real;
	struct engine other;
	struct simulation simulation;

	(void)state;
	engine_open(&real, before);
	engine_at(&real, "12:00:00");
	engine_event(&real, "critical db-01 slow", "chat sent; page sent");
	engine_at(&real, "20:00:00");
	engine_open(&other, "receivers: [{name: chat, log: auto}, {name: forget, log: auto}], "
			    "routes: [{receivers: [chat, forget], repeat_interval: 1h}]");
	simulation = simulate(&real, &other);
	assert_int_equal(receiver(&simulation, "chat")->now.messages, 8);
	assert_int_equal(receiver(&simulation, "forget")->now.messages, 1);
	engine_close(&real);
	engine_close(&other);
}

/* Held for weeks, and told when what held it ends. */
static void what_is_inhibited(void **state)
{
	static const char yaml[] = "receivers: [{name: chat, log: auto}], "
				   "routes: [{receivers: chat, group_wait: 1s}], "
				   "inhibit: [{source: title=down, target: title=slow}]";
	struct engine real;
	struct engine other;
	struct simulation simulation;

	(void)state;
	engine_open(&real, before);
	engine_at(&real, "12:00:00");
	engine_event(&real, "critical sw-1 down", "chat sent; page sent");
	engine_event(&real, "critical db-01 slow", "chat sent; page sent");
	engine_event(&real, "critical db-02 slow", "chat sent; page sent");
	engine_at(&real, "+8d 12:00:00");
	engine_open(&other, yaml);
	simulation = simulate(&real, &other);
	assert_int_equal(receiver(&simulation, "chat")->now.messages, 1);
	assert_int_equal(receiver(&simulation, "chat")->now.verdicts[VERDICT_INHIBITED], 2);
	assert_int_equal(simulation.missed_count, 2);
	assert_string_equal(simulation.missed[1].source, "db-02");
	engine_close(&other);

	engine_event(&real, "resolve sw-1 down", "chat sent; page sent");
	engine_at(&real, "+8d 12:00:02");
	engine_open(&other, yaml);
	simulation = simulate(&real, &other);
	/* The trigger, the end, and one message for both that were held. */
	assert_int_equal(receiver(&simulation, "chat")->now.messages, 3);
	assert_int_equal(simulation.missed_count, 0);
	engine_close(&real);
	engine_close(&other);
}

static void nothing_happened(void **state)
{
	struct engine real;
	struct engine other;
	struct simulation simulation;

	(void)state;
	engine_open(&real, before);
	engine_at(&real, "20:00:00");
	engine_open(&other, before);
	simulation = simulate(&real, &other);
	assert_int_equal(simulation.events, 0);
	assert_int_equal(simulation.receivers_count, 0);
	assert_int_equal(simulation.missed_count, 0);
	engine_close(&real);
	engine_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_settings_tell_the_same),
		cmocka_unit_test(other_settings),
		cmocka_unit_test(reminders_and_what_forgets),
		cmocka_unit_test(what_is_inhibited),
		cmocka_unit_test(nothing_happened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
