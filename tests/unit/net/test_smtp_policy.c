/*
 * When TLS is a must, and when a password stays at home.
 */
#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/smtp_policy.h"

static void test_steps(void **state)
{
	static const struct {
		enum smtp_tls tls;
		const char *facts; /* "l"oopback, "o"ffered, "u"sername, "s"ecure */
		enum smtp_step step;
	} cases[] = {
		{SMTP_TLS_AUTO, "", SMTP_STEP_NO_STARTTLS},
		{SMTP_TLS_AUTO, "u", SMTP_STEP_NO_STARTTLS},
		{SMTP_TLS_AUTO, "o", SMTP_STEP_STARTTLS}, {SMTP_TLS_AUTO, "ou", SMTP_STEP_STARTTLS},
		{SMTP_TLS_AUTO, "l", SMTP_STEP_GO_ON}, {SMTP_TLS_AUTO, "lo", SMTP_STEP_GO_ON},
		{SMTP_TLS_AUTO, "lou", SMTP_STEP_GO_ON}, {SMTP_TLS_AUTO, "su", SMTP_STEP_GO_ON},
		{SMTP_TLS_REQUIRED, "", SMTP_STEP_NO_STARTTLS},
		{SMTP_TLS_REQUIRED, "l", SMTP_STEP_NO_STARTTLS},
		{SMTP_TLS_REQUIRED, "lu", SMTP_STEP_NO_STARTTLS},
		{SMTP_TLS_REQUIRED, "o", SMTP_STEP_STARTTLS},
		{SMTP_TLS_REQUIRED, "lo", SMTP_STEP_STARTTLS},
		{SMTP_TLS_REQUIRED, "s", SMTP_STEP_GO_ON},
		{SMTP_TLS_REQUIRED, "so", SMTP_STEP_GO_ON},
		{SMTP_TLS_WHEN_OFFERED, "", SMTP_STEP_GO_ON},
		{SMTP_TLS_WHEN_OFFERED, "u", SMTP_STEP_NO_PASSWORD},
		{SMTP_TLS_WHEN_OFFERED, "lu", SMTP_STEP_GO_ON},
		{SMTP_TLS_WHEN_OFFERED, "o", SMTP_STEP_STARTTLS},
		{SMTP_TLS_WHEN_OFFERED, "lo", SMTP_STEP_STARTTLS},
		{SMTP_TLS_WHEN_OFFERED, "su", SMTP_STEP_GO_ON},
		{SMTP_TLS_NEVER, "", SMTP_STEP_GO_ON}, {SMTP_TLS_NEVER, "o", SMTP_STEP_GO_ON},
		{SMTP_TLS_NEVER, "u", SMTP_STEP_NO_PASSWORD},
		{SMTP_TLS_NEVER, "ou", SMTP_STEP_NO_PASSWORD},
		{SMTP_TLS_NEVER, "lu", SMTP_STEP_GO_ON},
		{SMTP_TLS_NEVER, "su", SMTP_STEP_GO_ON}, /* smtps:// */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct smtp_situation situation = {
			.tls = cases[i].tls,
			.is_loopback = strchr(cases[i].facts, 'l') != NULL,
			.is_secure = strchr(cases[i].facts, 's') != NULL,
			.has_starttls = strchr(cases[i].facts, 'o') != NULL,
			.has_username = strchr(cases[i].facts, 'u') != NULL,
		};

		if (smtp_next_step(&situation) != cases[i].step) {
			fail_msg("case %zu: %d", i, smtp_next_step(&situation));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
