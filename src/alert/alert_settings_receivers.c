/*
 * Receivers of the short keys (slack_webhook, pagerduty_key, email), and the one called "log" that
 * always is there.
 */
#include <assert.h>

#include "alert/alert_settings_internal.h"
#include "base/map.h"
#include "notify/notify_kinds.h"
#include "notify/receiver.h"

/* A receiver in the making, from keys that stand elsewhere. */
struct short_receiver {
	struct conf *conf;
	struct receiver *receiver;
};

static const struct option_row *key_row(const struct notifier_kind *kind)
{
	for (const struct option_row *row = kind->variant.rows; row->name; row++) {
		if (row->flags & OPTION_VARIANT_KEY) {
			return row;
		}
	}
	return NULL;
}

/* With all defaults; it has no origin. */
static struct receiver *receiver_new(const struct notifier_kind *kind, struct arena *arena)
{
	const struct option_context context = {.arena = arena};
	struct receiver *receiver = arena_alloc(arena, sizeof(*receiver));

	option_set_defaults(receiver_common_rows, &context, receiver);
	receiver->variant = &kind->variant;
	receiver->name = kind->variant.name;
	receiver->opts = arena_alloc(arena, kind->variant.opts_size);
	option_set_defaults(kind->variant.rows, &context, receiver->opts);
	return receiver;
}

/* The value of alerts.`path` becomes that of the kind's row.  A secret is not repeated. */
static void set(struct short_receiver *making, const char *path, const struct option_row *row,
	const char *value)
{
	const struct option_context context = {.arena = making->conf->arena};
	const char *where =
		conf_where(making->conf, arena_printf(making->conf->arena, "alerts.%s", path));
	struct err err = {0};

	if (!value) {
		return;
	}
	assert(row); /* the kind has this option */
	if (option_parse(row, &context, str_of(value), making->receiver->opts, &err) == 0) {
		return;
	}
	if (row->flags & OPTION_SECRET) {
		conf_error(making->conf, where,
			"alerts.%s: the value (not shown) is not a valid %s", path,
			row->type->name);
	} else {
		conf_error(making->conf, where, "alerts.%s: %s", path, err.msg);
	}
}

/* What the kind checks, with all options there. */
static void finish(struct short_receiver *making, const char *path)
{
	const struct option_variant *variant = making->receiver->variant;
	struct conf *conf = making->conf;
	struct err err = {0};

	if (variant->validate && variant->validate(making->receiver->opts, conf->arena, &err) < 0) {
		conf_error(conf, conf_where(conf, arena_printf(conf->arena, "alerts.%s", path)),
			"alerts.%s: %s", path, err.msg);
	}
}

static void add(struct short_receiver *making, struct alert_settings *settings)
{
	const struct option_context context = {.arena = making->conf->arena};

	option_items_add(&context, making->receiver, &settings->receivers);
}

/* A short key of one value: the kind's own. */
static void add_simple(struct conf *conf, struct alert_settings *settings, const char *kind_name,
	const char *path, const char *value)
{
	const struct notifier_kind *kind = notify_kind_find(str_of(kind_name));
	struct short_receiver making = {.conf = conf};
	size_t errors = conf->errors_count;

	if (!value || !kind) {
		return;
	}
	making.receiver = receiver_new(kind, conf->arena);
	set(&making, path, key_row(kind), value);
	if (conf->errors_count == errors) {
		finish(&making, path);
	}
	add(&making, settings);
}

static bool email_is_given(const struct alert_email *email)
{
	return email->smtp || email->username || email->password || email->from ||
	       email->to.count > 0 || email->digest;
}

static void add_email(struct conf *conf, struct alert_settings *settings)
{
	const struct notifier_kind *kind = notify_kind_find(str_of("email"));
	const struct alert_email *email = &settings->email;
	const struct option_row *rows;
	struct short_receiver making = {.conf = conf};
	size_t errors = conf->errors_count;

	if (!email_is_given(email) || !kind) {
		return;
	}
	making.receiver = receiver_new(kind, conf->arena);
	rows = kind->variant.rows;
	set(&making, "email.smtp", option_find(rows, str_of("smtp")), email->smtp);
	set(&making, "email.username", option_find(rows, str_of("username")), email->username);
	set(&making, "email.password", option_find(rows, str_of("password")), email->password);
	set(&making, "email.from", option_find(rows, str_of("from")), email->from);
	for (size_t i = 0; i < email->to.count; i++) {
		set(&making, "email.to", key_row(kind), OPTION_AT(&email->to, const char *, i));
	}
	if (email->to.count == 0 || !email->from) {
		conf_error(conf, conf_where(conf, "alerts.email"),
			"alerts.email: key '%s' is missing", email->from ? "to" : "from");
	}
	if (conf->errors_count == errors) {
		finish(&making, "email");
	}
	add(&making, settings);
}

static void add_log(struct conf *conf, struct alert_settings *settings)
{
	const struct receiver *log = alert_receiver(settings, notify_log.variant.name);
	struct short_receiver making = {.conf = conf};

	if (!log) {
		making.receiver = receiver_new(&notify_log, conf->arena);
		add(&making, settings);
	} else if (log->variant && log->variant != &notify_log.variant) {
		conf_error(conf, log->origin,
			"a receiver called 'log' must be of that kind: it gets what nobody else "
			"does");
	}
}

static void finish_one(struct conf *conf, struct receiver *receiver)
{
	struct err err = {0};

	if (receiver->opts && receiver->variant &&
		receiver_finish(receiver, conf->arena, &err) < 0) {
		conf_error(conf, receiver->origin, "receiver '%s': %s",
			receiver->name ? receiver->name : receiver->variant->name, err.msg);
	}
}

static const char *place_of(const struct receiver *receiver)
{
	return receiver->origin ? receiver->origin : "a short key of alerts";
}

static void check_names(struct conf *conf, const struct alert_settings *settings)
{
	struct map *by_name = map_new(MAP_KEYS_BORROWED);

	for (size_t i = 0; i < settings->receivers.count; i++) {
		struct receiver *receiver = settings->receivers.items[i];
		const struct receiver *twin;

		if (!receiver->name) {
			continue;
		}
		if (*receiver->name == '\0') {
			conf_error(conf, receiver->origin, "a receiver's name must not be empty");
			continue;
		}
		twin = map_get(by_name, str_of(receiver->name));
		if (twin) {
			conf_error(conf, receiver->origin ? receiver->origin : twin->origin,
				"a receiver called '%s' is already at %s; give one of them another "
				"name",
				receiver->name, place_of(receiver->origin ? twin : receiver));
		} else {
			(void)map_set(by_name, str_of(receiver->name), receiver);
		}
	}
	map_free(by_name);
}

void settings_finish_receivers(struct conf *conf, struct alert_settings *settings)
{
	for (size_t i = 0; i < settings->receivers.count; i++) {
		finish_one(conf, settings->receivers.items[i]);
	}

	size_t configured = settings->receivers.count;

	add_simple(conf, settings, "slack", "slack_webhook", settings->slack_webhook);
	add_simple(conf, settings, "pagerduty", "pagerduty_key", settings->pagerduty_key);
	add_email(conf, settings);
	add_log(conf, settings);
	for (size_t i = configured; i < settings->receivers.count; i++) {
		finish_one(conf, settings->receivers.items[i]);
	}
	check_names(conf, settings);
}
