/*
 * What every subcommand does with its flags, its data and its errors.  See cmd_run.h.
 */
#include "cmd/cmd_run.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/usage.h"

static bool is_in(const struct option_row *rows, const struct option_row *row)
{
	return row >= rows && row < rows + option_rows_count(rows);
}

bool cmd_run_is_own(const struct cmd_run *run, const struct option_row *row)
{
	for (const struct option_set *set = run->cmd->doc.sets; set->rows; set++) {
		if (set->rows != common_rows && is_in(set->rows, row)) {
			return true;
		}
	}
	return false;
}

bool cmd_run_has(const struct cmd_run *run, const char *name)
{
	for (const struct option_set *set = run->cmd->doc.sets; set->rows; set++) {
		if (set->rows != common_rows && command_line_has(run->line, set->rows, name)) {
			return true;
		}
	}
	return false;
}

enum exit_code cmd_run_usage(const struct cmd_run *run, const char *fmt, ...)
{
	_cleanup_(strbuf_release) struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	usage_error(run->common, run->cmd->doc.name, "%s", text.buf);
	return EXIT_CODE_USAGE;
}

enum exit_code cmd_run_fail(const struct cmd_run *run, const struct err *err)
{
	const struct log_context context = {.component = run->cmd->doc.name};

	log_error(&context, "%s", err->msg);
	return err->code == ERR_BUSY ? EXIT_CODE_LOCKED : EXIT_CODE_FAILED;
}

enum exit_code cmd_run_write(
	const struct cmd_run *run, struct strbuf *text, enum exit_code exit_code)
{
	struct err err = {0};
	int status = common_write_output(run->common, strbuf_str(text), &err);

	strbuf_release(text);
	if (status < 0) {
		(void)cmd_run_fail(run, &err); /* a signal's ERR_BUSY is nobody's lock */
		return EXIT_CODE_FAILED;
	}
	return exit_code;
}
