/*
 * One line with perfdata and the exit codes 0 to 3, as the Nagios plugin guidelines have it.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "check/check_format.h"
#include "check/format_kinds.h"

enum { SECONDS_PER_DAY = 86400 };

enum { NAMES_MAX = 5 };

static const int exit_codes[] = {
	[CHECK_OK] = 0,
	[CHECK_WARNING] = 1,
	[CHECK_CRITICAL] = 2,
	[CHECK_UNKNOWN] = 3,
};

static const char *const state_words[] = {
	[CHECK_OK] = "OK",
	[CHECK_WARNING] = "WARNING",
	[CHECK_CRITICAL] = "CRITICAL",
	[CHECK_UNKNOWN] = "UNKNOWN",
};

static enum check_state worst_state(const struct check_report *report)
{
	enum check_state worst = CHECK_OK;

	for (size_t i = 0; i < report->outcomes_count; i++) {
		worst = check_state_worse(worst, report->outcomes[i].result.state);
	}
	return worst;
}

/* One line that a terminal shows as it is; of `text` these characters are replaced. */
static void add_safe(struct strbuf *out, const char *text, const char *bad, char instead)
{
	struct strbuf safe = STRBUF_INIT;

	utf8_add_escaped(&safe, str_of(text), 0);
	for (size_t i = 0; i < safe.len; i++) {
		strbuf_addc(out, strchr(bad, safe.buf[i]) ? instead : safe.buf[i]);
	}
	strbuf_release(&safe);
}

/* "|" begins perfdata, so a message must not have one. */
static void add_message(struct strbuf *out, const char *message)
{
	add_safe(out, message, "|", '/');
}

static const char *unit_text(enum check_unit unit)
{
	switch (unit) {
	case UNIT_SECONDS:
		return "s";
	case UNIT_BYTES:
		return "B";
	case UNIT_PERCENT:
		return "%";
	case UNIT_COUNTER:
		return "c";
	case UNIT_NONE:
	case UNIT_DAYS:
	case UNIT_BOOL:
	case UNIT_TEXT:
	case UNIT_MAX:
		break;
	}
	return "";
}

/* Quoted, a quote in it doubled; "=" would end the label for many readers, "|" for some. */
static void add_label(struct strbuf *out, const struct check_report *report,
	const struct check_outcome *outcome, const struct check_value *value)
{
	struct strbuf raw = STRBUF_INIT;
	struct strbuf label = STRBUF_INIT;

	if (report->outcomes_count > 1) {
		strbuf_addf(&raw, "%s ", outcome->check->name);
	}
	check_value_add_key(value, &raw);
	add_safe(&label, raw.buf, "=|", '_');
	strbuf_addc(out, '\'');
	for (size_t i = 0; i < label.len; i++) {
		strbuf_addn(out, label.buf[i], label.buf[i] == '\'' ? 2 : 1);
	}
	strbuf_addc(out, '\'');
	strbuf_release(&label);
	strbuf_release(&raw);
}

static void add_number(struct strbuf *out, double number)
{
	if (isfinite(number)) {
		number_add_plain(out, number);
	}
}

/* In the unit of the value: a duration is in seconds, the value may be in days. */
static void add_threshold(
	struct strbuf *out, const struct check_value *value, struct threshold threshold)
{
	if (value->unit == UNIT_DAYS && threshold.unit == THRESHOLD_SECONDS) {
		threshold.low /= SECONDS_PER_DAY;
		threshold.high /= SECONDS_PER_DAY;
	}
	threshold_add_nagios(&threshold, out);
}

static void add_perfdata(
	struct strbuf *out, const struct check_report *report, const struct check_outcome *outcome)
{
	for (size_t i = 0; i < outcome->result.values_count; i++) {
		const struct check_value *value = &outcome->result.values[i];

		if (value->unit == UNIT_TEXT || !isfinite(value->number)) {
			continue;
		}
		strbuf_addc(out, ' ');
		add_label(out, report, outcome, value);
		strbuf_addc(out, '=');
		add_number(out, value->number);
		strbuf_adds(out, unit_text(value->unit));
		strbuf_addc(out, ';');
		add_threshold(out, value, value->warning);
		strbuf_addc(out, ';');
		add_threshold(out, value, value->critical);
		strbuf_addc(out, ';');
		add_number(out, value->min);
		strbuf_addc(out, ';');
		add_number(out, value->max);
	}
}

/* Of those that are not ok, the worst first: a notification shows no more than this line. */
static void add_names(struct strbuf *out, const struct check_report *report)
{
	static const enum check_state order[] = {CHECK_CRITICAL, CHECK_UNKNOWN, CHECK_WARNING};
	size_t named = 0;

	for (size_t s = 0; s < ARRAY_LEN(order); s++) {
		for (size_t i = 0; i < report->outcomes_count; i++) {
			if (report->outcomes[i].result.state != order[s]) {
				continue;
			}
			if (named++ < NAMES_MAX) {
				strbuf_adds(out, named > 1 ? ", " : "");
				add_message(out, report->outcomes[i].check->name);
			}
		}
	}
	strbuf_adds(out, named > NAMES_MAX ? ", ..." : "");
}

static void add_first_line(struct strbuf *out, const struct check_report *report)
{
	size_t not_ok = report->outcomes_count - report->count[CHECK_OK];

	strbuf_addf(out, "%s: ", state_words[worst_state(report)]);
	if (report->outcomes_count == 1) {
		add_message(out, report->outcomes[0].result.message);
	} else if (not_ok == 0) {
		strbuf_addf(out, "%zu checks ok", report->outcomes_count);
	} else {
		strbuf_addf(out, "%zu of %zu checks not ok: ", not_ok, report->outcomes_count);
		add_names(out, report);
	}
}

static void nagios_report(const struct check_report *report, struct strbuf *out)
{
	struct strbuf perfdata = STRBUF_INIT;

	for (size_t i = 0; i < report->outcomes_count; i++) {
		add_perfdata(&perfdata, report, &report->outcomes[i]);
	}
	add_first_line(out, report);
	if (perfdata.len > 0) {
		strbuf_addf(out, " |%s", perfdata.buf);
	}
	strbuf_addc(out, '\n');
	strbuf_release(&perfdata);
	if (report->outcomes_count == 1) {
		return;
	}
	for (size_t i = 0; i < report->outcomes_count; i++) {
		const struct check_outcome *outcome = &report->outcomes[i];

		strbuf_addf(out, "%s: ", state_words[outcome->result.state]);
		add_message(out, outcome->check->name);
		strbuf_adds(out, ": ");
		add_message(out, outcome->result.message);
		strbuf_addc(out, '\n');
	}
}

static int nagios_exit_code(const struct check_report *report)
{
	return exit_codes[worst_state(report)];
}

const struct check_format format_nagios = {
	.name = "nagios",
	.summary = "a Nagios plugin's output and exit code (0 to 3)",
	.report = nagios_report,
	.exit_code = nagios_exit_code,
};
