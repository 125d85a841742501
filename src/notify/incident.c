/*
 * Steps and keys of incidents.  See incident.h.
 */
#include "notify/incident.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "notify/notify_text.h"

enum { DIGEST_BYTES = 20 };

static void add_step(struct incident_plan *plan, enum incident_action action,
	enum severity severity, const struct strbuf *key)
{
	struct incident_step *step = &plan->steps[plan->steps_count++];

	*step = (struct incident_step){.action = action, .severity = severity};
	memcpy(step->key, key->buf,
		key->len < INCIDENT_KEY_SIZE ? key->len : INCIDENT_KEY_SIZE - 1);
}

static void add_alert_step(struct incident_plan *plan, enum incident_action action,
	enum severity severity, const struct alert *alert)
{
	_cleanup_(strbuf_release) struct strbuf key = STRBUF_INIT;

	notify_add_dedup_key(alert, &key);
	strbuf_addf(&key, "-%s", severity_name(severity));
	add_step(plan, action, severity, &key);
}

/* Of something that is no alert: "sre:notice:" and 40 hex digits. */
static void add_other_step(struct incident_plan *plan, enum incident_action action,
	const struct notification *notification, const char *name)
{
	const bool is_notice = notification->purpose == NOTIFICATION_NOTICE;
	_cleanup_(strbuf_release) struct strbuf key = STRBUF_INIT;
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!EVP_Digest(name, strlen(name), digest, NULL, EVP_sha256(), NULL)) {
		abort(); /* out of memory */
	}
	strbuf_adds(&key, is_notice ? "sre:notice:" : "sre:test:");
	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		strbuf_addf(&key, "%02x", digest[i]);
	}
	add_step(plan, action, is_notice ? notification->severity : SEVERITY_INFO, &key);
}

/* As which severities it may have been told of the alert before. */
static unsigned told_before(const struct notification *notification)
{
	return notification->told == 0 && notification->first_key ? (1U << SEVERITY_COUNT) - 1
								  : notification->told;
}

/* The same for every severity that is open, or may be. */
static void add_all(struct incident_plan *plan, enum incident_action action,
	const struct notification *notification, unsigned severities)
{
	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--) {
		if (severities & (1U << severity)) {
			add_alert_step(
				plan, action, (enum severity)severity, notification->alerts[0]);
		}
	}
}

static void plan_firing(const struct notification *notification, struct incident_plan *plan)
{
	const enum severity severity = notification->alerts[0]->severity;

	add_alert_step(plan, INCIDENT_OPEN, severity, notification->alerts[0]);
	add_all(plan, INCIDENT_CLOSE, notification, told_before(notification) & ~(1U << severity));
}

/* Of an alert that it was never told of nothing is open, and asking for it does no harm. */
static void plan_known(const struct notification *notification, enum incident_action action,
	struct incident_plan *plan)
{
	const unsigned told = told_before(notification);

	add_all(plan, action, notification, told ? told : 1U << notification->alerts[0]->severity);
}

int incident_plan(
	const struct notification *notification, struct incident_plan *ret_plan, struct err *err)
{
	struct incident_plan plan = {0};

	switch (notification->purpose) {
	case NOTIFICATION_TRIGGER:
	case NOTIFICATION_REMINDER:
		plan_firing(notification, &plan);
		break;
	case NOTIFICATION_RESEND:
		if (notification->alerts[0]->is_resolved) {
			plan_known(notification, INCIDENT_CLOSE, &plan);
		} else {
			plan_firing(notification, &plan);
		}
		break;
	case NOTIFICATION_RESOLVE:
		plan_known(notification, INCIDENT_CLOSE, &plan);
		break;
	case NOTIFICATION_ACKNOWLEDGE:
		plan_known(notification, INCIDENT_ACKNOWLEDGE, &plan);
		break;
	case NOTIFICATION_NOTICE:
		add_other_step(&plan, INCIDENT_OPEN, notification, notification->title);
		break;
	case NOTIFICATION_TEST:
		add_other_step(&plan, INCIDENT_OPEN, notification, notification->key);
		add_other_step(&plan, INCIDENT_CLOSE, notification, notification->key);
		break;
	case NOTIFICATION_SUMMARY:
	case NOTIFICATION_DIGEST:
	case NOTIFICATION_PURPOSES:
		return err_set(err, ERR_INPUT, "an incident cannot hold a %s",
			notification_purpose_name(notification->purpose));
	}
	*ret_plan = plan;
	return 0;
}
