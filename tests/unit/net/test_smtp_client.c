/*
 * Mail that arrives, and requests, servers and times that are against it.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "support/smtp_fixture.h"

static const struct smtp_server_options plain_server;

static struct smtp_server *serve(
	struct smtp_fixture *fixture, const struct smtp_server_options *options)
{
	return smtp_server_new(fixture->loop, options);
}

static void assert_result(const struct smtp_answer *answer, enum smtp_status status,
	enum smtp_stage stage, const char *text)
{
	if (answer->result.status != status || answer->result.stage != stage ||
		!strstr(answer->result.text, text)) {
		fail_msg("%d at %d: %s; expected %d at %d: %s", answer->result.status,
			answer->result.stage, answer->result.text, status, stage, text);
	}
}

static void test_delivery(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server = serve(fixture, &plain_server);
	static const char *const recipients[] = {"a@example.com", "b@[127.0.0.1]"};
	struct smtp_answer answer = smtp_fixture_run(
		fixture, (struct smtp_request){
				 .url = smtp_fixture_url(fixture, "smtp", "mail.example", server),
				 .hello_name = "me.example",
				 .recipients = recipients,
				 .recipients_count = ARRAY_LEN(recipients),
			 });

	assert_result(&answer, SMTP_DELIVERED, SMTP_STAGE_MESSAGE, "");
	assert_string_equal(answer.result.text, "");
	assert_int_equal(answer.result.code, 250);
	assert_string_equal(answer.result.enhanced, "2.0.0");
	assert_string_equal(answer.result.reply, "queued as 1");
	assert_false(answer.result.may_have_arrived);
	assert_int_equal(answer.result.refusals_count, 0);
	assert_int_equal(address_port(&answer.result.remote), smtp_server_port(server));
	assert_null(answer.result.tls_version);
	assert_true(answer.result.duration_us > 0);
	smtp_fixture_wait_for_line(fixture, server, "QUIT\n");
	assert_string_equal(smtp_server_lines(server), "EHLO me.example\n"
						       "MAIL FROM:<from@example.com> SIZE=21\n"
						       "RCPT TO:<a@example.com>\n"
						       "RCPT TO:<b@[127.0.0.1]>\n"
						       "DATA\n"
						       "QUIT\n");
	assert_string_equal(smtp_server_message(server), "Subject: x\n\nhello\n");
	smtp_server_free(&server);
}

/* What is in a message stays in it, whatever the server makes of it on the way. */
static void test_messages(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		const char *message, *lines;
	} cases[] = {
		{"A: b\r\n\r\n.\r\n", "A: b\n\n..\n"},
		{"A: b\r\n\r\n.\r\nMAIL FROM:<x@example.com>\r\n",
			"A: b\n\n..\nMAIL FROM:<x@example.com>\n"},
		{"A: b\n\n.\nQUIT\n", "A: b\n\n..\nQUIT\n"},
		{"A: b\r\r.\rQUIT\r", "A: b\n\n..\nQUIT\n"},
		{"A: b\r\n\r\nx\n.\r\nQUIT", "A: b\n\nx\n..\nQUIT\n"},
		{"A: b\r\n\r\nno end", "A: b\n\nno end\n"},
		{".", "..\n"},
		{"\r\n", "\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smtp_server *server = serve(fixture, &plain_server);
		struct smtp_answer answer = smtp_fixture_run(fixture,
			(struct smtp_request){
				.url = smtp_fixture_url(fixture, "smtp", "mail.example", server),
				.message = str_of(cases[i].message)});

		assert_result(&answer, SMTP_DELIVERED, SMTP_STAGE_MESSAGE, "");
		assert_string_equal(smtp_server_message(server), cases[i].lines);
		assert_int_equal(smtp_server_messages(server), 1);
		smtp_server_free(&server);
	}
}

/* More than fits into any buffer on the way. */
static void test_large_message(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server =
		serve(fixture, &(struct smtp_server_options){.certificate = &fixture->good});
	struct strbuf message = STRBUF_INIT;
	struct smtp_answer answer;

	while (message.len < 8U << 20) {
		strbuf_adds(&message, "0123456789012345678901234567890123456789012345678\n");
	}
	answer = smtp_fixture_run(fixture,
		(struct smtp_request){.url = smtp_fixture_url(fixture, "smtp", "localhost", server),
			.message = strbuf_str(&message)});
	assert_result(&answer, SMTP_DELIVERED, SMTP_STAGE_MESSAGE, "");
	assert_string_equal(smtp_server_message(server), message.buf);
	answer = smtp_fixture_run(
		fixture, (struct smtp_request){
				 .url = smtp_fixture_url(fixture, "smtp", "mail.example", server),
				 .tls = SMTP_TLS_REQUIRED,
				 .ca_file = fixture->ca_file,
				 .message = strbuf_str(&message)});
	assert_result(&answer, SMTP_DELIVERED, SMTP_STAGE_MESSAGE, "");
	assert_string_equal(smtp_server_message(server), message.buf);
	strbuf_release(&message);
	smtp_server_free(&server);
}

static void test_8bit(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server = serve(fixture, &plain_server);
	struct smtp_answer answer = smtp_fixture_run(
		fixture, (struct smtp_request){
				 .url = smtp_fixture_url(fixture, "smtp", "mail.example", server),
				 .message = str_of("A: b\n\n\xc3\xa4\n")});

	assert_result(&answer, SMTP_DELIVERED, SMTP_STAGE_MESSAGE, "");
	assert_non_null(strstr(smtp_server_lines(server), " BODY=8BITMIME\n"));
	assert_string_equal(smtp_server_message(server), "A: b\n\n\xc3\xa4\n");
	smtp_server_free(&server);
}

static void test_bad_requests(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server = serve(fixture, &plain_server);
	static const struct {
		const char *scheme, *hello_name, *from, *to;
		struct str message;
		const char *text;
	} cases[] = {
		{"http", NULL, NULL, NULL, {0}, "http"},
		{"smtp", "a b", NULL, NULL, {0}, "bad name of this host 'a b'"},
		{"smtp", "a\r\nQUIT", NULL, NULL, {0}, "bad name of this host 'a\\r\\nQUIT'"},
		{"smtp", NULL, "", NULL, {0}, "bad sender ''"},
		{"smtp", NULL, "a@b\r\nRCPT TO:<x@y>", NULL, {0}, "bad sender 'a@b\\r\\nRCPT"},
		{"smtp", NULL, NULL, "a@b> NOTIFY=NEVER", {0}, "bad recipient 'a@b> NOTIFY"},
		{"smtp", NULL, NULL, "<a@b>", {0}, "bad recipient '<a@b>'"},
		{"smtp", NULL, NULL, "-oQ/tmp@b", {0}, "bad recipient '-oQ/tmp@b'"},
		{"smtp", NULL, NULL, "a@b\n", {0}, "bad recipient 'a@b\\n'"},
		{"smtp", NULL, NULL, NULL, {"", 0}, "message is empty"},
		{"smtp", NULL, NULL, NULL, {"a\0b", 3}, "NUL in the message"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *const recipients[] = {cases[i].to};
		struct smtp_request request = {
			.url = smtp_fixture_url(fixture, cases[i].scheme, "mail.example", server),
			.hello_name = cases[i].hello_name,
			.from = cases[i].from,
			.recipients = cases[i].to ? recipients : NULL,
			.recipients_count = 1,
			.message = cases[i].message,
		};
		struct smtp_answer answer = smtp_fixture_run(fixture, request);

		assert_result(&answer, SMTP_LOCAL, SMTP_STAGE_CONNECT, cases[i].text);
	}
	assert_string_equal(smtp_server_lines(server), "");
	smtp_server_free(&server);
}

static void test_recipients_count(void **state)
{
	struct smtp_fixture *fixture = *state;
	const char *recipients[SMTP_RECIPIENTS_MAX + 1];
	struct smtp_request request = {.recipients = recipients};
	struct smtp_server *server = serve(fixture, &plain_server);
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_LEN(recipients); i++) {
		recipients[i] = "a@example.com";
	}
	request.url = smtp_fixture_url(fixture, "smtp", "mail.example", server);
	smtp_fixture_complete(&request);
	assert_int_equal(smtp_request_check(&request, &err), -1);
	assert_string_equal(err.msg, "no recipient");
	request.recipients_count = SMTP_RECIPIENTS_MAX;
	assert_int_equal(smtp_request_check(&request, &err), 0);
	request.recipients_count = SMTP_RECIPIENTS_MAX + 1;
	assert_int_equal(smtp_request_check(&request, &err), -1);
	assert_string_equal(err.msg, "more than 1000 recipients");
	smtp_server_free(&server);
}

static void test_connecting(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server = serve(fixture, &plain_server);
	static const struct {
		const char *host;
		int64_t timeout_ms;
		enum smtp_status status;
		const char *text;
	} cases[] = {
		{"missing.example", 0, SMTP_DNS_FAILED, "'missing.example'"},
		{"silent.example", 50, SMTP_TIMEOUT, "no answer from the name servers"},
		{"refused.example", 0, SMTP_CONNECT_REFUSED, "connection refused by 127.0.0.2:"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smtp_answer answer = smtp_fixture_run(fixture,
			(struct smtp_request){
				.url = smtp_fixture_url(fixture, "smtp", cases[i].host, server),
				.timeout_ms = cases[i].timeout_ms});

		assert_result(&answer, cases[i].status, SMTP_STAGE_CONNECT, cases[i].text);
		assert_false(answer.result.may_have_arrived);
		assert_int_equal(answer.result.code, 0);
	}
	smtp_server_free(&server);
}

/* Whenever the server falls silent, the deadline comes, and the text says of what. */
static void test_deadlines(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		struct smtp_rule rule;
		enum smtp_stage stage;
		bool may_have_arrived;
		const char *phase;
	} cases[] = {
		{{"CONNECT", SMTP_SAY_HANG, ""}, SMTP_STAGE_GREETING, false, "the greeting of"},
		{{"CONNECT", SMTP_SAY_HANG, "220-a"}, SMTP_STAGE_GREETING, false,
			"the greeting of"},
		{{"EHLO", SMTP_SAY_HANG, ""}, SMTP_STAGE_HELLO, false, " to the hello"},
		{{"STARTTLS", SMTP_SAY_HANG, ""}, SMTP_STAGE_STARTTLS, false, " to STARTTLS"},
		{{"STARTTLS", SMTP_SAY_HANG, "220 go"}, SMTP_STAGE_HANDSHAKE, false,
			"waiting for the TLS handshake of 127.0.0.1:"},
		{{"AUTH", SMTP_SAY_HANG, ""}, SMTP_STAGE_AUTH, false,
			" to the user name and password"},
		{{"MAIL", SMTP_SAY_HANG, ""}, SMTP_STAGE_SENDER, false, " to the sender"},
		{{"RCPT", SMTP_SAY_HANG, ""}, SMTP_STAGE_RECIPIENT, false, " to the recipients"},
		{{"DATA", SMTP_SAY_HANG, ""}, SMTP_STAGE_DATA, false,
			" to the announcement of the message"},
		{{".", SMTP_SAY_HANG, ""}, SMTP_STAGE_MESSAGE, true, " to the message"},
	};
	enum { TIMEOUT_MS = 60000 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_rule rules[] = {cases[i].rule, {NULL}};
		struct smtp_server *server =
			serve(fixture, &(struct smtp_server_options){
					       .rules = rules, .certificate = &fixture->good});
		struct smtp_request request = {
			.url = smtp_fixture_url(fixture, "smtp", "mail.example", server),
			.tls = SMTP_TLS_REQUIRED,
			.ca_file = fixture->ca_file,
			.username = "me",
			.password = "secret",
			.timeout_ms = TIMEOUT_MS,
		};
		struct smtp_answer answer;

		smtp_fixture_complete(&request);
		smtp_fixture_wait_for_phase(
			fixture, smtp_fixture_begin(fixture, &request, &answer), cases[i].phase);
		smtp_fixture_jump(fixture, TIMEOUT_MS);
		assert_result(&answer, SMTP_TIMEOUT, cases[i].stage, cases[i].phase);
		assert_non_null(
			strstr(answer.result.text, "gave up after 1 min: waiting for the "));
		assert_int_equal(answer.result.may_have_arrived, cases[i].may_have_arrived);
		assert_int_equal(answer.result.code, 0);
		smtp_server_free(&server);
	}
}

/* A message that nobody reads to its end has not arrived. */
static void test_deadline_within_message(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct smtp_rule rules[] = {{"DATA", SMTP_SAY_HANG, "354 go"}, {NULL}};
	struct smtp_server *server = serve(fixture, &(struct smtp_server_options){.rules = rules});
	struct smtp_request request = {
		.url = smtp_fixture_url(fixture, "smtp", "mail.example", server)};
	struct strbuf message = STRBUF_INIT;
	struct smtp_answer answer;

	while (message.len < 16U << 20) {
		strbuf_adds(&message, "012345678901234567890123456789012345678901234567\r\n");
	}
	request.message = strbuf_str(&message);
	smtp_fixture_complete(&request);
	smtp_fixture_wait_for_phase(
		fixture, smtp_fixture_begin(fixture, &request, &answer), "sending the message");
	smtp_fixture_jump(fixture, request.timeout_ms);
	assert_result(&answer, SMTP_TIMEOUT, SMTP_STAGE_MESSAGE,
		"gave up after 1 min: sending the message to 127.0.0.1:");
	assert_false(answer.result.may_have_arrived);
	strbuf_release(&message);
	smtp_server_free(&server);
}

/* At any moment, from before the lookup to the last answer. */
static void test_forgetting(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const char *const moments[] = {"CONNECT", "EHLO", "MAIL", "DATA", "."};

	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		const struct smtp_rule rules[] = {{moments[i], SMTP_SAY_HANG, ""}, {NULL}};
		struct smtp_server *server =
			serve(fixture, &(struct smtp_server_options){.rules = rules});
		struct smtp_request request = {
			.url = smtp_fixture_url(fixture, "smtp", "mail.example", server)};
		struct smtp_answer answer;
		struct smtp_exchange *exchange;
		struct smtp_exchange *at_once;

		smtp_fixture_complete(&request);
		at_once = smtp_fixture_begin(fixture, &request, &answer);
		smtp_exchange_free(&at_once);
		exchange = smtp_fixture_begin(fixture, &request, &answer);
		if (i > 0) {
			smtp_fixture_wait_for_line(
				fixture, server, i + 1 < ARRAY_LEN(moments) ? moments[i] : "DATA");
		}
		smtp_exchange_free(&exchange);
		assert_null(exchange);
		smtp_exchange_free(&exchange);
		assert_false(answer.is_done);
		smtp_server_free(&server);
	}
}

static void test_phase(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct smtp_rule rules[] = {{".", SMTP_SAY_HANG, ""}, {NULL}};
	struct smtp_server *server = serve(fixture, &(struct smtp_server_options){.rules = rules});
	struct smtp_request request = {
		.url = smtp_fixture_url(fixture, "smtp", "mail.example", server)};
	struct smtp_answer answer;
	struct smtp_exchange *exchange;
	struct strbuf phase = STRBUF_INIT;

	smtp_fixture_complete(&request);
	exchange = smtp_fixture_begin(fixture, &request, &answer);
	smtp_exchange_add_phase(exchange, &phase);
	assert_string_equal(phase.buf, "looking up 'mail.example'");
	assert_false(smtp_exchange_is_sent(exchange));
	smtp_fixture_wait_for_phase(fixture, exchange, "waiting for the answer of 127.0.0.1:");
	smtp_fixture_wait_for_phase(fixture, exchange, " to the message");
	assert_true(smtp_exchange_is_sent(exchange));
	strbuf_release(&phase);
	smtp_exchange_free(&exchange);
	smtp_server_free(&server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, smtp_fixture_start, smtp_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_delivery),
		TEST(test_messages),
		TEST(test_large_message),
		TEST(test_8bit),
		TEST(test_bad_requests),
		TEST(test_recipients_count),
		TEST(test_connecting),
		TEST(test_deadlines),
		TEST(test_deadline_within_message),
		TEST(test_forgetting),
		TEST(test_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
