/*
 * Usage errors.  See usage.h.
 */
#include "cmd/usage.h"

#include <stdarg.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "base/utf8.h"

void usage_error(const struct common_opts *common, const char *command, const char *fmt, ...)
{
	const struct log_context context = {.component = command};
	struct strbuf text = STRBUF_INIT;
	struct strbuf line = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (common && (common->log_file || common->log_format == LOG_JSON)) {
		log_error(&context, "%s", text.buf);
	} else {
		strbuf_addf(&line, "sre-toolkit%s%s: ", command ? " " : "", command ? command : "");
		utf8_add_escaped(&line, strbuf_str(&text), 0);
		strbuf_addc(&line, '\n');
		(void)file_write_all(STDERR_FILENO, strbuf_str(&line)); /* nobody else to tell */
		log_told_error(&context, "%s", text.buf);
	}
	strbuf_release(&line);
	strbuf_release(&text);
}
