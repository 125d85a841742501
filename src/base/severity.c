/*
 * Severities and their names.
 */
#include "base/severity.h"

#include <assert.h>

#include "base/utf8.h"

const char *const severity_names[] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_CRITICAL] = "critical",
	[SEVERITY_COUNT] = NULL,
};

const char *severity_name(enum severity severity)
{
	assert((int)severity >= 0 && severity < (enum severity)SEVERITY_COUNT);
	return severity_names[severity];
}

int severity_parse(struct str text, enum severity *ret_severity, struct err *err)
{
	for (int i = 0; i < SEVERITY_COUNT; i++) {
		if (str_is(text, severity_names[i])) {
			*ret_severity = (enum severity)i;
			return 0;
		}
	}
	return err_set(err, ERR_INPUT, "severity '%s' is none of info, warning, critical",
		utf8_quote(text).text);
}
