/*
 * The words that all receivers use.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "notify/notify_fixture.h"
#include "notify/notify_text.h"
#include "notify/template.h"

static const struct notifier_kind kind = {.group_max = 3};
static const struct receiver plain = {.name = "a", .kind = &kind};

static const char *copy(struct notify_fixture *f, struct strbuf *text)
{
	const char *copied = arena_strndup(f->arena, text->buf, text->len);

	strbuf_release(text);
	return copied;
}

static const char *title_of(struct notify_fixture *f, const struct receiver *receiver,
	const struct notification *notification)
{
	struct strbuf out = STRBUF_INIT;

	notify_add_title(receiver, notification, &out);
	return copy(f, &out);
}

static const char *text_of(struct notify_fixture *f, const struct receiver *receiver,
	const struct notification *notification)
{
	struct strbuf out = STRBUF_INIT;

	notify_add_text(receiver, notification, &out);
	return copy(f, &out);
}

static void says_each_purpose(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		const char *title, *text;
	} cases[] = {
		{NOTIFICATION_TRIGGER, "[CRITICAL] disk full (db-01)",
			"/var is 98 % full\nand grows"},
		{NOTIFICATION_RESOLVE, "[RESOLVED] disk full (db-01)",
			"/var is 98 % full\nand grows\nresolved after 59 min 53 s"},
		{NOTIFICATION_ACKNOWLEDGE, "[ACKNOWLEDGED] disk full (db-01)",
			"/var is 98 % full\nand grows\nacknowledged by eve"},
		{NOTIFICATION_REMINDER, "[CRITICAL] disk full (db-01)",
			"/var is 98 % full\nand grows\nstill firing after 1 h"},
		{NOTIFICATION_RESEND, "[CRITICAL] disk full (db-01)",
			"/var is 98 % full\nand grows"},
		{NOTIFICATION_TEST, "[TEST] disk full (db-01)", "/var is 98 % full\nand grows"},
		{NOTIFICATION_NOTICE, "[NOTICE] receiver 'chat' is dead",
			"revoked: no_service\nalerts go to 'mail' instead"},
		{NOTIFICATION_SUMMARY, "[STORM] 212 alerts in 1 min",
			"stands for 212 alerts, from 03:13 UTC to 03:14 UTC: 12 critical, 190 "
			"warning, 10 resolved\n"
			"most affected: db-01 (150), web <1> & *2* (50) and 12 other sources"},
	};
	struct notify_fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct notification *notification =
			notify_fixture_notification(f, cases[i].purpose);

		assert_string_equal(title_of(f, &plain, notification), cases[i].title);
		assert_string_equal(text_of(f, &plain, notification), cases[i].text);
		assert_int_equal(notification_is_good(notification),
			cases[i].purpose == NOTIFICATION_RESOLVE);
	}
}

static void tells_what_was_hidden(void **state)
{
	struct notify_fixture *f = *state;
	struct notification *notification = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *const alerts[] = {alert};

	notification->alerts = alerts;
	notification->may_be_repeat = true;
	alert->hidden = 212;
	alert->hidden_since_ms = NOTIFY_NOW_MS - 240000;
	alert->message = "";
	assert_string_equal(text_of(f, &plain, notification),
		"+212 since 03:10 UTC\nsent again: it may have arrived before");
	alert->hidden_since_ms = NOTIFY_NOW_MS - 24 * 3600000LL;
	notification->may_be_repeat = false;
	assert_string_equal(text_of(f, &plain, notification), "+212 since 2025-06-30 03:14 UTC");
	alert->hidden = 0;
	assert_string_equal(text_of(f, &plain, notification), "");
}

static struct template *template_of(struct notify_fixture *f, const char *text)
{
	struct template *template = NULL;

	assert_int_equal(template_parse(str_of(text), f->arena, &template, NULL), 0);
	return template;
}

#define LONG                                                                                       \
	"0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 " \
	"0123456789 0123456789"

static void says_nothing_twice(void **state)
{
	struct notify_fixture *f = *state;
	struct notification *notification = notify_fixture_notification(f, NOTIFICATION_RESOLVE);
	struct alert *alert = notify_fixture_alert(f);
	const struct alert *const alerts[] = {alert};
	struct receiver titled = plain;

	alert->message = alert->title;
	notification->alerts = alerts;
	assert_false(notify_has_message(alert));
	assert_string_equal(text_of(f, &plain, notification), "");
	titled.title = template_of(f, "{{source}}");
	assert_string_equal(text_of(f, &titled, notification), "disk full");
	/* Of a long title some receivers show a part only. */
	alert->title = alert->message = LONG;
	assert_true(notify_has_message(alert));
	assert_string_equal(text_of(f, &plain, notification), LONG);
}

static void tells_of_groups(void **state)
{
	struct notify_fixture *f = *state;
	struct notification *group = notify_fixture_group(f, 5);
	struct alert *over = notify_fixture_alert(f);
	const struct alert *alerts[5];

	memcpy(alerts, group->alerts, sizeof(alerts));
	over->is_resolved = true;
	over->hidden = 2;
	over->hidden_since_ms = over->time_ms;
	alerts[1] = over;
	group->alerts = alerts;
	group->alerts_total = 12;
	assert_string_equal(title_of(f, &plain, group), "[CRITICAL ×12] team=db");
	assert_string_equal(text_of(f, &plain, group),
		"• [CRITICAL] disk 0 (db-01)\n"
		"• [RESOLVED] disk full (db-01), +2 since 03:14 UTC\n"
		"• [CRITICAL] disk 2 (db-01)\n"
		"and 9 more");
	group->group = NULL;
	group->purpose = NOTIFICATION_REMINDER;
	group->alerts_total = 0;
	assert_string_equal(title_of(f, &plain, group), "[CRITICAL ×5] disk 0 (db-01) and 4 more");
	assert_non_null(strstr(text_of(f, &plain, group), "disk 0 (db-01), firing for 1 h\n"));
}

static void digests_have_everything(void **state)
{
	struct notify_fixture *f = *state;
	const struct notification *digest = notify_fixture_notification(f, NOTIFICATION_DIGEST);
	const char *text = text_of(f, &plain, digest);

	assert_string_equal(title_of(f, &plain, digest),
		"[DIGEST] 3 open, 90 fired, 87 resolved since 2025-06-30 03:14 UTC");
	assert_true(str_starts(str_of(text), "open now: 3\n"
					     "• [CRITICAL] disk full (db-01), since 02:14 UTC\n"
					     "• and 2 more\n"
					     "fired: 90\n"));
	assert_true(
		str_ends(str_of(text), "• and 70 more\n"
				       "resolved: 87\n"
				       "not sent: 120 suppressed, 4 inhibited\n"
				       "not delivered to pager: 3\n"
				       "dead receiver chat: revoked: no_service\n"
				       "silence that ends soon: team=db until 12:00 UTC, by eve"));
}

static void templates_have_their_way(void **state)
{
	struct notify_fixture *f = *state;
	const struct notification *trigger = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	struct receiver receiver = plain;

	receiver.title = template_of(f, "{{severity}}:\n {{message}} \n");
	receiver.text = template_of(f, "{{title}}\n{{label.team}}\n\n");
	assert_string_equal(
		title_of(f, &receiver, trigger), "critical: /var is 98 % full and grows");
	assert_string_equal(text_of(f, &receiver, trigger), "disk full\ndb");
	receiver.title = template_of(f, "{{label.nothing}}");
	receiver.text = template_of(f, "{{label.nothing}}");
	assert_string_equal(title_of(f, &receiver, trigger), "[CRITICAL] disk full (db-01)");
	assert_string_equal(text_of(f, &receiver, trigger), "");
}

static void facts_keep_their_order(void **state)
{
	struct notify_fixture *f = *state;
	const struct notification *trigger = notify_fixture_notification(f, NOTIFICATION_TRIGGER);
	static const char *const expected[] = {
		"used", "98 %", "mount", "/var", "team", "db", "dc", "north", "since", "02:14 UTC"};
	struct pairs facts;

	notify_list_facts(trigger, trigger->alerts[0], f->arena, &facts);
	assert_int_equal(facts.items_count, ARRAY_LEN(expected) / 2);
	for (size_t i = 0; i < facts.items_count; i++) {
		assert_string_equal(facts.items[i].name, expected[2 * i]);
		assert_string_equal(facts.items[i].value, expected[2 * i + 1]);
	}
}

/* It is what merges replays at PagerDuty: another one would open incidents twice. */
static void dedup_key_is_for_ever(void **state)
{
	struct notify_fixture *f = *state;
	struct alert *alert = notify_fixture_alert(f);
	struct strbuf key = STRBUF_INIT;
	struct strbuf other = STRBUF_INIT;

	notify_add_dedup_key(alert, &key);
	assert_string_equal(key.buf, "sre:9131bba6a20931b47ca89df588020edf0ebb01ca");
	alert->severity = SEVERITY_INFO;
	alert->message = "";
	notify_add_dedup_key(alert, &other);
	assert_string_equal(key.buf, other.buf);
	alert->episode_ms++;
	strbuf_clear(&other);
	notify_add_dedup_key(alert, &other);
	assert_string_not_equal(key.buf, other.buf);
	strbuf_release(&key);
	strbuf_release(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(says_each_purpose),
		TEST(tells_what_was_hidden),
		TEST(says_nothing_twice),
		TEST(tells_of_groups),
		TEST(digests_have_everything),
		TEST(templates_have_their_way),
		TEST(facts_keep_their_order),
		TEST(dedup_key_is_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
