/*
 * An exchange from dialling to its end.  See smtp_client.h; the dialogue is in smtp_dialogue.c.
 */
#include "net/smtp_client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"
#include "base/utf8.h"
#include "net/host_name.h"
#include "net/mail_address.h"
#include "net/smtp_data.h"
#include "net/smtp_internal.h"

struct smtp_client *smtp_client_new(struct loop *loop, struct resolver *resolver)
{
	struct smtp_client *client = xcalloc(1, sizeof(*client));

	*client =
		(struct smtp_client){.loop = loop, .resolver = resolver, .trust = tls_trust_new()};
	return client;
}

void smtp_client_free(struct smtp_client **client_ptr)
{
	struct smtp_client *client = TAKE(*client_ptr);

	if (!client) {
		return;
	}
	assert(client->exchanges == 0);
	tls_trust_free(&client->trust);
	free(client);
}

static int check_recipients(const struct smtp_request *request, struct err *err)
{
	if (request->recipients_count == 0) {
		return err_set(err, ERR_INPUT, "no recipient");
	}
	if (request->recipients_count > SMTP_RECIPIENTS_MAX) {
		return err_set(err, ERR_INPUT, "more than %d recipients", SMTP_RECIPIENTS_MAX);
	}
	for (size_t i = 0; i < request->recipients_count; i++) {
		struct str recipient = str_of(request->recipients[i]);

		if (!mail_address_is_valid(recipient)) {
			return err_set(
				err, ERR_INPUT, "bad recipient '%s'", utf8_quote(recipient).text);
		}
	}
	return 0;
}

/* "mail.example.com", or an address in brackets as it stands in an address of mail. */
static bool is_hello_name(const char *name)
{
	struct strbuf address = STRBUF_INIT;
	bool is_good;

	strbuf_addf(&address, "x@%s", name);
	is_good = mail_address_is_valid(strbuf_str(&address));
	strbuf_release(&address);
	return is_good;
}

int smtp_request_check(const struct smtp_request *request, struct err *err)
{
	static const char *const schemes[] = {"smtp", "smtps", NULL};

	if (url_check_scheme(request->url, schemes, err) < 0) {
		return -1;
	}
	if (!mail_address_is_valid(str_of(request->from))) {
		return err_set(
			err, ERR_INPUT, "bad sender '%s'", utf8_quote(str_of(request->from)).text);
	}
	if (request->hello_name && !is_hello_name(request->hello_name)) {
		return err_set(err, ERR_INPUT, "bad name of this host '%s'",
			utf8_quote(str_of(request->hello_name)).text);
	}
	if (check_recipients(request, err) < 0) {
		return -1;
	}
	return smtp_data_check(request->message, err);
}

void smtp_exchange_free(struct smtp_exchange **exchange_ptr)
{
	struct smtp_exchange *exchange = TAKE(*exchange_ptr);

	if (!exchange) {
		return;
	}
	exchange->client->exchanges--;
	dial_free(&exchange->dial);
	stream_free(&exchange->stream);
	timer_free(&exchange->deadline);
	deferred_free(&exchange->ending);
	strbuf_release(&exchange->input);
	strbuf_release(&exchange->lines);
	arena_free(exchange->arena);
	free(exchange);
}

static enum smtp_stage stage_of(enum smtp_state state)
{
	switch (state) {
	case SMTP_STATE_DIALING:
	case SMTP_STATE_ENDING:
		return SMTP_STAGE_CONNECT;
	case SMTP_STATE_GREETING:
		return SMTP_STAGE_GREETING;
	case SMTP_STATE_EHLO:
	case SMTP_STATE_HELO:
		return SMTP_STAGE_HELLO;
	case SMTP_STATE_STARTTLS:
		return SMTP_STAGE_STARTTLS;
	case SMTP_STATE_SECURING:
		return SMTP_STAGE_HANDSHAKE;
	case SMTP_STATE_AUTH_PLAIN:
	case SMTP_STATE_AUTH_LOGIN:
	case SMTP_STATE_AUTH_USERNAME:
	case SMTP_STATE_AUTH_END:
		return SMTP_STAGE_AUTH;
	case SMTP_STATE_MAIL:
		return SMTP_STAGE_SENDER;
	case SMTP_STATE_RCPT:
		return SMTP_STAGE_RECIPIENT;
	case SMTP_STATE_DATA:
		return SMTP_STAGE_DATA;
	case SMTP_STATE_MESSAGE:
		return SMTP_STAGE_MESSAGE;
	}
	return SMTP_STAGE_CONNECT;
}

/* Can we still say goodbye?  Not into a broken connection, nor into the middle of a message. */
static bool can_quit(const struct smtp_exchange *exchange)
{
	switch (exchange->status) {
	case SMTP_DELIVERED:
	case SMTP_PARTLY:
	case SMTP_REFUSED:
	case SMTP_DEFERRED:
	case SMTP_NO_STARTTLS:
	case SMTP_AUTH_FAILED:
	case SMTP_LOCAL:
		return exchange->stream && exchange->state != SMTP_STATE_SECURING &&
		       stream_unsent(exchange->stream) == 0;
	case SMTP_DNS_FAILED:
	case SMTP_CONNECT_REFUSED:
	case SMTP_CONNECT_UNREACHABLE:
	case SMTP_TIMEOUT:
	case SMTP_TLS_FAILED:
	case SMTP_TLS_CERTIFICATE:
	case SMTP_TLS_NAME:
	case SMTP_PROTOCOL:
	case SMTP_CLOSED:
		return false;
	}
	return false;
}

/* The answer does not matter: what was to be said has been said. */
static void quit(struct smtp_exchange *exchange)
{
	if (can_quit(exchange)) {
		stream_send(exchange->stream, str_of("QUIT\r\n"));
		stream_close(&exchange->stream);
	}
}

bool smtp_exchange_is_sent(const struct smtp_exchange *exchange)
{
	return exchange->state == SMTP_STATE_MESSAGE && stream_unsent(exchange->stream) == 0;
}

void smtp_exchange_end(struct smtp_exchange *exchange, enum smtp_status status, const char *text)
{
	smtp_done_fn *done = exchange->done;
	void *arg = exchange->arg;
	struct smtp_result result = {
		.status = status,
		.stage = stage_of(exchange->state),
		.text = arena_strdup(exchange->arena, text),
		.code = exchange->code,
		.enhanced = exchange->enhanced,
		.reply = exchange->reply,
		.may_have_arrived = exchange->code == 0 && smtp_exchange_is_sent(exchange),
		.refusals = exchange->refusals,
		.refusals_count = exchange->refusals_count,
		.lookup_status = exchange->lookup_status,
		.remote = exchange->remote,
		.duration_us = time_mono_us() - exchange->started_us,
	};

	exchange->status = status;
	if (exchange->stream) {
		const char *version = stream_tls_version(exchange->stream);
		const struct certificate_chain *chain = stream_chain(exchange->stream);

		/* What the stream has goes with it, and the result is looked at after that. */
		result.tls_version = version;
		result.chain = chain;
	}
	timer_free(&exchange->deadline);
	done(arg, &result);
	quit(exchange);
	smtp_exchange_free(&exchange);
}

static void on_deadline(void *arg)
{
	struct smtp_exchange *exchange = arg;
	struct strbuf text = STRBUF_INIT;

	strbuf_adds(&text, "gave up after ");
	time_add_duration(&text, exchange->request->timeout_ms);
	strbuf_adds(&text, ": ");
	smtp_exchange_add_phase(exchange, &text);
	smtp_exchange_end(exchange, SMTP_TIMEOUT, text.buf);
	strbuf_release(&text);
}

static enum smtp_status status_of_dial(enum dial_status status)
{
	switch (status) {
	case DIAL_DNS_FAILED:
		return SMTP_DNS_FAILED;
	case DIAL_REFUSED:
		return SMTP_CONNECT_REFUSED;
	case DIAL_UNREACHABLE:
		return SMTP_CONNECT_UNREACHABLE;
	case DIAL_TIMEOUT:
		return SMTP_TIMEOUT;
	case DIAL_RESET:
		return SMTP_CLOSED;
	case DIAL_OK:
	case DIAL_ERROR:
		break;
	}
	return SMTP_LOCAL;
}

static void on_dialled(void *arg, const struct dial_result *result)
{
	struct smtp_exchange *exchange = arg;
	struct strbuf peer = STRBUF_INIT;

	exchange->dial = NULL;
	exchange->remote = result->address;
	exchange->lookup_status = result->lookup_status;
	if (result->status != DIAL_OK) {
		smtp_exchange_end(exchange, status_of_dial(result->status), result->text);
		return;
	}
	address_add_ip_port(&exchange->remote, &peer);
	exchange->peer = arena_strdup(exchange->arena, peer.buf);
	strbuf_release(&peer);
	smtp_dialogue_begin(exchange, result->fd);
}

static void on_ending(void *arg)
{
	struct smtp_exchange *exchange = arg;

	exchange->ending = NULL;
	smtp_exchange_end(exchange, SMTP_LOCAL, exchange->text);
}

static void x_in_dialing(struct smtp_exchange *exchange)
{
	const struct smtp_request *request = exchange->request;
	const struct dial_spec spec = {
		.host = request->url->host,
		.port = request->url->port,
		.family = request->family,
		.timeout_ms = request->timeout_ms,
	};

	exchange->dial = dial_start(
		exchange->client->loop, exchange->client->resolver, &spec, on_dialled, exchange);
	exchange->deadline =
		timer_add(exchange->client->loop, request->timeout_ms, on_deadline, exchange);
}

struct smtp_exchange *smtp_start(struct smtp_client *client, const struct smtp_request *request,
	smtp_done_fn *done, void *arg)
{
	struct smtp_exchange *exchange = xcalloc(1, sizeof(*exchange));
	const struct url *url = request->url;
	struct err err = {0};

	assert(request->timeout_ms > 0);
	*exchange = (struct smtp_exchange){
		.client = client,
		.request = request,
		.done = done,
		.arg = arg,
		.arena = arena_new(),
		.started_us = time_mono_us(),
		.username = request->username ? request->username : url->user,
		.password = request->username ? request->password : url->password,
		.hello_name = request->hello_name,
		.enhanced = "",
		.reply = "",
	};
	strbuf_init(&exchange->input, 2 * SMTP_REPLY_MAX);
	strbuf_init(&exchange->lines, 0);
	client->exchanges++;
	if (smtp_request_check(request, &err) < 0) {
		exchange->text = arena_strdup(exchange->arena, err.msg);
		exchange->state = SMTP_STATE_ENDING;
		exchange->ending = loop_defer(client->loop, on_ending, exchange);
		return exchange;
	}
	x_in_dialing(exchange);
	return exchange;
}

void smtp_exchange_add_phase(const struct smtp_exchange *exchange, struct strbuf *out)
{
	static const char *const asked[] = {
		[SMTP_STAGE_HELLO] = "the hello",
		[SMTP_STAGE_STARTTLS] = "STARTTLS",
		[SMTP_STAGE_AUTH] = "the user name and password",
		[SMTP_STAGE_SENDER] = "the sender",
		[SMTP_STAGE_RECIPIENT] = "the recipients",
		[SMTP_STAGE_DATA] = "the announcement of the message",
		[SMTP_STAGE_MESSAGE] = "the message",
	};
	enum smtp_stage stage = stage_of(exchange->state);

	switch (stage) {
	case SMTP_STAGE_CONNECT:
		if (exchange->dial) {
			dial_add_phase(exchange->dial, out);
		}
		break;
	case SMTP_STAGE_GREETING:
		strbuf_addf(out, "waiting for the greeting of %s", exchange->peer);
		break;
	case SMTP_STAGE_HANDSHAKE:
		strbuf_addf(out, "waiting for the TLS handshake of %s", exchange->peer);
		break;
	case SMTP_STAGE_MESSAGE:
		if (stream_unsent(exchange->stream) > 0) {
			strbuf_addf(out, "sending the message to %s", exchange->peer);
			break;
		}
		strbuf_addf(
			out, "waiting for the answer of %s to %s", exchange->peer, asked[stage]);
		break;
	case SMTP_STAGE_HELLO:
	case SMTP_STAGE_STARTTLS:
	case SMTP_STAGE_AUTH:
	case SMTP_STAGE_SENDER:
	case SMTP_STAGE_RECIPIENT:
	case SMTP_STAGE_DATA:
		strbuf_addf(
			out, "waiting for the answer of %s to %s", exchange->peer, asked[stage]);
		break;
	}
}
