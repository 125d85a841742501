/*
 * The section `alerts`: its rows, and what is checked when all of it has been read.
 */
#include "alert/alert_settings.h"

#include "alert/alert_settings_internal.h"
#include "alert/inhibition.h"
#include "alert/silence.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/time_zone.h"
#include "conf/option_time.h"
#include "notify/receiver.h"

#define HOUR_MS (3600 * 1000LL)
#define DAY_MS (24 * HOUR_MS)
#define GIVE_UP_MIN_MS (60 * 1000LL)

enum { SUPPRESSION_MAX_MINUTES = 30 * 24 * 60, NAMES_SHOWN_MAX = 8 };

/* Who gets the digest, where nobody is named. */
static const char mail_receiver[] = "email";

// clang-format off
static const struct option_row email_rows[] = {
	{.name = "smtp", .type = &option_string, .offset = offsetof(struct alert_email, smtp), .placeholder = "URL",
	 .help = "the mail server: smtp://host:port or smtps://host"},
	{.name = "username", .type = &option_string, .offset = offsetof(struct alert_email, username),
	 .help = "who to be for the mail server"},
	{.name = "password", .type = &option_string, .offset = offsetof(struct alert_email, password), .flags = OPTION_SECRET,
	 .help = "and the password for it"},
	{.name = "from", .type = &option_string, .offset = offsetof(struct alert_email, from), .placeholder = "ADDRESS",
	 .help = "sender of the messages"},
	{.name = "to", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct alert_email, to), .placeholder = "ADDRESS",
	 .help = "who gets them"},
	{.name = "digest", .type = &option_cron, .offset = offsetof(struct alert_email, digest),
	 .help = "when the digest is sent, instead of a message for each critical alert"},
	{0},
};

static const struct option_row give_up_rows[] = {
	{.name = "critical", .type = &option_duration, .offset = SEVERITY_CRITICAL * sizeof(int64_t), .def = "1d", .min = GIVE_UP_MIN_MS, .max = 30 * DAY_MS,
	 .help = "of critical alerts"},
	{.name = "warning", .type = &option_duration, .offset = SEVERITY_WARNING * sizeof(int64_t), .def = "6h", .min = GIVE_UP_MIN_MS, .max = 30 * DAY_MS,
	 .help = "of warnings"},
	{.name = "info", .type = &option_duration, .offset = SEVERITY_INFO * sizeof(int64_t), .def = "1h", .min = GIVE_UP_MIN_MS, .max = 30 * DAY_MS,
	 .help = "of the rest"},
	{0},
};

const struct option_row alert_settings_rows[] = {
	{.name = "slack_webhook", .type = &option_string, .offset = offsetof(struct alert_settings, slack_webhook), .flags = OPTION_SECRET, .placeholder = "URL",
	 .help = "an incoming webhook of Slack: makes the receiver 'slack'"},
	{.name = "pagerduty_key", .type = &option_string, .offset = offsetof(struct alert_settings, pagerduty_key), .flags = OPTION_SECRET, .placeholder = "KEY",
	 .help = "an integration key of PagerDuty: makes the receiver 'pagerduty'"},
	{.name = "email", .shape = OPTION_SECTION, .rows = email_rows, .offset = offsetof(struct alert_settings, email),
	 .help = "mail: makes the receiver 'email'"},
	{.name = "suppression_minutes", .type = &option_int, .offset = offsetof(struct alert_settings, suppression_minutes), .def = "15", .min = 0, .max = SUPPRESSION_MAX_MINUTES,
	 .help = "for how long the same alert is counted and not sent again to the same receiver, unless it gets worse"},
	{.name = "receivers", .shape = OPTION_VARIANTS, .variants = &receiver_variants, .offset = offsetof(struct alert_settings, receivers),
	 .help = "where messages go"},
	{.name = "routes", .shape = OPTION_SECTION_LIST, .list = &route_list, .offset = offsetof(struct alert_settings, routes),
	 .help = "which alerts go where: the first that matches, and those after it if it continues"},
	{.name = "inhibit", .shape = OPTION_SECTION_LIST, .list = &inhibition_list, .offset = offsetof(struct alert_settings, inhibit),
	 .help = "alerts that hold others back while they are open"},
	{.name = "fallback", .type = &option_string, .offset = offsetof(struct alert_settings, fallback), .placeholder = "RECEIVER",
	 .help = "receiver of what no route takes, and of what another receiver refuses"},
	{.name = "time_zone", .type = &option_time_zone, .offset = offsetof(struct alert_settings, time_zone),
	 .help = "zone of the times of routes, of the digest and in texts; this machine's if not given"},
	{.name = "digest", .type = &option_cron, .offset = offsetof(struct alert_settings, digest),
	 .help = "when the digest is sent: what is open, fired, was resolved, suppressed, or could not be delivered"},
	{.name = "digest_to", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct alert_settings, digest_to), .placeholder = "RECEIVER",
	 .help = "receivers of the digest; the mail receiver if not given"},
	{.name = "give_up", .shape = OPTION_SECTION, .rows = give_up_rows, .offset = offsetof(struct alert_settings, give_up_ms),
	 .help = "age at which a message that could not be delivered is given up"},
	{.name = "keep", .type = &option_duration, .offset = offsetof(struct alert_settings, keep_ms), .def = "90d", .min = DAY_MS, .max = 3650 * DAY_MS,
	 .help = "how long alerts that are over are kept in the store"},
	{0},
};
// clang-format on

const struct receiver *alert_receiver(const struct alert_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->receivers.count; i++) {
		const struct receiver *receiver = settings->receivers.items[i];

		if (receiver->name && strcmp(receiver->name, name) == 0) {
			return receiver;
		}
	}
	return NULL;
}

/* "; did you mean 'team'?", or else what there is. */
static const char *hint(
	struct conf *conf, const char *wrong, const char *const *names, size_t count)
{
	_cleanup_(strbuf_release) struct strbuf list = STRBUF_INIT;
	const char *near = suggest(str_of(wrong), names, count);

	if (near) {
		return arena_printf(conf->arena, "; did you mean '%s'?", near);
	}
	for (size_t i = 0; i < count && i < NAMES_SHOWN_MAX; i++) {
		strbuf_adds(&list, i > 0 ? ", " : count == 1 ? "; there is only " : "; there are ");
		strbuf_addf(&list, "'%s'", names[i] ? names[i] : "");
	}
	if (count > NAMES_SHOWN_MAX) {
		strbuf_addf(&list, " and %zu more", count - NAMES_SHOWN_MAX);
	}
	return arena_strndup(conf->arena, list.buf, list.len);
}

void settings_check_receiver(struct conf *conf, const struct alert_settings *settings,
	const char *where, const char *owner, const char *name)
{
	size_t count = settings->receivers.count;
	const char **names = arena_calloc(conf->arena, count + 1, sizeof(*names));

	if (alert_receiver(settings, name)) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		names[i] = ((const struct receiver *)settings->receivers.items[i])->name;
	}
	conf_error(conf, where, "%s: there is no receiver '%s'%s", owner, name,
		hint(conf, name, names, count));
}

static void free_zone(void *zone)
{
	time_zone_free(zone);
}

/* This machine's; one that cannot be read is an error, and UTC until then. */
static void finish_zone(struct conf *conf, struct alert_settings *settings)
{
	struct time_zone *zone = NULL;
	struct err err = {0};

	if (settings->time_zone) {
		return;
	}
	settings->time_zone = time_zone_utc();
	if (time_zone_open(str_of("local"), &zone, &err) < 0) {
		conf_error(conf, NULL, "alerts.time_zone is not given, and this machine's: %s",
			err.msg);
		return;
	}
	arena_on_free(conf->arena, free_zone, zone);
	settings->time_zone = zone;
}

/* alerts.email.digest is alerts.digest to the receiver "email". */
static void finish_digest(struct conf *conf, struct alert_settings *settings)
{
	static const struct option_row row = {
		.name = "digest_to", .shape = OPTION_LIST, .type = &option_string};
	const struct option_context context = {.arena = conf->arena};

	if (settings->email.digest) {
		if (settings->digest) {
			conf_error(conf, conf_where(conf, "alerts.email.digest"),
				"alerts.email.digest and alerts.digest are both given; "
				"keep one, and say in alerts.digest_to who gets it");
		}
		settings->digest = settings->email.digest;
	}
	if (settings->digest && settings->digest_to.count == 0) {
		(void)option_list_add(
			&row, &context, str_of(mail_receiver), &settings->digest_to, NULL);
	}
}

static void check_digest(struct conf *conf, const struct alert_settings *settings)
{
	const char *where = conf_where(conf, "alerts.digest_to");

	if (settings->digest_to.count > 0 && !settings->digest) {
		conf_error(conf, where, "alerts.digest_to: alerts.digest does not say when");
	}
	if (!where && settings->digest && !alert_receiver(settings, mail_receiver)) {
		conf_error(conf, conf_where(conf, "alerts.digest"),
			"alerts.digest: nobody gets it, as no receiver is called '%s'; say in "
			"alerts.digest_to who does",
			mail_receiver);
		return;
	}
	for (size_t i = 0; i < settings->digest_to.count; i++) {
		const char *name = OPTION_AT(&settings->digest_to, const char *, i);
		const struct receiver *receiver = alert_receiver(settings, name);

		settings_check_receiver(conf, settings, where, "alerts.digest_to", name);
		if (receiver && receiver->kind && !(receiver->kind->abilities & NOTIFIER_DIGESTS)) {
			conf_error(conf, where,
				"alerts.digest_to: receivers of the kind '%s' "
				"cannot hold a digest ('%s')",
				receiver->kind->variant.name, name);
		}
	}
}

void alert_settings_finish(struct conf *conf, struct alert_settings *settings)
{
	bool is_complete;

	finish_zone(conf, settings);
	finish_digest(conf, settings);
	settings_finish_receivers(conf, settings);
	settings_finish_routes(conf, settings);
	/* What a faulty item was to be is not known; what names it would be called wrong too. */
	is_complete = conf->errors_count == 0;
	if (settings->routes.count == 0) {
		settings_add_default_routes(conf, settings);
	}
	if (is_complete) {
		settings_check_routes(conf, settings);
		check_digest(conf, settings);
		if (settings->fallback) {
			settings_check_receiver(conf, settings, conf_where(conf, "alerts.fallback"),
				"alerts.fallback", settings->fallback);
		}
	}
	inhibition_hash(settings, conf->arena);
	settings->silences = silence_cache_new(conf->arena);
}
