/*
 * States and outcomes: the closed lists that scripts depend on.
 */
#ifndef CHECK_CHECK_CODE_H
#define CHECK_CHECK_CODE_H

/* How a target is.  What was not measured is unknown, never ok. */
enum check_state {
	CHECK_OK,
	CHECK_WARNING,
	CHECK_CRITICAL,
	CHECK_UNKNOWN,
	CHECK_STATE_MAX,
};

/* Why it is so.  Names are stable for ever (check_code_name()); new ones are added before CODE_MAX.
 */
enum check_code {
	CODE_OK,
	CODE_THRESHOLD_EXCEEDED,
	CODE_VALUE_MISSING, /* a threshold asks for a value that was not measured */
	CODE_TIMEOUT,
	CODE_NOT_STARTED, /* the run's deadline passed, or it was interrupted, before its turn */
	CODE_CANCELLED,   /* interrupted while it ran */
	/* network */
	CODE_DNS_FAILED,
	CODE_CONNECTION_REFUSED,
	CODE_CONNECTION_FAILED, /* unreachable, no route */
	CODE_CONNECTION_CLOSED, /* reset, or closed too early */
	CODE_PROXY_FAILED,
	CODE_PROTOCOL_ERROR, /* the answer is not the protocol, or not the version asked for */
	/* TLS */
	CODE_TLS_FAILED, /* handshake */
	CODE_TLS_EXPIRED,
	CODE_TLS_NOT_YET_VALID,
	CODE_TLS_SELF_SIGNED,
	CODE_TLS_NAME_MISMATCH,
	CODE_TLS_UNTRUSTED, /* unknown authority, or an intermediate certificate is missing */
	/* expectations */
	CODE_STATUS_MISMATCH,
	CODE_HEADER_MISMATCH,
	CODE_BODY_MISMATCH,
	CODE_JSON_MISMATCH,
	CODE_SIZE_MISMATCH,
	CODE_TOO_LARGE,
	CODE_REDIRECT_REFUSED, /* too many, or to somewhere that is not allowed */
	CODE_DIALOGUE_MISMATCH,
	CODE_PARTLY_FAILED, /* every_address: some addresses fail */
	/* host */
	CODE_FILESYSTEM_READ_ONLY,
	CODE_MOUNT_STUCK, /* a mount did not answer within its deadline */
	CODE_MEASURE_FAILED,
	/* exec */
	CODE_PLUGIN_WARNING, /* the plugin said so */
	CODE_PLUGIN_CRITICAL,
	CODE_PLUGIN_UNKNOWN,
	CODE_EXEC_FAILED, /* it could not be started */
	CODE_EXEC_SIGNALED,
	CODE_BAD_EXIT_CODE, /* outside 0..3 */
	/* ours */
	CODE_LOCAL_ERROR, /* a file of the check's, no descriptors left, ... */
	/* a host that was not logged in to */
	CODE_AUTH_FAILED,
	CODE_HOST_KEY_UNKNOWN,
	CODE_HOST_KEY_MISMATCH, /* changed, or revoked */
	CODE_JUMP_FAILED,       /* a host on the way */
	CODE_MAX,
};

const char *check_state_name(enum check_state); /* "ok" */
const char *check_code_name(enum check_code);   /* "tls_expired" */

/* The worse of two: critical > unknown > warning > ok. */
enum check_state check_state_worse(enum check_state, enum check_state);

#endif
