/*
 * The section `alerts` of the configuration: receivers, routes, limits.
 */
#ifndef ALERT_ALERT_SETTINGS_H
#define ALERT_ALERT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/severity.h"
#include "conf/conf.h"
#include "conf/option.h"
#include "notify/notifier.h"

struct cron_schedule;
struct matcher;       /* alert/matcher.h */
struct silence_cache; /* alert/silence.h */
struct time_window;
struct time_zone;

/* One of alerts.routes.  It applies if all matchers match and, where it has times, one holds. */
struct route {
	struct option_list match; /* struct matcher *: "severity=critical", "team=~web|db" */
	struct option_list times; /* struct time_window *; empty: always */
	const struct time_zone *time_zone; /* of the times */
	struct option_list receivers;      /* const char *; empty: told to nobody, on purpose */
	struct option_list group_by;       /* const char *: severity, source, title, or a label */
	int64_t group_wait_ms;             /* 0: no grouping */
	int64_t repeat_interval_ms;        /* reminders of what still fires; 0: none */
	int64_t suppression_ms;            /* -1: alerts.suppression_minutes */
	bool continues;                    /* the routes after it are asked too */
	const char *name;                  /* as written, or "routes[2]" */
	const char *origin;
};

/* One of alerts.inhibit: while an alert that matches `source` is open, those that match `target`
 * and have the same values in `equal` are held back. */
struct inhibition {
	struct option_list source, target; /* struct matcher * */
	struct option_list equal;          /* const char * */
	const char *name;                  /* "inhibit[0]" */
	const char *origin;
	const char *hash; /* of what it says */
};

struct alert_settings {
	/* Short keys, each a receiver of its own named after its kind. */
	const char *slack_webhook;
	const char *pagerduty_key;
	struct alert_email {
		const char *smtp, *username, *password, *from;
		struct option_list to; /* const char * */
		struct cron_schedule *digest;
	} email;
	int64_t suppression_minutes;
	struct option_items receivers; /* struct receiver */
	struct option_items routes;    /* struct route */
	struct option_items inhibit;   /* struct inhibition */
	const char *fallback; /* receiver for what no route takes, and for dead receivers */
	const struct time_zone *time_zone;  /* of routes, the digest, and times in texts */
	struct option_list digest_to;       /* const char *: receivers that get the digest */
	struct cron_schedule *digest;       /* when */
	int64_t give_up_ms[SEVERITY_COUNT]; /* age at which a delivery is dead */
	int64_t keep_ms;                    /* how long ended alerts are kept in the store */
	/* After alert_settings_finish(): */
	bool is_default_routing;
	const char *inhibit_hash;       /* of all inhibitions; "" if there are none */
	struct silence_cache *silences; /* MAY be NULL; see alert/silence.h */
};

extern const struct option_row alert_settings_rows[];

/*
 * After reading: makes receivers of the short keys and the one called "log" that always is there,
 * default routes where none are configured (critical to Slack and PagerDuty, and to mail without a
 * digest; warning to Slack; info to the log and the digest), and checks what rows cannot: names
 * unique and known, routes that can never match, a fallback that exists.  Errors go to conf_error()
 * with their place.
 */
void alert_settings_finish(struct conf *, struct alert_settings *);

const struct receiver *alert_receiver(const struct alert_settings *, const char *name); /* NULL */

#endif
