/*
 * The names of states and outcomes.  See check_code.h.
 */
#include "check/check_code.h"

#include <assert.h>

#include "base/alloc.h"

static const char *const state_names[] = {
	[CHECK_OK] = "ok",
	[CHECK_WARNING] = "warning",
	[CHECK_CRITICAL] = "critical",
	[CHECK_UNKNOWN] = "unknown",
};
static_assert(ARRAY_LEN(state_names) == CHECK_STATE_MAX, "every state has a name");

static const char *const code_names[] = {
	[CODE_OK] = "ok",
	[CODE_THRESHOLD_EXCEEDED] = "threshold_exceeded",
	[CODE_VALUE_MISSING] = "value_missing",
	[CODE_TIMEOUT] = "timeout",
	[CODE_NOT_STARTED] = "not_started",
	[CODE_CANCELLED] = "cancelled",
	[CODE_DNS_FAILED] = "dns_failed",
	[CODE_CONNECTION_REFUSED] = "connection_refused",
	[CODE_CONNECTION_FAILED] = "connection_failed",
	[CODE_CONNECTION_CLOSED] = "connection_closed",
	[CODE_PROXY_FAILED] = "proxy_failed",
	[CODE_PROTOCOL_ERROR] = "protocol_error",
	[CODE_TLS_FAILED] = "tls_failed",
	[CODE_TLS_EXPIRED] = "tls_expired",
	[CODE_TLS_NOT_YET_VALID] = "tls_not_yet_valid",
	[CODE_TLS_SELF_SIGNED] = "tls_self_signed",
	[CODE_TLS_NAME_MISMATCH] = "tls_name_mismatch",
	[CODE_TLS_UNTRUSTED] = "tls_untrusted",
	[CODE_STATUS_MISMATCH] = "status_mismatch",
	[CODE_HEADER_MISMATCH] = "header_mismatch",
	[CODE_BODY_MISMATCH] = "body_mismatch",
	[CODE_JSON_MISMATCH] = "json_mismatch",
	[CODE_SIZE_MISMATCH] = "size_mismatch",
	[CODE_TOO_LARGE] = "too_large",
	[CODE_REDIRECT_REFUSED] = "redirect_refused",
	[CODE_DIALOGUE_MISMATCH] = "dialogue_mismatch",
	[CODE_PARTLY_FAILED] = "partly_failed",
	[CODE_FILESYSTEM_READ_ONLY] = "filesystem_read_only",
	[CODE_MOUNT_STUCK] = "mount_stuck",
	[CODE_MEASURE_FAILED] = "measure_failed",
	[CODE_PLUGIN_WARNING] = "plugin_warning",
	[CODE_PLUGIN_CRITICAL] = "plugin_critical",
	[CODE_PLUGIN_UNKNOWN] = "plugin_unknown",
	[CODE_EXEC_FAILED] = "exec_failed",
	[CODE_EXEC_SIGNALED] = "exec_signaled",
	[CODE_BAD_EXIT_CODE] = "bad_exit_code",
	[CODE_LOCAL_ERROR] = "local_error",
	[CODE_AUTH_FAILED] = "auth_failed",
	[CODE_HOST_KEY_UNKNOWN] = "host_key_unknown",
	[CODE_HOST_KEY_MISMATCH] = "host_key_mismatch",
	[CODE_JUMP_FAILED] = "jump_failed",
};
static_assert(ARRAY_LEN(code_names) == CODE_MAX, "every code has a name");

const char *check_state_name(enum check_state state)
{
	assert(state < CHECK_STATE_MAX);
	return state_names[state];
}

const char *check_code_name(enum check_code code)
{
	assert(code < CODE_MAX);
	return code_names[code];
}

enum check_state check_state_worse(enum check_state a, enum check_state b)
{
	static const int badness[] = {
		[CHECK_OK] = 0,
		[CHECK_WARNING] = 1,
		[CHECK_UNKNOWN] = 2,
		[CHECK_CRITICAL] = 3,
	};

	return badness[a] >= badness[b] ? a : b;
}
