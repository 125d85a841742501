/*
 * The table of tests/unit/net/test_smtp_policy.c as code.  See smtp_policy.h.
 */
#include "net/smtp_policy.h"

static bool is_tls_required(const struct smtp_situation *situation)
{
	switch (situation->tls) {
	case SMTP_TLS_AUTO:
		return !situation->is_loopback;
	case SMTP_TLS_REQUIRED:
		return true;
	case SMTP_TLS_WHEN_OFFERED:
	case SMTP_TLS_NEVER:
		break;
	}
	return false;
}

enum smtp_step smtp_next_step(const struct smtp_situation *situation)
{
	bool is_required = is_tls_required(situation);

	if (situation->is_secure) {
		return SMTP_STEP_GO_ON;
	}
	if (situation->has_starttls && (is_required || situation->tls == SMTP_TLS_WHEN_OFFERED)) {
		return SMTP_STEP_STARTTLS;
	}
	if (is_required) {
		return SMTP_STEP_NO_STARTTLS;
	}
	if (situation->has_username && !situation->is_loopback) {
		return SMTP_STEP_NO_PASSWORD;
	}
	return SMTP_STEP_GO_ON;
}
