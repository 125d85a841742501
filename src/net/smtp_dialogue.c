/*
 * Commands and replies: each state says what the next reply answers, and its handler what comes
 * then.  One command at a time; a server that says more than it was asked is not believed.
 */
#include <sys/utsname.h>

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "net/host_name.h"
#include "net/smtp_data.h"
#include "net/smtp_internal.h"
#include "net/smtp_policy.h"

enum {
	COMMAND_MAX = 512, /* bytes of a line, its end included */
	REPLY_CLOSING = 421,
	REPLY_CONTINUE_AUTH = 334,
	REPLY_SEND_MESSAGE = 354,
};

static void x_to(struct smtp_exchange *exchange, enum smtp_state state)
{
	exchange->state = state;
}

/* What has been sent since has no answer yet. */
static void forget_reply(struct smtp_exchange *exchange)
{
	exchange->code = 0;
	exchange->enhanced = "";
	exchange->reply = "";
}

static void say(struct smtp_exchange *exchange, enum smtp_state state, const char *command)
{
	stream_send(exchange->stream, str_of(command));
	stream_send(exchange->stream, str_of("\r\n"));
	forget_reply(exchange);
	x_to(exchange, state);
}

static void end(struct smtp_exchange *exchange, enum smtp_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void end(struct smtp_exchange *exchange, enum smtp_status status, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	smtp_exchange_end(exchange, status, text.buf);
	strbuf_release(&text);
}

static bool is_secure(const struct smtp_exchange *exchange)
{
	return stream_tls_version(exchange->stream) != NULL;
}

/* "192.0.2.1:25 refused the message (552 5.3.4): too big". */
static void add_refusal(const struct smtp_exchange *exchange, const char *what, struct strbuf *out)
{
	bool is_temporary = exchange->code / 100 == 4;

	strbuf_addf(out, is_temporary ? "%s does not take %s now (%d" : "%s refused %s (%d",
		exchange->peer, what, exchange->code);
	if (exchange->enhanced[0]) {
		strbuf_addf(out, " %s", exchange->enhanced);
	}
	strbuf_adds(out, ")");
	if (exchange->reply[0]) {
		strbuf_addf(out, ": %s", exchange->reply);
	}
}

/* The reply is not what was hoped for.  `final` is what it means if it is meant for good. */
static void refused(struct smtp_exchange *exchange, enum smtp_status final, const char *what)
{
	struct strbuf text = STRBUF_INIT;

	if (exchange->code >= 400) {
		add_refusal(exchange, what, &text);
		smtp_exchange_end(
			exchange, exchange->code / 100 == 4 ? SMTP_DEFERRED : final, text.buf);
	} else {
		end(exchange, SMTP_PROTOCOL, "%s answers %s with %d, which makes no sense",
			exchange->peer, what, exchange->code);
	}
	strbuf_release(&text);
}

static bool is_good(const struct smtp_exchange *exchange)
{
	return exchange->code / 100 == 2;
}

/* User name and password as PLAIN has them (RFC 4616). */
static void add_plain(const struct smtp_exchange *exchange, struct strbuf *out)
{
	strbuf_addc(out, '\0');
	strbuf_adds(out, exchange->username);
	strbuf_addc(out, '\0');
	strbuf_adds(out, exchange->password ? exchange->password : "");
}

/* Some servers say again what they have been told. */
static bool has_password(const struct smtp_exchange *exchange, struct str lines)
{
	const char *password = exchange->password ? exchange->password : "";
	struct strbuf encoded = STRBUF_INIT;
	struct strbuf plain = STRBUF_INIT;
	bool has_it;

	if (!exchange->username || password[0] == '\0') {
		return false;
	}
	add_plain(exchange, &plain);
	base64_add(&encoded, strbuf_str(&plain));
	has_it = str_contains(lines, password) || str_contains(lines, encoded.buf);
	strbuf_clear(&encoded);
	base64_add(&encoded, str_of(password));
	has_it = has_it || str_contains(lines, encoded.buf);
	strbuf_release(&plain);
	strbuf_release(&encoded);
	return has_it;
}

/* What the reply says, for the result; until the next command. */
static void note_reply(struct smtp_exchange *exchange, const struct smtp_reply *reply)
{
	struct strbuf text = STRBUF_INIT;

	if (has_password(exchange, reply->lines)) {
		strbuf_adds(&text, "(its words have the password in them)");
	} else {
		smtp_reply_add_text(reply, SMTP_REPLY_TEXT_MAX, &text);
	}
	exchange->code = reply->code;
	exchange->enhanced = arena_strdup(exchange->arena, reply->enhanced);
	exchange->reply = arena_strdup(exchange->arena, text.buf);
	strbuf_release(&text);
}

/* Our address on this connection, "[192.0.2.1]": any server knows what to make of it. */
static void add_address_literal(int fd, struct strbuf *out)
{
	struct address own = {.sa_len = sizeof(own.sa)};
	size_t zone;

	if (getsockname(fd, &own.sa.any, &own.sa_len) < 0) {
		strbuf_adds(out, "localhost");
		return;
	}
	strbuf_adds(out, address_family_of(&own) == ADDRESS_IPV6 ? "[IPv6:" : "[");
	address_add_ip(&own, out);
	zone = str_find(strbuf_str(out), '%', 0);
	strbuf_truncate(out, zone);
	strbuf_adds(out, "]");
}

static void choose_hello_name(struct smtp_exchange *exchange, int fd)
{
	struct utsname host;
	struct strbuf name = STRBUF_INIT;

	if (exchange->hello_name) {
		return;
	}
	if (uname(&host) == 0 && strchr(host.nodename, '.') &&
		host_name_is_valid(str_of(host.nodename))) {
		strbuf_adds(&name, host.nodename);
	} else {
		add_address_literal(fd, &name);
	}
	exchange->hello_name = arena_strdup(exchange->arena, name.buf);
	strbuf_release(&name);
}

static void say_hello(struct smtp_exchange *exchange, enum smtp_state state)
{
	say(exchange, state,
		arena_printf(exchange->arena, "%s %s", state == SMTP_STATE_EHLO ? "EHLO" : "HELO",
			exchange->hello_name));
}

static bool is_tls_from_start(const struct smtp_exchange *exchange)
{
	return strcmp(exchange->request->url->scheme, "smtps") == 0;
}

static void begin_tls(struct smtp_exchange *exchange)
{
	const struct smtp_request *request = exchange->request;
	struct stream_tls tls = {
		.server_name = request->url->host, .skip_verify = request->skip_verify};
	struct err err = {0};

	if (!request->skip_verify && tls_trust_get(exchange->client->trust, request->ca_file,
					     &tls.authorities, &err) < 0) {
		end(exchange, SMTP_LOCAL, "%s", err.msg);
		return;
	}
	forget_reply(exchange);
	x_to(exchange, SMTP_STATE_SECURING);
	stream_start_tls(exchange->stream, &tls);
}

static void x_in_mail(struct smtp_exchange *exchange)
{
	const struct smtp_request *request = exchange->request;
	struct strbuf command = STRBUF_INIT;

	strbuf_addf(&command, "MAIL FROM:<%s>", request->from);
	if (exchange->extensions.has_size) {
		strbuf_addf(&command, " SIZE=%zu", request->message.len);
	}
	if (exchange->extensions.has_8bitmime && smtp_data_is_8bit(request->message)) {
		strbuf_adds(&command, " BODY=8BITMIME");
	}
	say(exchange, SMTP_STATE_MAIL, command.buf);
	strbuf_release(&command);
}

static void say_base64(struct smtp_exchange *exchange, enum smtp_state state, const char *before,
	struct str secret)
{
	struct strbuf command = STRBUF_INIT;

	strbuf_adds(&command, before);
	base64_add(&command, secret);
	say(exchange, state, command.buf);
	strbuf_release(&command);
}

static void say_plain(struct smtp_exchange *exchange)
{
	static const char command[] = "AUTH PLAIN";
	struct strbuf plain = STRBUF_INIT;

	add_plain(exchange, &plain);
	if (base64_len(plain.len) + sizeof(command) + 2 > COMMAND_MAX) {
		say(exchange, SMTP_STATE_AUTH_PLAIN, command);
	} else {
		say_base64(exchange, SMTP_STATE_AUTH_END, "AUTH PLAIN ", strbuf_str(&plain));
	}
	strbuf_release(&plain);
}

/* It is we who will not go on: no reply decided that. */
static void end_unasked(struct smtp_exchange *exchange, enum smtp_status status, const char *what)
{
	forget_reply(exchange);
	end(exchange, status, "%s %s", exchange->peer, what);
}

static void x_in_auth(struct smtp_exchange *exchange)
{
	const struct smtp_extensions *extensions = &exchange->extensions;

	if (extensions->has_auth_plain) {
		say_plain(exchange);
	} else if (extensions->has_auth_login) {
		say(exchange, SMTP_STATE_AUTH_LOGIN, "AUTH LOGIN");
	} else if (extensions->has_auth) {
		end_unasked(exchange, SMTP_AUTH_FAILED,
			"offers neither AUTH PLAIN nor AUTH LOGIN, and we know no other");
	} else if (is_secure(exchange)) {
		end_unasked(exchange, SMTP_AUTH_FAILED, "offers no authentication");
	} else {
		end_unasked(exchange, SMTP_AUTH_FAILED,
			"offers no authentication on a connection in the clear");
	}
}

/* The server has said what it offers. */
static void x_in_greeted(struct smtp_exchange *exchange)
{
	const struct smtp_situation situation = {
		.tls = exchange->request->tls,
		.is_loopback = address_is_loopback(&exchange->remote),
		.is_secure = is_secure(exchange),
		.has_starttls = exchange->extensions.has_starttls,
		.has_username = exchange->username != NULL,
	};

	switch (smtp_next_step(&situation)) {
	case SMTP_STEP_GO_ON:
		if (exchange->username) {
			x_in_auth(exchange);
		} else {
			x_in_mail(exchange);
		}
		break;
	case SMTP_STEP_STARTTLS:
		say(exchange, SMTP_STATE_STARTTLS, "STARTTLS");
		break;
	case SMTP_STEP_NO_STARTTLS:
		end_unasked(exchange, SMTP_NO_STARTTLS, "does not offer STARTTLS");
		break;
	case SMTP_STEP_NO_PASSWORD:
		end_unasked(exchange, SMTP_NO_STARTTLS,
			"speaks in the clear here, and no password is sent that way");
		break;
	}
}

static void in_greeting(struct smtp_exchange *exchange)
{
	if (is_good(exchange)) {
		say_hello(exchange, SMTP_STATE_EHLO);
	} else {
		refused(exchange, SMTP_REFUSED, "our connection");
	}
}

static void in_ehlo(struct smtp_exchange *exchange, const struct smtp_reply *reply)
{
	if (is_good(exchange)) {
		smtp_extensions_read(reply, &exchange->extensions);
		x_in_greeted(exchange);
	} else if (exchange->code / 100 == 5) {
		say_hello(exchange, SMTP_STATE_HELO); /* it may be older than extensions */
	} else {
		refused(exchange, SMTP_REFUSED, "our hello");
	}
}

static void in_helo(struct smtp_exchange *exchange)
{
	if (is_good(exchange)) {
		exchange->extensions = (struct smtp_extensions){0};
		x_in_greeted(exchange);
	} else {
		refused(exchange, SMTP_REFUSED, "our hello");
	}
}

static void in_starttls(struct smtp_exchange *exchange)
{
	if (is_good(exchange)) {
		begin_tls(exchange);
	} else {
		refused(exchange, SMTP_NO_STARTTLS, "STARTTLS");
	}
}

/* A step of the authentication with more to come. */
static void in_auth_step(struct smtp_exchange *exchange)
{
	struct strbuf plain = STRBUF_INIT;

	if (exchange->code != REPLY_CONTINUE_AUTH) {
		refused(exchange, SMTP_AUTH_FAILED, "the user name and password");
		return;
	}
	if (exchange->state == SMTP_STATE_AUTH_LOGIN) {
		say_base64(exchange, SMTP_STATE_AUTH_USERNAME, "", str_of(exchange->username));
	} else if (exchange->state == SMTP_STATE_AUTH_USERNAME) {
		say_base64(exchange, SMTP_STATE_AUTH_END, "",
			str_of(exchange->password ? exchange->password : ""));
	} else {
		add_plain(exchange, &plain);
		say_base64(exchange, SMTP_STATE_AUTH_END, "", strbuf_str(&plain));
	}
	strbuf_release(&plain);
}

static void in_auth_end(struct smtp_exchange *exchange)
{
	if (is_good(exchange)) {
		x_in_mail(exchange);
	} else {
		refused(exchange, SMTP_AUTH_FAILED, "the user name and password");
	}
}

static void say_recipient(struct smtp_exchange *exchange)
{
	say(exchange, SMTP_STATE_RCPT,
		arena_printf(exchange->arena, "RCPT TO:<%s>",
			exchange->request->recipients[exchange->recipient]));
}

static void in_mail(struct smtp_exchange *exchange)
{
	if (is_good(exchange)) {
		say_recipient(exchange);
	} else {
		refused(exchange, SMTP_REFUSED,
			arena_printf(exchange->arena, "sender '%s'", exchange->request->from));
	}
}

static void note_refusal(struct smtp_exchange *exchange)
{
	if (!exchange->refusals) {
		exchange->refusals = arena_calloc(exchange->arena,
			exchange->request->recipients_count, sizeof(struct smtp_refusal));
	}
	exchange->refusals[exchange->refusals_count++] = (struct smtp_refusal){
		.recipient = exchange->request->recipients[exchange->recipient],
		.code = exchange->code,
		.enhanced = exchange->enhanced,
		.reply = exchange->reply,
	};
}

/* One that may be accepted later decides, for then it is worth to try again. */
static void end_without_recipients(struct smtp_exchange *exchange)
{
	const struct smtp_refusal *telling = &exchange->refusals[0];

	for (size_t i = 0; i < exchange->refusals_count && telling->code / 100 != 4; i++) {
		if (exchange->refusals[i].code / 100 == 4) {
			telling = &exchange->refusals[i];
		}
	}
	exchange->code = telling->code;
	exchange->enhanced = telling->enhanced;
	exchange->reply = telling->reply;
	refused(exchange, SMTP_REFUSED,
		arena_printf(exchange->arena, "recipient '%s'", telling->recipient));
}

static void in_rcpt(struct smtp_exchange *exchange)
{
	if (is_good(exchange)) {
		exchange->recipients_accepted++;
	} else if (exchange->code == REPLY_CLOSING || exchange->code / 100 == 3) {
		refused(exchange, SMTP_REFUSED, "a recipient");
		return;
	} else {
		note_refusal(exchange);
	}
	exchange->recipient++;
	if (exchange->recipient < exchange->request->recipients_count) {
		say_recipient(exchange);
	} else if (exchange->recipients_accepted == 0) {
		end_without_recipients(exchange);
	} else {
		say(exchange, SMTP_STATE_DATA, "DATA");
	}
}

static void in_data(struct smtp_exchange *exchange)
{
	struct strbuf data = STRBUF_INIT;

	if (exchange->code != REPLY_SEND_MESSAGE) {
		refused(exchange, SMTP_REFUSED, "the message");
		return;
	}
	smtp_data_add(exchange->request->message, &data);
	stream_send(exchange->stream, strbuf_str(&data));
	strbuf_release(&data);
	forget_reply(exchange);
	x_to(exchange, SMTP_STATE_MESSAGE);
}

/* "'a@b' (550 5.1.1): unknown; 'c@b' (452): full" */
static void add_refusals(const struct smtp_exchange *exchange, struct strbuf *out)
{
	enum { TOLD_MAX = 5 };

	for (size_t i = 0; i < exchange->refusals_count && i < TOLD_MAX; i++) {
		const struct smtp_refusal *refusal = &exchange->refusals[i];

		strbuf_addf(out, "%s'%s' (%d%s%s)", i > 0 ? "; " : "", refusal->recipient,
			refusal->code, refusal->enhanced[0] ? " " : "", refusal->enhanced);
		if (refusal->reply[0]) {
			strbuf_addf(out, ": %s", refusal->reply);
		}
	}
	if (exchange->refusals_count > TOLD_MAX) {
		strbuf_addf(out, "; and %zu more", exchange->refusals_count - TOLD_MAX);
	}
}

static void end_delivered(struct smtp_exchange *exchange)
{
	struct strbuf text = STRBUF_INIT;

	if (exchange->refusals_count == 0) {
		end(exchange, SMTP_DELIVERED, "%s", "");
		return;
	}
	strbuf_addf(&text, "%s took the message for %zu of %zu recipients; not for ",
		exchange->peer, exchange->recipients_accepted, exchange->request->recipients_count);
	add_refusals(exchange, &text);
	smtp_exchange_end(exchange, SMTP_PARTLY, text.buf);
	strbuf_release(&text);
}

static void in_message(struct smtp_exchange *exchange)
{
	if (!is_good(exchange)) {
		refused(exchange, SMTP_REFUSED, "the message");
	} else if (stream_unsent(exchange->stream) > 0) {
		end(exchange, SMTP_PROTOCOL, "%s takes the message before it has all of it",
			exchange->peer);
	} else {
		end_delivered(exchange);
	}
}

static void x_in_state(struct smtp_exchange *exchange, const struct smtp_reply *reply)
{
	switch (exchange->state) {
	case SMTP_STATE_GREETING:
		in_greeting(exchange);
		break;
	case SMTP_STATE_EHLO:
		in_ehlo(exchange, reply);
		break;
	case SMTP_STATE_HELO:
		in_helo(exchange);
		break;
	case SMTP_STATE_STARTTLS:
		in_starttls(exchange);
		break;
	case SMTP_STATE_AUTH_PLAIN:
	case SMTP_STATE_AUTH_LOGIN:
	case SMTP_STATE_AUTH_USERNAME:
		in_auth_step(exchange);
		break;
	case SMTP_STATE_AUTH_END:
		in_auth_end(exchange);
		break;
	case SMTP_STATE_MAIL:
		in_mail(exchange);
		break;
	case SMTP_STATE_RCPT:
		in_rcpt(exchange);
		break;
	case SMTP_STATE_DATA:
		in_data(exchange);
		break;
	case SMTP_STATE_MESSAGE:
		in_message(exchange);
		break;
	case SMTP_STATE_DIALING:
	case SMTP_STATE_SECURING:
	case SMTP_STATE_ENDING:
		break; /* nobody speaks then */
	}
}

static void on_received(void *arg, struct str bytes)
{
	struct smtp_exchange *exchange = arg;
	struct smtp_reply reply;

	strbuf_addstr(&exchange->input, bytes);
	switch (smtp_reply_find(strbuf_str(&exchange->input), &exchange->lines, &reply)) {
	case SMTP_REPLY_PARTIAL:
		return;
	case SMTP_REPLY_BROKEN:
		end(exchange, SMTP_PROTOCOL, "%s does not speak SMTP", exchange->peer);
		return;
	case SMTP_REPLY_WHOLE:
		break;
	}
	if (reply.size < exchange->input.len) {
		/* What comes ahead of a handshake could be anybody's (CVE-2011-0411). */
		end(exchange, SMTP_PROTOCOL, "%s says more than it was asked for", exchange->peer);
		return;
	}
	strbuf_clear(&exchange->input);
	note_reply(exchange, &reply);
	x_in_state(exchange, &reply);
}

static void on_secured(void *arg)
{
	struct smtp_exchange *exchange = arg;

	if (is_tls_from_start(exchange)) {
		x_to(exchange, SMTP_STATE_GREETING);
	} else {
		say_hello(exchange, SMTP_STATE_EHLO); /* what was offered before does not count */
	}
}

static enum smtp_status status_of_fault(enum stream_fault fault)
{
	switch (fault) {
	case STREAM_TLS_FAILED:
		return SMTP_TLS_FAILED;
	case STREAM_TLS_CERTIFICATE:
		return SMTP_TLS_CERTIFICATE;
	case STREAM_TLS_NAME:
		return SMTP_TLS_NAME;
	case STREAM_CLOSED:
	case STREAM_RESET:
		break;
	}
	return SMTP_CLOSED;
}

static void on_ended(void *arg, enum stream_fault fault, const char *text)
{
	struct smtp_exchange *exchange = arg;
	struct strbuf all = STRBUF_INIT;

	strbuf_adds(&all, text);
	if (exchange->state != SMTP_STATE_SECURING) {
		strbuf_adds(&all, " while ");
		smtp_exchange_add_phase(exchange, &all);
	}
	smtp_exchange_end(exchange, status_of_fault(fault), all.buf);
	strbuf_release(&all);
}

void smtp_dialogue_begin(struct smtp_exchange *exchange, int fd)
{
	static const struct stream_events events = {
		.received = on_received, .secured = on_secured, .ended = on_ended};

	choose_hello_name(exchange, fd);
	exchange->stream =
		stream_new(exchange->client->loop, fd, exchange->peer, &events, exchange);
	if (is_tls_from_start(exchange)) {
		begin_tls(exchange);
	} else {
		x_to(exchange, SMTP_STATE_GREETING);
	}
}
