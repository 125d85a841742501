/*
 * What is said to mail servers, and what is made of their answers.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "support/smtp_fixture.h"

static struct smtp_answer send_to(struct smtp_fixture *fixture, struct smtp_server *server,
	const char *scheme, struct smtp_request request)
{
	request.url = smtp_fixture_url(fixture, scheme, "mail.example", server);
	request.hello_name = "me.example";
	if (!request.ca_file) {
		request.ca_file = fixture->ca_file;
	}
	return smtp_fixture_run(fixture, request);
}

static void assert_said(const struct smtp_server *server, const char *lines)
{
	if (!strstr(smtp_server_lines(server), lines)) {
		fail_msg("no '%s' in '%s'", lines, smtp_server_lines(server));
	}
}

static void assert_not_said(const struct smtp_server *server, const char *lines)
{
	if (strstr(smtp_server_lines(server), lines)) {
		fail_msg("'%s' in '%s'", lines, smtp_server_lines(server));
	}
}

/* Every answer that is not what was hoped for. */
static void test_refusals(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		struct smtp_rule rule;
		enum smtp_status status;
		enum smtp_stage stage;
		int code;
		const char *enhanced, *text;
	} cases[] = {
		{{"CONNECT", SMTP_SAY, "554 5.7.1 you are on a list"}, SMTP_REFUSED,
			SMTP_STAGE_GREETING, 554, "5.7.1",
			" refused our connection (554 5.7.1): you are on a list"},
		{{"CONNECT", SMTP_SAY_CLOSE, "421 4.3.2 too many connections"}, SMTP_DEFERRED,
			SMTP_STAGE_GREETING, 421, "4.3.2",
			" does not take our connection now (421 4.3.2): too many connections"},
		{{"CONNECT", SMTP_SAY, "354 what"}, SMTP_PROTOCOL, SMTP_STAGE_GREETING, 354, "",
			" answers our connection with 354, which makes no sense"},
		{{"CONNECT", SMTP_SAY, "HTTP/1.1 400 Bad Request"}, SMTP_PROTOCOL,
			SMTP_STAGE_GREETING, 0, "", " does not speak SMTP"},
		{{"CONNECT", SMTP_SAY, "220 a\r\n250 b"}, SMTP_PROTOCOL, SMTP_STAGE_GREETING, 0, "",
			" says more than it was asked for"},
		{{"CONNECT", SMTP_SAY_CLOSE, ""}, SMTP_CLOSED, SMTP_STAGE_GREETING, 0, "",
			" closed the connection while waiting for the greeting of 127.0.0.1:"},
		{{"EHLO", SMTP_SAY_RESET, ""}, SMTP_CLOSED, SMTP_STAGE_HELLO, 0, "",
			"connection reset by 127.0.0.1:"},
		{{"EHLO", SMTP_SAY, "421 4.0.0 later"}, SMTP_DEFERRED, SMTP_STAGE_HELLO, 421,
			"4.0.0", " does not take our hello now (421 4.0.0): later"},
		{{"EHLO", SMTP_SAY_CLOSE, "250-mail"}, SMTP_CLOSED, SMTP_STAGE_HELLO, 0, "",
			" closed the connection while waiting for the answer of"},
		{{"MAIL", SMTP_SAY, "550 5.1.8 who?"}, SMTP_REFUSED, SMTP_STAGE_SENDER, 550,
			"5.1.8", " refused sender 'from@example.com' (550 5.1.8): who?"},
		{{"MAIL", SMTP_SAY, "552 5.3.4 too big"}, SMTP_REFUSED, SMTP_STAGE_SENDER, 552,
			"5.3.4", "(552 5.3.4): too big"},
		{{"MAIL", SMTP_SAY, "452 4.3.1"}, SMTP_DEFERRED, SMTP_STAGE_SENDER, 452, "4.3.1",
			" does not take sender 'from@example.com' now (452 4.3.1)"},
		{{"RCPT", SMTP_SAY, "550 5.1.1 unknown"}, SMTP_REFUSED, SMTP_STAGE_RECIPIENT, 550,
			"5.1.1", " refused recipient 'to@example.com' (550 5.1.1): unknown"},
		{{"RCPT", SMTP_SAY, "450 4.2.0 greylisted"}, SMTP_DEFERRED, SMTP_STAGE_RECIPIENT,
			450, "4.2.0",
			" does not take recipient 'to@example.com' now (450 4.2.0): greylisted"},
		{{"RCPT", SMTP_SAY_CLOSE, "421 bye"}, SMTP_DEFERRED, SMTP_STAGE_RECIPIENT, 421, "",
			" does not take a recipient now (421): bye"},
		{{"RCPT", SMTP_SAY, "354 go"}, SMTP_PROTOCOL, SMTP_STAGE_RECIPIENT, 354, "",
			" answers a recipient with 354"},
		{{"DATA", SMTP_SAY, "554 5.5.1 no valid recipients"}, SMTP_REFUSED, SMTP_STAGE_DATA,
			554, "5.5.1", " refused the message (554 5.5.1): no valid recipients"},
		{{"DATA", SMTP_SAY, "250 fine"}, SMTP_PROTOCOL, SMTP_STAGE_DATA, 250, "",
			" answers the message with 250, which makes no sense"},
		{{"DATA", SMTP_SAY_CLOSE, "354 go"}, SMTP_CLOSED, SMTP_STAGE_MESSAGE, 0, "", ""},
		{{".", SMTP_SAY, "550 5.7.1-spam"}, SMTP_REFUSED, SMTP_STAGE_MESSAGE, 550, "",
			" refused the message (550): 5.7.1-spam"},
		{{".", SMTP_SAY, "451-4.7.1 greylisted,\r\n451 4.7.1 come back"}, SMTP_DEFERRED,
			SMTP_STAGE_MESSAGE, 451, "4.7.1",
			" does not take the message now (451 4.7.1): greylisted, come back"},
		{{".", SMTP_SAY, "354 more"}, SMTP_PROTOCOL, SMTP_STAGE_MESSAGE, 354, "",
			" answers the message with 354"},
		{{"|hello", SMTP_SAY_CLOSE, "552 5.3.4 too much"}, SMTP_REFUSED, SMTP_STAGE_MESSAGE,
			552, "5.3.4", " refused the message (552 5.3.4): too much"},
		{{".", SMTP_SAY, "554 \x1b[31m\xff"}, SMTP_REFUSED, SMTP_STAGE_MESSAGE, 554, "",
			" refused the message (554): \\x1b[31m\\xff"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_rule rules[] = {cases[i].rule, {NULL}};
		struct smtp_server *server = smtp_server_new(
			fixture->loop, &(struct smtp_server_options){.rules = rules});
		struct smtp_answer answer =
			send_to(fixture, server, "smtp", (struct smtp_request){0});
		const struct smtp_result *result = &answer.result;

		if (result->status != cases[i].status || result->stage != cases[i].stage ||
			result->code != cases[i].code ||
			strcmp(result->enhanced, cases[i].enhanced) != 0 ||
			!strstr(result->text, cases[i].text)) {
			fail_msg("case %zu: status %d, stage %d, %d %s: %s", i, result->status,
				result->stage, result->code, result->enhanced, result->text);
		}
		if (cases[i].stage != SMTP_STAGE_MESSAGE) {
			assert_false(result->may_have_arrived);
		}
		smtp_server_free(&server);
	}
}

/* A message that is out without an answer may have arrived; one that has an answer has not. */
static void test_uncertain(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		struct smtp_rule rule;
		enum smtp_status status;
		bool may_have_arrived;
	} cases[] = {
		{{".", SMTP_SAY_CLOSE, ""}, SMTP_CLOSED, true},
		{{".", SMTP_SAY_RESET, ""}, SMTP_CLOSED, true},
		{{".", SMTP_SAY_CLOSE, "250-queued"}, SMTP_CLOSED, true},
		{{".", SMTP_SAY, "nonsense"}, SMTP_PROTOCOL, true},
		{{".", SMTP_SAY_CLOSE, "554 no"}, SMTP_REFUSED, false},
		{{".", SMTP_SAY_CLOSE, "421 no"}, SMTP_DEFERRED, false},
		{{".", SMTP_SAY_CLOSE, "250 yes"}, SMTP_DELIVERED, false},
		{{".", SMTP_SAY_RESET, "250 yes"}, SMTP_DELIVERED, false},
		{{"DATA", SMTP_SAY_CLOSE, ""}, SMTP_CLOSED, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_rule rules[] = {cases[i].rule, {NULL}};
		struct smtp_server *server = smtp_server_new(
			fixture->loop, &(struct smtp_server_options){.rules = rules});
		struct smtp_answer answer =
			send_to(fixture, server, "smtp", (struct smtp_request){0});

		if (cases[i].rule.act == SMTP_SAY_RESET && cases[i].status == SMTP_DELIVERED &&
			answer.result.status == SMTP_CLOSED) {
			/* The reset overtook the answer: then nobody knows. */
			assert_true(answer.result.may_have_arrived);
		} else if (answer.result.status != cases[i].status ||
			   answer.result.may_have_arrived != cases[i].may_have_arrived) {
			fail_msg("case %zu: status %d, %d: %s", i, answer.result.status,
				answer.result.may_have_arrived, answer.result.text);
		}
		smtp_server_free(&server);
	}
}

/* Replies that come byte by byte, and very long ones, are replies. */
static void test_slow_and_long_replies(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct strbuf long_reply = STRBUF_INIT;
	struct smtp_rule rules[] = {
		{"CONNECT", SMTP_DRIP, "220-welcome\r\n220 to mail.example"},
		{"EHLO", SMTP_DRIP, "250-mail\r\n250-SIZE\r\n250 8BITMIME"},
		{".", SMTP_SAY, NULL},
		{NULL},
	};
	struct smtp_server *server;
	struct smtp_answer answer;

	while (long_reply.len < SMTP_REPLY_TEXT_MAX * 4) {
		strbuf_adds(&long_reply, "550-5.0.0 I do not like this\r\n");
	}
	strbuf_adds(&long_reply, "550 5.0.0 at all");
	rules[2].reply = long_reply.buf;
	server = smtp_server_new(fixture->loop, &(struct smtp_server_options){.rules = rules});
	answer = send_to(fixture, server, "smtp", (struct smtp_request){0});
	assert_int_equal(answer.result.status, SMTP_REFUSED);
	assert_true(strlen(answer.result.reply) <= SMTP_REPLY_TEXT_MAX);
	assert_true(str_ends(str_of(answer.result.reply), "..."));
	assert_said(server, "MAIL FROM:<from@example.com> SIZE=21\n");
	strbuf_release(&long_reply);
	smtp_server_free(&server);
}

static void test_old_server(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct smtp_rule rules[] = {{"EHLO", SMTP_SAY, "502 5.5.1 what?"}, {NULL}};
	struct smtp_server *server =
		smtp_server_new(fixture->loop, &(struct smtp_server_options){.rules = rules});
	struct smtp_answer answer = send_to(fixture, server, "smtp", (struct smtp_request){0});

	assert_int_equal(answer.result.status, SMTP_DELIVERED);
	assert_said(server, "EHLO me.example\nHELO me.example\nMAIL FROM:<from@example.com>\n");
	answer = send_to(fixture, server, "smtp", (struct smtp_request){.tls = SMTP_TLS_REQUIRED});
	assert_int_equal(answer.result.status, SMTP_NO_STARTTLS);
	assert_non_null(strstr(answer.result.text, " does not offer STARTTLS"));
	smtp_server_free(&server);
}

static void test_hello_name(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server =
		smtp_server_new(fixture->loop, &(struct smtp_server_options){0});
	struct smtp_answer answer = smtp_fixture_run(
		fixture, (struct smtp_request){
				 .url = smtp_fixture_url(fixture, "smtp", "127.0.0.1", server)});

	assert_int_equal(answer.result.status, SMTP_DELIVERED);
	/* This host's own name if it is a full one. */
	assert_true(str_starts(str_of(smtp_server_lines(server)), "EHLO [127.0.0.1]\n") ||
		    strchr(smtp_server_lines(server), '.'));
	smtp_server_free(&server);
}

static void test_recipients(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct smtp_rule rules[] = {
		{"RCPT TO:<bad@", SMTP_SAY, "550 5.1.1 unknown"},
		{"RCPT TO:<full@", SMTP_SAY, "452 4.2.2 mailbox full"},
		{"RCPT TO:<far@", SMTP_SAY, "251 will forward"},
		{NULL},
	};
	static const struct {
		const char *const recipients[3];
		enum smtp_status status;
		int code;
		size_t refusals_count;
		const char *text;
	} cases[] = {
		{{"a@x", "b@x", "far@x"}, SMTP_DELIVERED, 250, 0, ""},
		{{"a@x", "bad@x", "b@x"}, SMTP_PARTLY, 250, 1,
			" took the message for 2 of 3 recipients; not for 'bad@x' (550 5.1.1): "
			"unknown"},
		{{"full@x", "bad@x", "b@x"}, SMTP_PARTLY, 250, 2,
			" took the message for 1 of 3 recipients; not for 'full@x' (452 4.2.2): "
			"mailbox full; 'bad@x' (550 5.1.1): unknown"},
		{{"bad@x", "bad@y", "bad@z"}, SMTP_REFUSED, 550, 3, " refused recipient 'bad@x'"},
		{{"bad@x", "full@y", "bad@z"}, SMTP_DEFERRED, 452, 3,
			" does not take recipient 'full@y' now"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct smtp_server *server = smtp_server_new(
			fixture->loop, &(struct smtp_server_options){.rules = rules});
		struct smtp_answer answer = send_to(fixture, server, "smtp",
			(struct smtp_request){
				.recipients = cases[i].recipients, .recipients_count = 3});
		const struct smtp_result *result = &answer.result;

		if (result->status != cases[i].status || result->code != cases[i].code ||
			result->refusals_count != cases[i].refusals_count ||
			!strstr(result->text, cases[i].text)) {
			fail_msg("case %zu: status %d, %zu refusals: %s", i, result->status,
				result->refusals_count, result->text);
		}
		assert_int_equal(smtp_server_messages(server), result->refusals_count < 3);
		for (size_t k = 0; k < result->refusals_count; k++) {
			const struct smtp_refusal *refusal = &result->refusals[k];
			bool is_full = str_starts(str_of(refusal->recipient), "full@");

			assert_int_equal(refusal->code, is_full ? 452 : 550);
			assert_string_equal(refusal->enhanced, is_full ? "4.2.2" : "5.1.1");
			assert_string_equal(refusal->reply, is_full ? "mailbox full" : "unknown");
		}
		smtp_server_free(&server);
	}
}

static void test_starttls(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const enum smtp_tls modes[] = {SMTP_TLS_REQUIRED, SMTP_TLS_WHEN_OFFERED};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct smtp_server *server = smtp_server_new(fixture->loop,
			&(struct smtp_server_options){.certificate = &fixture->good});
		struct smtp_answer answer =
			send_to(fixture, server, "smtp", (struct smtp_request){.tls = modes[i]});

		assert_string_equal(answer.result.text, "");
		assert_int_equal(answer.result.status, SMTP_DELIVERED);
		assert_string_equal(answer.result.tls_version, "TLSv1.3");
		smtp_fixture_wait_for_line(fixture, server, "QUIT\n");
		assert_string_equal(smtp_server_lines(server),
			"EHLO me.example\n"
			"STARTTLS\n"
			"(TLS)\n"
			"EHLO me.example\n"
			"MAIL FROM:<from@example.com> SIZE=21\n"
			"RCPT TO:<to@example.com>\n"
			"DATA\n"
			"QUIT\n");
		smtp_server_free(&server);
	}
}

/* On this machine it brings nothing, and its certificate seldom is for "localhost". */
static void test_no_starttls_on_loopback(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const enum smtp_tls modes[] = {SMTP_TLS_AUTO, SMTP_TLS_NEVER};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct smtp_server *server = smtp_server_new(fixture->loop,
			&(struct smtp_server_options){.certificate = &fixture->good});
		struct smtp_answer answer =
			send_to(fixture, server, "smtp", (struct smtp_request){.tls = modes[i]});

		assert_int_equal(answer.result.status, SMTP_DELIVERED);
		assert_null(answer.result.tls_version);
		assert_not_said(server, "STARTTLS");
		smtp_server_free(&server);
	}
}

static void test_smtps(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server = smtp_server_new(
		fixture->loop, &(struct smtp_server_options){
				       .certificate = &fixture->good, .is_tls_from_start = true});
	struct smtp_answer answer = send_to(fixture, server, "smtps",
		(struct smtp_request){.username = "me", .password = "secret"});

	assert_string_equal(answer.result.text, "");
	assert_int_equal(answer.result.status, SMTP_DELIVERED);
	assert_string_equal(answer.result.tls_version, "TLSv1.3");
	assert_said(server, "(TLS)\nEHLO me.example\nAUTH PLAIN AG1lAHNlY3JldA==\nMAIL FROM:");
	smtp_server_free(&server);
}

static void test_tls_failures(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct made_certificate self_signed, wrong_name, expired;
	const struct {
		const char *scheme;
		const struct made_certificate *certificate;
		const struct smtp_rule rule;
		struct smtp_request request;
		enum smtp_status status;
		const char *text;
	} cases[] = {
		{"smtp", &self_signed, {NULL}, {0}, SMTP_TLS_CERTIFICATE,
			" does not verify: it is self-signed, and not trusted here (ca_file)"},
		{"smtps", &self_signed, {NULL}, {0}, SMTP_TLS_CERTIFICATE, "it is self-signed"},
		{"smtp", &expired, {NULL}, {0}, SMTP_TLS_CERTIFICATE, ": it expired on "},
		{"smtp", &wrong_name, {NULL}, {0}, SMTP_TLS_NAME,
			" is for other.example, not for 'mail.example'"},
		{"smtp", &self_signed, {NULL}, {.skip_verify = true}, SMTP_DELIVERED, ""},
		{"smtp", &wrong_name, {NULL}, {.skip_verify = true}, SMTP_DELIVERED, ""},
		{"smtp", &fixture->good, {NULL}, {.ca_file = "/nowhere/ca.pem"}, SMTP_LOCAL,
			"cannot read certificate authorities in '/nowhere/ca.pem'"},
		{"smtp", &fixture->good, {"STARTTLS", SMTP_SAY, "454 4.7.0 not now"}, {0},
			SMTP_DEFERRED, " does not take STARTTLS now (454 4.7.0): not now"},
		{"smtp", &fixture->good, {"STARTTLS", SMTP_SAY, "502 no"}, {0}, SMTP_NO_STARTTLS,
			" refused STARTTLS (502): no"},
		{"smtp", &fixture->good, {"STARTTLS", SMTP_SAY_TLS, "220 go\r\n250 fine"}, {0},
			SMTP_PROTOCOL, " says more than it was asked for"},
		{"smtp", &fixture->good, {"STARTTLS", SMTP_SAY_CLOSE, "220 go"}, {0}, SMTP_CLOSED,
			" closed the connection in the TLS handshake"},
		/* A server in the clear where TLS was expected from the start. */
		{"smtps", NULL, {NULL}, {0}, SMTP_TLS_FAILED, " does not speak TLS: "},
	};

	certificate_make(
		&(struct certificate_spec){
			.common_name = "self", .names = "DNS:mail.example", .until_days = 2},
		&self_signed);
	certificate_make(&(struct certificate_spec){.common_name = "other",
				 .names = "DNS:other.example",
				 .until_days = 2,
				 .issuer = &fixture->root},
		&wrong_name);
	certificate_make(&(struct certificate_spec){.common_name = "old",
				 .names = "DNS:mail.example",
				 .from_days = -9,
				 .until_days = -2,
				 .issuer = &fixture->root},
		&expired);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_rule rules[] = {cases[i].rule, {NULL}};
		struct smtp_server *server = smtp_server_new(fixture->loop,
			&(struct smtp_server_options){.rules = rules,
				.certificate = cases[i].certificate,
				.is_tls_from_start = cases[i].certificate &&
						     strcmp(cases[i].scheme, "smtps") == 0});
		struct smtp_request request = cases[i].request;
		struct smtp_answer answer;

		request.tls = SMTP_TLS_WHEN_OFFERED;
		request.username = "me";
		request.password = "secret";
		answer = send_to(fixture, server, cases[i].scheme, request);
		if (answer.result.status != cases[i].status ||
			!strstr(answer.result.text, cases[i].text)) {
			fail_msg("case %zu: status %d: %s", i, answer.result.status,
				answer.result.text);
		}
		if (cases[i].status != SMTP_DELIVERED) {
			assert_not_said(server, "AUTH");
			assert_not_said(server, "MAIL");
		}
		smtp_server_free(&server);
	}
	certificate_release(&self_signed);
	certificate_release(&wrong_name);
	certificate_release(&expired);
}

static void test_auth(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct {
		const char *offer, *username, *password;
		struct smtp_rule rule;
		enum smtp_status status;
		const char *said, *text;
	} cases[] = {
		{"250-AUTH PLAIN LOGIN\r\n", "me", "secret", {NULL}, SMTP_DELIVERED,
			"AUTH PLAIN AG1lAHNlY3JldA==\nMAIL FROM:", ""},
		{"250-AUTH LOGIN\r\n", "me", "secret", {"c2VjcmV0", SMTP_SAY, "235 in"},
			SMTP_DELIVERED, "AUTH LOGIN\nbWU=\nc2VjcmV0\nMAIL FROM:", ""},
		{"250-AUTH PLAIN\r\n", "me", NULL, {NULL}, SMTP_DELIVERED,
			"AUTH PLAIN AG1lAA==\nMAIL FROM:", ""},
		{"250-AUTH PLAIN\r\n", "me", "wrong",
			{"AUTH", SMTP_SAY, "535 5.7.8 authentication failed"}, SMTP_AUTH_FAILED,
			"AUTH PLAIN",
			" refused the user name and password (535 5.7.8): authentication failed"},
		{"250-AUTH PLAIN\r\n", "me", "secret", {"AUTH", SMTP_SAY, "454 4.7.0 later"},
			SMTP_DEFERRED, "AUTH PLAIN",
			" does not take the user name and password now (454 4.7.0): later"},
		{"250-AUTH LOGIN\r\n", "me", "secret", {"AUTH", SMTP_SAY, "504 no"},
			SMTP_AUTH_FAILED, "AUTH LOGIN\n", " refused the user name and password"},
		{"250-AUTH LOGIN\r\n", "me", "secret", {"bWU=", SMTP_SAY, "535 no such user"},
			SMTP_AUTH_FAILED, "AUTH LOGIN\nbWU=\n", "(535): no such user"},
		{"250-AUTH PLAIN\r\n", "me", "secret", {"AUTH", SMTP_SAY, "354 what"},
			SMTP_PROTOCOL, "AUTH PLAIN", "with 354, which makes no sense"},
		{"250-AUTH CRAM-MD5 NTLM\r\n", "me", "secret", {NULL}, SMTP_AUTH_FAILED, "EHLO",
			" offers neither AUTH PLAIN nor AUTH LOGIN, and we know no other"},
		{"250-SIZE\r\n", "me", "secret", {NULL}, SMTP_AUTH_FAILED, "EHLO",
			" offers no authentication on a connection in the clear"},
		/* What a server says of a password is not passed on. */
		{"250-AUTH PLAIN\r\n", "me", "secret",
			{"AUTH", SMTP_SAY, "535 bad AUTH PLAIN AG1lAHNlY3JldA=="}, SMTP_AUTH_FAILED,
			"AUTH", "(535): (its words have the password in them)"},
		{"250-AUTH PLAIN\r\n", "me", "secret", {"AUTH", SMTP_SAY, "535 not 'secret'"},
			SMTP_AUTH_FAILED, "AUTH", "(535): (its words have the password in them)"},
		{"250-AUTH PLAIN\r\n", "me", "secret", {"MAIL", SMTP_SAY, "550 c2VjcmV0"},
			SMTP_REFUSED, "AUTH", "(550): (its words have the password in them)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_rule rules[] = {
			cases[i].rule, {"bWU=", SMTP_SAY, "334 UGFzc3dvcmQ6"}, {NULL}};
		const struct smtp_rule good_rules[] = {
			{"bWU=", SMTP_SAY, "334 UGFzc3dvcmQ6"}, {NULL}};
		struct smtp_server *server = smtp_server_new(
			fixture->loop, &(struct smtp_server_options){
					       .rules = cases[i].rule.line ? rules : good_rules,
					       .offer = cases[i].offer});
		struct smtp_answer answer = send_to(fixture, server, "smtp",
			(struct smtp_request){
				.username = cases[i].username, .password = cases[i].password});

		if (answer.result.status != cases[i].status ||
			!strstr(answer.result.text, cases[i].text)) {
			fail_msg("case %zu: status %d: %s", i, answer.result.status,
				answer.result.text);
		}
		assert_said(server, cases[i].said);
		assert_null(strstr(answer.result.text, "secret"));
		assert_null(strstr(answer.result.reply, "secret"));
		smtp_server_free(&server);
	}
}

/* Commands have a maximal length; what is longer goes by itself. */
static void test_long_password(void **state)
{
	struct smtp_fixture *fixture = *state;
	static const struct smtp_rule rules[] = {{"AG1lAHh4eHh4", SMTP_SAY, "235 in"}, {NULL}};
	struct smtp_server *server = smtp_server_new(fixture->loop,
		&(struct smtp_server_options){.rules = rules, .offer = "250-AUTH PLAIN\r\n"});
	struct strbuf password = STRBUF_INIT;
	struct smtp_answer answer;

	strbuf_addn(&password, 'x', 1000);
	answer = send_to(fixture, server, "smtp",
		(struct smtp_request){.username = "me", .password = password.buf});
	assert_string_equal(answer.result.text, "");
	assert_int_equal(answer.result.status, SMTP_DELIVERED);
	assert_said(server, "AUTH PLAIN\nAG1lAHh4eHh4");
	strbuf_release(&password);
	smtp_server_free(&server);
}

static void test_credentials_of_url(void **state)
{
	struct smtp_fixture *fixture = *state;
	struct smtp_server *server =
		smtp_server_new(fixture->loop, &(struct smtp_server_options){0});
	const struct url *url =
		smtp_fixture_url(fixture, "smtp", "me:s%65cret@mail.example", server);
	struct smtp_answer answer = smtp_fixture_run(fixture, (struct smtp_request){.url = url});

	assert_int_equal(answer.result.status, SMTP_DELIVERED);
	assert_said(server, "AUTH PLAIN AG1lAHNlY3JldA==\n");
	answer = smtp_fixture_run(
		fixture, (struct smtp_request){.url = url, .username = "you", .password = "p"});
	assert_int_equal(answer.result.status, SMTP_DELIVERED);
	assert_said(server, "AUTH PLAIN AHlvdQBw\n");
	smtp_server_free(&server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, smtp_fixture_start, smtp_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refusals),
		TEST(test_uncertain),
		TEST(test_slow_and_long_replies),
		TEST(test_old_server),
		TEST(test_hello_name),
		TEST(test_recipients),
		TEST(test_starttls),
		TEST(test_no_starttls_on_loopback),
		TEST(test_smtps),
		TEST(test_tls_failures),
		TEST(test_auth),
		TEST(test_long_password),
		TEST(test_credentials_of_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
