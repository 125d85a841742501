/*
 * The kind `email`: mail by SMTP, in plain text and HTML.
 *
 * One alert is one thread: each of its messages names the first one (References), and the id of a
 * message follows from the notification's key, so that a message that is sent again can be
 * recognised.
 */
#include <inttypes.h>

#include "base/alloc.h"
#include "net/mail_address.h"
#include "net/smtp_client.h"
#include "net/url.h"
#include "notify/mail_html.h"
#include "notify/mail_message.h"
#include "notify/mail_option.h"
#include "notify/notifier.h"
#include "notify/notify_kinds.h"
#include "notify/notify_text.h"

enum {
	SUBJECT_MAX = 200, /* characters */
	HEADER_VALUE_MAX = 200,
	TITLE_MAX = 2000, /* bytes, in the text */
	TEXT_MAX = 64 * 1024,
	GROUP_MAX = 50,
	KEY_MAX = 120, /* of a message id, before its "@" */
	/* The run's own deadline comes first, and asks how far it got. */
	BACKSTOP_MS = 1000,
};

struct email_opts {
	struct option_list to, cc; /* struct mail_address */
	struct mail_address from;
	const struct url *smtp;
	int tls; /* enum smtp_tls */
	const char *username, *password;
};

static const char *const tls_names[] = {"auto", "required", "when_offered", "never", NULL};

// clang-format off
static const struct option_row email_rows[] = {
	{.name = "email", .shape = OPTION_LIST, .type = &option_mail_address, .offset = offsetof(struct email_opts, to), .flags = OPTION_VARIANT_KEY,
	 .help = "addresses of those who are told"},
	{.name = "cc", .shape = OPTION_LIST, .type = &option_mail_address, .offset = offsetof(struct email_opts, cc),
	 .help = "more of them, as copies"},
	{.name = "from", .type = &option_mail_address, .offset = offsetof(struct email_opts, from), .flags = OPTION_REQUIRED,
	 .help = "address of the sender"},
	{.name = "smtp", .type = &option_smtp_url, .offset = offsetof(struct email_opts, smtp), .def = "smtp://localhost",
	 .help = "mail server that takes the mail on"},
	{.name = "tls", .type = &option_choice, .offset = offsetof(struct email_opts, tls), .def = "auto", .choices = tls_names,
	 .help = "whether smtp:// must go on over TLS (STARTTLS); auto: required, but not used on a loopback address"},
	{.name = "username", .type = &option_string, .offset = offsetof(struct email_opts, username),
	 .help = "name to log in to the mail server with; never sent without TLS, but to a loopback address"},
	{.name = "password", .type = &option_string, .offset = offsetof(struct email_opts, password), .flags = OPTION_SECRET,
	 .help = "its password"},
	{0},
};
// clang-format on

static int email_validate(void *opts, struct arena *arena, struct err *err)
{
	const struct email_opts *email = opts;

	(void)arena;
	if (email->to.count == 0) {
		return err_set(err, ERR_INPUT, "email: an address is needed");
	}
	if (email->to.count + email->cc.count > SMTP_RECIPIENTS_MAX) {
		return err_set(
			err, ERR_INPUT, "email: more than %d addresses", SMTP_RECIPIENTS_MAX);
	}
	if (email->password && !email->username) {
		return err_set(err, ERR_INPUT, "a password needs a username");
	}
	if (strcmp(email->smtp->scheme, "smtps") == 0 && email->tls != SMTP_TLS_AUTO) {
		return err_set(
			err, ERR_INPUT, "tls is about smtp://; smtps:// is TLS from the start");
	}
	return 0;
}

static void add_list(const struct option_list *list, bool *has_one, struct strbuf *out)
{
	for (size_t i = 0; i < list->count; i++) {
		strbuf_adds(out, *has_one ? ", " : "");
		strbuf_adds(out, OPTION_AT(list, struct mail_address, i).address);
		*has_one = true;
	}
}

static const char *recipients_text(const struct email_opts *opts, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	bool has_one = false;
	const char *copy;

	add_list(&opts->to, &has_one, &text);
	add_list(&opts->cc, &has_one, &text);
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}

static const char *email_target(const void *opts, struct arena *arena)
{
	const struct email_opts *email = opts;

	return arena_printf(arena, "%s by %s", recipients_text(email, arena), email->smtp->text);
}

/* Composing */

/* The id of the message with that key: "key@domain of the sender". */
static const char *message_id(const struct email_opts *opts, const char *key, struct arena *arena)
{
	const char *domain = strchr(opts->from.address, '@') + 1;
	char *left = arena_strndup(arena, key, strnlen(key, KEY_MAX));

	for (char *c = left; *c; c++) {
		if (!char_is_alnum(*c) && *c != '-' && *c != '_' && *c != '.') {
			*c = '-';
		}
	}
	return arena_printf(arena, "%s@%s", left, domain[0] == '[' ? "sre-toolkit" : domain);
}

static void add_facts(
	const struct notification *notification, struct arena *arena, struct strbuf *out)
{
	const size_t start = out->len;
	struct pairs facts;
	size_t shown = 0;

	notify_list_facts(notification, notification->alerts[0], arena, &facts);
	for (; shown < facts.items_count && out->len - start < MAIL_FACTS_MAX; shown++) {
		strbuf_adds(out, shown > 0 ? "\n" : "\n\n");
		strbuf_addf(out, "%s: ", facts.items[shown].name);
		notify_add_cut(str_of(facts.items[shown].value), MAIL_FACT_MAX, out);
	}
	if (shown < facts.items_count) {
		strbuf_adds(out, "\n");
		notify_add_more((int64_t)(facts.items_count - shown), out);
	}
}

static bool is_about_one(const struct notification *notification)
{
	return notification->alerts_count == 1 && notification->alerts_total <= 1;
}

static const char *compose_text(const struct receiver *receiver,
	const struct notification *notification, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	struct strbuf body = STRBUF_INIT;
	const char *copy;

	notify_add_title(receiver, notification, &body);
	notify_add_cut(strbuf_str(&body), TITLE_MAX, &text);
	strbuf_clear(&body);
	notify_add_text(receiver, notification, &body);
	if (body.len > 0) {
		strbuf_adds(&text, "\n\n");
		notify_add_cut(strbuf_str(&body), TEXT_MAX, &text);
	}
	if (is_about_one(notification)) {
		const struct alert *alert = notification->alerts[0];

		add_facts(notification, arena, &text);
		if (alert->runbook) {
			strbuf_addf(&text, "\n\nRunbook: %s", alert->runbook);
		}
		if (alert->id > 0) {
			strbuf_addf(&text, "\n\nsre-toolkit alert why %" PRId64, alert->id);
		}
	}
	strbuf_adds(&text, "\n");
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	strbuf_release(&body);
	return copy;
}

static const char *compose_html(const struct receiver *receiver,
	const struct notification *notification, struct arena *arena)
{
	struct strbuf html = STRBUF_INIT;
	const char *copy;

	mail_html_add(receiver, notification, arena, &html);
	copy = arena_strndup(arena, html.buf, html.len);
	strbuf_release(&html);
	return copy;
}

static const char *compose_subject(const struct receiver *receiver,
	const struct notification *notification, struct arena *arena)
{
	struct strbuf title = STRBUF_INIT;
	struct strbuf subject = STRBUF_INIT;
	const char *copy;

	notify_add_title(receiver, notification, &title);
	notify_add_cut_chars(strbuf_str(&title), SUBJECT_MAX, &subject);
	copy = arena_strndup(arena, subject.buf, subject.len);
	strbuf_release(&title);
	strbuf_release(&subject);
	return copy;
}

static void set_header(
	struct pairs *headers, struct arena *arena, const char *name, const char *value)
{
	struct strbuf cut = STRBUF_INIT;

	notify_add_cut(str_of(value), HEADER_VALUE_MAX, &cut);
	pairs_set(headers, arena, str_of(name), strbuf_str(&cut));
	strbuf_release(&cut);
}

/* What mail programs sort and answer by. */
static void set_headers(
	const struct notification *notification, struct arena *arena, struct pairs *headers)
{
	set_header(headers, arena, "Auto-Submitted", "auto-generated");
	set_header(headers, arena, "X-Auto-Response-Suppress", "All");
	if (notification->severity == SEVERITY_CRITICAL &&
		(notification->purpose == NOTIFICATION_TRIGGER ||
			notification->purpose == NOTIFICATION_REMINDER)) {
		set_header(headers, arena, "Importance", "high");
	}
	set_header(headers, arena, "X-SRE-Toolkit-Purpose",
		notification_purpose_name(notification->purpose));
	set_header(headers, arena, "X-SRE-Toolkit-Severity", severity_name(notification->severity));
	if (is_about_one(notification)) {
		const struct alert *alert = notification->alerts[0];

		set_header(headers, arena, "X-SRE-Toolkit-Source", alert->source);
		set_header(headers, arena, "X-SRE-Toolkit-Fingerprint",
			alert->fingerprint ? alert->fingerprint : "");
	}
}

static int email_compose(const struct receiver *receiver, const struct notification *notification,
	struct arena *arena, struct notify_message *ret_message, struct err *err)
{
	const struct email_opts *opts = receiver->opts;
	const char *first_key = notification->first_key;
	const char *first_id = first_key && strcmp(first_key, notification->key) != 0
				       ? message_id(opts, first_key, arena)
				       : NULL;
	const char *const references[] = {first_id, NULL};
	struct mail_message mail = {
		.from = opts->from,
		.to = opts->to.items,
		.to_count = opts->to.count,
		.cc = opts->cc.items,
		.cc_count = opts->cc.count,
		.subject = compose_subject(receiver, notification, arena),
		.date_ms = notification->time_ms,
		.message_id = message_id(opts, notification->key, arena),
		.in_reply_to = first_id,
		.references = references,
		.text = str_of(compose_text(receiver, notification, arena)),
		.html = str_of(compose_html(receiver, notification, arena)),
	};
	struct strbuf body = STRBUF_INIT;

	set_headers(notification, arena, &mail.headers);
	if (mail_message_add(&mail, &body, err) < 0) {
		return -1;
	}
	*ret_message = (struct notify_message){
		.method = "MAIL",
		.url = opts->smtp->text,
		.body = str_n(arena_strndup(arena, body.buf, body.len), body.len),
	};
	set_header(&ret_message->headers, arena, "Envelope-From", opts->from.address);
	pairs_set(&ret_message->headers, arena, str_of("Envelope-To"),
		str_of(recipients_text(opts, arena)));
	notify_message_add_secret(ret_message, opts->password);
	strbuf_release(&body);
	return 0;
}

/* Sending */

struct email_state {
	struct smtp_exchange *exchange;
	struct smtp_request request; /* lives as long as the exchange */
};

/* What we do not get across, or what is not there, may be there later; what the server refuses for
 * good, it refuses again. */
static void judge_status(const struct smtp_result *smtp, struct delivery_result *result)
{
	result->outcome = DELIVERY_RETRY;
	result->fault = CHANNEL_UNREACHABLE;
	switch (smtp->status) {
	case SMTP_DELIVERED:
	case SMTP_PARTLY:
		result->outcome = DELIVERY_ARRIVED;
		result->fault = CHANNEL_OK;
		break;
	case SMTP_REFUSED:
		result->outcome = DELIVERY_REFUSED;
		result->fault =
			smtp->stage == SMTP_STAGE_RECIPIENT ? CHANNEL_REVOKED : CHANNEL_REJECTED;
		break;
	case SMTP_AUTH_FAILED:
		result->outcome = DELIVERY_REFUSED;
		result->fault = smtp->code != 0 ? CHANNEL_REVOKED : CHANNEL_MISCONFIGURED;
		break;
	case SMTP_DEFERRED:
	case SMTP_PROTOCOL:
		result->fault = CHANNEL_UNAVAILABLE;
		break;
	case SMTP_LOCAL:
		result->fault = CHANNEL_MISCONFIGURED;
		break;
	case SMTP_DNS_FAILED:
	case SMTP_CONNECT_REFUSED:
	case SMTP_CONNECT_UNREACHABLE:
	case SMTP_TIMEOUT:
	case SMTP_TLS_FAILED:
	case SMTP_TLS_CERTIFICATE:
	case SMTP_TLS_NAME:
	case SMTP_NO_STARTTLS:
	case SMTP_CLOSED:
		break;
	}
}

/* "250 2.0.0 queued as 1" */
static const char *answer_text(const struct smtp_result *smtp, struct arena *arena)
{
	if (smtp->code == 0) {
		return "";
	}
	return arena_printf(arena, "%d%s%s%s%s", smtp->code, smtp->enhanced[0] ? " " : "",
		smtp->enhanced, smtp->reply[0] ? " " : "", smtp->reply);
}

static void on_sent(void *arg, const struct smtp_result *smtp)
{
	struct notify_run *run = arg;
	struct email_state *state = run->state;
	struct delivery_result result = {
		.code = smtp->code,
		.retry_after_ms = -1,
		.may_have_arrived = smtp->may_have_arrived,
		.body = answer_text(smtp, run->arena),
	};

	state->exchange = NULL;
	judge_status(smtp, &result);
	result.text =
		smtp->text[0] ? smtp->text : arena_printf(run->arena, "answered %s", result.body);
	notify_done(run, &result);
}

static size_t fill(const char **recipients, const struct option_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		recipients[i] = OPTION_AT(list, struct mail_address, i).address;
	}
	return list->count;
}

static void email_start(struct notify_run *run)
{
	const struct email_opts *opts = run->receiver->opts;
	struct email_state *state = arena_alloc(run->arena, sizeof(*state));
	const char **recipients =
		arena_calloc(run->arena, opts->to.count + opts->cc.count, sizeof(*recipients));
	size_t count = fill(recipients, &opts->to);

	count += fill(recipients + count, &opts->cc);
	run->state = state;
	state->request = (struct smtp_request){
		.url = opts->smtp,
		.tls = (enum smtp_tls)opts->tls,
		.username = opts->username,
		.password = opts->password,
		.ca_file = run->receiver->ca_file,
		.from = opts->from.address,
		.recipients = recipients,
		.recipients_count = count,
		.message = run->message.body,
		.timeout_ms = run->receiver->timeout_ms + BACKSTOP_MS,
	};
	state->exchange = smtp_start(run->env->smtp, &state->request, on_sent, run);
}

static void email_interrupted(struct notify_run *run, struct delivery_result *result)
{
	const struct email_state *state = run->state;
	struct strbuf phase = STRBUF_INIT;

	if (!state->exchange) {
		return;
	}
	smtp_exchange_add_phase(state->exchange, &phase);
	result->text = arena_printf(run->arena, "%s while %s", result->text, phase.buf);
	result->may_have_arrived = smtp_exchange_is_sent(state->exchange);
	strbuf_release(&phase);
}

static void email_release(struct notify_run *run)
{
	struct email_state *state = run->state;

	if (state) {
		smtp_exchange_free(&state->exchange);
	}
}

const struct notifier_kind notify_email = {
	.variant =
		{
			.name = "email",
			.summary = "mail, by SMTP",
			.rows = email_rows,
			.opts_size = sizeof(struct email_opts),
			.object = &notify_email,
			.validate = email_validate,
		},
	.abilities = NOTIFIER_GROUPS | NOTIFIER_ACKNOWLEDGES | NOTIFIER_DIGESTS,
	.limit = {.per_minute = 30, .burst = 10},
	.group_max = GROUP_MAX,
	.target = email_target,
	.compose = email_compose,
	.start = email_start,
	.interrupted = email_interrupted,
	.release = email_release,
};
