/*
 * The one error type.  See err.h.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char ellipsis[] = "...";

static void __attribute__((format(printf, 2, 0)))
err_format(struct err *err, const char *fmt, va_list ap)
{
	int n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);

	if (n < 0) {
		err->msg[0] = '\0';
	} else if ((size_t)n >= sizeof(err->msg)) {
		memcpy(err->msg + sizeof(err->msg) - sizeof(ellipsis), ellipsis, sizeof(ellipsis));
	}
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (!err) {
		return -1;
	}

	err->code = code;
	va_start(ap, fmt);
	err_format(err, fmt, ap);
	va_end(ap);
	return -1;
}

static enum err_code err_code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_PERMISSION;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	default:
		return ERR_SYSTEM;
	}
}

int err_set_errno(struct err *err, int errnum, const char *fmt, ...)
{
	struct err what = {0};
	va_list ap;

	if (!err) {
		return -1;
	}

	va_start(ap, fmt);
	err_format(&what, fmt, ap);
	va_end(ap);
	return err_set(err, err_code_of_errno(errnum), "%s: %s", what.msg, errno_text(errnum));
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	struct err inner;
	struct err what = {0};
	va_list ap;

	if (!err) {
		return -1;
	}

	inner = *err;
	va_start(ap, fmt);
	err_format(&what, fmt, ap);
	va_end(ap);
	return err_set(err, inner.code, "%s: %s", what.msg, inner.msg);
}

const char *errno_text(int errnum)
{
	const char *text = strerrordesc_np(errnum);

	return text ? text : "unknown error";
}
