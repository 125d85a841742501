/*
 * Alerts as mail: the messages, their threads, and what the answers of mail servers mean.
 */
#include "notify/kind_fixture.h"
#include "support/smtp_fixture.h"

#define SIMPLE "{email: team@example.com, from: sre@example.com}"

/* A header field of a message, unfolded, in the arena. */
static const char *field(
	struct arena *arena, const struct notify_message *message, const char *name)
{
	struct strbuf value = STRBUF_INIT;
	struct str rest = message->body;
	struct str line;
	const char *copy = NULL;
	bool is_in = false;

	while (str_line(&rest, &line) && line.len > 0) {
		size_t colon = str_find(line, ':', 0);

		if (line.ptr[0] == ' ') {
			if (is_in) {
				strbuf_addstr(&value, line);
			}
		} else if (str_is(str_sub(line, 0, colon), name)) {
			assert_int_equal(value.len, 0); /* once */
			strbuf_addstr(&value, str_sub(line, colon + 2, line.len));
			is_in = true;
			copy = "";
		} else {
			is_in = false;
		}
	}
	if (copy) {
		copy = arena_strndup(arena, value.buf, value.len);
	}
	strbuf_release(&value);
	return copy;
}

static void test_trigger(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver =
		receiver_of(arena, "{email: [\"The team <team@example.com>\", b@example.com], cc: "
				   "c@example.com, from: "
				   "SRE <sre@example.com>, smtp: \"smtp://mail.example.com:587\"}");
	struct notify_message message;
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	message = message_of(arena, receiver, &sample.notification);
	assert_string_equal(message.method, "MAIL");
	assert_string_equal(message.url, "smtp://mail.example.com:587/");
	assert_string_equal(pairs_get(&message.headers, "Envelope-From"), "sre@example.com");
	assert_string_equal(pairs_get(&message.headers, "Envelope-To"),
		"team@example.com, b@example.com, c@example.com");
	assert_string_equal(field(arena, &message, "From"), "SRE <sre@example.com>");
	assert_string_equal(
		field(arena, &message, "To"), "The team <team@example.com>, b@example.com");
	assert_string_equal(field(arena, &message, "Cc"), "c@example.com");
	assert_string_equal(field(arena, &message, "Date"), "Tue, 01 Jul 2025 03:25:00 +0000");
	assert_string_equal(field(arena, &message, "Subject"), "[CRITICAL] disk full (db-01)");
	assert_string_equal(field(arena, &message, "Message-ID"), "<msg_0123456789@example.com>");
	assert_null(field(arena, &message, "In-Reply-To"));
	assert_null(field(arena, &message, "References"));
	assert_string_equal(field(arena, &message, "Auto-Submitted"), "auto-generated");
	assert_string_equal(field(arena, &message, "Importance"), "high");
	assert_string_equal(field(arena, &message, "X-SRE-Toolkit-Purpose"), "trigger");
	assert_string_equal(field(arena, &message, "X-SRE-Toolkit-Severity"), "critical");
	assert_string_equal(field(arena, &message, "X-SRE-Toolkit-Source"), "db-01");
	assert_has(message.body.ptr, "\r\nContent-Type: text/plain; charset=utf-8\r\n"
				     "Content-Transfer-Encoding: 7bit\r\n\r\n"
				     "[CRITICAL] disk full (db-01)\r\n\r\n"
				     "/var is at 97 %\r\nsince the upgrade\r\n\r\n"
				     "used: 97 %\r\nteam: db\r\nsince: 03:10 UTC\r\n\r\n"
				     "Runbook: https://wiki.example.com/disk?a=1&b=2\r\n\r\n"
				     "sre-toolkit alert why 42\r\n");
	assert_has(message.body.ptr, "\r\nContent-Type: text/html; charset=utf-8\r\n");
	assert_has(message.body.ptr, "<!DOCTYPE html>");
	assert_null(message.next);
}

/* A message names the first of its thread; the first names nobody. */
static void test_thread(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, SIMPLE);
	struct notify_message message;
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_RESOLVE);
	sample.notification.key = "second";
	sample.notification.first_key = "first";
	message = message_of(arena, receiver, &sample.notification);
	assert_string_equal(field(arena, &message, "Subject"), "[RESOLVED] disk full (db-01)");
	assert_string_equal(field(arena, &message, "Message-ID"), "<second@example.com>");
	assert_string_equal(field(arena, &message, "In-Reply-To"), "<first@example.com>");
	assert_string_equal(field(arena, &message, "References"), "<first@example.com>");
	assert_null(field(arena, &message, "Importance"));

	sample.notification.key = "first";
	message = message_of(arena, receiver, &sample.notification);
	assert_null(field(arena, &message, "In-Reply-To"));
	assert_null(field(arena, &message, "References"));
}

/* The same message on every attempt, but for what is said of the repetition. */
static void test_repeated(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, SIMPLE);
	struct notify_message first, again;
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	first = message_of(arena, receiver, &sample.notification);
	sample.notification.attempt = 2;
	again = message_of(arena, receiver, &sample.notification);
	assert_true(str_eq(first.body, again.body));
	sample.notification.may_be_repeat = true;
	again = message_of(arena, receiver, &sample.notification);
	assert_has(again.body.ptr, "sent again: it may have arrived before");
	assert_string_equal(field(arena, &first, "Message-ID"), field(arena, &again, "Message-ID"));
}

static void test_keys(void **state)
{
	static const struct {
		const char *from, *key, *id;
	} cases[] = {
		{"a@b.example", "msg_1", "<msg_1@b.example>"},
		{"a@b.example", "sre:12/x y", "<sre-12-x-y@b.example>"},
		{"a@b.example", "x>\r\nBcc: y@z", "<x---Bcc--y-z@b.example>"},
		{"\"a@[127.0.0.1]\"", "1", "<1@sre-toolkit>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct receiver *receiver = receiver_of(
			arena, arena_printf(arena, "{email: a@b, from: %s}", cases[i].from));
		struct notify_message message;
		struct sample sample;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.notification.key = cases[i].key;
		message = message_of(arena, receiver, &sample.notification);
		assert_string_equal(field(arena, &message, "Message-ID"), cases[i].id);
	}
}

static void test_hostile(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, SIMPLE);
	struct strbuf text = STRBUF_INIT;
	struct notify_message message;
	struct sample sample;
	struct str rest, line;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		strbuf_adds(&text, "\xf0\x9f\x94\xa5 a\nBcc: x@y\n.\n");
	}
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.title = text.buf;
	sample.alert.source = text.buf;
	sample.alert.message = text.buf;
	for (int i = 0; i < 64; i++) {
		pairs_set(&sample.alert.fields, arena, str_of(arena_printf(arena, "f%d", i)),
			str_of(text.buf));
	}
	message = message_of(arena, receiver, &sample.notification);
	assert_null(field(arena, &message, "Bcc"));
	assert_true(strlen(field(arena, &message, "Subject")) < 2000);
	assert_true(message.body.len < 500000);
	rest = message.body;
	while (str_line(&rest, &line)) {
		assert_in_range(line.len, 0, 76);
		assert_false(str_is(line, "."));
	}
	strbuf_release(&text);
}

static void test_group(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, SIMPLE);
	struct notify_message message;
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.notification.alerts_count = 3;
	sample.notification.alerts_total = 3;
	sample.notification.group = "source=db-01";
	message = message_of(arena, receiver, &sample.notification);
	assert_has(field(arena, &message, "Subject"), "=?UTF-8?"); /* "×" */
	assert_null(field(arena, &message, "X-SRE-Toolkit-Source"));
	assert_lacks(message.body.ptr, "alert why");
	assert_lacks(message.body.ptr, "Runbook");
}

static void test_other_purposes(void **state)
{
	static const struct notify_summary summary = {.count = 3, .to_ms = 60000};
	static const struct notify_digest digest = {.from_ms = 0};
	static const struct {
		enum notification_purpose purpose;
		const char *subject;
	} cases[] = {
		{NOTIFICATION_SUMMARY, "[STORM] 3 alerts in 1 min"},
		{NOTIFICATION_DIGEST,
			"[DIGEST] 0 open, 0 fired, 0 resolved since 1970-01-01 00:00 UTC"},
		{NOTIFICATION_NOTICE, "[NOTICE] receiver is dead"},
		{NOTIFICATION_TEST, "[TEST] disk full (db-01)"},
		{NOTIFICATION_ACKNOWLEDGE, "[ACKNOWLEDGED] disk full (db-01)"},
		{NOTIFICATION_REMINDER, "[CRITICAL] disk full (db-01)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct receiver *receiver = receiver_of(arena, SIMPLE);
		struct notify_message message;
		struct sample sample;

		sample_init(&sample, arena, cases[i].purpose);
		sample.notification.summary = &summary;
		sample.notification.digest = &digest;
		sample.notification.title = "receiver is dead";
		sample.notification.text = "really";
		if (cases[i].purpose == NOTIFICATION_SUMMARY ||
			cases[i].purpose == NOTIFICATION_DIGEST ||
			cases[i].purpose == NOTIFICATION_NOTICE) {
			sample.notification.alerts_count = 0;
			sample.notification.alerts_total = 0;
		}
		message = message_of(arena, receiver, &sample.notification);
		assert_string_equal(field(arena, &message, "Subject"), cases[i].subject);
	}
}

static void test_shown(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena,
		"{email: team@example.com, from: sre@example.com, smtp: smtps://mail.example.com, "
		"username: me, password: disk}");
	struct sample sample;
	const char *shown;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	shown = shown_of(arena, receiver, &sample.notification);
	assert_true(str_starts(str_of(shown), "MAIL smtps://mail.example.com/\n"
					      "Envelope-From: sre@example.com\n"
					      "Envelope-To: team@example.com\n\n"
					      "Date: "));
	assert_has(shown, "Subject: [CRITICAL] *** full (db-01)\r\n");
	assert_string_equal(receiver->kind->target(receiver->opts, arena),
		"team@example.com by smtps://mail.example.com/");
}

static void test_options(void **state)
{
	static const struct {
		const char *yaml, *fault;
	} cases[] = {
		{"{email: team@example.com}", "from"},
		{"{email: [], from: a@b}", "email: an address is needed"},
		{"{email: nobody, from: a@b}", "'nobody' is not a mail address"},
		{"{email: \"a@b, c@d\", from: a@b}", "is not a mail address"},
		{"{email: a@b, from: \"a@b\\r\\nBcc: c@d\"}", "is not a mail address"},
		{"{email: a@b, from: a@b, smtp: localhost}", "localhost"},
		{"{email: a@b, from: a@b, smtp: \"smtp://me:s3cret@localhost\"}",
			"do not belong into the URL of a mail server"},
		{"{email: a@b, from: a@b, password: s3cret}", "a password needs a username"},
		{"{email: a@b, from: a@b, tls: sometimes}", "sometimes"},
		{"{email: a@b, from: a@b, tls: never, smtp: smtps://x}",
			"smtps:// is TLS from the start"},
		{"{email: a@b, from: a@b, proxy: \"http://x\"}", "receivers use no proxy"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const char *fault = receiver_fault(arena, cases[i].yaml);

		if (!strstr(fault, cases[i].fault) || strstr(fault, "s3cret")) {
			fail_msg("%s: %s", cases[i].yaml, fault);
		}
	}
}

/* Sending */

struct sent {
	struct smtp_fixture *fixture;
	struct delivery_result result;
	bool is_done;
};

static void on_done(void *arg, struct notify_run *run)
{
	struct sent *sent = arg;

	assert_false(sent->is_done);
	sent->is_done = true;
	sent->result = run->result;
	sent->result.text = arena_strdup(sent->fixture->arena, run->result.text);
	sent->result.body = arena_strdup(sent->fixture->arena, run->result.body);
	notify_run_free(&run);
}

static struct notify_env env_of(struct smtp_fixture *fixture)
{
	return (struct notify_env){
		.loop = fixture->loop, .resolver = fixture->resolver, .smtp = fixture->client};
}

static const struct receiver *receiver_at(
	struct smtp_fixture *fixture, const struct smtp_server *server, const char *more)
{
	return receiver_of(fixture->arena,
		arena_printf(fixture->arena,
			"{email: [a@example.com, b@example.com], cc: c@example.com, from: "
			"sre@example.com, smtp: \"smtp://mail.example:%u\", timeout: 60s, ca_file: "
			"\"%s\"%s}",
			smtp_server_port(server), fixture->ca_file, more));
}

static struct delivery_result send_mail(struct smtp_fixture *fixture,
	const struct smtp_server *server, const char *more, enum notification_purpose purpose)
{
	const struct notify_env env = env_of(fixture);
	struct sent sent = {.fixture = fixture};
	struct sample sample;

	sample_init(&sample, fixture->arena, purpose);
	(void)notify_start(
		&env, receiver_at(fixture, server, more), &sample.notification, on_done, &sent);
	assert_false(sent.is_done);
	assert_int_equal(loop_run(fixture->loop, NULL), 0);
	assert_true(sent.is_done);
	return sent.result;
}

static void test_arrives(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server = smtp_server_new(
		fixture->loop, &(struct smtp_server_options){.certificate = &fixture->good});
	struct delivery_result result = send_mail(fixture, server,
		", tls: required, username: me, password: s3cret", NOTIFICATION_TRIGGER);

	assert_string_equal(result.text, "answered 250 2.0.0 queued as 1");
	assert_int_equal(result.outcome, DELIVERY_ARRIVED);
	assert_int_equal(result.fault, CHANNEL_OK);
	assert_int_equal(result.code, 250);
	assert_string_equal(result.body, "250 2.0.0 queued as 1");
	assert_has(smtp_server_lines(server), "(TLS)\n");
	assert_has(smtp_server_lines(server), "AUTH PLAIN AG1lAHMzY3JldA==\n");
	assert_has(smtp_server_lines(server), "MAIL FROM:<sre@example.com> SIZE=");
	assert_has(smtp_server_lines(server), "RCPT TO:<a@example.com>\nRCPT TO:<b@example.com>\n"
					      "RCPT TO:<c@example.com>\nDATA\n");
	assert_true(str_starts(str_of(smtp_server_message(server)), "Date: "));
	assert_has(smtp_server_message(server), "\nSubject: [CRITICAL] disk full (db-01)\n");
	assert_has(smtp_server_message(server), "\n/var is at 97 %\n");
	smtp_server_free(&server);
}

static void test_answers(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		struct smtp_rule rule;
		const char *more;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		int code;
		bool may_have_arrived;
		const char *text;
	} cases[] = {
		{{"RCPT TO:<b@", SMTP_SAY, "550 5.1.1 unknown"}, "", DELIVERY_ARRIVED, CHANNEL_OK,
			250, false, " took the message for 2 of 3 recipients; not for 'b@example."},
		{{"RCPT", SMTP_SAY, "550 5.1.1 unknown"}, "", DELIVERY_REFUSED, CHANNEL_REVOKED,
			550, false, " refused recipient 'a@example.com' (550 5.1.1): unknown"},
		{{"RCPT", SMTP_SAY, "450 4.2.0 later"}, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE,
			450, false, " now (450 4.2.0): later"},
		{{"MAIL", SMTP_SAY, "550 5.7.1 no"}, "", DELIVERY_REFUSED, CHANNEL_REJECTED, 550,
			false, " refused sender 'sre@example.com'"},
		{{".", SMTP_SAY, "554 5.7.1 spam"}, "", DELIVERY_REFUSED, CHANNEL_REJECTED, 554,
			false, " refused the message (554 5.7.1): spam"},
		{{".", SMTP_SAY, "451 4.3.0 disk full"}, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE,
			451, false, " does not take the message now (451 4.3.0): disk full"},
		{{".", SMTP_SAY_CLOSE, ""}, "", DELIVERY_RETRY, CHANNEL_UNREACHABLE, 0, true,
			" closed the connection while waiting for the answer of "},
		{{"CONNECT", SMTP_SAY, "nonsense"}, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE, 0,
			false, " does not speak SMTP"},
		{{"CONNECT", SMTP_SAY, "421 4.3.2 busy"}, "", DELIVERY_RETRY, CHANNEL_UNAVAILABLE,
			421, false, " does not take our connection now (421 4.3.2): busy"},
		{{"AUTH", SMTP_SAY, "535 5.7.8 wrong s3cret"}, ", username: me, password: s3cret",
			DELIVERY_REFUSED, CHANNEL_REVOKED, 535, false,
			" refused the user name and password (535 5.7.8): (its words"},
		{{"EHLO", SMTP_SAY, "250 mail"}, ", username: me, password: s3cret",
			DELIVERY_REFUSED, CHANNEL_MISCONFIGURED, 0, false,
			" offers no authentication"},
		{{"EHLO", SMTP_SAY, "250 mail"}, ", tls: required", DELIVERY_RETRY,
			CHANNEL_UNREACHABLE, 0, false, " does not offer STARTTLS"},
		{{"STARTTLS", SMTP_SAY, "454 later"}, ", tls: when_offered", DELIVERY_RETRY,
			CHANNEL_UNAVAILABLE, 454, false, " does not take STARTTLS now (454)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_rule rules[] = {cases[i].rule, {NULL}};
		struct smtp_server *server =
			smtp_server_new(fixture->loop, &(struct smtp_server_options){.rules = rules,
							       .certificate = &fixture->good});
		struct delivery_result result =
			send_mail(fixture, server, cases[i].more, NOTIFICATION_TRIGGER);

		if (result.outcome != cases[i].outcome || result.fault != cases[i].fault ||
			result.code != cases[i].code ||
			result.may_have_arrived != cases[i].may_have_arrived ||
			!strstr(result.text, cases[i].text) || strstr(result.text, "s3cret")) {
			fail_msg("case %zu: %s, %s, %d, %d: %s", i,
				delivery_outcome_name(result.outcome),
				channel_fault_name(result.fault), result.code,
				result.may_have_arrived, result.text);
		}
		smtp_server_free(&server);
	}
}

static void test_unreachable(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		const char *url, *more;
		enum channel_fault fault;
		const char *text;
	} cases[] = {
		{"smtp://missing.example", "", CHANNEL_UNREACHABLE, "'missing.example'"},
		{"smtp://refused.example:9", "", CHANNEL_UNREACHABLE,
			"connection refused by 127.0.0.2:9"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct notify_env env = env_of(fixture);
		const struct receiver *receiver = receiver_of(fixture->arena,
			arena_printf(fixture->arena, "{email: a@b, from: c@d, smtp: \"%s\"%s}",
				cases[i].url, cases[i].more));
		struct sent sent = {.fixture = fixture};
		struct sample sample;

		sample_init(&sample, fixture->arena, NOTIFICATION_TEST);
		(void)notify_start(&env, receiver, &sample.notification, on_done, &sent);
		assert_int_equal(loop_run(fixture->loop, NULL), 0);
		assert_int_equal(sent.result.outcome, DELIVERY_RETRY);
		assert_int_equal(sent.result.fault, cases[i].fault);
		assert_has(sent.result.text, cases[i].text);
	}
}

/* The deadline says what it was doing, and whether the message may have arrived. */
static void test_deadline(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		struct smtp_rule rule;
		const char *line;
		bool may_have_arrived;
		const char *text;
	} cases[] = {
		{{"MAIL", SMTP_SAY_HANG, ""}, "MAIL", false,
			"timed out after 1m while waiting for the answer of 127.0.0.1:"},
		{{".", SMTP_SAY_HANG, ""}, "DATA", true, " to the message"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_rule rules[] = {cases[i].rule, {NULL}};
		struct smtp_server *server = smtp_server_new(
			fixture->loop, &(struct smtp_server_options){.rules = rules});
		const struct notify_env env = env_of(fixture);
		struct sent sent = {.fixture = fixture};
		struct sample sample;

		sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
		(void)notify_start(&env, receiver_at(fixture, server, ""), &sample.notification,
			on_done, &sent);
		smtp_fixture_wait_for_line(fixture, server, cases[i].line);
		while (cases[i].may_have_arrived && smtp_server_messages(server) == 0) {
			smtp_fixture_wait(fixture);
		}
		smtp_fixture_jump(fixture, 60000);
		assert_true(sent.is_done);
		assert_int_equal(sent.result.outcome, DELIVERY_RETRY);
		assert_int_equal(sent.result.fault, CHANNEL_UNREACHABLE);
		assert_int_equal(sent.result.may_have_arrived, cases[i].may_have_arrived);
		assert_has(sent.result.text, cases[i].text);
		smtp_server_free(&server);
	}
}

/* At any time, also before anything began. */
static void test_forgetting(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct smtp_rule rules[] = {{"EHLO", SMTP_SAY_HANG, ""}, {NULL}};
	struct smtp_server *server =
		smtp_server_new(fixture->loop, &(struct smtp_server_options){.rules = rules});
	const struct notify_env env = env_of(fixture);
	struct sent sent = {.fixture = fixture};
	struct sample sample;
	struct notify_run *run;

	sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
	run = notify_start(
		&env, receiver_at(fixture, server, ""), &sample.notification, on_done, &sent);
	notify_run_free(&run);
	run = notify_start(
		&env, receiver_at(fixture, server, ""), &sample.notification, on_done, &sent);
	smtp_fixture_wait_for_line(fixture, server, "EHLO");
	notify_run_free(&run);
	assert_false(sent.is_done);
	smtp_server_free(&server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, smtp_fixture_start, smtp_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trigger),
		cmocka_unit_test(test_thread),
		cmocka_unit_test(test_repeated),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_other_purposes),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_options),
		TEST(test_arrives),
		TEST(test_answers),
		TEST(test_unreachable),
		TEST(test_deadline),
		TEST(test_forgetting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
