/*
 * The names that scripts depend on: none may ever change.
 */
#include "base/alloc.h"
#include "base/str.h"
#include "check/check_code.h"
#include "cmocka_all.h"

static void names_stay_as_they_are(void **state)
{
	static const char *const states[] = {"ok", "warning", "critical", "unknown"};
	static const char *const codes[] = {"ok", "threshold_exceeded", "value_missing", "timeout",
		"not_started", "cancelled", "dns_failed", "connection_refused", "connection_failed",
		"connection_closed", "proxy_failed", "protocol_error", "tls_failed", "tls_expired",
		"tls_not_yet_valid", "tls_self_signed", "tls_name_mismatch", "tls_untrusted",
		"status_mismatch", "header_mismatch", "body_mismatch", "json_mismatch",
		"size_mismatch", "too_large", "redirect_refused", "dialogue_mismatch",
		"partly_failed", "filesystem_read_only", "mount_stuck", "measure_failed",
		"plugin_warning", "plugin_critical", "plugin_unknown", "exec_failed",
		"exec_signaled", "bad_exit_code", "local_error", "auth_failed", "host_key_unknown",
		"host_key_mismatch", "jump_failed"};

	(void)state;
	assert_int_equal(ARRAY_LEN(states), CHECK_STATE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		assert_string_equal(check_state_name((enum check_state)i), states[i]);
	}
	assert_int_equal(ARRAY_LEN(codes), CODE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		assert_string_equal(check_code_name((enum check_code)i), codes[i]);
	}
}

static void names_are_words_and_unique(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODE_MAX; i++) {
		const char *name = check_code_name((enum check_code)i);

		for (const char *c = name; *c; c++) {
			assert_true((char_is_alpha(*c) && char_lower(*c) == *c) || *c == '_');
		}
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(name, check_code_name((enum check_code)k));
		}
	}
}

/* critical > unknown > warning > ok, from either side. */
static void the_worse_of_two(void **state)
{
	static const enum check_state order[] = {
		CHECK_OK, CHECK_WARNING, CHECK_UNKNOWN, CHECK_CRITICAL};

	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(order); a++) {
		for (size_t b = 0; b < ARRAY_LEN(order); b++) {
			assert_int_equal(
				check_state_worse(order[a], order[b]), order[a > b ? a : b]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_stay_as_they_are),
		cmocka_unit_test(names_are_words_and_unique),
		cmocka_unit_test(the_worse_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
