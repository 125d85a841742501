/*
 * What a receiver is told, read from the store.
 */
#include <string.h>

#include "alert/fake_notifier.h"
#include "alert/message.h"
#include "alert/notice.h"
#include "base/alloc.h"
#include "cmocka_all.h"
#include "store/sqlite_internal.h"
#include "support/outbox_fixture.h"
#include "support/store_fixture.h"

enum { NOW = 5000 };

static const struct receiver chat = {.name = "slack", .kind = &fake_chat};

static struct message *loaded;

static int tear_down(void **state)
{
	message_free(TAKE(loaded));
	return outbox_fixture_end(state);
}

static struct outbox_delivery add(struct outbox_fixture *f, const struct fixture_delivery *wanted)
{
	return fixture_get(f, fixture_add(f, wanted));
}

static int try_load(struct outbox_fixture *f, const struct outbox_delivery *delivery)
{
	static const struct alert_settings settings;
	const struct message_spec spec = {
		.settings = &settings, .delivery = delivery, .receiver = &chat, .now_ms = NOW};

	return message_load(f->tx, &spec, &loaded, &f->err);
}

static const struct notification *load(
	struct outbox_fixture *f, const struct outbox_delivery *delivery)
{
	message_free(TAKE(loaded));
	fixture_ok(f, try_load(f, delivery));
	return &loaded->notification;
}

static void tells_an_alert_as_it_was(void **state)
{
	struct outbox_fixture *f = *state;
	struct outbox_delivery delivery =
		add(f, &(struct fixture_delivery){.severity = SEVERITY_WARNING, .now_ms = 1000});
	const struct notification *notification;
	const struct alert *alert;

	/* What came later is told by later messages. */
	assert_int_equal(store_exec(f->store,
				 "UPDATE alert SET severity = 2, message = 'worse', events = 7,"
				 " acked_by = 'anna', resolved_ms = 4000",
				 &f->err),
		0);
	delivery.attempts = 2;
	delivery.hidden = 212;
	delivery.hidden_since_ms = 900;
	notification = load(f, &delivery);
	assert_string_equal(notification->key, delivery.key);
	assert_int_equal(notification->purpose, NOTIFICATION_TRIGGER);
	assert_int_equal(notification->severity, SEVERITY_WARNING);
	assert_int_equal(notification->alerts_count, 1);
	assert_int_equal(notification->alerts_total, 1);
	assert_null(notification->group);
	assert_null(notification->first_key);
	assert_int_equal(notification->time_ms, NOW);
	assert_int_equal(notification->attempt, 3);
	alert = notification->alerts[0];
	assert_int_equal(alert->id, 1);
	assert_int_equal(strlen(alert->fingerprint), 40);
	assert_int_equal(alert->episode_ms, 1000);
	assert_string_equal(alert->title, "disk full");
	assert_string_equal(alert->source, "web-01");
	assert_string_equal(alert->message, "93 % used");
	assert_int_equal(alert->severity, SEVERITY_WARNING);
	assert_string_equal(pairs_get(&alert->fields, "mount"), "/var");
	assert_string_equal(pairs_get(&alert->labels, "team"), "web");
	assert_string_equal(alert->runbook, "https://wiki.example.com/disk");
	assert_false(alert->is_resolved);
	assert_int_equal(alert->resolved_ms, 0);
	assert_int_equal(alert->time_ms, 1000);
	assert_int_equal(alert->started_ms, 1000);
	assert_string_equal(alert->acked_by, "anna");
	assert_int_equal(alert->events, 7);
	assert_int_equal(alert->hidden, 212);
	assert_int_equal(alert->hidden_since_ms, 900);
}

static void tells_of_the_end(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_delivery delivery =
		add(f, &(struct fixture_delivery){.purpose = NOTIFICATION_RESOLVE, .now_ms = 3000});
	const struct alert *alert = load(f, &delivery)->alerts[0];

	assert_true(alert->is_resolved);
	assert_int_equal(alert->resolved_ms, 3000);
	assert_int_equal(store_exec(f->store, "UPDATE alert SET resolved_ms = 2900", &f->err), 0);
	assert_int_equal(load(f, &delivery)->alerts[0]->resolved_ms, 2900);
}

/* At most what the kind shows, the worst of it, and how many there are. */
static void tells_a_group(void **state)
{
	struct outbox_fixture *f = *state;
	struct outbox_delivery carrier =
		add(f, &(struct fixture_delivery){.group_key = "routes[1]\nsource=db-01"});
	const struct notification *notification;

	for (int i = 0; i < 9; i++) {
		const struct outbox_delivery delivery =
			add(f, &(struct fixture_delivery){
				       .severity = i == 8 ? SEVERITY_CRITICAL : SEVERITY_INFO});

		assert_int_equal(outbox_carry(f->tx, &delivery, carrier.id, &f->err), 0);
	}
	carrier.stands_for = 10;
	notification = load(f, &carrier);
	assert_int_equal(notification->alerts_count, 5);
	assert_int_equal(notification->alerts_total, 10);
	assert_string_equal(notification->group, "source=db-01");
	assert_int_equal(notification->severity, SEVERITY_CRITICAL);
	assert_int_equal(notification->alerts[0]->id, 1);
	assert_int_equal(notification->alerts[1]->severity, SEVERITY_CRITICAL);

	carrier.group_key = "routes[1]\n";
	assert_null(load(f, &carrier)->group);
	carrier.group_key = NULL;
	assert_null(load(f, &carrier)->group);
}

static void tells_a_summary(void **state)
{
	struct outbox_fixture *f = *state;
	struct outbox_delivery summary = {.receiver = "slack",
		.purpose = NOTIFICATION_SUMMARY,
		.route = "storm",
		.key = "k",
		.severity = SEVERITY_WARNING};
	const struct notification *notification;

	assert_int_equal(outbox_add(f->tx, &summary, &summary.id, &f->err), 0);
	for (int i = 0; i < 3; i++) {
		const struct outbox_delivery delivery =
			add(f, &(struct fixture_delivery){.source = "db-01", .now_ms = 100 + i});

		assert_int_equal(outbox_carry(f->tx, &delivery, summary.id, &f->err), 0);
	}
	summary.stands_for = 3;
	notification = load(f, &summary);
	assert_int_equal(notification->alerts_count, 0);
	assert_int_equal(notification->summary->count, 3);
	assert_int_equal(notification->summary->firing[SEVERITY_INFO], 3);
	assert_int_equal(notification->summary->sources_count, 1);
	assert_string_equal(notification->summary->sources[0].name, "db-01");
	assert_int_equal(notification->summary->from_ms, 100);
	assert_int_equal(notification->summary->to_ms, 102);
}

static void tells_a_notice(void **state)
{
	struct outbox_fixture *f = *state;
	const struct notice notice = {.title = "a", .text = "b"};
	const struct outbox_delivery delivery = {.receiver = "slack",
		.purpose = NOTIFICATION_NOTICE,
		.key = "k",
		.route = "notice",
		.content = notice_write(&notice, f->arena)};

	assert_string_equal(load(f, &delivery)->title, "a");
	assert_string_equal(load(f, &delivery)->text, "b");
}

static void tells_a_digest(void **state)
{
	struct outbox_fixture *f = *state;
	const struct outbox_delivery delivery = {.receiver = "chat",
		.purpose = NOTIFICATION_DIGEST,
		.key = "k",
		.route = "digest",
		.content = "1000 2000"};
	const struct notify_digest *digest;

	(void)add(f, &(struct fixture_delivery){.severity = SEVERITY_WARNING, .now_ms = 1500});
	digest = load(f, &delivery)->digest;
	assert_int_equal(digest->from_ms, 1000);
	assert_int_equal(digest->open.total, 1);
	assert_int_equal(digest->fired.total, 1);
}

static void says_what_cannot_be_told(void **state)
{
	static const struct outbox_delivery deliveries[] = {
		{.purpose = NOTIFICATION_TRIGGER, .event_id = 99, .alert_id = 99},
		{.purpose = NOTIFICATION_NOTICE, .content = "{}"},
		{.purpose = NOTIFICATION_TEST},
		{.purpose = NOTIFICATION_DIGEST, .content = "x"},
		{.purpose = 4711},
	};
	struct outbox_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(deliveries); i++) {
		f->err.code = ERR_NONE;
		assert_int_equal(try_load(f, &deliveries[i]), -1);
		assert_true(f->err.code == ERR_NOT_FOUND || f->err.code == ERR_INPUT);
		assert_null(loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			tells_an_alert_as_it_was, outbox_fixture_start, tear_down),
		cmocka_unit_test_setup_teardown(tells_of_the_end, outbox_fixture_start, tear_down),
		cmocka_unit_test_setup_teardown(tells_a_group, outbox_fixture_start, tear_down),
		cmocka_unit_test_setup_teardown(tells_a_summary, outbox_fixture_start, tear_down),
		cmocka_unit_test_setup_teardown(tells_a_notice, outbox_fixture_start, tear_down),
		cmocka_unit_test_setup_teardown(tells_a_digest, outbox_fixture_start, tear_down),
		cmocka_unit_test_setup_teardown(
			says_what_cannot_be_told, outbox_fixture_start, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
