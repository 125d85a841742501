/*
 * What the verbs of `fleet` share: errors, output.
 */
#include "cmd/fleet_cmd.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "cmd/usage.h"

const struct log_context fleet_log = {.component = "fleet"};

enum exit_code fleet_usage(const struct fleet_cmd *fleet, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	usage_error(fleet->run->common, "fleet", "%s", text.buf);
	return EXIT_CODE_USAGE;
}

enum exit_code fleet_failed(const struct fleet_cmd *fleet, const struct err *err)
{
	switch (err->code) {
	case ERR_INPUT:
	case ERR_NOT_FOUND:
	case ERR_PERMISSION:
	case ERR_LIMIT:
		return fleet_usage(fleet, "%s", err->msg);
	case ERR_BUSY:
		log_error(&fleet_log, "%s", err->msg);
		return EXIT_CODE_LOCKED;
	case ERR_NONE:
	case ERR_TIMEOUT:
	case ERR_NETWORK:
	case ERR_SYSTEM:
	case ERR_CODE_MAX:
		break;
	}
	log_error(&fleet_log, "%s", err->msg);
	return EXIT_CODE_FAILED;
}

enum exit_code fleet_write_out(
	const struct fleet_cmd *fleet, struct strbuf *text, enum exit_code exit_code)
{
	struct err err = {0};
	int status = common_write_output(fleet->run->common, strbuf_str(text), &err);

	strbuf_release(text);
	if (status < 0) {
		log_error(&fleet_log, "%s", err.msg);
		return EXIT_CODE_FAILED;
	}
	return exit_code;
}
