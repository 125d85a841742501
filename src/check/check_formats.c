/*
 * The table of output formats, sorted by name but for the default, which is first.
 *
 * To add one: its file format_<name>.c, a line in format_kinds.h and in both tables here, a test
 * that reads it back.
 */
#include <assert.h>

#include "base/alloc.h"
#include "check/check_format.h"
#include "check/format_kinds.h"

static const struct check_format *const formats[] = {
	&format_text,
	&format_csv,
	&format_json,
	&format_jsonl,
	&format_junit,
	&format_nagios,
	&format_prometheus,
};

const char *const check_format_names[] = {
	"text", "csv", "json", "jsonl", "junit", "nagios", "prometheus", NULL};
static_assert(ARRAY_LEN(check_format_names) == ARRAY_LEN(formats) + 1, "every format has a name");

const struct check_format *const *check_formats(size_t *ret_count)
{
	*ret_count = ARRAY_LEN(formats);
	return formats;
}

bool check_is_healthy(const struct check_report *report, const struct check_result *result)
{
	switch (result->state) {
	case CHECK_OK:
		return true;
	case CHECK_WARNING:
		return !report->is_fail_on_warning;
	case CHECK_CRITICAL:
	case CHECK_UNKNOWN:
	case CHECK_STATE_MAX:
		break;
	}
	return false;
}
