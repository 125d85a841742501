/*
 * Outcomes of hosts as names, words, colours, JSON, rows and an exit code.  See outcome.h.
 */
#include "fleet/outcome.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "store/store_runs.h"

enum { MESSAGE_MAX = 512 };

static const struct {
	const char *name, *words;
	const char *mark;
	enum color color;
} kinds[] = {
	[OUTCOME_OK] = {"ok", "ok", "✓", COLOR_GREEN},
	[OUTCOME_EXIT] = {"exit", "exit", "✗", COLOR_RED},
	[OUTCOME_SIGNAL] = {"signal", "signal", "✗", COLOR_RED},
	[OUTCOME_TIMEOUT] = {"timeout", "timeout", "✗", COLOR_YELLOW},
	[OUTCOME_UNREACHABLE] = {"unreachable", "unreachable", "✗", COLOR_YELLOW},
	[OUTCOME_NOT_STARTED] = {"not_started", "not started", "-", COLOR_DIM},
};
static_assert(ARRAY_LEN(kinds) == OUTCOME_KIND_MAX, "every kind has a name");

static const char *const clock_names[] = {
	[CLOCK_CONNECT] = "connect",
	[CLOCK_SILENCE] = "silence",
	[CLOCK_TOTAL] = "total",
};
static_assert(ARRAY_LEN(clock_names) == CLOCK_MAX, "every clock has a name");

static const struct {
	const char *name, *words;
} causes[] = {
	[CAUSE_NONE] = {NULL, NULL},
	[CAUSE_DNS_FAILED] = {"dns_failed", "its name cannot be looked up"},
	[CAUSE_CONNECTION_REFUSED] = {"connection_refused", "connection refused"},
	[CAUSE_CONNECTION_FAILED] = {"connection_failed", "no connection"},
	[CAUSE_CONNECTION_CLOSED] = {"connection_closed", "the server closed the connection"},
	[CAUSE_CONNECTION_LOST] = {"connection_lost", "the connection was lost"},
	[CAUSE_PROTOCOL_ERROR] = {"protocol_error", "the server does not speak SSH as it should"},
	[CAUSE_HOST_KEY_UNKNOWN] = {"host_key_unknown", "its host key is unknown"},
	[CAUSE_HOST_KEY_MISMATCH] = {"host_key_mismatch", "its host key is another one"},
	[CAUSE_AUTH_FAILED] = {"auth_failed", "authentication failed"},
	[CAUSE_JUMP_FAILED] = {"jump_failed", "a host on the way cannot be reached"},
	[CAUSE_EXEC_REFUSED] = {"exec_refused", "the server refuses to run commands"},
	[CAUSE_SUDO_FAILED] = {"sudo_failed", "sudo refused"},
	[CAUSE_DIRECTORY_MISSING] = {"directory_missing", "the directory is not there"},
	[CAUSE_INTERRUPTED] = {"interrupted", "the run was interrupted"},
	[CAUSE_DEADLINE] = {"deadline", "the run's deadline passed"},
	[CAUSE_STOPPED] = {"stopped", "the run was stopped because others failed"},
	[CAUSE_LOCAL_ERROR] = {"local_error", "an error on this side"},
};
static_assert(ARRAY_LEN(causes) == CAUSE_MAX, "every cause has a name");

struct outcome outcome_exit(int exit_code)
{
	return (struct outcome){
		.kind = exit_code == 0 ? OUTCOME_OK : OUTCOME_EXIT, .exit_code = exit_code};
}

struct outcome outcome_signal(const char *name)
{
	struct outcome outcome = {.kind = OUTCOME_SIGNAL};
	struct str text = str_of(name);

	if (str_starts(text, "SIG")) {
		text = str_sub(text, strlen("SIG"), text.len);
	}
	text = str_sub(text, 0, OUTCOME_SIGNAL_MAX);
	memcpy(outcome.signal, text.ptr, text.len);
	return outcome;
}

/* --- Names --- */

const char *outcome_kind_name(enum outcome_kind kind)
{
	assert((unsigned)kind < OUTCOME_KIND_MAX);
	return kinds[kind].name;
}

const char *outcome_kind_words(enum outcome_kind kind)
{
	assert((unsigned)kind < OUTCOME_KIND_MAX);
	return kinds[kind].words;
}

const char *outcome_clock_name(enum outcome_clock clock)
{
	assert((unsigned)clock < CLOCK_MAX);
	return clock_names[clock];
}

const char *outcome_cause_name(enum outcome_cause cause)
{
	assert((unsigned)cause < CAUSE_MAX);
	return causes[cause].name;
}

const char *outcome_code(const struct outcome *outcome)
{
	const char *cause = outcome_cause_name(outcome->cause);

	return cause ? cause : outcome_kind_name(outcome->kind);
}

/* "not-started" is "not_started". */
static bool is_name(struct str text, const char *name)
{
	if (text.len != strlen(name)) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (name[i] != (text.ptr[i] == '-' ? '_' : char_lower(text.ptr[i]))) {
			return false;
		}
	}
	return true;
}

static int kind_parse(struct str text, unsigned *kinds_found, struct err *err)
{
	if (is_name(text, "failed")) {
		*kinds_found |= ((1U << OUTCOME_KIND_MAX) - 1) & ~(1U << OUTCOME_OK);
		return 0;
	}
	for (unsigned kind = 0; kind < OUTCOME_KIND_MAX; kind++) {
		if (is_name(text, kinds[kind].name)) {
			*kinds_found |= 1U << kind;
			return 0;
		}
	}
	return err_set(err, ERR_INPUT,
		"'%s' is none of ok, exit, signal, timeout, unreachable, not-started, failed",
		utf8_quote(text).text);
}

int outcome_kinds_parse(struct str text, unsigned *ret_kinds, struct err *err)
{
	unsigned found = 0;
	struct str piece;

	while (str_split(&text, ',', &piece)) {
		if (kind_parse(str_trim(piece), &found, err) < 0) {
			return -1;
		}
	}
	*ret_kinds = found;
	return 0;
}

/* --- Words --- */

static const char *words_of(const struct outcome *outcome)
{
	return outcome->message ? outcome->message : causes[outcome->cause].words;
}

static void add_words(struct strbuf *out, const char *words)
{
	if (words) {
		strbuf_adds(out, ": ");
		utf8_add_escaped(out, str_of(words), MESSAGE_MAX);
	}
}

void outcome_add_text(struct strbuf *out, const struct outcome *outcome)
{
	if (outcome->kind == OUTCOME_EXIT && words_of(outcome)) {
		utf8_add_escaped(out, str_of(words_of(outcome)), MESSAGE_MAX);
		return;
	}
	strbuf_adds(out, kinds[outcome->kind].words);
	switch (outcome->kind) {
	case OUTCOME_EXIT:
		strbuf_addf(out, " %d", outcome->exit_code);
		break;
	case OUTCOME_SIGNAL:
		strbuf_addc(out, ' ');
		utf8_add_escaped(out, str_of(outcome->signal), 0);
		break;
	case OUTCOME_TIMEOUT:
		strbuf_addf(out, " (%s)", outcome_clock_name(outcome->clock));
		add_words(out, outcome->message);
		break;
	case OUTCOME_UNREACHABLE:
	case OUTCOME_NOT_STARTED:
		add_words(out, words_of(outcome));
		break;
	case OUTCOME_OK:
	case OUTCOME_KIND_MAX:
		break;
	}
}

/* It was not started because the host would not, not because its turn never came. */
static bool is_hosts_fault(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_NOT_STARTED &&
	       (outcome->cause == CAUSE_EXEC_REFUSED || outcome->cause == CAUSE_SUDO_FAILED ||
		       outcome->cause == CAUSE_DIRECTORY_MISSING);
}

void outcome_add_line(
	struct strbuf *out, bool has_color, struct str name, const struct outcome *outcome)
{
	enum outcome_kind look = is_hosts_fault(outcome) ? OUTCOME_EXIT : outcome->kind;
	struct strbuf text = STRBUF_INIT;

	color_add(out, has_color, kinds[look].color, str_of(kinds[look].mark));
	strbuf_addc(out, ' ');
	utf8_add_escaped(out, name, 0);
	if (outcome->kind != OUTCOME_OK) {
		strbuf_adds(out, ": ");
		outcome_add_text(&text, outcome);
		color_add(out, has_color, kinds[look].color, strbuf_str(&text));
	}
	strbuf_release(&text);
}

/* --- JSON --- */

void outcome_write_json(struct json_writer *json, const struct outcome *outcome)
{
	struct strbuf text = STRBUF_INIT;

	json_field_string(json, "outcome", outcome_kind_name(outcome->kind));
	json_field_bool(json, "success", outcome->kind == OUTCOME_OK);
	json_field_string(json, "code", outcome_code(outcome));
	json_write_key(json, "exit_code");
	if (outcome->kind == OUTCOME_OK || outcome->kind == OUTCOME_EXIT) {
		json_write_int(json, outcome->exit_code);
	} else {
		json_write_null(json);
	}
	json_field_string(json, "signal", outcome->kind == OUTCOME_SIGNAL ? outcome->signal : NULL);
	json_field_string(json, "clock",
		outcome->kind == OUTCOME_TIMEOUT ? outcome_clock_name(outcome->clock) : NULL);
	outcome_add_text(&text, outcome);
	json_field_str(json, "message", strbuf_str(&text));
	strbuf_release(&text);
}

/* --- The ledger --- */

void outcome_store(const struct outcome *outcome, struct stored_run_host *host)
{
	host->outcome = (int)outcome->kind;
	host->detail = 0;
	host->text = NULL;
	switch (outcome->kind) {
	case OUTCOME_EXIT:
		host->detail = outcome->exit_code;
		host->text = words_of(outcome);
		break;
	case OUTCOME_SIGNAL:
		host->text = outcome->signal;
		break;
	case OUTCOME_TIMEOUT:
		host->detail = (int)outcome->clock;
		host->text = outcome->message;
		break;
	case OUTCOME_UNREACHABLE:
	case OUTCOME_NOT_STARTED:
		host->detail = (int)outcome->cause;
		host->text = outcome->message;
		break;
	case OUTCOME_OK:
	case OUTCOME_KIND_MAX:
		break;
	}
}

/* What a newer version has put there, and is nothing here, becomes what is known least about. */
struct outcome outcome_stored(const struct stored_run_host *host)
{
	struct outcome outcome = {.kind = OUTCOME_NOT_STARTED};

	if (host->outcome < 0 || host->outcome >= OUTCOME_KIND_MAX) {
		return outcome;
	}
	outcome.kind = (enum outcome_kind)host->outcome;
	switch (outcome.kind) {
	case OUTCOME_EXIT:
		outcome.exit_code = host->detail;
		outcome.message = host->text;
		break;
	case OUTCOME_SIGNAL:
		outcome = outcome_signal(host->text ? host->text : "");
		break;
	case OUTCOME_TIMEOUT:
		outcome.clock = host->detail >= 0 && host->detail < CLOCK_MAX
					? (enum outcome_clock)host->detail
					: CLOCK_TOTAL;
		outcome.message = host->text;
		break;
	case OUTCOME_UNREACHABLE:
	case OUTCOME_NOT_STARTED:
		outcome.cause = host->detail >= 0 && host->detail < CAUSE_MAX
					? (enum outcome_cause)host->detail
					: CAUSE_NONE;
		outcome.message = host->text;
		break;
	case OUTCOME_OK:
	case OUTCOME_KIND_MAX:
		break;
	}
	return outcome;
}

/* --- Of a run --- */

void outcome_count(struct outcome_counts *counts, const struct outcome *outcome)
{
	counts->total++;
	counts->of[outcome->kind]++;
}

void outcome_add_summary(struct strbuf *out, const struct outcome_counts *counts)
{
	strbuf_addf(out, "%zu/%zu servers responded successfully", counts->of[OUTCOME_OK],
		counts->total);
}

void outcome_add_others(struct strbuf *out, const struct outcome_counts *counts)
{
	const char *before = "";

	for (int kind = OUTCOME_OK + 1; kind < OUTCOME_KIND_MAX; kind++) {
		if (counts->of[kind] > 0) {
			strbuf_addf(out, "%s%zu %s", before, counts->of[kind], kinds[kind].words);
			before = ", ";
		}
	}
}

void outcome_write_counts(struct json_writer *json, const struct outcome_counts *counts)
{
	json_write_object_begin(json);
	json_field_int(json, "total", (int64_t)counts->total);
	for (int kind = 0; kind < OUTCOME_KIND_MAX; kind++) {
		json_field_int(json, kinds[kind].name, (int64_t)counts->of[kind]);
	}
	json_write_object_end(json);
}

enum exit_code outcome_exit_code(const struct outcome_counts *counts, enum outcome_run_end end)
{
	switch (end) {
	case RUN_COMPLETE:
		break;
	case RUN_DEADLINE:
		return EXIT_CODE_DEADLINE;
	case RUN_INTERRUPTED:
		return EXIT_CODE_INTERRUPTED;
	case RUN_TERMINATED:
		return EXIT_CODE_TERMINATED;
	}
	return counts->of[OUTCOME_OK] == counts->total ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}
